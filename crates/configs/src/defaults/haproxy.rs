//! What HAProxy does when nobody says otherwise. <https://docs.haproxy.org/> has the reference of
//! every version; a timeout that is not written is none at all. Checked in the reference of 2.6.12; that
//! 3.3 takes the server's name from `Host` in public descriptions of that release only.

use model::config::{Key, Value};

use super::{Preset, Row, Subject, Table, sends_http, serves_http, serves_tcp};

const PROXIES: &str = "https://docs.haproxy.org/3.2/configuration.html#4.2";
const SERVERS: &str = "https://docs.haproxy.org/3.2/configuration.html#5.2";
const TUNING: &str = "https://docs.haproxy.org/3.2/configuration.html#3.2";
const REUSE: &str = "https://docs.haproxy.org/3.2/configuration.html#4.2-http-reuse";
const SNI: &str = "https://docs.haproxy.org/3.3/configuration.html#5.2-sni-auto";

/// `tune.bufsize` less `tune.maxrewrite`: what the head of a request or of a response may fill.
const HEAD: u64 = BUFFER - REWRITE;
/// `tune.bufsize`.
pub(crate) const BUFFER: u64 = 16_384;
/// `tune.maxrewrite`.
pub(crate) const REWRITE: u64 = 1_024;

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("HAProxy", key, name, value, source)
}

/// The defaults of HAProxy.
pub(crate) static TABLE: Table = Table {
    product: "HAProxy",
    hop: &[
        row(Key::ClientIdleTimeout, "timeout client", Preset::Unlimited, PROXIES).when(serves_http),
        row(Key::ClientHeaderTimeout, "timeout client", Preset::Unlimited, PROXIES)
            .when(serves_http),
        row(Key::ClientBodyTimeout, "timeout client", Preset::Unlimited, PROXIES).when(serves_http),
        row(Key::MaxRequestHeader, "tune.bufsize", Preset::Bytes(HEAD), TUNING).when(serves_http),
        row(Key::FlowIdleTimeout, "timeout client", Preset::Unlimited, PROXIES).when(serves_tcp),
    ],
    link: &[
        row(Key::UpstreamProtocol, "proto", Preset::Text("http/1.1"), SERVERS),
        row(Key::ConnectTimeout, "timeout connect", Preset::Unlimited, PROXIES),
        row(Key::ResponseTimeout, "timeout server", Preset::Unlimited, PROXIES).when(sends_http),
        row(Key::SendTimeout, "timeout server", Preset::Unlimited, PROXIES).when(sends_http),
        row(Key::Retries, "retries", Preset::Count(3), PROXIES),
        row(Key::RetryOn, "retry-on", Preset::Text("conn-failure"), PROXIES).when(sends_http),
        row(Key::UpstreamKeepAlive, "option http-keep-alive", Preset::Flag(true), PROXIES)
            .versions("1.5", "", "1.5 and later")
            .when(sends_http),
        row(Key::UpstreamPool, "pool-max-conn", Preset::Unlimited, REUSE)
            .versions("2.0", "", "2.0 and later")
            .when(kept),
        row(Key::UpstreamPool, "http-reuse", Preset::Count(0), REUSE)
            .versions("", "2.0", "before 2.0")
            .out_of_use()
            .when(kept),
        row(Key::UpstreamIdleTimeout, "pool-purge-delay", Preset::Seconds(5), SERVERS)
            .versions("1.9", "", "1.9 and later")
            .when(pooled),
        row(Key::UpstreamKeepAliveRequests, "max-reuse", Preset::Unlimited, SERVERS).when(kept),
        row(Key::MaxResponseHeader, "tune.bufsize", Preset::Bytes(HEAD), TUNING).when(sends_http),
        row(Key::UpstreamVerify, "verify", Preset::Flag(true), SERVERS).when(tls),
        // From 3.3 on the name is that of the `Host` field, which only the request knows.
        row(Key::UpstreamSni, "sni", Preset::Flag(false), SNI)
            .versions("", "3.3", "before 3.3")
            .when(|at| tls(at) && sends_http(at)),
        row(Key::UpstreamSni, "sni", Preset::Flag(false), SERVERS)
            .when(|at| tls(at) && !sends_http(at)),
    ],
    check: &[
        row(Key::CheckInterval, "inter", Preset::Seconds(2), SERVERS),
        row(Key::CheckHealthyThreshold, "rise", Preset::Count(2), SERVERS),
        row(Key::CheckUnhealthyThreshold, "fall", Preset::Count(3), SERVERS),
        row(Key::CheckTimeout, "inter", Preset::Seconds(2), PROXIES),
        row(Key::CheckPath, "option httpchk", Preset::Text("/"), PROXIES).when(checks_http),
        row(Key::CheckMatcher, "http-check expect", Preset::Text("200-399"), PROXIES)
            .when(checks_http),
    ],
};

/// Without `resolvers` the name of a server is looked up when HAProxy starts (`init-addr`), and
/// never again.
pub(crate) static RESOLVE_ONCE: Row =
    row(Key::ResolveOnce, "resolvers", Preset::Flag(true), SERVERS);

/// Without `mode` bytes are forwarded, toward clients.
pub(crate) static CLIENT_TCP: Row = row(Key::ServedProtocol, "mode", Preset::Text("tcp"), PROXIES);

/// Without `mode` bytes are forwarded, toward servers.
pub(crate) static SERVER_TCP: Row =
    row(Key::UpstreamProtocol, "mode", Preset::Text("tcp"), PROXIES);

/// Without an option a check opens a connection and closes it.
pub(crate) static CHECK_TCP: Row = row(Key::CheckProtocol, "check", Preset::Text("tcp"), SERVERS);

fn kept(at: &Subject<'_>) -> bool {
    sends_http(at) && at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

/// True unless idle connections end with the client's.
fn pooled(at: &Subject<'_>) -> bool {
    let none = Some(&Value::Count(0));
    kept(at) && at.settings.get(Key::UpstreamPool).map(|pool| &pool.value) != none
}

fn tls(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamTls) == Some(true)
}

fn checks_http(at: &Subject<'_>) -> bool {
    at.settings.text(Key::CheckProtocol).is_some_and(|protocol| protocol.starts_with("http"))
}
