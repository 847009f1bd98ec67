//! Evidence without any request: what else it tells of, and which causes that speaks for.
//!
//! A kernel log with a memory kill, a pool that reports it is full, the events of a cluster: people
//! often have only these. No failing request can be claimed then, and no share explained; but a cause
//! whose own evidence is there is worth naming, as what these records are consistent with.

use model::{Condition, Incident, OccurrenceKind, Signal, Test, Window};

use crate::attribution::{Candidate, Graph, State, without_requests};
use crate::findings::{self, Citer};
use crate::incidents::Cluster;
use crate::view::View;

/// What nobody would look at if nothing were wrong; starts, stops, deploys and changes are daily
/// life.
const TELLING: &[OccurrenceKind] = &[
    OccurrenceKind::OomKill,
    OccurrenceKind::ProcessExit,
    OccurrenceKind::WorkerKilled,
    OccurrenceKind::ListenFailed,
    OccurrenceKind::PoolSaturated,
    OccurrenceKind::NatDrop,
    OccurrenceKind::HealthDown,
    OccurrenceKind::CheckFailed,
    OccurrenceKind::NoServerLeft,
    OccurrenceKind::ScaleLimit,
    OccurrenceKind::Throttle,
    OccurrenceKind::FunctionError,
    OccurrenceKind::AccessDenied,
    OccurrenceKind::CertificateProblem,
    OccurrenceKind::DatabaseLimit,
    OccurrenceKind::ConnectionPoolEmpty,
    OccurrenceKind::ConntrackFull,
    OccurrenceKind::ListenOverflow,
];

/// Findings that are told of one such evidence.
const MOST: usize = 3;

/// Whether a signal counts occurrences that nobody would have if nothing were wrong.
fn is_telling(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::OomKills
            | Signal::ProcessExits
            | Signal::WorkerKills
            | Signal::ListenFailures
            | Signal::PoolSaturations
            | Signal::NatDrops
            | Signal::CheckRefusals
            | Signal::NoServerLeft
            | Signal::ScaleLimits
            | Signal::AccessDenials
            | Signal::CertificateProblems
            | Signal::DatabaseRefusals
            | Signal::PoolTimeouts
            | Signal::FunctionErrors
            | Signal::Throttles
            | Signal::ConntrackDrops
            | Signal::ListenOverflows
    )
}

/// Whether a candidate is spoken for by what it needs, or by what supports it where it needs nothing
/// but failing requests.
fn is_told(candidate: &Candidate<'_, '_>) -> bool {
    if matches!(candidate.state, State::NotThis(..) | State::Excluded(..)) {
        return false;
    }
    let shows = &candidate.cause().shows;
    let alternatives = |need: &'static Test| std::iter::successors(Some(need), |test| test.or);
    let needs_requests_alone = shows.needs.iter().all(|need| need.signal == Signal::Failures);
    candidate.met.iter().any(|(met, _)| {
        let needed = shows.needs.iter().flat_map(alternatives).any(|test| std::ptr::eq(test, *met));
        is_telling(met.signal)
            && matches!(met.is, Condition::AtLeast(_))
            && (needed || needs_requests_alone)
    })
}

/// The one incident of evidence that holds no request, if it tells of anything.
pub(crate) fn of(view: &View<'_>, graph: &Graph, citer: &Citer<'_>) -> Option<Incident> {
    let requests: u64 = view.streams.iter().map(|stream| stream.requests + stream.undated).sum();
    if requests > 0 || !view.fails.is_empty() {
        return None;
    }
    let told = view.happened(TELLING);
    let times = told.iter().filter_map(|(_, happened)| happened.at);
    let window = times.clone().min().zip(times.max());
    let window = window.map(|(start, end)| Window { start, end });
    let cluster = Cluster { window, members: Vec::new(), counted: Vec::new() };
    let clusters = std::slice::from_ref(&cluster);
    let candidates: Vec<Candidate<'_, '_>> =
        without_requests(view, &cluster, clusters, graph).into_iter().filter(is_told).collect();
    let mut roots: Vec<&Candidate<'_, '_>> = candidates
        .iter()
        .filter(|one| !candidates.iter().any(|other| graph.leads(other.cause(), one.cause())))
        .collect();
    roots.sort_by_key(|one| (std::cmp::Reverse(one.independent()), one.cause().slug));
    roots.truncate(MOST);
    if roots.is_empty() {
        return None;
    }
    Some(Incident {
        windows: window.into_iter().collect(),
        requests: 0,
        failures: 0,
        findings: roots.iter().map(|root| findings::told(root, &roots, citer)).collect(),
        considered: crate::diagnose::considered(&candidates),
        unexplained: None,
    })
}
