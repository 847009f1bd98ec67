//! Kustomize: which files make up a system, and what its patches, images, replicas and namespaces make
//! of them. <https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>
//!
//! Where several variants stand on the same base, one is read: the one for production by its name.

use std::collections::{BTreeMap, BTreeSet};

use model::config::FileId;

use super::patches::{self, Patch};
use crate::document::Document;
use crate::draft::Draft;
use crate::programs::join;
use crate::tree::{At, Kind, NodeId, Tree, yaml};

/// Resources, patches and the like that are read of one file.
const MOST_ENTRIES: usize = 500;

/// Parts of all objects, with those that patches make: a patch may be about every object.
const MOST_PARTS: usize = 400_000;

/// How deep bases may stand on each other.
const MOST_DEEP: usize = 16;

/// Words in names of folders by which variants are told apart: production first.
const PRODUCTION: &[&str] = &["prod", "live"];
const OTHERS: &[&str] = &["dev", "test", "stag", "local", "preview", "qa", "sandbox", "uat", "ci"];

/// What is not applied, with the reason.
const NOT_APPLIED: &[&str] = &[
    "helmCharts",
    "generators",
    "transformers",
    "replacements",
    "vars",
    "namePrefix",
    "nameSuffix",
];

const TOO_MUCH: &str = "Kustomize makes too much of these files: this and the rest were left out";

/// True if the file says what Kustomize makes of others.
pub(super) fn is_kustomization(document: &Document) -> bool {
    let named =
        matches!(document.name(), "kustomization.yaml" | "kustomization.yml" | "Kustomization");
    named && !document.text.contains("toolkit.fluxcd.io")
}

/// One object that Kustomize puts out.
pub(super) struct Made<'d> {
    /// The file that it stands in before it is changed.
    pub(super) document: &'d Document,
    /// Its description.
    pub(super) id: NodeId,
}

/// What Kustomize makes of the files.
#[derive(Default)]
pub(super) struct Built<'d> {
    /// The tree of all objects.
    pub(super) tree: Tree,
    /// The objects.
    pub(super) made: Vec<Made<'d>>,
    /// Files that count only through it.
    pub(super) taken: BTreeSet<FileId>,
}

/// The kustomizations of a project, by folder, and all its files.
struct Project<'d> {
    by_folder: BTreeMap<&'d str, &'d Document>,
    by_path: BTreeMap<&'d str, &'d Document>,
}

impl<'d> Project<'d> {
    /// The entries of lists: paths below the folder.
    fn entries(document: &'d Document, lists: &[&str]) -> Vec<(String, At<'d>)> {
        let Some(root) = document.tree().roots().next() else { return Vec::new() };
        let items = lists.iter().flat_map(|list| root.get(list).items().take(MOST_ENTRIES));
        items.filter_map(|at| Some((join(document.folder(), at.text()?), at))).collect()
    }

    /// The kustomizations that one stands on.
    fn bases(&self, document: &'d Document) -> Vec<&'d Document> {
        let entries = Self::entries(document, &["resources", "bases", "components"]);
        entries.iter().filter_map(|(path, _)| self.by_folder.get(path.as_str()).copied()).collect()
    }

    /// Everything that one stands on, with itself.
    fn below(&self, document: &'d Document) -> BTreeSet<FileId> {
        let mut found = BTreeSet::new();
        let mut open = vec![document];
        while let Some(next) = open.pop() {
            if found.insert(next.id) {
                open.extend(self.bases(next));
            }
        }
        found
    }

    /// The files that one names itself.
    fn files(&self, document: &'d Document) -> Vec<&'d Document> {
        let mut found: Vec<&Document> = Self::entries(document, &["resources"])
            .iter()
            .filter_map(|(path, _)| self.by_path.get(path.as_str()).copied())
            .collect();
        found.extend(patches::files(document, &self.by_path));
        found
    }
}

/// What Kustomize makes of the files of a project.
pub(super) fn build<'d>(files: &[&'d Document], draft: &mut Draft) -> Built<'d> {
    let mut built = Built::default();
    let kustomizations: Vec<&Document> =
        files.iter().copied().filter(|document| is_kustomization(document)).collect();
    if kustomizations.is_empty() {
        return built;
    }
    let project = Project {
        by_folder: kustomizations.iter().map(|document| (document.folder(), *document)).collect(),
        by_path: files.iter().map(|document| (document.path.as_str(), *document)).collect(),
    };
    let used: BTreeSet<FileId> =
        kustomizations.iter().flat_map(|one| project.bases(one)).map(|base| base.id).collect();
    let mut roots: Vec<&Document> =
        kustomizations.iter().copied().filter(|one| !used.contains(&one.id)).collect();
    roots.sort_by_key(|root| (rank(root.folder()), root.path.as_str()));
    for document in &kustomizations {
        built.taken.extend(project.files(document).iter().map(|file| file.id));
    }
    let mut read: Vec<(&Document, BTreeSet<FileId>)> = Vec::new();
    for root in roots {
        let below = project.below(root);
        if let Some((other, _)) = read.iter().find(|(_, had)| !had.is_disjoint(&below)) {
            let says = format!(
                "this makes another variant of what {} is made of: it was left out, and that one was \
                 read",
                other.path
            );
            draft.remark(root.span(0..0), says);
            continue;
        }
        let mut seen = BTreeSet::new();
        let made = objects(&project, root, MOST_DEEP, &mut seen, &mut built.tree, draft);
        built.made.extend(made);
        read.push((root, below));
    }
    built
}

