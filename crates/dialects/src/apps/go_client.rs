//! What programs in Go print: calls outward that failed, and panics that ended them.
//!
//! Sources: Go `net/http` (`url.Error`: method, URL, cause), `runtime/panic.go`, grpc-go.

use model::{Mechanism, Occurrence, OccurrenceKind};

use super::call::{self, Call};
use super::{Found, occurrence};
use crate::go;
use crate::node::Origin;

/// Methods as `url.Error` spells them.
const METHODS: [&str; 7] = ["Get", "Post", "Put", "Patch", "Delete", "Head", "Options"];

/// What a text says, if it is a Go program's.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Found {
    if let Some(exit) = panic(text, origin) {
        return Some(vec![occurrence(exit)]);
    }
    let line = text.trim().lines().next()?;
    if is_traefik(line) {
        return None;
    }
    let call = of_url(line).or_else(|| of_dial(line))?;
    Some(vec![call.event(origin)])
}

/// Traefik's own line about a request it answered: `'502 Bad Gateway' caused by: dial tcp …`, since
/// version 3 `502 Bad Gateway error="dial tcp …"`.
fn is_traefik(line: &str) -> bool {
    line.contains("' caused by: ")
        || ["Bad Gateway error=", "Gateway Timeout error=", "Internal Server Error error="]
            .iter()
            .any(|words| line.contains(words))
}

/// `Get "https://api.example.com/x": dial tcp 203.0.113.7:443: connect: connection refused`.
fn of_url(line: &str) -> Option<Call> {
    let (at, url) = METHODS.iter().find_map(|method| {
        line.match_indices(method).take(4).find_map(|(at, _)| {
            // Quoted inside another string, the quotes are escaped.
            let rest = line[at + method.len()..].strip_prefix(' ')?;
            let rest = rest.trim_start_matches('\\').strip_prefix('"')?;
            rest.starts_with("http").then_some((at, rest))
        })
    })?;
    let before = line[..at].chars().next_back();
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let (url, error) = url.split_once('"').filter(|(_, rest)| rest.starts_with(": "))?;
    let mut call = read_error(error.strip_prefix(": ")?)?;
    // The caller itself gave up: nothing is known to have failed outside.
    if call.failure.mechanism == Mechanism::ClientClosed {
        return None;
    }
    if let Some(place) = call::url(url) {
        call.host = call.host.or(place.host);
        call.target = call.target.or(place.target);
    }
    Some(call)
}

/// `dial tcp 10.0.0.9:5432: connect: connection refused` in a sentence of the program's own, or of
/// gRPC's.
fn of_dial(line: &str) -> Option<Call> {
    let at = ["dial tcp ", "dial tcp: lookup ", "dial unix ", "read tcp ", "write tcp "]
        .iter()
        .filter_map(|words| line.find(words))
        .min()?;
    let before = line[..at].chars().next_back();
    let own = before.is_none_or(|c| matches!(c, ' ' | '"' | '(' | '=' | ':' | '\''));
    let call = read_error(&line[at..])?;
    (own && call.failure.mechanism != Mechanism::ClientClosed).then_some(call)
}

/// The library's error at the beginning of a text; what a logger wrote behind it is cut off.
fn read_error(text: &str) -> Option<Call> {
    let end = ["\"", "\\\"", " key=", "\t", "\" "].iter().filter_map(|mark| text.find(mark)).min();
    let text = &text[..end.unwrap_or(text.len())];
    // As wrapped errors do, the innermost one ends the text; a bracket or a full stop may follow.
    let text = text.trim_end_matches(['.', ']', '}', ',', ' ']);
    let error = go::read(text)?;
    // Behind a certificate's fault Go prints dates and names.
    let token = match text.split_once("x509: ") {
        Some((_, fault)) => fault.split(": ").next().unwrap_or(fault),
        None => go::token(text),
    };
    let mut call = Call::new(error.failure.mechanism, &crate::node::short(token));
    call.failure = error.failure.outward();
    call.target = error.peer.map(str::to_owned);
    call.host = error.name.map(str::to_owned);
    Some(call)
}

/// `panic: runtime error: …` ends the program with status 2; one that a handler recovers is
/// printed with other words.
fn panic(text: &str, origin: &Origin<'_>) -> Option<Occurrence<'static>> {
    let text = text.trim();
    let line = text.lines().next()?;
    let event = |kind| Occurrence::new(kind, origin.at, origin.hop.to_owned());
    if let Some((_, rest)) = line.split_once("http: panic serving ") {
        return Some(event(OccurrenceKind::ApplicationError).detail(crate::node::short(rest)));
    }
    let ends = line.starts_with("panic: runtime error: ")
        || line.starts_with("fatal error: all goroutines are asleep")
        || (line.starts_with("panic: ") || line.starts_with("fatal error: "))
            && text.contains("\ngoroutine ");
    if !ends || line.ends_with("[recovered]") {
        return None;
    }
    if line.starts_with("fatal error: runtime: out of memory") {
        return Some(event(OccurrenceKind::OomKill).detail("runtime: out of memory"));
    }
    Some(event(OccurrenceKind::ProcessExit).object("exit 2").detail(crate::node::short(line)))
}
