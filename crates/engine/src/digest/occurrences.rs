//! Things that happened: exact counts over time and by subject, and a sample with times.

use model::{Micros, Occurrence, OccurrenceKind, Timestamp};

use super::bounded::{Bounded, Merge, Sample};
use super::excerpt::cited;
use super::series::Series;
use super::{Period, Place, short};
use crate::hash::{self, Map};

/// One occurrence, as far as later steps need it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Happened {
    pub(crate) at: Option<Timestamp>,
    pub(crate) subject: Box<str>,
    pub(crate) object: Option<Box<str>>,
    pub(crate) detail: Option<Box<str>>,
    pub(crate) text: Box<str>,
}

/// Counts of one subject and object.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairCounts {
    pub(crate) count: u64,
    pub(crate) seen: Period,
    pub(crate) slots: Series<u64, 512>,
    pub(crate) ports: Ports,
}

impl PairCounts {
    /// When each attempt of the sample was first seen, in order, and how many records one attempt
    /// has on average; `None` if no record names a source port.
    pub(crate) fn attempts(&self) -> Option<(Vec<Timestamp>, f64)> {
        // Longest pause between two retransmissions of a SYN that anybody waits for.
        const PAUSE: Micros = Micros::from_secs(32);
        let mut firsts = Vec::new();
        let mut records = 0;
        let mut before: Option<(u16, Timestamp)> = None;
        for (&(port, _), of_port) in self.ports.sorted() {
            let Some((first, last)) = of_port.seen.0 else { continue };
            records += of_port.count;
            let same = before.is_some_and(|(p, end)| p == port && first - end <= PAUSE);
            if !same {
                firsts.push(first);
            }
            before = Some((port, last));
        }
        firsts.sort_unstable();
        let each = records as f64 / firsts.len() as f64;
        (!firsts.is_empty()).then_some((firsts, each))
    }

    /// Whether [`PairCounts::attempts`] are all there were.
    pub(crate) fn has_all_attempts(&self) -> bool {
        self.ports.rest().count == 0
    }
}

/// Records of one source port within one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfPort {
    count: u64,
    seen: Period,
}

impl Merge for OfPort {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.seen.merge(other.seen);
    }
}

/// Source ports, with the slot of [`PORT_SLOT`] they were seen in: a port is used again later.
pub(crate) type Ports = Bounded<(u16, i64), OfPort, 256>;

/// Far longer than an attempt lasts, and shorter than until a port comes round again.
const PORT_SLOT: Micros = Micros::from_secs(128);

impl Merge for PairCounts {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.seen.merge(other.seen);
        self.slots.merge(other.slots);
        self.ports.merge(other.ports);
    }
}

/// Subject and object.
pub(crate) type Pair = (Box<str>, Box<str>);

/// All occurrences of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct OfKind {
    pub(crate) count: u64,
    pub(crate) period: Period,
    pub(crate) slots: Series<u64, 4096>,
    pub(crate) sample: Sample<Happened, 1024>,
    pub(crate) pairs: Bounded<Pair, PairCounts, 2048>,
}

impl Merge for OfKind {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.period.merge(other.period);
        self.slots.merge(other.slots);
        self.sample.merge(other.sample);
        self.pairs.merge(other.pairs);
    }
}

/// All occurrences.
#[derive(Clone, Debug, Default)]
pub(crate) struct Occurrences {
    pub(crate) kinds: Map<OccurrenceKind, OfKind>,
}

impl Occurrences {
    pub(crate) fn add(&mut self, occurrence: &Occurrence<'_>, place: Place, record: &str) {
        let of_kind = self.kinds.entry(occurrence.kind).or_default();
        let times = u64::from(occurrence.count.max(1));
        of_kind.count += times;
        let object = occurrence.object.as_deref().unwrap_or("");
        let pair = (short(&occurrence.subject, 120), short(object, 120));
        let counts = of_kind.pairs.entry(&pair);
        counts.count += times;
        if let Some(at) = occurrence.at {
            *counts.slots.slot(at) += times;
            counts.seen.add(at);
            if let Some(port) = occurrence.source_port {
                let of_port = counts.ports.entry(&(port, at.floor(PORT_SLOT).0));
                of_port.count += 1;
                of_port.seen.add(at);
            }
            of_kind.period.add(at);
            *of_kind.slots.slot(at) += times;
        }
        // One record may tell of many: the values of a metric, say. Not by the place: blocks are others
        // when the file is compressed.
        let (at, detail) = (occurrence.at, occurrence.detail.as_deref());
        let priority = hash::of(&(place.source, at, &*occurrence.subject, object, detail));
        of_kind.sample.offer(priority, place, || Happened {
            at: occurrence.at,
            subject: short(&occurrence.subject, 120),
            object: occurrence.object.as_deref().map(|o| short(o, 120)),
            detail: occurrence.detail.as_deref().map(|d| short(d, 160)),
            text: told(occurrence, record),
        });
    }

    pub(crate) fn merge(&mut self, other: Occurrences) {
        for (kind, of_kind) in other.kinds {
            self.kinds.entry(kind).or_default().merge(of_kind);
        }
    }
}

/// The part of a record that tells of an occurrence. A document in JSON often says it in many
/// places, or says many things: what was made of it goes first.
fn told(occurrence: &Occurrence<'_>, record: &str) -> Box<str> {
    const SAYS_ITSELF: [&str; 3] = ["DROPPED", "textPayload", "methodName"];
    let telling = |words: &str| match words {
        "DROPPED" => occurrence.kind == OccurrenceKind::NatDrop,
        _ => true,
    };
    let object = occurrence.object.as_deref().unwrap_or("");
    let mut needles: Vec<&str> = SAYS_ITSELF.into_iter().filter(|words| telling(words)).collect();
    let plain = !record.starts_with('{') || needles.iter().any(|words| record.contains(words));
    needles.extend([object, &*occurrence.subject, "\"eventName\""]);
    let text = cited(record, &needles);
    match occurrence.detail.as_deref().filter(|detail| !plain && !record.contains(detail)) {
        Some(detail) => format!("{}: {text}", short(detail, 120)).into(),
        None => text,
    }
}
