//! The order of timers: what the rules ask for, what contradicts it, and the smallest change that
//! ends the contradictions.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{
    Confidence, Edit, FileId, Finding, Guard, Key, Order, Origin, PlaceOf, Prediction, Rule,
    Setting, Slot, Span, System, Term, Value,
};
use model::{Cause, Micros, Predicts, Statement, Text};

use crate::pieces::{Owner, Piece, pieces};
use crate::solver::{FOREVER, Problem, Relation, Unknown};

/// Cost of a change that can be written into a file.
const WRITTEN: u32 = 10;
/// Cost of a change that only a person can make.
const BY_HAND: u32 = 30;
/// What it costs more to shorten a timer than to lengthen one.
const SHORTEN: u32 = 1;
/// What it costs more to shorten one that bounds a wait: requests that take as long would fail all
/// the time, and not only at a release. Lengthening two others is the smaller change.
const SHORTEN_A_WAIT: u32 = 25;
/// The longest time that is proposed for a timer, in microseconds: 30 days.
const LONGEST: i64 = 30 * 86_400 * 1_000_000;

/// One timer of one owner.
pub(crate) type Timer = (Owner, Key);

/// A relation that a cause asks for, at one piece of the path.
struct Wanted {
    cause: &'static Cause,
    order: &'static Order,
    piece: Piece,
    longer: Timer,
    shorter: Timer,
    /// The first timer, in the order of the path, that is the same setting in the files.
    longer_as: Timer,
    shorter_as: Timer,
}

