//! HAProxy's grammar: a line is a keyword with its arguments, some keywords begin a section.
//!
//! <https://docs.haproxy.org/3.2/configuration.html#2.2> (quoting and escaping).

use std::ops::Range;

use crate::directives::{Fault, Word};

/// Lines of one file beyond which reading stops.
const MOST_LINES: usize = 200_000;

/// Words of one line beyond which the line is cut.
const MOST_WORDS: usize = 1_024;

/// Keywords that begin a section.
const SECTIONS: &[&str] = &[
    "global",
    "defaults",
    "frontend",
    "backend",
    "listen",
    "resolvers",
    "peers",
    "cache",
    "userlist",
    "mailers",
    "program",
    "http-errors",
    "ring",
    "fcgi-app",
    "crt-store",
    "log-forward",
    "log-profile",
    "dynamic-update",
    "traces",
    "acme",
    "haterm",
];

/// A line with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Which of the documents it is in.
    pub(super) document: usize,
    /// Its words; never empty.
    pub(super) words: Vec<Word>,
}

impl Line {
    /// The text of a word; empty if there is none.
    pub(super) fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    /// True if it begins with these words.
    pub(super) fn begins(&self, with: &[&str]) -> bool {
        self.words.len() >= with.len() && with.iter().zip(&self.words).all(|(a, b)| *a == b.text)
    }

    /// From its first word to its last.
    pub(super) fn range(&self) -> Range<usize> {
        let last = self.words.last().map_or(0, |word| word.at.end);
        self.words.first().map_or(last, |word| word.at.start)..last
    }
}

/// A section: its own line, and the lines in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// The line that begins it.
    pub(super) head: Line,
    /// What it holds.
    pub(super) lines: Vec<Line>,
}

impl Section {
    /// Its keyword.
    pub(super) fn kind(&self) -> &str {
        self.head.text(0)
    }

    /// Its name; empty for `global` and for `defaults` without one.
    pub(super) fn name(&self) -> &str {
        match self.head.text(1) {
            "from" if self.kind() == "defaults" => "",
            name => name,
        }
    }

    /// The name of the `defaults` section it is built on.
    pub(super) fn from(&self) -> Option<&str> {
        let from = self.head.words.iter().position(|word| word.text == "from")?;
        self.head.words.get(from + 1).map(|word| word.text.as_str())
    }
}

/// True for a keyword that begins a section.
pub(super) fn is_section(word: &str) -> bool {
    SECTIONS.contains(&word)
}

/// The sections of a file, and what is wrong with it.
pub(super) fn sections(text: &str, document: usize) -> (Vec<Section>, Vec<Fault>) {
    let mut found: Vec<Section> = Vec::new();
    let mut faults = Vec::new();
    let mut branches = Branches::default();
    let mut start = 0;
    for (number, raw) in text.split_inclusive('\n').enumerate() {
        let at = start;
        start += raw.len();
        if number >= MOST_LINES {
            let says = "the file has too many lines; the rest was not read";
            faults.push(Fault { at: at..at, says });
            break;
        }
        let (words, closed) = words(raw.trim_end_matches(['\n', '\r']), at);
        if words.is_empty() {
            continue;
        }
        let line = Line { document, words };
        if !closed {
            let says = "a quotation mark is never closed; it was read to the end of the line";
            faults.push(Fault { at: line.range(), says });
        }
        if branches.skips(&line, &mut faults) || line.text(0).starts_with("{%") {
            continue;
        }
        if is_section(line.text(0)) {
            found.push(Section { head: line, lines: Vec::new() });
        } else if let Some(section) = found.last_mut() {
            section.lines.push(line);
        }
    }
    (found, faults)
}

/// The conditions (`.if`) around a line: of each the first branch is read.
#[derive(Default)]
struct Branches(Vec<bool>);

impl Branches {
    /// True if the line is not to be read.
    fn skips(&mut self, line: &Line, faults: &mut Vec<Fault>) -> bool {
        match line.text(0) {
            ".if" => {
                let says = "only HAProxy knows whether this holds when it starts; the first branch \
                            was read";
                faults.push(Fault { at: line.range(), says });
                self.0.push(false);
            }
            ".elif" | ".else" => {
                if let Some(last) = self.0.last_mut() {
                    *last = true;
                }
            }
            ".endif" => {
                self.0.pop();
            }
            word => return word.starts_with('.') || self.0.contains(&true),
        }
        true
    }
}

/// The words of a line that begins here, and whether all its quotation marks are closed.
fn words(line: &str, start: usize) -> (Vec<Word>, bool) {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<char> = None;
    let mut chars = line.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = start + at + c.len_utf8();
        // A part of a template is filled in before HAProxy reads the line.
        if let Some(rest) = line[at..].strip_prefix("{{")
            && let Some(length) = rest.find("}}").map(|end| end + 4)
        {
            let open = word.get_or_insert_with(|| Word { text: String::new(), at: start + at..0 });
            open.text.push_str(&line[at..at + length]);
            open.at.end = start + at + length;
            while chars.next_if(|(next, _)| *next < at + length).is_some() {}
            continue;
        }
        if quote.is_none() && (c.is_ascii_whitespace() || c == '#') {
            words.extend(word.take());
            if c == '#' || words.len() >= MOST_WORDS {
                break;
            }
            continue;
        }
        let open = word.get_or_insert_with(|| Word { text: String::new(), at: start + at..end });
        // A place without its quotation marks can be replaced; one within a word cannot lose them.
        match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                if open.text.is_empty() {
                    open.at = end..end;
                }
                continue;
            }
            (Some(mark), c) if mark == c => {
                quote = None;
                continue;
            }
            (None | Some('"'), '\\') => {
                if let Some((next_at, next)) = chars.next() {
                    open.at.end = start + next_at + next.len_utf8();
                    open.text.push(match next {
                        'r' => '\r',
                        'n' => '\n',
                        't' => '\t',
                        other => other,
                    });
                }
                continue;
            }
            _ => open.text.push(c),
        }
        open.at.end = end;
    }
    words.extend(word);
    (words, quote.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<String> {
        words(line, 0).0.into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_parted_quoted_and_escaped() {
        assert_eq!(texts("  bind *:80 # all"), ["bind", "*:80"]);
        assert_eq!(
            texts("acl a path_beg /a\\ b 'c d' \"e\\\"f\""),
            ["acl", "a", "path_beg", "/a b", "c d", "e\"f"]
        );
        assert_eq!(
            texts("option httpchk GET / HTTP/1.1\\r\\nHost:\\ a"),
            ["option", "httpchk", "GET", "/", "HTTP/1.1\r\nHost: a"]
        );
        assert_eq!(texts("bind *:{{ port }} ssl"), ["bind", "*:{{ port }}", "ssl"]);
        let (words, closed) = words("server \"${HOST}:80", 10);
        assert_eq!(
            (words[1].text.as_str(), words[1].at.clone(), closed),
            ("${HOST}:80", 18..28, false)
        );
    }

    #[test]
    fn sections_hold_lines_and_conditions_are_read_once() {
        let text = "global\n maxconn 5\n.if defined(X)\n a\n.else\n b\n.endif\ndefaults d from e\n";
        let (found, faults) = sections(text, 0);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].lines.iter().map(|l| l.text(0)).collect::<Vec<_>>(), ["maxconn", "a"]);
        assert_eq!((found[1].name(), found[1].from()), ("d", Some("e")));
        assert_eq!(faults.len(), 1);
    }
}
