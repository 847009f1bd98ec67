//! Google Cloud VPC flow logs: which flows there were. They are sampled, and they do not say
//! whether a firewall let a packet pass.
//!
//! Source: Google Cloud documentation, "About VPC Flow Logs records".

use memchr::memmem;
use model::Event;

use super::entry::Entry;
use crate::raw::{only, string};
use crate::{About, Blind, Context, Dialect, Marks, Quick, Understood};

/// VPC flow logs.
pub(crate) struct CloudFlow;

impl Dialect for CloudFlow {
    fn name(&self) -> &'static str {
        "gcp-vpc-flow"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["vpc_flows"]])
    }

    fn sniff(&self, record: &str) -> bool {
        is_ours(record)
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        let line = line.trim_ascii();
        let whole = line.starts_with(b"{") && line.ends_with(b"}");
        let log = only(line, b"\"logName\"").and_then(string);
        let ours = whole
            && log.is_some_and(|log| log.ends_with(b"%2Fvpc_flows"))
            && only(line, b"\"src_ip\"").is_some();
        if ours { Quick::Nothing } else { Quick::Full }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        _out: &mut Vec<Event<'a>>,
    ) -> Understood {
        if is_ours(record) { Understood::Yes } else { Understood::No }
    }
}

/// Whether the record is a flow, of a subnet (`compute`) or of Network Management
/// (`networkmanagement`).
fn is_ours(record: &str) -> bool {
    if memmem::find(record.as_bytes(), b"vpc_flows").is_none() {
        return false;
    }
    Entry::read(record).is_some_and(|entry| {
        let logs = ["compute.googleapis.com", "networkmanagement.googleapis.com"];
        logs.iter().any(|service| entry.is_log(service, "vpc_flows"))
            && entry.path(&["jsonPayload", "connection", "src_ip"]).is_some()
    })
}

const ABOUT: About = About {
    title: "Google Cloud VPC flow log",
    source: "Google Cloud documentation, “About VPC Flow Logs records” \
             (https://docs.cloud.google.com/vpc/docs/about-flow-logs-records)",
    from: "`gcloud logging read 'log_id(\"compute.googleapis.com/vpc_flows\")' --format=json`.",
    time: "`start_time` and `end_time` of the flow in the aggregation interval (5 seconds to 15 \
           minutes), UTC. Nothing is taken from it.",
    fields: &[("logName, jsonPayload.connection", "recognise the entry")],
    shows: &["That there were flows: nothing about failures."],
    blind: &[
        Blind {
            what: "Whether a firewall let a packet pass or dropped it",
            how: "the logging of the firewall rule: `gcloud compute firewall-rules update RULE \
                  --enable-logging`.",
        },
        Blind {
            what: "Every flow: a share of the packets is sampled, so that a missing flow proves \
                   nothing",
            how: "Packet Mirroring, or tcpdump on the VM.",
        },
        Blind {
            what: "Connections that were refused or reset: flags are not recorded",
            how: "the gateway's own error log.",
        },
        Blind {
            what: "Packets that Cloud NAT dropped",
            how: "Cloud NAT's log: `gcloud compute routers nats update NAT --enable-logging`.",
        },
    ],
    recommended: "",
};