/// What a timer is in the files: several timers of the path may be one setting, such as an idle
/// timeout that bounds both the wait for an answer and the reuse of a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Identity {
    Written(Span),
    Missing(FileId, u32, &'static str),
    Unwritten(Owner, &'static str),
}

fn identity(system: &System, (owner, key): Timer) -> Option<Identity> {
    let setting = owner.setting(system, key)?;
    Some(match (setting.origin, owner.slot(system, key)) {
        (Origin::Written(span), _) => Identity::Written(span),
        (Origin::Default { .. }, Some(slot)) => Identity::Missing(slot.file, slot.at, setting.name),
        (Origin::Default { .. }, None) => Identity::Unwritten(owner, setting.name),
    })
}

/// Everything that contradicts an order of timers.
pub(crate) fn run(system: &System, causes: &[&'static Cause]) -> Vec<Finding> {
    let wanted = wanted(system, causes);
    let mut findings = Vec::new();
    for part in parts(&wanted) {
        findings.extend(solve(system, &part));
    }
    findings
}

fn wanted(system: &System, causes: &[&'static Cause]) -> Vec<Wanted> {
    let mut out = Vec::new();
    let mut first: BTreeMap<(Identity, Option<i64>), Timer> = BTreeMap::new();
    let mut same = |timer: Timer| {
        let key = identity(system, timer).map(|id| (id, value_of(system, timer)));
        key.map_or(timer, |key| *first.entry(key).or_insert(timer))
    };
    let mut told: BTreeSet<(&str, Timer, Timer)> = BTreeSet::new();
    let orders = causes.iter().flat_map(|&cause| {
        let Predicts::By(rules) = cause.predicts else { return Vec::new() };
        let order = |rule: &Rule| if let Rule::Order(order) = *rule { Some(order) } else { None };
        rules.iter().filter_map(order).map(|order| (cause, order)).collect()
    });
    for (cause, order) in orders {
        for piece in pieces(system, order.shape) {
            if !order.when.iter().all(|guard| piece.meets(system, guard)) {
                continue;
            }
            // The hop acts at the first of its bounds; all bounds of the other have to be
            // longer than that one.
            let shorter = timers(system, piece, &order.shorter);
            let shorter = shorter.into_iter().min_by_key(|timer| value_of(system, *timer));
            let Some(shorter) = shorter else { continue };
            let ends = |timer: &Timer| value_of(system, *timer) != Some(FOREVER);
            // Nothing outlasts what never ends.
            for longer in timers(system, piece, &order.longer).into_iter().filter(ends) {
                let (longer_as, shorter_as) = (same(longer), same(shorter));
                // Routes that share their settings share what is wrong with them.
                let new = told.insert((cause.slug, longer_as, shorter_as));
                if longer_as != shorter_as && new {
                    out.push(Wanted {
                        cause,
                        order,
                        piece,
                        longer,
                        shorter,
                        longer_as,
                        shorter_as,
                    });
                }
            }
        }
    }
    out
}

/// The timers of a term that are set there, or known not to run.
pub(crate) fn timers(system: &System, piece: Piece, term: &Term) -> Vec<Timer> {
    let Some(owner) = piece.owner(system, term.site) else { return Vec::new() };
    let is_timer = |key: &&Key| {
        owner.setting(system, **key).is_some_and(|setting| {
            matches!(setting.value, Value::Time(_) | Value::Unlimited | Value::Unknown(_))
        })
    };
    term.keys.iter().filter(is_timer).map(|key| (owner, *key)).collect()
}

/// Its value in microseconds; `None` if the files do not say.
pub(crate) fn value_of(system: &System, (owner, key): Timer) -> Option<i64> {
    match owner.setting(system, key)?.value {
        Value::Time(time) => Some(time.0.clamp(0, FOREVER)),
        Value::Unlimited => Some(FOREVER),
        _ => None,
    }
}

/// Relations that share timers, together: each such part is a problem of its own.
fn parts(wanted: &[Wanted]) -> Vec<Vec<&Wanted>> {
    let mut part_of: BTreeMap<Timer, usize> = BTreeMap::new();
    let mut parts: Vec<Vec<&Wanted>> = Vec::new();
    for one in wanted {
        let known: Vec<usize> = [one.longer_as, one.shorter_as]
            .iter()
            .filter_map(|t| part_of.get(t).copied())
            .collect();
        let into = known.first().copied().unwrap_or_else(|| {
            parts.push(Vec::new());
            parts.len() - 1
        });
        for &other in known.iter().filter(|other| **other != into) {
            let moved = std::mem::take(&mut parts[other]);
            parts[into].extend(moved);
            part_of.values_mut().filter(|part| **part == other).for_each(|part| *part = into);
        }
        parts[into].push(one);
        part_of.insert(one.longer_as, into);
        part_of.insert(one.shorter_as, into);
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn solve(system: &System, part: &[&Wanted]) -> Vec<Finding> {
    let mut timers: Vec<Timer> =
        part.iter().flat_map(|one| [one.longer_as, one.shorter_as]).collect();
    timers.sort_unstable();
    timers.dedup();
    let number = |timer: Timer| timers.binary_search(&timer).unwrap_or_default();
    let relations = part.iter().map(|one| Relation {
        longer: number(one.longer_as),
        shorter: number(one.shorter_as),
        margin: one.order.margin.0,
    });
    let mut problem = Problem {
        unknowns: timers.iter().map(|&timer| unknown(system, timer)).collect(),
        relations: relations.collect(),
    };
    let broken = problem.contradictions();
    if broken.is_empty() {
        return Vec::new();
    }
    let mut dearer = vec![Some(0); timers.len()];
    for &at in broken.iter().flatten() {
        let Relation { longer, shorter, .. } = problem.relations[at];
        let released =
            matches!(part[at].longer.1, Key::TerminationGrace | Key::DeregistrationDelay);
        // Nobody answers sooner because releases are quick.
        let kept = released && problem.unknowns[longer].cost.is_some();
        let bounds = part[at].shorter.1.bounds_a_wait() || is_wait(system, timers[shorter]);
        let more = if bounds { SHORTEN_A_WAIT } else { SHORTEN };
        dearer[shorter] = dearer[shorter].filter(|_| !kept).map(|cost| more.max(cost));
    }
    for (unknown, dearer) in problem.unknowns.iter_mut().zip(dearer) {
        unknown.cost = unknown.cost.zip(dearer).map(|(cost, dearer)| cost + dearer);
    }
    let changes = waits_kept(system, part, &timers, &problem)
        .cheapest_changes(round)
        .or_else(|| problem.cheapest_changes(round));
    broken
        .iter()
        .map(|core| {
            let core: Vec<&Wanted> = core.iter().map(|&at| part[at]).collect();
            let changes = changes.as_deref().map(|all| concerning(&core, part, &timers, all));
            finding(system, &core, &timers, changes.as_deref())
        })
        .collect()
}

/// The changes that mend a contradiction, with those that keep them from breaking what held.
fn concerning(
    core: &[&Wanted],
    part: &[&Wanted],
    timers: &[Timer],
    all: &[(usize, i64)],
) -> Vec<(usize, i64)> {
    let mut about: BTreeSet<Timer> =
        core.iter().flat_map(|one| [one.longer_as, one.shorter_as]).collect();
    let changed: BTreeSet<Timer> = all.iter().map(|(at, _)| timers[*at]).collect();
    let mut open: Vec<Timer> = about.intersection(&changed).copied().collect();
    while let Some(timer) = open.pop() {
        for one in part {
            let other = match timer {
                timer if timer == one.longer_as => one.shorter_as,
                timer if timer == one.shorter_as => one.longer_as,
                _ => continue,
            };
            if changed.contains(&other) && about.insert(other) {
                open.push(other);
            }
        }
    }
    all.iter().filter(|(at, _)| about.contains(&timers[*at])).copied().collect()
}

/// The same problem where nothing that bounds a wait may get shorter: requests that take as long would
/// fail, which is a cure only where there is no other.
fn waits_kept(system: &System, part: &[&Wanted], timers: &[Timer], problem: &Problem) -> Problem {
    let mut kept = problem.clone();
    let asked =
        part.iter().flat_map(|one| [(one.longer, one.longer_as), (one.shorter, one.shorter_as)]);
    for (timer, stands_as) in asked {
        let Ok(at) = timers.binary_search(&stands_as) else { continue };
        if timer.1.bounds_a_wait() || is_wait(system, stands_as) {
            let unknown = &mut kept.unknowns[at];
            unknown.bounds.0 = unknown.value.unwrap_or(unknown.bounds.0);
            unknown.cost = cost_of(system, stands_as);
        }
    }
    kept
}

/// True if the timer is for silence, and its setting bounds the wait for an answer as well.
fn is_wait(system: &System, (owner, key): Timer) -> bool {
    const WAITS: &[Key] = &[Key::ResponseTimeout, Key::TotalTimeout];
    let Some(own) = identity(system, (owner, key)).filter(|_| !WAITS.contains(&key)) else {
        return false;
    };
    let same = |link, wait: &Key| identity(system, (Owner::Link(link), *wait)) == Some(own);
    let mut links = system.links_from(owner.hop(system));
    links.any(|(link, _)| WAITS.iter().any(|wait| same(link, wait)))
}

/// What changing a timer costs, whichever way; `None` if nobody can.
fn cost_of(system: &System, (owner, key): Timer) -> Option<u32> {
    match owner.setting(system, key) {
        Some(Setting { origin: Origin::Default { known, .. }, .. }) if known.fixed => None,
        Some(setting) if setting.notation.is_some() || owner.slot(system, key).is_some() => {
            Some(WRITTEN)
        }
        _ => Some(BY_HAND),
    }
}

fn unknown(system: &System, timer: Timer) -> Unknown {
    let value = value_of(system, timer);
    let cost = cost_of(system, timer);
    Unknown { value, cost, bounds: (0, LONGEST) }
}

/// A bound, moved on to a value that people would write, if the other limit allows it: whole
/// seconds below 20 s, else multiples of 5 s.
fn round(bound: i64, limit: i64) -> i64 {
    const SECOND: i64 = 1_000_000;
    let unit = if bound < SECOND {
        100_000
    } else if bound <= 20 * SECOND {
        SECOND
    } else {
        5 * SECOND
    };
    let rounded = if limit >= bound {
        bound.div_euclid(unit) * unit + if bound.rem_euclid(unit) == 0 { 0 } else { unit }
    } else {
        bound.div_euclid(unit) * unit
    };
    let allowed = if limit >= bound { rounded <= limit } else { rounded >= limit };
    if allowed { rounded } else { bound }
}

/// A contradiction as a finding: its places, and those of the changes that are about them.
fn finding(
    system: &System,
    core: &[&Wanted],
    timers: &[Timer],
    changes: Option<&[(usize, i64)]>,
) -> Finding {
    // The relations go from the shortest timer up; what is found fault with is the last.
    let (first, last) = (core[0], core[core.len() - 1]);
    let confidence = core
        .iter()
        .flat_map(|one| [one.piece.confidence(system), condition(system, one)])
        .chain([certainty(system, last.longer), certainty(system, first.shorter)])
        .min()
        .unwrap_or(Confidence::Low);
    let says = Statement::plain(last.order.says)
        .with("longer", shown(system, last.longer))
        .with("longer_name", name(system, last.longer))
        .with("longer_hop", hop_name(system, last.longer))
        .with("shorter", shown(system, first.shorter))
        .with("shorter_name", name(system, first.shorter))
        .with("shorter_hop", hop_name(system, first.shorter));
    let mut prediction = Prediction::new(last.order.severity, confidence, says);
    let mut places: Vec<Timer> = vec![last.longer];
    places.extend(core.iter().rev().map(|one| one.shorter));
    for timer in places {
        let Some(setting) = timer.0.setting(system, timer.1) else { continue };
        prediction = prediction.on(setting, setting.stated(hop_name(system, timer)));
        // Where nobody wrote it, but somebody could.
        if let (false, Some(slot)) = (setting.is_written(), timer.0.slot(system, timer.1)) {
            let says = Statement::plain(ABSENT)
                .with("hop", hop_name(system, timer))
                .with("name", setting.name);
            prediction.places.push((PlaceOf::Text(beside(system, slot)), says));
        }
    }
    let links = core.iter().flat_map(|one| [one.piece.link, one.piece.next]).flatten();
    for link in links {
        prediction = prediction.along(system, link);
    }
    prediction.hops =
        core.iter().flat_map(|one| [one.longer.0.hop(system), one.shorter.0.hop(system)]).collect();
    prediction.hops.sort_unstable();
    prediction.hops.dedup();
    for &(at, value) in changes.unwrap_or_default() {
        let timer = timers[at];
        let value = Value::Time(Micros(value));
        let says = Statement::plain(SET)
            .with("name", name(system, timer))
            .with("hop", hop_name(system, timer))
            .with("value", &value);
        prediction.changes.push(says);
        prediction.edits.extend(edit(system, timer, &value));
    }
    // Where no changes were found for all of them together, the one that mends this.
    if let (true, Some(least)) = (prediction.changes.is_empty(), value_of(system, first.shorter)) {
        let enough: i64 = core.iter().map(|one| one.order.margin.0).sum();
        let most = value_of(system, last.longer).unwrap_or(0);
        let (timer, value) = match least {
            FOREVER => (first.shorter, most.saturating_sub(enough).max(0)),
            _ => (last.longer, least.saturating_add(enough)),
        };
        let says = Statement::plain(SET)
            .with("name", name(system, timer))
            .with("hop", hop_name(system, timer))
            .with("value", Value::Time(Micros(value)));
        prediction.changes.push(says);
    }
    Finding::new(last.cause, prediction)
}

const ABSENT: Text =
    Text::new("{hop}: {name} could be set here", "{hop}: {name} はここで設定できます");
const SET: Text =
    Text::new("set {name} of {hop} to {value}", "{hop} の {name} を {value} に設定します");

/// A character beside the place where a setting can be added: the one it is put before, or, at the
/// end of a line or of the file, the last one.
fn beside(system: &System, slot: &Slot) -> Span {
    let text = &system.file(slot.file).text;
    let at = (slot.at as usize).min(text.len());
    let before = text[..at].trim_end();
    let here = text.get(at..).and_then(|rest| rest.chars().next()).filter(|c| !c.is_whitespace());
    match here {
        Some(c) => Span::new(slot.file, at..at + c.len_utf8()),
        None => {
            let start = before.char_indices().next_back().map_or(0, |(start, _)| start);
            Span::new(slot.file, start..before.len())
        }
    }
}

/// How sure it is that the order matters there: what a version decides may be assumed.
fn condition(system: &System, one: &Wanted) -> Confidence {
    let assumed = |guard: &Guard| match *guard {
        Guard::On(site, key) | Guard::NotOff(site, key) => one
            .piece
            .setting(system, site, key)
            .is_some_and(|set| matches!(set.origin, Origin::Default { assumed: true, .. })),
        _ => false,
    };
    if one.order.when.iter().any(assumed) { Confidence::Low } else { Confidence::High }
}

/// How sure a value is.
fn certainty(system: &System, (owner, key): Timer) -> Confidence {
    match owner.setting(system, key).map(|setting| setting.origin) {
        Some(Origin::Default { assumed: true, .. }) | None => Confidence::Low,
        Some(_) => Confidence::High,
    }
}

fn shown(system: &System, (owner, key): Timer) -> String {
    owner.setting(system, key).map(|setting| setting.value.to_string()).unwrap_or_default()
}

fn name(system: &System, (owner, key): Timer) -> &'static str {
    owner.setting(system, key).map_or("", |setting| setting.name)
}

fn hop_name(system: &System, (owner, _): Timer) -> &str {
    &system.hop(owner.hop(system)).name
}

/// The change in the syntax of the file: in place of what is written, or where it can be added.
fn edit(system: &System, (owner, key): Timer, value: &Value) -> Option<Edit> {
    let edit = owner.setting(system, key)?.changed_to(value, owner.slots(system))?;
    // What bounds a wait elsewhere on the path is no idle timer alone.
    let meant = meanings(system, (owner, key));
    let safe = edit.safe && meant.iter().all(|(key, from)| key.may_change(from, value));
    Some(Edit { safe, ..edit })
}

/// Everything that the setting of this timer is on the whole path, with its value.
fn meanings(system: &System, timer: Timer) -> Vec<(Key, &Value)> {
    let Some(wanted) = identity(system, timer) else { return Vec::new() };
    let hops =
        system.hops().flat_map(|(id, hop)| hop.settings.iter().map(move |s| (Owner::Hop(id), s)));
    let links = system
        .links()
        .flat_map(|(id, link)| link.settings.iter().map(move |s| (Owner::Link(id), s)));
    hops.chain(links)
        .filter(|(owner, setting)| identity(system, (*owner, setting.key)) == Some(wanted))
        .map(|(_, setting)| (setting.key, &setting.value))
        .collect()
}
