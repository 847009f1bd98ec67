//! Places in the documents: spans of words, and where a further directive can be written.

use std::ops::Range;

use model::config::{Key, Notation, Slot, Span};

use super::{Directive, Word};
use crate::document::Document;

/// One file: a document, or a part of one that holds many.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Which of the documents it is in.
    pub(crate) document: usize,
    /// Its part of the document.
    pub(crate) range: Range<usize>,
    /// Its path: below the folder that is checked, or in a dump the path on the server.
    pub(crate) path: String,
    /// True if it is a part of a dump.
    pub(crate) dumped: bool,
}

/// How a directive is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// What stands after its value: `;`.
    pub(crate) end: &'static str,
    /// How it writes a time.
    pub(crate) time: Notation,
}

/// The documents and the files in them.
#[derive(Clone, Copy)]
pub(crate) struct Places<'d> {
    pub(crate) documents: &'d [&'d Document],
    pub(crate) files: &'d [File],
}

impl<'d> Places<'d> {
    /// The document a file is in.
    pub(crate) fn document(self, file: usize) -> &'d Document {
        self.documents[self.files[file].document]
    }

    /// The place of a word of a directive.
    pub(crate) fn word(self, of: &Directive, word: &Word) -> Span {
        self.document(of.file).span(word.at.clone())
    }

    /// The place of a part of a word, in bytes of its text; the whole word if it has escapes.
    pub(crate) fn part(self, of: &Directive, word: &Word, from: usize) -> Span {
        let mut at = word.at.clone();
        if word.text.len() == at.len() {
            at.start += from;
        }
        self.document(of.file).span(at)
    }

    /// The place of a value of a directive, or of its name if it has none.
    pub(crate) fn value(self, of: &Directive, at: usize) -> Span {
        self.word(of, of.arg(at).unwrap_or(&of.words[0]))
    }

    /// The place of a directive: of a block, its words only.
    pub(crate) fn directive(self, of: &Directive) -> Span {
        let end = of.words.last().map_or(of.at.end, |word| word.at.end);
        let end = if of.opens.is_some() { end } else { of.at.end };
        self.document(of.file).span(of.at.start..end)
    }

    /// A time that can be written as a directive after this one; a block counts by its `{`.
    pub(crate) fn slot(self, after: &Directive, key: Key, name: &'static str, form: Form) -> Slot {
        let document = self.document(after.file);
        let text = &document.text;
        let start = after.at.start;
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let before = &text[line..start];
        let own_line = before.bytes().all(|b| b == b' ' || b == b'\t');
        let (at, indent) = match after.opens {
            Some(opens) => (opens, format!("{}    ", if own_line { before } else { "" })),
            None => (after.at.end, before.to_owned()),
        };
        let gap = if own_line { format!("\n{indent}") } else { " ".to_owned() };
        // A directive that lacks its `;` gets it first.
        let before = text.get(..at).unwrap_or_default();
        let ends = after.opens.is_some() || before.ends_with(form.end);
        let gap = if ends { gap } else { format!("{}{gap}", form.end) };
        let at = document.span(at..at);
        Slot {
            key,
            name,
            file: at.file,
            at: at.start,
            text: format!("{gap}{name} {{}}{}", form.end),
            notation: form.time,
        }
    }
}
