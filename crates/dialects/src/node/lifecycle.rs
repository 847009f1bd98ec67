//! What a Node.js process prints about itself: that it listens, that it cannot, that it was told
//! to stop, that it dies.

use model::{Occurrence, OccurrenceKind};

use super::fetch::{Origin, owned};
use super::{head, stamp};

/// An occurrence that is the whole meaning of a text.
pub(super) fn instead_of_a_call(text: &str, origin: &Origin<'_>) -> Option<Occurrence<'static>> {
    let event = |kind| Occurrence::new(kind, origin.at, owned(origin.hop));
    if text.contains("FATAL ERROR:") && text.contains("heap out of memory") {
        return Some(event(OccurrenceKind::OomKill).detail("heap limit"));
    }
    for head in head::heads(text).take(16) {
        let Some(rest) = head.message.strip_prefix("listen E") else { continue };
        let mut failed = event(OccurrenceKind::ListenFailed).detail(head::short(head.message));
        failed.object = port(rest).map(owned);
        return Some(failed);
    }
    if text.contains("npm ERR! code ELIFECYCLE") || text.contains("npm error code ELIFECYCLE") {
        let exit = Occurrence::new(OccurrenceKind::ProcessExit, origin.at, "npm");
        return Some(exit.detail("code ELIFECYCLE"));
    }
    if text.trim().lines().count() > 1 {
        return None;
    }
    let (_, line) = stamp::leading(text, 0);
    if line.len() > 160 {
        return None;
    }
    if says_listening(line) {
        let mut start = event(OccurrenceKind::InstanceStart).detail(head::short(line));
        start.object = port(line).map(owned);
        return Some(start);
    }
    if says_stopping(line) {
        return Some(event(OccurrenceKind::InstanceStop).detail(head::short(line)));
    }
    None
}

/// The end of the process, where the text shows it: Node.js prints its version last of all when an
/// error that nothing caught ends it.
pub(super) fn died(text: &str, origin: &Origin<'_>) -> Option<Occurrence<'static>> {
    let last = text.trim_end().lines().next_back()?;
    let version = last.strip_prefix("Node.js v")?;
    if !version.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let error = head::heads(text).next()?;
    let line = text[error.start..].lines().next().unwrap_or("");
    Some(
        Occurrence::new(OccurrenceKind::ProcessExit, origin.at, owned(origin.hop))
            .detail(format!("uncaught {}", head::short(line))),
    )
}

/// `Listening on http://0.0.0.0:3000`, `Server listening on port 3000`, `Server listening at …`.
/// sshd's `Server listening on 0.0.0.0 port 22.` and systemd's `Listening on … Socket.` are not
/// the application's.
fn says_listening(line: &str) -> bool {
    let begins = [
        "Listening on ",
        "Listening at ",
        "listening on ",
        "Server listening ",
        "Server is listening ",
    ]
    .iter()
    .any(|words| line.starts_with(words));
    begins && port(line).is_some() && !(line.contains(" port ") && line.ends_with('.'))
}

/// `SIGTERM received`, `Received SIGTERM, shutting down`.
fn says_stopping(line: &str) -> bool {
    [
        "SIGTERM received",
        "SIGTERM signal received",
        "Received SIGTERM",
        "received SIGTERM",
        "Got SIGTERM",
    ]
    .iter()
    .any(|words| line.starts_with(words))
}

/// The port of an address or after the word `port`: the digits after the last colon or space.
fn port(text: &str) -> Option<&str> {
    let after_word = text.split_once("port ").map(|(_, rest)| rest);
    let after_colon = || text.rmatch_indices(':').map(|(at, _)| &text[at + 1..]).next();
    let rest = after_word.or_else(after_colon)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    ((1..=5).contains(&end)).then(|| &rest[..end])
}
