//! Lets references meet: drafts become hops with links between them.

pub(crate) mod environment;
mod infer;
mod merge;
mod networks;
mod resolve;

use model::config::{FileId, HopId, Link, Source, Span, System};

use crate::declared;
use crate::draft::{Draft, DraftId};

pub(crate) use resolve::Half;

/// Makes the path of what the readers found.
pub(crate) fn assemble(mut draft: Draft, files: Vec<Source>) -> System {
    let mut gone = merge::merge(&mut draft);
    declared::apply_hops(&mut draft, &mut gone, &files);
    let mut links = resolve::resolve(&draft, &gone);
    declared::apply_links(&mut draft, &gone, &mut links);
    if links.len() >= resolve::MOST_LINKS {
        let at = draft.links.iter().find_map(|link| link.at);
        let at = at.unwrap_or(Span::new(FileId(0), 0..0));
        draft.remark(at, "there are too many links to follow; the rest was left out");
    }
    let links = infer::complete(&mut draft, &gone, links);
    // Hops of others' systems were added at the end; none of them became part of another.
    gone.resize(draft.hops.len(), false);
    let numbers = Numbers::new(&gone);
    let (filters, subnets) = networks::networks(&draft, &numbers);
    let mut made: Vec<Link> = links.into_iter().filter_map(|link| link.number(&numbers)).collect();
    made.sort_by(|a, b| (a.from, a.to, a.at, &a.address).cmp(&(b.from, b.to, b.at, &b.address)));
    made.dedup();
    let mut remarks = draft.remarks;
    remarks.sort();
    remarks.dedup();
    let hops = draft.hops.into_iter().zip(&gone).filter(|(_, gone)| !**gone);
    System {
        files,
        hops: hops.map(|(draft, _)| draft.hop).collect(),
        links: made,
        filters,
        subnets,
        graphql: draft.graphql,
        remarks,
        base: String::new(),
        today: String::new(),
    }
}

/// The numbers that hops have once the drafts that became part of others are gone.
pub(crate) struct Numbers(Vec<Option<HopId>>);

impl Numbers {
    fn new(gone: &[bool]) -> Numbers {
        let mut next = 0;
        let mut number = |gone: &bool| {
            (!gone).then(|| {
                next += 1;
                HopId(next - 1)
            })
        };
        Numbers(gone.iter().map(&mut number).collect())
    }

    pub(crate) fn of(&self, id: DraftId) -> Option<HopId> {
        self.0.get(id.0).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use model::config::{Hop, Product, Task};

    use super::*;
    use crate::draft::{HopDraft, LinkDraft, Name, Reach};

    fn links_to_the_only_program(product: &'static str) -> usize {
        let mut draft = Draft::default();
        let front = Hop::new(Task::Gateway, "front");
        let front = draft.add_hop(HopDraft::new(front, Vec::new()));
        let mut program = Hop::new(Task::App, "program");
        program.products.push(Product { name: product, ..Product::default() });
        draft.add_hop(HopDraft::new(program, Vec::new()));
        let to = Reach::Name(Name::host("backend"));
        draft.links.push(LinkDraft::new(front, to, "backend".to_owned()));
        let system = assemble(draft, Vec::new());
        system.links().filter(|(_, link)| system.hop(link.to).name == "program").count()
    }

    #[test]
    fn a_function_is_never_guessed_to_be_the_target() {
        assert_eq!(links_to_the_only_program("Node.js"), 1);
        assert_eq!(links_to_the_only_program("AWS Lambda"), 0);
    }
}
