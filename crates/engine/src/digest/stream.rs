//! Counts of one hop as one dialect logs it: the part every healthy line passes through.

use model::{HopKind, Micros, Side, Timestamp};

use super::Period;
use super::bounded::{Bounded, Merge};
use super::histogram::Histogram;
use super::series::Series;

/// A healthy request that took this long had to wait for something.
pub(crate) const WAITED: Micros = Micros::from_secs(1);
/// Most seconds told apart in which one target finished requests that had waited.
const SECONDS: usize = 256;

/// Most targets told apart in one stream.
const TARGETS: usize = 512;

/// A hop in a dialect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StreamKey {
    pub(crate) dialect: &'static str,
    pub(crate) hop: Box<[u8]>,
    pub(crate) kind: HopKind,
}

impl Default for StreamKey {
    fn default() -> Self {
        StreamKey { dialect: "", hop: Box::default(), kind: HopKind::Proxy }
    }
}

impl StreamKey {
    pub(crate) fn new(dialect: &'static str, hop: &[u8], kind: HopKind) -> StreamKey {
        StreamKey { dialect, hop: hop.into(), kind }
    }

    #[inline]
    pub(crate) fn is(&self, dialect: &'static str, hop: &[u8], kind: HopKind) -> bool {
        // Names of dialects are constants: nearly always the very same bytes.
        (std::ptr::eq(self.dialect, dialect) || self.dialect == dialect)
            && *self.hop == *hop
            && self.kind == kind
    }

    /// The stream that stands for all hops beyond the limit.
    pub(crate) fn of_the_rest(mut self) -> StreamKey {
        self.hop = (*b"(other)").into();
        self
    }

    pub(crate) fn name(&self) -> String {
        String::from_utf8_lossy(&self.hop).into_owned()
    }
}

/// Requests, failures and durations within one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlotCounts {
    pub(crate) requests: u64,
    pub(crate) failures: u64,
    pub(crate) elapsed: Histogram,
}

impl Merge for SlotCounts {
    fn merge(&mut self, other: Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.elapsed.merge(other.elapsed);
    }
}

/// Requests that had waited and that one target finished within one second.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Late {
    pub(crate) count: u64,
    /// The shortest and the longest wait among them.
    pub(crate) waits: Option<(Micros, Micros)>,
}

impl Merge for Late {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.waits = match (self.waits, other.waits) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}

/// Successes of one target within one slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct TargetCounts {
    pub(crate) successes: u64,
    pub(crate) failures: u64,
    pub(crate) seen: Period,
    pub(crate) served: Period,
    pub(crate) success_slots: Series<u64, 512>,
    /// By the Unix second.
    pub(crate) late: Bounded<i64, Late, SECONDS>,
}

impl Merge for TargetCounts {
    fn merge(&mut self, other: Self) {
        self.successes += other.successes;
        self.failures += other.failures;
        self.seen.merge(other.seen);
        self.served.merge(other.served);
        self.success_slots.merge(other.success_slots);
        self.late.merge(other.late);
    }
}

/// One hop's counts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stream {
    pub(crate) key: StreamKey,
    pub(crate) requests: u64,
    pub(crate) failures: u64,
    pub(crate) undated: u64,
    pub(crate) period: Period,
    pub(crate) elapsed: Histogram,
    pub(crate) slots: Series<SlotCounts, 4096>,
    pub(crate) targets: Bounded<Box<[u8]>, TargetCounts, TARGETS>,
}

impl Stream {
    /// A request that went well, or went wrong by the client's own doing.
    #[inline]
    pub(crate) fn healthy(
        &mut self,
        at: Timestamp,
        status: u16,
        target: &[u8],
        elapsed: Option<Micros>,
    ) {
        self.requests += 1;
        self.period.add(at);
        let slot = self.slots.slot(at);
        slot.requests += 1;
        if let Some(elapsed) = elapsed.filter(|_| status < 400) {
            slot.elapsed.add(elapsed);
            self.elapsed.add(elapsed);
        }
        if !target.is_empty() {
            let counts = self.targets.entry(target);
            counts.successes += 1;
            counts.seen.add(at);
            counts.served.add(at);
            *counts.success_slots.slot(at) += 1;
            if let Some(waited) = elapsed.filter(|elapsed| *elapsed >= WAITED) {
                let late = Late { count: 1, waits: Some((waited, waited)) };
                counts.late.entry(&at.0.div_euclid(1_000_000)).merge(late);
            }
        }
    }

    /// A request that failed.
    pub(crate) fn failing(&mut self, at: Timestamp, status: u16, target: &[u8], side: Side) {
        if side == Side::Client {
            self.healthy(at, status.max(400), b"", None);
            return;
        }
        self.requests += 1;
        self.failures += 1;
        self.period.add(at);
        let slot = self.slots.slot(at);
        slot.requests += 1;
        slot.failures += 1;
        if !target.is_empty() {
            let counts = self.targets.entry(target);
            counts.failures += 1;
            counts.seen.add(at);
        }
    }
}

impl Merge for Stream {
    fn merge(&mut self, other: Self) {
        if self.requests + self.undated == 0 {
            self.key = other.key;
        }
        self.requests += other.requests;
        self.failures += other.failures;
        self.undated += other.undated;
        self.period.merge(other.period);
        self.elapsed.merge(other.elapsed);
        self.slots.merge(other.slots);
        self.targets.merge(other.targets);
    }
}