/// Production before what is named after nothing, and that before what is for trying out.
fn rank(folder: &str) -> u8 {
    let last = folder.rsplit('/').next().unwrap_or(folder).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| last.contains(word));
    match (has(PRODUCTION), has(OTHERS)) {
        (true, _) => 0,
        (false, false) => 1,
        (false, true) => 2,
    }
}

/// The objects that one kustomization puts out.
fn objects<'d>(
    project: &Project<'d>,
    document: &'d Document,
    depth: usize,
    seen: &mut BTreeSet<FileId>,
    tree: &mut Tree,
    draft: &mut Draft,
) -> Vec<Made<'d>> {
    let Some(root) = document.tree().roots().next() else { return Vec::new() };
    let Some(depth) = depth.checked_sub(1) else { return Vec::new() };
    let mut made = Vec::new();
    for (path, at) in Project::entries(document, &["resources", "bases"]) {
        if let Some(base) = project.by_folder.get(path.as_str()) {
            // The same base twice is an error of Kustomize's.
            if seen.insert(base.id) {
                made.extend(objects(project, base, depth, seen, tree, draft));
            }
        } else if let Some(file) = project.by_path.get(path.as_str()) {
            let is_new = seen.insert(file.id);
            for root in file.tree().roots().filter(|_| is_new) {
                if tree.len() > MOST_PARTS {
                    draft.remark(at.span(document.id), TOO_MUCH);
                    break;
                }
                let id = tree.graft(root, &|range| file.span(range));
                made.push(Made { document: file, id });
            }
        } else {
            let says = "this is not among the files: it was left out";
            draft.remark(at.span(document.id), says);
        }
    }
    // A component changes what the others have put out.
    for (path, _) in Project::entries(document, &["components"]) {
        if let Some(component) = project.by_folder.get(path.as_str()) {
            if seen.insert(component.id) {
                made.extend(objects(project, component, depth, seen, tree, draft));
            }
            change(project, component, tree, &mut made, draft);
        }
    }
    if root.get("kind").text() != Some("Component") {
        change(project, document, tree, &mut made, draft);
    }
    made
}

/// Changes the objects as one kustomization says.
fn change(
    project: &Project<'_>,
    document: &Document,
    tree: &mut Tree,
    made: &mut Vec<Made<'_>>,
    draft: &mut Draft,
) {
    let Some(root) = document.tree().roots().next() else { return };
    for patch in patches::of(document, &project.by_path, draft) {
        apply(&patch, tree, made, draft);
    }
    for name in NOT_APPLIED {
        if let Some(at) = root.get(name).there() {
            let says = format!("{name} of Kustomize is not applied: objects are read without it");
            draft.remark(at.span(document.id), says);
        }
    }
    let place = |range| document.span(range);
    let namespace = root.get("namespace").there().map(|at| tree.graft(at, &place));
    let replicas: Vec<(String, NodeId)> = root
        .get("replicas")
        .items()
        .take(MOST_ENTRIES)
        .filter_map(|one| {
            let name = one.get("name").text()?.to_owned();
            Some((name, tree.graft(one.get("count").there()?, &place)))
        })
        .collect();
    for one in made.iter_mut() {
        let path = |path: &str| path.split('.').map(str::to_owned).collect::<Vec<_>>();
        let object = tree.part(one.id);
        let kind = object.get("kind").text().unwrap_or_default().to_owned();
        let name = object.at("metadata.name").text().unwrap_or_default().to_owned();
        if let Some(namespace) = namespace {
            let changed = tree.with(one.id, &path("metadata.namespace"), Some(namespace), false);
            one.id = changed.unwrap_or(one.id);
        }
        let scaled = matches!(kind.as_str(), "Deployment" | "StatefulSet" | "ReplicaSet");
        if let Some((_, count)) = replicas.iter().find(|(of, _)| scaled && *of == name) {
            let changed = tree.with(one.id, &path("spec.replicas"), Some(*count), false);
            one.id = changed.unwrap_or(one.id);
        }
        for image in root.get("images").items().take(MOST_ENTRIES) {
            one.id = with_image(tree, one.id, image, document);
        }
    }
}

