//! Firewall rules of a network.
//!
//! Google's rules belong to the network, and tags say for whom they hold. Here every set of hops with
//! the same tags gets one filter with all rules that hold for it, so that a rule of the catalogue has
//! one list to look at: lower priorities go first, of equal ones a denial
//! (<https://docs.cloud.google.com/firewall/docs/firewalls>). The two rules that every network has
//! are its last ones: nothing enters, everything leaves.

use std::collections::BTreeMap;

use model::config::{Cidr, Direction, FilterKind, FilterRule, Span};

use super::{Cloud, Placed};
use crate::draft::{Draft, FilterDraft, Name, PeerDraft, Reach};
use crate::part::{Names, Part};

/// The priority of a rule that has none, and of the rules that every network has.
const USUAL: u64 = 1000;
const LAST: u32 = 65535;

/// Reads firewalls for the hops of which the network is known.
pub(super) fn read(cloud: &Cloud<'_>, placed: &[Placed], draft: &mut Draft) {
    type Set = (Name, Vec<String>, bool);
    let mut sets: BTreeMap<Set, Vec<Name>> = BTreeMap::new();
    for place in placed {
        let Some(network) = place.network.clone().or_else(|| by_subnet(cloud, place)) else {
            continue;
        };
        let mut tags = place.tags.clone();
        tags.sort();
        tags.dedup();
        sets.entry((network, tags, place.leaves_only)).or_default().push(place.hop.clone());
    }
    let rules = cloud.all(&super::FIREWALLS);
    let rules = rules.into_iter().map(|rule| (rule.get(("network", "network")), rule));
    let rules = cloud.by_target(rules, &super::NETWORKS);
    if rules.is_empty() {
        return;
    }
    for ((network, tags, leaves_only), hops) in sets {
        let mut found: Vec<(FilterRule, Vec<PeerDraft>)> = Vec::new();
        for part in rules.get(&network).into_iter().flatten() {
            let disabled = part.get(("disabled", "disabled")).flag() == Some(true);
            if disabled || !holds(*part, &tags) {
                continue;
            }
            found.extend(entries(*part, leaves_only));
        }
        // Without the network's own description others may add rules to it.
        let described = cloud.find(&network);
        let at = described.map(|part| part.resource.at);
        let everyone = || vec![PeerDraft::Block(Cidr::ANY_V4)];
        if !leaves_only {
            found
                .push((rule(Direction::Ingress, false, "-1", (0, u16::MAX), LAST, at), everyone()));
        }
        found.push((rule(Direction::Egress, true, "-1", (0, u16::MAX), LAST, at), everyone()));
        found.sort_by_key(|(rule, _)| (rule.priority, rule.allow));
        let (Name::Host(text) | Name::Id(_, text)) = &network;
        let of = described.map_or_else(|| text.clone(), super::title);
        let with =
            if tags.is_empty() { String::new() } else { format!(" for {}", tags.join(", ")) };
        draft.filters.push(FilterDraft {
            names: tags.iter().map(|tag| tag_name(&network, tag)).collect(),
            name: format!("firewall of {of}{with}"),
            kind: FilterKind::VpcFirewall,
            rules: found,
            partial: described.is_none_or(|part| part.resource.kind.starts_with("data.")),
            protects: hops.into_iter().map(Reach::Name).collect(),
            subnets: Vec::new(),
            at,
        });
    }
}

fn tag_name(network: &Name, tag: &str) -> Name {
    let (Name::Host(text) | Name::Id(_, text)) = network;
    Name::id("google tag", format!("{text}/{tag}"))
}

/// The network of the subnet that a hop is in.
fn by_subnet(cloud: &Cloud<'_>, place: &Placed) -> Option<Name> {
    let (subnet, _) = place.subnet.as_ref()?;
    let network = cloud.find(subnet)?.get(("network", "network"));
    cloud.canonical(network, &super::NETWORKS)
}

