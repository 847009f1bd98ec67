//! Clusters as sets of targets: their endpoints, limits, health checks, and how targets are spoken to.

use std::collections::BTreeSet;

use model::config::{Check, CheckKind, Key, Settings, Value};

use super::field::Field;
use crate::defaults::envoy::{EJECTED_AFTER, EJECTED_FOR, LOOKS_FOR_IPV6};
use crate::document::Document;
use crate::draft::{Member, Name, Pool, Reach};
use crate::part::put;

/// Endpoints taken of one cluster.
const MOST_ENDPOINTS: usize = 200;

/// Localities, checks and ranges of statuses looked at.
const MOST_OF_A_LIST: usize = 100;

/// Where the protocol of targets is set since 1.17.
const OPTIONS: &str = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

/// The name by which links speak of a cluster.
pub(super) fn id(document: &Document, name: &str) -> Name {
    Name::id("envoy cluster", format!("{} {name}", document.path))
}

/// The addresses of an assignment.
fn endpoints(load: Field<'_>) -> impl Iterator<Item = Field<'_>> {
    let localities = load.get("endpoints").items().take(MOST_OF_A_LIST);
    let endpoints = localities.flat_map(|locality| locality.get("lb_endpoints").items());
    endpoints.map(|endpoint| endpoint.get("endpoint.address")).take(MOST_ENDPOINTS)
}

/// The addresses of a cluster before the third version of Envoy's interface: a plain list.
fn older(cluster: Field<'_>) -> impl Iterator<Item = Field<'_>> {
    cluster.get("hosts").items().take(MOST_ENDPOINTS)
}

/// The host of an assignment's first endpoint.
pub(super) fn host(load: Field<'_>) -> Option<&str> {
    endpoints(load).next()?.get("socket_address.address").text()
}

/// The cluster as a set of targets, which stand in `load`; `ports` are those that listeners of the
/// same Envoy have.
pub(super) fn pool(
    document: &Document,
    (cluster, load): (Field<'_>, Field<'_>),
    ports: &BTreeSet<u16>,
) -> Option<Pool> {
    let name = cluster.get("name");
    let mut pool = Pool {
        names: vec![id(document, name.text()?)],
        members: endpoints(load)
            .chain(older(cluster))
            .filter_map(|at| member(document, at, ports))
            .collect(),
        settings: settings(cluster),
        checks: cluster.get("health_checks").items().take(16).map(check).collect(),
        at: Some(name.span()),
        ..Pool::default()
    };
    if pool.settings.get(Key::ConnectTimeout).is_none() {
        pool.slots.extend(cluster.slot(Key::ConnectTimeout, "connect_timeout"));
    }
    let options = options(cluster);
    if pool.settings.get(Key::UpstreamIdleTimeout).is_none() && options.there() {
        pool.slots.extend(options.slot(Key::UpstreamIdleTimeout, "idle_timeout"));
    }
    Some(pool)
}

fn member(document: &Document, address: Field<'_>, ports: &BTreeSet<u16>) -> Option<Member> {
    if let Some(path) = address.get("pipe.path").text() {
        let to = Reach::Name(Name::id("unix socket", path));
        let at = Some(address.get("pipe.path").span());
        let settings = Settings::new();
        return Some(Member { to, port: 0, address: path.to_owned(), at, settings });
    }
    let socket = address.get("socket_address");
    let host = socket.get("address");
    let name = host.text()?;
    let port = socket.get("port_value").number().and_then(|port| u16::try_from(port).ok());
    let port = port.unwrap_or(0);
    let local = name == "localhost"
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let to = match local && ports.contains(&port) {
        true => Name::id("envoy listen", format!("{} {port}", document.path)),
        false => Name::host(name),
    };
    let address = format!("{name}:{port}");
    let at = Some(host.span());
    Some(Member { to: Reach::Name(to), port, address, at, settings: Settings::new() })
}

/// What holds for HTTP of any version: in the extension, or in the cluster itself as before.
fn options(cluster: Field<'_>) -> Field<'_> {
    let new = extension(cluster).get("common_http_protocol_options");
    new.some().unwrap_or(cluster.get("common_http_protocol_options"))
}

fn extension(cluster: Field<'_>) -> Field<'_> {
    cluster.get("typed_extension_protocol_options").named(OPTIONS)
}

fn settings(cluster: Field<'_>) -> Settings {
    let mut settings = Settings::new();
    let connect = cluster.get("connect_timeout");
    put(&mut settings, connect.time(Key::ConnectTimeout, "connect_timeout", false));
    let options = options(cluster);
    let idle = options.get("idle_timeout");
    put(&mut settings, idle.time(Key::UpstreamIdleTimeout, "idle_timeout", true));
    let name = "max_requests_per_connection";
    let requests = options.get(name).some().unwrap_or(cluster.get(name));
    put(&mut settings, requests.count(Key::UpstreamKeepAliveRequests, name));
    if requests.number() == Some(1) {
        let off = Value::Flag(false);
        settings.set(requests.setting(Key::UpstreamKeepAlive, name, off));
    }
    protocol(cluster, &mut settings);
    limits(cluster, &mut settings);
    tls(cluster, &mut settings);
    let kind = cluster.get("type");
    let word = kind.text().map(str::to_ascii_uppercase);
    if matches!(word.as_deref(), Some("STRICT_DNS" | "LOGICAL_DNS")) {
        settings.set(kind.setting(Key::ResolveOnce, "type", Value::Flag(false)));
        let family = cluster.get("dns_lookup_family");
        let setting = match family.text() {
            None if !family.there() => Some(LOOKS_FOR_IPV6.stated()),
            Some(word @ ("AUTO" | "V6_ONLY" | "V4_ONLY" | "V4_PREFERRED")) => {
                let six = Value::Flag(!word.starts_with("V4"));
                Some(family.setting(Key::PrefersIpv6, "dns_lookup_family", six))
            }
            // `ALL` tries both, and what is not known decides nothing.
            _ => None,
        };
        put(&mut settings, setting);
    }
    for policy in ["round_robin_lb_config", "least_request_lb_config"] {
        let window = cluster.get(policy).get("slow_start_config.slow_start_window");
        put(&mut settings, window.time(Key::SlowStart, "slow_start_window", false));
    }
    settings
}

fn protocol(cluster: Field<'_>, settings: &mut Settings) {
    let extension = extension(cluster);
    let tls = cluster.get("transport_socket").there();
    let places = [
        extension.get("explicit_http_config.http2_protocol_options"),
        cluster.get("http2_protocol_options"),
    ];
    // An empty message switches it on as well.
    if let Some(http2) = places.into_iter().find_map(Field::some) {
        let word = if tls { "h2" } else { "h2c" };
        let value = Value::Text(word.to_owned());
        settings.set(http2.setting(Key::UpstreamProtocol, "http2_protocol_options", value));
        return;
    }
    for name in ["use_downstream_protocol_config", "auto_config"] {
        if let Some(at) = extension.get(name).some() {
            let value = Value::Unknown(name.to_owned());
            settings.set(at.setting(
                Key::UpstreamProtocol,
                "typed_extension_protocol_options",
                value,
            ));
        }
    }
}

/// Circuit breakers of normal priority, and outlier detection.
fn limits(cluster: Field<'_>, settings: &mut Settings) {
    let mut thresholds = cluster.get("circuit_breakers.thresholds").items();
    let normal = |one: &Field<'_>| matches!(one.get("priority").text(), None | Some("DEFAULT"));
    if let Some(normal) = thresholds.find(normal) {
        for (key, name) in [
            (Key::UpstreamMaxConnections, "max_connections"),
            (Key::UpstreamMaxPending, "max_pending_requests"),
        ] {
            put(settings, normal.get(name).count(key, name));
        }
    }
    let outliers = cluster.get("outlier_detection");
    if outliers.there() {
        let fails = outliers.get("consecutive_5xx").count(Key::MaxFails, "consecutive_5xx");
        settings.set(fails.unwrap_or_else(|| EJECTED_AFTER.stated()));
        let name = "base_ejection_time";
        let out = outliers.get(name).time(Key::FailTimeout, name, false);
        settings.set(out.unwrap_or_else(|| EJECTED_FOR.stated()));
    }
}

fn tls(cluster: Field<'_>, settings: &mut Settings) {
    let socket = cluster.get("transport_socket");
    let config = socket.get("typed_config");
    let kind = config.named("@type").text().or(socket.get("name").text()).unwrap_or("");
    if !kind.to_ascii_lowercase().contains("tls") {
        return;
    }
    settings.set(socket.setting(Key::UpstreamTls, "transport_socket", Value::Flag(true)));
    put(settings, config.get("sni").word(Key::UpstreamSni, "sni"));
    let auto = extension(cluster).get("upstream_http_protocol_options.auto_sni");
    if auto.flag() == Some(true) && !config.get("sni").there() {
        // The name is that of each request's `Host` field.
        let value = Value::Unknown("auto_sni".to_owned());
        settings.set(auto.setting(Key::UpstreamSni, "auto_sni", value));
    }
    let common = config.get("common_tls_context");
    let combined = common.get("combined_validation_context.default_validation_context");
    let context = common.get("validation_context").some().unwrap_or(combined);
    if let Some(ca) = context.get("trusted_ca").some() {
        settings.set(ca.setting(Key::UpstreamVerify, "trusted_ca", Value::Flag(true)));
    }
    let names = context.get("match_typed_subject_alt_names").items();
    let mut names = names.map(|one| one.get("matcher.exact"));
    if let Some(name) = names.find_map(Field::some) {
        put(settings, name.word(Key::UpstreamVerifyName, "match_typed_subject_alt_names"));
    }
}

fn check(of: Field<'_>) -> Check {
    let mut settings = Settings::new();
    for (key, name) in [(Key::CheckTimeout, "timeout"), (Key::CheckInterval, "interval")] {
        put(&mut settings, of.get(name).time(key, name, false));
    }
    for (key, name) in [
        (Key::CheckHealthyThreshold, "healthy_threshold"),
        (Key::CheckUnhealthyThreshold, "unhealthy_threshold"),
    ] {
        put(&mut settings, of.get(name).count(key, name));
    }
    for (name, protocol) in
        [("http_health_check", "http"), ("grpc_health_check", "grpc"), ("tcp_health_check", "tcp")]
    {
        if let Some(kind) = of.get(name).some() {
            let value = Value::Text(protocol.to_owned());
            settings.set(kind.setting(Key::CheckProtocol, "health_checks", value));
        }
    }
    let http = of.get("http_health_check");
    put(&mut settings, http.get("path").word(Key::CheckPath, "path"));
    put(&mut settings, http.get("host").word(Key::CheckHost, "host"));
    let statuses: Vec<String> = http
        .get("expected_statuses")
        .items()
        .take(MOST_OF_A_LIST)
        .filter_map(|range| {
            // The end of a range is not part of it.
            let (start, end) = (range.get("start").number()?, range.get("end").number()?);
            let last = end.saturating_sub(1);
            Some(if last <= start { start.to_string() } else { format!("{start}-{last}") })
        })
        .collect();
    if !statuses.is_empty() {
        let value = Value::Text(statuses.join(","));
        let at = http.get("expected_statuses");
        settings.set(at.setting(Key::CheckMatcher, "expected_statuses", value));
    }
    Check { kind: CheckKind::Balancer, at: Some(of.span()), settings }
}
