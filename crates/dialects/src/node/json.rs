//! Errors inside JSON log lines (pino, bunyan, winston, Lambda): written out again the way Node.js
//! prints them, so that one reader understands both.

use std::fmt::Write as _;

use model::Timestamp;

use super::head::message_says;
use super::stamp;
use crate::json::Json;

/// Longest text that is written out of one record; stacks repeat themselves.
const LONGEST: usize = 32 * 1024;
/// Members of a log line under which loggers put an error or an object that holds one.
const HOLDERS: [&str; 14] = [
    "err",
    "error",
    "exception",
    "cause",
    "reason",
    "errors",
    "data",
    "context",
    "meta",
    "metadata",
    "details",
    "extra",
    "fields",
    "jsonPayload",
];

/// The errors of a log line as Node.js would print them; empty if it holds none.
pub(super) fn printed(line: &Json<'_>) -> String {
    let mut out = String::new();
    write_object(line, "", 0, &mut out);
    out
}

fn write_object(object: &Json<'_>, label: &str, depth: usize, out: &mut String) {
    if depth > 6 || out.len() > LONGEST {
        return;
    }
    let text = |keys: &[&str]| keys.iter().find_map(|key| object.word(key));
    let message = text(&["message", "msg", "errorMessage", "textPayload", "log"]);
    let class = text(&["type", "name", "errorType", "class"])
        .filter(|class| class.ends_with("Error") || class.ends_with("Exception"));
    let code = text(&["code"]);
    let stack = match object.get("stack") {
        Some(Json::Array(lines)) => {
            let lines: Vec<&str> =
                lines.iter().filter_map(|l| l.text().map(AsRef::as_ref)).collect();
            Some(lines.join("\n"))
        }
        Some(stack) => stack.text().map(ToString::to_string),
        None => None,
    };
    match (stack, class, &message) {
        (Some(stack), ..) => line(out, label, &stack),
        (None, Some(class), Some(message)) => line(out, label, &format!("{class}: {message}")),
        (None, Some(class), None) if code.is_some() => line(out, label, &format!("{class}: ")),
        // Without a class it is an error only if it says so in an error's own words.
        (None, None, Some(message)) => bare(out, label, message),
        _ => {}
    }
    if let Some(code) = code {
        line(out, "  code: ", &format!("'{code}',"));
        // Loggers put their own `hostname` on the line; an error's comes with a lookup's code.
        let of_error = depth > 0 || matches!(&*code, "ENOTFOUND" | "EAI_AGAIN");
        for key in ["address", "port", "hostname"] {
            match object.get(key) {
                Some(Json::Text(value)) if of_error || key != "hostname" => {
                    line(out, "", &format!("  {key}: '{value}',"));
                }
                Some(Json::Int(value)) => line(out, "", &format!("  {key}: {value},")),
                _ => {}
            }
        }
    }
    for key in HOLDERS {
        let label = if matches!(key, "cause" | "reason") { "  [cause]: " } else { "" };
        match object.get(key) {
            Some(inner @ Json::Object(_)) => write_object(inner, label, depth + 1, out),
            Some(Json::Text(text)) => bare(out, label, text),
            Some(Json::Array(items)) => {
                for item in items.iter().take(8) {
                    write_object(item, label, depth + 1, out);
                }
            }
            _ => {}
        }
    }
}

/// A string that may be an error as a whole, or just its message.
fn bare(out: &mut String, label: &str, text: &str) {
    if message_says("Error", text).is_some() {
        line(out, label, &format!("Error: {text}"));
    } else {
        line(out, label, text);
    }
}

fn line(out: &mut String, label: &str, text: &str) {
    if out.len() <= LONGEST {
        let _ = writeln!(out, "{label}{text}");
    }
}

/// The time of a log line: `time`, `timestamp`, `ts`, as a date or a number since the epoch.
pub(super) fn time(line: &Json<'_>, offset_east: i32) -> Option<Timestamp> {
    ["time", "timestamp", "ts", "@timestamp", "datetime", "date"].iter().find_map(|key| match line
        .get(
        key,
    )? {
        Json::Text(text) => stamp::date(text.trim(), offset_east),
        Json::Int(n) if *n >= 100_000_000_000 => Some(Timestamp(n.checked_mul(1000)?)),
        Json::Int(n) if *n >= 100_000_000 => Some(Timestamp::from_unix_seconds(*n)),
        Json::Float(n) if (1e11..1e14).contains(n) => Some(Timestamp((n * 1e3).round() as i64)),
        Json::Float(n) if (1e8..1e11).contains(n) => Some(Timestamp((n * 1e6).round() as i64)),
        _ => None,
    })
}