/// Whether a rule holds for what has these tags. One for accounts of services may or may not.
fn holds(part: Part<'_>, tags: &[String]) -> bool {
    let wanted = part.each(("target_tags", "targetTags"));
    let accounts = part.get(("target_service_accounts", "targetServiceAccounts"));
    if accounts.there().is_some() {
        return false;
    }
    wanted.is_empty() || wanted.iter().any(|tag| tags.iter().any(|own| tag.text() == Some(own)))
}

fn rule(
    direction: Direction,
    allow: bool,
    protocol: &str,
    (from_port, to_port): (u16, u16),
    priority: u32,
    at: Option<Span>,
) -> FilterRule {
    let (protocol, peers) = (protocol.to_owned(), Vec::new());
    FilterRule { direction, allow, protocol, from_port, to_port, peers, priority, at }
}

fn entries(part: Part<'_>, leaves_only: bool) -> Vec<(FilterRule, Vec<PeerDraft>)> {
    let egress = part.get(("direction", "direction")).word() == "egress";
    if leaves_only && !egress {
        return Vec::new();
    }
    let direction = if egress { Direction::Egress } else { Direction::Ingress };
    let order = part.get(("priority", "priority")).number().unwrap_or(USUAL);
    let order = u32::try_from(order).unwrap_or(LAST);
    let peers = peers(part, egress);
    let mut made = Vec::new();
    let ways: [(Names, bool); 2] = [(("allow", "allowed"), true), (("deny", "denied"), false)];
    for (names, allow) in ways {
        for one in part.each(names) {
            let protocol = match one.get(("protocol", "IPProtocol")).word().as_str() {
                "all" => "-1".to_owned(),
                "6" => "tcp".to_owned(),
                "17" => "udp".to_owned(),
                other => other.to_owned(),
            };
            let at = Some(one.span());
            let ports = one.each(("ports", "ports"));
            let ranges: Vec<Option<(u16, u16)>> =
                ports.iter().map(|port| port.text().and_then(range)).collect();
            if ranges.is_empty() {
                made.push((
                    rule(direction, allow, &protocol, (0, u16::MAX), order, at),
                    peers.clone(),
                ));
            }
            for (range, port) in ranges.into_iter().zip(&ports) {
                let unknown = || vec![PeerDraft::Unknown(port.written())];
                let (range, peers) = match range {
                    Some(range) => (range, peers.clone()),
                    // Which port it is about is not known, so nobody is known to be meant.
                    None => ((0, u16::MAX), unknown()),
                };
                made.push((rule(direction, allow, &protocol, range, order, at), peers));
            }
        }
    }
    made
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn peers(part: Part<'_>, egress: bool) -> Vec<PeerDraft> {
    let blocks: Names = if egress {
        ("destination_ranges", "destinationRanges")
    } else {
        ("source_ranges", "sourceRanges")
    };
    let block = |one: Part<'_>| match one.text().and_then(Cidr::parse) {
        Some(block) => PeerDraft::Block(block),
        None => PeerDraft::Unknown(one.written()),
    };
    let mut peers: Vec<PeerDraft> = part.each(blocks).into_iter().map(block).collect();
    if part.get(blocks).there().is_some() && peers.is_empty() {
        peers.push(PeerDraft::Unknown(part.get(blocks).written()));
    }
    if !egress {
        let network = part.get(("network", "network"));
        for tag in part.each(("source_tags", "sourceTags")) {
            let name = match (network.of.name(network.at.reference().unwrap_or("")), tag.text()) {
                (network_name, Some(text)) if network.at.reference().is_some() => {
                    PeerDraft::Group(tag_name(&network_name, text))
                }
                _ => PeerDraft::Unknown(tag.written()),
            };
            peers.push(name);
        }
        for account in part.each(("source_service_accounts", "sourceServiceAccounts")) {
            peers.push(PeerDraft::Unknown(account.written()));
        }
    }
    if peers.is_empty() {
        peers.push(PeerDraft::Block(Cidr::ANY_V4));
    }
    peers
}
