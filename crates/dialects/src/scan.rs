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
                        value = value.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
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
#[inline]
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

/// Reads eight bytes against a pattern in which `0` stands for any digit and every other byte for
/// itself; the values of the digits (zero elsewhere), or `None` where the bytes do not fit.
#[inline]
fn fit(text: [u8; 8], pattern: [u8; 8]) -> Option<[u8; 8]> {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // After the exclusive or, a digit is 0 to 9 and any other expected byte 0; these addends raise
    // everything above to the byte's highest bit, and bytes without that bit cannot carry over.
    let reach = pattern.map(|byte| if byte == b'0' { 0x76 } else { 0x7f });
    let value = u64::from_le_bytes(text) ^ u64::from_le_bytes(pattern);
    let above = value.wrapping_add(u64::from_le_bytes(reach));
    ((value | above) & HIGH == 0).then(|| value.to_le_bytes())
}

/// Days from the epoch to the first of a month, in years where every fourth is a leap year.
fn days_to_month(year: u32, month: u32) -> i64 {
    const BEFORE: [u16; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let leap_days = (year - 1969) / 4 + u32::from(month > 2 && year.is_multiple_of(4));
    let before = BEFORE.get(month as usize - 1).copied().unwrap_or(0);
    i64::from((year - 1970) * 365 + leap_days) + i64::from(before)
}

/// `2018-07-02T22:23:00.186641Z`: exactly this form, read by position, from 1970 to 2099. For the
/// quick look of dialects that always write it; [`iso`] reads every other form.
#[inline]
#[must_use]
pub fn iso_micros_utc(text: &[u8; 27]) -> Option<Timestamp> {
    let part = |from: usize| text[from..].first_chunk::<8>().copied();
    let date = fit(part(0)?, *b"0000-00-")?.map(u32::from);
    let time = fit(part(8)?, *b"00T00:00")?.map(u32::from);
    let fraction = fit(part(19)?, *b".000000Z")?.map(u32::from);
    let second = fit(part(16)?, *b":00.0000")?.map(u32::from);
    let year = date[0] * 1000 + date[1] * 100 + date[2] * 10 + date[3];
    let month = date[5] * 10 + date[6];
    let day = time[0] * 10 + time[1];
    let hour = time[3] * 10 + time[4];
    let minute = time[6] * 10 + time[7];
    let second = second[1] * 10 + second[2];
    let micros = (fraction[1] * 100_000 + fraction[2] * 10_000 + fraction[3] * 1_000)
        + (fraction[4] * 100 + fraction[5] * 10 + fraction[6]);
    // Days that not every month has, leap seconds and far years take the way that knows them all.
    let plain = (1970..2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=28).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !plain {
        let date = (i32::try_from(year).ok()?, month, day);
        return Timestamp::from_civil(date, (hour, minute, second), micros, 0);
    }
    let days = days_to_month(year, month) + i64::from(day) - 1;
    let seconds = days * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Some(Timestamp(seconds * 1_000_000 + i64::from(micros)))
}

/// Position of the first space. Words of logs are short, so eight bytes at a time are faster here
/// than a call to a vectorised search.
#[inline]
#[must_use]
pub fn space(text: &[u8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let mut rest = text;
    let mut from = 0;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let zero_where_space = u64::from_le_bytes(*chunk) ^ (ONES * b' ' as u64);
        let found = zero_where_space.wrapping_sub(ONES) & !zero_where_space & HIGH;
        if found != 0 {
            return Some(from + found.trailing_zeros() as usize / 8);
        }
        rest = after;
        from += 8;
    }
    rest.iter().position(|byte| *byte == b' ').map(|at| from + at)
}

/// Seconds with one digit before the point and three behind, and a space after them (`0.042 `), as
/// microseconds; `None` for every other form.
#[inline]
#[must_use]
pub fn short_seconds(text: &[u8]) -> Option<Micros> {
    let mut chunk = *text.first_chunk::<8>()?;
    chunk[6] = b'0';
    chunk[7] = b'0';
    let digit = fit(chunk, *b"0.000 00")?.map(i64::from);
    let millis = digit[0] * 1000 + digit[2] * 100 + digit[3] * 10 + digit[4];
    Some(Micros::from_millis(millis))
}

/// One of these is in every date of the common log format: `10/Oct/2000:13:55:36`.
pub(crate) const DATE_MONTHS: &[&str] = &[
    "/Jan/", "/Feb/", "/Mar/", "/Apr/", "/May/", "/Jun/", "/Jul/", "/Aug/", "/Sep/", "/Oct/",
    "/Nov/", "/Dec/",
];

/// One of these is in every group of numbers with slashes between: `0/1`.
pub(crate) const DIGIT_SLASH: &[&str] =
    &["0/", "1/", "2/", "3/", "4/", "5/", "6/", "7/", "8/", "9/"];

/// Month number of an English three-letter month name.
#[must_use]
pub fn month(name: &[u8]) -> Option<u32> {
    Some(match <&[u8; 3]>::try_from(name).ok()? {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
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
    let has_protocol = method.len() + 1 + target.len() < line.len();
    // nginx and httpd let more than one space pass on either side of the target.
    let target = target.trim_matches(' ');
    // Methods are case-sensitive (RFC 9110 section 9.1), so one in small letters is another method
    // and still a request where all of the line is one.
    let small = has_protocol && target.starts_with('/');
    let fits = |b: u8| {
        b.is_ascii_uppercase() || matches!(b, b'-' | b'_') || (small && b.is_ascii_lowercase())
    };
    if method.len() > 20 || !method.bytes().all(fits) || target.is_empty() {
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
    fn the_quick_time_agrees_with_the_full_one() {
        let shown = |text: &str| {
            let quick = iso_micros_utc(text.as_bytes().try_into().unwrap());
            assert_eq!(quick, iso(text.as_bytes(), 0), "{text}");
            quick.is_some()
        };
        for year in [1969, 1970, 1972, 1999, 2000, 2024, 2026, 2099, 2100, 2400] {
            for month in 0..=13 {
                for day in [0, 1, 28, 29, 30, 31, 32] {
                    shown(&format!("{year:04}-{month:02}-{day:02}T23:59:58.000123Z"));
                }
            }
        }
        assert!(shown("2018-07-02T22:23:60.186641Z"));
        for bad in [
            "2018-07-02T24:23:00.186641Z",
            "2018-07-02T22:60:00.186641Z",
            "2018-07-02T22:23:00.18664:Z",
            "2018-07-02T22:23:00.18664/Z",
            "2018-07-02T22:23:00.1866\u{e9}Z",
        ] {
            assert!(!shown(bad));
        }
        assert_eq!(iso_micros_utc(b"2018-07-02 22:23:00.186641Z"), None);
        assert_eq!(iso_micros_utc(b"2018-07-02T22:23:00.186641+"), None);
    }

    #[test]
    fn spaces_and_short_spans() {
        let long = b"0123456789abcdef!\xa0\x1f\x21 x ";
        for from in 0..=long.len() {
            let plain = long[from..].iter().position(|b| *b == b' ');
            assert_eq!(space(&long[from..]), plain);
        }
        assert_eq!(short_seconds(b"0.042 xy"), Some(Micros(42_000)));
        assert_eq!(short_seconds(b"9.999 \xff\xff"), Some(Micros(9_999_000)));
        for bad in [&b"0.042 x"[..], b"-1 0.042", b"10.042 x", b"0.04a xy", b"0.0420 x"] {
            assert_eq!(short_seconds(bad), None);
        }
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
