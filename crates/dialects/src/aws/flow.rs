//! AWS VPC flow logs: what security groups and network ACLs let pass and what they rejected.
//!
//! A record sums up the packets of one direction of a flow over one to ten minutes. The default
//! format (version 2) is known by itself; custom ones by the line of names above them, or by the
//! format the user gives. Source: Amazon VPC user guide, "Flow log records".

mod about;
mod fields;
mod side;

use std::net::IpAddr;

use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use crate::reader::header;
use crate::{About, Context, Dialect, Quick, Understood};
use fields::Fields;
use side::Packets;

/// Protocol number of TCP.
const TCP: &str = "6";

/// AWS VPC flow logs.
pub(crate) struct VpcFlow;

impl Dialect for VpcFlow {
    fn name(&self) -> &'static str {
        "aws-vpc-flow"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn sniff(&self, record: &str) -> bool {
        is_header(record) || Fields::read(record, &[]).is_some_and(|fields| fields.is_told())
    }

    fn sniff_in(&self, record: &str, context: &Context) -> bool {
        let mut out = Vec::new();
        self.parse(record, context, &mut out) == Understood::Yes
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        if fields::is_accepted(line, &context.columns) { Quick::Nothing } else { Quick::Full }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        if is_header(record) {
            return Understood::Yes;
        }
        let Some(fields) = Fields::read(record, &context.columns) else { return Understood::No };
        if !fields.is_told() {
            return Understood::No;
        }
        out.extend(rejected(&fields).map(Event::from));
        Understood::Yes
    }
}

/// Names of the columns from the format of a flow log as its owner set it: `version account-id …`,
/// also as AWS shows it, `${version} ${account-id} …`.
///
/// # Errors
///
/// A sentence that says what is wrong with the format.
pub fn flow_columns(format: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = format
        .split_ascii_whitespace()
        .map(|word| word.strip_prefix("${").and_then(|w| w.strip_suffix('}')).unwrap_or(word))
        .map(|name| name.replace('_', "-"))
        .collect();
    let is_name = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if let Some(bad) = names.iter().find(|name| !is_name(name)) {
        return Err(format!("{bad} is no field of a flow log; write the fields as AWS shows them"));
    }
    let has = |name: &str| names.iter().any(|n| n == name);
    if !(has("srcaddr") || has("pkt-srcaddr")) || !has("action") {
        return Err("a flow log without srcaddr (or pkt-srcaddr) and action tells nothing of \
                    rejected connections"
            .to_owned());
    }
    Ok(names)
}

/// The line that names the fields; files put together have it in their midst too.
fn is_header(record: &str) -> bool {
    !record.starts_with('#') && header::names(record).is_some()
}

/// A rejected TCP flow.
fn rejected<'a>(fields: &Fields<'a>) -> Option<Occurrence<'a>> {
    if fields.get("action") != Some("REJECT") {
        return None;
    }
    let (from, to) = (fields.port("srcport")?, fields.port("dstport")?);
    let flags: Option<u16> = fields.get("tcp-flags").and_then(|flags| flags.parse().ok());
    let is_tcp = match fields.get("protocol") {
        Some(protocol) => protocol == TCP,
        // Only TCP has a SYN.
        None => flags.is_some_and(|flags| flags & 2 != 0),
    };
    if !is_tcp {
        return None;
    }
    let packets = match flags {
        Some(flags) => Packets::of_flags(flags),
        None => Packets::of_ports(from, to),
    };
    let answers = match packets {
        Packets::Opening => false,
        Packets::Answer | Packets::Backward => true,
        Packets::Midst => side::is_server(from, to),
        Packets::Closing => return None,
    };
    // Addresses of the packet where they are known: those of the interface name a node or a NAT
    // gateway in place of the pod or host behind it.
    let source = fields.get("pkt-srcaddr").or_else(|| fields.get("srcaddr"))?;
    let target = fields.get("pkt-dstaddr").or_else(|| fields.get("dstaddr"))?;
    let (client, opened, server, port) =
        if answers { (target, to, source, from) } else { (source, from, target, to) };
    let kind = match packets {
        Packets::Answer => OccurrenceKind::ReturnDrop,
        Packets::Backward => OccurrenceKind::BackwardDrop,
        Packets::Midst => OccurrenceKind::FlowDrop,
        Packets::Opening | Packets::Closing => OccurrenceKind::FirewallDrop,
    };
    let server: IpAddr = server.parse().ok()?;
    let moment = |name| fields.get(name).and_then(epoch);
    let at = moment("start").or_else(|| moment("end"));
    let mut drop = Occurrence::new(kind, at, client)
        .object(std::net::SocketAddr::new(server, port).to_string())
        .detail(detail(fields, packets));
    drop.source_port = Some(opened);
    Some(drop)
}

