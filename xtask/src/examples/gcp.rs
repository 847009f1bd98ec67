//! LogEntry objects of Google Cloud as a sink or `gcloud logging read` leaves them, for the
//! services this project documents: "LogEntry", "Cloud Run: Logging", "Cloud NAT: Logs and
//! metrics", "Global external Application Load Balancer logging", "Cloud Audit Logs overview".

use crate::clock::Time;
use crate::random::Random;
use crate::text::{hex, hex_string, seconds6};
use serde_json::{Value, json};

/// The project and region of every example.
pub(crate) const PROJECT: &str = "shop-prod-4711";
/// Region of the services.
pub(crate) const REGION: &str = "europe-west1";

/// An entry together with the time it is sorted by.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) received: Time,
    pub(crate) value: Value,
}

/// Seconds with six decimals and the unit, as `httpRequest.latency` is written.
pub(crate) fn latency(micros: i64) -> String {
    let mut out = Vec::new();
    seconds6(&mut out, micros.max(0) as u64);
    out.push(b's');
    String::from_utf8_lossy(&out).into_owned()
}

/// Envelope fields every entry has.
pub(crate) fn entry(
    random: &mut Random,
    log: &str,
    timestamp: Time,
    written: Time,
    value: Value,
) -> Entry {
    let received = written.plus(random.between(8_000, 900_000) as i64);
    received_entry(random, log, timestamp, received, value)
}

/// The same with a known time of receipt: what is written together is received together.
pub(crate) fn received_entry(
    random: &mut Random,
    log: &str,
    timestamp: Time,
    received: Time,
    mut value: Value,
) -> Entry {
    let fields = json!({
        "insertId": insert_id(random, log, timestamp),
        "logName": format!("projects/{PROJECT}/logs/{log}"),
        "timestamp": timestamp.rfc3339(),
        "receiveTimestamp": received.rfc3339(),
    });
    if let (Some(value), Value::Object(fields)) = (value.as_object_mut(), fields) {
        value.extend(fields);
    }
    Entry { received, value }
}

/// Cloud Run's ids begin with the time stamp; the others are short random words.
fn insert_id(random: &mut Random, log: &str, at: Time) -> String {
    let mut out = Vec::new();
    if log.starts_with("run.") {
        hex(&mut out, at.0.div_euclid(1_000_000) as u64, 8);
        hex(&mut out, at.0.rem_euclid(1_000_000) as u64, 8);
        hex(&mut out, random.next(), 8);
    } else {
        const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        out.push(b'1');
        out.extend((0..13).map(|_| *random.pick(LETTERS)));
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Resource name of a trace.
pub(crate) fn trace(id: &str) -> String {
    format!("projects/{PROJECT}/traces/{id}")
}

/// A span id.
pub(crate) fn span(random: &mut Random) -> String {
    hex_string(random, 16)
}

/// A Cloud Run revision as the monitored resource of an entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revision<'a> {
    /// Service.
    pub(crate) service: &'a str,
    /// Revision.
    pub(crate) revision: &'a str,
}

impl Revision<'_> {
    /// The `resource` object.
    pub(crate) fn resource(self) -> Value {
        json!({
            "type": "cloud_run_revision",
            "labels": {
                "configuration_name": self.service,
                "location": REGION,
                "project_id": PROJECT,
                "revision_name": self.revision,
                "service_name": self.service,
            }
        })
    }
}

/// A platform message about an instance.
pub(crate) fn system(
    random: &mut Random,
    revision: Revision<'_>,
    instance: &str,
    at: Time,
    text: &str,
) -> Entry {
    let value = json!({
        "labels": { "instanceId": instance },
        "resource": revision.resource(),
        "severity": "INFO",
        "textPayload": text,
    });
    entry(random, "run.googleapis.com%2Fvarlog%2Fsystem", at, at, value)
}

