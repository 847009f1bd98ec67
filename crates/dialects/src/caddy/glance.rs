//! A quick look at healthy entries of the access log. Whatever is not exactly as Caddy's JSON
//! encoder writes it by default is left to the full parse.

use memchr::memmem;
use model::{HopKind, Tally, Timestamp};

use crate::raw::{only, string};
use crate::{SLOW, scan};

/// The tally of a healthy entry, or `None` if only a full parse can tell.
pub(super) fn tally(line: &[u8]) -> Option<Tally<'_>> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") || !line.ends_with(b"}") {
        return None;
    }
    let logger = memmem::find(line, b"\"logger\":\"http.log.access")?;
    if memmem::find(&line[logger + 1..], b"\"logger\"").is_some() {
        return None;
    }
    let status = scan::status(number(line, b"\"status\"")?)?;
    if !(200..500).contains(&status) || status == 499 {
        return None;
    }
    let elapsed = number(line, b"\"duration\"").filter(|span| span.contains(&b'.'))?;
    let elapsed = Some(scan::seconds(elapsed)?).filter(|elapsed| *elapsed < SLOW)?;
    let at = stamp(number(line, b"\"ts\"")?)?;
    let target = match memmem::find(line, b"\"upstream\"") {
        Some(_) => text(line, b"\"upstream\"")?,
        None => b"",
    };
    memmem::find(line, b"\"request\":{")?;
    let kind = HopKind::Proxy;
    Some(Tally { at, hop: b"caddy", kind, status, target, elapsed: Some(elapsed) })
}

/// The number behind a key, as text.
pub(super) fn number<'a>(line: &'a [u8], quoted_key: &[u8]) -> Option<&'a [u8]> {
    let rest = only(line, quoted_key)?.trim_ascii_start();
    let digits = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count();
    let ends = matches!(rest.get(digits), Some(b',' | b'}' | b' '));
    (digits > 0 && ends).then(|| &rest[..digits])
}

/// The string behind a key, if it has no escapes and is not empty.
fn text<'a>(line: &'a [u8], quoted_key: &[u8]) -> Option<&'a [u8]> {
    only(line, quoted_key).and_then(string).filter(|text| !text.is_empty())
}

/// A number of seconds (with a fraction or without), milliseconds, or nanoseconds since 1970.
pub(super) fn stamp(number: &[u8]) -> Option<Timestamp> {
    let whole = number.iter().take_while(|b| b.is_ascii_digit()).count();
    match whole {
        9..=11 => scan::seconds(number.get(..number.len().min(whole + 7))?),
        12..=14 => {
            let millis: i64 = std::str::from_utf8(&number[..whole]).ok()?.parse().ok()?;
            Some(model::Micros::from_millis(millis))
        }
        18..=19 => {
            let nanos: i64 = std::str::from_utf8(&number[..whole]).ok()?.parse().ok()?;
            Some(model::Micros(nanos / 1_000))
        }
        _ => None,
    }
    .map(|since| Timestamp(since.0))
}
