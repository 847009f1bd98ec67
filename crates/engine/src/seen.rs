//! Where the failing requests of a finding were recorded: hops and targets as the logs name them, for
//! whoever knows the path from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use model::{HopKind, Mechanism, Seen, Side};

use crate::view::{Fail, View};

/// Targets named of one hop.
const TARGETS: usize = 20;

type Hop<'a> = (&'static str, &'a str, HopKind, Side);

#[derive(Default)]
struct Recorded<'a> {
    weight: f64,
    bare: f64,
    targets: BTreeSet<&'a str>,
}

/// The hops at which requests failed, most of them first. A status that was only passed on counts at
/// the hop behind, where the records show both to be of one request.
pub(crate) fn of(view: &View<'_>, positions: &[usize]) -> Vec<Seen> {
    let mut all: BTreeMap<Hop<'_>, Recorded<'_>> = BTreeMap::new();
    for &position in positions {
        let outer = &view.fails[position];
        let inner = outer.behind.filter(|behind| behind.same_request);
        let fail: &Fail<'_> = inner.map_or(outer, |behind| &view.fails[behind.position]);
        let key = fail.target_key();
        let hop = (key.dialect, &*key.hop, key.kind, fail.failure.side);
        let recorded = all.entry(hop).or_default();
        recorded.weight += outer.weight;
        if says_only_a_status(fail.failure.mechanism) {
            recorded.bare += outer.weight;
        }
        recorded.targets.extend(fail.target());
    }
    let mut seen: Vec<Seen> = all
        .into_iter()
        .map(|((dialect, hop, kind, side), recorded)| Seen {
            dialect,
            hop: hop.to_owned(),
            kind,
            side,
            targets: recorded.targets.into_iter().take(TARGETS).map(str::to_owned).collect(),
            failures: recorded.weight.round().max(0.0) as u64,
            bare: recorded.bare * 2.0 >= recorded.weight,
        })
        .collect();
    // Ties stay in the order of the map.
    seen.sort_by_key(|one| std::cmp::Reverse(one.failures));
    seen
}

fn says_only_a_status(mechanism: Mechanism) -> bool {
    matches!(
        mechanism,
        Mechanism::Unspecified | Mechanism::StatusFromUpstream | Mechanism::StatusFromApplication
    )
}
