//! What `gcloud … describe` and `gcloud … list` print as JSON or YAML, and service files of Cloud
//! Run, turned into resources.

use std::collections::BTreeSet;

use model::config::{FileId, Setting, Settings, Span};

use super::{GCLOUD, SORTS};
use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use crate::resources::{Resource, Resources, Tongue};
use crate::tree::{At, Tree};

/// Reads the output of Google's command line and service files of Cloud Run.
pub(crate) struct Output;

/// What one of these stands in a file for its text to be worth a look.
const MARKS: &[&str] = &[
    "compute#",
    "/compute/",
    "sql#instance",
    "dns#resourceRecordSet",
    "serving.knative.dev",
    "run.googleapis.com",
    "natIpAllocateOption",
    "/connectors/",
];

impl Reader for Output {
    fn name(&self) -> &'static str {
        GCLOUD
    }

    fn takes(&self, document: &Document) -> bool {
        if !document.is_tree() || !MARKS.iter().any(|mark| document.text.contains(mark)) {
            return false;
        }
        // Of broken JSON nothing is kept: that it is ours shows in what only we are sure to have.
        let lost = || {
            let sure = ["compute#", "sql#instance", "serving.knative.dev"];
            let tree = document.tree();
            tree.broken.is_some()
                && tree.roots().next().is_none()
                && sure.iter().any(|mark| document.text.contains(mark))
        };
        document.tree().roots().any(|root| listed(root).any(|one| kind(one).is_some())) || lost()
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let mut resources = Resources {
            tree: Tree::default(),
            all: Vec::new(),
            tongue: Tongue::Vendor,
            tool: GCLOUD,
            scope: String::new(),
            editable: true,
        };
        let mut seen = BTreeSet::new();
        for document in documents {
            if let Some((at, _)) = &document.tree().broken {
                let nothing = document.tree().roots().next().is_none();
                let says = match nothing {
                    true => "this is no JSON, the file was not read",
                    false => "the file is broken here, what came before was read",
                };
                draft.remark(document.span(*at..*at), says);
            }
            for root in document.tree().roots() {
                for one in listed(root) {
                    if let Some(kind) = kind(one) {
                        add(&mut resources, &mut seen, document, (one, kind));
                    }
                }
            }
        }
        let (hops, links, pools) = (draft.hops.len(), draft.links.len(), draft.pools.len());
        super::read(&resources, documents, draft);
        // What was printed is no place for an edit; a service file is.
        let is_printed = |document: &&&Document| {
            let printed = |one: At<'_>| one.get("status").there().is_some() || !is_service(one);
            document.tree().roots().any(|root| listed(root).any(printed))
        };
        let printed: BTreeSet<FileId> =
            documents.iter().filter(is_printed).map(|document| document.id).collect();
        for hop in &mut draft.hops[hops..] {
            settle(&mut hop.hop.settings, &printed);
            hop.hop.checks.iter_mut().for_each(|check| settle(&mut check.settings, &printed));
        }
        for link in &mut draft.links[links..] {
            settle(&mut link.settings, &printed);
        }
        for pool in &mut draft.pools[pools..] {
            settle(&mut pool.settings, &printed);
            pool.checks.iter_mut().for_each(|check| settle(&mut check.settings, &printed));
        }
    }
}

/// Takes away how settings are edited that stand in these files.
fn settle(settings: &mut Settings, printed: &BTreeSet<FileId>) {
    let fixed: Vec<Setting> = settings
        .iter()
        .filter(|setting| setting.span().is_some_and(|span| printed.contains(&span.file)))
        .map(|setting| Setting { notation: None, ..setting.clone() })
        .collect();
    fixed.into_iter().filter(Setting::is_written).for_each(|setting| settings.set(setting));
}

fn is_service(one: At<'_>) -> bool {
    matches!(kind(one), Some("run#service" | "run#job"))
}

/// The resources of a document: itself, the items of a list, or those under `items`.
fn listed(root: At<'_>) -> impl Iterator<Item = At<'_>> {
    let items = root.get("items");
    let within = items.there().is_some() && root.get("spec").there().is_none();
    if within { items.each() } else { root.each() }
}

/// The type of a resource. What `gcloud` prints of Compute Engine says it; the rest shows it.
fn kind(one: At<'_>) -> Option<&'static str> {
    let version = one.get("apiVersion").text().unwrap_or("");
    let word = one.get("kind").text().unwrap_or("");
    if version.starts_with("serving.knative.dev/") || version.starts_with("run.googleapis.com/") {
        return match word {
            "Service" => Some("run#service"),
            "Job" => Some("run#job"),
            _ => None,
        };
    }
    if let Some(known) = SORTS.iter().flat_map(|sort| sort.kinds).find(|kind| **kind == word) {
        return Some(known);
    }
    let name = one.get("name").text()?;
    if one.get("natIpAllocateOption").there().is_some() {
        return Some("compute#routerNat");
    }
    if name.contains("/connectors/") && one.get("state").there().is_some() {
        return Some("vpcaccess#connector");
    }
    // The second version of Cloud Run's interface names no type.
    let run = one.at("template.containers").there().is_some();
    (run && name.contains("/services/")).then_some("run#service")
}

fn add(
    resources: &mut Resources,
    seen: &mut BTreeSet<(&'static str, String)>,
    document: &Document,
    (one, kind): (At<'_>, &'static str),
) {
    let name = one.get("name").text().or_else(|| one.at("metadata.name").text()).unwrap_or("");
    let last = name.rsplit('/').next().unwrap_or(name);
    let sort = SORTS.iter().find(|sort| sort.kinds.contains(&kind));
    let region = one.get("region").text().or_else(|| one.get("zone").text()).unwrap_or("");
    let region = region.rsplit('/').next().unwrap_or(region);
    let address = match (sort, region) {
        (Some(sort), "") => format!("{}/{last}", sort.collection),
        (Some(sort), region) => format!("{}/{region}/{last}", sort.collection),
        (None, _) => last.to_owned(),
    };
    // Records of several types, and the same resource in the output of two commands.
    let record = kind == "dns#resourceRecordSet";
    if !record && !last.is_empty() && !seen.insert((kind, address.clone())) {
        return;
    }
    let id = document.id;
    let body = resources.tree.graft(one, &|range| Span::new(id, range));
    let start = one.range().start;
    let end = document.text.len().min(start + 1);
    let end = if document.text.is_char_boundary(end) { end } else { start };
    let at = document.span(start..end);
    resources.all.push(Resource { kind: kind.to_owned(), address, aliases: Vec::new(), body, at });
}
