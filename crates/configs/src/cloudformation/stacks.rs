//! Stacks: the resources of a template with those of the templates that it makes stacks of.

use std::collections::{BTreeMap, BTreeSet};

use super::functions::Template;
use super::{CLOUDFORMATION, is_template, with_globals};
use crate::document::Document;
use crate::draft::Name;
use crate::resources::{Resource, Resources, Tongue, template_address};
use crate::tree::{At, Tree};

/// Resources that are stacks of other templates, with the property that says which.
const STACKS: &[(&str, &str)] =
    &[("AWS::CloudFormation::Stack", "TemplateURL"), ("AWS::Serverless::Application", "Location")];

/// How deep stacks lie in each other, how many are made of one template and those within it, and
/// after how many resources no further one is.
const MOST_DEEP: usize = 8;
const MOST_STACKS: usize = 500;
const MOST_RESOURCES: usize = 100_000;

/// Every template that no other makes a stack of, each with the stacks within it.
pub(super) fn stacks(documents: &[&Document]) -> Vec<Resources> {
    let mut found = Vec::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let inner = inner(documents);
    let outermost = (0..documents.len()).filter(|at| !inner.contains(at));
    // Templates that make stacks of each other have no outermost one.
    for at in outermost.chain(0..documents.len()) {
        if taken.contains(&at) {
            continue;
        }
        for root in documents[at].tree().roots().filter(|root| is_template(*root)) {
            let mut stack = Stack::new(documents);
            let tree =
                stack.make(at, root, &Place::default(), Template::new(documents[at].id, root));
            taken.extend(stack.taken.iter().copied());
            found.push(stack.resources(&documents[at].path, tree));
        }
        taken.insert(at);
    }
    found
}

/// Templates that others make stacks of.
fn inner(documents: &[&Document]) -> BTreeSet<usize> {
    let mut inner = BTreeSet::new();
    for (at, document) in documents.iter().enumerate() {
        for root in document.tree().roots() {
            for (_, resource) in root.get("Resources").entries() {
                let Some(source) = source(resource) else { continue };
                // The text as it stands tells the name, whatever has to be put into it before.
                let mut texts = Vec::new();
                written(source, 5, &mut texts);
                inner.extend(texts.iter().filter_map(|text| named(documents, text, at)));
            }
        }
    }
    inner
}

/// The part of a resource that says which template it is a stack of.
fn source(resource: At<'_>) -> Option<At<'_>> {
    let kind = resource.get("Type").text()?;
    let (_, property) = STACKS.iter().find(|(stack, _)| *stack == kind)?;
    resource.get("Properties").get(property).there()
}

/// Every text within a part.
fn written<'t>(at: At<'t>, depth: usize, out: &mut Vec<&'t str>) {
    out.extend(at.text());
    if depth > 0 {
        at.items().for_each(|item| written(item, depth - 1, out));
        at.entries().for_each(|(_, value)| written(value, depth - 1, out));
    }
}

/// The template that an address such as `https://bucket/infrastructure/vpc.yaml` means: the only one
/// here whose path ends most like it.
fn named(documents: &[&Document], address: &str, not: usize) -> Option<usize> {
    let address = address.split('?').next().unwrap_or(address);
    let alike = |path: &str| {
        let parts = path.rsplit('/').zip(address.rsplit('/'));
        parts.take_while(|(own, other)| own == other && !own.is_empty()).count()
    };
    let others = documents.iter().enumerate().filter(|(at, _)| *at != not);
    let scores: Vec<(usize, usize)> =
        others.map(|(at, document)| (alike(&document.path), at)).collect();
    let (best, at) = scores.iter().copied().max()?;
    let only = scores.iter().filter(|(score, _)| *score == best).count() == 1;
    (best > 0 && only).then_some(at)
}

/// Where a stack lies.
#[derive(Clone, Debug, Default)]
struct Place {
    /// What stands before the names of its resources: `Network/`.
    prefix: String,
    /// The templates around it.
    around: Vec<usize>,
}

/// One outermost stack under construction.
struct Stack<'d> {
    documents: &'d [&'d Document],
    all: Vec<Resource>,
    /// What stacks give out: the name of the output, and what it is.
    outputs: BTreeMap<String, String>,
    /// What is exported: the name of the export, and what it is.
    exports: Vec<(String, String)>,
    taken: BTreeSet<usize>,
    made: usize,
}

