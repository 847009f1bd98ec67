//! What nginx does when nobody says otherwise. <https://nginx.org/en/docs/> names the default of
//! every directive, `src/http/modules/` and <https://nginx.org/en/CHANGES> when it changed.
//!
//! Since 1.29.7 an `upstream` block keeps connections by itself. Where that alone decides, the
//! reader leaves `UpstreamKeepAlive` out and a row here fills it in.

use model::config::{CheckKind, Key, KnownDefault};

use super::{Preset, Row, Subject, Table};

const CORE: &str = "https://nginx.org/en/docs/http/ngx_http_core_module.html";
const MAIN: &str = "https://nginx.org/en/docs/ngx_core_module.html";
const PROXY: &str = "https://nginx.org/en/docs/http/ngx_http_proxy_module.html";
const FASTCGI: &str = "https://nginx.org/en/docs/http/ngx_http_fastcgi_module.html";
const UWSGI: &str = "https://nginx.org/en/docs/http/ngx_http_uwsgi_module.html";
const SCGI: &str = "https://nginx.org/en/docs/http/ngx_http_scgi_module.html";
const GRPC: &str = "https://nginx.org/en/docs/http/ngx_http_grpc_module.html";
const STREAM: &str = "https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html";
const UPSTREAM: &str = "https://nginx.org/en/docs/http/ngx_http_upstream_module.html";
const CHANGES: &str = "https://nginx.org/en/CHANGES";

const KEPT: &str = "1.29.7 and later";
const NOT_KEPT: &str = "before 1.29.7";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("nginx", key, name, value, source)
}

