//! The grammar of the Caddyfile: a line is a directive with its arguments, `{` at its end opens a
//! block.
//!
//! <https://caddyserver.com/docs/caddyfile/concepts>.

use std::ops::Range;

use model::config::{FileId, Span};

use crate::directives::Fault;

/// Lines of one file beyond which reading stops.
const MOST_LINES: usize = 200_000;

/// Words of one line beyond which the line is cut.
const MOST_WORDS: usize = 1_024;

/// Blocks nested deeper than this are left out.
const MOST_DEEP: usize = 32;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// Its text, without quotation marks and escapes, variables with a default filled in.
    pub(super) text: String,
    /// Where it stands, without its quotation marks.
    pub(super) at: Span,
    /// True if the file writes it as it is read, so that it can be replaced.
    pub(super) plain: bool,
    /// True if it stands in quotation marks.
    pub(super) quoted: bool,
}

/// A line with its words and its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its words. The block of global options, which has no word, has an empty one.
    pub(super) words: Vec<Word>,
    /// What stands between its braces.
    pub(super) block: Option<Block>,
}

/// What stands between braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    /// The place after its `{`.
    pub(super) opens: Span,
    /// Its lines.
    pub(super) lines: Vec<Line>,
}

impl Line {
    /// Its first word.
    pub(super) fn name(&self) -> &str {
        self.text(0)
    }

    /// The text of a word; empty if there is none.
    pub(super) fn text(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &word.text)
    }

    /// The lines of its block.
    pub(super) fn lines(&self) -> &[Line] {
        self.block.as_ref().map_or(&[], |block| &block.lines)
    }

    /// The last line of its block with this name.
    pub(super) fn get(&self, name: &str) -> Option<&Line> {
        self.lines().iter().rfind(|line| line.name() == name)
    }

    /// Where its words stand: up to the last word of the file it begins in.
    pub(super) fn span(&self) -> Span {
        let Some(first) = self.words.first() else { return Span::new(FileId(0), 0..0) };
        let own = self.words.iter().filter(|word| word.at.file == first.at.file);
        let end = own.map(|word| word.at.end).max().unwrap_or(first.at.end);
        Span { end: end.max(first.at.start), ..first.at }
    }

    /// The place of a word; of its last word if it has less.
    pub(super) fn at(&self, at: usize) -> Span {
        self.words.get(at).or(self.words.last()).map_or(self.span(), |word| word.at)
    }
}

/// The lines of a file, and what is wrong with it.
pub(super) fn lines(text: &str, file: FileId) -> (Vec<Line>, Vec<Fault>) {
    let mut reading =
        Reading { text, file, open: Vec::new(), top: Vec::new(), faults: Vec::new(), skipped: 0 };
    let mut tokens = Tokens { text, at: if text.starts_with('\u{feff}') { 3 } else { 0 } };
    let mut number = 0;
    while let Some((raws, closed)) = tokens.line() {
        number += 1;
        if number > MOST_LINES {
            let says = "the file has too many lines; the rest was not read";
            reading.faults.push(Fault { at: tokens.at..tokens.at, says });
            break;
        }
        if let (false, Some(last)) = (closed, raws.last()) {
            let says = "a quotation mark is never closed; it was read to the end of the file";
            reading.faults.push(Fault { at: last.at.clone(), says });
        }
        reading.take(raws);
    }
    reading.finish()
}

/// A word as it stands.
#[derive(Clone, Debug)]
struct Raw {
    text: String,
    at: Range<usize>,
    quoted: bool,
}

struct Tokens<'t> {
    text: &'t str,
    at: usize,
}

