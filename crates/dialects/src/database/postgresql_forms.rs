//! The three forms of PostgreSQL's log: text with a `log_line_prefix`, CSV, JSON.
//!
//! Source: PostgreSQL documentation, "Error Reporting and Logging" (`log_line_prefix`, "Using
//! CSV-Format Log Output", "Using JSON-Format Log Output").

use std::borrow::Cow;

use model::Timestamp;

use super::zone;
use crate::json::Json;
use crate::{Context, Marks};

/// One message of the server, whatever form it came in.
pub(super) struct Line<'a> {
    /// When, if the form or a prefix in front of it says.
    pub(super) at: Option<Timestamp>,
    /// `LOG`, `ERROR`, `FATAL`, …
    pub(super) severity: Cow<'a, str>,
    /// The message without its severity.
    pub(super) message: Cow<'a, str>,
    /// Whether the form alone shows that PostgreSQL wrote it.
    pub(super) certain: bool,
}

/// Severities, and the labels of the lines that go with a message.
const LABELS: [&str; 18] = [
    "LOG",
    "FATAL",
    "ERROR",
    "PANIC",
    "WARNING",
    "NOTICE",
    "INFO",
    "DETAIL",
    "HINT",
    "STATEMENT",
    "CONTEXT",
    "QUERY",
    "LOCATION",
    "DEBUG1",
    "DEBUG2",
    "DEBUG3",
    "DEBUG4",
    "DEBUG5",
];

/// Words of which one is in every record, PgBouncer's included.
pub(super) const MARKS: Marks = Marks::any_of(&[
    // Text.
    &[":  "],
    // JSON.
    &["\"error_severity\""],
    // CSV.
    &[
        ",LOG,",
        ",FATAL,",
        ",ERROR,",
        ",PANIC,",
        ",WARNING,",
        ",NOTICE,",
        ",INFO,",
        ",DETAIL,",
        ",HINT,",
        ",STATEMENT,",
        ",CONTEXT,",
        ",QUERY,",
        ",LOCATION,",
        ",DEBUG",
        ",\"",
    ],
    // PgBouncer: a socket, or a process and a level.
    &["-0x", " process up: PgBouncer ", " got SIG", " stats: "],
]);

/// Bytes of a line in which its severity is looked for; prefixes are shorter.
const PREFIX: usize = 400;

/// Reads a record of any of the forms.
pub(super) fn read<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    match record.as_bytes().first()? {
        b'{' => json(record, context),
        _ => csv(record, context).or_else(|| text(record, context)),
    }
}

/// `2026-11-02 03:04:05.678 UTC [412] app@shop FATAL:  …`: severity, colon, two blanks.
fn text<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    let line = record.lines().next()?;
    let head = &line[..line.floor_char_boundary(PREFIX)];
    let (at, severity) = head.match_indices(":  ").find_map(|(colon, _)| {
        let label = LABELS.iter().find(|label| head[..colon].ends_with(**label))?;
        let start = colon - label.len();
        let before = head[..start].chars().next_back();
        before
            .is_none_or(|c| matches!(c, ' ' | ':' | ']' | '\t' | '|' | '-' | ','))
            .then_some((colon, *label))
    })?;
    let prefix = head[..at - severity.len()].trim();
    let message = line[at + 3..].trim();
    let stamped = zone::leading(prefix, context.offset_east);
    // The process is in every prefix in use: `[412]`, `[412-3]`, `(412)`, `pid=412`.
    let named = has_process(stamped.map_or(prefix, |(_, rest)| rest));
    let bare = prefix.is_empty() || named;
    (stamped.is_some() || bare).then_some(())?;
    Some(Line {
        at: stamped.map(|(time, _)| time).or(context.prefix_time),
        severity: Cow::Borrowed(severity),
        message: Cow::Borrowed(message),
        certain: stamped.is_some() && named,
    })
}

fn has_process(prefix: &str) -> bool {
    let numbered = |open: &str| {
        prefix.match_indices(open).any(|(at, _)| {
            let rest = &prefix[at + open.len()..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (1..=10).contains(&digits)
                && matches!(
                    rest.as_bytes().get(digits),
                    None | Some(b']' | b'-' | b')' | b',' | b' ' | b':')
                )
        })
    };
    numbered("[") || numbered("(") || numbered("pid=")
}

/// `2026-11-02 03:04:05.678 UTC,"app","shop",412,"10.0.0.5:43210",…,FATAL,53300,"message",…`.
fn csv<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    if !record.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let mut rest = record;
    let mut fields: [Cow<'a, str>; 14] = Default::default();
    for (number, slot) in fields.iter_mut().enumerate() {
        let (value, after) = field(rest)?;
        *slot = value;
        match after.strip_prefix(',') {
            Some(after) => rest = after,
            // A message may be cut off; everything before it must be there.
            None if number == 13 => break,
            None => return None,
        }
    }
    let (at, whole) =
        zone::leading(&fields[0], context.offset_east).map(|(at, tail)| (at, tail.is_empty()))?;
    let [.., severity, state, message] = fields;
    let whole = whole
        && LABELS.contains(&severity.as_ref())
        && state.len() == 5
        && state.bytes().all(|b| b.is_ascii_alphanumeric());
    whole.then_some(Line { at: Some(at), severity, message, certain: true })
}

/// One field of RFC 4180 and what follows it; a quoted one that is cut off ends with the text.
fn field(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(',').unwrap_or(text.len());
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let mut from = 0;
    loop {
        let Some(found) = quoted[from..].find('"') else {
            return Some((Cow::Borrowed(quoted), ""));
        };
        let end = from + found;
        if quoted[end + 1..].starts_with('"') {
            from = end + 2;
            continue;
        }
        let value = &quoted[..end];
        let value = if value.contains("\"\"") {
            Cow::Owned(value.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(value)
        };
        return Some((value, &quoted[end + 1..]));
    }
}

/// `{"timestamp":"…","pid":412,"error_severity":"FATAL","state_code":"53300","message":"…"}`.
fn json<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    memchr::memmem::find(record.as_bytes(), b"\"error_severity\"")?;
    let object = Json::object(record)?;
    // CloudNativePG puts the columns of the CSV form into `record`.
    let line = object.get("record").unwrap_or(&object);
    let severity = line.word("error_severity")?;
    line.get("pid").or_else(|| line.get("process_id")).and_then(Json::integer)?;
    let stamp = line.word("timestamp").or_else(|| line.word("log_time"))?;
    let at = zone::leading(stamp.as_ref(), context.offset_east)
        .map(|(time, _)| time)
        .or(context.prefix_time);
    let message = line.word("message").unwrap_or_default();
    LABELS.contains(&severity.as_ref()).then_some(Line { at, severity, message, certain: true })
}
