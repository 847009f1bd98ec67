//! AWS VPC flow logs in their default format (version 2): what security groups and network ACLs
//! let pass and what they rejected.
//!
//! A record sums up the packets of one direction of a flow over up to ten minutes. Source: AWS,
//! Amazon VPC user guide, "Flow log records".

use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use crate::{Context, Dialect, Understood};

/// Protocol number of TCP.
const TCP: &str = "6";

/// AWS VPC flow logs.
pub(crate) struct VpcFlow;

impl Dialect for VpcFlow {
    fn name(&self) -> &'static str {
        "aws-vpc-flow"
    }

    fn sniff(&self, record: &str) -> bool {
        is_header(record) || fields(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        if is_header(record) {
            return Understood::Yes;
        }
        let Some(fields) = fields(record) else { return Understood::No };
        out.extend(rejected(&fields).map(|drop| Event::Occurrence(Box::new(drop))));
        Understood::Yes
    }
}

/// The line that names the fields in files that S3 holds.
fn is_header(record: &str) -> bool {
    record.starts_with("version account-id interface-id srcaddr dstaddr ")
}

/// version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start
/// end action log-status
fn fields(record: &str) -> Option<[&str; 14]> {
    let mut words = record.split_ascii_whitespace();
    let mut fields = [""; 14];
    for field in &mut fields {
        *field = words.next()?;
    }
    let whole = words.next().is_none()
        && fields[0] == "2"
        && fields[2].starts_with("eni-")
        && matches!(fields[12], "ACCEPT" | "REJECT" | "-")
        && matches!(fields[13], "OK" | "NODATA" | "SKIPDATA");
    whole.then_some(fields)
}

/// A rejected TCP flow. Security groups keep state and reject openings alone; a network ACL may
/// also reject the answers, which come from the server's port: the lower one, for the other is
/// ephemeral.
fn rejected<'a>(fields: &[&'a str; 14]) -> Option<Occurrence<'a>> {
    if fields[12] != "REJECT" || fields[7] != TCP {
        return None;
    }
    let (from, to): (u16, u16) = (fields[5].parse().ok()?, fields[6].parse().ok()?);
    let seconds: i64 = fields[10].parse().ok()?;
    let answer = from < to;
    let (client, server, port) =
        if answer { (fields[4], fields[3], from) } else { (fields[3], fields[4], to) };
    let server = if server.contains(':') {
        format!("[{server}]:{port}")
    } else {
        format!("{server}:{port}")
    };
    let at = Timestamp(seconds.checked_mul(1_000_000)?);
    let drop = Occurrence::new(OccurrenceKind::FirewallDrop, Some(at), client).object(server);
    let interface = fields[2];
    Some(drop.detail(if answer {
        format!("REJECT at {interface}, the answer")
    } else {
        format!("REJECT at {interface}")
    }))
}
