//! Templates of AWS CloudFormation, of SAM, and what the CDK puts out: YAML with its short tags, or
//! JSON.

mod functions;
mod stacks;

use crate::aws;
use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
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
        }
        for resources in stacks::stacks(documents) {
            aws::read(&resources, documents, draft);
        }
    }
}

fn is_template(root: At<'_>) -> bool {
    root.get("Resources").entries().any(|(_, resource)| {
        resource.get("Type").text().is_some_and(|kind| kind.starts_with("AWS::"))
    })
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
