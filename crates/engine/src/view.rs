//! The digest laid out for reading: failing requests in the order of time, clocks aligned,
//! records of the same request brought together.

use std::collections::BTreeMap;

use model::{Failure, Mechanism, Micros, OccurrenceKind, Role, Side, Timestamp};

use crate::digest::failures::{Class, ClassKey, Record};
use crate::digest::occurrences::Happened;
use crate::digest::stream::Stream;
use crate::digest::{Digest, Place};
use crate::fronts::Fronts;
use crate::joins;

/// One failing request of a class's sample; it stands for `weight` requests.
#[derive(Clone, Debug)]
pub(crate) struct Fail<'a> {
    pub(crate) at: Timestamp,
    pub(crate) dated: bool,
    pub(crate) key: &'a ClassKey,
    pub(crate) record: &'a Record,
    pub(crate) place: Place,
    pub(crate) text: Option<&'a str>,
    pub(crate) weight: f64,
    /// As the record says, or as a second record about the same request says more exactly.
    pub(crate) failure: Failure,
    /// That second record.
    pub(crate) explained_by: Option<(Place, &'a str)>,
    /// True for an explanation that was brought together with the request it explains.
    pub(crate) absorbed: bool,
    /// True for an attempt that failed without a request failing: another target answered it.
    pub(crate) made_good: bool,
    /// For a status that came from behind: the failure behind it that says why.
    pub(crate) behind: Option<Behind>,
    /// The target of that record, and whose target it is, if it is of the same request.
    pub(crate) target_behind: Option<(&'a str, &'a ClassKey)>,
}

/// The failure behind a passed-on status: of an inner hop, or of a call the application made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Behind {
    /// Position of its record in [`View::fails`].
    pub(crate) position: usize,
    /// True if both records are of the same request: by its id, or by status, method, path and
    /// time at two hops; otherwise only the times fit.
    pub(crate) same_request: bool,
}

impl<'a> Fail<'a> {
    /// The target it failed at: as the record says, or that of the hop behind.
    pub(crate) fn target(&self) -> Option<&'a str> {
        self.record.target.as_deref().or(self.target_behind.map(|(target, _)| target))
    }

    /// The class of the record that names the target: its stream knows that target.
    pub(crate) fn target_key(&self) -> &'a ClassKey {
        match self.target_behind {
            Some((_, key)) if self.record.target.is_none() => key,
            _ => self.key,
        }
    }

    pub(crate) fn is_access(&self) -> bool {
        self.key.role == Role::Access
    }

    pub(crate) fn is_outward(&self) -> bool {
        self.failure.side == Side::Egress
    }

    pub(crate) fn is_client_side(&self) -> bool {
        self.failure.side == Side::Client
    }

    /// When it began, as far as can be told.
    pub(crate) fn began(&self) -> Timestamp {
        match (self.record.start, self.record.end) {
            (Some(start), Some(end)) => self.at - (end - start),
            _ => self.at,
        }
    }
}

/// A healthy request that took long: it may be what an outer hop gave up on.
#[derive(Clone, Debug)]
pub(crate) struct Slow<'a> {
    pub(crate) key: &'a ClassKey,
    pub(crate) record: &'a Record,
    pub(crate) end: Timestamp,
    pub(crate) place: Place,
    pub(crate) text: Option<&'a str>,
}

/// A clock difference that was found and corrected.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shift {
    pub(crate) dialect: &'static str,
    pub(crate) hop: String,
    pub(crate) reference: String,
    pub(crate) offset: Micros,
    pub(crate) pairs: u64,
}

