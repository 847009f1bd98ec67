//! Routes of an HTTP connection manager, and the cluster of a TCP proxy, as links.

use std::collections::BTreeMap;

use model::config::{Key, Route, Setting, Settings, Value};

use super::clusters::id;
use super::field::Field;
use super::listeners::Filter;
use crate::defaults::envoy::RETRIES;
use crate::document::Document;
use crate::draft::{Draft, DraftId, LinkDraft, Reach};
use crate::part::put;

/// Clusters that one route may name, and domains of one host.
const MOST_NAMES: usize = 64;

/// Words of `retry_on` that try again what the target may have done already.
const AFTER_SENDING: &[&str] = &[
    "5xx",
    "gateway-error",
    "reset",
    "retriable-4xx",
    "retriable-status-codes",
    "retriable-headers",
    "http3-post-connect-failure",
    "cancelled",
    "deadline-exceeded",
    "internal",
    "resource-exhausted",
    "unavailable",
];

/// Adds the links of a filter; `hosts` has every cluster with the host name of its first
/// endpoint, `left` counts down how much more may be read.
pub(super) fn links(
    document: &Document,
    filter: Filter<'_>,
    from: DraftId,
    hosts: &BTreeMap<&str, Option<&str>>,
    (left, draft): (&mut usize, &mut Draft),
) {
    let manager = match filter {
        Filter::Http(manager) => manager,
        Filter::Tcp(proxy) => {
            for (cluster, at) in known(proxy, hosts, draft) {
                let mut link = LinkDraft::new(from, Reach::Name(id(document, cluster)), cluster);
                link.at = Some(at.span());
                let tcp = Value::Text("tcp".to_owned());
                link.settings.set(at.setting(Key::UpstreamProtocol, "tcp_proxy", tcp));
                draft.links.push(link);
            }
            return;
        }
    };
    let rds = manager.get("rds");
    if rds.there() {
        draft.remark(rds.span(), "routes come from a management server; they were left out");
    }
    let config = manager.get("route_config");
    for host in config.get("virtual_hosts").items() {
        if *left == 0 {
            draft.remark(host.span(), "there are too many routes; the rest was left out");
            return;
        }
        *left -= 1;
        let domains: Vec<String> = host
            .get("domains")
            .items()
            .take(MOST_NAMES)
            .filter_map(Field::text)
            .filter(|domain| *domain != "*")
            .map(str::to_owned)
            .collect();
        for route in host.get("routes").items() {
            let action = route.get("route");
            if *left == 0 {
                break;
            }
            *left -= 1;
            if !action.there() {
                continue;
            }
            let settings = settings(manager, host, route, hosts);
            for (cluster, at) in known(action, hosts, draft) {
                let mut link = LinkDraft::new(from, Reach::Name(id(document, cluster)), cluster);
                link.route = Route { hosts: domains.clone(), path: path(route.get("match")) };
                link.at = Some(at.span());
                link.settings = settings.clone();
                if !link.settings.get(Key::TotalTimeout).is_some_and(Setting::is_written) {
                    link.slots.extend(action.slot(Key::TotalTimeout, "timeout"));
                }
                draft.links.push(link);
            }
        }
    }
}

/// The clusters that are named, and where.
fn targets(of: Field<'_>) -> Vec<(&str, Field<'_>)> {
    let several = of.get("weighted_clusters.clusters").items().map(|one| one.get("name"));
    let all = of.get("cluster").some().into_iter().chain(several);
    all.filter_map(|name| Some((name.text()?, name))).take(MOST_NAMES).collect()
}

/// Those of the clusters that are in the file. Others may come from a management server.
fn known<'t>(
    of: Field<'t>,
    hosts: &BTreeMap<&str, Option<&str>>,
    draft: &mut Draft,
) -> Vec<(&'t str, Field<'t>)> {
    let (known, others): (Vec<_>, Vec<_>) =
        targets(of).into_iter().partition(|(name, _)| hosts.contains_key(name));
    for (name, at) in others {
        let says = format!("no cluster here is named `{name}`; requests to it were left out");
        draft.remark(at.span(), says);
    }
    known
}

fn path(of: Field<'_>) -> String {
    let names = ["prefix", "path", "path_separated_prefix", "safe_regex.regex"];
    names.iter().find_map(|name| of.get(name).text()).unwrap_or("").to_owned()
}

fn settings(
    manager: Field<'_>,
    host: Field<'_>,
    route: Field<'_>,
    hosts: &BTreeMap<&str, Option<&str>>,
) -> Settings {
    let mut settings = Settings::new();
    let action = route.get("route");
    let timeout = action.get("timeout");
    put(&mut settings, timeout.time(Key::TotalTimeout, "timeout", true));
    let idle = action.get("idle_timeout").time(Key::ResponseTimeout, "idle_timeout", true);
    let stream = manager.get("stream_idle_timeout");
    let stream = stream.time(Key::ResponseTimeout, "stream_idle_timeout", true);
    put(&mut settings, idle.or(stream));
    // The policy of a route replaces that of its host as a whole.
    let policies = [action.get("retry_policy"), host.get("retry_policy")];
    if let Some(policy) = policies.into_iter().find_map(Field::some) {
        retries(policy, &mut settings);
    }
    let literal = action.get("host_rewrite_literal");
    put(&mut settings, literal.word(Key::UpstreamHost, "host_rewrite_literal"));
    let auto = action.get("auto_host_rewrite");
    if auto.flag() == Some(true)
        && let Some(host) = action.get("cluster").text().and_then(|name| *hosts.get(name)?)
    {
        let value = Value::Text(host.to_owned());
        settings.set(auto.setting(Key::UpstreamHost, "auto_host_rewrite", value));
    }
    settings
}

fn retries(policy: Field<'_>, settings: &mut Settings) {
    let on = policy.get("retry_on");
    let Some(text) = on.text().filter(|text| !text.is_empty()) else { return };
    put(settings, on.word(Key::RetryOn, "retry_on"));
    let number = policy.get("num_retries").count(Key::Retries, "num_retries");
    settings.set(number.unwrap_or_else(|| RETRIES.stated()));
    let each = policy.get("per_try_timeout");
    put(settings, each.time(Key::AttemptTimeout, "per_try_timeout", true));
    let unsafe_too = text.split(',').any(|word| AFTER_SENDING.contains(&word.trim()));
    // No method is left out unless the route itself asks for some only.
    let value = Value::Flag(unsafe_too);
    settings.set(on.setting(Key::RetryNonIdempotent, "retry_on", value));
}
