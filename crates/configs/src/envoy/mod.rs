//! Envoy: listeners of a bootstrap become hops, routes links, clusters sets of targets.
//!
//! <https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/bootstrap/v3/bootstrap.proto>. [`field`]
//! reads values, [`listeners`], [`routes`] and [`clusters`] know what they mean.

mod assigned;
mod clusters;
mod field;
mod listeners;
mod routes;

use std::collections::BTreeMap;

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use assigned::Assigned;
use field::Field;

/// Listeners or clusters read of one file.
const MOST_PARTS: usize = 2_000;

/// Hosts and routes read of one file: an anchor can stand for the same ones again and again.
const MOST_ROUTES: usize = 50_000;

/// Reads Envoy.
#[derive(Debug)]
pub(crate) struct Envoy;

impl Reader for Envoy {
    fn name(&self) -> &'static str {
        "Envoy"
    }

    fn takes(&self, document: &Document) -> bool {
        let has = |word: &str| document.text.contains(word);
        let is_bootstrap = document.is_tree()
            && (has("static_resources") || has("staticResources"))
            && (has("filter_chains") || has("filterChains") || has("clusters"))
            && roots(document).next().is_some();
        is_bootstrap || assigned::holds(document)
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let assigned = assigned::read(documents);
        for document in documents {
            if let Some((at, why)) = &document.tree().broken {
                let at = document.span(*at..*at);
                draft.remark(at, format!("the file ends here for its reader: {why}"));
            }
            for root in roots(document) {
                read(document, root, &assigned, draft);
            }
        }
    }
}

/// The parts of a file that are a bootstrap.
fn roots(document: &Document) -> impl Iterator<Item = Field<'_>> {
    document.tree().roots().map(|at| Field::new(document, at)).filter(|root| {
        let resources = root.get("static_resources");
        resources.get("listeners").there() || resources.get("clusters").there()
    })
}

fn read<'t>(document: &'t Document, root: Field<'t>, assigned: &[Assigned<'t>], draft: &mut Draft) {
    let resources = root.get("static_resources");
    let listeners: Vec<Field<'_>> = resources.get("listeners").items().take(MOST_PARTS).collect();
    let ports = listeners.iter().filter_map(|listener| listeners::port(*listener)).collect();
    let mut hosts: BTreeMap<&str, Option<&str>> = BTreeMap::new();
    for cluster in resources.get("clusters").items().take(MOST_PARTS) {
        let load = assigned::of(cluster, document, assigned);
        if let Some(name) = cluster.get("name").text() {
            hosts.entry(name).or_insert_with(|| clusters::host(load));
        }
        draft.pools.extend(clusters::pool(document, (cluster, load), &ports));
    }
    let mut left = MOST_ROUTES;
    for listener in listeners {
        let chains = listeners::filters(listener);
        let hop = listeners::hop(document, listener, &chains);
        let from = draft.add_hop(hop);
        for filter in chains {
            routes::links(document, filter, from, &hosts, (&mut left, draft));
        }
    }
}
