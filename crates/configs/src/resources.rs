//! Resources of a cloud as some tool describes them: the seam between the readers of tools
//! (Terraform, CloudFormation, the output of a vendor's command line) and what a vendor's resources
//! mean.

use model::config::Span;

use crate::cloudformation::CLOUDFORMATION;
use crate::document::Document;
use crate::draft::{Draft, Name};
use crate::tree::{At, NodeId, Tree};

/// The tool whose references are those of Terraform.
pub(crate) const TERRAFORM: &str = "terraform";

/// Whose names the settings of a resource have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    /// Terraform: `idle_timeout`.
    Terraform,
    /// The vendor's own interface, as its templates and its command line speak it.
    Vendor,
}

/// One resource.
#[derive(Clone, Debug)]
pub(crate) struct Resource {
    /// Its type as written: `aws_lb`, `AWS::EC2::Subnet`; for what only is looked up, with `data.`
    /// before it.
    pub(crate) kind: String,
    /// Its name within its files: `module.web.aws_lb.front`, `FrontBalancer`.
    pub(crate) address: String,
    /// Further names: what the vendor calls it (ARN, identifier), exports.
    pub(crate) aliases: Vec<Name>,
    /// Its settings.
    pub(crate) body: NodeId,
    /// Where it is described.
    pub(crate) at: Span,
}

/// The resources of one set of files that are used together.
#[derive(Debug)]
pub(crate) struct Resources {
    /// Their settings.
    pub(crate) tree: Tree,
    /// The resources, in the order of the files.
    pub(crate) all: Vec<Resource>,
    /// Whose names the settings have.
    pub(crate) tongue: Tongue,
    /// Which tool's names the references are: the first part of a [`Name`].
    pub(crate) tool: &'static str,
    /// What tells these files from others in which the same addresses occur: a folder, a file;
    /// empty if nothing has to.
    pub(crate) scope: String,
    /// True if a person writes the files, so that an edit makes sense.
    pub(crate) editable: bool,
}

impl Resources {
    /// The name by which references reach an address.
    pub(crate) fn name(&self, address: &str) -> Name {
        let address = match self.tool {
            TERRAFORM => terraform_address(address),
            CLOUDFORMATION => template_address(address),
            _ => address.to_owned(),
        };
        let scoped = match self.scope.as_str() {
            "" => address,
            scope => format!("{scope}/{address}"),
        };
        Name::id(self.tool, scoped)
    }

    /// All names of a resource.
    pub(crate) fn names(&self, resource: &Resource) -> Vec<Name> {
        let own = self.name(&resource.address);
        std::iter::once(own).chain(resource.aliases.iter().cloned()).collect()
    }

    /// The settings of a resource.
    pub(crate) fn body(&self, resource: &Resource) -> At<'_> {
        self.tree.part(resource.body)
    }

    /// What a part of the settings names: another resource by its address, or something by the
    /// vendor's own identifier.
    pub(crate) fn named(&self, at: At<'_>) -> Option<Name> {
        if let Some(reference) = at.reference() {
            return Some(match reference.strip_prefix("import ") {
                Some(export) => Name::id("export", export),
                None => self.name(reference),
            });
        }
        let text = at.text().filter(|text| !text.is_empty())?;
        Some(Name::id("aws", text))
    }
}

/// Reads what the resources mean: every vendor takes its own.
pub(crate) fn read(resources: &Resources, documents: &[&Document], draft: &mut Draft) {
    crate::aws::read(resources, documents, draft);
    crate::google::read(resources, documents, draft);
}

/// The resource that a reference of Terraform leads to: `module.web.aws_lb.front[0].arn` leads to
/// `module.web.aws_lb.front`; what a module gives out leads to the module.
pub(crate) fn terraform_address(reference: &str) -> String {
    let mut plain = String::with_capacity(reference.len());
    let mut depth = 0usize;
    for c in reference.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let parts: Vec<&str> = plain.split('.').filter(|part| !part.is_empty()).collect();
    let mut at = 0;
    while parts.get(at) == Some(&"module") {
        at += 2;
    }
    if at >= parts.len() {
        return parts.join(".");
    }
    let own = if parts[at] == "data" { 3 } else { 2 };
    // What a module gives out has no type: a single name after the module.
    let end = if at > 0 && parts.len() < at + 2 { at } else { at + own };
    parts[..end.min(parts.len())].join(".")
}

/// The resource that a reference of CloudFormation leads to: `Front.Arn` leads to `Front`; what a
/// stack gives out has a name of its own, `Network.Outputs.Vpc`.
pub(crate) fn template_address(reference: &str) -> String {
    let mut parts = reference.splitn(3, '.');
    let own = parts.next().unwrap_or(reference);
    match (parts.next(), parts.next()) {
        (Some("Outputs"), Some(_)) => reference.to_owned(),
        _ => own.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_lead_to_resources() {
        for (reference, address) in [
            ("aws_lb.front.arn", "aws_lb.front"),
            ("aws_subnet.public[*].id", "aws_subnet.public"),
            ("aws_subnet.public.*.id", "aws_subnet.public"),
            ("data.aws_subnets.all.ids", "data.aws_subnets.all"),
            ("module.vpc.public_subnets", "module.vpc"),
            ("module.a.module.b[\"x.y\"].aws_lb.front.arn", "module.a.module.b.aws_lb.front"),
            ("aws_lb", "aws_lb"),
            ("", ""),
        ] {
            let found = terraform_address(reference);
            assert_eq!(found.replace(".*", ""), address, "{reference}");
        }
        assert_eq!(template_address("Front.Arn"), "Front");
        assert_eq!(template_address("Net/Front.Arn"), "Net/Front");
        assert_eq!(template_address("Net.Outputs.Vpc"), "Net.Outputs.Vpc");
    }
}
