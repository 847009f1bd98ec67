//! What Apache httpd 2.4 does when nobody says otherwise. <https://httpd.apache.org/docs/2.4/mod/>
//! names the default of every directive and when it changed. Checked in the manual of 2.4.71.

use model::config::{Key, KnownDefault};

use super::{Preset, Row, Subject, Table};

const CORE: &str = "https://httpd.apache.org/docs/2.4/mod/core.html";
const MPM: &str = "https://httpd.apache.org/docs/2.4/mod/mpm_common.html";
const PROXY: &str = "https://httpd.apache.org/docs/2.4/mod/mod_proxy.html";
const FCGI: &str = "https://httpd.apache.org/docs/2.4/mod/mod_proxy_fcgi.html";
const READ: &str = "https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html";
const SSL: &str = "https://httpd.apache.org/docs/2.4/mod/mod_ssl.html";
const CHECKS: &str = "https://httpd.apache.org/docs/2.4/mod/mod_proxy_hcheck.html";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Apache httpd", key, name, value, source)
}

/// The defaults of Apache httpd.
pub(crate) static TABLE: Table = Table {
    product: "Apache httpd",
    hop: &[
        row(Key::ClientIdleTimeout, "KeepAliveTimeout", Preset::Seconds(5), CORE),
        row(Key::ClientKeepAliveRequests, "MaxKeepAliveRequests", Preset::Count(100), CORE),
        row(Key::ClientHeaderTimeout, "RequestReadTimeout header", Preset::Seconds(40), READ),
        row(Key::ClientBodyTimeout, "Timeout", Preset::Seconds(60), CORE),
        row(Key::MaxRequestBody, "LimitRequestBody", Preset::Bytes(1 << 30), CORE).versions(
            "2.4.54",
            "",
            "2.4.54 and later",
        ),
        row(Key::MaxRequestBody, "LimitRequestBody", Preset::Unlimited, CORE).versions(
            "",
            "2.4.54",
            "before 2.4.54",
        ),
        row(Key::MaxRequestHeader, "LimitRequestFieldSize", Preset::Bytes(8190), CORE),
        row(Key::Concurrency, "MaxRequestWorkers", Preset::Count(400), MPM),
        row(Key::Backlog, "ListenBackLog", Preset::Count(511), MPM),
    ],
    link: &[
        row(Key::UpstreamProtocol, "ProxyPass", Preset::Text("http/1.1"), PROXY),
        row(Key::ResponseTimeout, "Timeout", Preset::Seconds(60), CORE),
        row(Key::SendTimeout, "Timeout", Preset::Seconds(60), CORE),
        row(Key::ConnectTimeout, "Timeout", Preset::Seconds(60), CORE),
        row(Key::UpstreamIdleTimeout, "ttl", Preset::Unlimited, PROXY).when(is_kept),
        row(Key::MaxResponseHeader, "responsefieldsize", Preset::Bytes(8192), PROXY).when(is_http),
        row(Key::FailTimeout, "retry", Preset::Seconds(60), PROXY),
        row(Key::MaxFails, "retry", Preset::Count(1), PROXY),
        row(Key::UpstreamVerify, "SSLProxyVerify", Preset::Flag(false), SSL).when(is_tls),
    ],
    check: &[
        row(Key::CheckInterval, "hcinterval", Preset::Seconds(30), CHECKS),
        row(Key::CheckHealthyThreshold, "hcpasses", Preset::Count(1), CHECKS),
        row(Key::CheckUnhealthyThreshold, "hcfails", Preset::Count(1), CHECKS),
    ],
};

/// Connections to a worker of its own are kept.
pub(crate) static KEPT: Row =
    row(Key::UpstreamKeepAlive, "disablereuse", Preset::Flag(true), PROXY);

/// Connections of FastCGI, SCGI and uwsgi are closed unless `enablereuse` is on.
pub(crate) static CLOSED: Row =
    row(Key::UpstreamKeepAlive, "enablereuse", Preset::Flag(false), FCGI);

/// A connection that became a WebSocket carries bytes of its two ends until one of them closes it.
pub(crate) static TUNNELED: Row = row(
    Key::UpstreamKeepAlive,
    "ws://",
    Preset::Flag(false),
    "https://httpd.apache.org/docs/2.4/mod/mod_proxy_wstunnel.html",
);

/// The worker that stands for all targets without one keeps no connections.
pub(crate) static REVERSE: Row =
    row(Key::UpstreamKeepAlive, "enablereuse", Preset::Flag(false), PROXY);

/// A name is resolved once per child process where connections are kept.
pub(crate) static RESOLVE_ONCE: Row =
    row(Key::ResolveOnce, "disablereuse", Preset::Flag(true), PROXY);

/// `Host` is the host and port of the target's URL, as `ProxyPreserveHost` is off; the name in the
/// TLS handshake follows it, and the certificate has to carry it (`SSLProxyCheckPeerName`).
pub(crate) static HOST: KnownDefault =
    KnownDefault { product: "Apache httpd", versions: "all", source: PROXY, fixed: false };

/// `maxattempts` is one less than the members of a balancer.
pub(crate) static ATTEMPTS: KnownDefault =
    KnownDefault { product: "Apache httpd", versions: "all", source: PROXY, fixed: false };

fn is_kept(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

fn is_tls(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamTls) == Some(true)
}

fn is_http(at: &Subject<'_>) -> bool {
    at.settings.text(Key::UpstreamProtocol).is_some_and(|protocol| protocol.starts_with("http/"))
}