/// The defaults of nginx.
pub(crate) static TABLE: Table = Table {
    product: "nginx",
    hop: &[
        row(Key::ClientIdleTimeout, "keepalive_timeout", Preset::Seconds(75), CORE).when(is_http),
        row(Key::ClientKeepAliveRequests, "keepalive_requests", Preset::Count(1000), CORE)
            .versions("1.19.10", "", "1.19.10 and later")
            .when(is_http),
        row(Key::ClientKeepAliveRequests, "keepalive_requests", Preset::Count(100), CHANGES)
            .versions("", "1.19.10", "before 1.19.10")
            .when(is_http),
        row(Key::ClientHeaderTimeout, "client_header_timeout", Preset::Seconds(60), CORE)
            .when(is_http),
        row(Key::ClientBodyTimeout, "client_body_timeout", Preset::Seconds(60), CORE).when(is_http),
        row(Key::MaxRequestBody, "client_max_body_size", Preset::Bytes(1 << 20), CORE)
            .when(is_http),
        row(Key::MaxRequestHeader, "large_client_header_buffers", Preset::Bytes(4 * 8192), CORE)
            .when(is_http),
        row(Key::Backlog, "backlog", Preset::Count(511), CORE),
        row(Key::FlowIdleTimeout, "proxy_timeout", Preset::Seconds(600), STREAM).when(is_stream),
    ],
    link: &[
        row(Key::UpstreamProtocol, "proxy_http_version", Preset::Text("http/1.1"), CHANGES)
            .versions("1.29.7", "", KEPT),
        row(Key::UpstreamProtocol, "proxy_http_version", Preset::Text("http/1.0"), PROXY)
            .versions("", "1.29.7", NOT_KEPT),
        row(Key::UpstreamKeepAlive, "keepalive", Preset::Flag(true), CHANGES)
            .versions("1.29.7", "", KEPT)
            .when(is_http_or_alike),
        row(Key::UpstreamKeepAlive, "keepalive", Preset::Flag(false), UPSTREAM)
            .versions("", "1.29.7", NOT_KEPT)
            .when(is_http_or_alike),
        row(Key::UpstreamPool, "keepalive", Preset::Count(32), CHANGES)
            .versions("1.29.7", "", KEPT)
            .when(is_kept),
        row(Key::UpstreamIdleTimeout, "keepalive_timeout", Preset::Seconds(60), UPSTREAM)
            .versions("1.15.3", "", "1.15.3 and later")
            .when(is_kept),
        row(Key::UpstreamIdleTimeout, "keepalive_timeout", Preset::Unlimited, UPSTREAM)
            .versions("", "1.15.3", "before 1.15.3")
            .out_of_use()
            .when(is_kept),
        row(Key::UpstreamKeepAliveRequests, "keepalive_requests", Preset::Count(1000), UPSTREAM)
            .versions("1.19.10", "", "1.19.10 and later")
            .when(is_kept),
        row(Key::UpstreamKeepAliveRequests, "keepalive_requests", Preset::Count(100), CHANGES)
            .versions("1.15.3", "1.19.10", "1.15.3 to 1.19.9")
            .when(is_kept),
        row(Key::UpstreamKeepAliveRequests, "keepalive_requests", Preset::Unlimited, UPSTREAM)
            .versions("", "1.15.3", "before 1.15.3")
            .out_of_use()
            .when(is_kept),
        row(Key::ConnectTimeout, "proxy_connect_timeout", Preset::Seconds(60), PROXY).when(proxied),
        row(Key::SendTimeout, "proxy_send_timeout", Preset::Seconds(60), PROXY).when(proxied),
        row(Key::ResponseTimeout, "proxy_read_timeout", Preset::Seconds(60), PROXY).when(proxied),
        row(Key::RetryOn, "proxy_next_upstream", Preset::Text("error timeout"), PROXY)
            .when(proxied),
        row(Key::MaxResponseHeader, "proxy_buffer_size", Preset::Bytes(4096), PROXY).when(proxied),
        row(Key::UpstreamVerify, "proxy_ssl_verify", Preset::Flag(false), PROXY)
            .when(|at| proxied(at) && is_tls(at)),
        row(Key::UpstreamSni, "proxy_ssl_server_name", Preset::Flag(false), PROXY)
            .when(|at| proxied(at) && is_tls(at)),
        row(Key::ConnectTimeout, "fastcgi_connect_timeout", Preset::Seconds(60), FASTCGI)
            .when(fastcgi),
        row(Key::SendTimeout, "fastcgi_send_timeout", Preset::Seconds(60), FASTCGI).when(fastcgi),
        row(Key::ResponseTimeout, "fastcgi_read_timeout", Preset::Seconds(60), FASTCGI)
            .when(fastcgi),
        row(Key::RetryOn, "fastcgi_next_upstream", Preset::Text("error timeout"), FASTCGI)
            .when(fastcgi),
        row(Key::MaxResponseHeader, "fastcgi_buffer_size", Preset::Bytes(4096), FASTCGI)
            .when(fastcgi),
        row(Key::ConnectTimeout, "uwsgi_connect_timeout", Preset::Seconds(60), UWSGI).when(uwsgi),
        row(Key::SendTimeout, "uwsgi_send_timeout", Preset::Seconds(60), UWSGI).when(uwsgi),
        row(Key::ResponseTimeout, "uwsgi_read_timeout", Preset::Seconds(60), UWSGI).when(uwsgi),
        row(Key::RetryOn, "uwsgi_next_upstream", Preset::Text("error timeout"), UWSGI).when(uwsgi),
        row(Key::MaxResponseHeader, "uwsgi_buffer_size", Preset::Bytes(4096), UWSGI).when(uwsgi),
        row(Key::UpstreamVerify, "uwsgi_ssl_verify", Preset::Flag(false), UWSGI)
            .when(|at| uwsgi(at) && is_tls(at)),
        row(Key::UpstreamSni, "uwsgi_ssl_server_name", Preset::Flag(false), UWSGI)
            .when(|at| uwsgi(at) && is_tls(at)),
        row(Key::ConnectTimeout, "scgi_connect_timeout", Preset::Seconds(60), SCGI).when(scgi),
        row(Key::SendTimeout, "scgi_send_timeout", Preset::Seconds(60), SCGI).when(scgi),
        row(Key::ResponseTimeout, "scgi_read_timeout", Preset::Seconds(60), SCGI).when(scgi),
        row(Key::RetryOn, "scgi_next_upstream", Preset::Text("error timeout"), SCGI).when(scgi),
        row(Key::MaxResponseHeader, "scgi_buffer_size", Preset::Bytes(4096), SCGI).when(scgi),
        row(Key::ConnectTimeout, "grpc_connect_timeout", Preset::Seconds(60), GRPC).when(grpc),
        row(Key::SendTimeout, "grpc_send_timeout", Preset::Seconds(60), GRPC).when(grpc),
        row(Key::ResponseTimeout, "grpc_read_timeout", Preset::Seconds(60), GRPC).when(grpc),
        row(Key::RetryOn, "grpc_next_upstream", Preset::Text("error timeout"), GRPC).when(grpc),
        row(Key::MaxResponseHeader, "grpc_buffer_size", Preset::Bytes(4096), GRPC).when(grpc),
        row(Key::UpstreamVerify, "grpc_ssl_verify", Preset::Flag(false), GRPC)
            .when(|at| grpc(at) && is_tls(at)),
        row(Key::UpstreamSni, "grpc_ssl_server_name", Preset::Flag(false), GRPC)
            .when(|at| grpc(at) && is_tls(at)),
        row(Key::ConnectTimeout, "proxy_connect_timeout", Preset::Seconds(60), STREAM).when(tcp),
        row(Key::RetryNonIdempotent, "non_idempotent", Preset::Flag(false), PROXY)
            .versions("1.9.13", "", "1.9.13 and later")
            .when(retries),
        row(Key::RetryNonIdempotent, "non_idempotent", Preset::Flag(true), CHANGES)
            .versions("", "1.9.13", "before 1.9.13")
            .out_of_use()
            .when(retries),
    ],
    check: &[
        row(Key::CheckInterval, "interval", Preset::Seconds(5), HEALTH).when(is_own),
        row(Key::CheckPath, "uri", Preset::Text("/"), HEALTH).when(is_own),
        row(Key::CheckMatcher, "match", Preset::Text("200-399"), HEALTH).when(is_own),
        row(Key::CheckHealthyThreshold, "passes", Preset::Count(1), HEALTH).when(is_own),
        row(Key::CheckUnhealthyThreshold, "fails", Preset::Count(1), HEALTH).when(is_own),
    ],
};

