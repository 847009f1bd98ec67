//! The whole way from a digest to a diagnosis.

use model::{
    Assumption, Cause, Diagnosis, HopKind, Incident, OccurrenceKind, Outcome, Skew, Statement,
    StreamSummary, Text, Window,
};

use crate::attribution::{Candidate, Graph, State, judge};
use crate::digest::stream::StreamKey;
use crate::findings::{self, Citer};
use crate::view::View;
use crate::{Digest, Place, incidents};

const SAMPLED: Text = Text::new(
    "counts are exact; shares and times of {classes} large groups of failures are measured on samples of {records}",
    "件数は正確です。規模の大きい {classes} 種類の失敗については、割合と時間を {records} 件の標本から測っています",
);

const BEYOND: Text = Text::new(
    "the evidence has more kinds of failures than can be judged; {n} failures of the rarest were only counted",
    "判定できる数を超える種類の失敗があるため、まれな種類の {n} 件は件数に含めるだけで、判定していません",
);

/// Judges a digest by the causes of a catalogue. `line_of` gives the line number, from 1, of a
/// place. The inputs' summaries and complaints are left for the caller to fill in.
#[must_use]
pub fn diagnose(
    digest: &Digest,
    causes: &'static [&'static Cause],
    line_of: &dyn Fn(Place) -> u64,
) -> Diagnosis {
    let view = View::new(digest);
    let graph = Graph::new(causes);
    let citer = Citer { line_of };
    let found = incidents::find(&view);
    let mut incidents: Vec<Incident> = found
        .clusters
        .iter()
        .map(|cluster| {
            let candidates = judge(&view, cluster, &found.clusters, &graph);
            let (findings, unexplained) = findings::of(&view, cluster, &candidates, &graph, &citer);
            let failures: f64 = cluster.counted.iter().map(|&p| view.fails[p].weight).sum();
            let dated = cluster.counted.iter().map(|&p| &view.fails[p]).filter(|f| f.dated);
            let times: Vec<_> = dated.map(|f| f.at).collect();
            let window = times.iter().min().zip(times.iter().max());
            let window = window.map(|(start, end)| Window { start: *start, end: *end });
            Incident {
                windows: window.into_iter().collect(),
                requests: requests_during(&view, &cluster.counted, window),
                failures: failures.round() as u64,
                findings,
                considered: considered(&candidates),
                unexplained,
            }
        })
        .collect();
    if incidents.is_empty() {
        incidents.extend(crate::told::of(&view, &graph, &citer));
    }
    incidents.sort_by_key(|incident| {
        (incident.windows.first().map(|w| (w.start, w.end)), std::cmp::Reverse(incident.failures))
    });
    // Kinds beyond the bound share one class, which says nothing but how many they are.
    let background = found.background.round() as u64 + digest.classes.rest().count;
    Diagnosis {
        period: view.period.map(|(start, end)| Window { start, end }),
        requests: requests(&view),
        failures: incidents.iter().map(|i| i.failures).sum::<u64>() + background,
        background,
        incidents,
        streams: streams(&view),
        occurrences: occurrences(digest),
        assumptions: assumptions(digest, found.beyond.round() as u64),
        skews: view
            .shifts
            .iter()
            .map(|shift| Skew {
                stream: format!("{} ({})", shift.hop, shift.dialect),
                reference: shift.reference.clone(),
                offset: shift.offset,
                pairs: shift.pairs,
            })
            .collect(),
        ..Diagnosis::default()
    }
}

pub(crate) fn considered(candidates: &[Candidate<'_, '_>]) -> Vec<(&'static Cause, Outcome)> {
    let mut all: Vec<(&'static Cause, Outcome)> = candidates
        .iter()
        .map(|candidate| {
            let outcome = match candidate.state {
                State::Holds => Outcome::Holds,
                State::Excluded(..) => Outcome::RuledOut,
                State::NotThis(..) => Outcome::NotMet,
                State::Undecided => Outcome::Undecided,
            };
            (candidate.cause(), outcome)
        })
        .collect();
    all.sort_by_key(|(cause, _)| cause.slug);
    all
}

/// Requests at the hops the failures were counted at, in the window.
fn requests_during(view: &View<'_>, counted: &[usize], window: Option<Window>) -> u64 {
    let mut seen = std::collections::BTreeSet::new();
    let mut requests = 0;
    for &position in counted {
        let fail = &view.fails[position];
        if !fail.is_access() || !seen.insert((fail.key.dialect, &fail.key.hop, fail.key.kind)) {
            continue;
        }
        let Some(stream) = view.stream_of(fail.key) else { continue };
        let width = stream.slots.width();
        for (at, slot) in stream.slots.sorted() {
            if window.is_none_or(|w| at + width > w.start && at <= w.end) {
                requests += slot.requests;
            }
        }
        requests += if window.is_none() { stream.undated } else { 0 };
    }
    requests
}

/// Requests at the outermost hops that log them.
fn requests(view: &View<'_>) -> u64 {
    let streams = &view.streams;
    let outermost = streams.iter().map(|s| s.key.kind).min().unwrap_or(HopKind::Edge);
    let is_front = |key: &StreamKey| {
        std::str::from_utf8(&key.hop)
            .is_ok_and(|hop| view.fronts.counts((key.dialect, hop), key.kind, outermost))
    };
    let fronts = streams.iter().filter(|s| s.key.kind == outermost || is_front(&s.key));
    fronts.map(|s| s.requests + s.undated).sum()
}

fn streams(view: &View<'_>) -> Vec<StreamSummary> {
    let mut all: Vec<StreamSummary> = view
        .streams
        .iter()
        .map(|stream| StreamSummary {
            dialect: stream.key.dialect,
            hop: stream.key.name(),
            kind: stream.key.kind,
            requests: stream.requests + stream.undated,
            failures: stream.failures,
            period: stream.period.0.map(|(start, end)| Window { start, end }),
            quantiles: stream.elapsed.quantile(0.5).zip(stream.elapsed.quantile(0.95)),
        })
        .collect();
    all.sort_by(|a, b| (a.kind, a.dialect, &a.hop).cmp(&(b.kind, b.dialect, &b.hop)));
    all
}

fn occurrences(digest: &Digest) -> Vec<(OccurrenceKind, u64)> {
    let kinds = &digest.occurrences.kinds;
    OccurrenceKind::ALL
        .iter()
        .filter_map(|kind| kinds.get(kind).map(|of_kind| (*kind, of_kind.count)))
        .collect()
}

fn assumptions(digest: &Digest, beyond: u64) -> Vec<Assumption> {
    let mut all = sampled(digest);
    let beyond = beyond + digest.classes.rest().count;
    if beyond > 0 {
        all.push(Assumption { says: Statement::plain(BEYOND).with("n", beyond) });
    }
    all
}

fn sampled(digest: &Digest) -> Vec<Assumption> {
    let classes = digest.classes.sorted();
    let sampled = classes.iter().filter(|(_, class)| class.count > class.records.len() as u64);
    let sampled = sampled.filter(|(key, _)| key.failure.is_some()).count();
    if sampled == 0 {
        return Vec::new();
    }
    let says = Statement::plain(SAMPLED)
        .with("classes", sampled)
        .with("records", crate::digest::failures::RECORDS);
    vec![Assumption { says }]
}
