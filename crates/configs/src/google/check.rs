//! Health checks of load balancers.

use model::config::{Check, CheckKind, Key, Settings};

use super::{Cloud, defaults as known};
use crate::part::{Names, Part, put};

/// The blocks that say which protocol is spoken, and that protocol.
const PROTOCOLS: &[(Names, &str)] = &[
    (("http_health_check", "httpHealthCheck"), "HTTP"),
    (("https_health_check", "httpsHealthCheck"), "HTTPS"),
    (("http2_health_check", "http2HealthCheck"), "HTTP2"),
    (("tcp_health_check", "tcpHealthCheck"), "TCP"),
    (("ssl_health_check", "sslHealthCheck"), "SSL"),
    (("grpc_health_check", "grpcHealthCheck"), "GRPC"),
];

/// The health checks that a backend service names.
pub(super) fn of(cloud: &Cloud<'_>, backend: Part<'_>) -> Vec<Check> {
    let named = backend.each(("health_checks", "healthChecks")).into_iter();
    named.filter_map(|part| Some(check(cloud.follow(part, &super::CHECKS)?))).collect()
}

/// A health check with its defaults.
/// <https://docs.cloud.google.com/load-balancing/docs/health-check-concepts>
pub(super) fn check(part: Part<'_>) -> Check {
    let mut settings = Settings::new();
    let set = &mut settings;
    let from = &known::CHECK;
    put(set, part.get(("check_interval_sec", "checkIntervalSec")).seconds(Key::CheckInterval));
    set.set(known::seconds(Key::CheckInterval, 5, "check_interval_sec", from));
    put(set, part.get(("timeout_sec", "timeoutSec")).seconds(Key::CheckTimeout));
    set.set(known::seconds(Key::CheckTimeout, 5, "timeout_sec", from));
    let healthy = part.get(("healthy_threshold", "healthyThreshold"));
    put(set, healthy.count(Key::CheckHealthyThreshold));
    set.set(known::count(Key::CheckHealthyThreshold, 2, "healthy_threshold", from));
    let unhealthy = part.get(("unhealthy_threshold", "unhealthyThreshold"));
    put(set, unhealthy.count(Key::CheckUnhealthyThreshold));
    set.set(known::count(Key::CheckUnhealthyThreshold, 2, "unhealthy_threshold", from));
    let found = PROTOCOLS.iter().find_map(|(names, word)| Some((part.get(*names).there()?, *word)));
    // The older resources speak one protocol and have its settings beside the rest.
    let (block, word) = found.unwrap_or_else(|| {
        let kind = part.resource.kind.as_str();
        let tls = kind == "google_compute_https_health_check" || kind == "compute#httpsHealthCheck";
        (part, if tls { "HTTPS" } else { "HTTP" })
    });
    let protocol = model::config::Value::Text(word.to_owned());
    set.set(block.meaning(Key::CheckProtocol, protocol));
    put(set, block.get(("port", "port")).name_of(Key::CheckPort));
    let how = block.get(("port_specification", "portSpecification"));
    if how.word() == "use_serving_port" {
        let serving = model::config::Value::Text("traffic-port".to_owned());
        set.set(how.meaning(Key::CheckPort, serving));
    }
    let port = if matches!(word, "HTTPS" | "HTTP2" | "SSL") { "443" } else { "80" };
    if word != "GRPC" {
        set.set(known::word(Key::CheckPort, port, "port", from));
    }
    if word.starts_with("HTTP") {
        put(set, block.get(("request_path", "requestPath")).name_of(Key::CheckPath));
        set.set(known::word(Key::CheckPath, "/", "request_path", from));
        put(set, block.get(("host", "host")).name_of(Key::CheckHost));
        set.set(known::word(Key::CheckMatcher, "200", "status", from));
    }
    Check { kind: CheckKind::Balancer, at: Some(part.resource.at), settings }
}
