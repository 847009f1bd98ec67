//! Collects what becomes of each request while the run goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::{Counter, Histogram};

use super::outcome::Outcome;
use super::plan::Plan;
use super::report::{FailedRequest, Late, Latency, Report, Second};
use super::trace::Answer;

/// What became of one request.
pub(super) struct Ended {
    pub(super) number: u64,
    pub(super) ask: usize,
    /// When it was due, from the start of the run.
    pub(super) due: Duration,
    /// By how much it was taken in hand later.
    pub(super) late: Duration,
    /// From when it was due to its end.
    pub(super) took: Duration,
    pub(super) reused: bool,
    pub(super) result: Result<Answer, Outcome>,
}

pub(super) struct Recorder {
    report: Report,
    succeeded: Histogram<u64>,
    failed: Histogram<u64>,
    late: Histogram<u64>,
    seconds: Vec<(Second, Option<Histogram<u32>>)>,
}

/// The greatest time that is told apart, in microseconds: two hours, twice the longest patience.
const LONGEST: u64 = 7_200_000_000;

/// A histogram with so many significant digits that grows as needed.
fn histogram<T: Counter>(digits: u8) -> Histogram<T> {
    let mut histogram = Histogram::new(digits).expect("1 to 5 digits are accepted");
    histogram.auto(true);
    histogram
}

/// Counts a time. It is within the bounds of [`micros`], so the histogram can grow to it.
fn count<T: Counter>(histogram: &mut Histogram<T>, micros: u64) {
    histogram.record(micros).expect("it grows as far as 64 bits reach");
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(LONGEST).min(LONGEST)
}

impl Recorder {
    pub(super) fn new(plan: &Plan) -> Recorder {
        let seconds = plan.lasts.as_secs() + u64::from(plan.lasts.subsec_nanos() > 0);
        Recorder {
            report: Report { client: "why502".to_owned(), ..Report::default() },
            succeeded: histogram(3),
            failed: histogram(3),
            late: histogram(3),
            seconds: (0..seconds).map(|_| (Second::default(), None)).collect(),
        }
    }

    /// Requests that have ended, by how.
    pub(super) fn outcomes(&self) -> &BTreeMap<Outcome, u64> {
        &self.report.outcomes
    }

    /// A request that was due and not tried.
    pub(super) fn not_sent(&mut self, due: Duration) {
        *self.report.outcomes.entry(Outcome::NotSent).or_default() += 1;
        if let Some((second, _)) = self.second(due) {
            *second.failed.entry(Outcome::NotSent).or_default() += 1;
        }
    }

    /// A request that was tried.
    pub(super) fn ended(&mut self, ended: Ended) {
        let took = micros(ended.took);
        count(&mut self.late, micros(ended.late));
        let (outcome, status) = match &ended.result {
            Ok(answer) => (Outcome::of_status(answer.status), Some(answer.status)),
            Err(outcome) => (*outcome, None),
        };
        let report = &mut self.report;
        report.sent += 1;
        *report.outcomes.entry(outcome).or_default() += 1;
        if ended.reused {
            *report.on_reused.entry(outcome).or_default() += 1;
        }
        if let Ok(answer) = &ended.result {
            *report.statuses.entry(answer.status).or_default() += 1;
            report.body_bytes += answer.body_bytes;
        }
        if outcome.failed() {
            count(&mut self.failed, took);
            if report.failures.len() < Report::SAMPLES {
                report.failures.push(FailedRequest {
                    number: ended.number,
                    ask: ended.ask,
                    due: micros(ended.due),
                    took,
                    outcome,
                    status,
                    reused: ended.reused,
                });
            }
        } else {
            count(&mut self.succeeded, took);
        }
        if let Some((second, times)) = self.second(ended.due) {
            second.sent += 1;
            if outcome.failed() {
                *second.failed.entry(outcome).or_default() += 1;
            } else {
                second.succeeded += 1;
                count(times.get_or_insert_with(|| histogram(2)), took);
            }
        }
    }

    fn second(&mut self, due: Duration) -> Option<&mut (Second, Option<Histogram<u32>>)> {
        self.seconds.get_mut(usize::try_from(due.as_secs()).ok()?)
    }

    /// The report of the whole run.
    pub(super) fn finish(self, started: i64, lasted: Duration, connections: u64) -> Report {
        let mut report = self.report;
        report.started = started;
        report.lasted = micros(lasted);
        report.connections = Some(connections);
        report.latency = Latency::of(&self.succeeded);
        report.latency_of_failures = Latency::of(&self.failed);
        report.late = Some(Late {
            p50: self.late.value_at_quantile(0.5),
            p99: self.late.value_at_quantile(0.99),
            max: self.late.max(),
        });
        report.seconds = self
            .seconds
            .into_iter()
            .map(|(mut second, times)| {
                second.p50 = times.as_ref().map(|times| times.value_at_quantile(0.5));
                second.p99 = times.as_ref().map(|times| times.value_at_quantile(0.99));
                second
            })
            .collect();
        if let Some(number) = report.outcomes.get(&Outcome::NotSent) {
            report.notes.push(format!(
                "{number} requests were due while as many as allowed were under way and were not \
                 sent"
            ));
        }
        report
    }
}
