//! Traefik: entry points of its static configuration become hops, routers of its dynamic
//! configuration links to the servers of their services.
//!
//! Static configuration stands in a file (YAML, TOML), in flags or in variables of the environment;
//! dynamic configuration in files, in labels of containers or in objects of Kubernetes. [`flat`] makes trees of what is written
//! flat, [`field`] reads values, [`entries`], [`services`] and [`rule`] know what they mean.

mod containers;
mod crd;
mod entries;
mod field;
mod flat;
mod routers;
mod rule;
mod services;

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use crate::tree::{At, Tree};
use field::Field;
use routers::{Instance, Source};
use services::{Owner, Part};

/// Files, and containers, of one project that are read.
const MOST_PARTS: usize = 5_000;

/// Reads Traefik.
#[derive(Debug)]
pub(crate) struct Traefik;

impl Reader for Traefik {
    fn name(&self) -> &'static str {
        "Traefik"
    }

    fn takes(&self, document: &Document) -> bool {
        roots(document).any(|root| is_static(root) || is_dynamic(root))
    }

    fn read_all(&self, _: &[&Document], _: &mut Draft) {}

    /// Flags and labels stand in the files of other readers.
    fn read(&self, documents: &[Document], draft: &mut Draft) {
        let mine: Vec<&Document> = documents.iter().filter(|doc| self.takes(doc)).collect();
        for document in &mine {
            draft.note_read(document.id, self.name());
            if let Some((at, why)) = &document.tree().broken {
                let says = format!("the file is broken here ({why}): what could be read was");
                draft.remark(document.span(*at..*at), says);
            }
        }
        let found = containers::find(documents, draft);
        let trees: Vec<Tree> = found.statics.iter().map(|one| one.options.tree()).collect();
        let labels: Vec<(Tree, &Owner, &str)> = found
            .labels
            .iter()
            .map(|one| (one.options.tree(), &one.owner, one.path.as_str()))
            .collect();
        let mut instances: Vec<Instance<'_>> = Vec::new();
        for document in &mine {
            for root in roots(document).filter(|root| is_static(*root)).take(MOST_PARTS) {
                let source = Source::file(document, Field { file: document.id, at: root });
                instances.push(Instance::new(source, draft));
            }
        }
        for (one, tree) in found.statics.iter().zip(&trees) {
            if let Some(at) = tree.roots().next() {
                let source = Source::flat(one, Field { file: one.file, at });
                instances.push(Instance::new(source, draft));
            }
        }
        let mut parts: Vec<(Part<'_>, &str)> = Vec::new();
        for document in &mine {
            for root in roots(document).filter(|root| is_dynamic(*root)) {
                let root = Field { file: document.id, at: root };
                parts.extend(sections(root, "file", None).map(|part| (part, &*document.path)));
            }
        }
        for (tree, owner, path) in &labels {
            if let Some(at) = tree.roots().next() {
                let root = Field { file: owner.at.file, at };
                parts.extend(sections(root, "docker", Some(owner)).map(|part| (part, *path)));
            }
        }
        let objects = crd::objects(documents);
        let routes = objects.iter().filter(|object| crd::is_route(object));
        parts.extend(routes.map(|object| (object.part, object.path)));
        parts.truncate(MOST_PARTS);
        for object in &objects {
            draft.note_read(object.part.root.file, self.name());
        }
        routers::read(&parts, &objects, instances, draft);
    }
}

/// The parts of HTTP and of TCP.
fn sections<'t>(
    root: Field<'t>,
    provider: &'static str,
    owner: Option<&'t Owner>,
) -> impl Iterator<Item = Part<'t>> {
    let enabled = root.get("enable").flag();
    let (http, tcp) = (root.get("http"), root.get("tcp"));
    // A container that is only switched on has a router all the same.
    let bare = owner.is_some() && enabled == Some(true) && !http.there() && !tcp.there();
    let part = move |section, root, there| {
        let there = there && enabled != Some(false);
        there.then_some(Part { section, root, provider, owner, namespace: "" })
    };
    [part("http", http, http.there() || bare), part("tcp", tcp, tcp.there())].into_iter().flatten()
}

fn roots(document: &Document) -> impl Iterator<Item = At<'_>> {
    let has = |word: &str| document.text.contains(word);
    let may = matches!(document.extension().as_str(), "yml" | "yaml" | "toml")
        && (has("entryPoints")
            || has("entrypoints")
            || has("routers")
            || has("services")
            || has("middlewares")
            || has("serversTransport"));
    let roots = may.then(|| document.tree().roots());
    roots.into_iter().flatten()
}

/// True for a static configuration: it has entry points, with their addresses, or providers of
/// Traefik's names.
fn is_static(root: At<'_>) -> bool {
    let entries = ["entryPoints", "entrypoints"].map(|name| root.get(name));
    let addressed = entries
        .into_iter()
        .any(|entries| entries.entries().any(|(_, entry)| entry.get("address").text().is_some()));
    let provided =
        ["docker", "file", "kubernetesCRD", "kubernetesIngress", "swarm", "ecs", "consulCatalog"];
    let provided = provided.iter().any(|name| root.get("providers").get(name).kind().is_some());
    let own = ["api", "log", "certificatesResolvers", "serversTransport", "accessLog"];
    let own = own.iter().any(|name| root.get(name).kind().is_some());
    addressed || (provided && own)
}

/// True for a dynamic configuration: routers or services of HTTP or TCP, of the shape they have here.
fn is_dynamic(root: At<'_>) -> bool {
    let is_map = |at: At<'_>| at.entries().next().is_some();
    ["http", "tcp"].iter().any(|section| {
        let section = root.get(section);
        let routers = section.get("routers").entries().any(|(_, router)| {
            router.get("rule").text().is_some() || router.get("service").text().is_some()
        });
        let services = section.get("services").entries().any(|(_, service)| {
            ["loadBalancer", "weighted", "mirroring", "failover", "loadbalancer"]
                .iter()
                .any(|kind| is_map(service.get(kind)))
        });
        routers || services || is_map(section.get("serversTransports"))
    })
}
