//! Network ACLs: they remember nothing, so that requests and answers each need a rule.

use std::collections::BTreeSet;

use model::config::{
    Cidr, Confidence, Direction, Filter, FilterKind, FilterRule, HopId, Link, LinkId, Peer,
    Prediction, Severity, System, Task,
};
use model::{Statement, Text};

use super::around::Around;
use super::judge::may_cover_tcp;
use super::{DENIES, LACKS, SERVING, links_between, sure};

/// Ports that clients connect from: those of AWS's load balancers, which hold those of Linux.
const EPHEMERAL: (u16, u16) = (1024, 65535);
/// Those of Linux unless set (`net.ipv4.ip_local_port_range`).
const EPHEMERAL_LINUX: (u16, u16) = (32768, 60999);

/// A network ACL that does not let answers through, which need rules of their own there.
pub(crate) fn return_path(system: &System) -> Vec<Prediction> {
    acl(system, true)
}

/// A network ACL that does not let requests through.
pub(crate) fn acl_forward(system: &System) -> Vec<Prediction> {
    acl(system, false)
}

fn acl(system: &System, answers: bool) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    if system.filters.iter().all(|filter| filter.kind != FilterKind::NetworkAcl) {
        return found;
    }
    let around = Around::new(system);
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for (id, link) in links_between(system, |_, _| true) {
        let (Some(from), Some(to)) = (around.blocks(link.from), around.blocks(link.to)) else {
            continue;
        };
        // Within a subnet no ACL judges; of several subnets only what all of them refuse is sure.
        if from.iter().any(|block| to.contains(block)) {
            continue;
        }
        let range = if system.hop(link.from).task == Task::LoadBalancer {
            EPHEMERAL
        } else {
            EPHEMERAL_LINUX
        };
        let serving = (link.port, link.port);
        let (at_target, at_sender) = if answers { (range, range) } else { (serving, serving) };
        let (leaves, comes) = (Direction::Egress, Direction::Ingress);
        let directions = if answers { (leaves, comes) } else { (comes, leaves) };
        let refusal = acl_of(&around, link.to, directions.0, at_target, &from)
            .or_else(|| acl_of(&around, link.from, directions.1, at_sender, &to));
        let Some((filter, rule, port)) = refusal else { continue };
        if !told.insert(&filter.name) {
            continue;
        }
        found.extend(acl_prediction(system, (id, link), (filter, rule, port), (range, answers)));
    }
    found
}

/// The first ACL around a hop that refuses a port of the range to some of the blocks.
fn acl_of<'s>(
    around: &Around<'s>,
    hop: HopId,
    direction: Direction,
    range: (u16, u16),
    others: &[Cidr],
) -> Option<(&'s Filter, Option<&'s FilterRule>, u16)> {
    for filter in around.acls(hop) {
        // An ACL whose rules the files do not hold judges nothing here.
        if filter.rules.is_empty() {
            continue;
        }
        let mut rules: Vec<&FilterRule> =
            filter.rules.iter().filter(|rule| rule.direction == direction).collect();
        rules.sort_by_key(|rule| rule.priority);
        for port in edges(&rules, range) {
            for other in others {
                if let Some(rule) = acl_refuses(&rules, port, *other) {
                    return Some((filter, rule, port));
                }
            }
        }
    }
    None
}

/// The ports of a range at which the judgement can change.
fn edges(rules: &[&FilterRule], (first, last): (u16, u16)) -> Vec<u16> {
    let mut ports = vec![first];
    for rule in rules {
        ports.push(rule.from_port);
        ports.extend(rule.to_port.checked_add(1));
    }
    ports.retain(|port| (first..=last).contains(port));
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// The rule that refuses, `Some(None)` if none speaks of it; `None` if it is let through or not known.
#[allow(clippy::option_option)]
fn acl_refuses<'s>(
    rules: &[&'s FilterRule],
    port: u16,
    other: Cidr,
) -> Option<Option<&'s FilterRule>> {
    for rule in rules {
        if !may_cover_tcp(rule, port) {
            continue;
        }
        if !rule.covers_tcp(port) {
            return None;
        }
        for peer in &rule.peers {
            match peer {
                Peer::Block(block) if other.within(*block) => {
                    return (!rule.allow).then_some(Some(rule));
                }
                Peer::Block(block) if !other.overlaps(*block) => {}
                _ => return None,
            }
        }
    }
    Some(None)
}

fn acl_prediction(
    system: &System,
    (id, link): (LinkId, &Link),
    (filter, rule, port): (&Filter, Option<&FilterRule>, u16),
    ((first, last), answers): ((u16, u16), bool),
) -> Option<Prediction> {
    let at = rule.and_then(|rule| rule.at).or(filter.at)?;
    let fill = |text| {
        Statement::plain(text)
            .with("filters", &filter.name)
            .with("from", &system.hop(link.from).name)
            .with("to", &system.hop(link.to).name)
            .with("port", port)
            .with("first", first)
            .with("last", last)
    };
    let known = if filter.partial { Confidence::Low } else { Confidence::High };
    let says = fill(if answers { ANSWERS } else { SERVING });
    Some(
        Prediction::new(Severity::Error, known.min(sure(system, &[], &[id])), says)
            .at(at, fill(if rule.is_some() { DENIES } else { LACKS }))
            .along(system, id)
            .change(fill(if answers { ANSWERS_CHANGE } else { FORWARD_CHANGE })),
    )
}

const ANSWERS: Text = Text::new(
    "{filters} does not let the answers of {to} back to {from}, which go to ports {first} to {last} ({port} \
     is refused): connections hang until they time out",
    "{filters} により、{to} から {from} への応答（宛先ポート {first} から {last}）が通りません（{port} が拒否されま\
     す）。タイムアウトまで応答がありません",
);
const ANSWERS_CHANGE: Text = Text::new(
    "allow TCP {first} to {last} between {to} and {from} in {filters}",
    "{filters} で {to} と {from} の間の TCP {first} から {last} を許可します",
);
const FORWARD_CHANGE: Text = Text::new(
    "allow TCP {port} from {from} to {to} in {filters}",
    "{filters} で {from} から {to} への TCP {port} を許可します",
);
