//! Blocks of bytes to records, records to the dialects.
//!
//! ```text
//! head of a source ──► Profile          which dialects, which prefix, which zone and year
//! bytes ──► border ──► block ──► records ──► quick look, or parse ──► Sink
//! ```
//!
//! A source may be cut at any [`border`] and its blocks read in any order: the sink is told the
//! same. The exceptions are JSON documents that hold a list of records, and CSV exports
//! ([`Profile::is_sequential`]): they are read from their beginning with [`read_some`].

mod block;
mod cloudwatch;
mod csv;
mod documents;
mod gate;
pub(crate) mod header;
mod journal;
mod lines;
mod offer;
mod page;
mod prefix;
mod profile;
mod thrown;
mod value;
mod wrapper;

pub use lines::{LINE_HEAD, MAX_RECORD};
pub use profile::{HEAD_BYTES, Options, Profile, zone_of};

use model::{Event, Tally};

/// Where what was read goes. Lines are counted from 0 within the bytes that were given.
pub trait Sink {
    /// A healthy request.
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>);

    /// One event of a record. `record` is the text as it stands in the source, `line` its first
    /// line.
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, line: u32, record: &str);

    /// Records that a dialect understood and that say nothing of interest.
    fn understood(&mut self, dialect: &'static str, records: u64);

    /// A line that no dialect understood.
    fn unread(&mut self, line: u32, text: &str);

    /// A line, or a record of several, longer than [`MAX_RECORD`]: its first bytes and its length
    /// in bytes. Counts as one unread line unless the sink wants to tell them apart.
    fn overlong(&mut self, line: u32, head: &[u8], length: u64) {
        self.unread(line, &overlong_excerpt(head, length));
    }
}

/// How far [`read_some`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes done with; the rest is to be given again with more behind it.
    pub consumed: usize,
    /// Lines in those bytes.
    pub lines: u32,
    /// True if the rest is the beginning of a line longer than [`MAX_RECORD`]: pass over it up to
    /// its end and report it to [`Sink::overlong`].
    pub overlong: bool,
}

/// Where reading a source stands between two calls of [`read_some`].
#[derive(Clone, Debug, Default)]
pub struct State {
    documents: documents::Documents,
}

/// Reads a block that begins and ends at a border, and returns the number of its lines.
pub fn read_block(profile: &Profile, block: &[u8], sink: &mut impl Sink) -> u32 {
    block::read(profile, &mut State::default(), block, true, sink).lines
}

/// Reads the records that are complete within these bytes, which begin where a record begins.
/// With `last`, nothing follows the bytes and all of them are read. A source has one `state`, new
/// when its first bytes are read.
pub fn read_some(
    profile: &Profile,
    state: &mut State,
    bytes: &[u8],
    last: bool,
    sink: &mut impl Sink,
) -> Progress {
    block::read(profile, state, bytes, last, sink)
}

/// The next position at or after `from` at which a line begins that certainly starts a record,
/// whatever stands before it. `None` if no line does.
#[must_use]
pub fn border(bytes: &[u8], from: usize) -> Option<usize> {
    lines::certain_start(bytes, from)
}

/// Where the part of a source begins that belongs to the block `bytes[from..to]`: at its first
/// certain start of a record; in text that has none, at its first line that may be one; `None` if
/// the block holds nothing but the inside of a record. `bytes` should reach [`LINE_HEAD`] bytes
/// past `to`, and one byte before `from` must be there unless the source begins at it.
#[must_use]
pub fn block_start(bytes: &[u8], from: usize, to: usize) -> Option<usize> {
    let within = |at: &usize| *at < to;
    lines::certain_start(bytes, from)
        .filter(within)
        .or_else(|| lines::likely_start(bytes, from).filter(within))
}

/// How a line too long to be a record is shown: its first bytes and its length in bytes.
#[must_use]
pub fn overlong_excerpt(head: &[u8], length: u64) -> String {
    let head = head.get(..200).unwrap_or(head);
    format!("{}… ({length} bytes)", String::from_utf8_lossy(head).trim_end_matches('\u{FFFD}'))
}
