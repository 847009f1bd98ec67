//! Configuration made of directives and blocks, as nginx and Apache httpd have it: a tree of words
//! with their places, which block inherits what, and the files that an include means.

pub(crate) mod includes;
mod place;
mod scope;
#[cfg(test)]
pub(crate) mod test_support;
pub(crate) mod tree;

use std::ops::Range;

use crate::document::Document;

pub(crate) use place::{File, Form, Places};
pub(crate) use scope::Scope;

/// A word of a directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its text, without quotation marks and escapes.
    pub(crate) text: String,
    /// Where it stands, without its quotation marks; in bytes of the document.
    pub(crate) at: Range<usize>,
}

/// A directive with what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    /// Which of the files it is in.
    pub(crate) file: usize,
    /// Its name and its values; never empty.
    pub(crate) words: Vec<Word>,
    /// From its first word to its `;` or `}`, which are part of it.
    pub(crate) at: Range<usize>,
    /// The byte after its `{`, if it opens a block.
    pub(crate) opens: Option<usize>,
    /// What its block holds.
    pub(crate) block: Vec<Directive>,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where.
    pub(crate) at: Range<usize>,
    /// What, and what was done instead.
    pub(crate) says: &'static str,
}

/// What a file was read as, and what is wrong with it.
pub(crate) type Parsed = (Vec<Directive>, Option<Fault>);

impl Directive {
    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.words[0].text
    }

    /// A value, counted from 0.
    pub(crate) fn arg(&self, at: usize) -> Option<&Word> {
        self.words.get(at + 1)
    }

    /// All values.
    pub(crate) fn args(&self) -> &[Word] {
        &self.words[1..]
    }

    /// The text of a value; empty if there is none.
    pub(crate) fn text(&self, at: usize) -> &str {
        self.arg(at).map_or("", |word| &word.text)
    }
}

/// How much of a file is looked at to see whose it is.
const LOOKED_AT: usize = 64 << 10;

/// Endings of files that are never a server's configuration.
const OTHERS: &[&str] = &[
    "md",
    "rst",
    "html",
    "htm",
    "js",
    "mjs",
    "cjs",
    "ts",
    "jsx",
    "tsx",
    "py",
    "rb",
    "go",
    "rs",
    "c",
    "h",
    "cc",
    "cpp",
    "java",
    "kt",
    "php",
    "pl",
    "lua",
    "sh",
    "json",
    "yaml",
    "yml",
    "toml",
    "tf",
    "hcl",
    "tfvars",
    "log",
    "css",
    "scss",
    "sql",
    "xml",
    "properties",
    "pem",
    "crt",
    "key",
    "csv",
];

/// True if a file of such a name is never a server's configuration.
pub(crate) fn is_other(document: &Document) -> bool {
    OTHERS.contains(&document.extension().as_str())
}

/// The beginning of a file, to see whose it is.
pub(crate) fn head(text: &str) -> &str {
    let mut end = text.len().min(LOOKED_AT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
