//! Declared hops meet those that were read: by their files, else by their names; one that nothing
//! describes becomes a hop of its own.

use model::config::{Hop, Listen, Source, Span};

use super::{HopSaid, products, supplement};
use crate::draft::{Draft, DraftId, HopDraft, Name};

/// The tool of the names that hops have in `why502.toml`.
const TOOL: &str = "why502.toml";

/// The name by which links of `why502.toml` speak of a hop.
pub(super) fn name_of(name: &str) -> Name {
    Name::id(TOOL, name)
}

/// Puts declared hops into the draft. `gone` says which drafts became part of others; it grows with
/// the draft.
pub(crate) fn apply(draft: &mut Draft, gone: &mut Vec<bool>, files: &[Source]) {
    let paths: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    for said in draft.declared.hops.clone() {
        for (file, at) in &said.files {
            let there = paths.iter().any(|path| below(path, file));
            if !there {
                let says = format!("no file that was read lies at {file}");
                draft.remark(*at, says);
            }
        }
        let mut met = of_files(draft, gone, &paths, &said);
        let there = |file: &str| paths.iter().any(|path| below(path, file));
        if met.is_empty()
            && let Some((file, at)) = said.files.iter().find(|(file, _)| there(file))
        {
            draft.remark(*at, format!("nothing in {file} describes a server or a program"));
        }
        if met.is_empty() {
            met = of_name(draft, gone, &said);
        }
        if met.is_empty() {
            met.push(fresh(draft, gone, &said));
        }
        let remarks = join(draft, &met, &said);
        for (at, says) in remarks {
            draft.remark(at, says);
        }
    }
}

/// True if a path is the file, or lies in the folder.
fn below(path: &str, folder: &str) -> bool {
    folder.is_empty()
        || path == folder
        || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Hops that were read from the files, or whose program lies in the folder.
fn of_files(draft: &Draft, gone: &[bool], paths: &[&str], said: &HopSaid) -> Vec<DraftId> {
    let is_of = |hop: &HopDraft| {
        let read_from = hop.configured_by.as_deref().or_else(|| {
            let at = hop.hop.at?;
            paths.get(at.file.0 as usize).copied()
        });
        said.files.iter().any(|(file, _)| {
            read_from.is_some_and(|path| below(path, file))
                || (hop.is_source && hop.folder.as_deref().is_some_and(|own| below(own, file)))
        })
    };
    alive(draft, gone).filter(|id| is_of(&draft.hops[id.0])).collect()
}

/// Hops that have the name, or one of the hosts, already.
fn of_name(draft: &Draft, gone: &[bool], said: &HopSaid) -> Vec<DraftId> {
    let mut names = vec![Name::host(&said.name)];
    names.extend(said.hosts.iter().map(|host| Name::host(host)));
    let is_of = |hop: &HopDraft| {
        hop.hop.name == said.name || hop.names.iter().any(|name| names.contains(name))
    };
    let found: Vec<DraftId> = alive(draft, gone).filter(|id| is_of(&draft.hops[id.0])).collect();
    // Several servers of one machine share its names: only the port can say which is meant.
    let listening = |id: &&DraftId| {
        let listens = &draft.hops[id.0].hop.listens;
        listens.iter().any(|listen| said.ports.iter().any(|(port, _)| *port == listen.port))
    };
    match (&found[..], &said.ports[..]) {
        ([] | [_], _) | (_, []) => found,
        _ => {
            let at_port: Vec<DraftId> = found.iter().filter(listening).copied().collect();
            // What was declared before under the same host listens elsewhere, and is another server.
            let declared = |id: &DraftId| draft.hops[id.0].hop.declared.is_some();
            match at_port.is_empty() {
                true => found.into_iter().filter(|id| !declared(id)).collect(),
                false => at_port,
            }
        }
    }
}

fn alive<'d>(draft: &'d Draft, gone: &'d [bool]) -> impl Iterator<Item = DraftId> + 'd {
    (0..draft.hops.len()).filter(|&at| !gone[at]).map(DraftId)
}

/// A hop that no other file describes.
fn fresh(draft: &mut Draft, gone: &mut Vec<bool>, said: &HopSaid) -> DraftId {
    let mut hop = Hop::new(products::task(&said.products), said.name.clone());
    hop.at = Some(said.at);
    let id = draft.add_hop(HopDraft::new(hop, Vec::new()));
    gone.resize(draft.hops.len(), false);
    id
}

/// Gives the hops what is declared of them; what differs from the files is to be said.
fn join(draft: &mut Draft, met: &[DraftId], said: &HopSaid) -> Vec<(Span, String)> {
    let mut remarks = Vec::new();
    for id in met {
        let known = draft.hop_mut(*id);
        known.names.push(name_of(&said.name));
        known.names.push(Name::host(&said.name));
        known.names.extend(said.hosts.iter().map(|host| Name::host(host)));
        known.hop.declared.get_or_insert(said.at);
        known.is_source = false;
        if let Some(task) = said.task {
            known.hop.task = task;
        }
        if met.len() == 1 {
            known.hop.name.clone_from(&said.name);
        }
        for product in &said.products {
            crate::programs::add_product(known, product.clone());
        }
        supplement(&mut known.hop.settings, &said.settings, &mut |at, says| {
            remarks.push((at, says));
        });
        if known.hop.listens.is_empty() && met.len() == 1 {
            let listen = |(port, at): &(u16, Span)| Listen {
                address: String::new(),
                port: *port,
                tls: false,
                at: Some(*at),
            };
            known.hop.listens = said.ports.iter().map(listen).collect();
        }
    }
    let listened: Vec<u16> =
        met.iter().flat_map(|id| &draft.hops[id.0].hop.listens).map(|listen| listen.port).collect();
    for (port, at) in said.ports.iter().filter(|(port, _)| !listened.contains(port)) {
        let stated: Vec<String> = listened.iter().map(u16::to_string).collect();
        let says = format!(
            "the files say that {} listens on {}, not on {port}: they count",
            said.name,
            stated.join(", ")
        );
        remarks.push((*at, says));
    }
    remarks
}
