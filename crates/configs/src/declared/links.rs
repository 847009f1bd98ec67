//! Declared links meet those that were read: one that is there already gets its settings, one whose
//! end the files do not tell gets it, and any other is added.

use std::collections::BTreeSet;

use model::config::{Found, Settings};

use super::hops::name_of;
use super::{LinkSaid, supplement};
use crate::assemble::Half;
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};

/// Puts declared links among those that were followed.
pub(crate) fn apply(draft: &mut Draft, gone: &[bool], halves: &mut Vec<Half>) {
    for said in draft.declared.links.clone() {
        let from = named(draft, gone, &said.from);
        let to = named(draft, gone, &said.to);
        for (name, found) in [(&said.from, &from), (&said.to, &to)] {
            if found.is_empty() {
                let says = format!(
                    "there is no hop {name}: declare it with [[hop]], or use a name that `why502 path` shows"
                );
                draft.remark(said.at, says);
            }
        }
        let to = listening(draft, to, said.port);
        if from.is_empty() || to.is_empty() {
            continue;
        }
        let mut remarks = Vec::new();
        let mut met = meet(halves, &from, &to, &said);
        if met.is_empty() {
            for &from in &from {
                for &to in &to {
                    met.push(halves.len());
                    halves.push(fresh(from, to, &said));
                }
            }
        }
        for at in met {
            supplement(&mut halves[at].settings, &said.settings, &mut |at, says| {
                remarks.push((at, says));
            });
        }
        for (at, says) in remarks {
            draft.remark(at, says);
        }
    }
}

/// The hops of a name: of `why502.toml` first, else as they are called elsewhere.
fn named(draft: &Draft, gone: &[bool], name: &str) -> Vec<DraftId> {
    let alive = || (0..draft.hops.len()).filter(|&at| !gone[at]);
    let having = |wanted: Name| -> Vec<DraftId> {
        alive().filter(|&at| draft.hops[at].names.contains(&wanted)).map(DraftId).collect()
    };
    let declared = having(name_of(name));
    if !declared.is_empty() {
        return declared;
    }
    let called: Vec<DraftId> =
        alive().filter(|&at| draft.hops[at].hop.name == name).map(DraftId).collect();
    if called.is_empty() { having(Name::host(name)) } else { called }
}

/// Of several servers that share a name, those at the port.
fn listening(draft: &Draft, hops: Vec<DraftId>, port: u16) -> Vec<DraftId> {
    let at_port =
        |id: &&DraftId| draft.hops[id.0].hop.listens.iter().any(|listen| listen.port == port);
    let found: Vec<DraftId> = hops.iter().filter(at_port).copied().collect();
    if found.is_empty() { hops } else { found }
}

/// The links that are meant: those between the two, else the only one whose end is not known.
fn meet(halves: &mut [Half], from: &[DraftId], to: &[DraftId], said: &LinkSaid) -> Vec<usize> {
    // The port of an address that a variable holds is that of the variable.
    let open_port = |half: &Half| half.port == 0 || half.address.contains('$');
    let fits = |half: &Half| {
        let at_port = said.port == 0 || open_port(half) || half.port == said.port;
        from.contains(&half.from) && at_port
    };
    let between = |half: &Half| half.to.is_some_and(|end| to.contains(&end));
    let known: Vec<usize> =
        (0..halves.len()).filter(|&at| fits(&halves[at]) && between(&halves[at])).collect();
    if !known.is_empty() {
        return known;
    }
    let open: Vec<usize> =
        (0..halves.len()).filter(|&at| fits(&halves[at]) && halves[at].to.is_none()).collect();
    let addresses: BTreeSet<&str> = open.iter().map(|&at| &*halves[at].address).collect();
    let ([end], 1) = (to, addresses.len()) else { return Vec::new() };
    for &at in &open {
        if said.port != 0 {
            halves[at].port = said.port;
        }
        halves[at].to = Some(*end);
        halves[at].found = Found::Declared;
    }
    open
}

fn fresh(from: DraftId, to: DraftId, said: &LinkSaid) -> Half {
    let mut link = LinkDraft::new(from, Reach::Unsaid, said.to.clone());
    link.port = said.port;
    link.at = Some(said.at);
    link.settings = Settings::new();
    if said.port != 0 {
        link.address = format!("{}:{}", said.to, said.port);
    }
    Half { to: Some(to), found: Found::Declared, ..Half::of(&link) }
}
