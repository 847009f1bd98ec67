//! What the NAT did, as entries of Cloud NAT's own log.
//!
//! Source of the fields: Google Cloud documentation, "Cloud NAT logs and metrics".

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::nflog::Logged;
use super::rules::{ADMITTED, DROPPED, TRANSLATED};

/// Connections waiting for their second half are forgotten beyond this number.
const WAITING: usize = 4096;

/// Who the entries say they come from.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Google Cloud project.
    pub project: String,
    /// Region; the zone is its `b`.
    pub region: String,
    /// Name of the NAT gateway.
    pub gateway: String,
    /// Name of the Cloud Router it belongs to.
    pub router: String,
    /// Name of the VPC network.
    pub network: String,
    /// Name of its subnetwork.
    pub subnetwork: String,
}

impl Default for Gateway {
    fn default() -> Gateway {
        Gateway {
            project: "lab-project".to_owned(),
            region: "europe-west1".to_owned(),
            gateway: "lab-nat".to_owned(),
            router: "lab-router".to_owned(),
            network: "lab".to_owned(),
            subnetwork: "private".to_owned(),
        }
    }
}

/// Turns logged packets into entries.
#[derive(Debug, Default)]
pub struct CloudLog {
    gateway: Gateway,
    /// Connections that have a port, by their id in the kernel: source address and port.
    waiting: BTreeMap<u32, (Ipv4Addr, u16)>,
    written: u64,
}

impl CloudLog {
    /// Entries of this gateway.
    #[must_use]
    pub fn new(gateway: Gateway) -> CloudLog {
        CloudLog { gateway, ..CloudLog::default() }
    }

    /// The entry for a packet as one line of JSON without a line end, if the packet is one of the
    /// NAT's own (log group [`super::NAT_GROUP`]) and an entry is due: one for each packet
    /// dropped, and with [`super::LogFilter::All`] one for each connection that got a port.
    /// `instance` names the instance of an address; an address without a name is one of
    /// serverless egress.
    pub fn entry(
        &mut self,
        logged: &Logged,
        instance: impl Fn(Ipv4Addr) -> Option<String>,
    ) -> Option<String> {
        let (source, destination) = (logged.packet.source, logged.packet.destination);
        let (source_port, destination_port) = logged.packet.ports()?;
        let mut connection = json!({
            "dest_ip": destination.to_string(),
            "dest_port": destination_port,
            "protocol": logged.packet.protocol,
        });
        let (status, owner, port) = match logged.prefix.as_str() {
            DROPPED => ("DROPPED", source, source_port),
            ADMITTED => {
                if self.waiting.len() >= WAITING {
                    self.waiting.pop_first();
                }
                self.waiting.insert(logged.mark, (source, source_port));
                return None;
            }
            TRANSLATED => {
                let (owner, port) = self.waiting.remove(&logged.mark)?;
                connection["nat_ip"] = json!(source.to_string());
                connection["nat_port"] = json!(source_port);
                ("OK", owner, port)
            }
            _ => return None,
        };
        connection["src_ip"] = json!(owner.to_string());
        connection["src_port"] = json!(port);
        let name = instance(owner).unwrap_or_default();
        Some(self.write(status, &connection, &name, logged.time).to_string())
    }

    fn write(
        &mut self,
        status: &str,
        connection: &Value,
        instance: &str,
        time: SystemTime,
    ) -> Value {
        self.written += 1;
        let Gateway { project, region, gateway, router, network, subnetwork } = &self.gateway;
        json!({
            "insertId": format!("lab{:08x}", self.written),
            "jsonPayload": {
                "allocation_status": status,
                "connection": connection,
                "destination": {},
                "endpoint": {
                    "project_id": project,
                    "region": region,
                    "vm_name": instance,
                    "zone": format!("{region}-b"),
                },
                "gateway_identifiers": {
                    "gateway_name": gateway,
                    "region": region,
                    "router_name": router,
                },
                "vpc": {
                    "project_id": project,
                    "subnetwork_name": subnetwork,
                    "vpc_name": network,
                },
            },
            "logName": format!("projects/{project}/logs/compute.googleapis.com%2Fnat_flows"),
            "receiveTimestamp": stamp(time),
            "resource": {
                "labels": {
                    "gateway_name": gateway,
                    "project_id": project,
                    "region": region,
                    "router_id": "5023000000000000001",
                },
                "type": "nat_gateway",
            },
            "timestamp": stamp(time),
        })
    }
}

/// RFC 3339 in UTC with microseconds.
pub(super) fn stamp(time: SystemTime) -> String {
    let at = time::OffsetDateTime::from(time);
    let (date, micros) = (at.date(), at.microsecond());
    let (month, day) = (u8::from(date.month()), date.day());
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    let year = date.year();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

#[cfg(test)]
mod tests {
    use dialects::{Context, Dialect, Understood};
    use model::{Event, Occurrence, OccurrenceKind};

    use super::*;
    use crate::nat::nflog::tests::fixture;

    fn named(address: Ipv4Addr) -> Option<String> {
        (address == Ipv4Addr::new(10, 50, 0, 11)).then(|| "front-1".to_owned())
    }

    fn read(line: &str) -> Occurrence<'_> {
        let dialect: &dyn Dialect = dialects::by_name("gcp-nat").unwrap();
        assert!(dialect.sniff(line));
        let mut events = Vec::new();
        assert_eq!(dialect.parse(line, &Context::default(), &mut events), Understood::Yes);
        match events.pop() {
            Some(Event::Occurrence(occurrence)) => *occurrence,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_dropped_packet_is_an_entry_our_dialect_reads() {
        let line = CloudLog::default().entry(&fixture()[0], named).unwrap();
        let event = read(&line);
        assert_eq!(event.kind, OccurrenceKind::NatDrop);
        assert_eq!(
            (&*event.subject, event.object.as_deref()),
            ("front-1", Some("203.0.113.10:80"))
        );
        assert_eq!(event.detail.as_deref(), Some("lab-nat tcp"));
        assert!(line.contains("\"timestamp\":\"2026-11-22T14:21:14.651301Z\""), "{line}");
        assert!(!line.contains("nat_port"), "a dropped packet has no port");
    }

    #[test]
    fn without_a_name_the_address_is_the_subject() {
        let line = CloudLog::default().entry(&fixture()[0], |_| None).unwrap();
        assert_eq!(&*read(&line).subject, "10.50.0.11");
    }

    #[test]
    fn a_connection_is_logged_once_it_has_its_port() {
        let mut log = CloudLog::default();
        let mut before = fixture()[0].clone();
        before.prefix = ADMITTED.to_owned();
        before.mark = 77;
        let mut after = before.clone();
        after.prefix = TRANSLATED.to_owned();
        after.packet.source = Ipv4Addr::new(203, 0, 113, 1);
        assert_eq!(log.entry(&after, named), None, "nothing is known of it yet");
        assert_eq!(log.entry(&before, named), None);
        let line = log.entry(&after, named).unwrap();
        assert!(line.contains("\"nat_ip\":\"203.0.113.1\"") && line.contains("\"OK\""), "{line}");
        assert_eq!(read(&line).kind, OccurrenceKind::NatAllocation);
        assert_eq!(&*read(&line).subject, "front-1");
        assert_eq!(log.entry(&after, named), None, "one entry for each connection");
    }

    #[test]
    fn a_firewalls_packet_is_not_the_nats() {
        assert_eq!(CloudLog::default().entry(&fixture()[1], named), None);
    }
}
