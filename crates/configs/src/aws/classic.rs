//! Classic Load Balancers.

use model::config::{Check, CheckKind, Key, Listen, Notation, Settings, Task, Value};

use super::{Cloud, certificate, compute, defaults as known, hop_of};
use crate::draft::{Draft, LinkDraft, Name, Reach};
use crate::part::{Names, Part, put};
use crate::resources::Tongue;

const BALANCERS: &[&str] = &["aws_elb", "AWS::ElasticLoadBalancing::LoadBalancer"];
const ATTACHMENTS: &[&str] = &["aws_elb_attachment"];
const ATTRIBUTES: Names = ("", "LoadBalancerAttributes");
const IDLE: Names = (
    "idle_timeout",
    "ConnectionSettings.IdleTimeout|LoadBalancerAttributes.ConnectionSettings.IdleTimeout",
);

/// Reads Classic Load Balancers.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    for part in cloud.all(BALANCERS) {
        balancer(cloud, part, draft);
    }
}

fn balancer(cloud: &Cloud<'_>, part: Part<'_>, draft: &mut Draft) {
    let groups = ("security_groups", "SecurityGroups");
    let mut hop =
        hop_of(cloud, part, Task::LoadBalancer, "AWS CLB", (groups, ("subnets", "Subnets")));
    hop.names.extend(part.get(("dns_name", "DNSName")).text().map(Name::host));
    let default = |setting| part.unless_changed(ATTRIBUTES, setting);
    let idle = part.get(IDLE);
    put(&mut hop.hop.settings, idle.seconds(Key::ClientIdleTimeout));
    hop.hop.settings.set(default(known::seconds(
        Key::ClientIdleTimeout,
        60,
        "idle_timeout",
        &known::CLB,
    )));
    let mut settings = Settings::new();
    for key in [Key::UpstreamIdleTimeout, Key::ResponseTimeout, Key::SendTimeout] {
        put(&mut settings, idle.seconds(key));
        settings.set(default(known::seconds(key, 60, "idle_timeout", &known::CLB)));
    }
    drain(part, &mut settings);
    let mut slots = Vec::new();
    let text = cloud.text_of(part).filter(|_| part.of.tongue == Tongue::Terraform);
    if let (Some(text), None) = (text, idle.there()) {
        for key in [Key::UpstreamIdleTimeout, Key::ResponseTimeout] {
            let name = (key, "idle_timeout");
            slots.extend(part.at.hcl_slot(text, part.span().file, name, Notation::Seconds));
        }
    }
    let checks: Vec<Check> = check(part).into_iter().collect();
    let targets = targets(cloud, part);
    let id = draft.add_hop(hop);
    for one in part.each(("listener", "Listeners|ListenerDescriptions")) {
        let listener = one.get(("", "Listener")).there().unwrap_or(one);
        let front = listener.get(("lb_protocol", "Protocol")).word();
        let back = listener.get(("instance_protocol", "InstanceProtocol"));
        let port = listener.get(("lb_port", "LoadBalancerPort"));
        let inner = listener.get(("instance_port", "InstancePort"));
        let hop = draft.hop_mut(id);
        hop.hop.listens.push(Listen {
            address: String::new(),
            port: port.port(),
            tls: matches!(front.as_str(), "https" | "ssl"),
            at: Some(port.span()),
        });
        let certificate = listener.get(("ssl_certificate_id", "SSLCertificateId"));
        certificate::put(cloud, certificate, &mut hop.hop);
        let word = if back.there().is_some() { back.word() } else { front };
        let tls = matches!(word.as_str(), "https" | "ssl");
        let by_http = word.starts_with("http");
        for (to, address) in &targets {
            let mut link = LinkDraft::new(id, to.clone(), address.clone());
            link.port = inner.port();
            link.at = Some(inner.span());
            link.settings = settings.clone();
            let at = if back.there().is_some() { back } else { inner };
            let spoken = if by_http { "http/1.1" } else { "tcp" };
            let spoken = Value::Text(spoken.to_owned());
            link.settings.set(at.meaning(Key::UpstreamProtocol, spoken));
            link.settings.set(at.meaning(Key::UpstreamTls, Value::Flag(tls)));
            if by_http {
                let name = "keep-alive";
                link.settings.set(known::flag(Key::UpstreamKeepAlive, true, name, &known::CLB));
            }
            link.checks.clone_from(&checks);
            link.slots.clone_from(&slots);
            draft.links.push(link);
        }
    }
}

