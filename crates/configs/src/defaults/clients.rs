//! What the libraries do that programs send requests with, when nobody says otherwise: how long they
//! keep idle connections, and how long they wait. Checked in Node.js 20.20.2, 24.19.0 and 26.10.0, undici
//! 7.30.2, axios 1.21.1, ky 1.14.3, agentkeepalive 4.6.0, Next.js 16.4.6, requests 2.34.2, HTTPX 0.28.1 and
//! aiohttp 3.14.5.

use model::Micros;
use model::config::{Hop, Key, KnownDefault, Link, Setting, Settings, System, Value};

use super::{Preset, Row, Subject};

const UNDICI: &str = "https://github.com/nodejs/undici/blob/main/docs/docs/api/Client.md";
const AGENT: &str = "https://nodejs.org/api/http.html#class-httpagent";
const KEEPALIVE_AGENT: &str = "https://github.com/node-modules/agentkeepalive#new-agentoptions";
const AXIOS_PAGE: &str = "https://axios-http.com/docs/req_config";
const KY_PAGE: &str = "https://github.com/sindresorhus/ky#timeout";
const NEXT_PROXY: &str = "https://github.com/vercel/next.js/blob/canary/packages/next/src/server/lib/router-utils/proxy-request.ts";
const REQUESTS_PAGE: &str = "https://requests.readthedocs.io/en/latest/user/advanced/";
const HTTPX_PAGE: &str = "https://www.python-httpx.org/advanced/timeouts/";
const HTTPX_LIMITS: &str = "https://www.python-httpx.org/advanced/resource-limits/";
const AIOHTTP_PAGE: &str = "https://docs.aiohttp.org/en/stable/client_reference.html";
const TRANSPORT: &str = "https://pkg.go.dev/net/http#DefaultTransport";
const TRANSPORT_TYPE: &str = "https://pkg.go.dev/net/http#Transport";
const GO_CLIENT: &str = "https://pkg.go.dev/net/http#Client";

/// What sends `fetch` of Node.js, which is undici.
pub(crate) const FETCH: &str = "fetch";
/// What sends through an agent of `node:http`.
pub(crate) const HTTP_AGENT: &str = "http.Agent";

const fn node(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Node.js", key, name, value, source)
}

/// Links of a program of Node.js: `fetch`, and the agent that is used if none is named, which keeps
/// connections from version 19 on.
pub(crate) static NODE: &[Row] = &[
    node(Key::UpstreamKeepAlive, "keepAliveTimeout", Preset::Flag(true), UNDICI).when(fetches),
    node(Key::UpstreamIdleTimeout, "keepAliveTimeout", Preset::Seconds(4), UNDICI)
        .when(|at| fetches(at) && kept(at)),
    node(Key::ConnectTimeout, "connectTimeout", Preset::Seconds(10), UNDICI).when(fetches),
    node(Key::ResponseTimeout, "headersTimeout", Preset::Seconds(300), UNDICI)
        .versions("20.0", "", "20 and later")
        .when(fetches),
    node(Key::UpstreamKeepAlive, "http.globalAgent keepAlive", Preset::Flag(true), AGENT)
        .versions("19.0", "", "19 and later")
        .when(has_agent),
    node(Key::UpstreamKeepAlive, "http.globalAgent keepAlive", Preset::Flag(false), AGENT)
        .versions("", "19.0", "before 19")
        .out_of_use()
        .when(has_agent),
    node(Key::UpstreamIdleTimeout, "http.globalAgent timeout", Preset::Seconds(5), AGENT)
        .versions("19.0", "", "19 and later")
        .when(|at| has_agent(at) && kept(at)),
];

fn fetches(at: &Subject<'_>) -> bool {
    at.says(Key::UpstreamClient, FETCH)
}

fn has_agent(at: &Subject<'_>) -> bool {
    at.says(Key::UpstreamClient, HTTP_AGENT)
}

fn kept(at: &Subject<'_>) -> bool {
    at.settings.flag(Key::UpstreamKeepAlive) == Some(true)
}

/// An agent that is made with `keepAlive: true` and without a `timeout`.
pub(crate) static AGENT_IDLE: Row =
    node(Key::UpstreamIdleTimeout, "http.Agent timeout", Preset::Unlimited, AGENT);

/// An agent that is made without `keepAlive`.
pub(crate) static AGENT_OFF: Row =
    node(Key::UpstreamKeepAlive, "http.Agent keepAlive", Preset::Flag(false), AGENT);

/// The package agentkeepalive, from version 4 on.
pub(crate) static AGENT_KEEPALIVE: &[Row] = &[
    Row::new(
        "agentkeepalive",
        Key::UpstreamKeepAlive,
        "keepAlive",
        Preset::Flag(true),
        KEEPALIVE_AGENT,
    ),
    Row::new(
        "agentkeepalive",
        Key::UpstreamIdleTimeout,
        "freeSocketTimeout",
        Preset::Seconds(4),
        KEEPALIVE_AGENT,
    ),
];

