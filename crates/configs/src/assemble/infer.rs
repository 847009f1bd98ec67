//! Links that no reference states: both ends speak of the same port, or only two can belong
//! together. Each such link says how it is known.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use model::config::{Found, Task};

use super::resolve::{Half, outsider};
use crate::draft::{Draft, DraftId, Name};
use crate::programs::join;

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
        // Both ends name the same socket of the file system.
        let Some(path) = socket(half) else { continue };
        let path = join("", path);
        let at_socket = |id: &&DraftId| {
            let listens = &draft.hops[id.0].hop.listens;
            listens.iter().any(|listen| listen.port == 0 && join("", &listen.address) == path)
        };
        if let Some(only) = candidates.iter().find(at_socket) {
            half.to = Some(*only);
            half.found = Found::Stated;
        }
    }
    eliminate(draft, &candidates, &mut halves);
    let mut outsiders: BTreeMap<Name, DraftId> = BTreeMap::new();
    for (at, hop) in draft.hops.iter().enumerate().rev() {
        if hop.hop.task == Task::External {
            outsiders.extend(hop.names.iter().map(|name| (name.clone(), DraftId(at))));
        }
    }
    for half in halves.iter_mut().filter(|half| half.to.is_none()) {
        let Some(name) = half.wanted.clone() else { continue };
        let known = outsiders.entry(name);
        let hop = known.or_insert_with_key(|name| draft.add_hop(outsider(name)));
        half.to = Some(*hop);
    }
    halves
}

/// True if what is sent to may be described in these files: nobody is named, or the machine itself,
/// or a name without dots, or a private address that no description of a network gives to anybody.
fn may_be_here(half: &Half) -> bool {
    half.to.is_none()
        && match &half.wanted {
            None => true,
            Some(Name::Host(host)) => {
                matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1" | "0.0.0.0")
                    || (!host.contains('.') && !host.contains(':'))
                    || host.parse().is_ok_and(|address: Ipv4Addr| address.is_private())
            }
            Some(Name::Id(..)) => socket(half).is_some(),
        }
}

/// The path of the socket it is sent to, if it is one: readers name it `unix socket`.
fn socket(half: &Half) -> Option<&str> {
    match &half.wanted {
        Some(Name::Id("unix socket", path)) => Some(path),
        _ => None,
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

#[cfg(test)]
mod tests {
    use model::config::{Hop, Listen};

    use super::super::assemble;
    use super::*;
    use crate::draft::{HopDraft, LinkDraft, Reach};

    /// A gateway that sends to a socket, and two programs that listen on sockets.
    fn sockets(path: &str) -> model::config::System {
        let mut draft = Draft::default();
        let front = draft.add_hop(HopDraft::new(Hop::new(Task::Gateway, "front"), Vec::new()));
        for (name, path) in [("web", "/run/web.sock"), ("admin", "/run/admin.sock")] {
            let mut hop = Hop::new(Task::App, name);
            hop.listens = vec![Listen { address: path.to_owned(), port: 0, tls: false, at: None }];
            draft.add_hop(HopDraft::new(hop, Vec::new()));
        }
        let to = Reach::Name(Name::id("unix socket", path));
        draft.links.push(LinkDraft::new(front, to, format!("unix:{path}")));
        assemble(draft, Vec::new())
    }

    #[test]
    fn both_ends_of_a_socket_meet() {
        let system = sockets("/run/admin.sock");
        assert_eq!(system.hop(system.links[0].to).name, "admin");
        assert_eq!(system.links[0].found, Found::Stated);
        let system = sockets("/run/nobody.sock");
        assert_eq!(system.hop(system.links[0].to).task, Task::External);
    }
}
