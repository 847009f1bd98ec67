//! Counts over time in slots whose width adapts: fine while the evidence is short, coarser when it
//! spans more than the slots allow. The width depends only on how many slots the whole would
//! need, so parts merge to the same series whatever their order.

use model::{Micros, Timestamp};

use super::bounded::Merge;
use crate::hash::Map;

/// Slot widths, each a multiple of the one before.
const WIDTHS: [Micros; 5] = [
    Micros::from_secs(10),
    Micros::from_secs(60),
    Micros::from_secs(600),
    Micros::from_secs(3_600),
    Micros::from_secs(86_400),
];

/// A series of at most `LIMIT` slots (more only at the coarsest width: that many days).
#[derive(Clone, Debug)]
pub(crate) struct Series<T, const LIMIT: usize> {
    width: usize,
    index: Map<i64, u32>,
    slots: Vec<(i64, T)>,
    /// Start, end and position of the slot used last: logs are mostly in order.
    last: (i64, i64, u32),
}

impl<T, const LIMIT: usize> Default for Series<T, LIMIT> {
    fn default() -> Self {
        Series { width: 0, index: Map::default(), slots: Vec::new(), last: (0, 0, 0) }
    }
}

impl<T: Default + Merge, const LIMIT: usize> Series<T, LIMIT> {
    /// The width of its slots.
    pub(crate) fn width(&self) -> Micros {
        WIDTHS[self.width]
    }

    /// The slot of a point in time.
    #[inline]
    pub(crate) fn slot(&mut self, at: Timestamp) -> &mut T {
        if at.0 < self.last.0 || at.0 >= self.last.1 {
            self.seek(at);
        }
        &mut self.slots[self.last.2 as usize].1
    }

    fn seek(&mut self, at: Timestamp) {
        loop {
            let width = self.width();
            let start = at.floor(width).0;
            if let Some(&position) = self.index.get(&start) {
                self.last = (start, start + width.0, position);
                return;
            }
            if self.slots.len() < LIMIT || self.width + 1 == WIDTHS.len() {
                let position = self.slots.len() as u32;
                self.index.insert(start, position);
                self.slots.push((start, T::default()));
                self.last = (start, start + width.0, position);
                return;
            }
            self.coarsen();
        }
    }

    fn coarsen(&mut self) {
        self.width += 1;
        let slots = std::mem::take(&mut self.slots);
        self.index.clear();
        self.last = (0, 0, 0);
        let width = self.width();
        for (start, value) in slots {
            let start = Timestamp(start).floor(width).0;
            let position = *self.index.entry(start).or_insert_with(|| {
                self.slots.push((start, T::default()));
                self.slots.len() as u32 - 1
            });
            self.slots[position as usize].1.merge(value);
        }
    }

    pub(crate) fn merge(&mut self, mut other: Self) {
        while self.width < other.width {
            self.coarsen();
        }
        while other.width < self.width {
            other.coarsen();
        }
        for (start, value) in other.slots {
            self.slot(Timestamp(start)).merge(value);
        }
    }

    /// Slots in the order of time.
    pub(crate) fn sorted(&self) -> Vec<(Timestamp, &T)> {
        let mut all: Vec<(Timestamp, &T)> =
            self.slots.iter().map(|(start, value)| (Timestamp(*start), value)).collect();
        all.sort_by_key(|(start, _)| *start);
        all
    }
}

impl<T: Default + Merge, const LIMIT: usize> Merge for Series<T, LIMIT> {
    fn merge(&mut self, other: Self) {
        Series::merge(self, other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(minutes: impl Iterator<Item = i64>) -> Series<u64, 64> {
        let mut series = Series::default();
        for minute in minutes {
            *series.slot(Timestamp::from_unix_seconds(minute * 60)) += 1;
        }
        series
    }

    #[test]
    fn widths_adapt_and_merging_is_order_free() {
        let whole = filled(0..500);
        assert_eq!(whole.width(), Micros::from_secs(600));
        let mut parts = filled((480..500).rev());
        assert_eq!(parts.width(), Micros::from_secs(10));
        parts.merge(filled((0..480).rev()));
        assert_eq!(whole.sorted(), parts.sorted());
        assert_eq!(whole.sorted().iter().map(|(_, n)| **n).sum::<u64>(), 500);
    }
}
