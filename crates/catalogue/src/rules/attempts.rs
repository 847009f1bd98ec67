//! Attempts: how often one request may be sent, and what that means for timers, for what is down, and
//! for requests that must not be sent twice.

use model::config::{Key, Link, LinkId, Prediction, Setting, Severity, System, Value};
use model::{Micros, Statement, Text};

use super::said::{any_written, sure};

/// Sendings of one request over two layers from which on a failing target gets a multiple of its
/// load: three by three.
const MANY: u64 = 9;

fn retries(link: &Link) -> Option<(&Setting, u64)> {
    let setting = link.get(Key::Retries)?;
    setting.count().filter(|n| *n > 0).map(|n| (setting, n))
}

/// All attempts together take longer than the hop in front waits.
pub(crate) fn longer_than_the_wait(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (outer_id, outer) in system.links() {
        for (inner_id, inner) in system.links_from(outer.to) {
            found.extend(longer(system, (outer_id, outer), (inner_id, inner)));
        }
    }
    found
}

fn longer(
    system: &System,
    (outer_id, outer): (LinkId, &Link),
    (inner_id, inner): (LinkId, &Link),
) -> Option<Prediction> {
    let (retried, more) = retries(inner)?;
    let attempt = inner.get(Key::AttemptTimeout)?;
    let each = attempt.time()?;
    // A bound on the whole exchange ends the attempts, too.
    let bounded = inner.get(Key::TotalTimeout).and_then(Setting::time);
    let all = Micros(each.0.saturating_mul(i64::try_from(more).ok()?.saturating_add(1)));
    let all = bounded.map_or(all, |bound| all.min(bound));
    let wait = [Key::TotalTimeout, Key::ResponseTimeout]
        .iter()
        .filter_map(|key| outer.get(*key))
        .filter(|setting| setting.time().is_some())
        .min_by_key(|setting| setting.time())?;
    let given_up = wait.time()?;
    // One attempt that is too long already is a matter of the ladder.
    if all <= given_up || each > given_up || !any_written(&[retried, attempt]) {
        return None;
    }
    let settings = [wait, retried, attempt];
    let middle = &system.hop(inner.from).name;
    let says = Statement::plain(LONGER)
        .with("middle", middle)
        .with("all", Value::Time(all))
        .with("outer", &system.hop(outer.from).name)
        .with("wait", &wait.value)
        .with("name", wait.name);
    Some(
        Prediction::new(Severity::Warning, sure(system, &settings, &[outer_id, inner_id]), says)
            .rests_on(system, inner.from, attempt)
            .rests_on(system, inner.from, retried)
            .rests_on(system, outer.from, wait)
            .along(system, inner_id)
            .step(
                Statement::plain(SUM)
                    .with("attempts", more + 1)
                    .with("each", &attempt.value)
                    .with("all", Value::Time(all))
                    .with("wait", &wait.value),
            )
            .change(
                Statement::plain(LONGER_CHANGE)
                    .with("name", attempt.name)
                    .with("middle", middle)
                    .with("each", Value::Time(Micros(given_up.0 / i64::try_from(more + 1).ok()?))),
            ),
    )
}

const LONGER: Text = Text::new(
    "{middle} may try for {all} in all, but {outer} in front gives up after {wait} ({name}): the last \
     attempts are made for nobody",
    "{middle} は再試行を含めて最大 {all} 試みますが、前にある {outer} は {wait} で打ち切ります（{name}）。後の\
     試行は無駄になります",
);
const SUM: Text = Text::new(
    "{attempts} attempts × {each} each = {all}, above {wait}",
    "{attempts} 回 × {each} = {all} で、{wait} を超えます",
);
const LONGER_CHANGE: Text = Text::new(
    "set {name} of {middle} to {each} or less, or allow fewer attempts",
    "{middle} の {name} を {each} 以下にするか、試行の回数を減らします",
);

/// Two layers that both try again send a failing target a multiple of its load.
pub(crate) fn multiplied(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (outer_id, outer) in system.links() {
        let Some((first, more)) = retries(outer) else { continue };
        for (inner_id, inner) in system.links_from(outer.to) {
            let Some((second, again)) = retries(inner) else { continue };
            let all = more.saturating_add(1).saturating_mul(again.saturating_add(1));
            if all < MANY || !any_written(&[first, second]) {
                continue;
            }
            let target = &system.hop(inner.to).name;
            let says = Statement::plain(MULTIPLIED)
                .with("outer", &system.hop(outer.from).name)
                .with("inner", &system.hop(inner.from).name)
                .with("target", target)
                .with("all", all);
            found.push(
                Prediction::new(
                    Severity::Warning,
                    sure(system, &[first, second], &[outer_id, inner_id]),
                    says,
                )
                .rests_on(system, outer.from, first)
                .rests_on(system, inner.from, second)
                .along(system, outer_id)
                .along(system, inner_id)
                .step(
                    Statement::plain(PRODUCT)
                        .with("first", more.saturating_add(1))
                        .with("second", again.saturating_add(1))
                        .with("all", all),
                )
                .change(
                    Statement::plain(MULTIPLIED_CHANGE)
                        .with("inner", &system.hop(inner.from).name)
                        .with("outer", &system.hop(outer.from).name),
                ),
            );
        }
    }
    found
}

