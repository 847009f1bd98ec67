//! Services: named sets of Pods, and the load balancers that some of them ask for.

use std::collections::BTreeMap;

use model::config::{Check, CheckKind, Hop, Key, Listen, Product, Settings, Task};

use super::alb;
use super::endpoints::Endpoints;
use super::object::{DEFAULT_NAMESPACE, Object, label_pairs, port};
use super::workloads::Workload;
use super::{Cluster, defaults as known};
use crate::draft::{Draft, HopDraft, LinkDraft, Member, Name, Pool, Reach};
use crate::part::put;
use crate::tree::At;

/// Ports of a Service that are read.
const MOST_PORTS: usize = 200;

/// The tool of the names of Services.
const SERVICE: &str = "kubernetes service";

/// The name of a Service in a namespace.
pub(super) fn name(namespace: &str, name: &str) -> Name {
    Name::id(SERVICE, format!("{namespace}/{name}"))
}

/// Every Service.
pub(super) struct Services<'d> {
    by_key: BTreeMap<String, Service<'d>>,
}

/// A Service with what it leads to.
pub(super) struct Service<'d> {
    /// Its description.
    pub(super) object: Object<'d>,
    /// Its ports: name, own number, the Pods' number.
    pub(super) ports: Vec<(String, u16, u16)>,
    /// True if the platform asks its Pods whether they are ready.
    pub(super) is_asked: bool,
}

impl<'d> Services<'d> {
    /// The Service of this name in a namespace; else the one whose namespace nobody wrote, as it is put
    /// where whoever applies it says.
    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<&Service<'d>> {
        let own = self.by_key.get(&format!("{namespace}/{name}"));
        own.or_else(|| {
            let unsaid = self.by_key.get(&format!("{DEFAULT_NAMESPACE}/{name}"))?;
            unsaid.object.said_namespace().is_none().then_some(unsaid)
        })
    }

    /// What a reference to a Service reaches, and at which port, given by its number or its name.
    pub(super) fn reach(&self, namespace: &str, name: &str, at_port: At<'_>) -> (Reach, u16) {
        let known = self.find(namespace, name).map(|service| service.object.key());
        let key = known.unwrap_or_else(|| format!("{namespace}/{name}"));
        let reach = Reach::Name(Name::id(SERVICE, key));
        let by_name = || {
            let ports = &self.find(namespace, name)?.ports;
            let found = ports.iter().find(|(own, ..)| Some(own.as_str()) == at_port.text());
            found.map(|(_, port, _)| *port)
        };
        let number = port(at_port);
        (reach, if number == 0 { by_name().unwrap_or(0) } else { number })
    }
}

/// Reads Services.
pub(super) fn read<'d>(
    cluster: &Cluster<'d>,
    workloads: &[Workload],
    draft: &mut Draft,
) -> Services<'d> {
    let all = cluster.all(&["Service"]);
    let endpoints = Endpoints::new(cluster);
    let mut short: BTreeMap<&str, usize> = BTreeMap::new();
    for object in &all {
        *short.entry(object.name).or_default() += 1;
    }
    let mut by_key = BTreeMap::new();
    for object in all {
        let selected = selected(&object, workloads);
        let ports = ports(&object, &selected);
        let mut pool = Pool { names: names(&object), at: Some(object.here()), ..Pool::default() };
        // Within its namespace a Service has a short name, which tells nothing where two have it.
        if short.get(object.name) == Some(&1) {
            pool.names.push(Name::host(object.name));
        }
        pool.ports = ports.iter().map(|(_, own, target)| (*own, *target)).collect();
        pool.members = members(&object, &selected, workloads, &endpoints, draft);
        draft.pools.push(pool);
        if object.spec("type").text() == Some("LoadBalancer") {
            balancer(&object, &ports, draft);
        }
        let containers = selected.iter().flat_map(|workload| &workload.containers);
        let is_asked = containers.into_iter().any(|container| container.is_asked);
        by_key.insert(object.key(), Service { object, ports, is_asked });
    }
    Services { by_key }
}

