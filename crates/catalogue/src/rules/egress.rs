//! Calls that leave the network although they need not: a database by its public address, and the own
//! service by its public name.

use model::config::{HopId, Key, Prediction, Severity, System, Task};
use model::{Statement, Text};

use super::inside_only;
use super::nat_budget::nat_of;
use super::said::{goes_public, sure};

const ALL: &str = "all-traffic";

/// A database on its public address, with all traffic through the network: every connection takes a
/// port of the NAT.
pub(crate) fn database(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        let Some(mode) = from.get(Key::EgressMode).filter(|mode| mode.text() == Some(ALL)) else {
            continue;
        };
        if to.task != Task::Database || !goes_public(system, link) {
            continue;
        }
        let says = Statement::plain(DATABASE).with("hop", &from.name).with("database", &to.name);
        let mut one = Prediction::new(Severity::Warning, sure(system, &[mode], &[id]), says)
            .rests_on(system, link.from, mode)
            .along(system, id);
        if let Some(public) = to.get(Key::PublicAddress) {
            one = one.rests_on(system, link.to, public);
        }
        found.push(one.change(Statement::plain(DATABASE_CHANGE).with("database", &to.name)));
    }
    found
}

const DATABASE: Text = Text::new(
    "{hop} sends all traffic through the network and reaches {database} by its public address: every \
     connection takes a port of the NAT, and they run out first at a release",
    "{hop} はすべての通信をネットワーク経由で送り、{database} にはパブリックアドレスで接続します。接続ごとに NAT \
     のポートを使い、リリース時に最初に尽きます",
);
const DATABASE_CHANGE: Text = Text::new(
    "give {database} a private address and connect to that",
    "{database} にプライベートアドレスを与え、そちらに接続します",
);

/// A program that calls its own service by the name that clients use.
pub(crate) fn own_name(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        let outside = matches!(to.task, Task::Cdn | Task::LoadBalancer | Task::Gateway);
        let Some(mode) = from.get(Key::EgressMode) else { continue };
        if from.task != Task::App || !outside || mode.text() != Some(ALL) {
            continue;
        }
        let Some((nat, _)) = nat_of(system, link.from) else { continue };
        if !reaches(system, link.to, link.from) {
            continue;
        }
        let onward = inside_only::onward(system, link.to, link);
        let own = onward.iter().find(|(_, next)| next.to == link.from);
        let (text, back) = match (own, onward.first()) {
            (Some(own), _) => (OWN_THROUGH_NAT, Some(own.0)),
            (None, Some(other)) => (SIBLING_THROUGH_NAT, Some(other.0)),
            (None, None) => (SIBLING_THROUGH_NAT, None),
        };
        let says = Statement::plain(text).with("hop", &from.name).with("front", &to.name);
        let mut one = Prediction::new(Severity::Warning, sure(system, &[mode], &[id]), says)
            .along(system, id)
            .rests_on(system, link.from, mode);
        if let Some(back) = back {
            one = one.along(system, back);
        }
        // The cure of one finding must not be what breaks the next release.
        if let Some((back, allowed)) = inside_only::allows_the_nat(system, link, nat) {
            one = one.rests_on(system, system.link(back).from, allowed).step(
                Statement::plain(OWN_NEEDS_NAT).with("front", &to.name).with("hop", &from.name),
            );
        }
        let change = if own.is_some() { OWN_CHANGE } else { SIBLING_CHANGE };
        found.push(one.change(Statement::plain(change).with("hop", &from.name)));
    }
    found
}

/// True if requests to one hop can come to the other.
fn reaches(system: &System, from: HopId, to: HopId) -> bool {
    let mut seen = vec![false; system.hops.len()];
    let mut open = vec![from];
    while let Some(hop) = open.pop() {
        if hop == to {
            return true;
        }
        let Some(seen) = seen.get_mut(hop.0 as usize) else { continue };
        if !std::mem::replace(seen, true) {
            open.extend(system.links_from(hop).map(|(_, link)| link.to));
        }
    }
    false
}

