//! Points and spans of time as logs state them: whole microseconds, UTC, proleptic Gregorian.

use std::fmt;
use std::ops::{Add, Sub};

/// A signed span in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    /// A span of whole seconds.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Micros {
        Micros(seconds * 1_000_000)
    }

    /// A span of whole milliseconds.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Micros {
        Micros(millis * 1_000)
    }

    /// The span in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl fmt::Display for Micros {
    /// `850µs`, `42ms`, `10.0s`, `4m10s`, `2h05m`, `3d04h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let us = self.0.unsigned_abs();
        let seconds = us / 1_000_000;
        match us {
            0..1_000 => write!(f, "{sign}{us}µs"),
            1_000..1_000_000 => write!(f, "{sign}{}ms", us / 1_000),
            1_000_000..60_000_000 => write!(f, "{sign}{seconds}.{}s", us % 1_000_000 / 100_000),
            60_000_000..3_600_000_000 => write!(f, "{sign}{}m{:02}s", seconds / 60, seconds % 60),
            3_600_000_000..86_400_000_000 => {
                write!(f, "{sign}{}h{:02}m", seconds / 3600, seconds % 3600 / 60)
            }
            _ => write!(f, "{sign}{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
        }
    }
}

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// A point given by whole seconds since the epoch.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    /// A point given by calendar fields and the zone's offset east of UTC in seconds. `None` if a
    /// field is out of range; a leap second (`60`) counts as the next minute's first.
    #[must_use]
    pub const fn from_civil(
        (year, month, day): (i32, u32, u32),
        (hour, minute, second): (u32, u32, u32),
        micros: u32,
        offset_east: i32,
    ) -> Option<Timestamp> {
        if year < 1 || year > 9999 || month == 0 || month > 12 || day == 0 {
            return None;
        }
        if day > days_in_month(year, month) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        let seconds =
            days * 86_400 + (hour * 3600 + minute * 60 + second) as i64 - offset_east as i64;
        Some(Timestamp(seconds * 1_000_000 + micros as i64))
    }

    /// Year, month and day in UTC.
    #[must_use]
    pub const fn date(self) -> (i32, u32, u32) {
        civil_from_days(self.0.div_euclid(86_400_000_000))
    }

    /// The start of the `width`-long slot this point lies in; slots begin at the epoch.
    #[must_use]
    pub const fn floor(self, width: Micros) -> Timestamp {
        Timestamp(self.0 - self.0.rem_euclid(width.0))
    }

    /// `2026-11-02T14:03:07Z`, whole seconds.
    #[must_use]
    pub fn to_seconds_string(self) -> String {
        let (year, month, day) = self.date();
        let s = self.0.div_euclid(1_000_000).rem_euclid(86_400);
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s % 3600 / 60, s % 60)
    }

    /// `14:03:07`, UTC.
    #[must_use]
    pub fn time_of_day(self) -> String {
        let s = self.0.div_euclid(1_000_000).rem_euclid(86_400);
        format!("{:02}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60)
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with as many fractional digits as are needed: none, three or six.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.to_seconds_string();
        let micros = self.0.rem_euclid(1_000_000);
        let head = &whole[..whole.len() - 1];
        match micros {
            0 => f.write_str(&whole),
            m if m % 1000 == 0 => write!(f, "{head}.{:03}Z", m / 1000),
            m => write!(f, "{head}.{m:06}Z"),
        }
    }
}

impl Add<Micros> for Timestamp {
    type Output = Timestamp;
    fn add(self, span: Micros) -> Timestamp {
        Timestamp(self.0.saturating_add(span.0))
    }
}

impl Sub<Micros> for Timestamp {
    type Output = Timestamp;
    fn sub(self, span: Micros) -> Timestamp {
        Timestamp(self.0.saturating_sub(span.0))
    }
}

impl Sub for Timestamp {
    type Output = Micros;
    fn sub(self, other: Timestamp) -> Micros {
        Micros(self.0.saturating_sub(other.0))
    }
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since the epoch, counted in 400-year eras that begin on 1 March so that the leap day
/// comes last.
const fn days_from_civil(year: i32, month: u32, day: u32) -> i64 {
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = ((month + 9) % 12) as i64;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

const fn civil_from_days(days: i64) -> (i32, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + (month <= 2) as i64;
    (year as i32, month as u32, day as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn civil_dates_round_trip() {
        for days in (-700_000..2_900_000).step_by(97) {
            let (y, m, d) = civil_from_days(days);
            assert_eq!(days_from_civil(y, m, d), days);
        }
        let t = Timestamp::from_civil((2000, 2, 29), (23, 59, 59), 5, 0).unwrap();
        assert_eq!(t.to_string(), "2000-02-29T23:59:59.000005Z");
        assert_eq!(t.0, 951_868_799_000_005);
    }

    #[test]
    fn offsets_and_bad_fields() {
        let t = Timestamp::from_civil((2000, 10, 10), (13, 55, 36), 0, -7 * 3600).unwrap();
        assert_eq!(t.to_string(), "2000-10-10T20:55:36Z");
        assert!(Timestamp::from_civil((2023, 2, 29), (0, 0, 0), 0, 0).is_none());
        assert!(Timestamp::from_civil((2023, 13, 1), (0, 0, 0), 0, 0).is_none());
        assert!(Timestamp::from_civil((2023, 1, 1), (24, 0, 0), 0, 0).is_none());
    }

    #[test]
    fn spans_read_like_a_person_writes_them() {
        let shown: Vec<String> = [850, 42_000, 10_040_000, 250_000_000, 7_500_000_000]
            .map(|us| Micros(us).to_string())
            .into();
        assert_eq!(shown, ["850µs", "42ms", "10.0s", "4m10s", "2h05m"]);
    }
}
