//! Links that no reference states: both ends speak of the same port, or only two can belong
//! together. Each such link says how it is known.

use std::collections::BTreeSet;

use model::config::{Found, Task};

use super::resolve::{Half, outsider};
use crate::draft::{Draft, DraftId, Name};

/// Completes the references that met nothing; those to names that nobody here has get a hop of
/// their own.
pub(crate) fn complete(draft: &mut Draft, gone: &[bool], mut halves: Vec<Half>) -> Vec<Half> {
    let met: BTreeSet<DraftId> = halves.iter().filter_map(|half| half.to).collect();
    let candidates: Vec<DraftId> = (0..draft.hops.len())
        .filter(|&at| !gone[at] && draft.hops[at].hop.task == Task::App)
        .map(DraftId)
        .filter(|id| !met.contains(id))
        // A function is called by its name in the cloud, so that a reference always says so.
        .filter(|id| !draft.hops[id.0].hop.runs("AWS Lambda"))
        .collect();
    for half in halves.iter_mut().filter(|half| may_be_here(half)) {
        let listens = |id: &&DraftId| {
            draft.hops[id.0].hop.listens.iter().any(|listen| listen.port == half.port)
        };
        let at_port: Vec<&DraftId> = candidates.iter().filter(listens).collect();
        if let (1.., [only]) = (half.port, &at_port[..]) {
            half.to = Some(**only);
            half.found = Found::ByPort(half.port);
        }
    }
    eliminate(draft, &candidates, &mut halves);
    for half in halves.iter_mut().filter(|half| half.to.is_none()) {
        let Some(name) = half.wanted.clone() else { continue };
        let known = draft
            .hops
            .iter()
            .position(|hop| hop.hop.task == Task::External && hop.names.contains(&name));
        half.to = Some(known.map_or_else(|| draft.add_hop(outsider(&name)), DraftId));
    }
    halves
}

/// True if what is sent to may be described in these files: nobody is named, or the machine itself,
/// or a name without dots.
fn may_be_here(half: &Half) -> bool {
    half.to.is_none()
        && match &half.wanted {
            None => true,
            Some(Name::Host(host)) => {
                matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0")
                    || (!host.contains('.') && !host.contains(':'))
            }
            Some(Name::Id(..)) => false,
        }
}

/// The only end that is missing and the only program that nothing reaches belong together, unless
/// their ports speak against it.
fn eliminate(draft: &Draft, candidates: &[DraftId], halves: &mut [Half]) {
    let reached: BTreeSet<DraftId> = halves.iter().filter_map(|half| half.to).collect();
    let free: Vec<DraftId> =
        candidates.iter().copied().filter(|id| !reached.contains(id)).collect();
    let open: BTreeSet<(DraftId, String)> = halves
        .iter()
        .filter(|half| may_be_here(half))
        .map(|half| (half.from, half.address.clone()))
        .collect();
    let ([program], 1) = (&free[..], open.len()) else { return };
    let listens = &draft.hops[program.0].hop.listens;
    for half in halves.iter_mut().filter(|half| may_be_here(half) && half.from != *program) {
        if half.port == 0 || listens.is_empty() {
            half.to = Some(*program);
            half.found = Found::ByElimination;
        }
    }
}
