//! Traefik's own log: a message with fields, as logfmt (versions 1 and 2), as JSON, and as the
//! console writer of version 3 prints it (`2026-11-02T03:04:05Z DBG file.go:1 > message key=value`).
//!
//! Source: Traefik, `pkg/log` (logrus, versions 1 and 2), `cmd/traefik/logger.go` (zerolog, version 3).

use std::borrow::Cow;

use model::Timestamp;

use crate::json::Json;
use crate::{Context, scan};

/// One entry.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    pub(super) at: Option<Timestamp>,
    pub(super) text: Cow<'a, str>,
    fields: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Message<'_> {
    pub(super) fn field(&self, key: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_ref()).filter(|value| !value.is_empty())
    }
}

/// The entry that a JSON object is.
pub(super) fn of_json<'a>(entry: &Json<'a>) -> Option<Message<'a>> {
    entry.word("level")?;
    let text = entry.word("message").or_else(|| entry.word("msg"))?;
    let at = entry.word("time").and_then(|at| scan::iso(at.as_bytes(), 0));
    let keys = ["error", "serviceName", "targetURL", "targetAddress", "providerName"];
    let fields =
        keys.iter().filter_map(|key| Some((Cow::Borrowed(*key), entry.word(key)?))).collect();
    Some(Message { at, text, fields })
}

/// The entry that a line of text is.
pub(super) fn of_text<'a>(line: &'a str, context: &Context) -> Option<Message<'a>> {
    let line = line.trim();
    if line.contains('\n') {
        return None;
    }
    if line.starts_with("time=\"") || line.starts_with("level=") {
        return logfmt(line);
    }
    console(line, context)
}

/// `time="…" level=debug msg="…" key=value`.
fn logfmt(line: &str) -> Option<Message<'_>> {
    let mut message = Message { fields: pairs(line)?, ..Message::default() };
    message.field("level")?;
    message.text = message.field("msg")?.to_owned().into();
    message.at = message.field("time").and_then(|at| scan::iso(at.as_bytes(), 0));
    Some(message)
}

/// `[time] LVL [file.go:1] > message key=value`.
fn console<'a>(line: &'a str, context: &Context) -> Option<Message<'a>> {
    const LEVELS: [&str; 6] = ["TRC", "DBG", "INF", "WRN", "ERR", "FTL"];
    let (first, rest) = scan::word(line);
    let (at, rest) = match scan::iso(first.as_bytes(), context.offset_east) {
        Some(at) => (Some(at), rest),
        None => (None, line),
    };
    let (level, rest) = scan::word(rest);
    LEVELS.contains(&level).then_some(())?;
    let rest = match rest.strip_prefix("> ") {
        Some(rest) => rest,
        None => {
            let (place, rest) = rest.split_once(" > ")?;
            (!place.contains(' ') && place.contains(".go:")).then_some(rest)?
        }
    };
    // The message ends where the first field begins.
    let fields_at = rest
        .match_indices('=')
        .find_map(|(at, _)| {
            let space = rest[..at].rfind(' ')?;
            is_key(&rest[space + 1..at]).then_some(space)
        })
        .unwrap_or(rest.len());
    let (text, tail) = rest.split_at(fields_at);
    Some(Message { at, text: text.into(), fields: pairs(tail)? })
}

fn is_key(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 40
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
}

/// `key=value key="quoted \"value\""`; `None` if the text is anything else.
fn pairs(text: &str) -> Option<Vec<(Cow<'_, str>, Cow<'_, str>)>> {
    const MOST: usize = 40;
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        if !is_key(key) || pairs.len() == MOST {
            return None;
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(inside) => quoted(inside)?,
            None => {
                let (value, after) = scan::word(after);
                (Cow::Borrowed(value), after)
            }
        };
        pairs.push((Cow::Borrowed(key), value));
        rest = after.trim_start();
    }
    Some(pairs)
}

/// The string up to its closing quote, without escapes, and what follows it.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                let (value, after) = (&text[..at], &text[at + 1..]);
                let value = match value.contains('\\') {
                    true => value.replace("\\\"", "\"").replace("\\\\", "\\").into(),
                    false => Cow::Borrowed(value),
                };
                return Some((value, after));
            }
            _ => {}
        }
    }
    None
}
