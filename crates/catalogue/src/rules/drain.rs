//! What happens to requests when an instance is taken away: it has to leave rotation first, then to
//! finish, and only then to be killed.

use model::config::{
    Confidence, Guard, Hop, HopId, Key, LinkId, Order, Prediction, Setting, Severity, Shape, Site,
    System, Task, Term, Value,
};
use model::{Micros, Statement, Text};

use super::said::{any_written, is_served, stands_in, sure};

const WAITS: &[Key] = &[Key::ResponseTimeout, Key::TotalTimeout];
const WAIT_STATED: Guard =
    Guard::Written(&[(Site::Link, Key::ResponseTimeout), (Site::Link, Key::TotalTimeout)]);

/// Where bytes are only passed on, the wait is for silence and says nothing of requests.
const OF_REQUESTS: Guard = Guard::NotOneOf(Site::Link, Key::UpstreamProtocol, &["tcp", "udp"]);
/// Who waits longer than this for an answer waits for streams, which nobody lets finish at a release.
const LONGEST_REQUEST: Micros = Micros(1_800_000_000);

/// The wait for a response that somebody wrote is how long requests may take: the time until the kill
/// has to be longer. Where connections are upgraded, it bounds the silence between two messages.
pub(crate) static GRACE: Order = Order {
    shape: Shape::Link,
    longer: Term { site: Site::To, keys: &[Key::TerminationGrace] },
    shorter: Term { site: Site::Link, keys: WAITS },
    margin: Micros(0),
    when: &[
        WAIT_STATED,
        Guard::Bounded(Site::Link, WAITS),
        Guard::NotOn(Site::Link, Key::Upgrades),
        OF_REQUESTS,
        Guard::AtMost(Site::Link, WAITS, LONGEST_REQUEST),
    ],
    severity: Severity::Note,
    decides: false,
    says: Text::new(
        "{shorter_hop} lets requests take {shorter} ({shorter_name}), but {longer_hop} is killed {longer} \
         after the signal to stop ({longer_name}): longer requests end as 502 at every release",
        "{shorter_hop} はリクエストを最大 {shorter} 待ちますが（{shorter_name}）、{longer_hop} は停止シグナルの \
         {longer} 後に強制終了されます（{longer_name}）。それより長いリクエストはリリースのたびに 502 になります",
    ),
};

/// The same for the time that a balancer gives a target that it takes out.
pub(crate) static DEREGISTRATION: Order = Order {
    longer: Term { site: Site::Link, keys: &[Key::DeregistrationDelay] },
    when: &[
        WAIT_STATED,
        Guard::Bounded(Site::Link, WAITS),
        OF_REQUESTS,
        // No time at all is another cause: a deployment without a drain.
        Guard::NotZero(Site::Link, Key::DeregistrationDelay),
    ],
    says: Text::new(
        "{shorter_hop} lets requests take {shorter} ({shorter_name}), but cuts those of a target that \
         leaves after {longer} ({longer_name}): longer requests fail at every release",
        "{shorter_hop} はリクエストを最大 {shorter} 待ちますが（{shorter_name}）、登録を外したターゲットの分は \
         {longer} で切ります（{longer_name}）。それより長いリクエストはリリースのたびに失敗します",
    ),
    ..GRACE
};