const OWN_THROUGH_NAT: Text = Text::new(
    "{hop} calls its own service by the public name of {front}: each such call leaves through the NAT, \
     takes one of its ports, and holds a second request of the same service",
    "{hop} は自分のサービスを {front} の公開名で呼び出します。呼び出しごとに NAT を通ってポートを使い、同じサービ\
     スのリクエストをもう 1 件占有します",
);
const SIBLING_THROUGH_NAT: Text = Text::new(
    "{hop} calls what stands beside it behind {front} by the public name: each such call leaves through the \
     NAT, takes one of its ports, and comes back",
    "{hop} は {front} の背後で隣にあるサービスを公開名で呼び出します。呼び出しごとに NAT を通ってポートを使い、戻っ\
     てきます",
);
const SIBLING_CHANGE: Text = Text::new(
    "let {hop} call it by an internal address, such as that of an internal load balancer, or by a proxy of \
     its own on 127.0.0.1 that does",
    "{hop} が内部ロードバランサーなどの内部アドレスか、そこへ送る 127.0.0.1 の自前のプロキシを呼び出すようにします",
);
const OWN_NEEDS_NAT: Text = Text::new(
    "{front} accepts this call only because it comes from the NAT's address: with private-ranges-only it \
     leaves past the NAT and is refused, so change the call first",
    "{front} がこの呼び出しを受け付けるのは NAT のアドレスから来るためです。private-ranges-only にすると NAT を\
     通らなくなり拒否されるので、先に呼び出し方を変えます",
);
const OWN_CHANGE: Text = Text::new(
    "let {hop} call itself by 127.0.0.1 or by an internal address",
    "{hop} が自分を 127.0.0.1 か内部アドレスで呼び出すようにします",
);

#[cfg(test)]
mod tests {
    use model::config::Value;

    use super::*;
    use crate::rules::test_support::{Made, only, text, unknown};

    fn sql(mode: Value, public: bool, private: Option<bool>, address: &str) -> Vec<Prediction> {
        let mut made = Made::new();
        let app = made.hop(Task::App, "web");
        let sql = made.hop(Task::Database, "sql");
        made.set(app, Key::EgressMode, mode);
        made.set(sql, Key::PublicAddress, Value::Flag(public));
        if let Some(private) = private {
            made.set(sql, Key::PrivateAddress, Value::Flag(private));
        }
        made.link(app, sql, address);
        database(&made.system)
    }

    #[test]
    fn a_database_inside_needs_no_nat() {
        only(sql(text(ALL), true, Some(false), "project:region:sql"));
        only(sql(text(ALL), true, Some(true), "203.0.114.9:5432"));
        assert!(sql(text(ALL), true, Some(true), "project:region:sql").is_empty());
        assert!(sql(text(ALL), true, None, "project:region:sql").is_empty());
        assert!(sql(text(ALL), true, Some(true), "10.0.0.9:5432").is_empty());
        assert!(
            sql(text("private-ranges-only"), true, Some(false), "project:region:sql").is_empty()
        );
        assert!(sql(unknown(), true, Some(false), "project:region:sql").is_empty());
    }

    #[test]
    fn a_service_that_calls_itself() {
        let with = |mode: &str, back: bool| {
            let mut made = Made::new();
            let front = made.hop(Task::LoadBalancer, "shop.example.com");
            let app = made.hop(Task::App, "web");
            made.hop(Task::Nat, "nat");
            made.set(app, Key::EgressMode, text(mode));
            made.link(app, front, "https://shop.example.com");
            if back {
                made.link(front, app, "web");
            }
            own_name(&made.system)
        };
        only(with(ALL, true));
        assert!(with("private-ranges-only", true).is_empty());
        assert!(with("none", true).is_empty());
        assert!(with(ALL, false).is_empty());
    }
}
