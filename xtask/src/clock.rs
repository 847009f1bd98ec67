//! Civil time without a clock: microseconds since 1970 in UTC, written the way logs write them.

use crate::text::{pad, push};
use anyhow::{Context, Result, bail};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Time(pub(crate) i64);

/// One second in microseconds.
pub(crate) const SECOND: i64 = 1_000_000;
/// One minute in microseconds.
pub(crate) const MINUTE: i64 = 60 * SECOND;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Civil {
    pub(crate) year: u64,
    pub(crate) month: u64,
    pub(crate) day: u64,
    pub(crate) hour: u64,
    pub(crate) minute: u64,
    pub(crate) second: u64,
    pub(crate) micros: u64,
}

impl Time {
    /// Reads `2026-11-02T00:00:00Z`; the zone must be `Z`.
    pub(crate) fn parse(text: &str) -> Result<Time> {
        let number = |range: std::ops::Range<usize>| -> Result<i64> {
            let digits = text.get(range).context("too short")?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                bail!("not a number: {digits:?}");
            }
            Ok(digits.parse()?)
        };
        let shape: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_digit()).collect();
        if shape != b"--T::Z" || text.len() != 20 {
            bail!("expected a time such as 2026-11-02T00:00:00Z, got {text:?}");
        }
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        let fits = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !fits {
            bail!("no such time: {text:?}");
        }
        let days = days_from_civil(year, month, day);
        Ok(Time((days * 86_400 + hour * 3600 + minute * 60 + second) * SECOND))
    }

    /// Later by this many microseconds.
    pub(crate) fn plus(self, micros: i64) -> Time {
        Time(self.0 + micros)
    }

    /// Year, month, day and time of day.
    #[inline]
    pub(crate) fn civil(self) -> Civil {
        let seconds = self.0.div_euclid(SECOND);
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400) as u64);
        let (year, month, day) = civil_from_days(days);
        Civil {
            year,
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            micros: self.0.rem_euclid(SECOND) as u64,
        }
    }

    /// Appends `2026-11-02T00:00:00.123456Z`.
    #[inline]
    pub(crate) fn push_rfc3339(self, out: &mut Vec<u8>) {
        let c = self.civil();
        pad(out, c.year, 4);
        out.push(b'-');
        pad(out, c.month, 2);
        out.push(b'-');
        pad(out, c.day, 2);
        out.push(b'T');
        self.push_time_of_day(out, &c);
        out.push(b'.');
        pad(out, c.micros, 6);
        out.push(b'Z');
    }

    /// Appends `02/Nov/2026:00:00:00 +0000`, nginx's `$time_local` in UTC.
    #[inline]
    pub(crate) fn push_common_log(self, out: &mut Vec<u8>) {
        let c = self.civil();
        pad(out, c.day, 2);
        out.push(b'/');
        push(out, MONTHS[c.month as usize - 1]);
        out.push(b'/');
        pad(out, c.year, 4);
        out.push(b':');
        self.push_time_of_day(out, &c);
        push(out, " +0000");
    }

    fn push_time_of_day(self, out: &mut Vec<u8>, c: &Civil) {
        pad(out, c.hour, 2);
        out.push(b':');
        pad(out, c.minute, 2);
        out.push(b':');
        pad(out, c.second, 2);
    }

    /// `2026-11-02T00:00:00.123456Z` as a string.
    pub(crate) fn rfc3339(self) -> String {
        let mut out = Vec::with_capacity(27);
        self.push_rfc3339(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }
}

/// Reads a duration such as `90s`, `45m`, `6h`, `2d`, in microseconds.
pub(crate) fn parse_duration(text: &str) -> Result<i64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => 60 * MINUTE,
        "d" => 24 * 60 * MINUTE,
        _ => bail!("expected a duration such as 90s, 45m, 6h or 2d, got {text:?}"),
    };
    let number: i64 = digits.parse().with_context(|| format!("not a duration: {text:?}"))?;
    match number.checked_mul(unit) {
        Some(micros) if micros > 0 => Ok(micros),
        _ => bail!("duration out of range: {text:?}"),
    }
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

#[inline]
fn civil_from_days(days: i64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, doe) = (z.div_euclid(146_097), z.rem_euclid(146_097));
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year as u64, month as u64, (doy - (153 * mp + 2) / 5 + 1) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for text in ["1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2026-11-02T06:07:08Z"] {
            let time = Time::parse(text).expect(text);
            assert_eq!(time.rfc3339().replace(".000000", ""), text);
        }
        assert_eq!(Time::parse("2001-09-09T01:46:40Z").expect("valid").0, 1_000_000_000 * SECOND);
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in ["", "2026-11-02", "2026-13-02T00:00:00Z", "2026-11-02T24:00:00Z", "２０２６"]
        {
            assert!(Time::parse(text).is_err(), "{text}");
        }
        for text in ["", "6", "h", "-6h", "6x", "0s", "99999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert_eq!(parse_duration("6h").expect("valid"), 6 * 3600 * SECOND);
    }

    #[test]
    fn writes_the_common_log_format() {
        let mut out = Vec::new();
        Time::parse("2026-11-02T06:07:08Z").expect("valid").push_common_log(&mut out);
        assert_eq!(out, b"02/Nov/2026:06:07:08 +0000");
    }
}
