//! Containers: those that run Traefik with flags or variables, and the labels that it reads of the
//! others.

use model::config::{FileId, Key, Notation, Slot};

use super::flat::{Flat, Options, gather, pair};
use super::services::Owner;
use crate::document::Document;
use crate::draft::Draft;
use crate::programs::{image_product, split_words};
use crate::tree::At;

/// Services of a file that are read.
const MOST_SERVICES: usize = 2_000;

/// Containers of Traefik, and labels.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Static configurations.
    pub(super) statics: Vec<Static>,
    /// Labels of containers.
    pub(super) labels: Vec<Labels>,
}

/// A static configuration that is written flat.
#[derive(Debug)]
pub(super) struct Static {
    /// Its options.
    pub(super) options: Options,
    /// The file.
    pub(super) file: FileId,
    /// The file's path.
    pub(super) path: String,
    /// What people call it.
    pub(super) label: String,
    /// What names it among all configurations.
    pub(super) by: String,
    /// Where the time that idle connections to servers are kept can be written.
    pub(super) slot: Option<Slot>,
}

/// The labels of a container.
#[derive(Debug)]
pub(super) struct Labels {
    /// What they say.
    pub(super) options: Options,
    /// Whose they are.
    pub(super) owner: Owner,
    /// The file's path.
    pub(super) path: String,
}

/// What the files say of containers.
pub(super) fn find(documents: &[Document], draft: &mut Draft) -> Found {
    let mut found = Found::default();
    for document in documents {
        let text = document.text.to_ascii_lowercase();
        if !matches!(document.extension().as_str(), "yml" | "yaml") || !text.contains("traefik") {
            continue;
        }
        match draft.read_as(document.id) {
            "compose" => compose(document, draft, &mut found),
            "kubernetes" => kubernetes(document, draft, &mut found),
            _ => {}
        }
    }
    found
}

fn is_traefik(image: At<'_>) -> bool {
    let product = image.text().and_then(|image| image_product(image, None));
    product.is_some_and(|product| product.name == "Traefik")
}

fn compose(document: &Document, draft: &mut Draft, found: &mut Found) {
    for root in document.tree().roots() {
        for (entry, service) in root.get("services").entries().take(MOST_SERVICES) {
            if is_traefik(service.get("image")) {
                let mut options = Options::default();
                flags(document, service.get("command"), &mut options);
                variables(document, service.get("environment"), &mut options);
                let by = format!("{} service {}", document.path, entry.key);
                if !options.is_empty() {
                    let label = format!("{} {}", document.name(), entry.key);
                    let slot = flag_slot(document, service.get("command"));
                    own(draft, document, &entry.key, &by);
                    let (file, path) = (document.id, document.path.clone());
                    found.statics.push(Static { options, file, path, label, by, slot });
                }
            }
            let mut options = Options::default();
            for labels in [service.get("labels"), service.at("deploy.labels")] {
                gather(document, labels, "traefik.", &mut options);
            }
            let at = document.span(entry.key_at.clone());
            let is_traefik = is_traefik(service.get("image"));
            let owner = Owner { name: entry.key.clone(), at, is_traefik };
            let path = document.path.clone();
            if !options.is_empty() {
                found.labels.push(Labels { options, owner, path });
            }
        }
    }
}

/// Says that a container is given this configuration.
fn own(draft: &mut Draft, document: &Document, service: &str, by: &str) {
    let here = |hop: &&mut crate::draft::HopDraft| {
        hop.hop.name == service && hop.hop.at.is_some_and(|at| at.file == document.id)
    };
    if let Some(hop) = draft.hops.iter_mut().find(here) {
        hop.given.push(by.to_owned());
    }
}

fn kubernetes(document: &Document, draft: &mut Draft, found: &mut Found) {
    for root in document.tree().roots().take(MOST_SERVICES) {
        let name = root.at("metadata.name").text().unwrap_or_default();
        for container in root.at("spec.template.spec.containers").items().take(20) {
            if !is_traefik(container.get("image")) {
                continue;
            }
            let mut options = Options::default();
            flags(document, container.get("args"), &mut options);
            flags(document, container.get("command"), &mut options);
            if options.is_empty() {
                continue;
            }
            let by = format!("{} {name}", document.path);
            let image = container.get("image").span(document.id);
            let runs = draft.hops.iter_mut().find(|hop| {
                let products = &hop.hop.products;
                products.iter().any(|product| product.version_at == Some(image))
                    || (hop.hop.runs("Traefik") && hop.hop.name.contains(name))
            });
            if let Some(hop) = runs {
                hop.given.push(by.clone());
            }
            let label = format!("{} {name}", document.name());
            let slot = flag_slot(document, container.get("args"));
            let (file, path) = (document.id, document.path.clone());
            found.statics.push(Static { options, file, path, label, by, slot });
        }
    }
}

/// Flags of a command: a list, or one line.
fn flags(document: &Document, command: At<'_>, options: &mut Options) {
    for item in command.items().take(MOST_SERVICES) {
        if let Some(text) = item.text() {
            pair(document, item, text, "--", options);
        }
    }
    let Some(text) = command.text() else { return };
    let start = command.range().start + usize::from(command.is_quoted());
    for word in split_words(text, start) {
        let Some(flag) = word.text.strip_prefix("--") else { continue };
        let (path, value) = flag.split_once('=').unwrap_or((flag, "true"));
        let end = word.at.end;
        let own = end.saturating_sub(value.len())..end;
        let exact = flag.contains('=') && document.text.get(own.clone()) == Some(value);
        let place = if exact { own } else { command.range() };
        let at = document.span(place);
        let flat = Flat { text: value.to_owned(), at, quoted: false, exact };
        options.add(path, '.', flat);
    }
}

/// Variables of the environment: `TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80`.
fn variables(document: &Document, environment: At<'_>, options: &mut Options) {
    const PREFIX: &str = "TRAEFIK_";
    let whole = |at: At<'_>, text: &str| Flat {
        text: text.to_owned(),
        at: at.span(document.id),
        quoted: false,
        exact: false,
    };
    for item in environment.items().take(MOST_SERVICES) {
        let parts = item.text().and_then(|text| text.strip_prefix(PREFIX)?.split_once('='));
        if let Some((path, value)) = parts {
            options.add(path, '_', whole(item, value));
        }
    }
    for (entry, value) in environment.entries().take(MOST_SERVICES) {
        if let (Some(path), Some(text)) = (entry.key.strip_prefix(PREFIX), value.text()) {
            options.add(path, '_', whole(value, text));
        }
    }
}

/// Where a flag can be added to a list of one a line.
fn flag_slot(document: &Document, command: At<'_>) -> Option<Slot> {
    let first = command.items().next()?.range().start;
    let line = document.text.get(..first)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = document.text.get(line..first)?;
    let dash = indent.trim() == "-" && indent.bytes().all(|b| matches!(b, b' ' | b'-'));
    let flag = "--serversTransport.forwardingTimeouts.idleConnTimeout={}";
    let at = document.span(first..first);
    dash.then(|| Slot {
        key: Key::UpstreamIdleTimeout,
        name: "idleConnTimeout",
        file: at.file,
        at: at.start,
        text: format!("\"{flag}\"\n{indent}"),
        notation: Notation::SecondsUnit,
    })
}
