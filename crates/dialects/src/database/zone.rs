//! Time stamps as database servers write them: `2026-11-02 03:04:05.678 UTC`.

use model::Timestamp;

use crate::scan;

/// Splits a date and time with a zone off the front; returns the time and what follows.
///
/// The zone may be an abbreviation (PostgreSQL `%m` and `%t` print the one of `log_timezone`); one
/// that means the same everywhere is taken by its word, any other as the offset given.
pub(super) fn leading(text: &str, offset_east: i32) -> Option<(Timestamp, &str)> {
    let bytes = text.as_bytes();
    let fraction = match bytes.get(19)? {
        b'.' | b',' => {
            1 + bytes.get(20..)?.iter().take(9).take_while(|b| b.is_ascii_digit()).count()
        }
        _ => 0,
    };
    let end = 19 + fraction;
    let stamp = bytes.get(..end)?;
    if !stamp.is_ascii() {
        return None;
    }
    let rest = text.get(end..)?;
    if let Some(after) = rest.strip_prefix(' ') {
        let length = after
            .bytes()
            .take(6)
            .take_while(|b| {
                b.is_ascii_uppercase() || b.is_ascii_digit() || matches!(b, b'+' | b'-')
            })
            .count();
        let word = &after[..length];
        let is_zone = length >= 3
            && (word.starts_with(['+', '-']) || word.bytes().all(|b| b.is_ascii_uppercase()));
        let ends = matches!(
            after.as_bytes().get(length),
            None | Some(b' ' | b':' | b',' | b'"' | b'[' | b'|')
        );
        // A severity is no zone, and `LOG:` is as long as one.
        if is_zone
            && ends
            && !matches!(word, "LOG" | "FATAL" | "ERROR" | "PANIC" | "NOTICE" | "INFO" | "DEBUG")
        {
            let east = known(word).or_else(|| scan::offset(word.as_bytes())).unwrap_or(offset_east);
            return Some((scan::iso(stamp, east)?, &after[length..]));
        }
    }
    Some((scan::iso(stamp, offset_east)?, rest))
}

/// Seconds east of UTC of abbreviations that mean the same everywhere they are used in logs.
fn known(zone: &str) -> Option<i32> {
    let hours = match zone {
        "UTC" | "GMT" | "WET" => 0,
        "CET" | "WEST" => 1,
        "CEST" | "EET" => 2,
        "EEST" | "MSK" => 3,
        "JST" | "KST" => 9,
        "AEST" => 10,
        "AEDT" => 11,
        "NZST" => 12,
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return None,
    };
    Some(hours * 3600)
}

#[cfg(test)]
mod tests {
    use super::leading;

    #[test]
    fn zones() {
        for (text, time, rest) in [
            ("2026-11-02 03:04:05.678 UTC [412] x", "2026-11-02T03:04:05.678Z", " [412] x"),
            ("2026-11-02 12:04:05 JST:x", "2026-11-02T03:04:05Z", ":x"),
            ("2026-11-02 03:04:05.678 LOG x", "2026-11-02T03:04:05.678Z", " LOG x"),
            ("2026-11-02 03:04:05.678 [4] x", "2026-11-02T03:04:05.678Z", " [4] x"),
            ("2026-11-02 00:04:05 -03 x", "2026-11-02T03:04:05Z", " x"),
            ("2026-11-02T03:04:05.618123Z", "2026-11-02T03:04:05.618123Z", "Z"),
        ] {
            let (found, after) = leading(text, 0).unwrap();
            assert_eq!((found.to_string().as_str(), after), (time, rest), "{text}");
        }
        for bad in ["", "2026-11-02", "2026-11-02 03:04:0", "日本語日本語日本語日本語"]
        {
            assert!(leading(bad, 0).is_none(), "{bad}");
        }
    }
}