impl Tokens<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The words of the next line that has any, and whether all its quotation marks are closed.
    fn line(&mut self) -> Option<(Vec<Raw>, bool)> {
        let mut raws: Vec<Raw> = Vec::new();
        let mut closed = true;
        loop {
            let Some(c) = self.rest().chars().next() else {
                return (!raws.is_empty()).then_some((raws, closed));
            };
            let breaks = ["\\\n", "\\\r\n"].into_iter().find(|mark| self.rest().starts_with(mark));
            if let Some(mark) = breaks {
                self.at += mark.len();
            } else if c == '\n' {
                self.at += 1;
                if !raws.is_empty() {
                    return Some((raws, closed));
                }
            } else if c.is_whitespace() {
                self.at += c.len_utf8();
            } else if c == '#' {
                self.at += self.rest().find('\n').unwrap_or(self.rest().len());
            } else {
                let (raw, ended) = self.word();
                closed &= ended;
                if raws.len() < MOST_WORDS {
                    raws.push(raw);
                }
            }
        }
    }

    fn word(&mut self) -> (Raw, bool) {
        let start = self.at;
        let first = self.rest().chars().next().unwrap_or(' ');
        if matches!(first, '"' | '`') {
            return self.quoted(first);
        }
        if let Some(found) = self.heredoc() {
            return (found, true);
        }
        // A placeholder may hold spaces: `{$UPSTREAMS:a:80 b:80}`.
        let mut depth = 0_usize;
        let mut end = self.text.len();
        let mut last = ' ';
        for (at, c) in self.rest().char_indices() {
            match c {
                '\n' => {
                    end = start + at;
                    break;
                }
                '$' if last == '{' => depth = 1,
                '}' => depth = 0,
                c if c.is_whitespace() && depth == 0 => {
                    end = start + at;
                    break;
                }
                _ => {}
            }
            last = c;
        }
        self.at = end;
        let text = self.text[start..end].trim_end();
        (Raw { text: text.to_owned(), at: start..start + text.len(), quoted: false }, true)
    }

    fn quoted(&mut self, mark: char) -> (Raw, bool) {
        let start = self.at + 1;
        let mut text = String::new();
        let mut chars = self.text[start..].char_indices();
        while let Some((at, c)) = chars.next() {
            if c == mark {
                self.at = start + at + 1;
                return (Raw { text, at: start..start + at, quoted: true }, true);
            }
            if c == '\\' && mark == '"' && self.text[start + at + 1..].starts_with('"') {
                chars.next();
                text.push('"');
            } else {
                text.push(c);
            }
        }
        self.at = self.text.len();
        (Raw { text, at: start..self.text.len(), quoted: true }, false)
    }

    /// `<<MARK`, lines, and a line with the mark alone.
    fn heredoc(&mut self) -> Option<Raw> {
        let start = self.at;
        let (head, body) = self.rest().strip_prefix("<<")?.split_once('\n')?;
        let mark = head.trim_end();
        let is_mark = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if mark.is_empty() || !mark.chars().all(is_mark) {
            return None;
        }
        let from = start + 2 + head.len() + 1;
        let mut at = from;
        for line in body.split_inclusive('\n') {
            if line.trim_start().starts_with(mark) {
                let text = self.text[from..at].to_owned();
                let end = at + (line.len() - line.trim_start().len()) + mark.len();
                self.at = end;
                return Some(Raw { text, at: from..at, quoted: true });
            }
            at += line.len();
        }
        None
    }
}

struct Reading<'t> {
    text: &'t str,
    file: FileId,
    open: Vec<Line>,
    top: Vec<Line>,
    faults: Vec<Fault>,
    /// Blocks that are open and left out.
    skipped: usize,
}

