//! Application Load Balancers: one hop per URL map, with the proxies and forwarding rules before it.

use std::collections::BTreeMap;

use model::config::{Key, Listen, Route, Settings, Task, Value};

use super::{Cloud, certificate, defaults as known, duration, hop_of};
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};
use crate::part::{Names, Part, put};

/// Most hosts or paths of one rule that become routes.
const MOST_ROUTES: usize = 16;
const SERVICE: Names = ("service", "service");

/// Reads load balancers with their routes.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let fronts = Fronts::new(cloud);
    for part in cloud.all(&super::URL_MAPS) {
        // What only sends clients elsewhere reaches no backend.
        let default = part.get(("default_service", "defaultService"));
        let weighted = ("default_route_action", "defaultRouteAction");
        let matchers = part.each(("path_matcher", "pathMatchers"));
        let reaches = default.there().is_some()
            || part.get(weighted).there().is_some()
            || !matchers.is_empty();
        if !reaches {
            continue;
        }
        let hop = balancer(cloud, part, &fronts, draft);
        routes(cloud, part, hop, draft);
    }
}

/// What stands before URL maps.
struct Fronts<'r> {
    /// The proxies of each URL map, those with TLS first.
    proxies: BTreeMap<Name, Vec<(Part<'r>, bool)>>,
    /// The forwarding rules of each proxy.
    rules: BTreeMap<Name, Vec<Part<'r>>>,
}

impl<'r> Fronts<'r> {
    fn new(cloud: &Cloud<'r>) -> Fronts<'r> {
        let map = |proxy: Part<'r>| proxy.get(("url_map", "urlMap"));
        let https = cloud.all(&super::HTTPS_PROXIES).into_iter().map(|one| (map(one), (one, true)));
        let http = cloud.all(&super::HTTP_PROXIES).into_iter().map(|one| (map(one), (one, false)));
        let proxies = cloud.by_target(https.chain(http), &super::URL_MAPS);
        let mut rules: BTreeMap<Name, Vec<Part<'r>>> = BTreeMap::new();
        for rule in cloud.all(&super::RULES) {
            let target = rule.get(("target", "target"));
            // A URL says of which sort the proxy is, a reference leads to it anyway.
            let plain = target.text().is_some_and(|text| text.contains("argetHttpProxies"));
            let sort = if plain { &super::HTTP_PROXIES } else { &super::HTTPS_PROXIES };
            let found = match target.at.reference() {
                Some(reference) => Some(rule.of.name(reference)),
                None => cloud.canonical(target, sort),
            };
            if let Some(name) = found {
                rules.entry(name).or_default().push(rule);
            }
        }
        Fronts { proxies, rules }
    }
}

fn balancer<'r>(
    cloud: &Cloud<'r>,
    part: Part<'r>,
    fronts: &Fronts<'r>,
    draft: &mut Draft,
) -> DraftId {
    let mut hop = hop_of(cloud, part, Task::LoadBalancer, "Google Cloud Application Load Balancer");
    let none = Vec::new();
    let proxies = fronts.proxies.get(&cloud.key(part)).unwrap_or(&none);
    let (mut scheme, mut regional) = (None, part.resource.kind.contains("_region_"));
    for (proxy, tls) in proxies {
        hop.names.extend(cloud.names(*proxy));
        if *tls {
            certificate::put(cloud, *proxy, &mut hop);
        }
        for &rule in fronts.rules.get(&cloud.key(*proxy)).into_iter().flatten() {
            scheme = scheme
                .or_else(|| rule.get(("load_balancing_scheme", "loadBalancingScheme")).there());
            regional |= rule.resource.kind == "google_compute_forwarding_rule"
                || rule.get(("region", "region")).there().is_some();
            hop.names.extend(cloud.names(rule));
            let address = rule.get(("ip_address", "IPAddress"));
            match (address.at.reference(), address.text()) {
                (Some(reference), _) => {
                    hop.names.push(rule.of.name(reference));
                    let found = cloud.follow(address, &super::ADDRESSES);
                    let literal = found.and_then(|found| found.get(("address", "address")).text());
                    hop.names.extend(literal.map(Name::host));
                }
                (None, Some(text)) => hop.names.push(Name::host(text)),
                (None, None) => {}
            }
            let port = rule.get(("port_range|ports", "portRange|ports"));
            let first = port.each(("", ""));
            let text = first.first().copied().unwrap_or(port).written();
            let number = text.split('-').next().and_then(|text| text.parse().ok());
            if let Some(port_number) = number.filter(|number| *number != 0) {
                let at = Some(port.span());
                let address = String::new();
                hop.hop.listens.push(Listen { address, port: port_number, tls: *tls, at });
            }
        }
    }
    let scheme_word = scheme.map(Part::word).unwrap_or_default();
    let internal = scheme_word.starts_with("internal");
    let set = &mut hop.hop.settings;
    for (proxy, _) in proxies {
        let idle = proxy.get(("http_keep_alive_timeout_sec", "httpKeepAliveTimeoutSec"));
        if set.get(Key::ClientIdleTimeout).is_none() {
            put(set, idle.seconds(Key::ClientIdleTimeout));
        }
    }
    // The classic one, which is what Terraform makes if nobody says otherwise, cannot be changed.
    let classic = !internal && !regional && !scheme_word.ends_with("_managed");
    let from = if classic { &known::CLASSIC_CLIENTS } else { &known::CLIENTS };
    let usual = if internal || regional { 600 } else { 610 };
    let name = "http_keep_alive_timeout_sec";
    let default = known::seconds(Key::ClientIdleTimeout, usual, name, from);
    set.set(if scheme.is_none() && classic { default.assumed() } else { default });
    if let Some(scheme) = scheme {
        set.set(scheme.meaning(Key::PublicAddress, Value::Flag(!internal)));
    }
    for rule in part.each(("host_rule", "hostRules")) {
        for host in rule.each(("hosts", "hosts")) {
            let name = host.text().filter(|text| !text.contains('*')).map(Name::host);
            hop.names.extend(name.filter(|name| !hop.names.contains(name)));
        }
    }
    draft.add_hop(hop)
}

