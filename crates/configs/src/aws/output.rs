//! What `aws … describe-*` and `aws … get-*` print, turned into resources with the names that
//! templates have for them.

use std::collections::BTreeMap;

use model::config::Span;

use crate::document::Document;
use crate::draft::{Draft, Name};
use crate::readers::Reader;
use crate::resources::{Resource, Resources, Tongue};
use crate::tree::{At, Entry, Kind, NodeId, Tree};

/// Reads the output of Amazon's command line.
pub(crate) struct Output;

/// How one command's output is taken apart.
struct Command {
    /// The path to its resources.
    list: &'static str,
    /// A member that every resource of it has.
    mark: &'static str,
    /// The type of template that has the same members.
    kind: &'static str,
    /// Members that name it.
    names: &'static [&'static str],
}

const COMMANDS: &[Command] = &[
    command(
        "LoadBalancers",
        "LoadBalancerArn",
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        &["LoadBalancerName", "LoadBalancerArn"],
    ),
    command(
        "LoadBalancerDescriptions",
        "ListenerDescriptions",
        "AWS::ElasticLoadBalancing::LoadBalancer",
        &["LoadBalancerName"],
    ),
    command(
        "TargetGroups",
        "TargetGroupArn",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        &["TargetGroupName", "TargetGroupArn"],
    ),
    command("Listeners", "ListenerArn", "AWS::ElasticLoadBalancingV2::Listener", &["ListenerArn"]),
    command("Rules", "RuleArn", "AWS::ElasticLoadBalancingV2::ListenerRule", &["RuleArn"]),
    command("SecurityGroups", "GroupId", "AWS::EC2::SecurityGroup", &["GroupName", "GroupId"]),
    command("NetworkAcls", "NetworkAclId", "AWS::EC2::NetworkAcl", &["NetworkAclId"]),
    command("RouteTables", "RouteTableId", "AWS::EC2::RouteTable", &["RouteTableId"]),
    command("Subnets", "SubnetId", "AWS::EC2::Subnet", &["SubnetId", "SubnetArn"]),
    command("Vpcs", "VpcId", "AWS::EC2::VPC", &["VpcId"]),
    command("NatGateways", "NatGatewayId", "AWS::EC2::NatGateway", &["NatGatewayId"]),
    command("Reservations", "Instances", "", &[]),
    command("services", "serviceArn", "AWS::ECS::Service", &["serviceName", "serviceArn"]),
    command(
        "taskDefinition",
        "containerDefinitions",
        "AWS::ECS::TaskDefinition",
        &["family", "taskDefinitionArn"],
    ),
    command("", "FunctionName", "AWS::Lambda::Function", &["FunctionName", "FunctionArn"]),
    command(
        "Configuration",
        "FunctionArn",
        "AWS::Lambda::Function",
        &["FunctionName", "FunctionArn"],
    ),
    command("Items", "IntegrationId", "AWS::ApiGatewayV2::Integration", &["IntegrationId"]),
    command("Items", "ApiEndpoint", "AWS::ApiGatewayV2::Api", &["Name", "ApiId"]),
    command("Items", "RouteKey", "AWS::ApiGatewayV2::Route", &["RouteKey"]),
    command(
        "DBInstances",
        "DBInstanceArn",
        "AWS::RDS::DBInstance",
        &["DBInstanceIdentifier", "DBInstanceArn"],
    ),
    command(
        "Certificate",
        "CertificateArn",
        "AWS::CertificateManager::Certificate",
        &["DomainName", "CertificateArn"],
    ),
];

const fn command(
    list: &'static str,
    mark: &'static str,
    kind: &'static str,
    names: &'static [&'static str],
) -> Command {
    Command { list, mark, kind, names }
}

impl Reader for Output {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn takes(&self, document: &Document) -> bool {
        document.is_tree() && document.tree().roots().any(is_output)
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let mut taken = Taken { tree: Tree::default(), all: Vec::new(), extras: Vec::new() };
        for document in documents {
            for root in document.tree().roots() {
                taken.take(document, root);
            }
        }
        taken.join();
        let resources = Resources {
            tree: taken.tree,
            all: taken.all,
            tongue: Tongue::Vendor,
            tool: "aws",
            scope: String::new(),
            editable: false,
        };
        super::read(&resources, documents, draft);
    }
}