/// axios waits without bound.
pub(crate) static AXIOS: Row =
    Row::new("axios", Key::TotalTimeout, "timeout", Preset::Unlimited, AXIOS_PAGE);

/// ky gives up after 10 s.
pub(crate) static KY: Row =
    Row::new("ky", Key::TotalTimeout, "timeout", Preset::Seconds(10), KY_PAGE);

/// Rewrites of Next.js: every request has a connection of its own, which may be idle for 30 s.
pub(crate) static NEXT_REWRITES: &[Row] = &[
    Row::new("Next.js", Key::UpstreamKeepAlive, "rewrites", Preset::Flag(false), NEXT_PROXY),
    Row::new("Next.js", Key::ResponseTimeout, "proxyTimeout", Preset::Seconds(30), NEXT_PROXY),
];

/// `requests` waits without bound.
pub(crate) static REQUESTS: &[Row] = &[
    Row::new("requests", Key::ConnectTimeout, "timeout", Preset::Unlimited, REQUESTS_PAGE),
    Row::new("requests", Key::ResponseTimeout, "timeout", Preset::Unlimited, REQUESTS_PAGE),
];

/// A call without a session has one of its own, which is closed after it.
pub(crate) static REQUESTS_ONCE: Row =
    Row::new("requests", Key::UpstreamKeepAlive, "Session", Preset::Flag(false), REQUESTS_PAGE);

/// A session keeps connections as long as the other side does.
pub(crate) static REQUESTS_SESSION: &[Row] = &[
    Row::new("requests", Key::UpstreamKeepAlive, "Session", Preset::Flag(true), REQUESTS_PAGE),
    Row::new("requests", Key::UpstreamIdleTimeout, "Session", Preset::Unlimited, REQUESTS_PAGE),
];

/// HTTPX waits 5 s for everything.
pub(crate) static HTTPX: &[Row] = &[
    Row::new("HTTPX", Key::ConnectTimeout, "timeout", Preset::Seconds(5), HTTPX_PAGE),
    Row::new("HTTPX", Key::ResponseTimeout, "timeout", Preset::Seconds(5), HTTPX_PAGE),
];

/// A call without a client has one of its own, which is closed after it.
pub(crate) static HTTPX_ONCE: Row =
    Row::new("HTTPX", Key::UpstreamKeepAlive, "Client", Preset::Flag(false), HTTPX_PAGE);

/// A client of HTTPX.
pub(crate) static HTTPX_CLIENT: &[Row] = &[
    Row::new("HTTPX", Key::UpstreamKeepAlive, "Client", Preset::Flag(true), HTTPX_LIMITS),
    Row::new(
        "HTTPX",
        Key::UpstreamIdleTimeout,
        "keepalive_expiry",
        Preset::Seconds(5),
        HTTPX_LIMITS,
    ),
    Row::new(
        "HTTPX",
        Key::UpstreamMaxConnections,
        "max_connections",
        Preset::Count(100),
        HTTPX_LIMITS,
    ),
];

/// aiohttp waits 300 s for the whole exchange.
pub(crate) static AIOHTTP: &[Row] =
    &[Row::new("aiohttp", Key::TotalTimeout, "total", Preset::Seconds(300), AIOHTTP_PAGE)];

/// How long a connector of aiohttp keeps connections.
pub(crate) static AIOHTTP_KEPT: &[Row] = &[
    Row::new("aiohttp", Key::UpstreamKeepAlive, "TCPConnector", Preset::Flag(true), AIOHTTP_PAGE),
    Row::new(
        "aiohttp",
        Key::UpstreamIdleTimeout,
        "keepalive_timeout",
        Preset::Seconds(15),
        AIOHTTP_PAGE,
    ),
];

/// The transport that Go uses if none is named.
pub(crate) static GO_DEFAULT: &[Row] = &[
    Row::new("Go", Key::UpstreamIdleTimeout, "IdleConnTimeout", Preset::Seconds(90), TRANSPORT),
    Row::new("Go", Key::ConnectTimeout, "DialContext", Preset::Seconds(30), TRANSPORT),
];

/// A transport that a program makes: what it leaves out has no bound.
pub(crate) static GO_TRANSPORT: &[Row] = &[Row::new(
    "Go",
    Key::UpstreamIdleTimeout,
    "IdleConnTimeout",
    Preset::Unlimited,
    TRANSPORT_TYPE,
)];

/// A client of Go waits without bound.
pub(crate) static GO_TIMEOUT: Row =
    Row::new("Go", Key::TotalTimeout, "Timeout", Preset::Unlimited, GO_CLIENT);

/// The client closes before the time that the server announces (`Keep-Alive: timeout=5`).
static HEEDED: KnownDefault = KnownDefault {
    product: "Node.js",
    versions: "18 and later",
    source: "https://github.com/nodejs/node/blob/v24.19.0/lib/_http_agent.js (keepSocketAlive), \
             https://github.com/nodejs/undici/blob/v7.30.2/lib/dispatcher/client-h1.js",
    fixed: false,
};