const MULTIPLIED: Text = Text::new(
    "{outer} and {inner} both try again: while {target} fails, one request is sent to it up to {all} times",
    "{outer} と {inner} の両方が再試行します。{target} が失敗している間、1 件のリクエストが最大 {all} 回送られ\
     ます",
);
const PRODUCT: Text = Text::new(
    "{first} attempts × {second} attempts = {all}",
    "{first} 回 × {second} 回 = {all} 回",
);
const MULTIPLIED_CHANGE: Text = Text::new(
    "try again in one place only, {outer} or {inner}, and bound it by a budget",
    "再試行は {outer} か {inner} の一方だけにし、割合で上限を設けます",
);

/// A request that is not idempotent is sent again, so that one that breaks or delays a target meets
/// all of them in turn.
pub(crate) fn unsafe_methods(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (id, link) in system.links() {
        let Some(setting) = link.get(Key::RetryNonIdempotent) else { continue };
        if link.settings.flag(Key::RetryNonIdempotent) != Some(true) || !setting.is_written() {
            continue;
        }
        if link.settings.count(Key::Retries) == Some(0) {
            continue;
        }
        let told = |one: &Prediction| matches!(&one.places[0].0, model::config::PlaceOf::Setting(had) if had == setting);
        if found.iter().any(told) {
            continue;
        }
        let from = &system.hop(link.from).name;
        let says = Statement::plain(UNSAFE).with("hop", from).with("name", setting.name);
        found.push(
            Prediction::new(Severity::Warning, sure(system, &[setting], &[]), says)
                .rests_on(system, link.from, setting)
                .along(system, id)
                .change(
                    Statement::plain(UNSAFE_CHANGE).with("hop", from).with("name", setting.name),
                ),
        );
    }
    found
}

const UNSAFE: Text = Text::new(
    "{hop} sends requests again whose method is not idempotent ({name}): an order may be placed twice, and \
     a request that breaks a target is handed to the next one",
    "{hop} は冪等でないメソッドのリクエストも送り直します（{name}）。注文が二重になることがあり、ターゲットを\
     壊すリクエストは次のターゲットにも渡されます",
);
const UNSAFE_CHANGE: Text = Text::new(
    "take {name} of {hop} away, or let it hold for connections that failed before anything was sent",
    "{hop} の {name} を外すか、何も送らないうちに失敗した接続に限ります",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, count, only, secs, unknown};

    fn two_links(set: impl FnOnce(&mut Made, LinkId, LinkId)) -> System {
        let mut made = Made::new();
        let edge = made.hop(Task::LoadBalancer, "edge");
        let proxy = made.hop(Task::Gateway, "proxy");
        let app = made.hop(Task::App, "app");
        let outer = made.link(edge, proxy, "proxy:80");
        let inner = made.link(proxy, app, "app:3000");
        set(&mut made, outer, inner);
        made.system
    }

    #[test]
    fn attempts_add_up() {
        let with = |attempt, total: Option<Value>| {
            longer_than_the_wait(&two_links(|made, outer, inner| {
                made.default_link(outer, Key::ResponseTimeout, secs(60));
                made.set_link(inner, Key::Retries, count(2));
                made.set_link(inner, Key::AttemptTimeout, attempt);
                if let Some(total) = total.clone() {
                    made.set_link(inner, Key::TotalTimeout, total);
                }
            }))
        };
        let one = only(with(secs(30), None));
        assert!(one.changes[0].render(model::Lang::En).contains("20 s"));
        assert!(with(secs(20), None).is_empty());
        assert!(with(secs(30), Some(secs(60))).is_empty());
        assert!(with(unknown(), None).is_empty());
    }

    #[test]
    fn layers_multiply() {
        let with = |first, second| {
            multiplied(&two_links(|made, outer, inner| {
                made.set_link(outer, Key::Retries, first);
                made.set_link(inner, Key::Retries, second);
            }))
        };
        only(with(count(2), count(2)));
        assert!(with(count(1), count(2)).is_empty());
        assert!(with(count(0), count(9)).is_empty());
        assert!(with(count(2), unknown()).is_empty());
        assert_eq!(multiplied(&two_links(|_, _, _| ())).len(), 0);
    }

    #[test]
    fn what_must_not_be_sent_twice() {
        let with = |on| {
            unsafe_methods(&two_links(|made, _, inner| {
                made.set_link(inner, Key::RetryNonIdempotent, on);
            }))
        };
        only(with(Value::Flag(true)));
        assert!(with(Value::Flag(false)).is_empty());
        assert!(with(unknown()).is_empty());
    }
}