const HEALTH: &str = "https://nginx.org/en/docs/http/ngx_http_upstream_hc_module.html";

/// Connections are not kept where `proxy_pass` names a server and no `upstream` block.
pub(crate) static NO_BLOCK: Row = row(
    Key::UpstreamKeepAlive,
    "keepalive",
    Preset::Flag(false),
    "src/http/modules/ngx_http_upstream_keepalive_module.c",
);

/// `fastcgi_keep_conn` is off.
pub(crate) static NO_KEEP_CONN: Row =
    row(Key::UpstreamKeepAlive, "fastcgi_keep_conn", Preset::Flag(false), FASTCGI);

/// The uwsgi and SCGI protocols know no second request on a connection.
pub(crate) static NEVER_KEPT: Row =
    row(Key::UpstreamKeepAlive, "keepalive", Preset::Flag(false), UPSTREAM).fixed();

/// One failed attempt takes a server out, if there is another.
pub(crate) static MAX_FAILS: Row = row(Key::MaxFails, "max_fails", Preset::Count(1), UPSTREAM);

/// A server that was taken out stays out for so long.
pub(crate) static FAIL_TIMEOUT: Row =
    row(Key::FailTimeout, "fail_timeout", Preset::Seconds(10), UPSTREAM);

/// A name is resolved when the configuration is read.
pub(crate) static RESOLVE_ONCE: Row =
    row(Key::ResolveOnce, "resolve", Preset::Flag(true), UPSTREAM);

/// No name server is asked unless `resolver` names one: a name that has to be looked up for a request
/// then fails.
pub(crate) static NO_RESOLVER: Row = row(Key::NameServers, "resolver", Preset::Flag(false), CORE);

/// `Host` is `$proxy_host`, the host and port of `proxy_pass`.
pub(crate) static HOST: KnownDefault =
    KnownDefault { product: "nginx", versions: "all", source: PROXY, fixed: false };

/// Without `proxy_next_upstream_tries` every server of the block is tried once.
pub(crate) static TRIES: KnownDefault =
    KnownDefault { product: "nginx", versions: "all", source: PROXY, fixed: false };

/// `worker_connections` is 512 and `worker_processes` is 1.
pub(crate) static WORKERS: KnownDefault =
    KnownDefault { product: "nginx", versions: "all", source: MAIN, fixed: false };

/// A check that nginx makes, not one that somebody makes of it.
fn is_own(at: &Subject<'_>) -> bool {
    at.check.is_some_and(|check| check.kind == CheckKind::Balancer)
}

fn protocol(at: &Subject<'_>, word: &str) -> bool {
    at.says(Key::UpstreamProtocol, word)
}

fn fastcgi(at: &Subject<'_>) -> bool {
    protocol(at, "fastcgi")
}

fn uwsgi(at: &Subject<'_>) -> bool {
    protocol(at, "uwsgi")
}

fn scgi(at: &Subject<'_>) -> bool {
    protocol(at, "scgi")
}

