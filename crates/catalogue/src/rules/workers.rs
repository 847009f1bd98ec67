//! Workers of a program: too few of them, too few connections for their threads, too short a queue in
//! front of them.

use model::config::{Key, Prediction, Severity, System, Task, Value};
use model::{Statement, Text};

use super::said::{any_written, is_served, number, sure};

/// Servers whose number of workers is the number of requests they take at a time, threads set aside.
const FORKING: &[&str] = &["gunicorn", "uWSGI"];

/// One worker with one thread: any slow request stops all others.
pub(crate) fn single(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let (Some((workers, 1)), Some((threads, 1))) =
            (number(hop, Key::Workers), number(hop, Key::Threads))
        else {
            continue;
        };
        let server = FORKING.iter().find(|name| hop.runs(name));
        // Workers that run a loop take many requests at a time; only those that are killed for one
        // request are known not to.
        let one_at_a_time = hop.get(Key::WorkerTimeout).is_some_and(|set| set.time().is_some());
        if server.is_none() || !one_at_a_time || !is_served(system, id) {
            continue;
        }
        let says = Statement::plain(SINGLE).with("hop", &hop.name);
        found.push(
            Prediction::new(Severity::Note, sure(system, &[workers, threads], &[]), says)
                .rests_on(system, id, workers)
                .rests_on(system, id, threads)
                .change(
                    Statement::plain(SINGLE_CHANGE)
                        .with("name", workers.name)
                        .with("hop", &hop.name),
                ),
        );
    }
    found
}

const SINGLE: Text = Text::new(
    "{hop} has one worker with one thread: one slow request stops all others, and those behind it end as 504",
    "{hop} はワーカーもスレッドも 1 つです。遅いリクエストが 1 件あると他がすべて止まり、後続は 504 になります",
);
const SINGLE_CHANGE: Text = Text::new(
    "set {name} of {hop} to twice its processors plus one",
    "{hop} の {name} を CPU 数の 2 倍 + 1 にします",
);

/// More threads in a process than connections in its pool, where each thread holds one.
pub(crate) fn threads_and_pool(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, link) in system.links() {
        let from = system.hop(link.from);
        // Active Record gives every thread a connection of its own until the end of its request.
        if system.hop(link.to).task != Task::Database || !from.runs("Puma") {
            continue;
        }
        let Some((threads, at_a_time)) = number(from, Key::Threads) else { continue };
        let Some(pool) = link.get(Key::PoolMax) else { continue };
        let Some(has) = pool.count().filter(|has| *has > 0 && *has < at_a_time) else { continue };
        if !any_written(&[threads, pool]) {
            continue;
        }
        let says = Statement::plain(THREADS)
            .with("hop", &from.name)
            .with("threads", at_a_time)
            .with("has", has);
        found.push(
            Prediction::new(Severity::Warning, sure(system, &[threads, pool], &[id]), says)
                .rests_on(system, link.from, pool)
                .rests_on(system, link.from, threads)
                .along(system, id)
                .change(
                    Statement::plain(THREADS_CHANGE)
                        .with("name", pool.name)
                        .with("hop", &from.name)
                        .with("threads", at_a_time),
                )
                .edit(pool.changed_to(&Value::Count(at_a_time), &link.slots)),
        );
    }
    found
}

const THREADS: Text = Text::new(
    "{hop} runs {threads} threads per process, each of which holds a connection to the database, but its \
     pool has {has}: the others wait, and fail when their time is up",
    "{hop} はプロセスごとに {threads} スレッドで、それぞれがデータベース接続を保持しますが、プールは {has} です。残りは\
     待たされ、時間切れで失敗します",
);
const THREADS_CHANGE: Text =
    Text::new("set {name} of {hop} to {threads}", "{hop} の {name} を {threads} にします");

/// Connections that may wait to be accepted below which one pause of the program refuses clients.
const FEW: u64 = 32;

/// A queue of a few connections.
pub(crate) fn short_queue(system: &System) -> Vec<Prediction> {
    let mut found = Vec::new();
    for (id, hop) in system.hops() {
        let Some((backlog, n)) = number(hop, Key::Backlog) else { continue };
        if n >= FEW || !backlog.is_written() || !is_served(system, id) {
            continue;
        }
        let says = Statement::plain(QUEUE).with("hop", &hop.name).with("n", n);
        found.push(
            Prediction::new(Severity::Warning, sure(system, &[backlog], &[]), says)
                .rests_on(system, id, backlog)
                .change(
                    Statement::plain(QUEUE_CHANGE)
                        .with("name", backlog.name)
                        .with("hop", &hop.name),
                )
                .edit(backlog.changed_to(&Value::Count(511), &hop.slots)),
        );
    }
    found
}

const QUEUE: Text = Text::new(
    "{n} connections may wait to be accepted by {hop}: in the next pause of the program more arrive, and are \
     refused or hang",
    "{hop} の受け付け待ち行列は {n} 接続です。プログラムが少し止まる間にそれを超えると、接続が拒否されるか応答がなくなり\
     ます",
);
const QUEUE_CHANGE: Text =
    Text::new("set {name} of {hop} to 511 or more", "{hop} の {name} を 511 以上にします");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::test_support::{Made, count, only, secs, served, unknown};

    #[test]
    fn one_worker_is_few() {
        let with = |server, workers, threads, timeout: Option<Value>| {
            single(&served(|made, app| {
                made.runs(app, server, "");
                made.default(app, Key::Workers, workers);
                made.default(app, Key::Threads, threads);
                if let Some(timeout) = timeout.clone() {
                    made.default(app, Key::WorkerTimeout, timeout);
                }
            }))
        };
        only(with("gunicorn", count(1), count(1), Some(secs(30))));
        assert!(with("gunicorn", count(1), count(8), Some(secs(30))).is_empty());
        assert!(with("gunicorn", count(3), count(1), Some(secs(30))).is_empty());
        assert!(with("gunicorn", count(1), count(1), None).is_empty());
        assert!(with("Puma", count(1), count(1), Some(secs(30))).is_empty());
        assert!(with("gunicorn", unknown(), count(1), Some(secs(30))).is_empty());
    }

    #[test]
    fn every_thread_has_a_connection() {
        let with = |server, threads, pool| {
            let mut made = Made::new();
            let app = made.hop(Task::App, "app");
            let database = made.hop(Task::Database, "db");
            made.runs(app, server, "");
            made.set(app, Key::Threads, threads);
            let link = made.link(app, database, "db:5432");
            made.set_link(link, Key::PoolMax, pool);
            threads_and_pool(&made.system)
        };
        assert_eq!(only(with("Puma", count(16), count(5))).edits[0].text, "16");
        assert!(with("Puma", count(5), count(5)).is_empty());
        assert!(with("Tomcat", count(200), count(10)).is_empty());
        assert!(with("Puma", unknown(), count(5)).is_empty());
    }

    #[test]
    fn a_queue_of_a_few() {
        let with = |backlog| short_queue(&served(|made, app| made.set(app, Key::Backlog, backlog)));
        only(with(count(5)));
        assert!(with(count(128)).is_empty());
        assert!(with(unknown()).is_empty());
    }
}
