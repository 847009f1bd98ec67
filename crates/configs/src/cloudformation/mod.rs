//! Templates of AWS CloudFormation, of SAM, and what the CDK puts out: YAML with its short tags, or
//! JSON.

mod functions;

use crate::aws;
use crate::document::Document;
use crate::draft::{Draft, Name};
use crate::readers::Reader;
use crate::resources::{Resource, Resources, Tongue};
use crate::tree::{At, Entry, Kind, NodeId, Tree};
use functions::Template;

/// The tool of its references.
pub(crate) const CLOUDFORMATION: &str = "cloudformation";

/// Reads templates.
pub(crate) struct CloudFormation;

impl Reader for CloudFormation {
    fn name(&self) -> &'static str {
        CLOUDFORMATION
    }

    fn takes(&self, document: &Document) -> bool {
        document.is_tree()
            && document.text.contains("AWS::")
            && document.text.contains("Resources")
            && document.tree().roots().any(is_template)
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        for document in documents {
            if let Some((at, _)) = &document.tree().broken {
                let says = "the template is broken here, what came before was read";
                draft.remark(document.span(*at..*at), says);
            }
            for root in document.tree().roots().filter(|root| is_template(*root)) {
                let alone = documents.len() == 1;
                let resources = resources(document, root, alone);
                aws::read(&resources, documents, draft);
            }
        }
    }
}

fn is_template(root: At<'_>) -> bool {
    root.get("Resources").entries().any(|(_, resource)| {
        resource.get("Type").text().is_some_and(|kind| kind.starts_with("AWS::"))
    })
}

fn resources(document: &Document, root: At<'_>, alone: bool) -> Resources {
    let mut template = Template::new(document.id, root);
    let mut all = Vec::new();
    for (entry, resource) in root.get("Resources").entries() {
        let Some(kind) = resource.get("Type").text() else { continue };
        if template.is_left_out(resource) {
            continue;
        }
        let properties = resource.get("Properties");
        let body = template.part(properties);
        let body = match kind {
            "AWS::Serverless::Function" => with_globals(&mut template, root, "Function", body),
            _ => body,
        };
        all.push(Resource {
            kind: kind.to_owned(),
            address: entry.key.clone(),
            aliases: Vec::new(),
            body,
            at: document.span(entry.key_at.clone()),
        });
    }
    // What is exported has the name of the export as well.
    for (_, output) in root.get("Outputs").entries() {
        let name = template.part(output.at("Export.Name"));
        let name = template.tree.part(name).written().map(std::borrow::Cow::into_owned);
        let value = template.part(output.get("Value"));
        let target = template.tree.part(value).reference().unwrap_or_default().to_owned();
        let target = target.split('.').next().unwrap_or_default();
        if let (Some(name), false) = (name, target.is_empty()) {
            for resource in all.iter_mut().filter(|resource| resource.address == target) {
                resource.aliases.push(Name::id("export", name.clone()));
            }
        }
    }
    Resources {
        tree: template.tree,
        all,
        tongue: Tongue::Vendor,
        tool: CLOUDFORMATION,
        scope: if alone { String::new() } else { document.path.clone() },
        editable: true,
    }
}

/// The properties with those that SAM gives every resource of the kind.
fn with_globals(template: &mut Template<'_>, root: At<'_>, kind: &str, body: NodeId) -> NodeId {
    let globals = root.get("Globals").get(kind);
    if globals.there().is_none() {
        return body;
    }
    let globals = template.part(globals);
    merged(&mut template.tree, body, globals)
}

/// A map of both; the first says what counts.
fn merged(tree: &mut Tree, own: NodeId, outer: NodeId) -> NodeId {
    let (Some(Kind::Map(own_entries)), Some(Kind::Map(outer_entries))) =
        (tree.part(own).kind().cloned(), tree.part(outer).kind().cloned())
    else {
        return own;
    };
    let known = |entry: &Entry| own_entries.iter().any(|had| had.key == entry.key);
    let mut entries = own_entries.clone();
    entries.extend(outer_entries.into_iter().filter(|entry| !known(entry)));
    let at = tree.part(own).span(model::config::FileId(0));
    tree.add_from(at, Kind::Map(entries), "")
}
