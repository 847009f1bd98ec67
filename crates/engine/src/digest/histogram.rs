//! Durations in logarithmic buckets: small, mergeable, good for quantiles within a few per cent.

use model::Micros;

use super::bounded::Merge;

/// Buckets per doubling: quantiles are within 2^(1/4) of the truth before interpolation.
const PER_OCTAVE: u32 = 4;
/// Everything below this counts as this: no gateway resolves less.
const FLOOR: u64 = 256;
const BUCKETS: usize = 96;

/// A histogram of durations from 0.25 ms to about an hour.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: [u32; BUCKETS],
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: [0; BUCKETS] }
    }
}

fn bucket(duration: Micros) -> usize {
    let us = duration.0.max(0).unsigned_abs().max(FLOOR);
    let octave = us.ilog2();
    let within = (us >> (octave - 2)) & u64::from(PER_OCTAVE - 1);
    let index = (octave - FLOOR.ilog2()) * PER_OCTAVE + within as u32;
    (index as usize).min(BUCKETS - 1)
}

/// Middle of a bucket.
fn middle(index: usize) -> Micros {
    let octave = index as u32 / PER_OCTAVE + FLOOR.ilog2();
    let within = index as u64 % u64::from(PER_OCTAVE);
    let low = (1_u64 << octave) + (within << (octave - 2));
    Micros((low + (1_u64 << (octave - 2)) / 2) as i64)
}

impl Histogram {
    #[inline]
    pub(crate) fn add(&mut self, duration: Micros) {
        let count = &mut self.counts[bucket(duration)];
        *count = count.saturating_add(1);
    }

    pub(crate) fn total(&self) -> u64 {
        self.counts.iter().map(|n| u64::from(*n)).sum()
    }

    /// The duration below which this share of all lies; `None` if empty.
    pub(crate) fn quantile(&self, share: f64) -> Option<Micros> {
        let total = self.total();
        if total == 0 {
            return None;
        }
        let rank = ((total as f64 * share).ceil() as u64).clamp(1, total);
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank {
                return Some(middle(index));
            }
        }
        None
    }
}

impl Merge for Histogram {
    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            *mine = mine.saturating_add(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_close() {
        let mut h = Histogram::default();
        (1..=1000).for_each(|ms| h.add(Micros::from_millis(ms)));
        let p50 = h.quantile(0.5).unwrap().as_secs_f64();
        let p95 = h.quantile(0.95).unwrap().as_secs_f64();
        assert!((0.43..0.58).contains(&p50), "{p50}");
        assert!((0.83..1.07).contains(&p95), "{p95}");
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn buckets_are_monotonous() {
        let mut last = 0;
        for us in (0..5_000_000).step_by(101) {
            let b = bucket(Micros(us));
            assert!(b >= last);
            last = b;
        }
    }
}
