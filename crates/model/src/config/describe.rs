//! A system as plain text, one fact a line: what tests compare, and what people are shown when they
//! ask what was understood.

use std::fmt::Write as _;

use super::{
    Check, Filter, Found, Hop, HopId, Link, Listen, Origin, Peer, Setting, Settings, Span, Subnet,
    System, Value, Via,
};

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Time(time) if time.0 % 1_000_000 == 0 => write!(f, "{} s", time.0 / 1_000_000),
            Value::Time(time) if time.0 % 1_000 == 0 => write!(f, "{} ms", time.0 / 1_000),
            Value::Time(time) => write!(f, "{} µs", time.0),
            Value::Count(n) => write!(f, "{n}"),
            Value::Bytes(n) if *n >= 1 << 20 && n % (1 << 20) == 0 => write!(f, "{} MiB", n >> 20),
            Value::Bytes(n) if *n >= 1 << 10 && n % (1 << 10) == 0 => write!(f, "{} KiB", n >> 10),
            Value::Bytes(n) => write!(f, "{n} bytes"),
            Value::Share(share) => write!(f, "{:.0}%", share * 100.0),
            Value::Flag(on) => f.write_str(if *on { "on" } else { "off" }),
            Value::Text(text) => f.write_str(text),
            Value::Names(names) => f.write_str(&names.join(", ")),
            Value::Unlimited => f.write_str("unlimited"),
            Value::Unknown(text) => write!(f, "unknown ({text})"),
        }
    }
}

impl System {
    /// Where a span begins: `path:line`.
    #[must_use]
    pub fn place(&self, span: Span) -> String {
        let file = self.file(span.file);
        format!("{}:{}", file.title(), file.position(span.start as usize).0)
    }