/// The links of a URL map: its matchers by the hosts that lead to them, and its default.
fn routes(cloud: &Cloud<'_>, map: Part<'_>, from: DraftId, draft: &mut Draft) {
    let mut hosts_of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for rule in map.each(("host_rule", "hostRules")) {
        let Some(matcher) = rule.get(("path_matcher", "pathMatcher")).text() else { continue };
        let hosts = rule.each(("hosts", "hosts")).into_iter().map(Part::written);
        hosts_of.entry(matcher).or_default().extend(hosts);
    }
    let mut to = |route: Route, part: Part<'_>, service: Names, action: Names| {
        send(cloud, from, route, part, (service, action), draft);
    };
    let default = ("default_service", "defaultService");
    let default_action = ("default_route_action", "defaultRouteAction");
    to(Route::default(), map, default, default_action);
    for matcher in map.each(("path_matcher", "pathMatchers")) {
        let name = matcher.get(("name", "name")).text().unwrap_or("");
        let mut hosts = hosts_of.get(name).cloned().unwrap_or_default();
        hosts.retain(|host| host != "*");
        hosts.truncate(MOST_ROUTES);
        let route = |path: String| Route { hosts: hosts.clone(), path };
        to(route(String::new()), matcher, default, default_action);
        let action = ("route_action", "routeAction");
        for rule in matcher.each(("path_rule", "pathRules")) {
            for path in rule.each(("paths", "paths")).into_iter().take(MOST_ROUTES) {
                to(route(path.written()), rule, SERVICE, action);
            }
        }
        for rule in matcher.each(("route_rules", "routeRules")) {
            let matches = rule.each(("match_rules", "matchRules"));
            let path = |one: &Part<'_>| {
                let names = (
                    "prefix_match|full_path_match|path_template_match|regex_match",
                    "prefixMatch|fullPathMatch|pathTemplateMatch|regexMatch",
                );
                one.get(names).written()
            };
            for path in matches.iter().take(MOST_ROUTES).map(path) {
                to(route(path), rule, SERVICE, action);
            }
        }
    }
}

/// A link to the service of a rule, or to those among which its action divides requests.
fn send(
    cloud: &Cloud<'_>,
    from: DraftId,
    route: Route,
    part: Part<'_>,
    (service, action): (Names, Names),
    draft: &mut Draft,
) {
    let action = part.get(action);
    let mut targets: Vec<Part<'_>> = part.get(service).there().into_iter().collect();
    for one in action.each(("weighted_backend_services", "weightedBackendServices")) {
        if one.get(("weight", "weight")).number() != Some(0) {
            targets.extend(one.get(("backend_service", "backendService")).there());
        }
    }
    let mut settings = Settings::new();
    put(
        &mut settings,
        duration(action.get(("timeout.seconds", "timeout.seconds")), Key::TotalTimeout),
    );
    let again = action.get(("retry_policy", "retryPolicy"));
    put(&mut settings, again.get(("num_retries", "numRetries")).count(Key::Retries));
    let each = again.get(("per_try_timeout.seconds", "perTryTimeout.seconds"));
    put(&mut settings, duration(each, Key::AttemptTimeout));
    let conditions = again.get(("retry_conditions", "retryConditions"));
    let words: Vec<String> = again
        .each(("retry_conditions", "retryConditions"))
        .into_iter()
        .map(Part::written)
        .collect();
    if !words.is_empty() {
        settings.set(conditions.meaning(Key::RetryOn, Value::Text(words.join(" "))));
    }
    for target in targets {
        let written = target.written();
        let bucket = cloud.follow(target, &super::BUCKETS).is_some()
            || written.contains("backendBuckets")
            || written.contains("google_compute_backend_bucket");
        if bucket {
            continue;
        }
        let to = cloud.refer(target, &super::BACKENDS).map_or(Reach::Unsaid, Reach::Name);
        let mut link = LinkDraft::new(from, to, written);
        link.route = route.clone();
        link.at = Some(target.span());
        link.settings = settings.clone();
        draft.links.push(link);
    }
}

/// Gives load balancers the names of the records that lead to their addresses.
pub(super) fn records(cloud: &Cloud<'_>, before: usize, draft: &mut Draft) {
    let mut known: BTreeMap<Name, Vec<usize>> = BTreeMap::new();
    for (at, hop) in draft.hops.iter().enumerate().skip(before) {
        for name in &hop.names {
            known.entry(name.clone()).or_default().push(at);
        }
    }
    for record in cloud.all(&super::RECORDS) {
        let name = record.get(("name", "name")).text();
        // A name without its zone says too little.
        let Some(name) = name.filter(|n| n.contains('.') && !n.starts_with('*')) else { continue };
        for target in record.each(("rrdatas", "rrdatas")) {
            let wanted = match (target.at.reference(), target.text()) {
                (Some(reference), _) => record.of.name(reference),
                (None, Some(text)) => Name::host(text),
                (None, None) => continue,
            };
            for &at in known.get(&wanted).into_iter().flatten() {
                let (hop, name) = (&mut draft.hops[at], Name::host(name));
                if !hop.names.contains(&name) {
                    hop.names.push(name);
                }
            }
        }
    }
}
