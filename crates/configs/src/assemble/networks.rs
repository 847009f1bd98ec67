//! Filters and subnets with the hops and the groups that their drafts name.

use model::config::{Filter, FilterId, FilterRule, HopId, Peer, Subnet, SubnetId};

use super::Numbers;
use crate::draft::{Draft, DraftId, Name, PeerDraft, Reach};

/// Gives filters and subnets their numbers and resolves what their rules speak of.
pub(crate) fn networks(draft: &Draft, numbers: &Numbers) -> (Vec<Filter>, Vec<Subnet>) {
    let filters = draft.filters.iter().zip(0..).map(|(filter, own)| {
        let own = FilterId(own);
        let loose = draft.rules.iter().filter(|loose| filter.names.contains(&loose.of));
        let loose = loose.map(|loose| (&loose.rule, &loose.peers));
        let rules = filter.rules.iter().map(|(rule, peers)| (rule, peers)).chain(loose);
        let rules = rules.map(|(rule, peers)| FilterRule {
            peers: peers.iter().map(|peer| resolve_peer(draft, own, peer)).collect(),
            ..rule.clone()
        });
        Filter {
            kind: filter.kind,
            name: filter.name.clone(),
            at: filter.at,
            rules: rules.collect(),
            partial: filter.partial,
            hops: protected(draft, numbers, &filter.names, &filter.protects),
            subnets: subnets_named(draft, &filter.subnets),
        }
    });
    let subnets = draft.subnets.iter().map(|subnet| Subnet {
        name: subnet.name.clone(),
        block: subnet.block,
        routes: subnet.routes.clone(),
        hops: hops_that(draft, numbers, |at| {
            draft.hops[at].subnets.iter().any(|name| subnet.names.contains(name))
        }),
        at: subnet.at,
    });
    (filters.collect(), subnets.collect())
}

fn resolve_peer(draft: &Draft, own: FilterId, peer: &PeerDraft) -> Peer {
    match peer {
        PeerDraft::Block(block) => Peer::Block(*block),
        PeerDraft::Itself => Peer::Group(own),
        PeerDraft::Unknown(text) => Peer::Unknown(text.clone()),
        PeerDraft::Group(name) => {
            let at = (0..).zip(&draft.filters).find(|(_, filter)| filter.names.contains(name));
            match (at, name) {
                (Some((id, _)), _) => Peer::Group(FilterId(id)),
                (None, Name::Host(text) | Name::Id(_, text)) => Peer::Unknown(text.clone()),
            }
        }
    }
}

fn protected(draft: &Draft, numbers: &Numbers, names: &[Name], protects: &[Reach]) -> Vec<HopId> {
    hops_that(draft, numbers, |at| {
        let hop = &draft.hops[at];
        hop.filters.iter().any(|name| names.contains(name))
            || protects.iter().any(|reach| match reach {
                Reach::Name(name) => hop.names.contains(name),
                Reach::Labels((namespace, wanted)) => {
                    hop.labels.as_ref().is_some_and(|(own, labels)| {
                        own == namespace && wanted.iter().all(|label| labels.contains(label))
                    })
                }
                Reach::Unsaid => false,
            })
    })
}

fn hops_that(draft: &Draft, numbers: &Numbers, wanted: impl Fn(usize) -> bool) -> Vec<HopId> {
    let at = (0..draft.hops.len()).filter(|&at| wanted(at));
    at.filter_map(|at| numbers.of(DraftId(at))).collect()
}

fn subnets_named(draft: &Draft, names: &[Name]) -> Vec<SubnetId> {
    (0..)
        .zip(&draft.subnets)
        .filter(|(_, subnet)| subnet.names.iter().any(|name| names.contains(name)))
        .map(|(id, _)| SubnetId(id))
        .collect()
}
