//! One entry of Caddy's structured log: as JSON, or as the console encoder writes it
//! (`time TAB level TAB logger TAB message TAB {fields}`).
//!
//! Source: <https://caddyserver.com/docs/caddyfile/directives/log> (encoders `json`, `console`,
//! `time_format`, `duration_format`).

use std::borrow::Cow;

use model::{Micros, Timestamp};

use super::glance;
use crate::json::Json;
use crate::{go, scan};

/// An entry, whichever encoder wrote it.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) at: Option<Timestamp>,
    pub(super) level: Cow<'a, str>,
    /// Name of the logger; empty for messages of the process itself.
    pub(super) logger: Cow<'a, str>,
    pub(super) message: Cow<'a, str>,
    /// The other members: the whole object, or what the console encoder appends.
    pub(super) fields: Json<'a>,
    /// Of the request, where it is about one.
    pub(super) duration: Option<Micros>,
}

/// Reads a record; `None` if it is neither form.
pub(super) fn read(record: &str) -> Option<Entry<'_>> {
    let record = record.trim();
    if record.starts_with('{') { structured(record) } else { console(record) }
}

fn structured(record: &str) -> Option<Entry<'_>> {
    let fields = Json::object(record)?;
    // An entry without these is some other program's.
    let (level, message) = (fields.word("level")?, fields.get("msg")?.text()?.clone());
    let at = match glance::number(record.as_bytes(), b"\"ts\"") {
        Some(number) => glance::stamp(number),
        None => fields.get("ts").and_then(stamp),
    };
    let logger = fields.word("logger").unwrap_or_default();
    let duration = span(record, &fields);
    Some(Entry { at, level, logger, message, fields, duration })
}

fn console(record: &str) -> Option<Entry<'_>> {
    let mut columns = record.splitn(5, '\t');
    let at = date(columns.next()?.as_bytes())?;
    let level = columns.next()?;
    const LEVELS: [&str; 7] = ["DEBUG", "INFO", "WARN", "ERROR", "PANIC", "FATAL", "DPANIC"];
    LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)).then_some(())?;
    // The process itself writes no name of a logger.
    let (second, third, fourth) = (columns.next()?, columns.next(), columns.next());
    let (logger, message, tail) = match (third, fourth) {
        (Some(fields), None) if fields.starts_with('{') => ("", second, Some(fields)),
        (None, None) => ("", second, None),
        (Some(message), fields) => (second, message, fields),
        (None, Some(_)) => return None,
    };
    let fields = match tail {
        Some(tail) => Json::object(tail)?,
        None => Json::Object(Vec::new()),
    };
    let duration = tail.and_then(|tail| span(tail, &fields));
    Some(Entry {
        at: Some(at),
        level: level.into(),
        logger: logger.into(),
        message: message.into(),
        fields,
        duration,
    })
}

/// `2026/11/02 03:04:05.678` or ISO 8601. Caddy writes UTC unless `time_local` is set, and then
/// nothing tells.
fn date(text: &[u8]) -> Option<Timestamp> {
    if text.len() > 40 {
        return None;
    }
    let dashed: Vec<u8> = text.iter().map(|b| if *b == b'/' { b'-' } else { *b }).collect();
    scan::iso(&dashed, 0)
}

/// A date, or a number of seconds, milliseconds or nanoseconds since 1970, by its size.
fn stamp(value: &Json<'_>) -> Option<Timestamp> {
    match value {
        Json::Text(text) => date(text.as_bytes()),
        Json::Int(n) => glance::stamp(n.to_string().as_bytes()),
        Json::Float(n) if (1e8..1e11).contains(n) => Some(Timestamp((n * 1e6) as i64)),
        Json::Float(n) if (1e11..1e14).contains(n) => Some(Timestamp((n * 1e3) as i64)),
        _ => None,
    }
}

/// The request's duration: seconds with a fraction unless `duration_format` says otherwise.
fn span(text: &str, fields: &Json<'_>) -> Option<Micros> {
    match fields.get("duration")? {
        Json::Text(span) => go::duration(span),
        Json::Float(seconds) => match glance::number(text.as_bytes(), b"\"duration\"") {
            Some(number) => scan::seconds(number),
            None => (0.0..1e9).contains(seconds).then(|| Micros((seconds * 1e6) as i64)),
        },
        // A whole number may be of any unit.
        Json::Int(0) => Some(Micros(0)),
        _ => None,
    }
}
