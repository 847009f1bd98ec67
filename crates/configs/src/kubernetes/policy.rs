//! Network policies: which Pods may be reached, and what they may reach.
//! <https://kubernetes.io/docs/concepts/services-networking/network-policies/>

use model::config::{Cidr, Direction, FilterKind, FilterRule};

use super::Cluster;
use super::object::{Object, label_pairs};
use super::workloads::Workload;
use crate::draft::{Draft, FilterDraft, Name, PeerDraft, Reach};
use crate::tree::At;

/// Rules, ports, peers that are read.
const MOST_ITEMS: usize = 100;

/// Reads network policies.
pub(super) fn read(cluster: &Cluster<'_>, workloads: &[Workload], draft: &mut Draft) {
    for object in cluster.all(&["NetworkPolicy"]) {
        let selector = object.spec("podSelector");
        if selector.get("matchExpressions").items().next().is_some() {
            let says = format!(
                "NetworkPolicy {} selects Pods by expressions: it was left out",
                object.name
            );
            draft.remark(object.span(selector), says);
            continue;
        }
        draft.filters.push(filter(&object, selector, workloads));
    }
}

fn filter(object: &Object<'_>, selector: At<'_>, workloads: &[Workload]) -> FilterDraft {
    let labels = object.labels(selector.get("matchLabels"));
    let selected: Vec<&Workload> =
        workloads.iter().filter(|workload| workload.carries(&labels.0, &labels.1)).collect();
    let mut rules = Vec::new();
    for (direction, list, peers) in
        [(Direction::Ingress, "ingress", "from"), (Direction::Egress, "egress", "to")]
    {
        let own = object.spec(list);
        if !speaks_of(object, direction) {
            // What a policy does not speak of it does not restrict.
            let rule = FilterRule::allows(direction, "-1", (0, u16::MAX), Some(object.here()));
            rules.push((rule, anywhere()));
            continue;
        }
        for item in own.items().take(MOST_ITEMS) {
            let peers = others(item.get(peers));
            for (protocol, range, known) in ports(item.get("ports"), &selected) {
                let rule = FilterRule::allows(direction, &protocol, range, Some(object.span(item)));
                let unknown = || vec![PeerDraft::Unknown("a port by its name".to_owned())];
                rules.push((rule, if known { peers.clone() } else { unknown() }));
            }
        }
    }
    FilterDraft {
        names: vec![Name::id("kubernetes policy", object.key())],
        name: object.name.to_owned(),
        kind: FilterKind::NetworkPolicy,
        rules,
        partial: false,
        protects: vec![Reach::Labels(labels)],
        subnets: Vec::new(),
        at: Some(object.here()),
    }
}

/// Whether the policy restricts this direction: as it says, else incoming traffic, and outgoing where
/// it has rules for it.
fn speaks_of(object: &Object<'_>, direction: Direction) -> bool {
    let types = object.spec("policyTypes");
    let (word, list) = match direction {
        Direction::Ingress => ("Ingress", "ingress"),
        Direction::Egress => ("Egress", "egress"),
    };
    if types.items().next().is_some() {
        return types.items().take(MOST_ITEMS).any(|item| item.text() == Some(word));
    }
    direction == Direction::Ingress || object.spec(list).there().is_some()
}

fn anywhere() -> Vec<PeerDraft> {
    let v6 = Cidr::parse("::/0").map(PeerDraft::Block);
    std::iter::once(PeerDraft::Block(Cidr::ANY_V4)).chain(v6).collect()
}

/// Protocol and ports of a rule, and whether they are known.
fn ports(list: At<'_>, selected: &[&Workload]) -> Vec<(String, (u16, u16), bool)> {
    let mut found = Vec::new();
    for item in list.items().take(MOST_ITEMS) {
        let protocol = item.get("protocol").text().unwrap_or("TCP").to_ascii_lowercase();
        let port = item.get("port");
        let named = || selected.iter().find_map(|workload| workload.port(port.text()?));
        let number = port.number().and_then(|n| u16::try_from(n).ok()).or_else(named);
        let (range, known) = match (port.there(), number) {
            (None, _) => ((0, u16::MAX), true),
            (Some(_), None) => ((0, u16::MAX), false),
            (Some(_), Some(from)) => {
                let end = item.get("endPort").number().and_then(|n| u16::try_from(n).ok());
                ((from, end.unwrap_or(from).max(from)), true)
            }
        };
        found.push((protocol, range, known));
    }
    if found.is_empty() {
        found.push(("-1".to_owned(), (0, u16::MAX), true));
    }
    found
}

/// The other ends of a rule; none named is anybody.
fn others(list: At<'_>) -> Vec<PeerDraft> {
    let mut found = Vec::new();
    for item in list.items().take(MOST_ITEMS) {
        let block = item.at("ipBlock.cidr").text().and_then(Cidr::parse);
        let excepts = item.at("ipBlock.except").items().next().is_some();
        found.push(match block {
            Some(block) if !excepts => PeerDraft::Block(block),
            Some(block) => PeerDraft::Unknown(format!("{block} with exceptions")),
            None => PeerDraft::Unknown(described(item)),
        });
    }
    if found.is_empty() { anywhere() } else { found }
}

/// Pods and namespaces in words, as selectors name them.
fn described(peer: At<'_>) -> String {
    let part = |name: &str, word: &str| {
        let selector = peer.get(name).there()?;
        let labels = label_pairs(selector.get("matchLabels"));
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        Some(match labels.is_empty() {
            true => format!("all {word}"),
            false => format!("{word} {}", labels.join(",")),
        })
    };
    let parts: Vec<String> = [part("podSelector", "pods"), part("namespaceSelector", "namespaces")]
        .into_iter()
        .flatten()
        .collect();
    if parts.is_empty() { "a peer that was not understood".to_owned() } else { parts.join(" in ") }
}