/// The digest, readable.
pub(crate) struct View<'a> {
    pub(crate) digest: &'a Digest,
    /// Streams in a fixed order.
    pub(crate) streams: Vec<&'a Stream>,
    pub(crate) fails: Vec<Fail<'a>>,
    pub(crate) slow: Vec<Slow<'a>>,
    pub(crate) shifts: Vec<Shift>,
    /// Positions in `fails` by request id.
    pub(crate) by_id: BTreeMap<&'a str, Vec<usize>>,
    /// Positions in `slow` by request id.
    pub(crate) slow_by_id: BTreeMap<&'a str, Vec<usize>>,
    /// Who stands in front.
    pub(crate) fronts: Fronts<'a>,
    /// First and last dated record of any kind.
    pub(crate) period: Option<(Timestamp, Timestamp)>,
}

/// Longest time from the order to stop to the end of the process: longer than the usual graces of
/// 10 s (Cloud Run, docker), 30 s (Kubernetes, gunicorn) and 90 s (systemd).
const STOPPING: Micros = Micros::from_secs(100);

impl<'a> View<'a> {
    pub(crate) fn new(digest: &'a Digest) -> View<'a> {
        let mut fails = Vec::new();
        let mut slow = Vec::new();
        for (key, class) in digest.classes.sorted() {
            let texts: BTreeMap<Place, &str> =
                class.texts.iter().map(|(place, text)| (place, &**text)).collect();
            let weights = Weights::of(class);
            for (place, record) in class.records.iter() {
                let at = record.end.or(record.start);
                let weight = weights.at(class, at);
                let text = texts.get(&place).copied();
                match (key.failure, at) {
                    (Some(failure), _) => fails.push(Fail {
                        at: at.unwrap_or(Timestamp(0)),
                        dated: at.is_some(),
                        key,
                        record,
                        place,
                        text,
                        weight,
                        failure,
                        explained_by: None,
                        absorbed: false,
                        made_good: false,
                        behind: None,
                        target_behind: None,
                    }),
                    (None, Some(end)) => {
                        slow.push(Slow { key, record, end, place, text });
                    }
                    (None, None) => {}
                }
            }
        }
        let shifts = joins::shifts(&fails, &slow);
        for shift in &shifts {
            for fail in fails
                .iter_mut()
                .filter(|f| f.key.dialect == shift.dialect && *f.key.hop == *shift.hop)
            {
                fail.at = fail.at + shift.offset;
            }
        }
        fails.sort_by_key(|fail| (fail.at, fail.place));
        joins::absorb_explanations(&mut fails);
        joins::absorb_split_errors(&mut fails);
        let mut streams: Vec<&Stream> =
            digest.streams.sorted().into_iter().map(|(_, stream)| stream).collect();
        let rest = digest.streams.rest();
        if rest.requests > 0 {
            streams.push(rest);
        }
        joins::mark_made_good(&mut fails, &streams);
        let mut by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, fail) in fails.iter().enumerate() {
            if let Some(id) = fail.record.id.as_deref() {
                by_id.entry(id).or_default().push(position);
            }
        }
        joins::look_behind(&mut fails, &by_id);
        let mut slow_by_id: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (position, request) in slow.iter().enumerate() {
            if let Some(id) = request.record.id.as_deref() {
                slow_by_id.entry(id).or_default().push(position);
            }
        }
        let period = period(digest, &fails);
        let fronts = Fronts::of(&fails);
        View { digest, streams, fails, slow, shifts, by_id, slow_by_id, fronts, period }
    }

    /// What happened of some kinds, as far as it was sampled, in the order of time.
    pub(crate) fn happened(&self, kinds: &[OccurrenceKind]) -> Vec<(Place, &'a Happened)> {
        let mut all: Vec<(Place, &Happened)> = kinds
            .iter()
            .filter_map(|kind| self.digest.occurrences.kinds.get(kind))
            .flat_map(|of_kind| of_kind.sample.iter())
            .collect();
        if kinds.contains(&OccurrenceKind::ProcessExit) {
            all.retain(|exit| !self.was_ordered(exit));
        }
        all.sort_by_key(|(place, happened)| (happened.at, *place));
        all
    }

