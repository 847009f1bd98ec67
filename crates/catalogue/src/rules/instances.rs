//! Instances of a service: none at all, or far fewer than whoever calls it may keep busy.

use model::config::{Hop, HopId, Key, Link, Prediction, Setting, Severity, System, Task, Value};
use model::{Statement, Text};

use super::said::{Instances, any_written, is_served, number, sure};

/// From how many times its capacity on a caller is too much for a service.
const OVERLOAD: u64 = 4;

/// A service that takes far fewer requests at a time than its caller may have under way.
pub(crate) fn callers(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        if from.task != Task::App || to.task != Task::App || link.from == link.to {
            continue;
        }
        let (Some(sends), Some(takes)) = (Capacity::of(from), Capacity::of(to)) else { continue };
        if sends.all() < takes.all().saturating_mul(OVERLOAD)
            || !any_written(&[sends.most, sends.each, takes.most, takes.each])
        {
            continue;
        }
        found.push(predict(system, (id, link), (&sends, &takes)));
    }
    found
}

/// Requests that all instances of a service take at a time.
struct Capacity<'s> {
    most: &'s Setting,
    each: &'s Setting,
    instances: u64,
    at_a_time: u64,
}

impl<'s> Capacity<'s> {
    fn of(hop: &'s Hop) -> Option<Capacity<'s>> {
        let (each, at_a_time) = number(hop, Key::Concurrency)?;
        let instances = Instances::of(hop);
        Some(Capacity { most: instances.most?, each, instances: instances.at_most(), at_a_time })
    }

    fn all(&self) -> u64 {
        self.instances.saturating_mul(self.at_a_time)
    }

    fn step(&self, hop: &Hop) -> Statement {
        Statement::plain(CAPACITY)
            .with("hop", &hop.name)
            .with("instances", self.instances)
            .with("each", self.at_a_time)
            .with("all", self.all())
    }
}

fn predict(
    system: &System,
    (id, link): (model::config::LinkId, &Link),
    (sends, takes): (&Capacity, &Capacity),
) -> Prediction {
    let (from, to) = (system.hop(link.from), system.hop(link.to));
    let says = Statement::plain(CALLERS)
        .with("from", &from.name)
        .with("sends", sends.all())
        .with("to", &to.name)
        .with("takes", takes.all());
    let settings = [takes.most, takes.each, sends.most, sends.each];
    Prediction::new(Severity::Note, sure(system, &settings, &[id]), says)
        .rests_on(system, link.to, takes.most)
        .rests_on(system, link.to, takes.each)
        .rests_on(system, link.from, sends.most)
        .rests_on(system, link.from, sends.each)
        .along(system, id)
        .step(sends.step(from))
        .step(takes.step(to))
        .change(
            Statement::plain(CALLERS_CHANGE)
                .with("name", takes.most.name)
                .with("to", &to.name)
                .with("enough", sends.all().div_ceil(takes.at_a_time.max(1))),
        )
}

const CALLERS: Text = Text::new(
    "{from} may have {sends} requests under way, but {to} takes {takes} at a time: at its peak the rest is \
     refused with 429 or 503",
    "{from} は同時に {sends} 件まで処理しますが、呼び出し先の {to} が受けられるのは {takes} 件です。ピーク時には残り\
     が 429 か 503 になります",
);
const CAPACITY: Text = Text::new(
    "{hop}: {instances} × {each} at a time = {all}",
    "{hop}: {instances} × 同時 {each} 件 = {all}",
);
const CALLERS_CHANGE: Text = Text::new(
    "let {to} grow to {enough} instances ({name}) if every request calls it, or bound the calls",
    "すべてのリクエストが呼び出すなら {to} の上限を {enough} インスタンスにするか（{name}）、呼び出しの数を制限します",
);

/// Instances that are none: whatever is sent there finds nobody.
pub(crate) fn none(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops_that(Task::App) {
        let Some(most) = hop.get(Key::MaxInstances) else { continue };
        // Zero is the platform's default where it is no limit (Cloud Run's API).
        let none = most.count() == Some(0) && most.is_written() && !hop.runs("Cloud Run");
        if !none || !is_served(system, id) {
            continue;
        }
        found.push(nobody(system, id, most));
    }
    found
}

fn nobody(system: &System, id: HopId, most: &Setting) -> Prediction {
    let hop = system.hop(id);
    let says = Statement::plain(NOBODY).with("hop", &hop.name).with("name", most.name);
    let mut one = Prediction::new(Severity::Error, sure(system, &[most], &[]), says)
        .rests_on(system, id, most)
        .change(Statement::plain(NOBODY_CHANGE).with("hop", &hop.name).with("name", most.name))
        .edit(most.changed_to(&Value::Count(1), &hop.slots));
    for (link, _) in system.links_to(id) {
        one = one.along(system, link);
    }
    one
}

const NOBODY: Text = Text::new(
    "requests are sent to {hop}, of which no instance runs ({name} is 0): they end as 503",
    "{hop} はリクエストの送り先ですが、インスタンスがありません（{name} が 0）。リクエストは 503 になります",
);
const NOBODY_CHANGE: Text =
    Text::new("set {name} of {hop} to at least 1", "{hop} の {name} を 1 以上にします");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, count, only, served, unknown};

    #[test]
    fn a_service_takes_what_its_callers_send() {
        let with = |most, each| {
            let mut made = Made::new();
            let front = made.hop(Task::App, "front");
            let back = made.hop(Task::App, "back");
            made.link(front, back, "back");
            made.set(front, Key::MaxInstances, count(20));
            made.set(front, Key::Concurrency, count(80));
            made.set(back, Key::MaxInstances, most);
            made.set(back, Key::Concurrency, each);
            callers(&made.system)
        };
        assert_eq!(only(with(count(2), count(10))).arithmetic.len(), 2);
        assert!(with(count(10), count(80)).is_empty());
        assert!(with(unknown(), count(10)).is_empty());
    }

    #[test]
    fn nobody_is_there() {
        let with = |most, product| {
            none(&served(|made, app| {
                made.runs(app, product, "");
                made.set(app, Key::MaxInstances, most);
            }))
        };
        only(with(count(0), "ECS"));
        assert!(with(count(0), "Cloud Run").is_empty());
        assert!(with(count(1), "ECS").is_empty());
        assert!(with(unknown(), "ECS").is_empty());
    }
}
