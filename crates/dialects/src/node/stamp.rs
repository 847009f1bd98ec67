//! Time stamps and levels in front of application log lines.

use model::Timestamp;

use crate::scan;

/// Splits off what loggers put in front of a message: a time stamp, bare or in brackets, and the
/// level. Returns the time, if one was found, and the rest.
pub(crate) fn leading(text: &str, offset_east: i32) -> (Option<Timestamp>, &str) {
    let mut rest = text.trim_start();
    let mut time = None;
    for _ in 0..4 {
        let before = rest.len();
        if time.is_none()
            && let Some((stamp, after)) = stamp(rest, offset_east)
        {
            time = Some(stamp);
            rest = after.trim_start();
        }
        rest = without_level(rest);
        if rest.len() == before {
            break;
        }
    }
    (time, rest)
}

/// An ISO, common-log or `ctime` stamp, bare or in brackets, and what follows it.
fn stamp(text: &str, offset_east: i32) -> Option<(Timestamp, &str)> {
    // Ruby's Logger: `E, [2026-11-02T03:04:05.678123 #7] ERROR -- : message`.
    if let Some((level, rest)) = text.split_once(", [")
        && level.len() == 1
        && let Some((inside, after)) = rest.split_once(']')
    {
        return Some((date(inside.split(' ').next()?, offset_east)?, after));
    }
    if let Some(inside) = text.strip_prefix('[') {
        let (inside, after) = inside.split_once(']')?;
        return Some((date(inside.trim(), offset_east)?, after));
    }
    let words = |n: usize| {
        let mut spaces = text.match_indices([' ', '\t']).map(|(at, _)| at);
        let end = spaces.nth(n - 1).unwrap_or(text.len());
        (&text[..end], &text[end..])
    };
    // From longest to shortest: the date and the time may be apart, and the zone may be too.
    [6, 5, 4, 3, 2, 1].into_iter().find_map(|n| {
        let (head, after) = words(n);
        let head = head.trim_end_matches(['-', ' ', ':', '|']);
        (head.len() <= 40).then(|| date(head, offset_east)).flatten().map(|time| (time, after))
    })
}

/// A date and time on its own.
pub(super) fn date(text: &str, offset_east: i32) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if let Some(time) = scan::iso(bytes, offset_east) {
        return Some(time);
    }
    if let Some((stamp, zone)) = text.rsplit_once(' ')
        && let Some(offset) = scan::offset(zone.as_bytes())
        && let Some(time) = date_without_zone(stamp, offset)
    {
        return Some(time);
    }
    scan::clf_time(bytes, offset_east).or_else(|| date_without_zone(text, offset_east))
}

fn date_without_zone(text: &str, offset_east: i32) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if let Some(time) = scan::iso(bytes, offset_east) {
        return Some(time);
    }
    // Go's package log: `2026/11/02 03:04:05`, with or without microseconds.
    if bytes.len() >= 19 && bytes[4] == b'/' && bytes[7] == b'/' && bytes[10] == b' ' {
        let mut dashed = bytes.to_vec();
        (dashed[4], dashed[7]) = (b'-', b'-');
        return scan::iso(&dashed, offset_east);
    }
    // PHP-FPM: `02-Nov-2026 03:04:05`.
    if bytes.len() == 20 && bytes[2] == b'-' && bytes[6] == b'-' {
        let date = (
            scan::digits(&bytes[7..11])? as i32,
            scan::month(&bytes[3..6])?,
            scan::digits(&bytes[..2])?,
        );
        return Timestamp::from_civil(date, clock(&bytes[12..])?, 0, offset_east);
    }
    ctime(text, offset_east)
}

/// `Mon Nov  2 03:04:05 2026`, as `ctime` and `dmesg -T` write it.
pub(crate) fn ctime(text: &str, offset_east: i32) -> Option<Timestamp> {
    let mut words = text.split_ascii_whitespace();
    let day_name = words.next()?;
    let month = scan::month(words.next()?.as_bytes())?;
    let day = scan::digits(words.next()?.as_bytes())?;
    let clock = clock(words.next()?.as_bytes())?;
    let year = scan::digits(words.next()?.as_bytes())? as i32;
    if day_name.len() != 3 || words.next().is_some() {
        return None;
    }
    Timestamp::from_civil((year, month, day), clock, 0, offset_east)
}

/// `03:04:05`.
pub(crate) fn clock(text: &[u8]) -> Option<(u32, u32, u32)> {
    match text {
        [_, _, b':', _, _, b':', _, _] => {
            Some((scan::digits(&text[..2])?, scan::digits(&text[3..5])?, scan::digits(&text[6..])?))
        }
        _ => None,
    }
}

/// The text without a level word in front of it.
fn without_level(text: &str) -> &str {
    const LEVELS: [&str; 12] = [
        "TRACE", "DEBUG", "INFO", "NOTICE", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL",
        "DEFAULT", "ERR", "LOG",
    ];
    let end = text.find([' ', '\t']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let bare = word.trim_matches(['[', ']', ':', '-', '|', '(', ')']);
    let is_level = LEVELS.iter().any(|level| bare.eq_ignore_ascii_case(level));
    // A colon after the level of a message is kept apart from `Error: …`, which is an error's name.
    if (is_level && !word.eq_ignore_ascii_case("error:")) || matches!(word, "-" | "|" | "--" | ":")
    {
        rest.trim_start()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_loggers_write() {
        for line in [
            "2026-11-02T03:04:05Z boom",
            "2026-11-02 03:04:05 boom",
            "2026-11-02 03:04:05 +0000 ERROR boom",
            "[2026-11-02T03:04:05.000Z] boom",
            "[2026-11-02 03:04:05 +0000] boom",
            "INFO 2026-11-02T03:04:05Z boom",
            "WARNING [2026-11-02T03:04:05Z] - boom",
            "[02-Nov-2026 03:04:05] WARNING: boom",
            "Mon Nov  2 03:04:05 2026 - boom",
            "02/Nov/2026:03:04:05 +0000 boom",
            "2026/11/02 03:04:05 boom",
            "E, [2026-11-02T03:04:05.000000 #7] ERROR -- : boom",
        ] {
            let (time, rest) = leading(line, 0);
            assert_eq!(
                time.map(|t| t.to_string()).as_deref(),
                Some("2026-11-02T03:04:05Z"),
                "{line}"
            );
            assert_eq!(rest, "boom", "{line}");
        }
        assert_eq!(leading("Error: boom", 0), (None, "Error: boom"));
        assert_eq!(leading("日本語 boom", 0), (None, "日本語 boom"));
    }
}
