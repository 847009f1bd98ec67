//! A quick look at the healthy requests of pino-http, the commonest of the JSON request logs: only
//! lines of nothing but its own members, so that nothing a full parse would tell is passed over.

use memchr::{memchr, memchr3, memmem};
use model::{HopKind, Micros, Tally, Timestamp};

use crate::{SLOW, scan};

/// Members pino and pino-http write themselves, besides those that are looked at.
const PLAIN: [&[u8]; 4] = [b"pid", b"hostname", b"v", b"reqId"];

/// The tally of a healthy request, or `None` if only a full parse can tell.
pub(super) fn tally(line: &[u8]) -> Option<Tally<'_>> {
    let mut rest = line.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let (mut at, mut hop, mut status, mut elapsed) = (None, &b"application"[..], None, None);
    let (mut level, mut request, mut completed) = (false, false, false);
    while !rest.is_empty() {
        let (key, after) = string(rest)?;
        let after = after.strip_prefix(b":")?;
        let (value, after) = value(after)?;
        match key {
            // Numbers below that of an error.
            b"level" => level = matches!(value, b"30" | b"40"),
            b"time" if value.len() == 13 => at = Some(Timestamp(number(value)? * 1000)),
            b"name" => {
                hop = string(value)
                    .map(|(name, _)| name)
                    .filter(|name| !name.trim_ascii().is_empty())?;
            }
            b"res" => {
                let inside = value.strip_prefix(b"{\"statusCode\":")?;
                status = scan::status(inside.get(..3)?);
                matches!(inside.get(3)?, b',' | b'}').then_some(())?;
                // A second one would be another request's.
                memmem::find(inside, b"\"statusCode\"").is_none().then_some(())?;
            }
            b"req" => request = has_method(value),
            b"responseTime" => elapsed = Some(Micros(number(value)? * 1000)),
            b"msg" => completed = value == b"\"request completed\"",
            _ if PLAIN.contains(&key) => {}
            _ => return None,
        }
        rest = match after.first() {
            None => after,
            Some(b',') => &after[1..],
            Some(_) => return None,
        };
    }
    let status = status.filter(|status| (100..500).contains(status))?;
    let unremarkable = level && request && completed && elapsed.is_none_or(|span| span < SLOW);
    unremarkable.then_some(())?;
    Some(Tally { at: at?, hop, kind: HopKind::Application, status, target: b"", elapsed })
}

/// Whether a request has its method where pino's serializer writes it: first, or behind the id.
fn has_method(request: &[u8]) -> bool {
    let inside = request.strip_prefix(b"{").unwrap_or(b"");
    let behind = match inside.strip_prefix(b"\"id\":").map(value) {
        Some(Some((_, rest))) => rest.strip_prefix(b",").unwrap_or(b""),
        Some(None) => b"",
        None => inside,
    };
    let method = behind.strip_prefix(b"\"method\":").and_then(string);
    method.is_some_and(|(name, _)| {
        (3..=10).contains(&name.len()) && name.iter().all(u8::is_ascii_alphabetic)
    })
}

/// A whole number of at most thirteen digits.
fn number(text: &[u8]) -> Option<i64> {
    let whole = !text.is_empty() && text.len() <= 13 && text.iter().all(u8::is_ascii_digit);
    // JSON has no number with a zero in front.
    let plain = text.len() == 1 || text.first() != Some(&b'0');
    (whole && plain).then(|| text.iter().fold(0, |value, byte| value * 10 + i64::from(byte - b'0')))
}

/// A string without escapes and what follows its closing quote.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"\"")?;
    let end = memchr(b'"', inside)?;
    let value = &inside[..end];
    (memchr(b'\\', value).is_none() && std::str::from_utf8(value).is_ok())
        .then_some((value, &inside[end + 1..]))
}

/// A number, a string without escapes, or an object; and what follows it.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    match text.first()? {
        b'"' => {
            let (_, after) = string(text)?;
            Some(text.split_at(text.len() - after.len()))
        }
        b'{' => {
            let mut depth = 0_u32;
            let mut at = 0;
            while let Some(found) = memchr3(b'"', b'{', b'}', text.get(at..)?) {
                at += found;
                match text[at] {
                    b'{' => depth += 1,
                    b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            return Some(text.split_at(at + 1));
                        }
                    }
                    _ => {
                        let (inside, _) = string(&text[at..])?;
                        at += inside.len() + 1;
                    }
                }
                at += 1;
            }
            None
        }
        b'0'..=b'9' => {
            let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
            Some(text.split_at(end))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::tally;

    const LINE: &str = r#"{"level":30,"time":1793588645678,"pid":7,"hostname":"web-1","name":"shop","req":{"id":1,"method":"GET","url":"/a"},"res":{"statusCode":200,"headers":{"x":"}"}},"responseTime":12,"msg":"request completed"}"#;

    #[test]
    fn only_what_is_plainly_healthy() {
        let found = tally(LINE.as_bytes()).unwrap();
        assert_eq!((found.status, found.hop), (200, &b"shop"[..]));
        for (from, to) in [
            ("\"statusCode\":200", "\"statusCode\":503"),
            ("\"level\":30", "\"level\":50"),
            ("request completed", "request errored"),
            ("\"pid\":7", "\"err\":{}"),
            ("\"pid\":7", "\"service\":\"x\""),
            ("\"responseTime\":12", "\"responseTime\":6000"),
            ("\"responseTime\":12", "\"responseTime\":12.5"),
            ("\"method\":\"GET\"", "\"query\":{\"method\":\"GET\"}"),
            ("\"name\":\"shop\"", "\"name\":\"sh\\u006fp\""),
        ] {
            let line = LINE.replace(from, to);
            assert_ne!(line, LINE, "{from}");
            assert_eq!(tally(line.as_bytes()), None, "{to}");
        }
        for cut in 0..LINE.len() {
            assert_eq!(tally(&LINE.as_bytes()[..cut]), None);
        }
    }
}
