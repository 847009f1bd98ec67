//! Small scanners that every dialect shares: words, decimals, time stamps.

use model::{Micros, Timestamp};

/// Splits off the first space-delimited word; the rest begins after the space.
#[must_use]
pub fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}

/// `-` and the empty string mean "no value" in most log formats.
#[must_use]
pub fn present(field: &str) -> Option<&str> {
    (!field.is_empty() && field != "-").then_some(field)
}

/// A non-negative decimal number of seconds as microseconds; digits past the sixth are ignored.
/// `None` for `-`, `-1` and anything that is no number.
#[must_use]
pub fn seconds(text: &[u8]) -> Option<Micros> {
    let mut value: i64 = 0;
    let mut decimals: Option<u32> = None;
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let mut digits = 0;
    for &byte in text {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                match &mut decimals {
                    Some(6) => {}
                    Some(n) => {
                        *n += 1;
                        value = value * 10 + i64::from(byte - b'0');
                    }
                    None => value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?,
                }
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return None,
        }
    }
    if digits == 0 {
        return None;
    }
    value.checked_mul(10_i64.pow(6 - decimals.unwrap_or(0))).map(Micros)
}

/// A non-negative whole number of milliseconds.
#[must_use]
pub fn millis(text: &str) -> Option<Micros> {
    text.parse::<u32>().ok().map(|ms| Micros::from_millis(i64::from(ms)))
}

