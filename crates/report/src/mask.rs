//! Hides secrets and personal data in text from logs before it is shown: values become `***`,
//! key names stay.
//!
//! Four readers look for what is to be hidden, each in one pass with bounded look-back, so that
//! the time is linear in the text: query strings and URL passwords (`mask/url.rs`), values of
//! keys with telling names (`mask/keys.rs`), e-mail addresses and card numbers
//! (`mask/personal.rs`), and strings that look random or carry a known token prefix
//! (`mask/tokens.rs`). Addresses, ports, timers and the ids that records are joined by stay.

mod keys;
mod personal;
mod tokens;
mod url;

use std::borrow::Cow;
use std::ops::Range;

/// What stands for a hidden value.
pub const HIDDEN: &str = "***";

/// The text with every secret that is recognised replaced by [`HIDDEN`].
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut hidden: Vec<Range<usize>> = Vec::new();
    let bytes = text.as_bytes();
    url::find(bytes, &mut hidden);
    let urls = hidden.clone();
    keys::find(bytes, &mut hidden);
    personal::find(bytes, &urls, &mut hidden);
    tokens::find(bytes, &mut hidden);
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    hidden.sort_unstable_by_key(|range| range.start);
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    let mut ranges = hidden.into_iter().filter(|range| !range.is_empty()).peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start <= range.end) {
            range.end = range.end.max(next.end);
        }
        // The readers stop at ASCII bytes only, which are always character borders; should one
        // not, hiding too much is the safe side.
        while !text.is_char_boundary(range.start) {
            range.start -= 1;
        }
        while !text.is_char_boundary(range.end) {
            range.end += 1;
        }
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push_str(HIDDEN);
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether a value says that there is none, so that hiding it would hide the only news.
fn says_nothing(value: &[u8]) -> bool {
    matches!(
        value,
        b"" | b"-" | b"null" | b"None" | b"nil" | b"undefined" | b"true" | b"false" | b"***"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_readers_find_is_merged() {
        let text = "GET /a?token=me@example.com&b=1 HTTP/1.1";
        assert_eq!(mask(text), "GET /a?token=***&b=*** HTTP/1.1");
        assert!(matches!(mask("nothing here"), Cow::Borrowed(_)));
    }

    /// Any text at all, also cut and broken ones, is masked without panic, and masking what is
    /// masked changes nothing.
    #[test]
    fn arbitrary_text_is_survived() {
        let parts = [
            "?",
            "=",
            "&",
            "://",
            "@",
            "a",
            "é",
            "日本",
            "\"",
            "\\",
            "'",
            " ",
            "token",
            "Cookie: ",
            ";",
            "4111111111111111",
            "eyJhbGciOiJIUzI1NiJ9",
            ":",
            "[",
            "]",
            "%40",
            "\\u0026",
            ".",
            "Authorization: ",
            "Bearer ",
            "/",
            "+",
            "--password ",
            "\n",
        ];
        let mut seed = 7_u64;
        for _ in 0..4_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                text.push_str(parts[(seed >> 33) as usize % parts.len()]);
            }
            let once = mask(&text).into_owned();
            let twice = mask(&once).into_owned();
            assert_eq!(mask(&twice), twice, "{text:?}");
        }
    }

    /// A megabyte of each reader's worst case is done with. Work that grew with the square of the
    /// text would take hours: the limit tells a hang, not a speed.
    #[test]
    fn time_is_linear() {
        const LIMIT: std::time::Duration = std::time::Duration::from_secs(300);
        let (done, finished) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for piece in WORST {
                let text = piece.repeat((1 << 20) / piece.len());
                std::hint::black_box(mask(&text));
                done.send(piece).expect("the test waits");
            }
        });
        for piece in WORST {
            assert_eq!(finished.recv_timeout(LIMIT), Ok(piece), "a megabyte of {piece:?}");
        }
    }

    const WORST: [&str; 14] = [
        "?",
        "a@",
        "://",
        "token=",
        "\"token\":[",
        "eyJ",
        "aB3",
        "4",
        "a=",
        "--token ",
        "aB3/",
        "a/",
        "/kX9fQm2bLt7zR4wVn8yH3cJ6dS1gT5",
        "/kX9fQm2b",
    ];
}