fn is_output(root: At<'_>) -> bool {
    root.get("DistributionConfig").get("Origins").there().is_some()
        || root.get("TargetHealthDescriptions").there().is_some()
        || attributes(root).is_some()
        || COMMANDS.iter().any(|command| !resources_of(root, command).is_empty())
}

/// The resources of a command's output.
fn resources_of<'t>(root: At<'t>, command: &Command) -> Vec<At<'t>> {
    let list = if command.list.is_empty() { root } else { root.get(command.list) };
    list.each().filter(|one| one.get(command.mark).kind().is_some()).collect()
}

/// The listener of a rule, by its ARN: `…:listener-rule/app/shop/1/2/3` belongs to
/// `…:listener/app/shop/1/2`.
fn listener_of(rule: Option<&str>) -> Option<String> {
    let (start, path) = rule?.split_once(":listener-rule/")?;
    let (listener, _) = path.rsplit_once('/')?;
    Some(format!("{start}:listener/{listener}"))
}

/// Which resources the attributes of `describe-load-balancer-attributes` or
/// `describe-target-group-attributes` belong to.
fn attributes(root: At<'_>) -> Option<&'static str> {
    let keys: Vec<&str> =
        root.get("Attributes").items().filter_map(|one| one.get("Key").text()).collect();
    let has = |start: &str| keys.iter().any(|key| key.starts_with(start));
    if has("idle_timeout.")
        || has("routing.http")
        || has("load_balancing.cross_zone") && has("access_logs")
    {
        Some("LoadBalancerAttributes")
    } else if root.at("LoadBalancerAttributes.ConnectionSettings").there().is_some() {
        Some("ClassicAttributes")
    } else if has("deregistration_delay.") || has("stickiness.") {
        Some("TargetGroupAttributes")
    } else {
        None
    }
}

/// A list that belongs to a resource it does not name: the name of its file may.
struct Extra {
    /// The type of that resource, and the member of it that the list becomes.
    kind: &'static str,
    member: &'static str,
    file: String,
    at: Span,
    list: NodeId,
}

struct Taken {
    tree: Tree,
    all: Vec<Resource>,
    extras: Vec<Extra>,
}

impl Taken {
    fn take(&mut self, document: &Document, root: At<'_>) {
        for command in COMMANDS {
            for one in resources_of(root, command) {
                if command.list == "Reservations" {
                    for instance in one.get("Instances").items() {
                        let names = &["InstanceId"];
                        self.add(document, instance, "AWS::EC2::Instance", names);
                    }
                } else {
                    self.add(document, one, command.kind, command.names);
                }
            }
        }
        let distribution = root.get("DistributionConfig");
        if distribution.get("Origins").there().is_some() {
            self.add(document, root, "AWS::CloudFront::Distribution", &["Id"]);
            if let Some(last) = self.all.last_mut().filter(|last| last.address.is_empty()) {
                let reference = distribution.get("CallerReference").text().unwrap_or_default();
                last.address = format!("distribution {reference}");
            }
        }
        const LISTED: &str = "LoadBalancerAttributes";
        let classic = "AWS::ElasticLoadBalancing::LoadBalancer";
        let balancer = "AWS::ElasticLoadBalancingV2::LoadBalancer";
        let group = "AWS::ElasticLoadBalancingV2::TargetGroup";
        let kind = match attributes(root) {
            Some(member @ "LoadBalancerAttributes") => Some((balancer, member, "Attributes")),
            Some("ClassicAttributes") => Some((classic, LISTED, LISTED)),
            Some(member) => Some((group, member, "Attributes")),
            None => None,
        };
        let health = root.get("TargetHealthDescriptions").there();
        let health = health.map(|_| (group, "Targets", "TargetHealthDescriptions"));
        for (kind, member, from) in kind.into_iter().chain(health) {
            let list = root.get(from);
            let at = document.span(list.range());
            let id = document.id;
            let list = if member == "Targets" {
                let targets = list
                    .items()
                    .map(|one| self.tree.graft(one.get("Target"), &|range| Span::new(id, range)));
                let targets = targets.collect();
                self.tree.add_from(at, Kind::List(targets), "")
            } else {
                self.tree.graft(list, &|range| Span::new(id, range))
            };
            let file = document.path.clone();
            self.extras.push(Extra { kind, member, file, at, list });
        }
    }

    fn add(&mut self, document: &Document, at: At<'_>, kind: &str, names: &[&str]) {
        let texts: Vec<&str> = names.iter().filter_map(|name| at.get(name).text()).collect();
        let address = texts.first().copied().unwrap_or_default().to_owned();
        let aliases = texts.iter().map(|text| Name::id("aws", *text)).collect();
        let id = document.id;
        let mut body = self.tree.graft(at, &|range| Span::new(id, range));
        let listener = listener_of(at.get("RuleArn").text());
        if let (Some(listener), Some(Kind::Map(mut entries))) =
            (listener, self.tree.part(body).kind().cloned())
        {
            let arn = at.get("RuleArn").range();
            let text = Kind::Scalar(listener, true);
            let value = self.tree.add_from(document.span(arn.clone()), text, "");
            entries.push(Entry { key: "ListenerArn".to_owned(), key_at: arn, value });
            body = self.tree.add_from(document.span(at.range()), Kind::Map(entries), "");
        }
        let start = at.range().start;
        let known =
            |had: &Resource| had.kind == kind && !address.is_empty() && had.address == address;
        // The same resource in the output of two commands is one.
        if self.all.iter().any(known) {
            return;
        }
        let at = document.span(start..start + 1);
        self.all.push(Resource { kind: kind.to_owned(), address, aliases, body, at });
    }

    /// Gives lists to the resources whose names are in the names of their files; if none is and
    /// there is only one resource of the kind, to that one.
    fn join(&mut self) {
        let mut given: BTreeMap<usize, Vec<(&'static str, NodeId, Span)>> = BTreeMap::new();
        let extras = std::mem::take(&mut self.extras);
        for extra in extras {
            let fitting: Vec<usize> = self
                .all
                .iter()
                .enumerate()
                .filter(|(_, resource)| resource.kind == extra.kind)
                .map(|(at, _)| at)
                .collect();
            let named = |at: &&usize| {
                let address = &self.all[**at].address;
                !address.is_empty() && extra.file.contains(address.as_str())
            };
            // Of `web` and `web-old` the longer one is meant.
            let by_name =
                fitting.iter().filter(named).max_by_key(|at| self.all[**at].address.len());
            let target = match (by_name, &fitting[..]) {
                (Some(at), _) => *at,
                (None, [only]) => *only,
                (None, []) => self.lonely(&extra),
                (None, _) => continue,
            };
            given.entry(target).or_default().push((extra.member, extra.list, extra.at));
        }
        for (at, lists) in given {
            let body = self.all[at].body;
            let mut entries = match self.tree.part(body).kind() {
                Some(Kind::Map(entries)) => entries.clone(),
                _ => Vec::new(),
            };
            for (member, value, at) in lists {
                entries.push(Entry { key: member.to_owned(), key_at: at.range(), value });
            }
            let span = self.tree.part(body).span(self.all[at].at.file);
            self.all[at].body = self.tree.add_from(span, Kind::Map(entries), "");
        }
    }

    /// A resource of which only the list is known, named by its file.
    fn lonely(&mut self, extra: &Extra) -> usize {
        let name = extra.file.rsplit('/').next().unwrap_or(&extra.file);
        let address = name.rsplit_once('.').map_or(name, |(name, _)| name).to_owned();
        let body = self.tree.add_from(extra.at, Kind::Map(Vec::new()), "");
        let at = Span { end: extra.at.start, ..extra.at };
        let kind = extra.kind.to_owned();
        self.all.push(Resource { kind, address, aliases: Vec::new(), body, at });
        self.all.len() - 1
    }
}
