//! One stream of text, read in chunks that are parsed while they are in the cache.

use std::io::{self, Read};

use dialects::reader::{self, HEAD_BYTES, Options, Profile, Sink, State};
use memchr::memchr;

use super::Gather;
use super::container;
use super::part::Feed;

/// How a stream ended.
#[derive(Debug)]
pub(crate) enum End {
    /// All of it was read.
    Whole,
    /// It held nothing.
    Empty,
    /// It is no text; nothing of it was used.
    Binary,
    /// Reading failed; what came before was used.
    Failed(io::Error),
}

/// What is known about the stream's records.
pub(crate) enum Known<'a> {
    Profile(&'a Profile),
    Options(Options),
}

/// Whether each chunk counts as a block of its own, or all of them are one block.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocks {
    PerChunk,
    One,
}

/// Reads a stream that begins where a record begins, `chunk` bytes at a time; the first of them are
/// a head at least, where the profile has to be learnt. `buffer` is only working space, kept from one
/// stream to the next.
pub(crate) fn read<G: Gather>(
    text: &mut dyn Read,
    known: &Known<'_>,
    blocks: Blocks,
    chunk: usize,
    feed: &mut Feed<'_, G>,
    buffer: &mut Vec<u8>,
) -> End {
    let chunk = match known {
        Known::Profile(_) => chunk.max(1),
        Known::Options(_) => chunk.max(HEAD_BYTES),
    };
    buffer.resize(chunk, 0);
    let mut learnt = None;
    let mut state = State::default();
    let mut filled = 0;
    let mut passing: Option<Passing> = None;
    let mut failure = None;
    loop {
        let (read, error) = fill(text, &mut buffer[filled..]);
        let last = error.is_some() || filled + read < buffer.len();
        failure = failure.or(error);
        filled += read;
        feed.part.bytes += read as u64;
        let profile = match known {
            Known::Profile(profile) => profile,
            Known::Options(options) => {
                if learnt.is_none() {
                    let head = &buffer[..filled.min(HEAD_BYTES)];
                    if container::is_binary(head) {
                        return End::Binary;
                    }
                    learnt = Some(Profile::of(head, options));
                }
                match &learnt {
                    Some(profile) => profile,
                    None => return End::Empty,
                }
            }
        };
        let mut from = 0;
        if let Some(over) = &mut passing {
            let end = memchr(b'\n', &buffer[..filled]);
            over.length += end.unwrap_or(filled) as u64;
            from = end.map_or(filled, |end| end + 1);
            if end.is_some() || last {
                feed.overlong(0, &over.head, over.length);
                feed.before = feed.before.saturating_add(1);
                passing = None;
            }
        }
        let progress = reader::read_some(profile, &mut state, &buffer[from..filled], last, feed);
        feed.before = feed.before.saturating_add(progress.lines);
        if blocks == Blocks::PerChunk {
            feed.part.blocks.push((feed.block, feed.before));
            feed.block += 1;
            feed.before = 0;
        }
        if last {
            break;
        }
        let done = from + progress.consumed;
        if progress.overlong {
            let head = &buffer[done..filled];
            let length = head.len() as u64;
            passing = Some(Passing { head: head[..head.len().min(200)].to_vec(), length });
            filled = 0;
        } else {
            buffer.copy_within(done..filled, 0);
            filled -= done;
        }
        // A record that fills the buffer would be parsed again for every few bytes read. The
        // bound on records bounds the growth.
        if buffer.len() - filled < chunk.div_ceil(2) {
            let length = buffer.len() + chunk;
            buffer.resize(length, 0);
        }
    }
    if blocks == Blocks::One {
        feed.part.blocks.push((feed.block, feed.before));
    }
    if buffer.len() > chunk {
        buffer.truncate(chunk);
        buffer.shrink_to_fit();
    }
    match failure {
        Some(error) => End::Failed(error),
        None if feed.part.bytes == 0 => End::Empty,
        None => End::Whole,
    }
}

/// A line too long to be a record, being passed over.
struct Passing {
    head: Vec<u8>,
    length: u64,
}

/// Fills the buffer as far as the stream goes; an error ends the stream behind what was read.
fn fill(text: &mut dyn Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while filled < buffer.len() {
        match text.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}
