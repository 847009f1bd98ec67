//! Cloud NAT log entries: a port given to a connection (`OK`) or a packet dropped for want of one
//! (`DROPPED`).
//!
//! Only egress TCP and UDP packets are logged, and logging is limited to 50 to 100 entries a
//! second and vCPU: that entries are absent proves nothing. Source: Google Cloud documentation,
//! "Cloud NAT logs and metrics".

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind};

use super::entry::Entry;
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Understood};

/// Cloud NAT log entries.
pub(crate) struct CloudNat;

impl Dialect for CloudNat {
    fn name(&self) -> &'static str {
        "gcp-nat"
    }

    fn about(&self) -> &'static About {
        &super::about::NAT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"allocation_status\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        entry(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(entry(record).map(|entry| occurrence(&entry, context)), out)
    }
}

/// The entry, if it is one of a NAT gateway's flows.
fn entry(record: &str) -> Option<Entry<'_>> {
    memmem::find(record.as_bytes(), b"\"allocation_status\"")?;
    let entry = Entry::read(record)?;
    let ours = entry.resource_type() == "nat_gateway"
        || entry.is_log("compute.googleapis.com", "nat_flows");
    (ours && entry.path(&["jsonPayload", "allocation_status"]).is_some()).then_some(entry)
}

fn occurrence<'a>(entry: &Entry<'a>, context: &Context) -> Option<Occurrence<'a>> {
    let payload = entry.get("jsonPayload")?;
    let kind = match payload.word("allocation_status")?.as_ref() {
        "OK" => OccurrenceKind::NatAllocation,
        "DROPPED" => OccurrenceKind::NatDrop,
        _ => return None,
    };
    let connection = payload.get("connection")?;
    // Serverless egress has no VM; the source address is all there is then.
    let subject = payload
        .path(&["endpoint", "vm_name"])
        .and_then(Json::text)
        .filter(|name| !name.is_empty())
        .cloned()
        .or_else(|| connection.word("src_ip"))
        .unwrap_or(Cow::Borrowed("unnamed source"));
    let mut occurrence = Occurrence::new(kind, entry.timestamp(context.offset_east), subject);
    let address = connection.word("dest_ip");
    let port = connection.get("dest_port").and_then(Json::integer);
    occurrence.object = match (address, port) {
        (Some(address), Some(port)) if address.contains(':') => {
            Some(Cow::Owned(format!("[{address}]:{port}")))
        }
        (Some(address), Some(port)) => Some(Cow::Owned(format!("{address}:{port}"))),
        (address, _) => address,
    };
    let source = connection.get("src_port").and_then(Json::integer);
    occurrence.source_port = source.and_then(|port| u16::try_from(port).ok());
    if kind == OccurrenceKind::NatDrop {
        let gateway = payload
            .path(&["gateway_identifiers", "gateway_name"])
            .and_then(Json::text)
            .cloned()
            .or_else(|| entry.resource_label("gateway_name"));
        let protocol = connection.get("protocol").and_then(Json::integer).map(protocol);
        let words: Vec<Cow<'_, str>> = gateway.into_iter().chain(protocol).collect();
        occurrence.detail = (!words.is_empty()).then(|| Cow::Owned(words.join(" ")));
    }
    Some(occurrence)
}

/// The name of an IANA protocol number.
fn protocol(number: i64) -> Cow<'static, str> {
    match number {
        6 => Cow::Borrowed("tcp"),
        17 => Cow::Borrowed("udp"),
        1 => Cow::Borrowed("icmp"),
        _ => Cow::Owned(format!("protocol {number}")),
    }
}