/// The two audit entries of a deploy through the Cloud Run Admin API v2: the call, and the end of
/// its long-running operation.
pub(crate) fn deploy(
    random: &mut Random,
    service: &str,
    revision: &str,
    begun: Time,
    ended: Time,
) -> [Entry; 2] {
    let operation = format!("projects/{PROJECT}/locations/{REGION}/operations/{}", {
        let id = hex_string(random, 32);
        format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..])
    });
    let name = format!("projects/{PROJECT}/locations/{REGION}/services/{service}");
    let resource = json!({
        "type": "cloud_run_revision",
        "labels": {
            "configuration_name": "", "location": REGION, "project_id": PROJECT,
            "revision_name": "", "service_name": service,
        }
    });
    let payload = |extra: Value| {
        let mut payload = json!({
            "@type": "type.googleapis.com/google.cloud.audit.AuditLog",
            "authenticationInfo": {
                "principalEmail": format!("deployer@{PROJECT}.iam.gserviceaccount.com")
            },
            "methodName": "google.cloud.run.v2.Services.UpdateService",
            "resourceName": name,
            "serviceName": "run.googleapis.com",
        });
        if let (Some(payload), Value::Object(extra)) = (payload.as_object_mut(), extra) {
            payload.extend(extra);
        }
        payload
    };
    let first = json!({
        "operation": { "id": operation, "producer": "run.googleapis.com", "first": true },
        "protoPayload": payload(json!({
            "request": {
                "@type": "type.googleapis.com/google.cloud.run.v2.UpdateServiceRequest",
                "service": {
                    "name": name,
                    "template": { "revision": revision },
                    "traffic": [{
                        "type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100
                    }]
                }
            },
            "requestMetadata": {
                "callerIp": "192.0.2.14",
                "callerSuppliedUserAgent": "google-cloud-sdk gcloud/545.0.0 command/gcloud.run.deploy"
            }
        })),
        "resource": resource,
        "severity": "NOTICE",
    });
    let last = json!({
        "operation": { "id": operation, "producer": "run.googleapis.com", "last": true },
        "protoPayload": payload(json!({
            "response": {
                "@type": "type.googleapis.com/google.cloud.run.v2.Service",
                "latestCreatedRevision": format!("{name}/revisions/{revision}"),
                "latestReadyRevision": format!("{name}/revisions/{revision}"),
                "name": name
            },
            "status": {}
        })),
        "resource": resource,
        "severity": "NOTICE",
    });
    let log = "cloudaudit.googleapis.com%2Factivity";
    [entry(random, log, begun, begun, first), entry(random, log, ended, ended, last)]
}

/// A connection or a dropped packet in Cloud NAT's log.
#[derive(Debug)]
pub(crate) struct NatFlow<'a> {
    pub(crate) at: Time,
    pub(crate) source: (&'a str, u16),
    pub(crate) destination: (&'a str, u16),
    /// Port on the NAT's address; none if the packet was dropped.
    pub(crate) nat_port: Option<u16>,
}

/// Address of the NAT gateway.
pub(crate) const NAT_ADDRESS: &str = "192.0.2.201";

impl NatFlow<'_> {
    /// The entry.
    pub(crate) fn entry(&self, random: &mut Random) -> Entry {
        let mut connection = json!({
            "dest_ip": self.destination.0, "dest_port": self.destination.1, "protocol": 6,
            "src_ip": self.source.0, "src_port": self.source.1,
        });
        let mut labels = json!({
            "nat.googleapis.com/network_name": "shop",
            "nat.googleapis.com/router_name": "shop-router",
            "nat.googleapis.com/subnetwork_name": "run-egress",
        });
        if let Some(port) = self.nat_port {
            connection["nat_ip"] = NAT_ADDRESS.into();
            connection["nat_port"] = port.into();
            labels["nat.googleapis.com/nat_ip"] = NAT_ADDRESS.into();
        }
        let value = json!({
            "jsonPayload": {
                "allocation_status": if self.nat_port.is_some() { "OK" } else { "DROPPED" },
                "connection": connection,
                "destination": { "geo_location": { "continent": "Europe", "country": "bel" } },
                "endpoint": { "project_id": PROJECT, "region": REGION },
                "gateway_identifiers": {
                    "gateway_name": "shop-nat", "region": REGION, "router_name": "shop-router"
                },
                "vpc": {
                    "project_id": PROJECT, "subnetwork_name": "run-egress", "vpc_name": "shop"
                },
            },
            "labels": labels,
            "resource": {
                "type": "nat_gateway",
                "labels": {
                    "gateway_name": "shop-nat", "project_id": PROJECT, "region": REGION,
                    "router_id": "5190874462230098112",
                }
            },
        });
        entry(random, "compute.googleapis.com%2Fnat_flows", self.at, self.at, value)
    }
}

/// Entries one a line in the order they were received: a sink's shape.
pub(crate) fn lines(mut entries: Vec<Entry>) -> Vec<u8> {
    entries.sort_by_key(|e| e.received);
    let mut out = Vec::new();
    for entry in entries {
        out.extend_from_slice(entry.value.to_string().as_bytes());
        out.push(b'\n');
    }
    out
}

/// Entries as one indented array, newest first: the shape of `gcloud logging read --format=json`.
pub(crate) fn array(mut entries: Vec<Entry>) -> Vec<u8> {
    entries.sort_by_key(|e| std::cmp::Reverse(e.received));
    let values = Value::Array(entries.into_iter().map(|e| e.value).collect());
    format!("{values:#}\n").into_bytes()
}
