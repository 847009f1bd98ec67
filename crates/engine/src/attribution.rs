//! Which causes hold in an incident, and which failing request goes to which of them.

use std::collections::{BTreeMap, BTreeSet};

use model::{Cause, Claim, Condition, Place, Signal, Test, Window};

use crate::incidents::Cluster;
use crate::measure::{self, Measured, Scope};
use crate::view::{Fail, View};

/// What the evidence says about a cause.
#[derive(Debug)]
pub(crate) enum State {
    /// A rule-out is met.
    Excluded(&'static Test, Measured),
    /// A need is visibly not met: which, and what was measured.
    NotThis(&'static Test, Measured),
    /// A need cannot be seen.
    Undecided,
    /// All needs are met and nothing rules it out.
    Holds,
}

/// A cause that claims some of an incident's failures.
pub(crate) struct Candidate<'s, 'a> {
    pub(crate) scope: Scope<'s, 'a>,
    pub(crate) state: State,
    /// Claimed members (also of hops that are not counted), and whether the record states it.
    pub(crate) claims: BTreeMap<usize, bool>,
    /// Needs and supports that are met.
    pub(crate) met: Vec<(&'static Test, Measured)>,
    /// Signals among the needs that are not visible.
    pub(crate) undecided_by: Vec<Signal>,
    /// Signals among needs and supports that are not visible.
    pub(crate) invisible: Vec<Signal>,
}

impl Candidate<'_, '_> {
    pub(crate) fn cause(&self) -> &'static Cause {
        self.scope.cause
    }

    pub(crate) fn holds(&self) -> bool {
        matches!(self.state, State::Holds)
    }

    /// Whether it is recognised by lying around some moments.
    fn is_aligned(&self) -> bool {
        self.met
            .iter()
            .any(|(test, _)| matches!(test.is, Condition::AtLeast(_)) && is_alignment(test.signal))
    }

    /// What is recognised by lying around some moments explains only what lies there.
    fn keep_what_is_aligned(&mut self) {
        for (test, _) in &self.met {
            if !matches!(test.is, Condition::AtLeast(_)) {
                continue;
            }
            let Some(alignment) = self.scope.alignment(test.signal) else { continue };
            let view = self.scope.view;
            self.claims.retain(|&position, _| alignment.covers(&view.fails[position]));
        }
    }

    /// A record states it, or other evidence does.
    pub(crate) fn is_stated(&self) -> bool {
        self.scope.stated * 2.0 >= self.scope.weight().max(1e-9)
            || self.met.iter().any(|(test, measured)| test.proves && !self.is_unplaced(measured))
    }

    /// Whether all that shows it has no time, while the failures have one: it may have happened on
    /// any day.
    pub(crate) fn is_unplaced(&self, measured: &Measured) -> bool {
        let shown_by = &measured.shown_by;
        !self.scope.is_undated()
            && !shown_by.is_empty()
            && shown_by.iter().all(|shown| shown.at.is_none())
    }

    /// Observations from other evidence than the failing records. Where the failing records are
    /// the application's own errors, what is counted from those errors is no other evidence.
    pub(crate) fn independent(&self) -> usize {
        self.met.iter().filter(|(test, shown)| self.is_independent(test, shown)).count()
    }

    /// How many different kinds of evidence those observations come from.
    pub(crate) fn independent_sources(&self) -> usize {
        let met = self.met.iter().filter(|(test, shown)| self.is_independent(test, shown));
        met.map(|(test, _)| source_of(test.signal)).collect::<BTreeSet<_>>().len()
    }

    pub(crate) fn is_independent(&self, test: &Test, measured: &Measured) -> bool {
        let of_calls = matches!(
            test.signal,
            Signal::EgressFailures
                | Signal::EgressConnectTimeouts
                | Signal::EgressLookupFailures
                | Signal::EgressPeerFailures
                | Signal::EgressDestinations
                | Signal::EgressEndedShare
        );
        test.independent
            && !self.is_unplaced(measured)
            && !(of_calls && self.scope.fails().all(Fail::is_outward))
    }

    /// Whether it may stand as the root of what another cause shows: more than its needs speak
    /// for it.
    fn is_credible(&self) -> bool {
        let supports = self.cause().shows.supports.len();
        self.independent() > 0
            || self.is_stated()
            || (supports > 0 && self.met.len() > self.cause().shows.needs.len())
    }

    /// Better shown is greater; of two shown equally well, the more specific one.
    fn score(&self) -> (bool, usize, usize, std::cmp::Reverse<usize>) {
        let claims = self.cause().shows.claims.iter();
        let breadth = claims.map(|claim| claim.mechanisms.len()).sum();
        (self.is_stated(), self.independent(), self.met.len(), std::cmp::Reverse(breadth))
    }
}

/// The kind of evidence a signal is read from.
fn source_of(signal: Signal) -> &'static str {
    use Signal as S;
    match signal {
        S::DeployLead | S::DeploysFollowed | S::NewTargetShare | S::Recovers => "deploys",
        S::ChangeLead => "changes",
        S::AccessDenials => "policy",
        S::CertificateProblems | S::CertificateLead => "certificates",
        S::ProcessorSaturations => "metrics",
        S::NatDrops | S::NatDropFocus | S::NatDestinationMatch => "nat",
        S::OomKills
        | S::ProcessExits
        | S::ExitAlignedShare
        | S::StopAlignedShare
        | S::StartAlignedShare
        | S::StopConfinedShare
        | S::InstanceStarts
        | S::InstanceStops
        | S::ListenFailures
        | S::LoopbackListeners
        | S::ScaleLimits
        | S::PlacementFailures => "processes",
        S::HealthDowns
        | S::NoServerLeft
        | S::CheckRefusals
        | S::SocketCheckFailures
        | S::EarlyCheckFailures
        | S::DownAfterShare => "health",
        S::EgressFailures
        | S::EgressConnectTimeouts
        | S::EgressLookupFailures
        | S::EgressPeerFailures
        | S::EgressDestinations
        | S::EgressEndedShare
        | S::ApplicationErrors
        | S::DatabaseLimits
        | S::DatabaseRefusals
        | S::RefusalAlignedShare
        | S::PoolTimeouts
        | S::PoolTimeoutAlignedShare
        | S::Stalls
        | S::PoolSaturations
        | S::KillAlignedShare
        | S::WorkerKills => "application",
        S::FunctionErrors | S::FunctionKills => "functions",
        S::Throttles => "quotas",
        S::ListenOverflows | S::ConntrackDrops => "kernel",
        S::FirewallDrops
        | S::FirewallMatch
        | S::FirewallFocus
        | S::ReturnDrops
        | S::ReturnMatch
        | S::BackwardMatch
        | S::FlowMatch
        | S::FlowDrops => "firewall",
        S::Ipv4LoopbackListens | S::DrainCutShare | S::DrainingShare => "processes",
        S::MovedShare => "reloads",
        S::InnerFinishedLater | S::InnerNeverSawShare | S::BehindServed => "hop behind",
        _ => "traffic",
    }
}

/// The order of causes: what leads to what.
pub(crate) struct Graph {
    causes: &'static [&'static Cause],
}

