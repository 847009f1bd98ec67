//! Candidates to findings: verdicts, chains, citations, what was ruled out, what is missing.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Cause, Citation, Effect, Finding, Mechanism, Missing, Observation, Place, Remedy, RivalNote,
    RuledOut, Signal, Statement, Text, Unexplained, Verdict, Visibility, Window,
};

use crate::attribution::{Candidate, Graph, State, admissible, assign};
use crate::figures;
use crate::incidents::Cluster;
use crate::measure::Shown;
use crate::seen;
use crate::view::View;

/// Failing records cited per finding.
const FAILING: usize = 5;
/// Missing evidence named per finding.
const MISSING: usize = 4;

const NO_SEPARATION: Text =
    Text::new("nothing in this evidence separates the two", "この証拠だけでは両者を区別できません");

/// Turns places into citations.
pub(crate) struct Citer<'c> {
    pub(crate) line_of: &'c dyn Fn(crate::Place) -> u64,
}

impl Citer<'_> {
    pub(crate) fn cite(&self, shown: &Shown) -> Citation {
        Citation {
            at: shown.at,
            source: shown.place.source as usize,
            line: (self.line_of)(shown.place),
            text: shown.text.clone(),
        }
    }

    /// The first of some failing requests, one of each kind before a second of any.
    fn failing(&self, view: &View<'_>, positions: &[usize], most: usize) -> Vec<Citation> {
        let mut rounds: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut seen: BTreeMap<(&str, model::Mechanism, u16), usize> = BTreeMap::new();
        for (order, &position) in positions.iter().enumerate() {
            let fail = &view.fails[position];
            if fail.text.is_none() {
                continue;
            }
            let kind = (fail.key.dialect, fail.failure.mechanism, fail.key.status);
            let round = seen.entry(kind).or_default();
            rounds.insert((*round, order), position);
            *round += 1;
        }
        let mut chosen: Vec<usize> = rounds.into_values().take(most).collect();
        chosen.sort_unstable();
        let mut citations = Vec::new();
        for position in chosen {
            let fail = &view.fails[position];
            let at = fail.dated.then_some(fail.at);
            let text = fail.text.unwrap_or("").to_owned();
            citations.push(self.cite(&Shown { at, place: fail.place, text }));
            if let Some((place, text)) = fail.explained_by {
                citations.push(self.cite(&Shown { at, place, text: text.to_owned() }));
            }
        }
        citations
    }
}

/// The findings of one incident and what they leave unexplained.
pub(crate) fn of(
    view: &View<'_>,
    cluster: &Cluster,
    candidates: &[Candidate<'_, '_>],
    graph: &Graph,
    citer: &Citer<'_>,
) -> (Vec<Finding>, Option<Unexplained>) {
    let assigned = assign(graph, candidates, &cluster.counted);
    let explained: BTreeSet<usize> = assigned.values().flatten().copied().collect();
    let mut findings: Vec<Finding> = assigned
        .iter()
        .map(|(&candidate, positions)| {
            finding(view, candidates, candidate, positions, graph, citer)
        })
        .collect();
    let rest: Vec<usize> =
        cluster.counted.iter().copied().filter(|p| !explained.contains(p)).collect();
    let (undecided, unexplained) = cannot_tell(view, candidates, &rest, graph, citer);
    findings.extend(undecided);
    findings.sort_by_key(|f| (std::cmp::Reverse(f.failures), f.cause.slug));
    (findings, unexplained)
}

/// What records beside any request are consistent with: no request is explained by it.
pub(crate) fn told(
    candidate: &Candidate<'_, '_>,
    all: &[&Candidate<'_, '_>],
    citer: &Citer<'_>,
) -> Finding {
    let cause = candidate.cause();
    let others = all.iter().map(|other| other.cause()).filter(|other| other.slug != cause.slug);
    let mut missing = missing(candidate, &candidate.invisible);
    missing.truncate(MISSING);
    Finding {
        cause,
        verdict: Verdict::Consistent,
        stated: false,
        failures: 0,
        windows: candidate.scope.cluster.window.into_iter().collect(),
        chain: vec![cause],
        effect: None,
        observations: along_the_chain(candidate, &[], &[], citer),
        failing: Vec::new(),
        ruled_out: Vec::new(),
        rivals: others.map(|other| rival_note(cause, other)).collect(),
        missing: into_missing(missing),
        remedies: cause.remedies.iter().collect(),
        figures: figures::of(&candidate.scope),
        seen: Vec::new(),
        configuration: Vec::new(),
        of_logs: None,
    }
}

