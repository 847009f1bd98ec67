//! A quick look at healthy request entries: finds the few fields a tally needs without parsing
//! the entry. Whatever is not exactly as expected is left to the full parse.

use memchr::memmem;
use model::{HopKind, Micros, Tally, Timestamp};

use crate::raw::{only, string};
use crate::{SLOW, scan};

/// Where the tally's hop stands and what makes an entry unremarkable, per log.
pub(super) struct Expected {
    /// What the hop's label is called, with its quotes.
    pub(super) hop_label: &'static [u8],
    /// What kind of hop writes the log.
    pub(super) kind: HopKind,
    /// Whether the server's address is the target.
    pub(super) server_is_target: bool,
    /// Keys, with their quotes, whose presence asks for a full parse.
    pub(super) remarkable: &'static [&'static [u8]],
    /// Whether a log name belongs to the log.
    pub(super) is_log: fn(&[u8]) -> bool,
}

/// The tally of a healthy request entry, or `None` if only a full parse can tell.
pub(super) fn tally<'a>(line: &'a [u8], expected: &Expected) -> Option<Tally<'a>> {
    let line = line.trim_ascii();
    if !line.starts_with(b"{") || !line.ends_with(b"}") {
        return None;
    }
    if !(expected.is_log)(string(only(line, b"\"logName\"")?)?) {
        return None;
    }
    if expected.remarkable.iter().any(|key| memmem::find(line, key).is_some()) {
        return None;
    }
    let request = flat_object(only(line, b"\"httpRequest\"")?)?;
    let status = number(only(request, b"\"status\"")?)?;
    if !(100..500).contains(&status) {
        return None;
    }
    let elapsed = match is_there(request, b"\"latency\"") {
        true => Some(latency(string(only(request, b"\"latency\"")?)?)?),
        false => None,
    };
    if elapsed.is_some_and(|elapsed| elapsed >= SLOW) {
        return None;
    }
    let target = match expected.server_is_target && is_there(request, b"\"serverIp\"") {
        true => string(only(request, b"\"serverIp\"")?)?,
        false => b"",
    };
    let hop = string(only(line, expected.hop_label)?)?;
    if hop.is_empty() {
        return None;
    }
    let start = time(string(only(line, b"\"timestamp\"")?)?)?;
    let at = elapsed.map_or(start, |elapsed| start + elapsed);
    Some(Tally { at, hop, kind: expected.kind, status, target, elapsed })
}

/// Whether an object has a key, given with its quotes, in any letters: those of another case are for
/// the full parse to read.
fn is_there(object: &[u8], key: &[u8]) -> bool {
    memchr::memchr_iter(b'"', object)
        .any(|at| object.get(at..at + key.len()).is_some_and(|it| it.eq_ignore_ascii_case(key)))
}

/// The object a value begins with, if nothing is nested in it.
fn flat_object(value: &[u8]) -> Option<&[u8]> {
    if value.first() != Some(&b'{') {
        return None;
    }
    let (mut in_string, mut escaped) = (false, false);
    for (i, byte) in value.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'}' if !in_string => return value.get(..=i),
            b'{' | b'[' if !in_string => return None,
            _ => {}
        }
    }
    None
}

/// The whole number of three digits a value begins with.
fn number(value: &[u8]) -> Option<u16> {
    let (digits, rest) = value.split_at_checked(3)?;
    let ends = matches!(rest.first(), Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t'));
    if ends { scan::status(digits) } else { None }
}

fn latency(text: &[u8]) -> Option<Micros> {
    scan::seconds(text.strip_suffix(b"s")?)
}

fn time(text: &[u8]) -> Option<Timestamp> {
    text.ends_with(b"Z").then(|| scan::iso(text, 0)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_any_letters() {
        assert!(is_there(b"{\"a\":\"b\",\"latencY\":\"8.2s\"}", b"\"latency\""));
        assert!(!is_there(b"{\"latency2\":\"8.2s\",\"x\":\"laten", b"\"latency\""));
    }

    #[test]
    fn objects_are_cut_at_their_own_brace() {
        assert_eq!(flat_object(br#"{"a":"}\"}"},"b":1}"#), Some(&br#"{"a":"}\"}"}"#[..]));
        assert_eq!(flat_object(br#"{"a":{}}"#), None);
        assert_eq!(flat_object(br#"{"a":1"#), None);
    }
}
