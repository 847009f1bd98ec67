//! The access log in the common log format with Traefik's columns behind it: `"referer" "agent"
//! COUNT "router" "server URL" 247ms`.
//!
//! Source: Traefik, `pkg/middlewares/accesslog/logger_formatters.go`. The time is the request's
//! start; the status is the one that the service's handler got or made (`OriginStatus`).

use model::Micros;

use crate::nginx::clf;
use crate::scan;

/// One line.
pub(super) struct Line<'a> {
    pub(super) clf: clf::Line<'a>,
    pub(super) router: Option<&'a str>,
    /// URL of the server, as logged.
    pub(super) server: Option<&'a str>,
    pub(super) total: Micros,
}

/// Reads a line; `None` if it lacks Traefik's columns.
pub(super) fn read(line: &[u8]) -> Option<Line<'_>> {
    let line = line.trim_ascii_end();
    // Cheap first: combined lines of other servers do not end so.
    let before = line.strip_suffix(b"ms")?;
    let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (before, millis) = before.split_at(before.len() - digits);
    let total = Micros::from_millis(i64::from(scan::digits(millis)?));
    let before = before.strip_suffix(b" ")?;
    let (before, server) = last_quoted(before)?;
    let (before, router) = last_quoted(before)?;
    let space = memchr::memrchr(b' ', before)?;
    scan::digits(&before[space + 1..])?;
    let clf = clf::read(&before[..space])?;
    // `"referer" "agent"`, either of which is a bare `-` in some versions.
    let rest = clf.tail.trim_ascii();
    (rest.is_empty() || rest.starts_with(b"- ") || rest.ends_with(b" -")).then_some(())?;
    Some(Line { clf, router: present(router), server: present(server), total })
}

fn present(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field).ok().and_then(scan::present)
}

/// Splits off the quoted string at the end, with the space before it.
fn last_quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_suffix(b"\"")?;
    let open = memchr::memrchr(b'"', inside)?;
    Some((inside[..open].strip_suffix(b" ")?, &inside[open + 1..]))
}

/// `address:port` of a server's URL.
pub(super) fn address(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or(rest)
}
