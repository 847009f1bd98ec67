//! Security groups and network ACLs.

use model::config::{Cidr, Direction, FilterKind, FilterRule};

use super::Cloud;
use crate::draft::{Draft, FilterDraft, LooseRule, PeerDraft};
use crate::part::{Names, Part};
use crate::resources::Tongue;

const GROUPS: &[&str] =
    &["aws_security_group", "aws_default_security_group", "AWS::EC2::SecurityGroup"];
const LOOKED_UP: &[&str] = &["data.aws_security_group"];
const RULES: &[(&str, Option<Direction>)] = &[
    ("aws_security_group_rule", None),
    ("aws_vpc_security_group_ingress_rule", Some(Direction::Ingress)),
    ("aws_vpc_security_group_egress_rule", Some(Direction::Egress)),
    ("AWS::EC2::SecurityGroupIngress", Some(Direction::Ingress)),
    ("AWS::EC2::SecurityGroupEgress", Some(Direction::Egress)),
];
const LISTS: &[&str] = &["aws_network_acl", "aws_default_network_acl", "AWS::EC2::NetworkAcl"];
const LIST_RULES: &[&str] = &["aws_network_acl_rule", "AWS::EC2::NetworkAclEntry"];
const LIST_SUBNETS: &[&str] =
    &["aws_network_acl_association", "AWS::EC2::SubnetNetworkAclAssociation"];

/// Reads security groups and network ACLs.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    let apart = cloud.all(&["AWS::EC2::SecurityGroupEgress"]).into_iter();
    let apart = cloud.by_target(apart.map(|rule| (rule.get(("", "GroupId")), ())));
    for part in cloud.all(GROUPS) {
        draft.filters.push(group(cloud, part, apart.contains_key(&cloud.key(part))));
    }
    for part in cloud.all(LOOKED_UP) {
        draft.filters.push(filter(cloud, part, FilterKind::SecurityGroup, true));
    }
    for (kind, direction) in RULES {
        for part in cloud.all(&[kind]) {
            let of = part.get(("security_group_id", "GroupId")).named();
            let direction = direction.unwrap_or_else(|| {
                if part.get(("type", "")).word() == "egress" {
                    Direction::Egress
                } else {
                    Direction::Ingress
                }
            });
            let Some(of) = of else { continue };
            for (rule, peers) in rules(part, direction) {
                draft.rules.push(LooseRule { of: of.clone(), rule, peers });
            }
        }
    }
    for part in cloud.all(LISTS) {
        draft.filters.push(list(cloud, part));
    }
    for part in cloud.all(LIST_RULES) {
        let Some(of) = part.get(("network_acl_id", "NetworkAclId")).named() else { continue };
        let egress = part.get(("egress", "Egress")).flag() == Some(true);
        let (rule, peers) = entry(part, egress);
        draft.rules.push(LooseRule { of, rule, peers });
    }
    for part in cloud.all(LIST_SUBNETS) {
        let of = part.get(("network_acl_id", "NetworkAclId")).named();
        let subnet = part.get(("subnet_id", "SubnetId")).named();
        let filter = draft
            .filters
            .iter_mut()
            .find(|filter| of.as_ref().is_some_and(|of| filter.names.contains(of)));
        if let Some(filter) = filter {
            filter.subnets.extend(subnet);
        }
    }
}

fn filter(cloud: &Cloud<'_>, part: Part<'_>, kind: FilterKind, partial: bool) -> FilterDraft {
    FilterDraft {
        names: cloud.names(part),
        name: part.resource.address.clone(),
        kind,
        rules: Vec::new(),
        partial,
        protects: Vec::new(),
        subnets: Vec::new(),
        at: Some(part.resource.at),
    }
}

fn group(cloud: &Cloud<'_>, part: Part<'_>, apart: bool) -> FilterDraft {
    let mut made = filter(cloud, part, FilterKind::SecurityGroup, false);
    // A repeated block whose items are not known may hold any rule.
    let ways: [(Names, Direction); 2] = [
        (("ingress", "SecurityGroupIngress|IpPermissions"), Direction::Ingress),
        (("egress", "SecurityGroupEgress|IpPermissionsEgress"), Direction::Egress),
    ];
    for (names, direction) in ways {
        let list = part.get(names);
        if list.there().is_some()
            && list.at.entries().next().is_none()
            && list.at.items().next().is_none()
        {
            made.partial |= list.at.text().is_none() && !list.written().is_empty();
        }
        for rule in part.each(names) {
            made.rules.extend(rules(rule, direction));
        }
    }
    let says_egress = part.get(ways[1].0).there().is_some();
    if part.of.tongue == Tongue::Vendor && !says_egress && !apart {
        // Amazon lets everything out unless rules say otherwise; Terraform takes that rule away.
        // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-securitygroup.html
        let rule =
            FilterRule::allows(Direction::Egress, "-1", (0, u16::MAX), Some(part.resource.at));
        made.rules.push((rule, vec![PeerDraft::Block(Cidr::ANY_V4)]));
    }
    made
}