    /// Whether a process ended because its own log says, just before, that it was told to: a
    /// supervisor that kills a worker which takes too long to stop logs that like a crash.
    fn was_ordered(&self, (place, exit): &(Place, &Happened)) -> bool {
        let Some(at) = exit.at else { return false };
        let Some(stops) = self.digest.occurrences.kinds.get(&OccurrenceKind::InstanceStop) else {
            return false;
        };
        stops.sample.iter().any(|(other, stop)| {
            other.source == place.source
                && stop.subject == exit.subject
                && stop.at.is_some_and(|stop| stop <= at && at - stop <= STOPPING)
        })
    }

    /// Whether any record of one of these dialects was understood.
    pub(crate) fn saw(&self, dialects: &[&str]) -> bool {
        dialects.iter().any(|dialect| self.digest.saw.contains(dialect))
    }

    /// The stream a failing request was counted in.
    pub(crate) fn stream_of(&self, key: &ClassKey) -> Option<&'a Stream> {
        self.streams.iter().copied().find(|stream| {
            stream.key.dialect == key.dialect
                && *stream.key.hop == *key.hop.as_bytes()
                && stream.key.kind == key.kind
        })
    }
}

/// How many requests each record of a class's sample stands for. Counts are exact per slot of time,
/// so that a burst keeps its size however few of it were sampled.
struct Weights {
    sampled: BTreeMap<Timestamp, f64>,
    counted: BTreeMap<Timestamp, f64>,
    /// Makes up for slots and undated requests of which nothing was sampled.
    scale: f64,
}

impl Weights {
    fn of(class: &Class) -> Weights {
        let mut weights =
            Weights { sampled: BTreeMap::new(), counted: BTreeMap::new(), scale: 1.0 };
        if class.count <= class.records.len() as u64 {
            return weights;
        }
        let width = class.slots.width();
        weights.counted = class.slots.sorted().into_iter().map(|(at, n)| (at, *n as f64)).collect();
        for (_, record) in class.records.iter() {
            if let Some(at) = record.end.or(record.start) {
                *weights.sampled.entry(at.floor(width)).or_default() += 1.0;
            }
        }
        let undated = class.records.iter().filter(|(_, r)| r.end.or(r.start).is_none()).count();
        let covered: f64 = weights.sampled.keys().filter_map(|at| weights.counted.get(at)).sum();
        weights.scale = class.count as f64 / (covered + undated as f64).max(1.0);
        weights
    }

    fn at(&self, class: &Class, at: Option<Timestamp>) -> f64 {
        let slot = at.map(|at| at.floor(class.slots.width()));
        match slot.and_then(|slot| self.counted.get(&slot).zip(self.sampled.get(&slot))) {
            Some((counted, sampled)) => self.scale * counted / sampled,
            None => self.scale,
        }
    }
}

fn period(digest: &Digest, fails: &[Fail<'_>]) -> Option<(Timestamp, Timestamp)> {
    let mut all = crate::digest::Period::default();
    let streams = digest.streams.sorted();
    let periods = streams.iter().map(|(_, stream)| stream.period.0);
    let happened = digest.occurrences.kinds.values().map(|kind| kind.period.0);
    let failed = fails.iter().filter(|f| f.dated).map(|f| Some((f.at, f.at)));
    for (first, last) in periods.chain(happened).chain(failed).flatten() {
        all.add(first);
        all.add(last);
    }
    all.0
}

/// Mechanisms that say little: another record about the same request may say more.
pub(crate) fn is_vague(mechanism: Mechanism) -> bool {
    matches!(
        mechanism,
        Mechanism::Unspecified
            | Mechanism::EndedBeforeResponse
            | Mechanism::ConnectFailed
            | Mechanism::ResponseTimeout
            | Mechanism::UpstreamTimeout
            | Mechanism::ConnectTimeout
            | Mechanism::StatusFromUpstream
            | Mechanism::TlsHandshakeFailed
    )
}