/// An object whose containers run another image, or another version of theirs.
fn with_image(tree: &mut Tree, id: NodeId, image: At<'_>, document: &Document) -> NodeId {
    let Some(wanted) = image.get("name").text() else { return id };
    let mut id = id;
    let is_pod = tree.part(id).get("kind").text() == Some("Pod");
    let spec = if is_pod { "spec" } else { "spec.template.spec" };
    for list in ["containers", "initContainers"] {
        let count = tree.part(id).at(spec).get(list).items().take(MOST_ENTRIES).count();
        for number in 0..count {
            let Some(at) = tree.part(id).at(spec).get(list).items().nth(number) else { continue };
            let Some(text) = at.get("image").text() else { continue };
            let bare = text.split('@').next().unwrap_or(text);
            let (name, tag) = match bare.rsplit_once(':') {
                Some((name, tag)) if !tag.contains('/') => (name, tag),
                _ => (bare, ""),
            };
            if name != wanted {
                continue;
            }
            let name = image.get("newName").text().unwrap_or(name);
            let says =
                ["newTag", "digest", "newName"].into_iter().find_map(|key| image.get(key).there());
            let made = match (image.get("newTag").text(), image.get("digest").text()) {
                (_, Some(digest)) => format!("{name}@{digest}"),
                (Some(tag), None) => format!("{name}:{tag}"),
                (None, None) if tag.is_empty() => name.to_owned(),
                (None, None) => format!("{name}:{tag}"),
            };
            let Some(says) = says else { continue };
            let value = tree.add_from(says.span(document.id), Kind::Scalar(made, false), "");
            let mut path: Vec<String> = spec.split('.').map(str::to_owned).collect();
            path.extend([list.to_owned(), number.to_string(), "image".to_owned()]);
            id = tree.with(id, &path, Some(value), false).unwrap_or(id);
        }
    }
    id
}

/// Applies one patch to the objects that it is about.
fn apply(patch: &Patch<'_>, tree: &mut Tree, made: &mut Vec<Made<'_>>, draft: &mut Draft) {
    let mut met = false;
    let parsed = patch.text.as_ref().map(|text| yaml(text));
    let trees: &Tree = parsed.as_ref().unwrap_or_else(|| patch.document.tree());
    let place = |range| patch.document.span(range);
    if let Some((at, why)) = &trees.broken {
        let says = format!("this patch is broken here ({why}): what comes before was read");
        draft.remark(patch.document.span(*at..*at), says);
    }
    for root in trees.roots() {
        let is_list = matches!(root.kind(), Some(Kind::List(_)));
        for one in made.iter_mut() {
            if !patch.is_about(tree.part(one.id), root) {
                continue;
            }
            met = true;
            if tree.len() > MOST_PARTS {
                draft.remark(patch.at, TOO_MUCH);
                return;
            }
            if is_list {
                for step in root.items().take(MOST_ENTRIES) {
                    match patches::step(tree, one.id, step, &place) {
                        Some(changed) => one.id = changed,
                        None => draft.remark(
                            step.span(patch.document.id),
                            "this step of a patch could not be applied: the object is read without it",
                        ),
                    }
                }
            } else {
                match tree.merged(one.id, root, &place) {
                    Some(changed) => one.id = changed,
                    // `$patch: delete`: an object without a kind is none.
                    None => one.id = tree.add(0..0, Kind::Null, ""),
                }
            }
        }
    }
    if !met {
        let says = "this patch is about no object of these files: it was left out";
        draft.remark(patch.at, says);
    }
}