/// A rule of a security group; none if its ports are not known to be any.
fn rules(part: Part<'_>, direction: Direction) -> Vec<(FilterRule, Vec<PeerDraft>)> {
    let protocol = part.get(("protocol|ip_protocol", "IpProtocol")).written().to_ascii_lowercase();
    let protocol = if protocol == "all" { "-1".to_owned() } else { protocol };
    let (from, to) = (part.get(("from_port", "FromPort")), part.get(("to_port", "ToPort")));
    let unknown = |part: Part<'_>| part.there().is_some() && part.at.text().is_none();
    let ports = match (protocol.as_str(), from.at.float(), to.at.float()) {
        ("-1", ..) => (0, u16::MAX),
        (_, Some(first), Some(last)) if first >= 0.0 && last >= 0.0 => (first as u16, last as u16),
        // -1 stands for every port; 0 to 0 of all protocols is the same.
        _ => (0, u16::MAX),
    };
    let mut peers = peers(part);
    if unknown(from) || unknown(to) {
        // Which ports it opens is not known, so nobody is known to be let through.
        peers = vec![PeerDraft::Unknown(from.written())];
    }
    vec![(FilterRule::allows(direction, &protocol, ports, Some(part.span())), peers)]
}

fn peers(part: Part<'_>) -> Vec<PeerDraft> {
    let mut peers = Vec::new();
    let block = |part: Part<'_>| match part.text().and_then(Cidr::parse) {
        Some(block) => PeerDraft::Block(block),
        None => PeerDraft::Unknown(part.written()),
    };
    for names in [("cidr_blocks|cidr_ipv4", "CidrIp"), ("ipv6_cidr_blocks|cidr_ipv6", "CidrIpv6")] {
        peers.extend(part.each(names).into_iter().map(block));
    }
    for (list, name) in [("IpRanges", ("", "CidrIp")), ("Ipv6Ranges", ("", "CidrIpv6"))] {
        let ranges = if list == "IpRanges" { ("", "IpRanges") } else { ("", "Ipv6Ranges") };
        peers.extend(part.each(ranges).into_iter().map(|range| block(range.get(name))));
    }
    let group = |part: Part<'_>| match part.named() {
        Some(name) => PeerDraft::Group(name),
        None => PeerDraft::Unknown(part.written()),
    };
    let groups = (
        "security_groups|source_security_group_id|referenced_security_group_id",
        "SourceSecurityGroupId|DestinationSecurityGroupId",
    );
    peers.extend(part.each(groups).into_iter().map(group));
    for pair in part.each(("", "UserIdGroupPairs")) {
        peers.push(group(pair.get(("", "GroupId"))));
    }
    if part.get(("self", "")).flag() == Some(true) {
        peers.push(PeerDraft::Itself);
    }
    let prefixes = (
        "prefix_list_ids|prefix_list_id",
        "SourcePrefixListId|DestinationPrefixListId|PrefixListIds.PrefixListId",
    );
    for prefix in part.each(prefixes) {
        peers.push(PeerDraft::Unknown(prefix.written()));
    }
    peers
}

fn list(cloud: &Cloud<'_>, part: Part<'_>) -> FilterDraft {
    let mut made = filter(cloud, part, FilterKind::NetworkAcl, false);
    made.subnets = part.all_named(("subnet_ids", "Associations.SubnetId"));
    for association in part.each(("", "Associations")) {
        let subnet = association.get(("", "SubnetId")).named();
        if let Some(subnet) = subnet.filter(|subnet| !made.subnets.contains(subnet)) {
            made.subnets.push(subnet);
        }
    }
    for (names, egress) in [(("ingress", ""), false), (("egress", ""), true)] {
        made.rules.extend(part.each(names).into_iter().map(|rule| entry(rule, egress)));
    }
    for rule in part.each(("", "Entries")) {
        let egress = rule.get(("", "Egress")).flag() == Some(true);
        made.rules.push(entry(rule, egress));
    }
    made
}

/// A rule of a network ACL.
fn entry(part: Part<'_>, egress: bool) -> (FilterRule, Vec<PeerDraft>) {
    let direction = if egress { Direction::Egress } else { Direction::Ingress };
    let protocol = match part.get(("protocol", "Protocol")).word().as_str() {
        "-1" | "all" | "" => "-1".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "1" => "icmp".to_owned(),
        other => other.to_owned(),
    };
    let number = |names: Names| part.get(names).number().and_then(|n| u16::try_from(n).ok());
    let from = number(("from_port", "PortRange.From"));
    let to = number(("to_port", "PortRange.To"));
    let ports = match (protocol.as_str(), from, to) {
        ("-1", ..) => (0, u16::MAX),
        (_, Some(from), Some(to)) => (from, to),
        _ => (0, u16::MAX),
    };
    let allowed = part.get(("action|rule_action", "RuleAction")).word();
    let order = part.get(("rule_no|rule_number", "RuleNumber")).number().unwrap_or(0);
    let mut made = FilterRule::allows(direction, &protocol, ports, Some(part.span()));
    made.allow = allowed == "allow";
    made.priority = u32::try_from(order).unwrap_or(u32::MAX);
    let block = part.get(("cidr_block|ipv6_cidr_block", "CidrBlock|Ipv6CidrBlock"));
    let peer = match block.text().and_then(Cidr::parse) {
        Some(block) => PeerDraft::Block(block),
        None => PeerDraft::Unknown(block.written()),
    };
    (made, vec![peer])
}