/// The hook before the signal and the program's own time to finish do not fit before the kill.
pub(crate) fn does_not_fit(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let Some(grace) = hop.get(Key::TerminationGrace) else { continue };
        let Some(Micros(bound)) = grace.time() else { continue };
        let time = |key| hop.get(key).filter(|setting| setting.time().is_some());
        let (before, finish) = (time(Key::PreStopDelay), time(Key::ShutdownTimeout));
        let of = |setting: Option<&Setting>| setting.and_then(Setting::time).map_or(0, |t| t.0);
        let needed = of(before).saturating_add(of(finish));
        let parts: Vec<&Setting> = before.into_iter().chain(finish).collect();
        let hook_alone = before.is_some() && of(before) >= bound;
        let stated = any_written(&parts) || grace.is_written();
        if (needed <= bound && !hook_alone) || parts.is_empty() || !stated {
            continue;
        }
        // A program that would take longer than the kill allows loses only requests that are that
        // long; one whose hook uses all the time never hears the signal.
        let severity = if hook_alone { Severity::Error } else { Severity::Warning };
        let enough = Value::Time(Micros(needed.saturating_add(5_000_000)));
        let says = Statement::plain(if hook_alone { HOOK } else { SUM })
            .with("hop", &hop.name)
            .with("needed", Value::Time(Micros(needed)))
            .with("grace", &grace.value)
            .with("name", grace.name);
        let mut all = parts.clone();
        all.push(grace);
        let mut one =
            Prediction::new(severity, sure(system, &all, &[]), says).rests_on(system, id, grace);
        for part in &parts {
            one = one.rests_on(system, id, part);
        }
        if parts.len() == 2 {
            one = one.step(
                Statement::plain(STEP)
                    .with("before", &parts[0].value)
                    .with("finish", &parts[1].value)
                    .with("needed", Value::Time(Micros(needed)))
                    .with("grace", &grace.value),
            );
        }
        found.push(
            one.change(
                Statement::plain(FIT_CHANGE)
                    .with("name", grace.name)
                    .with("hop", &hop.name)
                    .with("enough", &enough),
            )
            .edit(grace.changed_to(&enough, &hop.slots)),
        );
    }
    found
}

const SUM: Text = Text::new(
    "{hop} needs up to {needed} to stop, but is killed after {grace} ({name}): requests that are still \
     under way then end as 502",
    "{hop} の停止には最大 {needed} かかりますが、{grace} で強制終了されます（{name}）。その時点で処理中のリクエ\
     ストは 502 になります",
);
const HOOK: Text = Text::new(
    "the hook before the stop of {hop} uses up all the time until the kill, {grace} ({name}): the program \
     never gets to finish its requests",
    "{hop} の停止前フックが強制終了までの {grace} を使い切ります（{name}）。プログラムはリクエストを終える時間が\
     ありません",
);
const STEP: Text = Text::new(
    "{before} before the signal + {finish} to finish = {needed}, above {grace}",
    "シグナル前の {before} + 終了処理の {finish} = {needed} で、{grace} を超えます",
);
const FIT_CHANGE: Text = Text::new(
    "set {name} of {hop} to {enough} or more",
    "{hop} の {name} を {enough} 以上にします",
);

/// A program that stops at the signal, without anything that takes it out of rotation before.
pub(crate) fn stops_at_once(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let Some(setting) = hop.get(Key::StopsAtOnce) else { continue };
        let at_once = hop.settings.flag(Key::StopsAtOnce) == Some(true);
        if !at_once || !is_served(system, id) || leaves_first(hop) != Some(false) {
            continue;
        }
        let says = Statement::plain(AT_ONCE).with("hop", &hop.name);
        let mut one = Prediction::new(Severity::Warning, sure(system, &[setting], &[]), says)
            .rests_on(system, id, setting)
            .change(Statement::plain(AT_ONCE_CHANGE).with("hop", &hop.name));
        for (link, _) in system.links_to(id) {
            one = one.along(system, link);
        }
        found.push(one);
    }
    found
}

/// Whether something delays the signal until the instance is out of rotation; `None` if a delay is
/// written that cannot be read.
fn leaves_first(hop: &Hop) -> Option<bool> {
    match hop.get(Key::PreStopDelay) {
        None => Some(false),
        Some(setting) => match setting.value {
            Value::Time(time) => Some(time > Micros(0)),
            Value::Unlimited => Some(false),
            _ => None,
        },
    }
}

const AT_ONCE: Text = Text::new(
    "{hop} ends at the signal to stop without finishing its requests: those under way end as 502 at every \
     release",
    "{hop} は停止シグナルで、処理中のリクエストを終えずに終了します。リリースのたびに処理中のリクエストが 502 に\
     なります",
);
const AT_ONCE_CHANGE: Text = Text::new(
    "let {hop} stop accepting and finish its requests at SIGTERM, and delay the signal until it is out of \
     rotation",
    "{hop} が SIGTERM で受け付けを止め、処理中のリクエストを終えるようにし、ローテーションから外れるまでシグナル\
     を遅らせます",
);