impl<'d> Stack<'d> {
    fn new(documents: &'d [&'d Document]) -> Stack<'d> {
        Stack {
            documents,
            all: Vec::new(),
            outputs: BTreeMap::new(),
            exports: Vec::new(),
            taken: BTreeSet::new(),
            made: 0,
        }
    }

    /// Makes the resources of one template and of the stacks within it.
    fn make(&mut self, at: usize, root: At<'d>, place: &Place, template: Template<'d>) -> Tree {
        let document = self.documents[at];
        let mut template = template;
        self.taken.insert(at);
        self.made += 1;
        for (entry, resource) in root.get("Resources").entries() {
            let Some(kind) = resource.get("Type").text() else { continue };
            if template.is_left_out(resource) {
                continue;
            }
            let body = template.part(resource.get("Properties"));
            let body = match kind {
                "AWS::Serverless::Function" => with_globals(&mut template, root, "Function", body),
                _ => body,
            };
            self.all.push(Resource {
                kind: kind.to_owned(),
                address: format!("{}{}", place.prefix, entry.key),
                aliases: Vec::new(),
                body,
                at: document.span(entry.key_at.clone()),
            });
            if let Some((inner, root)) = self.within(&mut template, resource, at, place) {
                let mut around = place.around.clone();
                around.push(at);
                let prefix = format!("{}{}/", place.prefix, entry.key);
                let given = resource.get("Properties").get("Parameters").entries();
                let given =
                    given.map(|(name, value)| (name.key.clone(), template.part(value))).collect();
                let tree = std::mem::take(&mut template.tree);
                let made = Template::new(self.documents[inner].id, root);
                let made = made.within(&prefix, given, tree);
                template.tree = self.make(inner, root, &Place { prefix, around }, made);
            }
        }
        self.give_out(root, place, &mut template);
        template.tree
    }

    /// The template that a resource is a stack of, if it is here.
    fn within(
        &self,
        template: &mut Template<'d>,
        resource: At<'d>,
        at: usize,
        place: &Place,
    ) -> Option<(usize, At<'d>)> {
        let part = template.part(source(resource)?);
        let part = template.tree.part(part);
        let text = if part.tag().is_empty() {
            part.written()?.into_owned()
        } else {
            part.tag().to_owned()
        };
        let inner = named(self.documents, &text, at)?;
        let room = place.around.len() < MOST_DEEP
            && self.made < MOST_STACKS
            && self.all.len() < MOST_RESOURCES;
        let root = self.documents[inner].tree().roots().find(|root| is_template(*root))?;
        (room && !place.around.contains(&inner)).then_some((inner, root))
    }

    /// What the template gives to the one around it, and to everybody.
    fn give_out(&mut self, root: At<'d>, place: &Place, template: &mut Template<'d>) {
        for (entry, output) in root.get("Outputs").entries() {
            let value = template.part(output.get("Value"));
            let Some(target) = template.tree.part(value).reference().map(str::to_owned) else {
                continue;
            };
            if let Some(stack) = place.prefix.strip_suffix('/') {
                let name = format!("{stack}.Outputs.{}", entry.key);
                self.outputs.insert(name, template_address(&target));
            }
            let name = template.part(output.at("Export.Name"));
            if let Some(name) = template.tree.part(name).written() {
                self.exports.push((name.into_owned(), template_address(&target)));
            }
        }
    }

    /// The resource that an output means in the end.
    fn meant(&self, target: &str) -> String {
        let mut target = target.to_owned();
        for _ in 0..MOST_DEEP {
            match self.outputs.get(&target) {
                Some(next) => target.clone_from(next),
                None => break,
            }
        }
        target
    }

    fn resources(self, path: &str, tree: Tree) -> Resources {
        let mut resources = Resources {
            tree,
            all: Vec::new(),
            tongue: Tongue::Vendor,
            tool: CLOUDFORMATION,
            scope: if self.documents.len() == 1 { String::new() } else { path.to_owned() },
            editable: true,
        };
        let mut names: BTreeMap<String, Vec<Name>> = BTreeMap::new();
        for (output, target) in &self.outputs {
            names.entry(self.meant(target)).or_default().push(resources.name(output));
        }
        for (export, target) in &self.exports {
            names.entry(self.meant(target)).or_default().push(Name::id("export", export.clone()));
        }
        resources.all = self.all;
        for resource in &mut resources.all {
            resource.aliases = names.remove(&resource.address).unwrap_or_default();
        }
        resources
    }
}
