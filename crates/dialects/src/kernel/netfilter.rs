//! What the packet filter logs: `PREFIX IN=eth0 OUT= … SRC=… DST=… PROTO=TCP SPT=… DPT=… SYN URGP=0`.
//!
//! The line says that a rule with a log statement matched, and nothing about what became of the
//! packet: only a prefix that speaks of dropping does (`[UFW BLOCK] `, `FINAL_REJECT: `).
//!
//! Source: Linux `net/netfilter/nf_log_syslog.c`; ulogd's LOGEMU writes the same words.

use std::net::IpAddr;

use model::{Occurrence, OccurrenceKind};

use super::prefix::Message;

/// Words of a prefix that say that the packet went no further.
const DROPPED: [&str; 6] = ["drop", "block", "reject", "deny", "denied", "refuse"];

/// `None` if the message is not the packet filter's; `Some(None)` if it tells of no drop.
pub(super) fn read<'a>(message: &Message<'a>) -> Option<Option<Occurrence<'a>>> {
    let text = message.text;
    let (prefix, fields) = text.split_at(text.find("IN=")?);
    if prefix.len() > 128 || !fields.contains(" OUT=") || prefix.contains(['`', '"']) {
        return None;
    }
    let (source, destination) = (value(fields, "SRC=")?, value(fields, "DST=")?);
    if [source, destination].iter().any(|address| address.parse::<IpAddr>().is_err()) {
        return None;
    }
    if value(fields, "PROTO=")? != "TCP" {
        return Some(None);
    }
    let lower = prefix.to_ascii_lowercase();
    if !DROPPED.iter().any(|word| lower.contains(word)) {
        return Some(None);
    }
    let (Some(from), Some(to)) = (port(fields, "SPT="), port(fields, "DPT=")) else {
        return Some(None);
    };
    let has = |flag: &str| fields.split(' ').any(|word| word == flag);
    // Stragglers at the end of a connection are dropped every day and harm nobody.
    if has("FIN") || has("RST") {
        return Some(None);
    }
    let opening = has("SYN") && !has("ACK");
    let answer = has("SYN") && has("ACK");
    // In the midst of a connection the lower port is the server's: the other is ephemeral.
    let towards_server = opening || (!answer && to < from);
    let (client, server, port) =
        if towards_server { (source, destination, to) } else { (destination, source, from) };
    // A rule with state lets an answer through where it let the opening through.
    let kind = match (opening, answer) {
        (true, _) => OccurrenceKind::FirewallDrop,
        (_, true) => OccurrenceKind::ReturnDrop,
        _ => OccurrenceKind::FlowDrop,
    };
    let server = if server.contains(':') {
        format!("[{server}]:{port}")
    } else {
        format!("{server}:{port}")
    };
    let mut drop = Occurrence::new(kind, message.at, client).object(server);
    let prefix = prefix.trim().trim_end_matches(':');
    drop.detail = Some(match answer {
        true => format!("{prefix}, the answer").into(),
        false => prefix.into(),
    });
    Some(Some(drop))
}

/// The word after a key that stands at the beginning or after a blank.
fn value<'t>(fields: &'t str, key: &str) -> Option<&'t str> {
    fields.split(' ').find_map(|word| word.strip_prefix(key))
}

fn port(fields: &str, key: &str) -> Option<u16> {
    value(fields, key)?.parse().ok()
}
