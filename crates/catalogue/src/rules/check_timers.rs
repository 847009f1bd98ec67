//! Timers of health checks: a check that may take longer than the time to the next one, and one that
//! kills a program before it has started.

use model::config::{Check, CheckKind, HopId, Key, Prediction, Setting, Severity, System, Value};
use model::{Micros, Statement, Text};

use super::said::{any_written, sure};

/// A check that may take longer than the time between two: a dead target is found later than its
/// interval and threshold say.
pub(crate) fn overlapping(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    let of_links = system
        .links()
        .flat_map(|(_, link)| link.checks.iter().map(move |check| (link.from, check)));
    let of_hops =
        system.hops().flat_map(|(id, hop)| hop.checks.iter().map(move |check| (id, check)));
    let mut told: Vec<&Setting> = Vec::new();
    for (hop, check) in of_links.chain(of_hops) {
        let (Some(timeout), Some(interval)) =
            (check.settings.get(Key::CheckTimeout), check.settings.get(Key::CheckInterval))
        else {
            continue;
        };
        let (Some(takes), Some(every)) = (timeout.time(), interval.time()) else { continue };
        if takes <= every || !timeout.is_written() || told.contains(&timeout) {
            continue;
        }
        told.push(timeout);
        found.push(predict(system, hop, check, (timeout, interval)));
    }
    found
}

fn predict(
    system: &System,
    hop: HopId,
    check: &Check,
    (timeout, interval): (&Setting, &Setting),
) -> Prediction {
    let says = Statement::plain(OVERLAPPING)
        .with("hop", &system.hop(hop).name)
        .with("timeout", &timeout.value)
        .with("interval", &interval.value);
    let mut one = Prediction::new(Severity::Warning, sure(system, &[timeout, interval], &[]), says)
        .rests_on(system, hop, timeout)
        .rests_on(system, hop, interval);
    let threshold = check.settings.get(Key::CheckUnhealthyThreshold);
    if let Some((setting, times)) = threshold.and_then(|s| Some((s, s.count()?)))
        && let Some(Micros(takes)) = timeout.time()
    {
        let all = takes.saturating_mul(i64::try_from(times).unwrap_or(i64::MAX));
        one = one.rests_on(system, hop, setting).step(
            Statement::plain(STEP)
                .with("times", times)
                .with("timeout", &timeout.value)
                .with("all", Value::Time(Micros(all))),
        );
    }
    one.change(
        Statement::plain(OVERLAPPING_CHANGE)
            .with("name", timeout.name)
            .with("hop", &system.hop(hop).name)
            .with("interval", &interval.value),
    )
}

const OVERLAPPING: Text = Text::new(
    "one health check of {hop} may take {timeout}, longer than the {interval} between two: a target that \
     hangs gets requests for longer than the interval says",
    "{hop} のヘルスチェックは 1 回に最大 {timeout} かかり、間隔の {interval} を超えます。応答しないターゲットに、間隔\
     から考えるより長くリクエストが送られます",
);
const STEP: Text = Text::new(
    "{times} failures × {timeout} = {all} until it is out",
    "失敗 {times} 回 × {timeout} = 外れるまで {all}",
);
const OVERLAPPING_CHANGE: Text = Text::new(
    "set {name} of {hop} below {interval}",
    "{hop} の {name} を {interval} より短くします",
);

/// Time until a dead target is out that nobody would ask of a balancer: five minutes.
const TOO_LATE: Micros = Micros::from_secs(300);

/// A balancer that needs minutes to find out that a target is dead.
pub(crate) fn notices_late(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    let mut told: Vec<&Check> = Vec::new();
    for (_, link) in system.links() {
        for check in link.checks.iter().filter(|check| check.kind == CheckKind::Balancer) {
            if told.contains(&check) {
                continue;
            }
            told.push(check);
            found.extend(late(system, link.from, check));
        }
    }
    found
}

fn late(system: &System, id: HopId, check: &Check) -> Option<Prediction> {
    let interval = check.settings.get(Key::CheckInterval)?;
    let threshold = check.settings.get(Key::CheckUnhealthyThreshold)?;
    let times = i64::try_from(threshold.count()?).ok()?;
    let all = Micros(interval.time()?.0.saturating_mul(times));
    let both = [interval, threshold];
    if all < TOO_LATE || !any_written(&both) {
        return None;
    }
    let says =
        Statement::plain(LATE).with("hop", &system.hop(id).name).with("all", Value::Time(all));
    let one = Prediction::new(Severity::Note, sure(system, &both, &[]), says)
        .rests_on(system, id, interval)
        .rests_on(system, id, threshold)
        .step(
            Statement::plain(LATE_STEP)
                .with("interval", &interval.value)
                .with("times", times)
                .with("all", Value::Time(all)),
        )
        .change(Statement::plain(LATE_CHANGE).with("hop", &system.hop(id).name));
    Some(one)
}

const LATE: Text = Text::new(
    "{hop} needs up to {all} to find out that a target is dead, and sends it requests all that time",
    "{hop} はターゲットの停止に気づくまで最大 {all} かかり、その間もリクエストを送り続けます",
);
const LATE_STEP: Text = Text::new(
    "{interval} between checks × {times} failures = {all}",
    "チェック間隔 {interval} × 失敗 {times} 回 = {all}",
);
const LATE_CHANGE: Text = Text::new(
    "let {hop} check every 10 s and take a target out after 2 or 3 failures",
    "{hop} が 10 秒ごとにチェックし、2～3 回の失敗でターゲットを外すようにします",
);

