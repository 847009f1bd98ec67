//! Passive checks: how long a target is left out after how many failures.

use std::collections::BTreeSet;

use model::config::{HopId, Key, Prediction, Severity, System};
use model::{Micros, Statement, Text};

use super::said::{any_written, sure};

/// Time out of rotation after a single failure that leaves a small group without any target.
const LONG_OUT: Micros = Micros::from_secs(60);

/// Targets that are left out for long after a single failure: one slow route takes all of them out.
pub(crate) fn long_out(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    let mut told: BTreeSet<HopId> = BTreeSet::new();
    for (id, link) in system.links() {
        let (Some(fails), Some(out)) = (link.get(Key::MaxFails), link.get(Key::FailTimeout)) else {
            continue;
        };
        let long = out.time().is_some_and(|time| time >= LONG_OUT);
        if fails.count() != Some(1) || !long || !any_written(&[fails, out]) {
            continue;
        }
        let from = &system.hop(link.from).name;
        if !told.insert(link.from) {
            continue;
        }
        let mut group = system
            .links_from(link.from)
            .filter(|(_, other)| other.route == link.route && other.get(Key::MaxFails).is_some());
        if group.nth(1).is_none() {
            told.remove(&link.from);
            continue;
        }
        let says = Statement::plain(EJECTION)
            .with("from", from)
            .with("to", &system.hop(link.to).name)
            .with("out", &out.value);
        found.push(
            Prediction::new(Severity::Warning, sure(system, &[fails, out], &[id]), says)
                .rests_on(system, link.from, out)
                .rests_on(system, link.from, fails)
                .along(system, id)
                .change(
                    Statement::plain(EJECTION_CHANGE)
                        .with("fails", fails.name)
                        .with("out", out.name)
                        .with("from", from),
                ),
        );
    }
    found
}

const EJECTION: Text = Text::new(
    "{from} leaves {to} out for {out} after one failure: one slow route takes all targets out in turn, and \
     then every request fails",
    "{from} は 1 回の失敗で {to} を {out} 外します。遅い経路が 1 つあると全ターゲットが順に外れ、すべてのリクエストが失\
     敗します",
);
const EJECTION_CHANGE: Text = Text::new(
    "set {fails} of {from} to 3 or more, or {out} to 10 s",
    "{from} の {fails} を 3 以上にするか、{out} を 10 秒にします",
);

#[cfg(test)]
mod tests {
    use model::config::{Task, Value};

    use super::*;
    use crate::rules::test_support::{Made, count, only, secs, unknown};

    #[test]
    fn one_failure_is_not_the_end() {
        let with = |fails: Value, out: Value, targets: &[&str]| {
            let mut made = Made::new();
            let proxy = made.hop(Task::Gateway, "proxy");
            for target in targets {
                let app = made.hop(Task::App, target);
                let link = made.link(proxy, app, target);
                made.default_link(link, Key::MaxFails, fails.clone());
                made.set_link(link, Key::FailTimeout, out.clone());
            }
            long_out(&made.system)
        };
        only(with(count(1), secs(60), &["a:1", "b:1"]));
        assert!(with(count(1), secs(60), &["a:1"]).is_empty());
        assert!(with(count(1), secs(10), &["a:1", "b:1"]).is_empty());
        assert!(with(count(3), secs(60), &["a:1", "b:1"]).is_empty());
        assert!(with(unknown(), secs(60), &["a:1", "b:1"]).is_empty());
    }
}
