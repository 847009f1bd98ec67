//! How long the slowest request takes, which only those who run a program can say (`longest-request` in
//! `why502.toml`), against what ends requests.

use model::config::{Hop, HopId, Key, Prediction, Setting, Severity, System, Value};
use model::{Micros, Statement, Text};

use super::said::{is_served, sure};

/// A worker that is killed while it is still at the slowest request. Only a worker that does one thing
/// at a time is silent for as long as that: with threads or an event loop it answers its supervisor
/// meanwhile (gunicorn's documentation, "timeout").
pub(crate) fn of_a_worker(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let sync = hop.runs("gunicorn") && hop.settings.flag(Key::ClientKeepAlive) == Some(false);
        if sync {
            found.extend(shorter(system, (id, hop), Key::WorkerTimeout, (KILLED, KILLED_CHANGE)));
        }
    }
    found
}

/// A program that is given less time to finish than its slowest request takes.
pub(crate) fn at_the_stop(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        if !is_served(system, id) {
            continue;
        }
        let keys = [Key::ShutdownTimeout, Key::TerminationGrace];
        let cut = |key| shorter(system, (id, hop), key, (STOPPED, STOPPED_CHANGE));
        found.extend(keys.into_iter().find_map(cut));
    }
    found
}

/// The prediction for a time that is shorter than the slowest request.
fn shorter(
    system: &System,
    (id, hop): (HopId, &Hop),
    key: Key,
    (says, change): (Text, Text),
) -> Option<Prediction> {
    let longest = hop.get(Key::LongestRequest)?;
    let ends: &Setting = hop.get(key)?;
    let (Micros(takes), Micros(allowed)) = (longest.time()?, ends.time()?);
    if takes <= allowed {
        return None;
    }
    let enough = Value::Time(Micros(takes.saturating_add(5_000_000)));
    let fill = |text| {
        Statement::plain(text)
            .with("hop", &hop.name)
            .with("name", ends.name)
            .with("allowed", &ends.value)
            .with("takes", &longest.value)
            .with("enough", &enough)
    };
    let confidence = sure(system, &[longest, ends], &[]);
    Some(
        Prediction::new(Severity::Warning, confidence, fill(says))
            .rests_on(system, id, ends)
            .rests_on(system, id, longest)
            .change(fill(change))
            .edit(ends.changed_to(&enough, &hop.slots)),
    )
}

const KILLED: Text = Text::new(
    "a worker of {hop} is killed after {allowed} in one request ({name}), but requests take up to {takes}: \
     the longest end as 502",
    "{hop} のワーカーは 1 件の処理が {allowed} を超えると強制終了されますが（{name}）、リクエストは最長 {takes} \
     かかります。最も長いものは 502 になります",
);
const KILLED_CHANGE: Text = Text::new(
    "set {name} of {hop} to {enough} or more",
    "{hop} の {name} を {enough} 以上にします",
);
const STOPPED: Text = Text::new(
    "{hop} has {allowed} to finish its requests when it is stopped ({name}), but they take up to {takes}: the \
     longest end as 502 at every release",
    "{hop} は停止時に {allowed} で処理を終える必要がありますが（{name}）、リクエストは最長 {takes} かかります。リ\
     リースのたびに最も長いものが 502 になります",
);
const STOPPED_CHANGE: Text = Text::new(
    "set {name} of {hop} to {enough} or more, and the time until the kill above that",
    "{hop} の {name} を {enough} 以上にし、強制終了までの時間をそれより長くします",
);

#[cfg(test)]
mod tests {
    use model::config::Task;

    use super::*;
    use crate::rules::test_support::{Made, only, secs, unknown};

    fn program(longest: Value, key: Key, allowed: Value, keeps: bool) -> System {
        let mut made = Made::new();
        let front = made.hop(Task::Gateway, "front");
        let app = made.hop(Task::App, "app");
        made.link(front, app, "app:8000");
        made.runs(app, "gunicorn", "23.0");
        made.set(app, Key::ClientKeepAlive, Value::Flag(keeps));
        made.set(app, Key::LongestRequest, longest);
        made.set(app, key, allowed);
        made.system
    }

    #[test]
    fn a_worker_has_to_outlive_its_slowest_request() {
        let found = |longest, allowed, keeps| {
            of_a_worker(&program(longest, Key::WorkerTimeout, allowed, keeps))
        };
        only(found(secs(40), secs(30), false));
        assert!(found(secs(30), secs(30), false).is_empty());
        assert!(found(secs(40), secs(30), true).is_empty(), "threads answer meanwhile");
        assert!(found(secs(40), Value::Unlimited, false).is_empty());
        assert!(found(secs(40), unknown(), false).is_empty());
        assert!(found(unknown(), secs(30), false).is_empty());
    }

    #[test]
    fn a_stop_has_to_leave_time_for_the_slowest_request() {
        let found = |longest, key, allowed| at_the_stop(&program(longest, key, allowed, true));
        only(found(secs(40), Key::ShutdownTimeout, secs(30)));
        only(found(secs(40), Key::TerminationGrace, secs(30)));
        assert!(found(secs(20), Key::ShutdownTimeout, secs(30)).is_empty());
        assert!(found(secs(40), Key::ShutdownTimeout, unknown()).is_empty());
        assert!(found(secs(40), Key::WorkerTimeout, secs(30)).is_empty());
    }
}