fn weight(view: &View<'_>, positions: &[usize]) -> f64 {
    positions.iter().map(|&p| view.fails[p].weight).sum()
}

fn rounded(weight: f64) -> u64 {
    weight.round().max(0.0) as u64
}

fn windows(view: &View<'_>, positions: &[usize]) -> Vec<Window> {
    let dated = || positions.iter().map(|&p| &view.fails[p]).filter(|f| f.dated);
    match (dated().map(|f| f.at).min(), dated().map(|f| f.at).max()) {
        (Some(start), Some(end)) => vec![Window { start, end }],
        _ => Vec::new(),
    }
}

fn finding(
    view: &View<'_>,
    candidates: &[Candidate<'_, '_>],
    chosen: usize,
    positions: &[usize],
    graph: &Graph,
    citer: &Citer<'_>,
) -> Finding {
    let candidate = &candidates[chosen];
    let cause = candidate.cause();
    let figures = figures::of(&candidate.scope);
    let rivals = rivals(view, candidates, candidate, positions, graph);
    let verdict = verdict(candidate, &rivals, candidates);
    let rivals: Vec<RivalNote> = if verdict == Verdict::Proved {
        Vec::new()
    } else {
        rivals.iter().map(|rival| rival_note(cause, rival.cause())).collect()
    };
    let chain = chain(candidate, candidates, positions, graph);
    let effect = if verdict == Verdict::Proved {
        None
    } else {
        effect(view, candidates, &chain, positions, graph)
    };
    let remedies = remedies(&chain);
    let ruled_out = candidates
        .iter()
        .filter(|c| !chain.iter().any(|link| link.slug == c.cause().slug))
        .filter(|c| positions.iter().any(|p| c.claims.contains_key(p)))
        .filter_map(|c| ruled_out(c, citer))
        .collect();
    let missing = what_is_missing(candidate, candidates, verdict, positions, graph);
    Finding {
        cause,
        verdict,
        stated: candidate.is_stated(),
        failures: rounded(weight(view, positions)),
        windows: windows(view, positions),
        observations: along_the_chain(candidate, &chain, candidates, citer),
        chain,
        effect,
        failing: citer.failing(view, positions, FAILING),
        ruled_out,
        rivals,
        missing: into_missing(missing),
        remedies,
        figures,
        seen: seen::of(view, positions),
        configuration: Vec::new(),
        of_logs: None,
    }
}

/// Other causes that hold on at least half of a cause's failures and are no part of its story.
fn rivals<'c, 's, 'a>(
    view: &View<'_>,
    candidates: &'c [Candidate<'s, 'a>],
    of: &Candidate<'_, '_>,
    positions: &[usize],
    graph: &Graph,
) -> Vec<&'c Candidate<'s, 'a>> {
    let cause = of.cause();
    let all = weight(view, positions);
    let takes_half = |other: usize| {
        let could = positions.iter().copied().filter(|&p| admissible(graph, candidates, other, p));
        let could: Vec<usize> = could.collect();
        weight(view, &could) * 2.0 >= all
    };
    let related = |other: &'static Cause| {
        other.slug == cause.slug || graph.leads(cause, other) || graph.leads(other, cause)
    };
    (0..candidates.len())
        .filter(|&c| candidates[c].holds() && !related(candidates[c].cause()) && takes_half(c))
        .map(|c| &candidates[c])
        .collect()
}

