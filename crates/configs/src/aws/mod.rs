//! Resources of Amazon Web Services, whichever tool describes them: load balancers, what they send
//! to, and what lies between.

mod api_gateway;
mod balancer;
mod certificate;
mod classic;
mod cloudfront;
mod compute;
mod database;
pub(crate) mod defaults;
mod dns;
mod ecs;
mod endpoint;
mod environment;
mod lambda;
mod network;
mod output;
mod security;
mod target_group;

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Hop, Product, Task};

use crate::document::Document;
use crate::draft::{Draft, FilterDraft, HopDraft, Name};
use crate::part::{Names, Part};
use crate::resources::{Resource, Resources};
pub(crate) use output::Output;

/// Reads what is Amazon's among the resources.
pub(crate) fn read(resources: &Resources, documents: &[&Document], draft: &mut Draft) {
    let amazon = |resource: &Resource| {
        let kind = resource.kind.trim_start_matches("data.");
        kind.starts_with("aws_") || kind.starts_with("AWS::")
    };
    if !resources.all.iter().any(amazon) {
        return;
    }
    let cloud = Cloud::new(resources, documents);
    let before = draft.hops.len();
    security::read(&cloud, draft);
    network::read(&cloud, draft);
    balancer::read(&cloud, draft);
    classic::read(&cloud, draft);
    target_group::read(&cloud, draft);
    ecs::read(&cloud, draft);
    compute::read(&cloud, draft);
    lambda::read(&cloud, draft);
    api_gateway::read(&cloud, draft);
    cloudfront::read(&cloud, draft);
    database::read(&cloud, draft);
    dns::read(&cloud, before, draft);
    complete_filters(before, draft);
}

/// Filters that hops name and nobody describes may hold any rule.
fn complete_filters(before: usize, draft: &mut Draft) {
    let known: BTreeSet<&Name> = draft.filters.iter().flat_map(|filter| &filter.names).collect();
    let named = draft.hops[before..].iter().flat_map(|hop| &hop.filters);
    let missing: BTreeSet<Name> = named.filter(|name| !known.contains(name)).cloned().collect();
    for name in missing {
        let (Name::Host(text) | Name::Id(_, text)) = &name;
        draft.filters.push(FilterDraft {
            name: text.clone(),
            names: vec![name],
            kind: model::config::FilterKind::SecurityGroup,
            rules: Vec::new(),
            partial: true,
            protects: Vec::new(),
            subnets: Vec::new(),
            at: None,
        });
    }
}

/// The resources with an index of their names.
pub(crate) struct Cloud<'r> {
    pub(crate) resources: &'r Resources,
    documents: &'r [&'r Document],
    by_name: BTreeMap<Name, usize>,
    by_kind: BTreeMap<&'r str, Vec<&'r Resource>>,
}

impl<'r> Cloud<'r> {
    fn new(resources: &'r Resources, documents: &'r [&'r Document]) -> Cloud<'r> {
        let mut by_name = BTreeMap::new();
        for (at, resource) in resources.all.iter().enumerate() {
            for name in resources.names(resource) {
                by_name.entry(name).or_insert(at);
            }
        }
        let mut by_kind: BTreeMap<&str, Vec<&Resource>> = BTreeMap::new();
        for resource in &resources.all {
            by_kind.entry(&resource.kind).or_default().push(resource);
        }
        Cloud { resources, documents, by_name, by_kind }
    }

    /// Every resource of these types (of Terraform or Amazon), without those only looked up.
    pub(crate) fn all(&self, kinds: &[&str]) -> Vec<Part<'r>> {
        let of = |kind: &&str| self.by_kind.get(*kind).into_iter().flatten();
        kinds.iter().flat_map(of).map(|resource| Part::new(self.resources, resource)).collect()
    }

    /// What refers to which resource, in one pass: the resources by the names that a part of each
    /// of the others has.
    pub(crate) fn by_target<T>(
        &self,
        referring: impl IntoIterator<Item = (Part<'r>, T)>,
    ) -> BTreeMap<Name, Vec<T>> {
        let mut found: BTreeMap<Name, Vec<T>> = BTreeMap::new();
        for (part, what) in referring {
            if let Some(name) = part.named() {
                // All names of a resource are one.
                let name = match self.by_name.get(&name) {
                    Some(&at) => self.resources.name(&self.resources.all[at].address),
                    None => name,
                };
                found.entry(name).or_default().push(what);
            }
        }
        found
    }

    /// The name of a resource that [`by_target`](Self::by_target) uses.
    pub(crate) fn key(&self, part: Part<'_>) -> Name {
        self.resources.name(&part.resource.address)
    }

    /// The resource of this name.
    pub(crate) fn find(&self, name: &Name) -> Option<Part<'r>> {
        let at = *self.by_name.get(name)?;
        Some(Part::new(self.resources, self.resources.all.get(at)?))
    }

    /// The resource that a part names, if it is of one of these types.
    pub(crate) fn follow(&self, part: Part<'_>, kinds: &[&str]) -> Option<Part<'r>> {
        let found = self.find(&part.named()?)?;
        kinds.contains(&found.resource.kind.as_str()).then_some(found)
    }

    /// The text of the file a part stands in, for what is to be added to it; `None` if no edit
    /// makes sense there.
    pub(crate) fn text_of(&self, part: Part<'_>) -> Option<&'r str> {
        let file = part.span().file;
        let document = self.documents.iter().find(|document| document.id == file)?;
        // What is added is written as HCL or YAML is.
        let json = document.text.trim_start().starts_with(['{', '[']);
        (part.of.editable && !json).then_some(&*document.text)
    }

    /// All names of a resource.
    pub(crate) fn names(&self, part: Part<'_>) -> Vec<Name> {
        self.resources.names(part.resource)
    }
}

/// A hop for a resource, with its names, its security groups and its subnets.
fn hop_of(
    cloud: &Cloud<'_>,
    part: Part<'_>,
    task: Task,
    product: &'static str,
    (groups, subnets): (Names, Names),
) -> HopDraft {
    let mut hop = Hop::new(task, part.resource.address.clone());
    hop.at = Some(part.resource.at);
    if !product.is_empty() {
        hop.products.push(Product { name: product, ..Product::default() });
    }
    let mut draft = HopDraft::new(hop, cloud.names(part));
    draft.filters = filters(part, groups);
    draft.subnets = part.all_named(subnets);
    draft
}

/// The security groups that a list names. One that is not known is a filter as well: nobody knows
/// what it lets through.
fn filters(part: Part<'_>, groups: Names) -> Vec<Name> {
    let named = |one: Part<'_>| {
        // What the command line prints names a group by a member.
        let inner = one.get(("", "GroupId|VpcSecurityGroupId"));
        let one = inner.there().unwrap_or(one);
        one.named().unwrap_or_else(|| Name::id("aws", one.written()))
    };
    part.each(groups).into_iter().map(named).collect()
}