    /// Everything understood, one fact a line, in the order of the files.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut out = String::new();
        for (id, hop) in self.hops() {
            self.describe_hop(id, hop, &mut out);
        }
        for (_, link) in self.links() {
            self.describe_link(link, &mut out);
        }
        for filter in &self.filters {
            self.describe_filter(filter, &mut out);
        }
        for subnet in &self.subnets {
            self.describe_subnet(subnet, &mut out);
        }
        for remark in &self.remarks {
            let _ = writeln!(out, "remark {}: {}", self.place(remark.at), remark.says);
        }
        out
    }

    fn describe_hop(&self, id: HopId, hop: &Hop, out: &mut String) {
        let _ = write!(out, "hop {} {} {}", id.0, hop.task, hop.name);
        self.write_place(hop.at, out);
        if hop.declared.is_some() {
            out.push_str("  declared");
            self.write_place(hop.declared, out);
        }
        for product in &hop.products {
            let version = if product.version.is_empty() { "?" } else { &product.version };
            let _ = write!(out, "  product {} {version}", product.name);
            self.write_place(product.version_at, out);
        }
        if hop.program != Found::Stated {
            let _ = writeln!(out, "  program {}", found(&hop.program));
        }
        for Listen { address, port, tls, at } in &hop.listens {
            let tls = if *tls { " tls" } else { "" };
            let _ = write!(out, "  listen {address}:{port}{tls}");
            self.write_place(*at, out);
        }
        self.describe_settings(&hop.settings, "  ", out);
        self.describe_checks(&hop.checks, out);
        for slot in &hop.slots {
            let _ = write!(out, "  slot {} ({})", slot.key, slot.name);
            let at = Span { file: slot.file, start: slot.at, end: slot.at };
            self.write_place(Some(at), out);
        }
    }

    fn describe_link(&self, link: &Link, out: &mut String) {
        let found = found(&link.found);
        let _ = write!(
            out,
            "link {} -> {} ({}) {} port {} {found}",
            self.hop(link.from).name,
            self.hop(link.to).name,
            link.to.0,
            link.address,
            link.port
        );
        if !link.route.hosts.is_empty() || !link.route.path.is_empty() {
            let _ = write!(out, " for {}{}", link.route.hosts.join(","), link.route.path);
        }
        self.write_place(link.at, out);
        self.describe_settings(&link.settings, "  ", out);
        self.describe_checks(&link.checks, out);
        for slot in &link.slots {
            let _ = write!(out, "  slot {} ({})", slot.key, slot.name);
            let at = Span { file: slot.file, start: slot.at, end: slot.at };
            self.write_place(Some(at), out);
        }
    }

    fn describe_checks(&self, checks: &[Check], out: &mut String) {
        for check in checks {
            let _ = write!(out, "  check {}", check.kind);
            self.write_place(check.at, out);
            self.describe_settings(&check.settings, "    ", out);
        }
    }

    fn describe_settings(&self, settings: &Settings, indent: &str, out: &mut String) {
        for Setting { key, value, name, origin, .. } in settings {
            let _ = write!(out, "{indent}{key} = {value} ({name})");
            match origin {
                Origin::Written(span) => self.write_place(Some(*span), out),
                Origin::Default { known, version_at, assumed } => {
                    let assumed = if *assumed { ", version assumed" } else { "" };
                    let _ =
                        write!(out, " default of {} {}{assumed}", known.product, known.versions);
                    self.write_place(*version_at, out);
                }
            }
        }
    }

    fn describe_filter(&self, filter: &Filter, out: &mut String) {
        let partial = if filter.partial { " partial" } else { "" };
        let _ = write!(out, "filter {} {}{partial}", filter.kind, filter.name);
        self.write_place(filter.at, out);
        for rule in &filter.rules {
            let verb = if rule.allow { "allow" } else { "deny" };
            let peers: Vec<String> = rule.peers.iter().map(|peer| self.peer(peer)).collect();
            let _ = write!(
                out,
                "  {} {verb} {} {}-{} {}",
                rule.direction,
                rule.protocol,
                rule.from_port,
                rule.to_port,
                peers.join(",")
            );
            self.write_place(rule.at, out);
        }
        for hop in &filter.hops {
            let _ = writeln!(out, "  protects {}", self.hop(*hop).name);
        }
        for subnet in &filter.subnets {
            let _ = writeln!(out, "  protects subnet {}", self.subnets[subnet.0 as usize].name);
        }
    }

    fn peer(&self, peer: &Peer) -> String {
        match peer {
            Peer::Block(block) => block.to_string(),
            Peer::Group(id) => self.filters[id.0 as usize].name.clone(),
            Peer::Unknown(text) => format!("unknown ({text})"),
        }
    }

    fn describe_subnet(&self, subnet: &Subnet, out: &mut String) {
        let block = subnet.block.map_or_else(|| "?".to_owned(), |block| block.to_string());
        let _ = write!(out, "subnet {} {block}", subnet.name);
        self.write_place(subnet.at, out);
        for route in &subnet.routes {
            let via = match &route.via {
                Via::Local => "local".to_owned(),
                Via::Internet => "internet".to_owned(),
                Via::Nat(name) => format!("nat {name}"),
                Via::Other(text) => format!("other {text}"),
                Via::Blackhole => "blackhole".to_owned(),
            };
            let _ = write!(out, "  route {} {via}", route.to);
            self.write_place(route.at, out);
        }
        for hop in &subnet.hops {
            let _ = writeln!(out, "  holds {}", self.hop(*hop).name);
        }
    }

    fn write_place(&self, at: Option<Span>, out: &mut String) {
        match at {
            Some(span) => {
                let _ = writeln!(out, " @ {}", self.place(span));
            }
            None => out.push('\n'),
        }
    }
}

fn found(found: &Found) -> String {
    match found {
        Found::Stated => "stated".to_owned(),
        Found::ByPort(port) => format!("by port {port}"),
        Found::ByElimination => "by elimination".to_owned(),
        Found::Declared => "declared".to_owned(),
    }
}