/// A pod behind a platform's load balancer gets the signal to stop at the moment at which the balancer
/// begins to learn of it; so does any program of which it is said that nothing is waited for.
pub(crate) fn signal_before_rotation(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    for (id, link) in system.links() {
        let (from, to) = (system.hop(link.from), system.hop(link.to));
        let outside = matches!(from.task, Task::LoadBalancer | Task::Cdn)
            && stands_in(system, to, "kubernetes");
        // That nothing is waited for is said of this program.
        let said = to.get(Key::PreStopDelay).filter(|setting| setting.is_written());
        if to.task != Task::App || !(outside || said.is_some()) {
            continue;
        }
        let Some(at) = said.and_then(Setting::span).or(to.at) else { continue };
        if leaves_first(to) != Some(false) || found.iter().any(|one| one.hops.contains(&link.to)) {
            continue;
        }
        let says = Statement::plain(ROTATION).with("from", &from.name).with("hop", &to.name);
        found.push(
            Prediction::new(Severity::Warning, sure(system, &[], &[id]), says)
                .at(at, Statement::plain(NO_HOOK).with("hop", &to.name))
                .along(system, id)
                .change(Statement::plain(ROTATION_CHANGE).with("hop", &to.name)),
        );
    }
    found
}

const ROTATION: Text = Text::new(
    "{hop} gets the signal to stop while {from} still sends it requests, because nothing delays the signal: \
     they are refused for seconds at every release",
    "{hop} には、{from} がまだリクエストを送っている間に停止シグナルが届きます（遅らせる設定がありません）。リリ\
     ースのたびに数秒間、接続が拒否されます",
);
const NO_HOOK: Text = Text::new(
    "nothing delays the signal to stop {hop}, such as a preStop hook",
    "{hop} への停止シグナルを遅らせるもの（preStop フックなど）がありません",
);
const ROTATION_CHANGE: Text = Text::new(
    "delay the signal to stop {hop} by some 15 s after it left rotation (a preStop hook that sleeps), within \
     its termination grace period",
    "{hop} への停止シグナルを、ローテーションから外れてから 15 秒ほど遅らせます（終了猶予の範囲内で待つ preStop \
     フックなど）",
);

/// A balancer that gives a target no time to finish, because somebody wrote so or because it gives
/// none unless it is told to.
pub(crate) fn no_delay(system: &System) -> Vec<Prediction> {
    let mut found: Vec<Prediction> = Vec::new();
    let mut told: Vec<(HopId, &Setting)> = Vec::new();
    for (id, link) in system.links() {
        let Some(setting) = link.get(Key::DeregistrationDelay) else { continue };
        let none = setting.time() == Some(Micros(0));
        if !none || told.contains(&(link.from, setting)) {
            continue;
        }
        let bytes_only = matches!(link.settings.text(Key::UpstreamProtocol), Some("tcp" | "udp"));
        let assumed = sure(system, &[setting], &[id]) == Confidence::Low;
        if !setting.is_written() && (bytes_only || assumed) {
            continue;
        }
        told.push((link.from, setting));
        found.push(cut_at_once(system, id, setting).along(system, id));
    }
    found
}

fn cut_at_once(system: &System, id: LinkId, setting: &Setting) -> Prediction {
    let from = system.link(id).from;
    let hop = system.hop(from);
    let enough = Value::Time(Micros::from_secs(30));
    let says = Statement::plain(NO_DELAY).with("hop", &hop.name).with("name", setting.name);
    // What everyone leaves as it is, is not an error of somebody.
    let severity = if setting.is_written() { Severity::Warning } else { Severity::Note };
    Prediction::new(severity, sure(system, &[setting], &[id]), says)
        .rests_on(system, from, setting)
        .change(
            Statement::plain(NO_DELAY_CHANGE)
                .with("name", setting.name)
                .with("hop", &hop.name)
                .with("enough", &enough),
        )
        .edit(setting.changed_to(&enough, &[]))
}