fn grpc(at: &Subject<'_>) -> bool {
    protocol(at, "grpc")
}

/// A link of the stream module.
fn tcp(at: &Subject<'_>) -> bool {
    protocol(at, "tcp") || protocol(at, "udp")
}

/// `proxy_pass` of the http module.
fn proxied(at: &Subject<'_>) -> bool {
    !fastcgi(at) && !uwsgi(at) && !scgi(at) && !grpc(at) && !tcp(at)
}

fn is_http_or_alike(at: &Subject<'_>) -> bool {
    !tcp(at)
}

fn is_tls(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamTls) == Some(true)
}

fn is_kept(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

fn retries(at: &Subject<'_>) -> bool {
    !tcp(at) && at.settings.count(Key::Retries) != Some(0)
}

/// A server of the stream module.
fn is_stream(at: &Subject<'_>) -> bool {
    at.settings.get(Key::ServedProtocol).is_some()
}

fn is_http(at: &Subject<'_>) -> bool {
    !is_stream(at)
}

#[cfg(test)]
mod tests {
    use model::Micros;
    use model::config::{FileId, Origin, Settings, Task, Value};
    use model::config::{Found, Hop, HopId, Link, Product, Route, Setting, Span, System};

    use super::*;
    use crate::defaults::fill;

    /// The link of an nginx of this version, with what a reader could say of it.
    fn link(version: &str, settings: Settings) -> Link {
        let mut from = Hop::new(Task::Gateway, "front");
        let version = version.to_owned();
        from.products = vec![Product { name: "nginx", version, version_at: None }];
        let link = Link {
            from: HopId(0),
            to: HopId(1),
            route: Route::default(),
            address: String::new(),
            port: 80,
            at: None,
            found: Found::Stated,
            settings,
            checks: Vec::new(),
            slots: Vec::new(),
        };
        let hops = vec![from, Hop::new(Task::App, "app")];
        let mut system = System { hops, links: vec![link], ..System::default() };
        fill(&mut system);
        system.links.remove(0)
    }

    fn assumed(link: &Link, key: Key) -> bool {
        matches!(link.get(key).unwrap().origin, Origin::Default { assumed: true, .. })
    }

    #[test]
    fn from_1_29_7_on_connections_are_kept() {
        for version in ["1.29.7", "1.30.0-alpine", "1.31"] {
            let link = link(version, Settings::new());
            assert_eq!(link.settings.flag(Key::UpstreamKeepAlive), Some(true), "{version}");
            assert_eq!(link.settings.text(Key::UpstreamProtocol), Some("http/1.1"));
            assert_eq!(link.settings.time(Key::UpstreamIdleTimeout), Some(Micros::from_secs(60)));
            assert_eq!(link.settings.count(Key::UpstreamPool), Some(32));
            assert!(!assumed(&link, Key::UpstreamKeepAlive), "{version}");
        }
        for version in ["1.28.0", "1.27", "1.18.0"] {
            let link = link(version, Settings::new());
            assert_eq!(link.settings.flag(Key::UpstreamKeepAlive), Some(false), "{version}");
            assert_eq!(link.settings.text(Key::UpstreamProtocol), Some("http/1.0"));
            assert!(link.get(Key::UpstreamIdleTimeout).is_none());
            assert!(!assumed(&link, Key::UpstreamKeepAlive), "{version}");
        }
        let unknown = link("", Settings::new());
        assert_eq!(unknown.settings.flag(Key::UpstreamKeepAlive), Some(true));
        assert!(assumed(&unknown, Key::UpstreamKeepAlive));
        // Versions from before 2018 count only where one is named.
        assert!(!assumed(&unknown, Key::UpstreamIdleTimeout));
    }

    #[test]
    fn what_is_written_stays_and_names_follow_the_protocol() {
        let at = Span::new(FileId(0), 0..1);
        let mut settings = Settings::new();
        let protocol = Value::Text("fastcgi".to_owned());
        settings.set(Setting::written(Key::UpstreamProtocol, protocol, "fastcgi_pass", at));
        let read = Value::Time(Micros::from_secs(5));
        settings.set(Setting::written(Key::ResponseTimeout, read, "fastcgi_read_timeout", at));
        let link = link("1.26.3", settings);
        assert_eq!(link.settings.time(Key::ResponseTimeout), Some(Micros::from_secs(5)));
        assert_eq!(link.get(Key::ConnectTimeout).unwrap().name, "fastcgi_connect_timeout");
    }
}
