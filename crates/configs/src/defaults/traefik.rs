//! What Traefik does when nobody says otherwise, as its reference and its source say.

use model::config::{Key, Setting};

use super::{Preset, Row, Subject, Table};

const ENTRIES: &str = "https://doc.traefik.io/traefik/routing/entrypoints/#respondingtimeouts";
const CYCLE: &str = "https://doc.traefik.io/traefik/routing/entrypoints/#lifecycle";
const MIGRATION: &str = "https://doc.traefik.io/traefik/v2.11/migration/v2/#v2112";
const TRANSPORT: &str = "https://doc.traefik.io/traefik/routing/overview/#transport-configuration";
const RETRY: &str = "https://doc.traefik.io/traefik/middlewares/http/retry/";
const CHECKS: &str = "https://doc.traefik.io/traefik/routing/services/#health-check";
const HEALTH: &str = "https://github.com/traefik/traefik/blob/v3.1/pkg/healthcheck/healthcheck.go";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Traefik", key, name, value, source)
}

/// The defaults of Traefik 2 and 3.
pub(crate) static TABLE: Table = Table {
    product: "Traefik",
    hop: &[
        row(Key::ClientIdleTimeout, "idleTimeout", Preset::Seconds(180), ENTRIES),
        row(Key::ClientBodyTimeout, "readTimeout", Preset::Seconds(60), MIGRATION).versions(
            "2.11.2",
            "",
            "2.11.2 and later",
        ),
        row(Key::ClientBodyTimeout, "readTimeout", Preset::Unlimited, MIGRATION)
            .versions("", "2.11.2", "before 2.11.2")
            .out_of_use(),
        row(Key::ShutdownTimeout, "graceTimeOut", Preset::Seconds(10), CYCLE),
    ],
    link: &[
        row(Key::UpstreamProtocol, "url", Preset::Text("http/1.1"), TRANSPORT).when(plain),
        row(Key::ConnectTimeout, "dialTimeout", Preset::Seconds(30), TRANSPORT).when(http),
        row(Key::ResponseTimeout, "responseHeaderTimeout", Preset::Unlimited, TRANSPORT).when(http),
        row(Key::UpstreamKeepAlive, "maxIdleConnsPerHost", Preset::Flag(true), TRANSPORT)
            .when(http),
        row(Key::UpstreamIdleTimeout, "idleConnTimeout", Preset::Seconds(90), TRANSPORT).when(kept),
        row(Key::UpstreamVerify, "insecureSkipVerify", Preset::Flag(true), TRANSPORT).when(tls),
        row(Key::Retries, "retry", Preset::Count(0), RETRY).when(http),
        row(Key::RetryNonIdempotent, "retry", Preset::Flag(false), RETRY).when(retries),
    ],
    check: &[
        row(Key::CheckInterval, "interval", Preset::Seconds(30), CHECKS),
        row(Key::CheckTimeout, "timeout", Preset::Seconds(5), CHECKS),
        // One answer decides, whichever way.
        row(Key::CheckHealthyThreshold, "healthCheck", Preset::Count(1), HEALTH),
        row(Key::CheckUnhealthyThreshold, "healthCheck", Preset::Count(1), HEALTH),
        row(Key::CheckMatcher, "status", Preset::Text("200-399"), CHECKS),
    ],
};

fn http(at: &Subject<'_>) -> bool {
    !at.says(Key::UpstreamProtocol, "tcp")
}

fn plain(at: &Subject<'_>) -> bool {
    http(at) && !tls(at)
}

fn kept(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

fn tls(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamTls) == Some(true)
}

fn retries(at: &Subject<'_>) -> bool {
    at.settings.get(Key::Retries).is_some_and(Setting::is_written)
}
