//! The members of a JSON log line under the names that loggers give them: nested, dotted, or as
//! OpenTelemetry's list of attributes.

use std::borrow::Cow;

use model::Timestamp;

use crate::json::Json;
use crate::node::leading_stamp;
use crate::scan;

/// Members that hold the fields of a line where they are not at its top.
const HOLDERS: [&str; 9] = [
    "attributes",
    "fields",
    "properties",
    "extra",
    "context",
    "data",
    "jsonPayload",
    "labels",
    "meta",
];

/// A member by its dotted name: `"http.status_code"` as one key or as a path, at the top or in one
/// of the members that hold fields.
pub(super) fn find<'j, 'a>(line: &'j Json<'a>, name: &str) -> Option<&'j Json<'a>> {
    in_object(line, name)
        .or_else(|| HOLDERS.iter().find_map(|holder| in_object(line.get(holder)?, name)))
}

fn in_object<'j, 'a>(object: &'j Json<'a>, name: &str) -> Option<&'j Json<'a>> {
    if let Json::Array(list) = object {
        // OTLP: `[{"key":"http.route","value":{"stringValue":"/x"}}]`.
        let entry = list
            .iter()
            .find(|entry| entry.get("key").and_then(Json::text).is_some_and(|key| key == name))?;
        return Some(any_value(entry.get("value")?));
    }
    if let Some(value) = object.get(name) {
        return Some(value);
    }
    if !name.contains('.') {
        return None;
    }
    name.split('.').try_fold(object, |value, key| value.get(key))
}

/// The value inside OTLP's `AnyValue`, or the value itself.
fn any_value<'j, 'a>(value: &'j Json<'a>) -> &'j Json<'a> {
    ["stringValue", "intValue", "doubleValue", "boolValue"]
        .iter()
        .find_map(|kind| value.get(kind))
        .unwrap_or(value)
}

/// The first member of these that is a string and not empty.
pub(super) fn text<'a>(line: &Json<'a>, names: &[&str]) -> Option<Cow<'a, str>> {
    names.iter().find_map(|name| {
        any_value(find(line, name)?).text().filter(|text| !text.trim().is_empty()).cloned()
    })
}

/// The first member of these that is a whole number, also as a string.
pub(super) fn integer(line: &Json<'_>, names: &[&str]) -> Option<i64> {
    names.iter().find_map(|name| any_value(find(line, name)?).integer())
}

/// What the line says; loggers name it in a dozen ways.
pub(super) fn message<'a>(line: &Json<'a>) -> Option<Cow<'a, str>> {
    text(
        line,
        &["msg", "message", "@m", "@mt", "body", "event", "short_message", "renderedMessage"],
    )
}

/// Whether the line has a level: a word or a number, under any of the usual names.
pub(super) fn has_level(line: &Json<'_>) -> bool {
    const NAMES: [&str; 9] = [
        "level",
        "severity",
        "severityText",
        "log.level",
        "levelname",
        "@l",
        "lvl",
        "logLevel",
        "level_name",
    ];
    const WORDS: [&str; 16] = [
        "trace",
        "debug",
        "info",
        "information",
        "notice",
        "warn",
        "warning",
        "error",
        "err",
        "critical",
        "crit",
        "fatal",
        "panic",
        "alert",
        "emergency",
        "verbose",
    ];
    NAMES.iter().any(|name| match find(line, name) {
        Some(Json::Text(word)) => WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)),
        // bunyan and pino count in tens.
        Some(Json::Int(number)) => (10..=60).contains(number) && number % 10 == 0,
        _ => false,
    })
}

/// The line's time: a date, or a number since the epoch in seconds, milli-, micro- or nanoseconds
/// by its size.
pub(super) fn time(line: &Json<'_>, offset_east: i32) -> Option<Timestamp> {
    const NAMES: [&str; 12] = [
        "time",
        "timestamp",
        "@timestamp",
        "ts",
        "@t",
        "asctime",
        "datetime",
        "date",
        "timeUnixNano",
        "observedTimeUnixNano",
        "time_unix_nano",
        "eventTime",
    ];
    NAMES.iter().find_map(|name| match line.get(name)? {
        Json::Text(text) => match text.bytes().all(|b| b.is_ascii_digit()) {
            true => epoch(text.parse::<f64>().ok()?),
            false => scan::iso(text.trim().as_bytes(), offset_east)
                .or_else(|| leading_stamp(text, offset_east).0),
        },
        Json::Int(number) => epoch(*number as f64),
        Json::Float(number) => epoch(*number),
        _ => None,
    })
}

fn epoch(value: f64) -> Option<Timestamp> {
    let micros = match value {
        v if (1e8..1e11).contains(&v) => v * 1e6,
        v if (1e11..1e14).contains(&v) => v * 1e3,
        v if (1e14..1e17).contains(&v) => v,
        v if (1e17..1e20).contains(&v) => v / 1e3,
        _ => return None,
    };
    Some(Timestamp(micros.round() as i64))
}
