//! The lines around a place, masked, for an excerpt.

use std::ops::Range;

use model::config::Source;

/// Longest line that is shown: what is longer is a file made by a program.
const LONGEST_LINE: usize = 400;

/// Lines of a file with a stretch of them marked.
pub(crate) struct Excerpt {
    /// The lines, without what is secret.
    pub(crate) text: String,
    /// Number of the first one.
    pub(crate) line: usize,
    /// The stretch, in bytes of the text.
    pub(crate) marked: Range<usize>,
}

/// The line of a stretch and `around` lines before and after it. A stretch of several lines is marked
/// up to the end of its first.
pub(crate) fn excerpt(source: &Source, range: Range<usize>, around: usize) -> Excerpt {
    let text: &str = &source.text;
    let clip = |at: usize| {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let (start, end) = (clip(range.start), clip(range.end.max(range.start)));
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let number = text[..line_start].bytes().filter(|&byte| byte == b'\n').count() + 1;
    let before = last_lines(&text[..line_start], around);
    let after = first_lines(&text[line_end..], around);
    let mut out = shown(before);
    let line = &text[line_start..line_end];
    let shown_line = shown(line);
    let at = out.len();
    // Where something was hidden or cut, places inside the line no longer hold: all of it is marked.
    let marked = if shown_line == line {
        at + (start - line_start)..at + (end.min(line_end) - line_start).max(start - line_start)
    } else {
        at..at + shown_line.len()
    };
    out.push_str(&shown_line);
    out.push_str(&shown(after));
    Excerpt { text: out, line: number - before.bytes().filter(|&b| b == b'\n').count(), marked }
}

/// The text without secrets, long lines cut.
fn shown(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            let masked = crate::mask::mask(line);
            if masked.len() <= LONGEST_LINE {
                return masked.into_owned();
            }
            let cut: String = masked.chars().take(LONGEST_LINE / 4).collect();
            format!("{cut} …{}", if line.ends_with('\n') { "\n" } else { "" })
        })
        .collect()
}

fn last_lines(text: &str, count: usize) -> &str {
    let mut from = text.len();
    for _ in 0..count {
        let Some(rest) = text[..from].strip_suffix('\n') else { break };
        from = rest.rfind('\n').map_or(0, |at| at + 1);
    }
    &text[from..]
}

fn first_lines(text: &str, count: usize) -> &str {
    let mut to = 0;
    for _ in 0..count {
        let Some(rest) = text[to..].strip_prefix('\n') else { break };
        to = text.len() - rest.len() + rest.find('\n').unwrap_or(rest.len());
    }
    &text[..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, word: &str, around: usize) -> (String, usize, String) {
        let (name, revision) = (String::new(), String::new());
        let source = Source { name, text: text.into(), read_as: "", revision };
        let start = text.find(word).unwrap();
        let excerpt = excerpt(&source, start..start + word.len(), around);
        let marked = excerpt.text[excerpt.marked.clone()].to_owned();
        (excerpt.text, excerpt.line, marked)
    }

    #[test]
    fn lines_around_a_place_are_shown() {
        let text = "one\ntwo\nthree\nfour\n";
        let expected = ("two\nthree\nfour".to_owned(), 2, "three".to_owned());
        assert_eq!(of(text, "three", 1), expected);
        assert_eq!(of(text, "one", 0), ("one".to_owned(), 1, "one".to_owned()));
        assert_eq!(of("ü a\n", "a", 3).2, "a");
    }

    #[test]
    fn a_line_with_a_secret_is_marked_as_a_whole() {
        let (text, _, marked) = of("DATABASE_URL=postgres://u:hunter2@db/x\n", "db/x", 0);
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(marked, text);
    }
}