/// Time in which a program has to be up that nobody would ask of one: ten seconds.
const TOO_SOON: Micros = Micros::from_secs(10);

/// A check that kills a program that is not up after a few seconds.
pub(crate) fn kills_starters(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        if hop.checks.iter().any(|check| check.kind == CheckKind::Startup) {
            continue;
        }
        for check in hop.checks.iter().filter(|check| check.kind == CheckKind::Liveness) {
            found.extend(kills(system, id, check));
        }
    }
    found
}

fn kills(system: &System, id: HopId, check: &Check) -> Option<Prediction> {
    let hop = system.hop(id);
    let interval = check.settings.get(Key::CheckInterval)?;
    let threshold = check.settings.get(Key::CheckUnhealthyThreshold)?;
    let start = check.settings.get(Key::CheckStartPeriod);
    // A start that is written but not known is not taken for none.
    let free = start.map_or(Some(Micros(0)), Setting::time)?;
    let times = i64::try_from(threshold.count()?).ok()?;
    let budget = Micros(free.0.saturating_add(interval.time()?.0.saturating_mul(times)));
    if budget > TOO_SOON || !any_written(&[interval, threshold]) {
        return None;
    }
    let says = Statement::plain(KILLS).with("hop", &hop.name).with("budget", Value::Time(budget));
    let settings: Vec<&Setting> =
        [Some(interval), Some(threshold), start].into_iter().flatten().collect();
    let mut one = Prediction::new(Severity::Warning, sure(system, &settings, &[]), says);
    for setting in settings {
        one = one.rests_on(system, id, setting);
    }
    Some(
        one.step(
            Statement::plain(KILLS_STEP)
                .with("free", Value::Time(free))
                .with("interval", &interval.value)
                .with("times", times)
                .with("budget", Value::Time(budget)),
        )
        .change(Statement::plain(KILLS_CHANGE).with("hop", &hop.name)),
    )
}

const KILLS: Text = Text::new(
    "{hop} is killed if it does not answer {budget} after its start: a start that takes longer once, under \
     load, is repeated for ever",
    "{hop} は起動後 {budget} 以内に応答しないと強制終了されます。負荷などで一度でも起動が遅れると、再起動を繰り返しま\
     す",
);
const KILLS_STEP: Text = Text::new(
    "{free} at the start + {interval} × {times} failures = {budget}",
    "開始時の {free} + {interval} × 失敗 {times} 回 = {budget}",
);
const KILLS_CHANGE: Text = Text::new(
    "give {hop} a start-up probe with as long as its slowest start takes",
    "{hop} に、最も遅い起動に足りる起動プローブを加えます",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, count, only, secs, unknown};

    #[test]
    fn a_check_ends_before_the_next() {
        let with = |timeout, interval| {
            let mut made = Made::new();
            let front = made.hop(Task::LoadBalancer, "front");
            let app = made.hop(Task::App, "app");
            let link = made.link(front, app, "app:3000");
            made.check_by(
                link,
                &[
                    (Key::CheckTimeout, timeout),
                    (Key::CheckInterval, interval),
                    (Key::CheckUnhealthyThreshold, count(3)),
                ],
            );
            overlapping(&made.system)
        };
        assert_eq!(only(with(secs(10), secs(5))).arithmetic.len(), 1);
        assert!(with(secs(5), secs(5)).is_empty());
        assert!(with(secs(10), unknown()).is_empty());
    }

    #[test]
    fn a_dead_target_is_out_within_minutes() {
        let with = |interval: Value, times: Value| {
            let mut made = Made::new();
            let front = made.hop(Task::LoadBalancer, "front");
            let app = made.hop(Task::App, "app");
            let link = made.link(front, app, "app:3000");
            let settings = [(Key::CheckInterval, interval), (Key::CheckUnhealthyThreshold, times)];
            made.check_by(link, &settings);
            notices_late(&made.system)
        };
        assert_eq!(only(with(secs(300), count(10))).arithmetic.len(), 1);
        assert!(with(secs(30), count(3)).is_empty());
        assert!(with(secs(300), unknown()).is_empty());
        assert!(with(unknown(), count(10)).is_empty());
    }

    #[test]
    fn a_program_has_time_to_start() {
        let with = |start: Option<Value>, interval: Value, kinds: &[CheckKind]| {
            let mut made = Made::new();
            let app = made.hop(Task::App, "app");
            for kind in kinds {
                let mut settings = vec![
                    (Key::CheckInterval, interval.clone()),
                    (Key::CheckUnhealthyThreshold, count(3)),
                ];
                settings.extend(start.clone().map(|start| (Key::CheckStartPeriod, start)));
                made.check_of(app, *kind, &settings);
                if *kind == CheckKind::Startup {
                    break;
                }
            }
            kills_starters(&made.system)
        };
        only(with(None, secs(2), &[CheckKind::Liveness]));
        assert!(with(None, secs(10), &[CheckKind::Liveness]).is_empty());
        assert!(with(Some(secs(30)), secs(2), &[CheckKind::Liveness]).is_empty());
        assert!(with(Some(unknown()), secs(2), &[CheckKind::Liveness]).is_empty());
        assert!(with(None, secs(2), &[CheckKind::Readiness]).is_empty());
        assert!(with(None, secs(2), &[CheckKind::Startup]).is_empty());
    }
}
