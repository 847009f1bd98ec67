//! What Caddy does when nobody says otherwise, as its documentation and its source say.

use model::config::{Key, Setting};

use super::{Preset, Row, Subject, Table};

const PROXY: &str = "https://caddyserver.com/docs/caddyfile/directives/reverse_proxy";
const TRANSPORT: &str =
    "https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#the-http-transport";
const FASTCGI: &str =
    "https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#the-fastcgi-transport";
const OPTIONS: &str = "https://caddyserver.com/docs/caddyfile/options#timeouts";
const DIALS: &str = "https://github.com/caddyserver/caddy/pull/4436";
const RETRIES: &str = "https://caddyserver.com/docs/json/apps/http/servers/routes/handle/reverse_proxy/load_balancing/";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Caddy", key, name, value, source)
}

/// The defaults of Caddy 2.
pub(crate) static TABLE: Table = Table {
    product: "Caddy",
    hop: &[
        row(Key::ClientIdleTimeout, "idle", Preset::Seconds(300), OPTIONS),
        row(Key::ClientBodyTimeout, "read_body", Preset::Unlimited, OPTIONS),
        row(Key::MaxRequestHeader, "max_header_size", Preset::Bytes(1 << 20), OPTIONS),
    ],
    link: &[
        row(Key::UpstreamProtocol, "versions", Preset::Text("http/1.1"), TRANSPORT).when(plain),
        row(Key::ConnectTimeout, "dial_timeout", Preset::Seconds(3), DIALS).versions(
            "2.5",
            "",
            "2.5 and later",
        ),
        row(Key::ConnectTimeout, "dial_timeout", Preset::Seconds(10), DIALS)
            .versions("", "2.5", "before 2.5")
            .out_of_use()
            .when(http),
        row(Key::ResponseTimeout, "response_header_timeout", Preset::Unlimited, TRANSPORT)
            .when(http),
        row(Key::ResponseTimeout, "read_timeout", Preset::Unlimited, FASTCGI).when(fastcgi),
        row(Key::SendTimeout, "write_timeout", Preset::Unlimited, TRANSPORT),
        row(Key::UpstreamKeepAlive, "keepalive", Preset::Flag(true), TRANSPORT).when(http),
        row(Key::UpstreamPool, "keepalive_idle_conns_per_host", Preset::Count(32), TRANSPORT)
            .when(kept),
        IDLE_ROW,
        row(Key::UpstreamVerify, "tls_insecure_skip_verify", Preset::Flag(true), TRANSPORT)
            .when(tls),
        row(Key::Retries, "lb_retries", Preset::Count(0), PROXY),
        // Without a matcher only GET is sent again once a target may have got it.
        row(Key::RetryNonIdempotent, "lb_retry_match", Preset::Flag(false), RETRIES).when(retries),
        row(Key::MaxFails, "max_fails", Preset::Count(1), PROXY).when(counts),
    ],
    check: &[
        row(Key::CheckInterval, "health_interval", Preset::Seconds(30), PROXY),
        row(Key::CheckTimeout, "health_timeout", Preset::Seconds(5), PROXY),
        row(Key::CheckHealthyThreshold, "health_passes", Preset::Count(1), PROXY),
        row(Key::CheckUnhealthyThreshold, "health_fails", Preset::Count(1), PROXY),
    ],
};

const IDLE_ROW: Row =
    row(Key::UpstreamIdleTimeout, "keepalive", Preset::Seconds(120), TRANSPORT).when(kept);

/// How long an idle connection to a target is kept.
pub(crate) static IDLE: Row = IDLE_ROW;

fn fastcgi(at: &Subject<'_>) -> bool {
    at.says(Key::UpstreamProtocol, "fastcgi")
}

fn http(at: &Subject<'_>) -> bool {
    !fastcgi(at)
}

fn plain(at: &Subject<'_>) -> bool {
    !tls(at)
}

fn kept(at: &Subject<'_>) -> bool {
    http(at) && at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

fn tls(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamTls) == Some(true)
}

fn retries(at: &Subject<'_>) -> bool {
    at.settings.get(Key::Retries).is_some_and(Setting::is_written)
}

fn counts(at: &Subject<'_>) -> bool {
    at.settings.get(Key::FailTimeout).is_some()
}
