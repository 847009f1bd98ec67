//! Which end of a flow is the server, and what its rejected packets were.

/// What the rejected packets of a flow were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packets {
    /// They open a connection.
    Opening,
    /// They answer one that was let pass: a security group keeps state and never rejects them, a
    /// network ACL does.
    Answer,
    /// They come from the server, and whether they answer an opening is not on record.
    Backward,
    /// They belong to a connection that was there before.
    Midst,
    /// They end a connection (FIN, RST): leftovers that harm no request.
    Closing,
}

/// Bits of `tcp-flags`, combined over the aggregation interval. ACK is recorded only together with
/// SYN: Amazon VPC user guide, "Flow log records", `tcp-flags`.
const FIN: u16 = 1;
const SYN: u16 = 2;
const RST: u16 = 4;
const ACK: u16 = 16;

impl Packets {
    /// By the flags, which say it outright.
    pub(super) fn of_flags(flags: u16) -> Packets {
        if flags & SYN != 0 {
            if flags & ACK != 0 { Packets::Answer } else { Packets::Opening }
        } else if flags & (FIN | RST) != 0 {
            Packets::Closing
        } else {
            Packets::Midst
        }
    }

    /// By the ports, which only suggest it.
    pub(super) fn of_ports(from: u16, to: u16) -> Packets {
        if is_server(from, to) { Packets::Backward } else { Packets::Opening }
    }
}

/// Ports below 1024 and those that programs listen on by default (IANA's registry and the
/// products' documentation). Load balancers and NAT gateways take client ports from 1024 up, so the
/// lower port alone says little.
const USUAL: [u16; 31] = [
    1433, 1521, 2049, 2379, 3000, 3001, 3306, 4000, 4317, 4318, 5000, 5432, 5672, 6379, 6432, 8000,
    8001, 8080, 8081, 8082, 8088, 8090, 8181, 8443, 8888, 9000, 9090, 9092, 9200, 27017, 50051,
];

/// Whether the first port is the server's rather than the second.
pub(super) fn is_server(port: u16, other: u16) -> bool {
    let usual = |port: u16| port < 1024 || USUAL.binary_search(&port).is_ok();
    match (usual(port), usual(other)) {
        (true, false) => true,
        (false, true) => false,
        _ => port < other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_by_their_ports() {
        assert!(USUAL.is_sorted());
        for (from, to, answer) in [
            (41712, 8080, false),
            (8080, 41712, true),
            (3609, 8080, false),
            (41712, 50051, false),
            (443, 8080, true),
            (31234, 41712, true),
        ] {
            assert_eq!(is_server(from, to), answer, "{from} {to}");
        }
    }

    #[test]
    fn flags() {
        for (flags, packets) in [
            (2, Packets::Opening),
            (3, Packets::Opening),
            (18, Packets::Answer),
            (19, Packets::Answer),
            (0, Packets::Midst),
            (8, Packets::Midst),
            (1, Packets::Closing),
            (5, Packets::Closing),
        ] {
            assert_eq!(Packets::of_flags(flags), packets, "{flags}");
        }
    }
}