/// Its names in the name service.
/// <https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/>
fn names(object: &Object<'_>) -> Vec<Name> {
    let mut names = vec![Name::id(SERVICE, object.key())];
    // Without a written namespace nobody knows which one it is put into.
    if let Some(namespace) = object.said_namespace() {
        let short = format!("{}.{namespace}", object.name);
        names.push(Name::host(&short));
        names.push(Name::host(&format!("{short}.svc")));
        names.push(Name::host(&format!("{short}.svc.cluster.local")));
    }
    names
}

fn selected<'w>(object: &Object<'_>, workloads: &'w [Workload]) -> Vec<&'w Workload> {
    let wanted = label_pairs(object.spec("selector"));
    let carries = |workload: &&Workload| workload.carries(object.namespace(), &wanted);
    match wanted.is_empty() {
        true => Vec::new(),
        false => workloads.iter().filter(carries).collect(),
    }
}

fn ports(object: &Object<'_>, selected: &[&Workload]) -> Vec<(String, u16, u16)> {
    let one = |item: At<'_>| {
        let own = port(item.get("port"));
        let tcp = item.get("protocol").text().is_none_or(|word| word == "TCP");
        let target = item.get("targetPort");
        let target = match (target.there(), target.text()) {
            (None, _) => own,
            (Some(_), Some(name)) if target.number().is_none() => {
                selected.iter().find_map(|workload| workload.port(name)).unwrap_or(0)
            }
            _ => port(target),
        };
        let name = item.get("name").text().unwrap_or_default().to_owned();
        (own != 0 && tcp).then_some((name, own, target))
    };
    object.spec("ports").items().take(MOST_PORTS).filter_map(one).collect()
}

fn members(
    object: &Object<'_>,
    selected: &[&Workload],
    workloads: &[Workload],
    endpoints: &Endpoints,
    draft: &mut Draft,
) -> Vec<Member> {
    // A link is written where somebody names the Service.
    let member = |to: Reach| Member {
        to,
        port: 0,
        address: String::new(),
        at: None,
        settings: Settings::new(),
    };
    let outside = object.spec("externalName");
    if let (Some("ExternalName"), Some(host)) = (object.spec("type").text(), outside.text()) {
        return vec![member(Reach::Name(Name::host(host)))];
    }
    let selector = object.spec("selector");
    if selector.entries().next().is_none() {
        // Somebody else says where it leads.
        return match endpoints.of(object) {
            [] => vec![member(Reach::Unsaid)],
            found => found.to_vec(),
        };
    }
    if selected.is_empty() {
        let nobody = Name::id("kubernetes", format!("Pods of Service {}", object.key()));
        if workloads.iter().any(|workload| workload.labels.0 == object.namespace()) {
            let says = format!(
                "no Pod of these files carries the labels that Service {} selects: it was taken to \
                 lead to Pods described elsewhere",
                object.name
            );
            draft.remark(object.span(selector), says);
        }
        return vec![member(Reach::Name(nobody))];
    }
    selected.iter().map(|found| member(Reach::Name(found.name.clone()))).collect()
}

