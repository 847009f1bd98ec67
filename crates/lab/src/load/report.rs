//! What a run of the load came to, in the shape that crosses process borders.

use std::collections::BTreeMap;

use hdrhistogram::{Counter, Histogram};
use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// A run of a load, by this generator or by another client. Times are microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Which program sent it.
    pub client: String,
    /// When it began, microseconds since 1970; 0 if the client does not say.
    pub started: i64,
    /// From its start to the last answer.
    pub lasted: u64,
    /// Requests that were sent or tried: all that became due but for `not-sent`.
    pub sent: u64,
    /// How they ended, and how many were `not-sent`.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Of these, those that were sent on a connection that had carried a request before.
    pub on_reused: BTreeMap<Outcome, u64>,
    /// Statuses of complete responses.
    pub statuses: BTreeMap<u16, u64>,
    /// Connections that were opened; `None` if the client does not say.
    pub connections: Option<u64>,
    /// Bytes of content received in complete responses.
    pub body_bytes: u64,
    /// From the moment a request was due to its end, for those that succeeded.
    pub latency: Latency,
    /// The same for those that failed.
    pub latency_of_failures: Latency,
    /// One entry per second of the run, by the second in which requests were due; empty if the
    /// client does not say.
    pub seconds: Vec<Second>,
    /// How late the generator itself was; `None` if the client does not say.
    pub late: Option<Late>,
    /// The first failures, [`Report::SAMPLES`] at most.
    pub failures: Vec<FailedRequest>,
    /// What a reader has to know to take the numbers for what they are.
    pub notes: Vec<String>,
}

impl Report {
    /// Most failures kept one by one.
    pub const SAMPLES: usize = 100;

    /// Requests that succeeded.
    #[must_use]
    pub fn succeeded(&self) -> u64 {
        self.outcomes.get(&Outcome::Success).copied().unwrap_or_default()
    }

    /// Requests that failed: a status that says so ([`Outcome::of_status`]), or no complete response.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.outcomes.iter().filter(|(outcome, _)| outcome.failed()).map(|(_, count)| count).sum()
    }
}

/// A distribution of times in microseconds, exact to 0.1 %; zeros if it is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many there are.
    pub count: u64,
    /// The least.
    pub min: u64,
    /// The mean.
    pub mean: u64,
    /// Half took no longer.
    pub p50: u64,
    /// 90 of 100 took no longer.
    pub p90: u64,
    /// 99 of 100 took no longer.
    pub p99: u64,
    /// 999 of 1000 took no longer.
    pub p999: u64,
    /// The greatest.
    pub max: u64,
    /// Value and count, ascending.
    pub histogram: Vec<(u64, u64)>,
}

impl Latency {
    pub(super) fn of<T: Counter>(histogram: &Histogram<T>) -> Latency {
        if histogram.is_empty() {
            return Latency::default();
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a mean of u64 values"
        )]
        let mean = histogram.mean() as u64;
        Latency {
            count: histogram.len(),
            min: histogram.min(),
            mean,
            p50: histogram.value_at_quantile(0.5),
            p90: histogram.value_at_quantile(0.9),
            p99: histogram.value_at_quantile(0.99),
            p999: histogram.value_at_quantile(0.999),
            max: histogram.max(),
            histogram: histogram
                .iter_recorded()
                .map(|step| (step.value_iterated_to(), step.count_since_last_iteration()))
                .collect(),
        }
    }
}

/// What became of the requests that were due in one second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Sent or tried.
    pub sent: u64,
    /// Succeeded.
    pub succeeded: u64,
    /// Failed, by how; `not-sent` stands here too and is in no sum.
    pub failed: BTreeMap<Outcome, u64>,
    /// Half of the successful ones took no longer, in microseconds; `None` if there were none.
    pub p50: Option<u64>,
    /// 99 of 100 of the successful ones took no longer, in microseconds.
    pub p99: Option<u64>,
}

/// By how much requests were taken in hand later than they were due, in microseconds. Latencies
/// count from when they were due, so this is part of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Late {
    /// Half were no later.
    pub p50: u64,
    /// 99 of 100 were no later.
    pub p99: u64,
    /// The latest.
    pub max: u64,
}

/// One request that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedRequest {
    /// Its number in the run, from 1, as in its request id.
    pub number: u64,
    /// Which of the plan's requests it was.
    pub ask: usize,
    /// When it was due, microseconds from the start of the run.
    pub due: u64,
    /// From then to its end, microseconds.
    pub took: u64,
    /// How it ended.
    pub outcome: Outcome,
    /// Its status, if it got a complete response.
    pub status: Option<u16>,
    /// Whether its connection had carried a request before.
    pub reused: bool,
}
