//! References to hops: by name, through sets of targets, by labels.

use std::collections::BTreeMap;

use model::config::{Check, Found, Hop, Link, Route, Settings, Slot, Span, Task};

use super::Numbers;
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name, Pool, Reach};

/// How many sets of targets may lead to each other.
const MOST_POOLS_DEEP: usize = 8;

/// How many links are followed: routes through sets of targets multiply.
pub(crate) const MOST_LINKS: usize = 50_000;

/// A reference that has met its end, or not.
#[derive(Clone, Debug)]
pub(crate) struct Half {
    pub(crate) from: DraftId,
    /// Where it ends; `None` if the files do not say.
    pub(crate) to: Option<DraftId>,
    /// The name that nothing has.
    pub(crate) wanted: Option<Name>,
    pub(crate) port: u16,
    pub(crate) address: String,
    pub(crate) route: Route,
    pub(crate) at: Option<Span>,
    pub(crate) found: Found,
    pub(crate) settings: Settings,
    pub(crate) checks: Vec<Check>,
    pub(crate) slots: Vec<Slot>,
}

impl Half {
    /// A reference as it was drafted.
    pub(crate) fn of(link: &LinkDraft) -> Half {
        Half {
            from: link.from,
            to: None,
            wanted: None,
            port: link.port,
            address: link.address.clone(),
            route: link.route.clone(),
            at: link.at,
            found: Found::Stated,
            settings: link.settings.clone(),
            checks: link.checks.clone(),
            slots: link.slots.clone(),
        }
    }

    /// The link with the numbers of its ends; `None` if it ends nowhere.
    pub(crate) fn number(self, numbers: &Numbers) -> Option<Link> {
        Some(Link {
            from: numbers.of(self.from)?,
            to: numbers.of(self.to?)?,
            route: self.route,
            address: self.address,
            port: self.port,
            at: self.at,
            found: self.found,
            settings: self.settings,
            checks: self.checks,
            slots: self.slots,
        })
    }
}

/// Who has which name.
struct Index<'d> {
    hops: BTreeMap<&'d Name, Vec<DraftId>>,
    pools: BTreeMap<&'d Name, &'d Pool>,
    draft: &'d Draft,
    gone: &'d [bool],
}

/// Follows every reference as far as the files tell.
pub(crate) fn resolve(draft: &Draft, gone: &[bool]) -> Vec<Half> {
    let mut halves = Vec::new();
    {
        let index = Index::new(draft, gone);
        for link in &draft.links {
            index.follow(Half::of(link), &link.to, MOST_POOLS_DEEP, &mut halves);
        }
    }
    halves
}

impl<'d> Index<'d> {
    fn new(draft: &'d Draft, gone: &'d [bool]) -> Index<'d> {
        let mut hops: BTreeMap<&Name, Vec<DraftId>> = BTreeMap::new();
        for (at, hop) in draft.hops.iter().enumerate().filter(|(at, _)| !gone[*at]) {
            for name in &hop.names {
                let named = hops.entry(name).or_default();
                // Hops come in order, so that one that has a name twice is the last one here.
                if named.last() != Some(&DraftId(at)) {
                    named.push(DraftId(at));
                }
            }
        }
        let mut pools = BTreeMap::new();
        for pool in &draft.pools {
            for name in &pool.names {
                pools.entry(name).or_insert(pool);
            }
        }
        Index { hops, pools, draft, gone }
    }

    fn follow(&self, half: Half, to: &Reach, depth: usize, out: &mut Vec<Half>) {
        if depth == 0 || out.len() >= MOST_LINKS {
            return;
        }
        match to {
            Reach::Unsaid => out.push(half),
            Reach::Labels((namespace, wanted)) => {
                let mut met = false;
                let alive = self.draft.hops.iter().enumerate().filter(|(at, _)| !self.gone[*at]);
                for (at, hop) in alive {
                    if carries(hop, namespace, wanted) {
                        met = true;
                        out.push(Half { to: Some(DraftId(at)), ..half.clone() });
                    }
                }
                if !met {
                    out.push(half);
                }
            }
            Reach::Name(name) => {
                if let Some(pool) = self.pools.get(name) {
                    self.follow_pool(half, pool, depth, out);
                } else {
                    self.follow_hops(half, name, out);
                }
            }
        }
    }

    fn follow_pool(&self, mut half: Half, pool: &Pool, depth: usize, out: &mut Vec<Half>) {
        half.settings.inherit(&pool.settings);
        half.checks.extend(pool.checks.iter().cloned());
        half.slots.extend(pool.slots.iter().cloned());
        half.at = half.at.or(pool.at);
        let inward = match &pool.ports[..] {
            ports if half.port != 0 => ports.iter().find(|(outward, _)| *outward == half.port),
            [only] => Some(only),
            _ => None,
        };
        if let Some((_, inward)) = inward {
            half.port = *inward;
        }
        if pool.members.is_empty() {
            out.push(half.clone());
        }
        for member in &pool.members {
            let mut to_member = half.clone();
            let mut settings = member.settings.clone();
            settings.inherit(&half.settings);
            to_member.settings = settings;
            if member.port != 0 {
                to_member.port = member.port;
            }
            if !member.address.is_empty() {
                to_member.address.clone_from(&member.address);
            }
            to_member.at = member.at.or(half.at);
            self.follow(to_member, &member.to, depth - 1, out);
        }
    }

    fn follow_hops(&self, half: Half, name: &Name, out: &mut Vec<Half>) {
        let from = half.from;
        let named: Vec<DraftId> = self.hops.get(name).into_iter().flatten().copied().collect();
        let named: Vec<DraftId> = match &named[..] {
            [_] => named,
            _ => named.into_iter().filter(|&id| id != from).collect(),
        };
        if named.is_empty() {
            out.push(Half { wanted: Some(name.clone()), ..half });
            return;
        }
        // One name may stand for several servers of one machine: the port tells them apart.
        let listening = |id: &DraftId| {
            self.draft.hops[id.0].hop.listens.iter().any(|listen| listen.port == half.port)
        };
        let at_port: Vec<DraftId> = named.iter().copied().filter(listening).collect();
        for id in if at_port.is_empty() { named } else { at_port } {
            out.push(Half { to: Some(id), ..half.clone() });
        }
    }
}

fn carries(hop: &HopDraft, namespace: &str, wanted: &[(String, String)]) -> bool {
    hop.labels.as_ref().is_some_and(|(own, labels)| {
        own == namespace && !wanted.is_empty() && wanted.iter().all(|label| labels.contains(label))
    })
}

/// A hop for a name that the files do not describe: somebody else's system, or one's own that is
/// configured elsewhere.
pub(crate) fn outsider(name: &Name) -> HopDraft {
    let text = match name {
        Name::Host(host) => host.clone(),
        Name::Id(_, id) => id.clone(),
    };
    HopDraft::new(Hop::new(Task::External, text), vec![name.clone()])
}
