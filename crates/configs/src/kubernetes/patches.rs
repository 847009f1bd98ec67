//! Patches of Kustomize: strategic merge patches and lists of steps (RFC 6902), in files of their own
//! or within the kustomization.

use std::collections::BTreeMap;

use model::config::Span;

use crate::document::Document;
use crate::draft::Draft;
use crate::programs::join;
use crate::tree::{At, NodeId, Place, Tree};

/// Patches of one kustomization that are read.
const MOST_PATCHES: usize = 200;

/// Longest kustomization whose inner patches are read: each of them is read with all of it.
const MOST_BYTES: usize = 256 << 10;

/// One patch.
pub(super) struct Patch<'d> {
    /// The file it stands in.
    pub(super) document: &'d Document,
    /// The text of that file with blanks for all but the patch, if it stands within another file: so
    /// every part of it is found where it is in the file.
    pub(super) text: Option<String>,
    /// Where the kustomization names it.
    pub(super) at: Span,
    target: Option<Target>,
}

/// What a patch is about, where it does not say so itself.
struct Target {
    kind: Option<String>,
    name: Option<String>,
}

impl Patch<'_> {
    /// Whether the patch, or the document of it, is about an object.
    pub(super) fn is_about(&self, object: At<'_>, patch: At<'_>) -> bool {
        let kind = object.get("kind").text();
        let name = object.at("metadata.name").text();
        match &self.target {
            Some(target) => {
                let meets = |wanted: &Option<String>, found: Option<&str>| {
                    wanted.as_deref().is_none_or(|wanted| {
                        wanted == ".*" || found.is_some_and(|found| found == wanted)
                    })
                };
                kind.is_some() && meets(&target.kind, kind) && meets(&target.name, name)
            }
            None => {
                kind.is_some()
                    && patch.get("kind").text() == kind
                    && patch.at("metadata.name").text() == name
            }
        }
    }
}

/// The files of a kustomization's patches.
pub(super) fn files<'d>(
    document: &Document,
    by_path: &BTreeMap<&'d str, &'d Document>,
) -> Vec<&'d Document> {
    let Some(root) = document.tree().roots().next() else { return Vec::new() };
    let find = |path: &str| by_path.get(join(document.folder(), path).as_str()).copied();
    let lists = ["patches", "patchesJson6902"].into_iter().flat_map(|list| root.get(list).items());
    let mut found: Vec<&Document> =
        lists.filter_map(|one| find(one.get("path").text()?)).take(MOST_PATCHES).collect();
    let merges = root.get("patchesStrategicMerge").items();
    found.extend(merges.filter_map(|one| find(one.text()?)).take(MOST_PATCHES));
    found
}

/// The patches of a kustomization, in the order in which they are applied.
pub(super) fn of<'d>(
    document: &'d Document,
    by_path: &BTreeMap<&'d str, &'d Document>,
    draft: &mut Draft,
) -> Vec<Patch<'d>> {
    let Some(root) = document.tree().roots().next() else { return Vec::new() };
    let mut found = Vec::new();
    for one in root.get("patchesStrategicMerge").items().take(MOST_PATCHES) {
        found.extend(patch(document, one, one, None, by_path, draft));
    }
    let lists = ["patches", "patchesJson6902"].into_iter().flat_map(|list| root.get(list).items());
    for one in lists.take(MOST_PATCHES) {
        let target = one.get("target");
        let word = |name: &str| target.get(name).text().map(str::to_owned);
        let meant = target.there().map(|_| Target { kind: word("kind"), name: word("name") });
        let chosen = ["labelSelector", "annotationSelector"]
            .into_iter()
            .find_map(|name| target.get(name).there());
        let pattern = |text: &str| text != ".*" && text.contains(['*', '|', '^', '[', '(']);
        let is_pattern = meant.as_ref().and_then(|t| t.name.as_deref()).is_some_and(pattern);
        if let (Some(at), _) | (None, Some(at)) = (chosen, target.there().filter(|_| is_pattern)) {
            let says = "which objects this patch is about is not read: it was left out";
            draft.remark(at.span(document.id), says);
            continue;
        }
        let by_file = one.get("path").there();
        found.extend(patch(
            document,
            one,
            by_file.unwrap_or(one.get("patch")),
            meant,
            by_path,
            draft,
        ));
    }
    found
}

fn patch<'d>(
    document: &'d Document,
    entry: At<'d>,
    at: At<'d>,
    target: Option<Target>,
    by_path: &BTreeMap<&'d str, &'d Document>,
    draft: &mut Draft,
) -> Option<Patch<'d>> {
    let text = at.text()?;
    let span = at.span(document.id);
    if text.contains('\n') || entry.get("patch").there().is_some() {
        let small = document.text.len() <= MOST_BYTES;
        let Some(blanked) = small.then(|| blanked(&document.text, at)).flatten() else {
            draft.remark(span, "this patch is not read where it stands: it was left out");
            return None;
        };
        return Some(Patch { document, text: Some(blanked), at: span, target });
    }
    let file = by_path.get(join(document.folder(), text).as_str()).copied();
    if file.is_none() {
        draft.remark(span, "this patch is not among the files: it was left out");
    }
    Some(Patch { document: file?, text: None, at: span, target })
}

/// The text with blanks for all but the patch that stands there; `None` if it is not written as it is
/// read.
fn blanked(text: &str, at: At<'_>) -> Option<String> {
    let block = at.range();
    let inner = text.get(block.clone())?;
    let quoted = inner.starts_with(['\'', '"']);
    let (start, end) = match quoted {
        true => (block.start + 1, block.end.checked_sub(1)?),
        // The lines of a block.
        false if at.is_quoted() => {
            (text.get(..block.start)?.rfind('\n').map_or(0, |at| at + 1), block.end)
        }
        false => return None,
    };
    if quoted && text.get(start..end) != at.text() {
        return None;
    }
    let blank = |part: &str| -> String {
        part.chars()
            .flat_map(|c| match c {
                '\n' => "\n".chars().collect::<Vec<_>>(),
                c => " ".repeat(c.len_utf8()).chars().collect(),
            })
            .collect()
    };
    let (before, within, after) = (text.get(..start)?, text.get(start..end)?, text.get(end..)?);
    Some(format!("{}{within}{}", blank(before), blank(after)))
}

/// An object after one step: `add`, `replace` or `remove`. `None` if it is another step, or if nothing
/// is at its path.
pub(super) fn step(
    tree: &mut Tree,
    object: NodeId,
    step: At<'_>,
    place: Place<'_>,
) -> Option<NodeId> {
    let path = step.get("path").text()?.strip_prefix('/')?;
    let path: Vec<String> =
        path.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    match step.get("op").text()? {
        "remove" => tree.with(object, &path, None, false),
        word @ ("add" | "replace") => {
            let value = step.get("value");
            value.kind()?;
            let value = tree.graft(value, place);
            tree.with(object, &path, Some(value), word == "add")
        }
        _ => None,
    }
}