/// Servers that announce how long they keep idle connections.
const ANNOUNCING: &[&str] = &["Node.js", "Apache httpd", "Tomcat", "Spring Boot"];

/// Where a server announces how long it keeps idle connections, undici closes 2 s before that whatever
/// its own timer is, and an agent of Node.js that has a timer 1 s before. An agent without a timer does
/// not listen.
pub(super) fn heed(system: &mut System) {
    let heeded: Vec<Option<Settings>> =
        system.links.iter().map(|link| heeds(link, system.hop(link.to))).collect();
    for (link, settings) in system.links.iter_mut().zip(heeded) {
        if let Some(settings) = settings {
            link.settings = settings;
        }
    }
}

/// The settings of a link whose sender heeds what its target announces; `None` if nothing changes.
fn heeds(link: &Link, target: &Hop) -> Option<Settings> {
    let settings = &link.settings;
    let before = match settings.text(Key::UpstreamClient)? {
        FETCH => 2,
        HTTP_AGENT => 1,
        _ => return None,
    };
    if settings.flag(Key::UpstreamKeepAlive) != Some(true)
        || !ANNOUNCING.iter().any(|product| target.runs(product))
    {
        return None;
    }
    let announced = target.get(Key::ClientIdleTimeout)?.time()?.0 / 1_000_000;
    let own = settings.get(Key::UpstreamIdleTimeout)?;
    let left = Micros::from_secs(announced - before);
    let value = match (before, own.time()) {
        (1, None) => return None,
        (1, Some(own)) if own <= left => return None,
        _ => left,
    };
    let changes = [Key::UpstreamIdleTimeout, Key::UpstreamKeepAlive];
    let mut made = Settings::new();
    let is_kept = value > Micros(0);
    for setting in settings.iter().filter(|one| is_kept && one.key == changes[1]) {
        made.set(setting.clone());
    }
    for setting in settings.iter().filter(|one| !changes.contains(&one.key)) {
        made.set(setting.clone());
    }
    let (key, value) =
        if is_kept { (changes[0], Value::Time(value)) } else { (changes[1], Value::Flag(false)) };
    made.set(Setting::default(key, value, "announced Keep-Alive timeout", &HEEDED, None));
    Some(made)
}

#[cfg(test)]
mod tests {
    use model::config::{Found, HopId, Product, Route, Task};

    use super::*;

    fn link(client: &str, own: Value, target: &'static str, closes: Value) -> Link {
        let at = model::config::Span::new(model::config::FileId(0), 0..1);
        let mut from = Hop::new(Task::App, "web");
        from.products = vec![Product { name: "Node.js", ..Product::default() }];
        let mut to = Hop::new(Task::App, "api");
        to.products = vec![Product { name: target, ..Product::default() }];
        to.settings.set(Setting::written(Key::ClientIdleTimeout, closes, "idle", at));
        let mut settings = Settings::new();
        let client = Value::Text(client.to_owned());
        settings.set(Setting::written(Key::UpstreamClient, client, "fetch", at));
        settings.set(Setting::written(Key::UpstreamKeepAlive, Value::Flag(true), "on", at));
        settings.set(Setting::written(Key::UpstreamIdleTimeout, own, "idle", at));
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
        let mut system = System { hops: vec![from, to], links: vec![link], ..System::default() };
        heed(&mut system);
        system.links.remove(0)
    }

    fn secs(seconds: i64) -> Value {
        Value::Time(Micros::from_secs(seconds))
    }

    #[test]
    fn announced_timers_are_heeded() {
        let idle = |client, own, target, closes| {
            let link = link(client, own, target, closes);
            match link.settings.flag(Key::UpstreamKeepAlive) {
                Some(false) => "closed".to_owned(),
                _ => link.get(Key::UpstreamIdleTimeout).unwrap().value.to_string(),
            }
        };
        assert_eq!(idle("fetch", secs(60), "Node.js", secs(5)), "3 s");
        assert_eq!(idle("fetch", secs(4), "Node.js", secs(72)), "70 s");
        assert_eq!(idle("fetch", secs(4), "Node.js", secs(2)), "closed");
        assert_eq!(idle("fetch", secs(60), "uvicorn", secs(5)), "60 s");
        assert_eq!(idle("http.Agent", secs(60), "Node.js", secs(5)), "4 s");
        assert_eq!(idle("http.Agent", secs(3), "Node.js", secs(5)), "3 s");
        assert_eq!(idle("http.Agent", Value::Unlimited, "Node.js", secs(5)), "unlimited");
        assert_eq!(idle("http.Agent", secs(60), "Node.js", Value::Unlimited), "60 s");
        assert_eq!(idle("requests.Session", Value::Unlimited, "Node.js", secs(5)), "unlimited");
    }
}