/// Connection draining: Terraform and the interface leave it off unless it is switched on.
fn drain(part: Part<'_>, settings: &mut Settings) {
    let on = part.get((
        "connection_draining",
        "ConnectionDrainingPolicy.Enabled|LoadBalancerAttributes.ConnectionDraining.Enabled",
    ));
    let time = part.get((
        "connection_draining_timeout",
        "ConnectionDrainingPolicy.Timeout|LoadBalancerAttributes.ConnectionDraining.Timeout",
    ));
    match on.flag() {
        Some(true) => {
            put(settings, time.seconds(Key::DeregistrationDelay));
            let name = "connection_draining_timeout";
            settings.set(known::seconds(Key::DeregistrationDelay, 300, name, &known::CLB_DRAIN));
        }
        Some(false) => {
            let none = Value::Time(model::Micros(0));
            let off = on.called("connection_draining_timeout");
            settings.set(off.meaning(Key::DeregistrationDelay, none));
        }
        None if on.there().is_none() => {
            let name = "connection_draining_timeout";
            let off = known::seconds(Key::DeregistrationDelay, 0, name, &known::CLB_DRAIN);
            settings.set(part.unless_changed(ATTRIBUTES, off));
        }
        None => {}
    }
}

fn targets(cloud: &Cloud<'_>, part: Part<'_>) -> Vec<(Reach, String)> {
    let names = cloud.names(part);
    let is_this = |other: Part<'_>| {
        other.named().is_some_and(|name| names.contains(&name))
            || other
                .text()
                .is_some_and(|text| part.get(("name", "LoadBalancerName")).text() == Some(text))
    };
    let mut targets: Vec<(Reach, String)> = Vec::new();
    let mut add = |target: Part<'_>| {
        if let Some(name) = target.named() {
            targets.push((Reach::Name(name), target.written()));
        }
    };
    for one in part.each(("instances", "Instances")) {
        add(one.get(("", "InstanceId")).there().unwrap_or(one));
    }
    for attachment in cloud.all(ATTACHMENTS) {
        if is_this(attachment.get(("elb", ""))) {
            add(attachment.get(("instance", "")));
        }
    }
    for (instances, used) in compute::uses(cloud) {
        if is_this(used) {
            targets.push((Reach::Name(instances), used.written()));
        }
    }
    if targets.is_empty() {
        targets.push((Reach::Unsaid, part.resource.address.clone()));
    }
    targets
}

/// The health check: `HTTP:8080/health`.
fn check(part: Part<'_>) -> Option<Check> {
    let block = part.get(("health_check", "HealthCheck"));
    let target = block.get(("target", "Target"));
    let text = target.there()?.text()?;
    let (protocol, rest) = text.split_once(':')?;
    let (port, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let mut settings = Settings::new();
    let set = &mut settings;
    let mut meaning = |key: Key, text: &str| {
        if !text.is_empty() {
            set.set(target.meaning(key, Value::Text(text.to_owned())));
        }
    };
    meaning(Key::CheckProtocol, protocol);
    meaning(Key::CheckPort, port);
    meaning(Key::CheckPath, path);
    put(&mut settings, block.get(("interval", "Interval")).seconds(Key::CheckInterval));
    put(&mut settings, block.get(("timeout", "Timeout")).seconds(Key::CheckTimeout));
    let healthy = block.get(("healthy_threshold", "HealthyThreshold"));
    put(&mut settings, healthy.count(Key::CheckHealthyThreshold));
    let unhealthy = block.get(("unhealthy_threshold", "UnhealthyThreshold"));
    put(&mut settings, unhealthy.count(Key::CheckUnhealthyThreshold));
    Some(Check { kind: CheckKind::Balancer, at: Some(block.span()), settings })
}
