//! PgBouncer's log: clients it turned away, servers it lost.
//!
//! Sources: PgBouncer documentation "Config" (`log_pooler_errors`, `query_wait_timeout`),
//! `src/objects.c`, `src/client.c`, `src/server.c`.

use std::borrow::Cow;

use model::{
    Event, Failure, HopKind, Mechanism, Occurrence, OccurrenceKind, Request, Role, Timestamp,
};

use super::zone;
use crate::Context;
use crate::node::short;

/// `None` if the line is not PgBouncer's; `Some(None)` if it has nothing of its own to tell.
pub(super) fn read(line: &str, context: &Context) -> Option<Option<Event<'static>>> {
    if line.contains('\n') {
        return None;
    }
    let (time, rest) = match zone::leading(line, context.offset_east) {
        Some((time, rest)) => (Some(time), rest.trim_start()),
        None => (context.prefix_time, line),
    };
    // `[71] LOG `; before 1.9 without brackets.
    let (process, rest) = match rest.split_once(' ') {
        Some((pid, rest)) if is_process(pid) => (true, rest),
        _ => (false, rest),
    };
    let (level, message) = rest.split_once(' ')?;
    if !matches!(level, "LOG" | "WARNING" | "ERROR" | "FATAL" | "DEBUG" | "NOISE") {
        return None;
    }
    if let Some((socket, said)) = socket(message) {
        return Some(about(&socket, said, time));
    }
    if !process || time.is_none() {
        return None;
    }
    if message.starts_with("process up: PgBouncer ") {
        return Some(occurrence(OccurrenceKind::InstanceStart, time, message));
    }
    if message.starts_with("got SIGTERM") || message.starts_with("got SIGINT, shutting down") {
        return Some(occurrence(OccurrenceKind::InstanceStop, time, message));
    }
    // Statistics are the one other line that nobody else writes.
    message.starts_with("stats: ").then_some(None)
}

fn occurrence(kind: OccurrenceKind, at: Option<Timestamp>, said: &str) -> Option<Event<'static>> {
    let event = Occurrence::new(kind, at, "pgbouncer").detail(short(said));
    Some(Event::from(event))
}

fn is_process(word: &str) -> bool {
    let bare = word.strip_prefix('[').and_then(|w| w.strip_suffix(']')).unwrap_or(word);
    !bare.is_empty() && bare.len() <= 10 && bare.bytes().all(|b| b.is_ascii_digit())
}

/// The end of a connection that a line is about.
struct Socket<'a> {
    is_server: bool,
    address: Option<&'a str>,
}

/// `C-0x55d0c8: shop/app@10.0.0.5:43210 …`: a client's or a server's socket.
fn socket(message: &str) -> Option<(Socket<'_>, &str)> {
    let (is_server, rest) = match message.split_once("-0x")? {
        ("C", rest) => (false, rest),
        ("S", rest) => (true, rest),
        _ => return None,
    };
    let (id, rest) = rest.split_once(": ")?;
    if id.is_empty() || id.len() > 16 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let (whose, said) = rest.split_once(' ')?;
    let (_, address) = whose.rsplit_once('@')?;
    let address = (!address.is_empty() && address != "unix").then_some(address);
    Some((Socket { is_server, address }, said))
}

fn about(socket: &Socket<'_>, said: &str, at: Option<Timestamp>) -> Option<Event<'static>> {
    if let Some(error) = said.strip_prefix("pooler error: ") {
        let kind = match error.trim_end() {
            // The pool had no server connection to give within query_wait_timeout.
            "query_wait_timeout" => OccurrenceKind::ConnectionPoolEmpty,
            error if error.starts_with("no more connections allowed") => {
                OccurrenceKind::DatabaseLimit
            }
            // The client's own faults: a wrong password, an unknown database.
            _ => return None,
        };
        return occurrence(kind, at, error);
    }
    if !socket.is_server {
        // `closing because: …` repeats what `pooler error: …` says.
        return None;
    }
    if said.contains("too many clients already") || said.contains("connection slots are reserved") {
        let event = Occurrence::new(OccurrenceKind::DatabaseLimit, at, "postgresql");
        return Some(Event::from(event.detail(short(said))));
    }
    let reason = said.strip_prefix("closing because: ")?;
    let mechanism = if reason.starts_with("connect failed") {
        Mechanism::ConnectFailed
    } else if reason.starts_with("connect timeout") {
        Mechanism::ConnectTimeout
    } else if reason.starts_with("server conn crashed") {
        Mechanism::EndedBeforeResponse
    } else {
        return None;
    };
    let mut request = Request::new("pgbouncer", HopKind::Application, Role::Explanation);
    request.end = at;
    request.failure = Some(Failure::of(mechanism).outward());
    request.target = socket.address.map(|address| Cow::Owned(address.to_owned()));
    let words = reason.split(" (age").next().unwrap_or(reason);
    request.token = Some(Cow::Owned(words.trim_end_matches('?').to_owned()));
    Some(Event::from(request))
}
