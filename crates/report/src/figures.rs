//! How numbers, sizes and spans of time are written in reports.

use model::{Lang, Timestamp, Window};

use crate::{fill, words};

/// `12,431`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `850 B`, `4.2 MB`: powers of 1000, as disks and logs are sold.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1e3;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1e3;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// The part as a share of the whole, between 0 and 1; `None` where it would not be one.
pub(crate) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0 && part <= whole).then(|| part as f64 / whole as f64)
}

/// `96 %`; never `100 %` or `0 %` unless it is exactly that.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value == 0.0 || value == 100.0 {
        format!("{value:.0} %")
    } else if value < 0.1 {
        "< 0.1 %".to_owned()
    } else if value > 99.9 {
        "> 99.9 %".to_owned()
    } else if !(9.95..=99.0).contains(&value) {
        format!("{value:.1} %")
    } else {
        format!("{value:.0} %")
    }
}

/// `2026-11-02`.
fn date(at: Timestamp) -> String {
    let (year, month, day) = at.date();
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-11-02 14:03:07 to 14:11:07 UTC (8m00s)`, the second date only where it differs.
pub(crate) fn window(window: &Window, lang: Lang) -> String {
    let start = format!("{} {}", date(window.start), window.start.time_of_day());
    if window.start == window.end {
        return fill::words(&words::POINT, lang, &[("at", &start)]);
    }
    let end = if window.start.date() == window.end.date() {
        window.end.time_of_day()
    } else {
        format!("{} {}", date(window.end), window.end.time_of_day())
    };
    let length = window.length().to_string();
    fill::words(&words::SPAN, lang, &[("start", &start), ("end", &end), ("length", &length)])
}

/// Whether all of the windows lie within one day.
pub(crate) fn is_one_day(windows: &[Window]) -> bool {
    let day = windows.first().map(|first| first.start.date());
    windows.iter().all(|w| Some(w.start.date()) == day && Some(w.end.date()) == day)
}

/// The times of day of each window; unless the day is understood, with the date wherever it is
/// not that of the window before.
pub(crate) fn times(windows: &[Window], is_day_known: bool) -> Vec<String> {
    let mut day = None;
    windows
        .iter()
        .map(|window| {
            let times = times_of_day(window);
            let before = day.replace(window.end.date());
            if is_day_known || before == Some(window.start.date()) {
                times
            } else {
                format!("{} {times}", date(window.start))
            }
        })
        .collect()
}

/// `14:03:07–14:05:12`, the times of day alone; a date where it ends on another day.
fn times_of_day(window: &Window) -> String {
    if window.start == window.end {
        return window.start.time_of_day();
    }
    let end = window.end.time_of_day();
    if window.start.date() == window.end.date() {
        return format!("{}–{end}", window.start.time_of_day());
    }
    format!("{}–{} {end}", window.start.time_of_day(), date(window.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_sizes() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0, 999, 1_000, 999_960, 4_200_000, u64::MAX].map(bytes),
            ["0 B", "999 B", "1.0 kB", "1.0 MB", "4.2 MB", "18446.7 PB"]
        );
    }

    #[test]
    fn a_share_is_never_rounded_up_to_all_or_down_to_none() {
        let shown = |part, whole| percent(share(part, whole).unwrap());
        assert_eq!(shown(412, 431), "96 %");
        assert_eq!(shown(9_999, 10_000), "> 99.9 %");
        assert_eq!(shown(995, 1_000), "99.5 %");
        assert_eq!(shown(1, 1_000_000), "< 0.1 %");
        assert_eq!(shown(47, 1_000), "4.7 %");
        assert_eq!(shown(5, 5), "100 %");
        assert_eq!(shown(0, 5), "0 %");
        assert_eq!(share(6, 5), None);
        assert_eq!(share(0, 0), None);
    }

    #[test]
    fn times_have_a_date_where_the_day_changes() {
        let at = |day, hour| Timestamp::from_civil((2026, 11, day), (hour, 3, 7), 0, 0).unwrap();
        let window = |start, end| Window { start, end };
        let one_day = [window(at(2, 1), at(2, 2)), window(at(2, 4), at(2, 4))];
        assert!(is_one_day(&one_day));
        assert_eq!(times(&one_day, true), ["01:03:07–02:03:07", "04:03:07"]);
        let days =
            [one_day[0], one_day[1], window(at(2, 23), at(3, 1)), window(at(4, 1), at(4, 1))];
        assert!(!is_one_day(&days));
        assert_eq!(
            times(&days, false),
            [
                "2026-11-02 01:03:07–02:03:07",
                "04:03:07",
                "23:03:07–2026-11-03 01:03:07",
                "2026-11-04 01:03:07"
            ]
        );
    }

    #[test]
    fn windows() {
        let at = |day, hour| Timestamp::from_civil((2026, 11, day), (hour, 3, 7), 0, 0).unwrap();
        let same = Window { start: at(2, 14), end: at(2, 15) };
        assert_eq!(window(&same, Lang::En), "2026-11-02 14:03:07 to 15:03:07 UTC (1h00m)");
        let over = Window { start: at(2, 23), end: at(3, 0) };
        assert_eq!(
            window(&over, Lang::En),
            "2026-11-02 23:03:07 to 2026-11-03 00:03:07 UTC (1h00m)"
        );
        let point = Window { start: at(2, 14), end: at(2, 14) };
        assert_eq!(window(&point, Lang::En), "2026-11-02 14:03:07 UTC");
        assert_eq!(times_of_day(&same), "14:03:07–15:03:07");
    }
}
