//! The digest: everything a diagnosis needs of any number of records, in bounded memory.
//!
//! The digest of A and B equals the digest of A merged with that of B, in whatever order, because
//! counts are sums and everything that has to be bounded is bounded by hash (see [`bounded`]).

pub(crate) mod bounded;
pub(crate) mod excerpt;
pub(crate) mod failures;
pub(crate) mod histogram;
pub(crate) mod occurrences;
pub(crate) mod series;
pub(crate) mod stream;

use std::collections::BTreeSet;

use model::{Event, HopKind, OccurrenceKind, Request, Role, Tally, Timestamp};

use crate::hash;
use bounded::{Bounded, Merge};
use failures::{Class, ClassKey};
use occurrences::Occurrences;
use stream::{Stream, StreamKey};

/// Most streams told apart; the others share one.
const STREAMS: usize = 512;
/// Most classes of failing requests told apart; the others share one.
const CLASSES: usize = 2048;
/// Streams remembered by hash of their hop, to find the stream of a line without a map.
const RECENT: usize = 16;

/// Where a record stands: source number, block within the source, line within the block.
///
/// Line numbers of the whole source are only known once all its blocks are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Position of the source in the list of sources sorted by name.
    pub source: u32,
    /// Block within the source.
    pub block: u32,
    /// Line within the block, from 0.
    pub line: u32,
}

/// A mergeable summary of records.
#[derive(Clone, Debug, Default)]
pub struct Digest {
    pub(crate) streams: Bounded<StreamKey, Stream, STREAMS>,
    pub(crate) classes: Bounded<ClassKey, Class, CLASSES>,
    pub(crate) occurrences: Occurrences,
    /// Dialects of which any record was understood: what they do not show did not happen.
    pub(crate) saw: BTreeSet<&'static str>,
    /// Kinds of occurrences that a dialect told of: which of its several logs are there.
    pub(crate) told: BTreeSet<(&'static str, OccurrenceKind)>,
    /// Dialects that told of an occurrence and when it was.
    pub(crate) told_when: BTreeSet<&'static str>,
    recent: [u32; RECENT],
    /// The stream of the last line: most logs are of one hop.
    last: u32,
}

impl Digest {
    /// An empty digest.
    #[must_use]
    pub fn new() -> Digest {
        Digest::default()
    }

    /// Counts a healthy request.
    #[inline]
    pub fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        let stream = self.stream(dialect, tally.hop, tally.kind);
        stream.healthy(tally.at, tally.status, tally.target, tally.elapsed);
    }

    /// Notes that records of a dialect were understood, whether or not they told anything.
    pub fn saw(&mut self, dialect: &'static str) {
        if !self.saw.contains(dialect) {
            self.saw.insert(dialect);
        }
    }

    /// Takes in one event; `record` is its text, cited where the event matters.
    pub fn event(&mut self, dialect: &'static str, event: &Event<'_>, place: Place, record: &str) {
        self.saw(dialect);
        match event {
            Event::Request(request) => self.request(dialect, request, place, record),
            Event::Occurrence(occurrence) => {
                let told = (dialect, occurrence.kind);
                if !self.told.contains(&told) {
                    self.told.insert(told);
                }
                if occurrence.at.is_some() && !self.told_when.contains(dialect) {
                    self.told_when.insert(dialect);
                }
                self.occurrences.add(occurrence, place, record);
            }
        }
    }

    fn request(
        &mut self,
        dialect: &'static str,
        request: &Request<'_>,
        place: Place,
        record: &str,
    ) {
        let at = request.at();
        if request.role == Role::Access {
            let target = request.target.as_deref().unwrap_or("").as_bytes();
            let status = request.status.unwrap_or(0);
            let stream = self.stream(dialect, request.hop.as_bytes(), request.kind);
            match (at, request.failure) {
                (Some(at), None) => stream.healthy(at, status, target, request.timers.total),
                (Some(at), Some(failure)) => stream.failing(at, status, target, failure.side),
                (None, _) => stream.undated += 1,
            }
        }
        let key = ClassKey::of(dialect, request);
        if key.failure.is_some() || is_worth_joining(request) {
            self.classes.entry(&key).add(request, place, record);
        }
    }

    #[inline]
    fn stream(&mut self, dialect: &'static str, hop: &[u8], kind: HopKind) -> &mut Stream {
        if self.is_at(self.last, dialect, hop, kind) {
            return self.streams.at_mut(Some(self.last));
        }
        let slot = (hash::of(&hop) as usize) % RECENT;
        let position = if self.is_at(self.recent[slot], dialect, hop, kind) {
            Some(self.recent[slot])
        } else {
            self.find(slot, dialect, hop, kind)
        };
        self.last = position.unwrap_or(self.last);
        self.streams.at_mut(position)
    }

    #[inline]
    fn is_at(&self, position: u32, dialect: &'static str, hop: &[u8], kind: HopKind) -> bool {
        self.streams.at(position).is_some_and(|stream| stream.key.is(dialect, hop, kind))
    }

    fn find(
        &mut self,
        slot: usize,
        dialect: &'static str,
        hop: &[u8],
        kind: HopKind,
    ) -> Option<u32> {
        let key = StreamKey::new(dialect, hop, kind);
        self.streams.entry(&key).key = key.clone();
        let position = self.streams.position(&key);
        if let Some(position) = position {
            self.recent[slot] = position;
        } else {
            self.streams.at_mut(None).key = key.of_the_rest();
        }
        position
    }

    /// Adds another digest.
    pub fn merge(&mut self, other: Digest) {
        self.streams.merge(other.streams);
        self.classes.merge(other.classes);
        self.occurrences.merge(other.occurrences);
        self.saw.extend(other.saw);
        self.told.extend(other.told);
        self.told_when.extend(other.told_when);
    }
}

/// Slow healthy requests may be what an outer hop gave up on.
fn is_worth_joining(request: &Request<'_>) -> bool {
    request.id.is_some() && request.timers.total.is_some_and(|total| total.0 >= 5_000_000)
}

/// A bounded copy of text, cut at a character's border.
pub(crate) fn short(text: &str, limit: usize) -> Box<str> {
    if text.len() <= limit {
        return text.into();
    }
    let mut end = limit;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end]).into()
}

/// First and last of something dated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Option<(Timestamp, Timestamp)>);

impl Period {
    #[inline]
    pub(crate) fn add(&mut self, at: Timestamp) {
        match &mut self.0 {
            Some((first, last)) => {
                *first = (*first).min(at);
                *last = (*last).max(at);
            }
            none => *none = Some((at, at)),
        }
    }
}

impl Merge for Period {
    fn merge(&mut self, other: Self) {
        if let Some((first, last)) = other.0 {
            self.add(first);
            self.add(last);
        }
    }
}
