//! Application and Network Load Balancers: their timers, their listeners with certificates, and the
//! rules that say which target group a request goes to.

use std::collections::BTreeMap;

use model::config::{Hop, Key, Listen, Notation, Product, Route, Settings, Slot, Task, Value};

use super::{Cloud, certificate, defaults as known, hop_of};
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name, Reach};
use crate::part::{Names, Part, put};
use crate::resources::Tongue;

pub(super) const BALANCERS: &[&str] = &[
    "aws_lb",
    "aws_alb",
    "data.aws_lb",
    "data.aws_alb",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
];
const LISTENERS: &[&str] =
    &["aws_lb_listener", "aws_alb_listener", "AWS::ElasticLoadBalancingV2::Listener"];
const LOOKED_UP_LISTENERS: &[&str] = &["data.aws_lb_listener", "data.aws_alb_listener"];
const RULES: &[&str] =
    &["aws_lb_listener_rule", "aws_alb_listener_rule", "AWS::ElasticLoadBalancingV2::ListenerRule"];
const CERTIFICATES: &[&str] = &[
    "aws_lb_listener_certificate",
    "aws_alb_listener_certificate",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
];
const GROUPS: Names = ("security_groups", "SecurityGroups");
const SUBNETS: Names = (
    "subnets|subnet_mapping.subnet_id",
    "Subnets|SubnetMappings.SubnetId|AvailabilityZones.SubnetId",
);
const IDLE: Names = ("idle_timeout", "LoadBalancerAttributes[idle_timeout.timeout_seconds]");
const OF_LISTENER: Names = ("load_balancer_arn", "LoadBalancerArn");
const OF_RULE: Names = ("listener_arn", "ListenerArn");
/// Most links that one rule makes: hosts and paths multiply.
const MOST_ROUTES: usize = 16;

/// A load balancer and what its links carry.
struct Balancer {
    hop: DraftId,
    settings: Settings,
    slots: Vec<Slot>,
}

/// Reads load balancers with their listeners and rules.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let mut balancers: BTreeMap<Name, Balancer> = BTreeMap::new();
    let listeners = cloud.all(LISTENERS);
    for part in cloud.all(BALANCERS) {
        let own = cloud.resources.name(&part.resource.address);
        let looked_up = part.resource.kind.starts_with("data.");
        let used = |listener: &Part<'_>| {
            cloud
                .follow(listener.get(OF_LISTENER), BALANCERS)
                .is_some_and(|of| of.resource.address == part.resource.address)
        };
        if looked_up && !listeners.iter().any(used) {
            continue;
        }
        balancers.insert(own, balancer(cloud, part, looked_up, draft));
    }
    let mut listener_of: BTreeMap<Name, Name> = BTreeMap::new();
    for listener in &listeners {
        let of = owner(cloud, listener.get(OF_LISTENER), &mut balancers, draft);
        for name in cloud.names(*listener) {
            listener_of.insert(name, of.clone());
        }
        let Some(balancer) = balancers.get(&of) else { continue };
        read_listener(cloud, *listener, balancer, draft);
    }
    for listener in cloud.all(LOOKED_UP_LISTENERS) {
        let of = owner(cloud, listener.get(OF_LISTENER), &mut balancers, draft);
        for name in cloud.names(listener) {
            listener_of.insert(name, of.clone());
        }
    }
    for extra in cloud.all(CERTIFICATES) {
        let of = extra.get(OF_RULE).named().and_then(|name| listener_of.get(&name));
        let Some(balancer) = of.and_then(|of| balancers.get(of)) else { continue };
        let part = extra.get(("certificate_arn", "Certificates.CertificateArn"));
        certificate::put(cloud, part, &mut draft.hop_mut(balancer.hop).hop);
    }
    for rule in cloud.all(RULES) {
        let listener = rule.get(OF_RULE);
        let known = listener.named().and_then(|name| listener_of.get(&name).cloned());
        let of = known.unwrap_or_else(|| owner(cloud, listener, &mut balancers, draft));
        let Some(balancer) = balancers.get(&of) else { continue };
        let routes = routes(rule);
        forward(rule.each(("action", "Actions")), &routes, balancer, draft);
    }
}

/// The load balancer that a listener or a rule belongs to; one without settings where the files do
/// not describe it.
fn owner(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    balancers: &mut BTreeMap<Name, Balancer>,
    draft: &mut Draft,
) -> Name {
    if let Some(found) = cloud.follow(part, BALANCERS) {
        return cloud.resources.name(&found.resource.address);
    }
    let written = part.written();
    let title = if written.is_empty() { part.resource.address.clone() } else { written };
    let name = part.named().unwrap_or_else(|| cloud.resources.name(&title));
    balancers.entry(name.clone()).or_insert_with(|| {
        let mut hop = Hop::new(Task::LoadBalancer, title);
        hop.at = Some(part.resource.at);
        let hop = draft.add_hop(HopDraft::new(hop, vec![name.clone()]));
        Balancer { hop, settings: Settings::new(), slots: Vec::new() }
    });
    name
}

