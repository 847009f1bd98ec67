//! The head of an IPv4 packet, as far as log entries tell of it. Source: RFC 791, 9293, 768, 792.

use std::net::Ipv4Addr;

/// The head of an IPv4 packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Who sent it.
    pub source: Ipv4Addr,
    /// Where it was to go.
    pub destination: Ipv4Addr,
    /// Bytes, with the header.
    pub length: u16,
    /// Type of service.
    pub service: u8,
    /// Time to live when it was logged.
    pub time_to_live: u8,
    /// Identification.
    pub id: u16,
    /// Flags and offset of the fragment.
    pub fragment: u16,
    /// IANA protocol number.
    pub protocol: u8,
    /// The head of what it carries.
    pub transport: Transport,
}

/// The head of a packet's payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Window, not scaled.
        window: u16,
        /// The flags from CWR (0x80) to FIN (0x01).
        flags: u8,
        /// The reserved bits.
        reserved: u8,
        /// Urgent pointer.
        urgent: u16,
    },
    /// UDP.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
        /// Bytes, with the header.
        length: u16,
    },
    /// ICMP.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Anything else, a later fragment, or a head cut short.
    Other,
}

impl Packet {
    /// Reads the head of a packet; `None` if it is not IPv4 or shorter than its header.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Packet> {
        let header: &[u8; 20] = bytes.first_chunk()?;
        let words = usize::from(header[0] & 0xf);
        if header[0] >> 4 != 4 || words < 5 {
            return None;
        }
        let short = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let address =
            |at: usize| Ipv4Addr::new(header[at], header[at + 1], header[at + 2], header[at + 3]);
        let (fragment, protocol) = (short(6), header[9]);
        let first = fragment & 0x1fff == 0;
        let payload = bytes.get(words * 4..).filter(|_| first).unwrap_or_default();
        Some(Packet {
            source: address(12),
            destination: address(16),
            length: short(2),
            service: header[1],
            time_to_live: header[8],
            id: short(4),
            fragment,
            protocol,
            transport: Transport::read(protocol, payload),
        })
    }

    /// Source and destination port, if it is TCP or UDP.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        match self.transport {
            Transport::Tcp { source, destination, .. }
            | Transport::Udp { source, destination, .. } => Some((source, destination)),
            Transport::Icmp { .. } | Transport::Other => None,
        }
    }
}

impl Transport {
    fn read(protocol: u8, bytes: &[u8]) -> Transport {
        let short =
            |at: usize| bytes.get(at..at + 2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        let read = match protocol {
            6 => bytes.first_chunk::<20>().and_then(|head| {
                Some(Transport::Tcp {
                    source: short(0)?,
                    destination: short(2)?,
                    window: short(14)?,
                    flags: head[13],
                    reserved: head[12] & 0xf,
                    urgent: short(18)?,
                })
            }),
            17 => short(0).zip(short(2)).zip(short(4)).map(|((source, destination), length)| {
                Transport::Udp { source, destination, length }
            }),
            1 => {
                bytes.first_chunk().map(|[kind, code]| Transport::Icmp { kind: *kind, code: *code })
            }
            _ => None,
        };
        read.unwrap_or(Transport::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_cut_short_is_no_packet_or_has_no_ports() {
        let mut bytes =
            vec![0x45, 0, 0, 40, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 50, 0, 2, 203, 0, 113, 9];
        assert_eq!(Packet::read(&bytes[..19]), None);
        let bare = Packet::read(&bytes).unwrap();
        assert_eq!((bare.ports(), bare.transport), (None, Transport::Other));
        bytes.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 2, 1, 0, 0, 0, 0, 0]);
        assert_eq!(Packet::read(&bytes).unwrap().ports(), Some((40_000, 80)));
        bytes[7] = 9;
        assert_eq!(Packet::read(&bytes).unwrap().ports(), None, "a later fragment has no ports");
        bytes[0] = 0x65;
        assert_eq!(Packet::read(&bytes), None, "IPv6");
    }
}