/// Where it was rejected, why if AWS says so, and by what the packets were told apart.
fn detail(fields: &Fields<'_>, packets: Packets) -> String {
    let mut said = "REJECT".to_owned();
    if let Some(interface) = fields.get("interface-id") {
        said.push_str(" at ");
        said.push_str(interface);
    }
    for name in ["flow-direction", "reject-reason", "ecs-service-name"] {
        if let Some(value) = fields.get(name) {
            said.push_str(", ");
            said.push_str(value);
        }
    }
    said.push_str(match packets {
        Packets::Answer => ", the answer (SYN-ACK)",
        Packets::Backward => ", from the server, judged by the ports",
        Packets::Midst => ", in the midst of a connection (no SYN)",
        _ => "",
    });
    said
}

/// Seconds since 1970, or milliseconds.
fn epoch(word: &str) -> Option<Timestamp> {
    let value: i64 = word.parse().ok().filter(|value| *value > 0)?;
    let unit = if value > 100_000_000_000 { 1_000 } else { 1_000_000 };
    Some(Timestamp(value.checked_mul(unit)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_as_aws_shows_them() {
        let names = flow_columns("${version} ${srcaddr} ${pkt_dstaddr} ${action}").unwrap();
        assert_eq!(names, ["version", "srcaddr", "pkt-dstaddr", "action"]);
        assert!(flow_columns("version SRCADDR action").unwrap_err().contains("SRCADDR"));
        assert!(flow_columns("version account-id").is_err());
        assert!(flow_columns("").is_err());
    }

    #[test]
    fn epochs() {
        assert_eq!(epoch("1794000845"), Some(Timestamp(1_794_000_845_000_000)));
        assert_eq!(epoch("1794000845123"), Some(Timestamp(1_794_000_845_123_000)));
        assert_eq!(epoch("9223372036854775807"), None);
        assert_eq!(epoch("-1"), None);
    }

    /// `cargo test --release -p why502-dialects speed -- --ignored --nocapture`.
    #[test]
    #[ignore = "measures time"]
    fn speed() {
        let default = "2 123456789010 eni-1235b8ca123456789 10.0.12.5 10.0.22.31 41712 8080 6 20 \
                       4249 1794000845 1794000900 ACCEPT OK";
        let custom = "5 10.0.12.5 10.0.22.31 41712 8080 6 1794000845 1794000900 IPv4 14 15044 \
                      123456789012 vpc-0a1b2c3d4e5f60718 subnet-0a1b2c3d4e5f60718 - \
                      eni-1235b8ca123456789 eu-west-1 euw1-az3 - - ACCEPT 19 10.0.12.5 10.0.22.31 \
                      - - - ingress OK";
        let names = "version srcaddr dstaddr srcport dstport protocol start end type packets bytes \
                     account-id vpc-id subnet-id instance-id interface-id region az-id \
                     sublocation-type sublocation-id action tcp-flags pkt-srcaddr pkt-dstaddr \
                     pkt-src-aws-service pkt-dst-aws-service traffic-path flow-direction log-status";
        let columns = names.split_ascii_whitespace().map(str::to_owned).collect();
        let custom_context = Context { columns, ..Context::default() };
        for (line, context) in [(default, Context::default()), (custom, custom_context)] {
            let began = std::time::Instant::now();
            let rounds = 2_000_000;
            for _ in 0..rounds {
                let line = std::hint::black_box(line.as_bytes());
                assert_eq!(VpcFlow.quick(line, &context), Quick::Nothing);
            }
            let bytes = (line.len() + 1) * rounds;
            println!("{:.0} MB/s", bytes as f64 / 1e6 / began.elapsed().as_secs_f64());
        }
    }
}
