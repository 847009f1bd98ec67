//! Idle connections that something forgets or closes before the pool that holds them gives them up.

use model::config::{
    Guard, HopId, Key, Order, Prediction, Setting, Severity, Shape, Site, System, Task, Term, Value,
};
use model::{Micros, Statement, Text};

use super::nat_budget::nat_of;
use super::said::{any_written, goes_public, sure};

const POOLS: &[Key] = &[Key::UpstreamIdleTimeout, Key::PoolIdleTimeout, Key::PoolMaxLifetime];

/// A balancer or firewall that forgets an idle flow, and the pool of whoever connects through it.
pub(crate) static FORGOTTEN: Order = Order {
    shape: Shape::Link,
    longer: Term { site: Site::To, keys: &[Key::FlowIdleTimeout] },
    shorter: Term { site: Site::Link, keys: POOLS },
    margin: Micros(0),
    when: &[
        Guard::NotOff(Site::Link, Key::UpstreamKeepAlive),
        Guard::Written(&[
            (Site::To, Key::FlowIdleTimeout),
            (Site::Link, Key::UpstreamIdleTimeout),
            (Site::Link, Key::PoolIdleTimeout),
            (Site::Link, Key::PoolMaxLifetime),
        ]),
    ],
    severity: Severity::Warning,
    decides: false,
    says: Text::new(
        "{longer_hop} forgets idle connections after {longer} ({longer_name}), but {shorter_hop} keeps them \
         for {shorter} ({shorter_name}): the first request after a pause hangs or is reset",
        "{longer_hop} はアイドル接続を {longer} で忘れますが（{longer_name}）、{shorter_hop} は {shorter} 保持し\
         ます（{shorter_name}）。間が空いた後の最初のリクエストが応答なしになるか、リセットされます",
    ),
};

/// A database that closes idle connections, and the pool that still holds them.
pub(crate) static DATABASE: Order = Order {
    longer: Term { site: Site::To, keys: &[Key::ClientIdleTimeout] },
    shorter: Term { site: Site::Link, keys: &[Key::PoolIdleTimeout, Key::PoolMaxLifetime] },
    when: &[
        Guard::Is(Site::To, &[Task::Database]),
        Guard::Written(&[
            (Site::To, Key::ClientIdleTimeout),
            (Site::Link, Key::PoolIdleTimeout),
            (Site::Link, Key::PoolMaxLifetime),
        ]),
    ],
    says: Text::new(
        "{longer_hop} closes idle connections after {longer} ({longer_name}), but the pool of {shorter_hop} \
         keeps them for {shorter} ({shorter_name}): the first query on such a connection fails",
        "{longer_hop} はアイドル接続を {longer} で閉じますが（{longer_name}）、{shorter_hop} のプールは \
         {shorter} 保持します（{shorter_name}）。その接続での最初のクエリは失敗します",
    ),
    ..FORGOTTEN
};

/// A NAT that forgets an idle flow, and the pools of the programs that leave through it.
pub(crate) fn through_nat(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (id, link) in system.links() {
        if !goes_public(system, link) || link.settings.flag(Key::UpstreamKeepAlive) == Some(false) {
            continue;
        }
        let Some((nat, least)) = nat_of(system, link.from) else { continue };
        let Some(forgets) = system.hop(nat).get(Key::FlowIdleTimeout) else { continue };
        let Some(after) = forgets.time() else { continue };
        let held = POOLS.iter().filter_map(|key| link.get(*key));
        let Some((pool, kept)) = held.filter_map(kept).min_by_key(|(_, kept)| *kept) else {
            continue;
        };
        if kept <= after || !any_written(&[forgets, pool]) {
            continue;
        }
        let confidence = sure(system, &[forgets, pool], &[id]).min(least);
        found.push(
            forgotten(system, (link.from, pool), (nat, forgets), confidence).along(system, id),
        );
    }
    found
}

fn kept(setting: &Setting) -> Option<(&Setting, Micros)> {
    match setting.value {
        Value::Time(time) => Some((setting, time)),
        Value::Unlimited => Some((setting, Micros(i64::MAX))),
        _ => None,
    }
}

fn forgotten(
    system: &System,
    (holder, pool): (HopId, &Setting),
    (nat, forgets): (HopId, &Setting),
    confidence: model::config::Confidence,
) -> Prediction {
    let says = Statement::plain(THROUGH_NAT)
        .with("nat", &system.hop(nat).name)
        .with("after", &forgets.value)
        .with("hop", &system.hop(holder).name)
        .with("kept", &pool.value)
        .with("name", pool.name);
    Prediction::new(Severity::Warning, confidence, says)
        .rests_on(system, holder, pool)
        .rests_on(system, nat, forgets)
        .change(
            Statement::plain(THROUGH_NAT_CHANGE)
                .with("name", pool.name)
                .with("hop", &system.hop(holder).name)
                .with("after", &forgets.value),
        )
}

const THROUGH_NAT: Text = Text::new(
    "the NAT {nat} forgets idle connections after {after}, but {hop} keeps them for {kept} ({name}): the \
     first request after a pause hangs or is reset",
    "NAT {nat} はアイドル接続を {after} で忘れますが、{hop} は {kept} 保持します（{name}）。間が空いた後の最初の\
     リクエストが応答なしになるか、リセットされます",
);
const THROUGH_NAT_CHANGE: Text = Text::new(
    "set {name} of {hop} below {after}, or switch TCP keep-alive on with a shorter interval",
    "{hop} の {name} を {after} より短くするか、それより短い間隔の TCP キープアライブを有効にします",
);

#[cfg(test)]
mod tests {
    use model::config::Via;

    use super::*;
    use crate::rules::test_support::{Made, only, secs, unknown};

    fn with(kept: Value) -> Vec<Prediction> {
        let mut made = Made::new();
        let app = made.hop(Task::App, "app");
        let nat = made.hop(Task::Nat, "out");
        let api = made.hop(Task::External, "api.example.com");
        let link = made.link(app, api, "https://api.example.com:443");
        let subnet = made.subnet("10.0.0.0/24", &[app]);
        made.route(subnet, "0.0.0.0/0", Via::Nat("out".to_owned()));
        made.default(nat, Key::FlowIdleTimeout, secs(350));
        made.set_link(link, Key::UpstreamIdleTimeout, kept);
        through_nat(&made.system)
    }

    #[test]
    fn a_nat_outlasts_the_pools_behind_it() {
        only(with(secs(600)));
        only(with(Value::Unlimited));
        assert!(with(secs(60)).is_empty());
        assert!(with(unknown()).is_empty());
    }
}