impl Graph {
    pub(crate) fn new(causes: &'static [&'static Cause]) -> Graph {
        Graph { causes }
    }

    fn by_slug(&self, slug: &str) -> Option<&'static Cause> {
        self.causes.iter().copied().find(|cause| cause.slug == slug)
    }

    /// Whether one cause brings about another, directly or through others.
    pub(crate) fn leads(&self, from: &'static Cause, to: &'static Cause) -> bool {
        self.reach(from, to, self.causes.len())
    }

    fn reach(&self, from: &'static Cause, to: &'static Cause, depth: usize) -> bool {
        depth > 0
            && from
                .leads_to
                .iter()
                .filter_map(|slug| self.by_slug(slug))
                .any(|effect| effect.slug == to.slug || self.reach(effect, to, depth - 1))
    }

    /// Whether it may come of almost anything: more than a few causes that are no release lead to it.
    pub(crate) fn is_symptom(&self, cause: &Cause) -> bool {
        const FEW: usize = 4;
        let leads = |from: &&Cause| from.leads_to.contains(&cause.slug);
        let others = self.causes.iter().copied().filter(|from| from.place != Place::Release);
        others.filter(leads).count() > FEW
    }

    /// Longest way down to a symptom.
    pub(crate) fn height(&self, cause: &'static Cause) -> usize {
        self.height_within(cause, self.causes.len())
    }

    fn height_within(&self, cause: &'static Cause, depth: usize) -> usize {
        if depth == 0 {
            return 0;
        }
        let effects = cause.leads_to.iter().filter_map(|slug| self.by_slug(slug));
        effects.map(|effect| 1 + self.height_within(effect, depth - 1)).max().unwrap_or(0)
    }
}