fn balancer(cloud: &Cloud<'_>, part: Part<'_>, looked_up: bool, draft: &mut Draft) -> Balancer {
    let kind = part.get(("load_balancer_type", "Type")).word();
    let network = kind == "network";
    let product = if network { "AWS NLB" } else { "AWS ALB" };
    let mut hop = hop_of(cloud, part, Task::LoadBalancer, product, (GROUPS, SUBNETS));
    if !matches!(kind.as_str(), "" | "application" | "network") {
        hop.hop.products.clear();
    }
    let address = part.get(("dns_name", "DNSName")).text();
    hop.names.extend(address.map(Name::host));
    let name =
        if part.of.tongue == Tongue::Terraform { IDLE.0 } else { "idle_timeout.timeout_seconds" };
    let (mut settings, mut slots) = (Settings::new(), Vec::new());
    if product == "AWS ALB" && !hop.hop.products.is_empty() && !looked_up {
        let default = |setting| part.unless_changed(("", "LoadBalancerAttributes"), setting);
        // One attribute is the timer of both sides.
        let idle = part.get(IDLE);
        let own = &mut hop.hop.settings;
        put(own, idle.seconds(Key::ClientIdleTimeout));
        own.set(default(known::seconds(Key::ClientIdleTimeout, 60, name, &known::ALB)));
        let age =
            part.get(("client_keep_alive", "LoadBalancerAttributes[client_keep_alive.seconds]"));
        put(own, age.seconds(Key::ClientMaxLifetime));
        let long = match part.of.tongue {
            Tongue::Terraform => "client_keep_alive",
            Tongue::Vendor => "client_keep_alive.seconds",
        };
        own.set(default(known::seconds(Key::ClientMaxLifetime, 3600, long, &known::ALB)));
        for key in [Key::UpstreamIdleTimeout, Key::ResponseTimeout, Key::SendTimeout] {
            put(&mut settings, idle.seconds(key));
            settings.set(default(known::seconds(key, 60, name, &known::ALB)));
        }
        settings.set(known::flag(Key::UpstreamKeepAlive, true, "keep-alive", &known::ALB_TARGETS));
        let connect = known::seconds(Key::ConnectTimeout, 10, "connect timeout", &known::ALB_FIXED);
        settings.set(connect);
        if idle.there().is_none() {
            slots = idle_slots(cloud, part, name);
            let client = slots.iter().find(|slot| slot.key == Key::ClientIdleTimeout);
            hop.hop.slots.extend(client.cloned());
            slots.retain(|slot| slot.key != Key::ClientIdleTimeout);
        }
    }
    Balancer { hop: draft.add_hop(hop), settings, slots }
}

/// Where the idle timeout can be added, for each of its meanings.
fn idle_slots(cloud: &Cloud<'_>, part: Part<'_>, name: &'static str) -> Vec<Slot> {
    let keys =
        [Key::ClientIdleTimeout, Key::UpstreamIdleTimeout, Key::ResponseTimeout, Key::SendTimeout];
    let Some(text) = cloud.text_of(part) else { return Vec::new() };
    let file = part.span().file;
    let slot = |key: Key| match part.of.tongue {
        Tongue::Terraform => part.at.hcl_slot(text, file, (key, name), Notation::Seconds),
        Tongue::Vendor => {
            let list = part.at.get("LoadBalancerAttributes");
            let first = list.items().next();
            match first {
                // Before the first pair of the list, which begins with a dash.
                Some(pair) => {
                    let mut slot =
                        pair.yaml_slot(text, file, (key, name), Notation::QuotedSeconds)?;
                    let indent = slot.text.rsplit('\n').next().unwrap_or("").to_owned();
                    let dash = indent.get(..indent.len().checked_sub(2)?)?.to_owned();
                    slot.text = format!("Key: {name}\n{indent}Value: {{}}\n{dash}- ");
                    Some(slot)
                }
                None if list.there().is_none() => {
                    let mut slot =
                        part.at.yaml_slot(text, file, (key, name), Notation::QuotedSeconds)?;
                    let indent = slot.text.rsplit('\n').next().unwrap_or("").to_owned();
                    slot.text = format!(
                        "LoadBalancerAttributes:\n{indent}  - Key: {name}\n{indent}    Value: {{}}\n{indent}"
                    );
                    Some(slot)
                }
                None => None,
            }
        }
    };
    keys.into_iter().filter_map(slot).collect()
}

