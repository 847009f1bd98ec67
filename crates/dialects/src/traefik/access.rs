//! The access log as JSON, read in full and at a glance.
//!
//! Source: <https://doc.traefik.io/traefik/observability/access-logs/> (fields) and Traefik,
//! `pkg/middlewares/accesslog/logdata.go` (durations in nanoseconds).

use std::borrow::Cow;

use memchr::memmem;
use model::{Author, HopKind, Micros, Request, Role, Tally};

use super::common::address;
use super::log::{failure, hop};
use crate::json::Json;
use crate::{Context, SLOW, scan};

/// The request of an entry; `None` if it is no access entry.
pub(super) fn request<'a>(entry: &Json<'a>, context: &Context) -> Option<Request<'a>> {
    let status = entry.get("DownstreamStatus")?.integer()?;
    let status = u16::try_from(status).ok().filter(|status| *status < 1000)?;
    ["Duration", "RequestMethod", "StartUTC", "StartLocal", "RouterName"]
        .iter()
        .any(|key| entry.get(key).is_some())
        .then_some(())?;
    let mut request = Request::new(hop(context), HopKind::Proxy, Role::Access);
    request.start =
        ["StartUTC", "StartLocal"].iter().find_map(|key| scan::iso(entry.word(key)?.as_bytes(), 0));
    request.timers.total = nanos(entry, "Duration");
    request.complete_times();
    if request.start.is_none() {
        // Whole seconds, written when the request had ended.
        request.end = entry.word("time").and_then(|at| scan::iso(at.as_bytes(), 0));
        request.end = request.end.or(context.prefix_time);
        request.complete_times();
    }
    // 0: nothing was written to the client.
    request.status = Some(status).filter(|status| *status != 0);
    let origin = entry.get("OriginStatus").and_then(Json::integer).unwrap_or(0);
    if origin == 0 && status >= 400 {
        // No service was asked: routing, a middleware.
        request.author = Author::ThisHop;
    }
    request.failure = failure(status);
    request.target = target(entry);
    if request.target.is_some()
        && let Some(retries) = entry.get("RetryAttempts").and_then(Json::integer)
    {
        request.attempts = u16::try_from(retries).unwrap_or(u16::MAX).saturating_add(1);
    }
    request.upstream = value(entry, "ServiceName");
    request.method = value(entry, "RequestMethod");
    request.path = value(entry, "RequestPath")
        .map(|path| Cow::<str>::Owned(scan::without_query(&path).to_owned()))
        .filter(|path| path.starts_with('/'));
    request.host = value(entry, "RequestHost");
    // Forwarded addresses stand in it as they came: the first is the client's.
    request.client = value(entry, "ClientHost").map(|list| match list.split_once(',') {
        Some((first, _)) => first.trim().to_owned().into(),
        None => list,
    });
    request.id = ["request_X-Request-Id", "TraceId", "request_X-Amzn-Trace-Id"]
        .iter()
        .find_map(|key| value(entry, key));
    Some(request)
}

fn value<'a>(entry: &Json<'a>, key: &str) -> Option<Cow<'a, str>> {
    entry.word(key).filter(|value| value != "-")
}

fn nanos(entry: &Json<'_>, key: &str) -> Option<Micros> {
    let nanos = entry.get(key)?.integer().filter(|nanos| *nanos >= 0)?;
    Some(Micros(nanos / 1_000))
}

/// `ServiceAddr`, or host and port of `ServiceURL`: a string, or an object in version 2.
fn target<'a>(entry: &Json<'a>) -> Option<Cow<'a, str>> {
    if let Some(addr) = value(entry, "ServiceAddr") {
        return Some(addr);
    }
    match entry.get("ServiceURL")? {
        Json::Text(url) => scan::present(address(url)).map(|addr| Cow::Owned(addr.to_owned())),
        object => object.word("Host"),
    }
}

/// The tally of a healthy entry, or `None` if only a full parse can tell.
pub(super) fn tally(line: &[u8]) -> Option<Tally<'_>> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") || !line.ends_with(b"}") {
        return None;
    }
    let status = scan::status(number(line, b"\"DownstreamStatus\":")?)?;
    if !(200..500).contains(&status) || status == 499 {
        return None;
    }
    let nanos: i64 = std::str::from_utf8(number(line, b"\"Duration\":")?).ok()?.parse().ok()?;
    let elapsed = Some(Micros(nanos / 1_000)).filter(|elapsed| *elapsed < SLOW)?;
    let start = scan::iso(text(line, b"\"StartUTC\":\"")?, 0)?;
    let target = match memmem::find(line, b"\"ServiceAddr\":") {
        Some(_) => text(line, b"\"ServiceAddr\":\"").filter(|addr| *addr != b"-")?,
        None if memmem::find(line, b"\"ServiceURL\"").is_some() => return None,
        None => b"",
    };
    let (hop, kind) = (&b"traefik"[..], HopKind::Proxy);
    Some(Tally { at: start + elapsed, hop, kind, status, target, elapsed: Some(elapsed) })
}

/// What follows a key that occurs exactly once. A string cannot hold it: its quotes would be
/// escaped.
fn only<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(line, key)?;
    let rest = line.get(at + key.len()..)?;
    memmem::find(rest, key).is_none().then_some(rest)
}

fn number<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = only(line, key)?;
    let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
    let ends = matches!(rest.get(digits), Some(b',' | b'}'));
    ((1..=18).contains(&digits) && ends).then(|| &rest[..digits])
}

fn text<'a>(line: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let rest = only(line, key)?;
    let end = memchr::memchr2(b'"', b'\\', rest)?;
    (rest[end] == b'"' && end > 0).then(|| &rest[..end])
}
