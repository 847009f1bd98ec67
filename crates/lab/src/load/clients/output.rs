//! What reading the clients' output has in common.

use hdrhistogram::Histogram;

use super::super::outcome::Outcome;
use super::super::report::{Latency, Report};

/// Builds a report request by request.
pub(super) struct Tally {
    pub(super) report: Report,
    succeeded: Histogram<u64>,
    failed: Histogram<u64>,
}

impl Tally {
    pub(super) fn new(client: &str) -> Tally {
        let histogram = || {
            let mut histogram = Histogram::new(3).expect("1 to 5 digits are accepted");
            histogram.auto(true);
            histogram
        };
        Tally {
            report: Report { client: client.to_owned(), ..Report::default() },
            succeeded: histogram(),
            failed: histogram(),
        }
    }

    /// So many requests that ended in the same way.
    pub(super) fn ended(&mut self, outcome: Outcome, count: u64) {
        if count > 0 {
            self.report.sent += count;
            *self.report.outcomes.entry(outcome).or_default() += count;
        }
    }

    /// So many complete responses.
    pub(super) fn answered(&mut self, status: u16, count: u64) {
        if count > 0 {
            self.ended(Outcome::of_status(status), count);
            *self.report.statuses.entry(status).or_default() += count;
        }
    }

    /// How long one of them took.
    pub(super) fn took(&mut self, outcome: Outcome, micros: u64) {
        let times = if outcome.failed() { &mut self.failed } else { &mut self.succeeded };
        // Its greatest value is beyond a century; what does not fit is not a time.
        let _ = times.record(micros);
    }

    pub(super) fn note(&mut self, note: &str) {
        self.report.notes.push(note.to_owned());
    }

    pub(super) fn finish(mut self) -> Report {
        if !self.succeeded.is_empty() || !self.failed.is_empty() {
            self.report.latency = Latency::of(&self.succeeded);
            self.report.latency_of_failures = Latency::of(&self.failed);
        }
        self.report
    }
}

/// The rest of the first line that begins with this, after spaces.
pub(super) fn after<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.lines().find_map(|line| Some(line.trim_start().strip_prefix(label)?.trim()))
}

/// The number at the beginning of a text.
pub(super) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text[..end].parse().ok()
}

/// Microseconds from a number in a unit that has so many of them.
pub(super) fn micros(value: f64, of_unit: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating is what is wanted"
    )]
    let micros = (value * of_unit).round() as u64;
    micros
}
