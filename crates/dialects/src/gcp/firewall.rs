//! Google Cloud firewall logs: connections that a rule let open or denied; and the same of GKE
//! network policies.
//!
//! Cloud firewalls keep state, so what is denied is always the opening of a connection. Sources:
//! Google Cloud documentation, "VPC firewall rules logging format", "Firewall policy rules logging
//! format", and GKE, "Network policy logging".

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind};

use super::entry::Entry;
use crate::json::Json;
use crate::raw::{only, string};
use crate::{About, Blind, Context, Dialect, Marks, Quick, Understood};

/// Firewall logs.
pub(crate) struct CloudFirewall;

impl Dialect for CloudFirewall {
    fn name(&self) -> &'static str {
        "gcp-firewall"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"disposition\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        entry(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        let line = line.trim_ascii();
        let whole = line.starts_with(b"{") && line.ends_with(b"}");
        let log = only(line, b"\"logName\"").and_then(string);
        let allowed = whole
            && only(line, b"\"disposition\"").and_then(string) == Some(b"ALLOWED")
            && log.is_some_and(|log| log.ends_with(b"%2Ffirewall"))
            && only(line, b"\"connection\"").is_some_and(|value| value.starts_with(b"{"));
        if allowed { Quick::Nothing } else { Quick::Full }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(entry(record).map(|entry| denied(&entry, context)), out)
    }
}

/// The entry, if it is one of a firewall's.
fn entry(record: &str) -> Option<Entry<'_>> {
    memmem::find(record.as_bytes(), b"\"disposition\"")?;
    let entry = Entry::read(record)?;
    let logs = ["compute.googleapis.com", "networksecurity.googleapis.com"];
    let ours = logs.iter().any(|service| entry.is_log(service, "firewall"))
        || entry.log_id() == "policy-action";
    let payload = entry.get("jsonPayload")?;
    let connection = matches!(payload.get("connection"), Some(Json::Object(_)));
    (ours && connection && payload.get("disposition").is_some()).then_some(entry)
}

/// A TCP connection that was denied.
fn denied<'a>(entry: &Entry<'a>, context: &Context) -> Option<Occurrence<'a>> {
    let payload = entry.get("jsonPayload")?;
    let disposition = payload.word("disposition")?;
    if disposition != "DENIED" && disposition != "deny" {
        return None;
    }
    let connection = payload.get("connection")?;
    let is_tcp = match connection.get("protocol")? {
        Json::Text(name) => name == "6" || name.eq_ignore_ascii_case("tcp"),
        number => number.integer() == Some(6),
    };
    if !is_tcp {
        return None;
    }
    let port =
        |key| connection.get(key).and_then(Json::integer).and_then(|n| u16::try_from(n).ok());
    let server: IpAddr = connection.word("dest_ip")?.parse().ok()?;
    let server = SocketAddr::new(server, port("dest_port")?);
    let at = entry.timestamp(context.offset_east);
    let mut drop = Occurrence::new(OccurrenceKind::FirewallDrop, at, connection.word("src_ip")?)
        .object(server.to_string())
        .detail(detail(payload));
    drop.source_port = port("src_port");
    // GKE sums up what it denied in five seconds.
    let count = payload.get("count").and_then(Json::integer);
    Some(drop.times(count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1)))
}

/// The rule that denied it, and at which instance.
fn detail(payload: &Json<'_>) -> String {
    let text = |path: &[&str]| payload.path(path).and_then(Json::text).map(Cow::as_ref);
    let mut words = vec!["DENIED"];
    words.extend(text(&["rule_details", "direction"]).or(text(&["connection", "direction"])));
    words.extend(text(&["rule_details", "reference"]));
    if let Some(instance) = text(&["instance", "vm_name"]).or(text(&["node_name"])) {
        words.extend(["at", instance]);
    }
    words.join(" ")
}

const ABOUT: About = About {
    title: "Google Cloud firewall log",
    source: "Google Cloud documentation, “VPC firewall rules logging format” \
             (https://docs.cloud.google.com/firewall/docs/vpc-log-format)",
    from: "`gcloud logging read 'log_id(\"compute.googleapis.com/firewall\")' --format=json`; for \
           GKE network policies `log_id(\"policy-action\")`.",
    time: "`timestamp`: when the connection was tried, UTC.",
    fields: &[
        ("jsonPayload.disposition", "DENIED is what is kept"),
        ("jsonPayload.connection", "who opened it, and what was to be reached; TCP alone"),
        ("jsonPayload.rule_details.reference, direction", "the rule"),
        ("jsonPayload.instance.vm_name, node_name", "where"),
    ],
    shows: &["A TCP connection that a rule or a network policy did not let open, with the rule."],
    blind: &[
        Blind {
            what: "Drops by the implied rules that deny what no rule allows: they are never logged",
            how: "an explicit rule of the lowest priority that denies, with logging: `gcloud compute \
                  firewall-rules create deny-rest --action=DENY --rules=all --priority=65534 \
                  --enable-logging`.",
        },
        Blind {
            what: "Rules without logging",
            how: "`gcloud compute firewall-rules list --format='table(name,logConfig.enable)'`.",
        },
        Blind {
            what: "Every attempt: the number of connections logged is limited by the machine type",
            how: "tcpdump on the VM.",
        },
        Blind {
            what: "Firewalls inside the VM",
            how: "nftables' or iptables' own log rules (`why502` reads them from the kernel's log).",
        },
    ],
    recommended: "gcloud compute firewall-rules update RULE --enable-logging \
                  --logging-metadata=include-all",
};
