//! Citations: where to look, in a form that terminals and editors open (`path:line`), and what
//! stands there.

use model::Citation;

use super::View;
use crate::style::{Ink, Span, file_uri, ink};
use crate::wrap::{columns, pad_left};
use crate::{clean, words};

/// Columns of text below which a record goes to a line of its own.
const LEAST: usize = 40;
/// Most citations where each path takes more than a line.
const FEW_LONG: usize = 2;

impl View<'_> {
    /// Writes the first few records, those of one file together: the path is stated once, with
    /// the first line, and the records follow with their line numbers.
    pub(super) fn citations(&mut self, indent: usize, citations: &[Citation], few: usize) {
        let mut shown = self.few(few).min(citations.len());
        let is_long = |c: &Citation| indent + columns(&self.place(c).text) > self.page.width();
        if !self.options.verbose && citations[..shown].iter().any(is_long) {
            shown = shown.min(FEW_LONG);
        }
        let mut groups: Vec<Vec<&Citation>> = Vec::new();
        for citation in &citations[..shown] {
            match groups.iter_mut().find(|group| group[0].source == citation.source) {
                Some(group) => group.push(citation),
                None => groups.push(vec![citation]),
            }
        }
        for group in &groups {
            match group.as_slice() {
                [one] => self.citation(indent, one),
                many => self.group(indent, many),
            }
        }
        self.more(indent, citations.len() - shown);
    }

    /// One record: on one line where enough of its text fits, else path and text on two.
    pub(super) fn citation(&mut self, indent: usize, citation: &Citation) {
        let place = self.place(citation);
        let text = self.excerpt(citation);
        let used = indent + columns(&place.text) + 2;
        if used + LEAST.min(columns(&text.text)) <= self.page.width() {
            self.page.cut(indent, &[place, ink(Ink::Quiet, ": "), text]);
        } else {
            self.page.verbatim_spans(indent, &[place]);
            self.page.cut(indent + 2, &[text]);
        }
    }

    fn group(&mut self, indent: usize, citations: &[&Citation]) {
        let Some(first) = citations.first() else { return };
        let place = self.place(first);
        self.page.verbatim_spans(indent, &[place]);
        let number = |c: &Citation| c.line.to_string();
        let widest = citations.iter().map(|c| number(c).len()).max().unwrap_or(0);
        for citation in citations {
            let line = ink(Ink::Path, pad_left(&number(citation), widest));
            let text = self.excerpt(citation);
            self.page.cut(indent + 2, &[line, ink(Ink::Quiet, ": "), text]);
        }
    }

    /// The record's text on one line; indentation and line breaks of JSON over several lines
    /// would only take room.
    fn excerpt(&self, citation: &Citation) -> Span {
        let words: Vec<&str> = citation.text.split_whitespace().collect();
        ink(Ink::Quiet, self.seen(&words.join(" ")))
    }

    /// `path:line`, never cut, because terminals and editors open it.
    fn place(&self, citation: &Citation) -> Span {
        let name = self.diagnosis.sources.get(citation.source).map_or("?", |s| s.name.as_str());
        Span {
            ink: Ink::Path,
            text: format!("{}:{}", clean::one_line(name), citation.line),
            link: file_uri(name),
        }
    }

    /// `and 3 more`, if there are more.
    pub(super) fn more(&mut self, indent: usize, n: usize) {
        if n > 0 {
            let more = self.fill(&words::MORE, &[("n", &n.to_string())]);
            self.page.para(indent, "", vec![ink(Ink::Quiet, more)]);
        }
    }
}
