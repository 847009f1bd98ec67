//! When each request is due and which it is: both follow from the plan alone.

use std::time::Duration;

use super::plan::{Arrivals, Ask, Plan};

/// The moments at which requests are due, from the start of the run.
pub(super) struct Schedule {
    arrivals: Arrivals,
    lasts: Duration,
    sent: u64,
    of_burst: u32,
    burst_at: Duration,
    gap: Duration,
}

impl Schedule {
    pub(super) fn new(plan: &Plan) -> Schedule {
        let gap = match plan.arrivals {
            Arrivals::Constant { .. } => Duration::ZERO,
            Arrivals::Bursts { gap, .. } => gap,
        };
        Schedule {
            arrivals: plan.arrivals,
            lasts: plan.lasts,
            sent: 0,
            of_burst: 0,
            burst_at: Duration::ZERO,
            gap,
        }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let due = match self.arrivals {
            Arrivals::Constant { rate } => {
                if self.sent >= constant(rate, self.lasts) {
                    return None;
                }
                #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
                let seconds = self.sent as f64 / rate;
                Duration::from_secs_f64(seconds)
            }
            Arrivals::Bursts { size, step, .. } => {
                if self.of_burst == size {
                    self.of_burst = 0;
                    self.burst_at += self.gap;
                    self.gap += step;
                }
                self.of_burst += 1;
                self.burst_at
            }
        };
        self.sent += 1;
        (due < self.lasts).then_some(due)
    }
}

/// How many arrivals at this rate fall before the end.
fn constant(rate: f64, lasts: Duration) -> u64 {
    // The product of two decimal fractions may come out a hair above the whole number it is.
    let exact = rate * lasts.as_secs_f64();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is what is wanted"
    )]
    let count = (exact - exact * 1e-12).ceil() as u64;
    count.max(1)
}

impl Plan {
    /// How many requests become due; of more than a run may have, not all are counted.
    #[must_use]
    pub fn scheduled(&self) -> u64 {
        match self.arrivals {
            Arrivals::Constant { rate } => constant(rate, self.lasts),
            Arrivals::Bursts { size, mut gap, step } => {
                let (mut bursts, mut at) = (0_u64, Duration::ZERO);
                // Beyond what a run may have, `check` refuses it and the number does not matter.
                while at < self.lasts && bursts * u64::from(size) <= Plan::MOST {
                    bursts += 1;
                    at += gap;
                    gap += step;
                }
                bursts * u64::from(size)
            }
        }
    }
}

/// Picks the kind of request: smooth weighted round robin, so that every stretch of the run has
/// the mix of the plan and two runs of it are alike.
pub(super) struct Mix {
    weights: Vec<i64>,
    credit: Vec<i64>,
}

impl Mix {
    pub(super) fn new(asks: &[Ask]) -> Mix {
        let weights: Vec<i64> = asks.iter().map(|ask| i64::from(ask.weight)).collect();
        Mix { credit: vec![0; weights.len()], weights }
    }

    /// The index of the next request's kind.
    pub(super) fn next(&mut self) -> usize {
        let total: i64 = self.weights.iter().sum();
        let mut best = 0;
        for (index, weight) in self.weights.iter().enumerate() {
            self.credit[index] += weight;
            if self.credit[index] > self.credit[best] {
                best = index;
            }
        }
        self.credit[best] -= total;
        best
    }
}