fn read_listener(cloud: &Cloud<'_>, listener: Part<'_>, balancer: &Balancer, draft: &mut Draft) {
    let port = listener.get(("port", "Port"));
    let protocol = listener.get(("protocol", "Protocol")).word();
    let hop = draft.hop_mut(balancer.hop);
    // What sends to a listener sends to its load balancer.
    hop.names.extend(cloud.names(listener));
    if port.port() != 0 {
        hop.hop.listens.push(Listen {
            address: String::new(),
            port: port.port(),
            tls: matches!(protocol.as_str(), "https" | "tls"),
            at: Some(port.span()),
        });
    }
    // A load balancer of which nothing is known is one of applications if it speaks HTTP.
    if hop.hop.products.is_empty() && protocol.starts_with("http") {
        hop.hop.products.push(Product { name: "AWS ALB", ..Product::default() });
    }
    if hop.hop.runs("AWS NLB") {
        let idle = listener
            .get(("tcp_idle_timeout_seconds", "ListenerAttributes[tcp.idle_timeout.seconds]"));
        let name = "tcp.idle_timeout.seconds";
        // Flows of UDP have a timer of their own, which is about no request here.
        if protocol != "udp" {
            put(&mut hop.hop.settings, idle.seconds(Key::FlowIdleTimeout));
            let from = if protocol == "tls" { &known::NLB_TLS } else { &known::NLB };
            hop.hop.settings.set(known::seconds(Key::FlowIdleTimeout, 350, name, from));
        }
    }
    for one in listener.each(("certificate_arn", "Certificates")) {
        let inner = one.get(("", "CertificateArn"));
        certificate::put(cloud, inner.there().unwrap_or(one), &mut hop.hop);
    }
    let actions = listener.each(("default_action", "DefaultActions"));
    forward(actions, &[Route::default()], balancer, draft);
}

/// A link to every target group that the actions forward to.
fn forward(actions: Vec<Part<'_>>, routes: &[Route], balancer: &Balancer, draft: &mut Draft) {
    for action in actions {
        let single = action.get(("target_group_arn", "TargetGroupArn"));
        let weighted = action.each(("forward.target_group", "ForwardConfig.TargetGroups"));
        let weighted = weighted
            .into_iter()
            .filter(|group| group.get(("weight", "Weight")).number() != Some(0))
            .map(|group| group.get(("arn", "TargetGroupArn")));
        // The outputs of the command line show a single group in both ways.
        let mut groups: Vec<Part<'_>> = single.there().into_iter().collect();
        for group in weighted {
            let known = groups.iter().any(|had| had.named() == group.named());
            if !known {
                groups.push(group);
            }
        }
        for group in groups {
            let to = group.named().map_or(Reach::Unsaid, Reach::Name);
            for route in routes {
                let mut link = LinkDraft::new(balancer.hop, to.clone(), group.written());
                link.route = route.clone();
                link.at = Some(group.span());
                link.settings = balancer.settings.clone();
                link.slots.clone_from(&balancer.slots);
                draft.links.push(link);
            }
        }
    }
}

/// Hosts and paths of a rule; one route per path.
fn routes(rule: Part<'_>) -> Vec<Route> {
    let (mut hosts, mut paths) = (Vec::new(), Vec::new());
    for condition in rule.each(("condition", "Conditions")) {
        let field = condition.get(("field", "Field")).word();
        let of = |names: Names| -> Vec<String> {
            condition
                .each(names)
                .into_iter()
                .map(|part| part.written().trim_matches('"').to_owned())
                .collect()
        };
        hosts.extend(of(("host_header.values", "HostHeaderConfig.Values")));
        paths.extend(of(("path_pattern.values", "PathPatternConfig.Values")));
        let plain = of(("values", "Values"));
        match field.as_str() {
            "host-header" => hosts.extend(plain),
            "path-pattern" => paths.extend(plain),
            _ => {}
        }
    }
    for list in [&mut hosts, &mut paths] {
        list.sort();
        list.dedup();
        list.truncate(MOST_ROUTES);
    }
    if paths.is_empty() {
        paths.push(String::new());
    }
    paths.into_iter().map(|path| Route { hosts: hosts.clone(), path }).collect()
}

/// The protocol of a target group in the words of the model, and whether it is TLS.
pub(super) fn protocol(protocol: &str, version: &str) -> Option<(Value, bool)> {
    let tls = matches!(protocol, "https" | "tls");
    let word = match (protocol, version) {
        ("http" | "https", "grpc") => "grpc",
        ("http", "http2") => "h2c",
        ("https", "http2") => "h2",
        ("http" | "https", _) => "http/1.1",
        ("tcp" | "tls" | "tcp_udp" | "udp", _) => protocol,
        _ => return None,
    };
    Some((Value::Text(word.to_owned()), tls))
}
