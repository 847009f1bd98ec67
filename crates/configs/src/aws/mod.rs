//! Resources of Amazon Web Services, whichever tool describes them: load balancers, what they send
//! to, and what lies between.

mod api_gateway;
mod balancer;
mod certificate;
mod classic;
mod cloudfront;
mod compute;
mod database;
mod defaults;
mod dns;
mod ecs;
mod endpoint;
mod lambda;
mod network;
mod output;
mod part;
mod security;
mod target_group;

use std::collections::BTreeMap;

use model::config::{Hop, Product, Task};

use crate::document::Document;
use crate::draft::{Draft, FilterDraft, HopDraft, Name};
use crate::resources::{Resource, Resources};
pub(crate) use output::Output;
use part::{Names, Part};

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
    let mut missing: Vec<Name> = draft.hops[before..]
        .iter()
        .flat_map(|hop| hop.filters.iter())
        .filter(|name| !draft.filters.iter().any(|filter| filter.names.contains(name)))
        .cloned()
        .collect();
    missing.sort();
    missing.dedup();
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
}

impl<'r> Cloud<'r> {
    fn new(resources: &'r Resources, documents: &'r [&'r Document]) -> Cloud<'r> {
        let mut by_name = BTreeMap::new();
        for (at, resource) in resources.all.iter().enumerate() {
            for name in resources.names(resource) {
                by_name.entry(name).or_insert(at);
            }
        }
        Cloud { resources, documents, by_name }
    }

    /// Every resource of these types (of Terraform or Amazon), without those only looked up.
    pub(crate) fn all(&self, kinds: &[&str]) -> Vec<Part<'r>> {
        let wanted = |resource: &&Resource| kinds.contains(&resource.kind.as_str());
        self.resources.all.iter().filter(wanted).map(|r| Part::new(self.resources, r)).collect()
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
        part.of.editable.then_some(&*document.text)
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