/// Judges every cause on one incident. What lies around the moments of one cause says nothing
/// about the others: they are judged once more on the rest.
pub(crate) fn judge<'s, 'a>(
    view: &'s View<'a>,
    cluster: &'s Cluster,
    clusters: &'s [Cluster],
    graph: &Graph,
) -> Vec<Candidate<'s, 'a>> {
    let first = pass(view, cluster, clusters, graph, &[], &[]);
    let taken: Vec<(&'static Cause, BTreeSet<usize>)> = first
        .iter()
        .filter(|candidate| candidate.holds() && candidate.is_aligned())
        .map(|candidate| (candidate.cause(), candidate.claims.keys().copied().collect()))
        .collect();
    if taken.is_empty() {
        return first;
    }
    let proved: Vec<&str> = first
        .iter()
        .filter(|candidate| candidate.holds() && candidate.is_stated())
        .map(|candidate| candidate.cause().slug)
        .collect();
    let mut second = pass(view, cluster, clusters, graph, &taken, &proved);
    // What has nothing left to claim was considered all the same.
    for candidate in first {
        let decided = matches!(candidate.state, State::Excluded(..) | State::NotThis(..));
        if decided && !second.iter().any(|other| other.cause().slug == candidate.cause().slug) {
            second.push(candidate);
        }
    }
    second
}

fn pass<'s, 'a>(
    view: &'s View<'a>,
    cluster: &'s Cluster,
    clusters: &'s [Cluster],
    graph: &Graph,
    taken: &[(&'static Cause, BTreeSet<usize>)],
    proved: &[&str],
) -> Vec<Candidate<'s, 'a>> {
    let mut order: Vec<&'static Cause> = graph.causes.to_vec();
    order.sort_by_key(|cause| (graph.height(cause), cause.slug));
    let mut candidates: Vec<Candidate<'s, 'a>> = Vec::new();
    for cause in order {
        let is_proved = proved.contains(&cause.slug);
        let is_taken = |position: &usize| {
            !is_proved
                && taken.iter().any(|(by, positions)| {
                    positions.contains(position)
                        && by.slug != cause.slug
                        && !graph.leads(by, cause)
                        && !graph.leads(cause, by)
                })
        };
        let mut claims = BTreeMap::new();
        for &position in cluster.members.iter().filter(|p| !is_taken(p)) {
            if let Some(states) = claimed(cause, view, position) {
                claims.insert(position, states);
            }
        }
        let effects: Vec<&Candidate<'_, '_>> =
            candidates.iter().filter(|c| c.holds() && graph.leads(cause, c.cause())).collect();
        if cause.shows.claims_effects {
            for effect in &effects {
                for &position in effect.claims.keys() {
                    claims.entry(position).or_insert(false);
                }
            }
        }
        if claims.is_empty() {
            continue;
        }
        let effects = direct_effects(cause, &candidates);
        candidates.push(weigh(view, cluster, clusters, cause, claims, effects));
    }
    candidates
}

/// Every cause, judged on what happened beside any request.
pub(crate) fn without_requests<'s, 'a>(
    view: &'s View<'a>,
    cluster: &'s Cluster,
    clusters: &'s [Cluster],
    graph: &Graph,
) -> Vec<Candidate<'s, 'a>> {
    let all = graph.causes.iter().copied();
    all.map(|cause| weigh(view, cluster, clusters, cause, BTreeMap::new(), None)).collect()
}

/// How many of the causes that this one leads to hold; `None` if none does and it cannot be seen
/// whether one should. What it does to others through a third may have many other reasons.
fn direct_effects(cause: &Cause, candidates: &[Candidate<'_, '_>]) -> Option<usize> {
    let direct = candidates.iter().filter(|c| cause.leads_to.contains(&c.cause().slug));
    let holding = direct.clone().filter(|candidate| candidate.holds()).count();
    let undecided = direct.into_iter().any(|candidate| matches!(candidate.state, State::Undecided));
    (holding > 0 || !undecided).then_some(holding)
}

fn weigh<'s, 'a>(
    view: &'s View<'a>,
    cluster: &'s Cluster,
    clusters: &'s [Cluster],
    cause: &'static Cause,
    claims: BTreeMap<usize, bool>,
    effects: Option<usize>,
) -> Candidate<'s, 'a> {
    let mut claimed: Vec<usize> =
        cluster.counted.iter().copied().filter(|p| claims.contains_key(p)).collect();
    if claimed.is_empty() {
        claimed = claims.keys().copied().collect();
    }
    let stated = claimed.iter().filter(|p| claims[p]).map(|&p| view.fails[p].weight).sum();
    let at = |position: Option<&usize>| position.map(|&p| view.fails[p].at);
    let window = match (at(claimed.first()), at(claimed.last())) {
        (Some(start), Some(end)) => Window { start, end },
        _ => cluster
            .window
            .unwrap_or(Window { start: model::Timestamp(0), end: model::Timestamp(0) }),
    };
    let scope = Scope { view, cluster, window, claimed, stated, effects, clusters, cause };
    let mut candidate = Candidate {
        scope,
        state: State::Holds,
        claims,
        met: Vec::new(),
        undecided_by: Vec::new(),
        invisible: Vec::new(),
    };
    for test in cause.shows.needs {
        match look(&candidate.scope, test) {
            Look::Met(test, measured) => candidate.met.push((test, measured)),
            Look::NotVisible(signals) => {
                candidate.undecided_by.extend(&signals);
                candidate.invisible.extend(signals);
            }
            Look::NotMet(measured) => {
                candidate.state = State::NotThis(test, measured);
                return candidate;
            }
        }
    }
    for test in cause.shows.rules_out {
        if let Look::Met(test, measured) = look(&candidate.scope, test) {
            candidate.state = State::Excluded(test, measured);
            return candidate;
        }
    }
    for test in cause.shows.supports {
        match look(&candidate.scope, test) {
            Look::Met(test, measured) => {
                // A support that repeats a need says nothing new.
                if !candidate.met.iter().any(|(met, _)| met.says == test.says) {
                    candidate.met.push((test, measured));
                }
            }
            Look::NotVisible(signals) => candidate.invisible.extend(signals),
            Look::NotMet(_) => {}
        }
    }
    candidate.keep_what_is_aligned();
    if !candidate.undecided_by.is_empty() {
        candidate.state = State::Undecided;
    }
    candidate
}

fn is_alignment(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::StopAlignedShare
            | Signal::ExitAlignedShare
            | Signal::KillAlignedShare
            | Signal::StartAlignedShare
            | Signal::RefusalAlignedShare
            | Signal::PoolTimeoutAlignedShare
    )
}

/// What a test comes out as.
enum Look {
    /// It, or the alternative given, holds.
    Met(&'static Test, Measured),
    /// It and all alternatives are visibly not so; what was measured for it.
    NotMet(Measured),
    /// None holds, and these cannot be seen.
    NotVisible(Vec<Signal>),
}

fn look(scope: &Scope<'_, '_>, test: &'static Test) -> Look {
    let mut invisible = Vec::new();
    let mut first = None;
    let mut next = Some(test);
    while let Some(test) = next {
        match scope.measure(test.signal) {
            Some(measured) if test.is.holds(measured.value) => return Look::Met(test, measured),
            Some(measured) => first = first.or(Some(measured)),
            None => invisible.push(test.signal),
        }
        next = test.or;
    }
    match first {
        Some(measured) if invisible.is_empty() => Look::NotMet(measured),
        _ => Look::NotVisible(invisible),
    }
}

/// Whether a cause claims a failing request, by its own record or by the failure behind it, and
/// whether a record states the cause.
fn claimed(cause: &Cause, view: &View<'_>, position: usize) -> Option<bool> {
    let by = |fail: &Fail<'_>| {
        let matching = cause.shows.claims.iter().filter(|claim| matches(claim, fail));
        matching.map(|claim| claim.states).reduce(|a, b| a || b)
    };
    let fail = &view.fails[position];
    let behind = fail.behind.and_then(|behind| {
        by(&view.fails[behind.position]).map(|states| states && behind.same_request)
    });
    match (by(fail), behind) {
        (Some(a), Some(b)) => Some(a || b),
        (own, behind) => own.or(behind),
    }
}

fn matches(claim: &Claim, fail: &Fail<'_>) -> bool {
    fn within<T: PartialEq>(list: &[T], value: T) -> bool {
        list.is_empty() || list.contains(&value)
    }
    let failure = fail.failure;
    within(claim.mechanisms, failure.mechanism)
        && within(claim.sides, failure.side)
        && within(claim.statuses, fail.key.status)
        && within(claim.authors, fail.key.author)
        && within(claim.reuse, failure.reuse)
        && within(claim.bands, fail.key.band)
        && (!claim.ipv6_loopback || measure::is_to_ipv6_loopback(fail))
}

/// Whether a candidate may take a request that some candidates' records state: it must state it
/// too, or bring about a cause that does.
pub(crate) fn admissible(
    graph: &Graph,
    candidates: &[Candidate<'_, '_>],
    candidate: usize,
    position: usize,
) -> bool {
    let mine = &candidates[candidate];
    if !mine.claims.contains_key(&position) {
        return false;
    }
    let stating: Vec<&Candidate<'_, '_>> =
        candidates.iter().filter(|c| c.holds() && c.claims.get(&position) == Some(&true)).collect();
    stating.is_empty()
        || stating
            .iter()
            .any(|c| c.cause().slug == mine.cause().slug || graph.leads(mine.cause(), c.cause()))
}

/// The candidate each counted failure goes to: the deepest credible cause, then the best shown.
pub(crate) fn assign(
    graph: &Graph,
    candidates: &[Candidate<'_, '_>],
    counted: &[usize],
) -> BTreeMap<usize, Vec<usize>> {
    let mut assigned: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &position in counted {
        let able: Vec<usize> = (0..candidates.len())
            .filter(|&c| candidates[c].holds() && admissible(graph, candidates, c, position))
            .collect();
        let best = able
            .iter()
            .copied()
            .filter(|&c| {
                !able.iter().any(|&d| {
                    candidates[d].is_credible()
                        && graph.leads(candidates[d].cause(), candidates[c].cause())
                })
            })
            .max_by_key(|&c| {
                let candidate = &candidates[c];
                let states = candidate.claims.get(&position) == Some(&true);
                (states, candidate.score(), std::cmp::Reverse(candidate.cause().slug))
            });
        if let Some(best) = best {
            assigned.entry(best).or_default().push(position);
        }
    }
    unite_rivals(graph, candidates, &mut assigned);
    assigned
}

/// Failures that two undecided rivals could both have made are not split between them: the one
/// with more of them takes all, and the other is named as its rival.
fn unite_rivals(
    graph: &Graph,
    candidates: &[Candidate<'_, '_>],
    assigned: &mut BTreeMap<usize, Vec<usize>>,
) {
    let mut by_size: Vec<usize> = assigned.keys().copied().collect();
    by_size.sort_by_key(|c| (assigned[c].len(), *c));
    for (order, &small) in by_size.iter().enumerate() {
        if candidates[small].is_stated() {
            continue;
        }
        let larger = by_size[order + 1..].iter().rev().copied().find(|&large| {
            !graph.leads(candidates[large].cause(), candidates[small].cause())
                && !graph.leads(candidates[small].cause(), candidates[large].cause())
                && assigned[&small].iter().all(|&p| admissible(graph, candidates, large, p))
        });
        if let Some(large) = larger {
            let moved = assigned.remove(&small).unwrap_or_default();
            let all = assigned.entry(large).or_default();
            all.extend(moved);
            all.sort_unstable();
        }
    }
}
