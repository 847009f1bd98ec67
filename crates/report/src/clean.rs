//! Makes text from logs harmless for a terminal: control characters and invisible direction
//! marks are shown as what they are instead of being obeyed.

use std::borrow::Cow;
use std::fmt::Write;

/// Characters a terminal obeys or hides: C0 and C1 controls, bidirectional overrides and
/// isolates (Unicode Standard Annex 9), the line and paragraph separators, the byte order mark.
const fn is_obeyed(c: char) -> bool {
    c.is_ascii_control()
        || matches!(c, '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The text with a tab as one space and every other such character written out, for instance
/// `\x1b` for escape.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.trim_end_matches(['\r', '\n']).chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '\t' => out.write_char(' '),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            c if is_obeyed(c) && u32::from(c) < 0x100 => write!(out, "\\x{:02x}", u32::from(c)),
            c if is_obeyed(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
            c => out.write_char(c),
        };
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_not_obeyed() {
        assert_eq!(one_line("a\u{1b}[2Jb\tc\r\n"), "a\\x1b[2Jb c");
        assert_eq!(one_line("x\u{202e}y\u{9b}z"), "x\\u{202e}y\\x9bz");
        assert_eq!(one_line("one\ntwo"), "one\\ntwo");
        assert!(matches!(one_line("日本語 → ok"), Cow::Borrowed(_)));
    }
}