impl Reading<'_> {
    fn take(&mut self, mut raws: Vec<Raw>) {
        let is = |raw: &Raw, brace: &str| !raw.quoted && raw.text == brace;
        while raws.first().is_some_and(|raw| is(raw, "}")) {
            let at = raws.remove(0).at;
            self.close(at);
        }
        let opens = raws.last().filter(|raw| is(raw, "{")).map(|raw| raw.at.clone());
        if opens.is_some() {
            raws.pop();
        }
        if raws.is_empty() && opens.is_none() {
            return;
        }
        let continues = |line: &Line| {
            line.block.is_none() && line.words.last().is_some_and(|word| word.text.ends_with(','))
        };
        let mut words: Vec<Word> = Vec::new();
        // Addresses of a site may go on in the next line after a comma.
        if self.open.is_empty() && self.top.last().is_some_and(continues) {
            words = self.top.pop().map(|line| line.words).unwrap_or_default();
        }
        for raw in raws {
            self.fill(raw, &mut words);
        }
        let Some(brace) = opens else {
            return self.push(Line { words, block: None });
        };
        if self.skipped > 0 || self.open.len() >= MOST_DEEP {
            if self.skipped == 0 {
                let says = "blocks are nested too deeply; this was not read";
                self.faults.push(Fault { at: brace, says });
            }
            self.skipped += 1;
            return;
        }
        if words.is_empty() {
            let at = Span::new(self.file, brace.clone());
            words.push(Word { text: String::new(), at, plain: false, quoted: false });
        }
        let opens = Span::new(self.file, brace.end..brace.end);
        self.open.push(Line { words, block: Some(Block { opens, lines: Vec::new() }) });
    }

    /// Adds the words that a word stands for: a default may hold several.
    fn fill(&self, raw: Raw, words: &mut Vec<Word>) {
        let text = filled(&raw.text);
        let plain = self.text.get(raw.at.clone()) == Some(text.as_str());
        let at = Span::new(self.file, raw.at);
        let quoted = raw.quoted;
        if quoted || plain || !text.contains(char::is_whitespace) || is_variable(&text) {
            words.push(Word { text, at, plain, quoted });
        } else {
            let parts = text.split_whitespace();
            words.extend(parts.map(|part| Word { text: part.to_owned(), at, plain, quoted }));
        }
    }

    fn push(&mut self, line: Line) {
        if self.skipped > 0 {
            return;
        }
        match self.open.last_mut().and_then(|open| open.block.as_mut()) {
            Some(block) => block.lines.push(line),
            None => self.top.push(line),
        }
    }

    fn close(&mut self, at: Range<usize>) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if let Some(line) = self.open.pop() {
            self.push(line);
        } else {
            let says = "this brace closes nothing; it was left out";
            self.faults.push(Fault { at, says });
        }
    }

    fn finish(mut self) -> (Vec<Line>, Vec<Fault>) {
        self.skipped = 0;
        if let Some(line) = self.open.first() {
            let at = line.block.as_ref().map_or(line.span(), |block| block.opens).range();
            let says = "this block is never closed; it was read to the end of the file";
            self.faults.push(Fault { at, says });
        }
        while let Some(line) = self.open.pop() {
            self.push(line);
        }
        (self.top, self.faults)
    }
}

/// True if a part of the text is known only while Caddy runs, or to its environment.
pub(super) fn is_variable(text: &str) -> bool {
    text.contains('{')
}

/// The text with the defaults of variables of the environment, `{$PORT:8080}`, put in.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("{$") {
        let Some(length) = rest[start..].find('}') else { break };
        let (before, from) = rest.split_at(start);
        let (placeholder, after) = from.split_at(length + 1);
        out.push_str(before);
        match placeholder[2..length].split_once(':') {
            Some((_, default)) if !default.is_empty() => out.push_str(default),
            _ => out.push_str(placeholder),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &[Line]) -> String {
        let one = |line: &Line| {
            let words: Vec<&str> = line.words.iter().map(|word| word.text.as_str()).collect();
            match &line.block {
                Some(block) => format!("{} {{{}}}", words.join(" "), shown(&block.lines)),
                None => words.join(" "),
            }
        };
        lines.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    fn read(text: &str) -> (String, usize) {
        let (lines, faults) = lines(text, FileId(0));
        (shown(&lines), faults.len())
    }

    #[test]
    fn lines_words_and_blocks() {
        let text = "{\n\tgrace_period 5s\n}\na.example,\nb.example { # two\n\treverse_proxy \
                    \"x y\" `z` \\\n  w\n}\n";
        let said = " {grace_period 5s}; a.example, b.example {reverse_proxy x y z w}";
        assert_eq!(read(text), (said.to_owned(), 0));
        assert_eq!(read("respond <<END\n a {\n END 200\nnext\n").0, "respond  a {\n 200; next");
        assert_eq!(read("x {$PORT:80} {$A} {$B:a:1 b:2}").0, "x 80 {$A} a:1 b:2");
        assert_eq!(read("respond {path}#x {}").0, "respond {path}#x {}");
    }

    #[test]
    fn braces_that_do_not_match_are_noted() {
        assert_eq!(read("a {\n b\n").1, 1);
        assert_eq!(read("}\na"), ("a".to_owned(), 1));
        assert_eq!(read("a \"b").1, 1);
        let deep = "a {\n".repeat(100);
        assert_eq!(read(&deep).1, 2);
    }
}
