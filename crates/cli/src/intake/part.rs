//! What one worker has read of one source: counts, examples, and the way to the digest.

use dialects::reader::Sink;
use engine::Place;
use model::{Event, Tally};

use super::Gather;

/// Lines that nobody understood, kept as examples.
const EXAMPLES: usize = 3;
const EXAMPLE_CHARS: usize = 200;

/// Counts of one source, or of the blocks of it that one worker read.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) bytes: u64,
    pub(crate) dialects: Vec<(&'static str, u64)>,
    pub(crate) unread: u64,
    pub(crate) overlong: u64,
    /// Block, line in it, text: the first ones.
    pub(crate) examples: Vec<(u32, u32, String)>,
    /// Lines of each block read.
    pub(crate) blocks: Vec<(u32, u32)>,
}

impl Part {
    pub(crate) fn merge(&mut self, other: Part) {
        self.bytes += other.bytes;
        self.unread += other.unread;
        self.overlong += other.overlong;
        self.blocks.extend(other.blocks);
        for (dialect, records) in other.dialects {
            self.count(dialect, records);
        }
        for example in other.examples {
            self.example(example);
        }
    }

    fn count(&mut self, dialect: &'static str, records: u64) {
        // Names of dialects are constants: nearly always the very same bytes.
        let is_it = |name: &'static str| std::ptr::eq(name, dialect) || name == dialect;
        match self.dialects.iter_mut().find(|(name, _)| is_it(name)) {
            Some((_, count)) => *count += records,
            None => self.dialects.push((dialect, records)),
        }
    }

    fn example(&mut self, example: (u32, u32, String)) {
        let at = self.examples.partition_point(|kept| *kept < example);
        if at < EXAMPLES {
            self.examples.insert(at, example);
            self.examples.truncate(EXAMPLES);
        }
    }
}

/// The sink of one block.
pub(crate) struct Feed<'a, G> {
    pub(crate) gather: &'a mut G,
    pub(crate) part: &'a mut Part,
    pub(crate) source: u32,
    pub(crate) block: u32,
    /// Lines of the block before the bytes being read.
    pub(crate) before: u32,
    /// The record of the last event, told by where it stands, so that a record of several events
    /// counts once.
    pub(crate) last: Option<(u32, usize, usize)>,
}

impl<'a, G> Feed<'a, G> {
    pub(crate) fn new(gather: &'a mut G, part: &'a mut Part, source: u32, block: u32) -> Self {
        Feed { gather, part, source, block, before: 0, last: None }
    }
}

impl<G: Gather> Sink for Feed<'_, G> {
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.part.count(dialect, 1);
        self.gather.tally(dialect, tally);
    }

    fn event(&mut self, dialect: &'static str, event: &Event<'_>, line: u32, record: &str) {
        let line = self.before.saturating_add(line);
        let this = (line, record.as_ptr().addr(), record.len());
        if self.last.replace(this) != Some(this) {
            self.part.count(dialect, 1);
        }
        let place = Place { source: self.source, block: self.block, line };
        self.gather.event(dialect, event, place, record);
    }

    fn understood(&mut self, dialect: &'static str, records: u64) {
        self.part.count(dialect, records);
        self.gather.saw(dialect);
    }

    fn unread(&mut self, line: u32, text: &str) {
        self.part.unread += 1;
        let line = self.before.saturating_add(line);
        let kept = self.part.examples.len();
        let full = kept == EXAMPLES;
        if full && self.part.examples[kept - 1] < (self.block, line, String::new()) {
            return;
        }
        self.part.example((self.block, line, text.chars().take(EXAMPLE_CHARS).collect()));
    }

    fn overlong(&mut self, line: u32, head: &[u8], length: u64) {
        self.part.overlong += 1;
        self.unread(line, &dialects::reader::overlong_excerpt(head, length));
    }
}
