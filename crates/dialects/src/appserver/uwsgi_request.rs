//! Requests as uWSGI logs them: `[pid: 11|app: 0|req: 1/1] 10.0.0.5 () {34 vars in 436 bytes} [Tue
//! Nov  3 14:12:31 2026] GET /path => generated 12 bytes in 3 msecs (HTTP/1.1 200) …`, and answers that
//! could not be written because the peer had left.
//!
//! Source: uWSGI `core/logging.c` (`uwsgi_log_request`: the time is the request's start, in the zone
//! of the host; `log-micros` changes the unit), `core/writer.c`.

use std::borrow::Cow;

use memchr::memmem;
use model::{Author, Failure, HopKind, Mechanism, Micros, Phase, Request, Role, Tally, Timestamp};

use super::server::hop;
use crate::{Context, SLOW, scan};

const NAME: &str = "uwsgi";

struct Line<'a> {
    client: &'a [u8],
    start: Timestamp,
    /// Method and target, with its query.
    request: &'a [u8],
    status: Option<u16>,
    total: Micros,
}

fn read(line: &[u8], offset_east: i32) -> Option<Line<'_>> {
    const STAMP: usize = "Tue Nov  3 14:12:31 2026".len();
    let line = line.trim_ascii();
    let rest = line.strip_prefix(b"[pid: ")?;
    let rest = rest.get(memmem::find(rest, b"|req: ")?..)?;
    let rest = rest.get(memmem::find(rest, b"] ")? + 2..)?;
    let vars = memmem::find(rest, b"{")?;
    let client = rest[..vars].split(|b| *b == b' ').next()?;
    let rest = rest.get(memmem::find(rest, b" bytes} [")? + b" bytes} [".len()..)?;
    let start = ctime(rest.get(..STAMP)?, offset_east)?;
    let rest = rest.get(STAMP..)?.strip_prefix(b"] ")?;
    // Targets may hold anything, so the last of these words are the server's.
    let arrow = memmem::rfind(rest, b" => generated ")?;
    let (request, tail) = (&rest[..arrow], &rest[arrow + b" => generated ".len()..]);
    let tail = tail.get(memmem::find(tail, b" bytes in ")? + b" bytes in ".len()..)?;
    let space = scan::space(tail)?;
    let number = i64::from(scan::digits(&tail[..space])?);
    let tail = &tail[space + 1..];
    let total = if tail.starts_with(b"msecs") {
        Micros::from_millis(number)
    } else if tail.starts_with(b"micros") {
        Micros(number)
    } else {
        return None;
    };
    let open = memmem::find(tail, b"(HTTP/")?;
    let close = open + memchr::memchr(b')', &tail[open..])?;
    let status = tail[open + 1..close].rsplit(|b| *b == b' ').next()?;
    let status = scan::status(status).filter(|status| *status != 0);
    Some(Line { client, start, request, status, total })
}

/// `Tue Nov  3 14:12:31 2026`.
fn ctime(text: &[u8], offset_east: i32) -> Option<Timestamp> {
    let clock = crate::node::clock(text.get(11..19)?)?;
    let day = scan::digits(text.get(8..10)?.trim_ascii_start())?;
    let year = scan::digits(text.get(20..24)?)? as i32;
    let date = (year, scan::month(text.get(4..7)?)?, day);
    Timestamp::from_civil(date, clock, 0, offset_east)
}

pub(super) fn request<'a>(record: &'a str, context: &Context) -> Option<Request<'a>> {
    if let Some(line) = unwritten(record.trim()) {
        return Some(given_up(&line, context));
    }
    let line = read(record.as_bytes(), context.offset_east)?;
    let mut request = Request::new(hop(context, NAME), HopKind::Application, Role::Access);
    request.start = Some(line.start);
    request.timers.total = Some(line.total);
    request.complete_times();
    request.status = line.status;
    request.author = Author::ThisHop;
    if line.status.is_some_and(|status| status >= 500) {
        request.failure = Some(Failure::of(Mechanism::StatusFromApplication));
    }
    let client = std::str::from_utf8(line.client).ok().and_then(scan::present);
    request.client = client.map(Cow::Borrowed);
    if let Some((method, path, host)) =
        std::str::from_utf8(line.request).ok().and_then(scan::method_and_path)
    {
        request.method = Some(Cow::Borrowed(method));
        request.path = Some(Cow::Borrowed(path));
        request.host = host.map(Cow::Borrowed);
    }
    Some(request)
}

pub(super) fn glance<'a>(line: &'a [u8], context: &Context) -> Option<Tally<'a>> {
    let line = read(line, context.offset_east)?;
    let status = line.status.filter(|status| (100..500).contains(status))?;
    (line.total < SLOW).then_some(Tally {
        at: line.start,
        hop: NAME.as_bytes(),
        kind: HopKind::Application,
        status,
        target: b"",
        elapsed: Some(line.total),
    })
}

/// `uwsgi_response_write_body_do(): Broken pipe [core/writer.c line 341] during GET /path (10.0.0.5)`.
struct Unwritten<'a> {
    at: Option<Timestamp>,
    request: &'a str,
    client: &'a str,
}

fn unwritten(line: &str) -> Option<Unwritten<'_>> {
    let (at, message) = crate::node::leading_stamp(line, 0);
    let rest = message.strip_prefix("uwsgi_response_")?;
    let (_, rest) = rest.split_once("(): ")?;
    let (reason, rest) = rest.split_once(" [core/writer.c line ")?;
    if !matches!(reason, "Broken pipe" | "Connection reset by peer") {
        return None;
    }
    let (_, rest) = rest.split_once("] during ")?;
    let (request, client) = rest.strip_suffix(')')?.rsplit_once(" (")?;
    Some(Unwritten { at, request, client })
}

fn given_up<'a>(line: &Unwritten<'a>, context: &Context) -> Request<'a> {
    let mut request = Request::new(hop(context, NAME), HopKind::Application, Role::Explanation);
    request.end = line.at.or(context.prefix_time);
    let failure = Failure::of(Mechanism::ClientClosed);
    request.failure = Some(Failure { phase: Some(Phase::ResponseSend), ..failure });
    request.token = Some(Cow::Borrowed("write error"));
    request.client = scan::present(line.client).map(Cow::Borrowed);
    if let Some((method, path, _)) = scan::method_and_path(line.request) {
        request.method = Some(Cow::Borrowed(method));
        request.path = Some(Cow::Borrowed(path));
    }
    request
}