const NO_DELAY: Text = Text::new(
    "{hop} cuts the requests of a target at the moment it is taken out ({name} is 0): those under way fail \
     at every release",
    "{hop} は登録を外したターゲットのリクエストをその場で切ります（{name} が 0）。リリースのたびに処理中のリクエ\
     ストが失敗します",
);
const NO_DELAY_CHANGE: Text = Text::new(
    "set {name} of {hop} to the longest request, {enough} if that is not known",
    "{hop} の {name} を最も長いリクエストの時間にします。不明なら {enough} にします",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, only, secs, text, unknown};

    fn stopping(before: Option<Value>, finish: Option<Value>, grace: Value) -> Vec<Prediction> {
        let mut made = Made::new();
        let app = made.hop(Task::App, "app");
        if let Some(before) = before {
            made.set(app, Key::PreStopDelay, before);
        }
        if let Some(finish) = finish {
            made.default(app, Key::ShutdownTimeout, finish);
        }
        made.default(app, Key::TerminationGrace, grace);
        does_not_fit(&made.system)
    }

    #[test]
    fn the_parts_of_a_stop_fit_before_the_kill() {
        let one = only(stopping(Some(secs(15)), Some(secs(30)), secs(30)));
        assert_eq!(one.severity, Severity::Warning);
        assert_eq!(one.arithmetic.len(), 1);
        assert_eq!(only(stopping(Some(secs(30)), None, secs(30))).severity, Severity::Error);
        assert!(stopping(Some(secs(10)), Some(secs(20)), secs(30)).is_empty());
        assert!(stopping(None, Some(secs(60)), secs(30)).is_empty());
        assert!(stopping(Some(unknown()), None, secs(30)).is_empty());
        assert!(stopping(Some(secs(10)), Some(secs(60)), unknown()).is_empty());
    }

    #[test]
    fn a_program_that_ends_at_once() {
        let with = |at_once, before: Option<Value>| {
            let mut made = Made::new();
            let front = made.hop(Task::Gateway, "front");
            let app = made.hop(Task::App, "app");
            made.link(front, app, "app:3000");
            made.set(app, Key::StopsAtOnce, at_once);
            if let Some(before) = before {
                made.set(app, Key::PreStopDelay, before);
            }
            stops_at_once(&made.system)
        };
        only(with(Value::Flag(true), None));
        assert!(with(Value::Flag(true), Some(secs(15))).is_empty());
        assert!(with(Value::Flag(true), Some(unknown())).is_empty());
        assert!(with(Value::Flag(false), None).is_empty());
        assert!(with(unknown(), None).is_empty());
    }

    #[test]
    fn a_pod_leaves_rotation_before_the_signal() {
        let with = |reader, task, before: Option<Value>| {
            let mut made = Made::new().read_as(reader);
            let front = made.hop(task, "front");
            let app = made.hop(Task::App, "app");
            made.link(front, app, "app:3000");
            if let Some(before) = before {
                made.set(app, Key::PreStopDelay, before);
            }
            signal_before_rotation(&made.system)
        };
        only(with("kubernetes", Task::LoadBalancer, None));
        assert!(with("kubernetes", Task::LoadBalancer, Some(secs(15))).is_empty());
        assert!(with("kubernetes", Task::LoadBalancer, Some(unknown())).is_empty());
        assert!(with("kubernetes", Task::Gateway, None).is_empty());
        assert!(with("compose", Task::LoadBalancer, None).is_empty());
    }

    #[test]
    fn a_balancer_gives_time_to_finish() {
        let with = |delay| {
            let mut made = Made::new();
            let front = made.hop(Task::LoadBalancer, "front");
            let app = made.hop(Task::App, "app");
            let link = made.link(front, app, "app:3000");
            made.set_link(link, Key::DeregistrationDelay, delay);
            no_delay(&made.system)
        };
        assert_eq!(only(with(secs(0))).severity, Severity::Warning);
        assert!(with(secs(30)).is_empty());
        assert!(with(unknown()).is_empty());
    }

    #[test]
    fn a_balancer_that_gives_none_unless_told() {
        let with = |delay: Value, protocol: &str, times: usize| {
            let mut made = Made::new();
            let front = made.hop(Task::LoadBalancer, "front");
            let app = made.hop(Task::App, "app");
            for _ in 0..times {
                let link = made.link(front, app, "app:3000");
                made.default_link(link, Key::DeregistrationDelay, delay.clone());
                made.set_link(link, Key::UpstreamProtocol, text(protocol));
            }
            no_delay(&made.system)
        };
        assert_eq!(only(with(secs(0), "http/1.1", 2)).severity, Severity::Note);
        assert!(with(secs(0), "tcp", 1).is_empty());
        assert!(with(secs(300), "http/1.1", 1).is_empty());
    }
}