/// Gives Services of an unknown namespace the longer names by which others call them.
pub(super) fn complete_names(services: &Services<'_>, draft: &mut Draft) {
    let unsaid: BTreeMap<String, &str> = services
        .by_key
        .values()
        .filter(|service| service.object.said_namespace().is_none())
        .map(|service| (service.object.key(), service.object.name))
        .collect();
    if unsaid.is_empty() {
        return;
    }
    let in_variables = draft.hops.iter().flat_map(|hop| &hop.environment).map(|variable| {
        let found = crate::assemble::environment::target(&variable.value);
        found.map_or_else(|| variable.value.clone(), |(host, _)| host)
    });
    let in_links = draft.links.iter().filter_map(|link| match &link.to {
        Reach::Name(Name::Host(host)) => Some(host.clone()),
        _ => None,
    });
    let in_pools = draft.pools.iter().flat_map(|pool| &pool.members);
    let in_pools = in_pools.filter_map(|member| match &member.to {
        Reach::Name(Name::Host(host)) => Some(host.clone()),
        _ => None,
    });
    let called: std::collections::BTreeSet<String> =
        in_variables.chain(in_links).chain(in_pools).collect();
    for host in called {
        let parts: Vec<&str> = host.trim_end_matches('.').split('.').collect();
        let ([service, _, "svc"] | [service, _, "svc", "cluster", "local"]) = parts[..] else {
            continue;
        };
        let known = unsaid.iter().find(|(_, name)| **name == service);
        let Some((key, _)) = known else { continue };
        let own = Name::id(SERVICE, key.clone());
        if let Some(pool) = draft.pools.iter_mut().find(|pool| pool.names.contains(&own)) {
            pool.names.push(Name::host(&host));
        }
    }
}

/// Says in which namespace a Service is that a variable calls by its short name, where Services of
/// several namespaces have that name: a Pod reaches the one of its own.
pub(super) fn tell_apart(services: &Services<'_>, draft: &mut Draft) {
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for service in services.by_key.values() {
        *count.entry(service.object.name).or_default() += 1;
    }
    for hop in &mut draft.hops {
        let Some((namespace, _)) = &hop.labels else { continue };
        for variable in &mut hop.environment {
            let target = crate::assemble::environment::target(&variable.value);
            let Some((host, _)) = target else { continue };
            let shared = count.get(host.as_str()).is_some_and(|count| *count > 1);
            if !shared || services.find(namespace, &host).is_none() {
                continue;
            }
            for before in ["@", "//"] {
                let short = format!("{before}{host}");
                if variable.value.contains(&short) {
                    let long = format!("{short}.{namespace}");
                    variable.value = variable.value.replacen(&short, &long, 1);
                    break;
                }
            }
        }
    }
}

const AWS: &str = "service.beta.kubernetes.io/aws-load-balancer-";

/// The load balancer that a Service asks for.
fn balancer(object: &Object<'_>, ports: &[(String, u16, u16)], draft: &mut Draft) {
    let mut hop = Hop::new(Task::LoadBalancer, format!("Service {}", object.name));
    hop.at = Some(object.here());
    let aws = |name: &str| object.annotation(&format!("{AWS}{name}"));
    let class = object.spec("loadBalancerClass").text().unwrap_or_default();
    let kind = aws("type").text().unwrap_or_default();
    let network = kind.starts_with("nlb") || kind == "external" || class.contains("nlb");
    let classic = !network && object.has_annotations(AWS);
    if network || classic {
        let name = if network { "AWS NLB" } else { "AWS CLB" };
        hop.products.push(Product { name, ..Product::default() });
    }
    let tls: Vec<&str> = aws("ssl-ports").text().unwrap_or("*").split(',').collect();
    let certified = aws("ssl-cert").there().is_some();
    for (name, own, _) in ports {
        let number = own.to_string();
        let named = |port: &str| port.trim() == "*" || port == number || port == *name;
        let tls = certified && tls.iter().any(|port| named(port));
        let at = Some(object.span(object.spec("ports")));
        hop.listens.push(Listen { address: String::new(), port: *own, tls, at });
    }
    let mut settings = Settings::new();
    let mut checks = Vec::new();
    if network {
        let from = &crate::aws::defaults::NLB;
        hop.settings.set(known::seconds(
            Key::FlowIdleTimeout,
            350,
            "tcp.idle_timeout.seconds",
            from,
        ));
        let delay = aws("target-group-attributes");
        put(
            &mut settings,
            alb::attribute(
                object,
                delay,
                "deregistration_delay.timeout_seconds",
                Key::DeregistrationDelay,
            ),
        );
        settings.set(known::seconds(
            Key::DeregistrationDelay,
            300,
            "deregistration_delay.timeout_seconds",
            &crate::aws::defaults::NLB_TARGETS,
        ));
        // An older controller, which knows the type `nlb` alone, has other defaults.
        let known = kind != "nlb";
        checks.push(network_check(object, &aws, known));
    }
    if classic {
        let name = "aws-load-balancer-connection-idle-timeout";
        let idle = aws("connection-idle-timeout");
        // One timer for both sides.
        for key in [Key::ClientIdleTimeout, Key::ResponseTimeout, Key::UpstreamIdleTimeout] {
            let of = if key == Key::ClientIdleTimeout { &mut hop.settings } else { &mut settings };
            put(of, object.seconds(idle, key, name));
            of.set(known::seconds(key, 60, name, &crate::aws::defaults::CLB));
        }
        let drain = aws("connection-draining-timeout");
        if aws("connection-draining-enabled").flag() == Some(true) {
            let name = "aws-load-balancer-connection-draining-timeout";
            put(&mut settings, object.seconds(drain, Key::DeregistrationDelay, name));
        }
    }
    let names = alb::addresses(object);
    let from = draft.add_hop(HopDraft::new(hop, names));
    for (_, own, _) in ports {
        let to = Reach::Name(Name::id(SERVICE, object.key()));
        let mut link = LinkDraft::new(from, to, format!("{}:{own}", object.name));
        link.port = *own;
        link.at = Some(object.span(object.spec("ports")));
        link.settings = settings.clone();
        link.checks.clone_from(&checks);
        draft.links.push(link);
    }
}

