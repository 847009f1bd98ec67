//! Security groups, network ACLs and firewalls: whether what is in front of a hop may reach it, on the
//! port it serves and on the one that is checked, and whether the answers come back.

mod acl;
mod around;
mod judge;
mod sender;
#[cfg(test)]
mod tests;

use model::config::{Direction, Link, LinkId, Prediction, Severity, System, Task};
use model::{Statement, Text};

use super::said::{goes_public, sure};
pub(crate) use acl::{acl_forward, return_path};
use around::Around;
use judge::{Refusal, refused};
use sender::Sender;

/// A filter of the target, or of the sender, that does not let requests through.
pub(crate) fn serving(system: &System) -> Vec<Prediction> {
    let around = Around::new(system);
    links_between(system, |from, _| from != Task::Cdn)
        .filter_map(|(id, link)| between(&around, (id, link), link.port, SERVING))
        .collect()
}

/// The same for the port that the health check asks, where that is another one.
pub(crate) fn checking(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    let around = Around::new(system);
    for (id, link) in links_between(system, |_, _| true) {
        let ports = link.checks.iter().filter_map(|check| {
            let port = check.settings.count(model::config::Key::CheckPort)?;
            u16::try_from(port).ok().filter(|port| *port != 0 && *port != link.port)
        });
        for port in ports {
            found.extend(between(&around, (id, link), port, CHECKING));
        }
    }
    found
}

/// A filter of an origin that does not let a content delivery network through.
pub(crate) fn origin(system: &System) -> Vec<Prediction> {
    let around = Around::new(system);
    links_between(system, |from, _| from == Task::Cdn)
        .filter_map(|(id, link)| between(&around, (id, link), link.port, SERVING))
        .collect()
}

fn links_between(
    system: &System,
    wanted: fn(Task, Task) -> bool,
) -> impl Iterator<Item = (LinkId, &Link)> {
    system.links().filter(move |(_, link)| {
        let (from, to) = (system.hop(link.from).task, system.hop(link.to).task);
        link.port != 0 && link.from != link.to && wanted(from, to)
    })
}

fn between(
    around: &Around<'_>,
    (id, link): (LinkId, &Link),
    port: u16,
    says: Text,
) -> Option<Prediction> {
    let system = around.system;
    if around.filters(link.from).is_empty() && around.filters(link.to).is_empty() {
        return None;
    }
    let (from, to) = (Sender::of(around, link.from), Sender::of(around, link.to));
    // What a public name resolves to is no address of the network.
    let leaves = !goes_public(system, link);
    let comes = around
        .stateful(link.to)
        .find_map(|filters| refused(&filters, Direction::Ingress, port, &from));
    let goes = || {
        around
            .stateful(link.from)
            .filter(|_| leaves)
            .find_map(|filters| refused(&filters, Direction::Egress, port, &to))
    };
    let (refusal, at_target) = match comes {
        Some(refusal) => (refusal, true),
        None => (goes()?, false),
    };
    Some(predict(system, (id, link), port, (&refusal, at_target), says))
}

fn predict(
    system: &System,
    (id, link): (LinkId, &Link),
    port: u16,
    (refusal, at_target): (&Refusal<'_>, bool),
    says: Text,
) -> Prediction {
    let names: Vec<&str> = refusal.filters.iter().map(|filter| filter.name.as_str()).collect();
    let fill = |text| {
        Statement::plain(text)
            .with("from", &system.hop(link.from).name)
            .with("to", &system.hop(link.to).name)
            .with("port", port)
            .with("filters", names.join(", "))
    };
    let confidence = refusal.confidence.min(sure(system, &[], &[id]));
    let mut one = Prediction::new(Severity::Error, confidence, fill(says));
    let own = refusal.filters.iter().filter_map(|filter| filter.at);
    let at: Vec<_> = match refusal.rule.and_then(|rule| rule.at) {
        Some(at) => vec![at],
        None => own.collect(),
    };
    for at in at {
        one = one.at(at, fill(if refusal.rule.is_some() { DENIES } else { LACKS }));
    }
    one.along(system, id).change(fill(if at_target { OPEN_IN } else { OPEN_OUT }))
}

const SERVING: Text = Text::new(
    "{filters} does not let {from} reach {to} on port {port}: connections hang until they time out",
    "{filters} により、{from} から {to} のポート {port} への接続が通りません。タイムアウトまで応答がありません",
);
const CHECKING: Text = Text::new(
    "{filters} does not let the health check of {from} reach {to} on port {port}: every target is taken for \
     unhealthy",
    "{filters} により、{from} から {to} のポート {port} へのヘルスチェックが通りません。ターゲットはすべて異常とみな\
     されます",
);
const LACKS: Text = Text::new(
    "no rule of {filters} speaks of {port} between them",
    "{filters} に両者の間の {port} を許可するルールがありません",
);
const DENIES: Text = Text::new("this rule denies it", "このルールが拒否します");
const OPEN_IN: Text = Text::new(
    "allow TCP {port} from {from} in {filters}",
    "{filters} で {from} からの TCP {port} を許可します",
);
const OPEN_OUT: Text = Text::new(
    "allow TCP {port} to {to} in {filters}",
    "{filters} で {to} への TCP {port} を許可します",
);
