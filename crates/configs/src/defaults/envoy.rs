//! What Envoy does when nobody says otherwise, as its API reference and its page on timeouts say.

use model::config::Key;

use super::{Preset, Row, Subject, Table, sends_http, serves_http, serves_tcp};

const TIMEOUTS: &str = "https://www.envoyproxy.io/docs/envoy/latest/faq/configuration/timeouts";
const MANAGER: &str = "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto";
const TCP: &str = "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto";
const CLUSTER: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/cluster.proto";
const BREAKERS: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/circuit_breaker.proto";
const OUTLIERS: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/cluster/v3/outlier_detection.proto";
const ROUTES: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto";
const PROTOCOL: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/protocol.proto";
const TLS: &str = "https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/transport_sockets/tls/v3/tls.proto";
const CHECKS: &str =
    "https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/health_check.proto";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Envoy", key, name, value, source)
}

/// The defaults of Envoy.
pub(crate) static TABLE: Table = Table {
    product: "Envoy",
    hop: &[
        row(Key::ClientIdleTimeout, "idle_timeout", Preset::Seconds(3600), TIMEOUTS)
            .when(serves_http),
        row(Key::ClientHeaderTimeout, "request_headers_timeout", Preset::Unlimited, TIMEOUTS)
            .when(serves_http),
        row(Key::ClientBodyTimeout, "request_timeout", Preset::Unlimited, TIMEOUTS)
            .when(serves_http),
        row(Key::ClientMaxLifetime, "max_connection_duration", Preset::Unlimited, PROTOCOL)
            .when(serves_http),
        row(Key::MaxRequestHeader, "max_request_headers_kb", Preset::Bytes(60 << 10), MANAGER)
            .when(serves_http),
        row(Key::FlowIdleTimeout, "idle_timeout", Preset::Seconds(3600), TCP).when(serves_tcp),
    ],
    link: &[
        row(Key::UpstreamProtocol, "http_protocol_options", Preset::Text("http/1.1"), CLUSTER),
        row(Key::ConnectTimeout, "connect_timeout", Preset::Seconds(5), TIMEOUTS),
        row(Key::ResponseTimeout, "stream_idle_timeout", Preset::Seconds(300), TIMEOUTS)
            .when(sends_http),
        row(Key::TotalTimeout, "timeout", Preset::Seconds(15), TIMEOUTS).when(sends_http),
        row(Key::UpstreamKeepAlive, "http_protocol_options", Preset::Flag(true), PROTOCOL)
            .when(sends_http),
        row(Key::UpstreamIdleTimeout, "idle_timeout", Preset::Seconds(3600), TIMEOUTS).when(kept),
        row(
            Key::UpstreamKeepAliveRequests,
            "max_requests_per_connection",
            Preset::Unlimited,
            PROTOCOL,
        )
        .when(kept),
        row(Key::UpstreamMaxConnections, "max_connections", Preset::Count(1024), BREAKERS),
        row(Key::UpstreamMaxPending, "max_pending_requests", Preset::Count(1024), BREAKERS),
        row(Key::Retries, "retry_policy", Preset::Count(0), ROUTES).when(sends_http),
        row(Key::UpstreamVerify, "validation_context", Preset::Flag(false), TLS).when(tls),
        row(Key::UpstreamSni, "sni", Preset::Flag(false), TLS).when(tls),
    ],
    check: &[row(Key::CheckMatcher, "expected_statuses", Preset::Text("200"), CHECKS)
        .when(|at| at.says(Key::CheckProtocol, "http"))],
};

/// `num_retries` of a policy that says what is tried again.
pub(crate) static RETRIES: Row = row(Key::Retries, "num_retries", Preset::Count(1), ROUTES);

/// Which addresses of a name are asked for first: `AUTO`, where IPv6 comes before IPv4.
pub(crate) static LOOKS_FOR_IPV6: Row =
    row(Key::PrefersIpv6, "dns_lookup_family", Preset::Flag(true), CLUSTER);

/// Failures after which outlier detection, once it is on, leaves a target out.
pub(crate) static EJECTED_AFTER: Row =
    row(Key::MaxFails, "consecutive_5xx", Preset::Count(5), OUTLIERS);

/// How long it is left out the first time.
pub(crate) static EJECTED_FOR: Row =
    row(Key::FailTimeout, "base_ejection_time", Preset::Seconds(30), OUTLIERS);

fn kept(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

fn tls(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamTls) == Some(true)
}
