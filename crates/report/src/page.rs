//! A page under construction: paragraphs, bullets, cut lines and verbatim blocks of one width.

use std::borrow::Cow;

use crate::style::{Ink, Span, Style, ink, plain};
use crate::wrap::{columns, cut, wrap};

/// Narrowest page that is laid out; below it, lines run over.
const NARROWEST: usize = 40;

/// A space at which no line is broken; an ordinary one in the finished page.
const GLUE: char = '\u{a0}';

/// The text with numbers kept together with the per cent sign or the unit of time behind them.
fn glued(text: &str) -> Cow<'_, str> {
    const UNITS: [&str; 3] = ["%", "s", "ms"];
    let mut out = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices(' ') {
        let rest = &text[at + 1..];
        let word = rest.split([' ', '.', ',', ';', ':', ')', '）', '、', '。']).next();
        let is_unit = word.is_some_and(|word| UNITS.contains(&word));
        if is_unit && text[..at].ends_with(|c: char| c.is_ascii_digit()) {
            out.push_str(&text[from..at]);
            out.push(GLUE);
            from = at + 1;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[from..]);
    Cow::Owned(out)
}

/// Collects the lines of a page.
pub(crate) struct Page {
    out: String,
    width: usize,
    style: Style,
}

impl Page {
    pub(crate) fn new(width: usize, style: Style) -> Page {
        Page { out: String::new(), width: width.max(NARROWEST), style }
    }

    /// Columns of a line.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    pub(crate) fn finish(self) -> String {
        self.out.replace(GLUE, " ")
    }

    /// An empty line, unless there is one already or the page begins here.
    pub(crate) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading on a line of its own.
    pub(crate) fn heading(&mut self, indent: usize, text: &str) {
        self.para(indent, "", vec![ink(Ink::Heading, text)]);
    }

    /// A heading inside a finding.
    pub(crate) fn label(&mut self, indent: usize, text: &str) {
        self.para(indent, "", vec![ink(Ink::Strong, text)]);
    }

    /// A wrapped paragraph: `mark` stands before its first line, the others align behind it.
    pub(crate) fn para(&mut self, indent: usize, mark: &str, mut spans: Vec<Span>) {
        for span in &mut spans {
            if let Cow::Owned(text) = glued(&span.text) {
                span.text = text;
            }
        }
        let hang = indent + columns(mark);
        let room = self.width.saturating_sub(hang);
        for (i, line) in wrap(&spans, room, room).into_iter().enumerate() {
            self.out.push_str(&" ".repeat(indent));
            let begin = if i == 0 { mark.to_owned() } else { " ".repeat(columns(mark)) };
            self.out.push_str(if line.is_empty() { begin.trim_end() } else { &begin });
            for (span, text) in line {
                self.style.write(&mut self.out, &spans[span], &text);
            }
            self.end_line();
        }
    }

    /// A wrapped paragraph of plain text.
    pub(crate) fn text(&mut self, indent: usize, mark: &str, text: &str) {
        self.para(indent, mark, vec![plain(text)]);
    }

    /// One line; its last span is cut where the line would run over.
    pub(crate) fn cut(&mut self, indent: usize, spans: &[Span]) {
        self.out.push_str(&" ".repeat(indent));
        let mut used = indent;
        for (i, span) in spans.iter().enumerate() {
            let text = if i + 1 == spans.len() {
                cut(&span.text, self.width.saturating_sub(used).max(8))
            } else {
                span.text.clone()
            };
            used += columns(&text);
            self.style.write(&mut self.out, span, &text);
        }
        self.end_line();
    }

    /// Lines to be copied: indented, never wrapped or cut.
    pub(crate) fn verbatim(&mut self, indent: usize, kind: Ink, text: &str) {
        for line in text.trim_matches('\n').lines() {
            if !line.trim().is_empty() {
                self.out.push_str(&" ".repeat(indent));
                let line = line.trim_end();
                self.style.write(&mut self.out, &ink(kind, ""), line);
            }
            self.out.push('\n');
        }
    }

    /// Spans on a line of their own, never wrapped or cut.
    pub(crate) fn verbatim_spans(&mut self, indent: usize, spans: &[Span]) {
        self.out.push_str(&" ".repeat(indent));
        for span in spans {
            self.style.write(&mut self.out, span, &span.text);
        }
        self.end_line();
    }

    fn end_line(&mut self) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_unit_stay_together() {
        let mut page = Page::new(40, Style { colour: false, hyperlinks: false });
        page.text(0, "", "The share of the failing requests is 96 % of all; the timer is 60 s.");
        assert_eq!(
            page.finish(),
            "The share of the failing requests is\n96 % of all; the timer is 60 s.\n"
        );
        assert_eq!(glued("in 5 steps of 5 s, 5 s"), "in 5 steps of 5\u{a0}s, 5\u{a0}s");
        assert_eq!(glued("日本 % s"), "日本 % s");
    }
}
