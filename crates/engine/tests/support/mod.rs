//! A log made of events, and a few causes to judge it by.
#![allow(dead_code, reason = "each test file uses a part of it")]

use engine::{Digest, Place};
use model::{
    Band, Cause, Claim, Condition, Diagnosis, Drill, Event, Evidence, Failure, HopKind, Mechanism,
    Micros, Occurrence, OccurrenceKind, Place as Where, Predicts, Request, Role, Shows, Signal,
    Tally, Test, Text, Timestamp, Visibility,
};

/// The time of a second of the log.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_unix_seconds(1_790_000_000 + second)
}

#[derive(Clone)]
enum Entry {
    Healthy(i64, u32),
    Fail(i64, Mechanism, u16, i64, u32),
    Happened(i64, OccurrenceKind, String, u32),
}

/// Events in some order.
#[derive(Default)]
pub(crate) struct Log {
    entries: Vec<Entry>,
}

impl Log {
    /// Healthy requests, so many a second.
    pub(crate) fn traffic(&mut self, from: i64, to: i64, per_second: u32) {
        (from..to).for_each(|second| self.entries.push(Entry::Healthy(second, per_second)));
    }

    /// One failing request with the duration in milliseconds.
    pub(crate) fn fail(&mut self, second: i64, mechanism: Mechanism, status: u16, millis: i64) {
        let line = self.entries.len() as u32;
        self.entries.push(Entry::Fail(second, mechanism, status, millis, line));
    }

    /// One occurrence.
    pub(crate) fn happened(&mut self, second: i64, kind: OccurrenceKind, subject: &str) {
        let line = self.entries.len() as u32;
        self.entries.push(Entry::Happened(second, kind, subject.to_owned(), line));
    }

    /// Judges the log.
    pub(crate) fn diagnose(&self) -> Diagnosis {
        judge(digest(&self.entries))
    }

    /// Judges the log read in another order, in parts that are merged.
    pub(crate) fn shuffled(&self, seed: u64, parts: usize) -> Diagnosis {
        let mut entries = self.entries.clone();
        let mut state = seed;
        for i in (1..entries.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695);
            entries.swap(i, (state >> 33) as usize % (i + 1));
        }
        let mut whole = Digest::new();
        for part in entries.chunks(entries.len().div_ceil(parts)) {
            whole.merge(digest(part));
        }
        judge(whole)
    }
}

fn judge(digest: Digest) -> Diagnosis {
    engine::diagnose(&digest, CAUSES, &|place: Place| u64::from(place.line) + 1)
}

fn digest(entries: &[Entry]) -> Digest {
    let mut digest = Digest::new();
    let place = |line: u32| Place { source: 0, block: 0, line };
    for entry in entries {
        match entry {
            Entry::Healthy(second, n) => {
                for i in 0..*n {
                    digest.tally(
                        "test",
                        &Tally {
                            at: at(*second),
                            hop: b"front",
                            kind: HopKind::Edge,
                            status: 200,
                            target: format!("10.0.0.{}:80", i % 4).as_bytes(),
                            elapsed: Some(Micros::from_millis(20 + i64::from(i))),
                        },
                    );
                }
            }
            Entry::Fail(second, mechanism, status, millis, line) => {
                let mut request = Request::new("front", HopKind::Edge, Role::Access);
                request.end = Some(at(*second));
                request.timers.total = Some(Micros::from_millis(*millis));
                request.status = Some(*status);
                request.failure = Some(Failure::of(*mechanism));
                request.target = Some(format!("10.0.0.{}:80", line % 4).into());
                request.path = Some("/".into());
                request.complete_times();
                // As in a real log, hardly two records have the same text.
                let text = format!("{status} {mechanism} {line}");
                digest.event("test", &Event::Request(Box::new(request)), place(*line), &text);
            }
            Entry::Happened(second, kind, subject, line) => {
                let occurrence = Occurrence::new(*kind, Some(at(*second)), subject.as_str());
                let text = format!("{subject} {kind}");
                digest.event("test", &Event::Occurrence(Box::new(occurrence)), place(*line), &text);
            }
        }
    }
    digest
}

const SAYS: Text = Text::new("it is so ({value})", "そうです（{value}）");
const HOW: &[Evidence] = &[Evidence { product: "any", command: "switch it on" }];

const fn cause(slug: &'static str, leads_to: &'static [&'static str], shows: Shows) -> Cause {
    Cause {
        slug,
        title: SAYS,
        explanation: SAYS,
        place: Where::Process,
        statuses: &[],
        leads_to,
        source: "",
        shows,
        predicts: Predicts::NotYet("a test"),
        drill: Drill::NotYet("a test"),
        remedies: &[],
    }
}

const fn shows(claims: &'static [Claim]) -> Shows {
    Shows {
        claims,
        claims_effects: false,
        needs: &[],
        supports: &[],
        rules_out: &[],
        rivals: &[],
        visible: &[],
    }
}

static REFUSED: Cause =
    cause("refused", &[], shows(&[Claim::of(&[Mechanism::ConnectRefused]).states()]));
static SLOW: Cause = cause("slow", &[], shows(&[Claim::of(&[Mechanism::ResponseTimeout])]));
static RACED: Cause = cause(
    "raced",
    &[],
    shows(&[Claim::of(&[Mechanism::EndedBeforeResponse]).bands(&[Band::Instant])]),
);
static CRASHED: Cause = cause(
    "crashed",
    &["refused"],
    Shows {
        needs: &[Test::new(Signal::ProcessExits, Condition::AtLeast(1.0), SAYS).independent()],
        ..shows(&[Claim::of(&[Mechanism::ConnectRefused])])
    },
);
static DRAINED: Cause = cause(
    "drained",
    &[],
    Shows {
        needs: &[Test::new(Signal::HealthDowns, Condition::AtLeast(1.0), SAYS).independent()],
        visible: &[Visibility { signal: Signal::HealthDowns, what: SAYS, how: HOW }],
        ..shows(&[Claim::of(&[Mechanism::NoTarget])])
    },
);

/// The causes the tests judge by.
pub(crate) static CAUSES: &[&Cause] = &[&REFUSED, &SLOW, &RACED, &CRASHED, &DRAINED];