/// The first link below a release or a change that is proved for most of the failures, though what
/// started it is not. A symptom that anything may bring about is none: to put it first would hide
/// the cause behind what everybody saw.
fn effect(
    view: &View<'_>,
    candidates: &[Candidate<'_, '_>],
    chain: &[&'static Cause],
    positions: &[usize],
    graph: &Graph,
) -> Option<Effect> {
    let (root, links) = chain.split_first()?;
    if root.place != Place::Release {
        return None;
    }
    let all = weight(view, positions);
    links.iter().filter(|link| !graph.is_symptom(link)).find_map(|&link| {
        let candidate = candidates.iter().find(|c| c.cause().slug == link.slug && c.holds())?;
        let of: Vec<usize> =
            positions.iter().copied().filter(|p| candidate.claims.contains_key(p)).collect();
        let claimed = weight(view, &of);
        let rivals = rivals(view, candidates, candidate, &of, graph);
        let verdict = verdict(candidate, &rivals, candidates);
        (claimed * 2.0 >= all && claimed > 0.0 && verdict == Verdict::Proved).then(|| Effect {
            cause: link,
            verdict,
            stated: candidate.is_stated(),
            failures: rounded(claimed),
        })
    })
}

/// Remedies of the cause and of the links below it. A cause that acts only through what it leads
/// to is met best where the thing ran out; else the cause itself comes first. The symptom at the
/// end of a chain has no remedy of its own beyond those.
fn remedies(chain: &[&'static Cause]) -> Vec<&'static Remedy> {
    let mut links = chain.to_vec();
    if links.len() > 2 {
        links.pop();
    }
    if let [root, effect, ..] = links[..]
        && root.shows.claims_effects
    {
        links.truncate(2);
        links = vec![effect, root];
    }
    links.into_iter().flat_map(|link| link.remedies).collect()
}

/// What speaks for the root, and then what speaks for each link it leads through. The same fact is
/// told once, in the words of the first that tells it.
fn along_the_chain(
    root: &Candidate<'_, '_>,
    chain: &[&'static Cause],
    candidates: &[Candidate<'_, '_>],
    citer: &Citer<'_>,
) -> Vec<Observation> {
    let links = chain
        .iter()
        .skip(1)
        .filter_map(|link| candidates.iter().find(|candidate| candidate.cause().slug == link.slug));
    let mut told: Vec<(Signal, String)> = Vec::new();
    let mut all = Vec::new();
    for candidate in std::iter::once(root).chain(links) {
        for (signal, value, observation) in observations(candidate, citer) {
            let fact = (signal, value);
            if !told.contains(&fact) {
                told.push(fact);
                all.push(observation);
            }
        }
    }
    all
}

fn verdict(
    candidate: &Candidate<'_, '_>,
    rivals: &[&Candidate<'_, '_>],
    candidates: &[Candidate<'_, '_>],
) -> Verdict {
    if candidate.is_stated() {
        return Verdict::Proved;
    }
    if !rivals.is_empty() || candidate.independent() == 0 {
        return Verdict::Consistent;
    }
    let listed = candidate.cause().shows.rivals;
    let decided = |slug: &str| {
        candidates
            .iter()
            .find(|c| c.cause().slug == slug)
            .is_none_or(|c| matches!(c.state, State::Excluded(..) | State::NotThis(..)))
    };
    let excluded = candidates.iter().any(|c| {
        matches!(c.state, State::Excluded(..)) && listed.iter().any(|r| r.slug == c.cause().slug)
    });
    let all_decided = listed.iter().all(|rival| decided(rival.slug));
    if candidate.independent_sources() >= 2 && excluded && all_decided {
        Verdict::Proved
    } else {
        Verdict::Supported
    }
}

fn rival_note(cause: &'static Cause, rival: &'static Cause) -> RivalNote {
    let said = |a: &'static Cause, b: &'static Cause| {
        a.shows.rivals.iter().find(|r| r.slug == b.slug).map(|r| r.separates)
    };
    let separates = said(cause, rival).or_else(|| said(rival, cause)).unwrap_or(NO_SEPARATION);
    RivalNote { cause: rival, separates: Statement::plain(separates) }
}

fn ruled_out(candidate: &Candidate<'_, '_>, citer: &Citer<'_>) -> Option<RuledOut> {
    let (says, test, measured) = match &candidate.state {
        State::Excluded(test, measured) => (test.says, test, measured),
        State::NotThis(test, measured) => (test.otherwise?, test, measured),
        State::Undecided | State::Holds => return None,
    };
    // What no request of these has was never in question.
    let is_of_another_kind = matches!(test.signal, Signal::CdnShare | Signal::LocalhostShare);
    if is_of_another_kind && measured.value == 0.0 {
        return None;
    }
    let figures = figures::of(&candidate.scope);
    let because = statement(says, test.signal, measured.value, &figures);
    Some(RuledOut {
        cause: candidate.cause(),
        because,
        citations: measured.shown_by.iter().map(|shown| citer.cite(shown)).collect(),
    })
    .filter(|ruled_out| !ruled_out.because.has_gaps())
}

fn statement(
    text: Text,
    signal: Signal,
    value: f64,
    figures: &[(&'static str, String)],
) -> Statement {
    let mut statement = Statement::plain(text).with("value", figures::value(signal, value));
    statement.values.extend(figures.iter().cloned());
    statement
}

/// What speaks for a cause, strongest first, with the signal and its value as shown.
fn observations(
    candidate: &Candidate<'_, '_>,
    citer: &Citer<'_>,
) -> Vec<(Signal, String, Observation)> {
    let figures = figures::of(&candidate.scope);
    let mut met: Vec<_> = candidate.met.iter().collect();
    met.sort_by_key(|(test, measured)| (!test.proves, !candidate.is_independent(test, measured)));
    met.into_iter()
        .filter(|(test, _)| !matches!(test.signal, Signal::Failures | Signal::EffectsHold))
        .map(|(test, measured)| {
            let observation = Observation {
                says: statement(test.says, test.signal, measured.value, &figures),
                citations: measured.shown_by.iter().map(|shown| citer.cite(shown)).collect(),
                independent: candidate.is_independent(test, measured),
                undated: candidate.is_unplaced(measured),
            };
            (test.signal, figures::value(test.signal, measured.value), observation)
        })
        .filter(|(_, _, observation)| !observation.says.has_gaps())
        .collect()
}

/// From the cause down to the symptom, through causes that hold on the same failures.
fn chain(
    root: &Candidate<'_, '_>,
    candidates: &[Candidate<'_, '_>],
    positions: &[usize],
    graph: &Graph,
) -> Vec<&'static Cause> {
    let mut chain = vec![root.cause()];
    let taken: BTreeSet<usize> = positions.iter().copied().collect();
    let all_outward =
        |c: &Candidate<'_, '_>| c.claims.keys().all(|&p| c.scope.view.fails[p].is_outward());
    let mut below: Vec<&Candidate<'_, '_>> = candidates
        .iter()
        .filter(|c| c.holds() && graph.leads(root.cause(), c.cause()))
        .filter(|c| all_outward(c) || c.claims.keys().any(|p| taken.contains(p)))
        .collect();
    below.sort_by_key(|c| (std::cmp::Reverse(graph.height(c.cause())), c.cause().slug));
    for candidate in below {
        let last = chain[chain.len() - 1];
        if graph.leads(last, candidate.cause()) {
            chain.push(candidate.cause());
        }
    }
    chain
}

/// What would decide more. Once the cause is proved, that is only what may lie deeper; before, it
/// is also what would support or exclude this cause and its rivals.
fn what_is_missing(
    candidate: &Candidate<'_, '_>,
    candidates: &[Candidate<'_, '_>],
    verdict: Verdict,
    positions: &[usize],
    graph: &Graph,
) -> Vec<&'static Visibility> {
    let proved = verdict == Verdict::Proved;
    let mut all = if proved { Vec::new() } else { missing(candidate, &candidate.invisible) };
    let undecided = candidates.iter().filter(|other| {
        matches!(other.state, State::Undecided)
            && positions.iter().any(|p| other.claims.contains_key(p))
            && (verdict == Verdict::Consistent || graph.leads(other.cause(), candidate.cause()))
    });
    undecided.for_each(|other| extend(&mut all, missing(other, &other.undecided_by)));
    all.truncate(if proved { MISSING / 2 } else { MISSING });
    all
}

fn missing(candidate: &Candidate<'_, '_>, signals: &[Signal]) -> Vec<&'static Visibility> {
    let visible = candidate.cause().shows.visible.iter();
    let asked = visible
        .filter(|v| signals.contains(&v.signal))
        .filter(|v| candidate.scope.would_be_shown_by_more_logs(v.signal));
    // One log may show several signals; it is asked for once.
    let mut all = Vec::new();
    extend(&mut all, asked.collect());
    all
}

fn extend(all: &mut Vec<&'static Visibility>, more: Vec<&'static Visibility>) {
    for visibility in more {
        if !all.iter().any(|v| v.what == visibility.what || v.signal == visibility.signal) {
            all.push(visibility);
        }
    }
}

fn into_missing(all: Vec<&'static Visibility>) -> Vec<Missing> {
    all.into_iter().map(|visibility| Missing { visibility }).collect()
}

/// Failures for which causes come into question but none can be decided, and the rest.
fn cannot_tell(
    view: &View<'_>,
    candidates: &[Candidate<'_, '_>],
    rest: &[usize],
    graph: &Graph,
    citer: &Citer<'_>,
) -> (Vec<Finding>, Option<Unexplained>) {
    let mut by_cause: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for &position in rest {
        // A bare status could be anybody's: naming one of them would be a guess.
        let bare = view.fails[position].failure.mechanism == Mechanism::Unspecified;
        let undecided = (0..candidates.len()).filter(|&c| {
            let candidate = &candidates[c];
            matches!(candidate.state, State::Undecided)
                && candidate.claims.contains_key(&position)
                && (!bare || candidate.independent() > 0)
        });
        let best = undecided.max_by_key(|&c| {
            let candidate = &candidates[c];
            let slug = std::cmp::Reverse(candidate.cause().slug);
            (candidate.independent(), candidate.met.len(), slug)
        });
        match best {
            Some(best) => by_cause.entry(best).or_default().push(position),
            None => unexplained.push(position),
        }
    }
    let findings = by_cause
        .into_iter()
        .map(|(chosen, positions)| {
            let candidate = &candidates[chosen];
            let figures = figures::of(&candidate.scope);
            let others: Vec<&Candidate<'_, '_>> = candidates
                .iter()
                .filter(|c| c.cause().slug != candidate.cause().slug)
                .filter(|c| matches!(c.state, State::Undecided))
                .filter(|c| positions.iter().any(|p| c.claims.contains_key(p)))
                .collect();
            let mut missing = missing(candidate, &candidate.invisible);
            others.iter().for_each(|o| extend(&mut missing, self::missing(o, &o.undecided_by)));
            missing.truncate(MISSING);
            let ruled_out = candidates
                .iter()
                .filter(|c| positions.iter().any(|p| c.claims.contains_key(p)))
                .filter_map(|c| ruled_out(c, citer))
                .collect();
            let chain = chain(candidate, candidates, &positions, graph);
            Finding {
                cause: candidate.cause(),
                verdict: Verdict::CannotTell,
                stated: false,
                failures: rounded(weight(view, &positions)),
                windows: windows(view, &positions),
                remedies: remedies(&chain),
                chain,
                effect: None,
                observations: along_the_chain(candidate, &[], candidates, citer),
                failing: citer.failing(view, &positions, FAILING),
                ruled_out,
                rivals: others.iter().map(|o| rival_note(candidate.cause(), o.cause())).collect(),
                missing: into_missing(missing),
                figures,
                seen: seen::of(view, &positions),
                configuration: Vec::new(),
                of_logs: None,
            }
        })
        .collect();
    let rest = (!unexplained.is_empty()).then(|| Unexplained {
        failures: rounded(weight(view, &unexplained)),
        traits: crate::traits::of(view, &unexplained),
        failing: citer.failing(view, &unexplained, FAILING),
    });
    (findings, rest)
}
