//! Turns what was found out into something to read: a diagnosis and the catalogue's pages as text
//! for a terminal and as JSON for programs.
//!
//! Nothing here reads a file, asks for the time or prints: every function returns a `String`, and
//! the caller decides where it goes. The words are in `words`, the masking of secrets in [`mask`],
//! the wire form of JSON in `wire`.

#![forbid(unsafe_code)]

mod agree;
pub mod check;
mod clean;
mod conclude;
mod condition;
pub mod explain;
mod figures;
mod fill;
pub mod json;
pub mod mask;
mod page;
pub mod path;
mod products;
mod style;
pub mod text;
mod wire;
mod words;
mod wrap;

/// A text broken into lines of so many terminal columns, in which a Japanese character takes two.
#[must_use]
pub fn lines(text: &str, columns: usize) -> Vec<String> {
    wrap::wrap(&[style::plain(text)], columns, columns)
        .into_iter()
        .map(|line| line.into_iter().map(|(_, part)| part).collect())
        .collect()
}

/// Terminal columns that a text takes.
#[must_use]
pub fn columns(text: &str) -> usize {
    wrap::columns(text)
}
