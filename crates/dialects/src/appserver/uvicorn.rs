//! uvicorn: `INFO:     Uvicorn running on http://0.0.0.0:3000`, and requests as
//! `INFO:     10.0.0.1:51234 - "GET /path HTTP/1.1" 200 OK`. It writes no time unless somebody adds one.
//!
//! Source: uvicorn `uvicorn/server.py`, `uvicorn/logging.py` (the level, padded to nine characters),
//! `uvicorn/protocols/http/h11_impl.py` (a request is logged when its response begins).

use std::borrow::Cow;

use model::{
    Author, Failure, HopKind, Mechanism, OccurrenceKind as K, Request, Role, Tally, Timestamp,
};

use super::server::{Said, caught, event, hop, port};
use crate::{Context, scan};

/// Words of which one is in every line that is read.
pub(super) const WORDS: [&str; 6] =
    ["INFO:     ", "WARNING:  ", "ERROR:    ", "CRITICAL: ", "DEBUG:    ", "Uvicorn running"];

const NAME: &str = "uvicorn";

pub(super) fn line(line: &str, record: &str, at: Option<Timestamp>) -> Option<Said> {
    let (level, message) = message(line)?;
    if let Some(address) = message.strip_prefix("Uvicorn running on ") {
        let port = port(address.split(" (Press").next().unwrap_or(address));
        return event(K::InstanceStart, at, NAME, port, message);
    }
    if message == "Shutting down" && level == "INFO" {
        return event(K::InstanceStop, at, NAME, None, message);
    }
    if message.contains("error while attempting to bind on address (") {
        let address = message.split("address (").nth(1).and_then(|a| a.split(')').next());
        return event(K::ListenFailed, at, NAME, address.and_then(port), message);
    }
    if message.starts_with("Exceeded concurrency limit") {
        return event(K::PoolSaturated, at, NAME, None, message);
    }
    if message.starts_with("Exception in ASGI application") {
        return caught(at, NAME, message, record);
    }
    if message.starts_with("Application startup failed") {
        return event(K::ProcessExit, at, NAME, None, message);
    }
    if message.starts_with("Child process [") && message.ends_with("] died") {
        return event(K::ProcessExit, at, NAME, None, message);
    }
    let accompanies = [
        "Started server process [",
        "Finished server process [",
        "Started parent process [",
        "Stopping parent process [",
        "Started reloader process [",
        "Waiting for application ",
        "Application startup complete",
        "Application shutdown complete",
        "Waiting for connections to close",
        "Waiting for background tasks to complete",
        "Waiting for child process [",
        "ASGI 'lifespan' protocol appears unsupported",
        "Invalid HTTP request received",
        "Traceback (most recent call last)",
    ];
    accompanies.iter().any(|words| message.starts_with(words)).then_some(None)
}

/// Level and message of `LEVEL:   message`, in front of which a time may stand.
fn message(line: &str) -> Option<(&'static str, &str)> {
    const LEVELS: [(&str, &str); 5] = [
        ("INFO", "INFO:     "),
        ("WARNING", "WARNING:  "),
        ("ERROR", "ERROR:    "),
        ("CRITICAL", "CRITICAL: "),
        ("DEBUG", "DEBUG:    "),
    ];
    let found = LEVELS.iter().find_map(|(level, padded)| {
        let (before, message) = line.split_once(padded)?;
        let is_stamp = before.len() <= 40 && !before.bytes().any(|b| matches!(b, b'"' | b'='));
        is_stamp.then_some((*level, message))
    });
    // A logger of one's own may not pad; these words are uvicorn's all the same.
    found.or_else(|| {
        let at = line.find("Uvicorn running on ").filter(|at| *at <= 80)?;
        Some(("INFO", &line[at..]))
    })
}

/// One request.
struct Line<'a> {
    client: &'a str,
    request: &'a str,
    status: u16,
}

fn access(line: &str) -> Option<Line<'_>> {
    let (level, message) = message(line.trim_end())?;
    let (client, rest) = message.split_once(" - \"")?;
    let (address, port) = client.rsplit_once(':')?;
    if level != "INFO" || address.contains(' ') || scan::digits(port.as_bytes()).is_none() {
        return None;
    }
    // Targets are quoted by uvicorn: none holds a quotation mark.
    let (request, rest) = rest.split_once("\" ")?;
    let status = scan::status(scan::word(rest).0.as_bytes())?;
    request.contains(" HTTP/").then_some(Line { client: address, request, status })
}

pub(super) fn request<'a>(record: &'a str, context: &Context) -> Option<Request<'a>> {
    let line = access(record)?;
    let mut request = Request::new(hop(context, NAME), HopKind::Application, Role::Access);
    let (at, _) = crate::node::leading_stamp(record, context.offset_east);
    request.end = at.or(context.prefix_time);
    request.status = Some(line.status);
    request.author = Author::ThisHop;
    if line.status >= 500 {
        request.failure = Some(Failure::of(Mechanism::StatusFromApplication));
    }
    request.client = scan::present(line.client).map(Cow::Borrowed);
    if let Some((method, path, host)) = scan::method_and_path(line.request) {
        request.method = Some(Cow::Borrowed(method));
        request.path = Some(Cow::Borrowed(path));
        request.host = host.map(Cow::Borrowed);
    }
    Some(request)
}

/// Only where a time came with the line: from a runtime's prefix.
pub(super) fn glance<'a>(line: &'a [u8], context: &Context) -> Option<Tally<'a>> {
    let at = context.prefix_time?;
    line.starts_with(b"INFO:     ").then_some(())?;
    let status = access(std::str::from_utf8(line).ok()?)?.status;
    (100..500).contains(&status).then_some(Tally {
        at,
        hop: NAME.as_bytes(),
        kind: HopKind::Application,
        status,
        target: b"",
        elapsed: None,
    })
}
