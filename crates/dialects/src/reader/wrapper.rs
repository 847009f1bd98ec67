//! Lines inside JSON: Docker's json-file driver, journald's and the shippers' message fields.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use model::Timestamp;
use serde_json::{Map, Value};

use crate::scan;

/// Decodes the body of a JSON string from just behind its opening quote, appends it to `out`
/// without a final line end, and returns where the closing quote stands. `None` if there is none
/// or an escape is malformed.
pub(super) fn json_string(text: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    out.clear();
    let mut at = 0;
    loop {
        let stop = at + memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        out.extend_from_slice(&text[at..stop]);
        if text[stop] == b'"' {
            if out.last() == Some(&b'\n') {
                out.pop();
            }
            if out.last() == Some(&b'\r') {
                out.pop();
            }
            return Some(stop);
        }
        at = stop + 2;
        let plain = match text.get(stop + 1)? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b @ (b'"' | b'\\' | b'/') => *b,
            b'u' => {
                let (character, length) = unicode(text.get(stop..)?)?;
                let mut utf8 = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut utf8).as_bytes());
                at = stop + length;
                continue;
            }
            _ => return None,
        };
        out.push(plain);
    }
}

/// The character of one `\uXXXX`, or of a pair of surrogates, and the length of the escape.
fn unicode(text: &[u8]) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let hex = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()
    };
    let first = unit(0)?;
    if (0xD800..0xDC00).contains(&first)
        && let Some(second @ 0xDC00..0xE000) = unit(6)
    {
        let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        return Some((char::from_u32(code)?, 12));
    }
    Some((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

/// The `time` member behind the text of a json-file line.
pub(super) fn docker_time(rest: &[u8]) -> Option<Timestamp> {
    const KEY: &[u8] = b"\"time\":\"";
    let at = super::lines::find(rest, KEY)? + KEY.len();
    let value = rest.get(at..)?;
    scan::iso(value.get(..memchr::memchr(b'"', value)?)?, 0)
}

/// A message taken out of a JSON object, and what the object says about it.
pub(super) struct Message {
    pub(super) text: String,
    pub(super) hop: Option<String>,
    pub(super) time: Option<Timestamp>,
}

/// Takes the message out of a JSON object that only carries it.
pub(super) fn message(record: &str) -> Option<Message> {
    if !record.starts_with('{') {
        return None;
    }
    // Docker and fluentd; journald; shippers and CloudWatch; Google Cloud; Azure and others.
    const KEYS: [&str; 6] = ["log", "MESSAGE", "message", "textPayload", "msg", "line"];
    // Cheap first: most JSON has none of these, and an escape is all that could hide one.
    static QUOTED: LazyLock<[Finder<'static>; 7]> = LazyLock::new(|| {
        let [log, message, second, payload, msg, line] =
            KEYS.map(|key| Finder::new(&format!("\"{key}\"")).into_owned());
        [log, message, second, payload, msg, line, Finder::new("\\u")]
    });
    QUOTED.iter().find(|word| word.find(record.as_bytes()).is_some())?;
    let object: Map<String, Value> = serde_json::from_str(record).ok()?;
    let text = KEYS.iter().find_map(|key| object.get(*key).and_then(Value::as_str))?;
    if text.is_empty() {
        return None;
    }
    let time = ["time", "@timestamp", "timestamp", "ts"]
        .iter()
        .find_map(|key| object.get(*key))
        .and_then(stamp)
        .or_else(|| {
            let micros = object.get("__REALTIME_TIMESTAMP")?.as_str()?.parse().ok()?;
            Some(Timestamp(micros))
        });
    let hop = ["_HOSTNAME", "container_name", "host", "hostname"]
        .iter()
        .find_map(|key| object.get(*key).and_then(Value::as_str))
        .filter(|name| !name.is_empty())
        .map(str::to_owned);
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    Some(Message { text, hop, time })
}

/// ISO text, or a number of seconds, milliseconds or microseconds since 1970 by its size.
fn stamp(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => scan::iso(text.as_bytes(), 0),
        Value::Number(number) => {
            let value = number.as_f64()?;
            let micros = match value {
                v if (1e8..1e11).contains(&v) => v * 1e6,
                v if (1e11..1e14).contains(&v) => v * 1e3,
                v if (1e14..1e17).contains(&v) => v,
                _ => return None,
            };
            Some(Timestamp(micros as i64))
        }
        _ => None,
    }
}

/// The text without ANSI escape sequences (ECMA-48 control sequences), if it has any.
pub(super) fn without_colours(text: &str) -> Option<String> {
    text.contains('\u{1b}').then(|| {
        let mut out = String::with_capacity(text.len());
        let mut rest = text.chars().peekable();
        while let Some(character) = rest.next() {
            if character != '\u{1b}' {
                out.push(character);
            } else if rest.next_if_eq(&'[').is_some() {
                while rest.next_if(|c| !('@'..='~').contains(c)).is_some() {}
                rest.next();
            }
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        let mut out = Vec::new();
        let text = br#"a \"b\" \u00e9\ud83d\ude00\u001b\t\n","stream":"stdout","time":"2024-01-02T03:04:05.5Z"}"#;
        let end = json_string(text, &mut out).unwrap();
        assert_eq!(String::from_utf8(out.clone()).unwrap(), "a \"b\" é😀\u{1b}\t");
        assert_eq!(docker_time(&text[end..]).unwrap().to_string(), "2024-01-02T03:04:05.500Z");
        for bad in [&b"no end"[..], b"\\", b"\\u12", b"\\x\"", b""] {
            assert_eq!(json_string(bad, &mut out), None);
        }
    }

    #[test]
    fn messages() {
        let found =
            message(r#"{"MESSAGE":"x\n","_HOSTNAME":"h","__REALTIME_TIMESTAMP":"1000000"}"#)
                .unwrap();
        assert_eq!((found.text.as_str(), found.hop.as_deref()), ("x", Some("h")));
        assert_eq!(found.time, Some(Timestamp(1_000_000)));
        let found = message(r#"{"message":"x","timestamp":1700000000123}"#).unwrap();
        assert_eq!(found.time, Some(Timestamp(1_700_000_000_123_000)));
        assert!(message(r#"{"status":200}"#).is_none());
        assert!(message("{broken").is_none());
    }

    #[test]
    fn colours() {
        assert_eq!(without_colours("\u{1b}[31;1mred\u{1b}[0m \u{1b}x\u{1b}[").unwrap(), "red x");
        assert_eq!(without_colours("plain"), None);
    }
}