/// A three-digit HTTP status (000 included).
#[must_use]
pub fn status(text: &[u8]) -> Option<u16> {
    match *text {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] => {
            Some(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    }
}

/// Number made of exactly these digits.
#[must_use]
pub fn digits(text: &[u8]) -> Option<u32> {
    if text.is_empty() || text.len() > 9 {
        return None;
    }
    text.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

/// Fraction digits (without the point) as microseconds.
fn micros(fraction: &[u8]) -> Option<u32> {
    let mut value = 0;
    for i in 0..6 {
        let digit = match fraction.get(i) {
            Some(byte) if byte.is_ascii_digit() => u32::from(byte - b'0'),
            Some(_) => return None,
            None => 0,
        };
        value = value * 10 + digit;
    }
    fraction.iter().all(u8::is_ascii_digit).then_some(value)
}

/// Zone designator `Z`, `+09:00`, `-0700` or `+00`, in seconds east of UTC.
#[must_use]
pub fn offset(text: &[u8]) -> Option<i32> {
    let (sign, rest) = match text {
        b"Z" | b"z" | b"UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [_, _] => (rest, &b"0"[..]),
        [_, _, b':', _, _] => (&rest[..2], &rest[3..]),
        [_, _, _, _] => (&rest[..2], &rest[2..]),
        _ => return None,
    };
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours <= 15 && minutes < 60).then(|| sign * (hours * 3600 + minutes * 60) as i32)
}

/// ISO 8601 / RFC 3339 date and time: `2018-07-02T22:23:00.186641Z`, with `T` or a space, with or
/// without fraction; without a zone the given one applies.
#[must_use]
pub fn iso(text: &[u8], offset_east: i32) -> Option<Timestamp> {
    if text.len() < 19 || text[4] != b'-' || text[7] != b'-' || text[13] != b':' || text[16] != b':'
    {
        return None;
    }
    if !matches!(text[10], b'T' | b't' | b' ' | b'_') {
        return None;
    }
    let date = (digits(&text[..4])? as i32, digits(&text[5..7])?, digits(&text[8..10])?);
    let time = (digits(&text[11..13])?, digits(&text[14..16])?, digits(&text[17..19])?);
    let mut rest = &text[19..];
    let mut fraction = 0;
    if let [b'.' | b',', after @ ..] = rest {
        let end = after.iter().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
        fraction = micros(&after[..end])?;
        rest = &after[end..];
    }
    let zone = if rest.is_empty() { offset_east } else { offset(rest)? };
    Timestamp::from_civil(date, time, fraction, zone)
}

/// `2018-07-02T22:23:00.186641Z`: exactly this form, read by position. For the quick look of
/// dialects that always write it; [`iso`] reads every other form.
#[must_use]
pub fn iso_micros_utc(text: &[u8; 27]) -> Option<Timestamp> {
    const MARKS: [(usize, u8); 7] =
        [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.'), (26, b'Z')];
    let mut wrong = false;
    for (at, mark) in MARKS {
        wrong |= text[at] != mark;
    }
    let mut number = |from: usize, to: usize| {
        let mut value = 0;
        for byte in &text[from..to] {
            let digit = byte.wrapping_sub(b'0');
            wrong |= digit > 9;
            value = value * 10 + u32::from(digit);
        }
        value
    };
    let date = (number(0, 4) as i32, number(5, 7), number(8, 10));
    let time = (number(11, 13), number(14, 16), number(17, 19));
    let micros = number(20, 26);
    if wrong { None } else { Timestamp::from_civil(date, time, micros, 0) }
}

/// Month number of an English three-letter month name.
#[must_use]
pub fn month(name: &[u8]) -> Option<u32> {
    const NAMES: [&[u8; 3]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    NAMES.iter().position(|n| n.as_slice() == name).map(|i| i as u32 + 1)
}

/// The common log format's time, without brackets: `10/Oct/2000:13:55:36 -0700`; also without
/// zone, and with milliseconds as HAProxy writes them (`06/Feb/2009:12:14:14.655`).
#[must_use]
pub fn clf_time(text: &[u8], offset_east: i32) -> Option<Timestamp> {
    if text.len() < 20 || text[2] != b'/' || text[6] != b'/' || text[11] != b':' {
        return None;
    }
    let date = (digits(&text[7..11])? as i32, month(&text[3..6])?, digits(&text[..2])?);
    if text[14] != b':' || text[17] != b':' {
        return None;
    }
    let time = (digits(&text[12..14])?, digits(&text[15..17])?, digits(&text[18..20])?);
    let mut rest = &text[20..];
    let mut fraction = 0;
    if let [b'.', after @ ..] = rest {
        let end = after.iter().position(|b| !b.is_ascii_digit()).unwrap_or(after.len());
        fraction = micros(&after[..end])?;
        rest = &after[end..];
    }
    let zone = match rest {
        [] => offset_east,
        [b' ', zone @ ..] => offset(zone)?,
        _ => return None,
    };
    Timestamp::from_civil(date, time, fraction, zone)
}

/// A path without its query and fragment.
#[must_use]
pub fn without_query(uri: &str) -> &str {
    &uri[..uri.find(['?', '#']).unwrap_or(uri.len())]
}

/// The request line's method and target: splits at the first and the last space only, because
/// targets may contain raw spaces. The protocol is dropped.
#[must_use]
pub fn request_line(line: &str) -> Option<(&str, &str)> {
    let (method, rest) = line.split_once(' ')?;
    let target = match rest.rsplit_once(' ') {
        Some((target, protocol)) if protocol.starts_with("HTTP/") => target,
        _ => rest,
    };
    (!method.is_empty()).then_some((method, target))
}

/// Path (without query) and host of an absolute or origin-form request target.
#[must_use]
pub fn path_and_host(target: &str) -> (&str, Option<&str>) {
    // A URL in the query of an origin-form target is not the target's own scheme.
    let absolute = (!target.starts_with('/')).then(|| target.split_once("://")).flatten();
    let Some((_, rest)) = absolute else {
        return (without_query(target), None);
    };
    let slash = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(slash);
    (if path.is_empty() { "/" } else { without_query(path) }, present(authority))
}

/// An address without its port: the port stands after the last colon, brackets are optional.
#[must_use]
pub fn without_port(address: &str) -> &str {
    match address.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => address,
    }
}

/// Method, path (without query) and host of a request line; `None` if it does not begin with a
/// method, as the bytes of other protocols on an HTTP port do not.
#[must_use]
pub fn method_and_path(line: &str) -> Option<(&str, &str, Option<&str>)> {
    let (method, target) = request_line(line)?;
    let plausible = method.len() <= 20
        && method.bytes().all(|b| b.is_ascii_uppercase() || matches!(b, b'-' | b'_'));
    if !plausible || target.is_empty() {
        return None;
    }
    let (path, host) = path_and_host(target);
    Some((method, path, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        assert_eq!(seconds(b"0.001"), Some(Micros(1000)));
        assert_eq!(seconds(b"12"), Some(Micros(12_000_000)));
        assert_eq!(seconds(b"0.123456789"), Some(Micros(123_456)));
        for bad in [&b"-1"[..], b"-", b"", b".", b"1.2.3", b"99999999999999999999"] {
            assert_eq!(seconds(bad), None);
        }
    }

    #[test]
    fn times() {
        let shown = |t: Option<Timestamp>| t.map(|t| t.to_string());
        assert_eq!(
            shown(iso(b"2018-07-02T22:23:00.186641Z", 0)).as_deref(),
            Some("2018-07-02T22:23:00.186641Z")
        );
        assert_eq!(
            shown(iso(b"2018-07-02 22:23:00+09:00", 0)).as_deref(),
            Some("2018-07-02T13:23:00Z")
        );
        assert_eq!(
            shown(iso(b"2026-11-02T03:04:05.123456789Z", 0)).as_deref(),
            Some("2026-11-02T03:04:05.123456Z")
        );
        assert_eq!(
            shown(clf_time(b"10/Oct/2000:13:55:36 -0700", 0)).as_deref(),
            Some("2000-10-10T20:55:36Z")
        );
        assert_eq!(
            shown(clf_time(b"06/Feb/2009:12:14:14.655", 3600)).as_deref(),
            Some("2009-02-06T11:14:14.655Z")
        );
        assert_eq!(iso(b"2018-07-02Tx2:23:00", 0), None);
    }

    #[test]
    fn request_lines() {
        assert_eq!(
            request_line("GET http://h/shell?cd+/tmp;wget+ a.b/c HTTP/1.1"),
            Some(("GET", "http://h/shell?cd+/tmp;wget+ a.b/c"))
        );
        assert_eq!(path_and_host("http://h:80/a/b?c"), ("/a/b", Some("h:80")));
        assert_eq!(path_and_host("/a?b"), ("/a", None));
        assert_eq!(path_and_host("/in?to=http://h/x"), ("/in", None));
        assert_eq!(without_port("[2001:db8::1]:80"), "[2001:db8::1]");
    }
}