/// The health check that the AWS Load Balancer Controller gives a Service's targets.
fn network_check<'d>(object: &Object<'d>, aws: &dyn Fn(&str) -> At<'d>, is_known: bool) -> Check {
    let (mut settings, mut defaults) = (Settings::new(), Settings::new());
    let from = &known::NLB_CONTROLLER;
    let protocol = aws("healthcheck-protocol");
    put(&mut settings, object.word(protocol, Key::CheckProtocol, "healthcheck-protocol"));
    defaults.set(known::word(Key::CheckProtocol, "TCP", "healthcheck-protocol", from));
    put(&mut settings, alb::check_port(object, aws("healthcheck-port"), "healthcheck-port"));
    defaults.set(known::word(Key::CheckPort, "traffic-port", "healthcheck-port", from));
    if protocol.text().is_some_and(|word| word.to_ascii_lowercase().starts_with("http")) {
        put(
            &mut settings,
            object.word(aws("healthcheck-path"), Key::CheckPath, "healthcheck-path"),
        );
        defaults.set(known::word(Key::CheckPath, "/", "healthcheck-path", from));
        let codes = aws("healthcheck-success-codes");
        put(&mut settings, object.word(codes, Key::CheckMatcher, "healthcheck-success-codes"));
        defaults.set(known::word(Key::CheckMatcher, "200-399", "healthcheck-success-codes", from));
    }
    for (key, name, default) in [
        (Key::CheckInterval, "healthcheck-interval", 10),
        (Key::CheckTimeout, "healthcheck-timeout", 10),
    ] {
        put(&mut settings, object.seconds(aws(name), key, name));
        defaults.set(known::seconds(key, default, name, from));
    }
    for (key, name) in [
        (Key::CheckHealthyThreshold, "healthcheck-healthy-threshold"),
        (Key::CheckUnhealthyThreshold, "healthcheck-unhealthy-threshold"),
    ] {
        put(&mut settings, object.count(aws(name), key, name));
        defaults.set(known::count(key, 3, name, from));
    }
    if is_known {
        settings.inherit(&defaults);
    }
    Check { kind: CheckKind::Balancer, at: Some(object.here()), settings }
}
