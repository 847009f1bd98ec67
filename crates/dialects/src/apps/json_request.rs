//! A request in a JSON log line: what an application says of one it answered, or of one it made.

use std::borrow::Cow;

use model::{Author, Failure, HopKind, Mechanism, Micros, Request, Role};

use super::call::{Call, Place};
use super::json_line::{find, integer, text};
use crate::json::Json;
use crate::node::Origin;
use crate::{go, scan};

const STATUS: [&str; 9] = [
    "res.statusCode",
    "http.response.status_code",
    "http.status_code",
    "response.status_code",
    "response.statusCode",
    "response.status",
    "statusCode",
    "status_code",
    "http.status",
];
const METHOD: [&str; 7] = [
    "req.method",
    "http.request.method",
    "http.method",
    "request.method",
    "RequestMethod",
    "request_method",
    "method",
];
const PATH: [&str; 11] = [
    "req.url",
    "url.path",
    "http.target",
    "request.path",
    "request.url",
    "RequestPath",
    "request_uri",
    "http.route",
    "path",
    "uri",
    "url",
];

/// What a line says of a request.
pub(super) enum Found {
    /// One that the application answered.
    Answered(Box<Request<'static>>),
    /// A call that the application made and that was answered.
    Called(Option<Call>),
}

/// The request of a line, if it has one: a status, and a method or a path.
pub(super) fn read(line: &Json<'_>, origin: &Origin<'_>) -> Option<Found> {
    let method = text(line, &METHOD).filter(|method| is_method(method));
    let path = text(line, &PATH).filter(|path| path.starts_with('/') || path.contains("://"));
    // A bare `status` may be anything: it counts beside the method and the path, at the top.
    let plain = || {
        let beside = |names: &[&str]| names.iter().any(|name| line.get(name).is_some());
        let whole = beside(&["method", "request_method", "http_method", "verb"])
            && beside(&["path", "uri", "url", "request_uri", "route"]);
        whole.then(|| line.get("status")?.integer())?
    };
    let status = integer(line, &STATUS).or_else(plain)?;
    let status = u16::try_from(status).ok().filter(|status| (100..600).contains(status))?;
    if method.is_none() && path.is_none() {
        return None;
    }
    // OpenTelemetry: the whole URL and the server's address belong to a client.
    if ["url.full", "http.url", "peer.service", "net.peer.name"]
        .iter()
        .any(|key| find(line, key).is_some())
    {
        return Some(Found::Called(called(line, status)));
    }
    let mut request =
        Request::new(Cow::Owned(origin.hop.to_owned()), HopKind::Application, Role::Access);
    request.end = origin.at;
    request.status = Some(status);
    request.author = Author::ThisHop;
    if status >= 500 {
        request.failure = Some(Failure::of(Mechanism::StatusFromApplication));
    }
    request.timers.total = elapsed(line);
    request.complete_times();
    let owned = |value: Cow<'_, str>| Cow::Owned(value.into_owned());
    request.method = method.map(owned);
    request.path = path.as_deref().map(|path| {
        let (path, _) = scan::path_and_host(path);
        Cow::Owned(path.to_owned())
    });
    request.host =
        text(line, &["req.headers.host", "req.host", "url.domain", "server.address", "host"])
            .filter(|host| !host.contains([' ', '/']))
            .map(owned);
    request.client = text(
        line,
        &[
            "client.address",
            "client.ip",
            "req.remoteAddress",
            "remote_ip",
            "client_ip",
            "remoteAddress",
        ],
    )
    .map(|client| Cow::Owned(scan::without_port(&client).to_owned()));
    request.id = text(
        line,
        &[
            "req.id",
            "request_id",
            "requestId",
            "RequestId",
            "trace_id",
            "traceId",
            "trace.id",
            "@tr",
            "TraceId",
        ],
    )
    .map(owned);
    Some(Found::Answered(Box::new(request)))
}

fn is_method(text: &str) -> bool {
    (3..=10).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic())
}

/// A call with an answer of 500 or more.
fn called(line: &Json<'_>, status: u16) -> Option<Call> {
    if status < 500 {
        return None;
    }
    let host = text(line, &["server.address", "net.peer.name", "peer.service"]);
    let port = integer(line, &["server.port", "net.peer.port"]);
    let place = match (host, port) {
        (Some(host), Some(port)) => super::call::host_and_port(&host, &port.to_string()),
        (Some(host), None) => Some(Place { target: None, host: Some(host.into_owned()) }),
        (None, _) => text(line, &["url.full", "http.url"]).and_then(|url| super::call::url(&url)),
    };
    Some(Call::answered(status, &status.to_string()).to(place))
}

/// How long it took. Names that say no unit count only where the value does.
fn elapsed(line: &Json<'_>) -> Option<Micros> {
    const MILLIS: [&str; 10] = [
        "responseTime",
        "response_time",
        "durationMs",
        "duration_ms",
        "latency_ms",
        "latencyMs",
        "elapsed_ms",
        "elapsedMs",
        "ElapsedMilliseconds",
        "Elapsed",
    ];
    const SECONDS: [&str; 4] =
        ["duration_s", "duration_seconds", "request_time", "http.server.request.duration"];
    let number = |names: &[&str]| {
        names.iter().find_map(|name| match find(line, name)? {
            Json::Int(value) => Some(*value as f64),
            Json::Float(value) => Some(*value),
            Json::Text(text) => text.parse().ok(),
            _ => None,
        })
    };
    let span = |value: f64, micros: f64| {
        let value = value * micros;
        (0.0..1e15).contains(&value).then(|| Micros(value.round() as i64))
    };
    if let Some(value) = number(&MILLIS) {
        return span(value, 1e3);
    }
    if let Some(value) = number(&SECONDS) {
        return span(value, 1e6);
    }
    // Elastic Common Schema: nanoseconds.
    if let Some(value) = number(&["event.duration"]) {
        return span(value, 1e-3);
    }
    go::duration(&text(line, &["duration", "latency", "elapsed", "took"])?)
}
