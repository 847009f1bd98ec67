//! The orders of timers, solved as `check` solves them: each one on a system that breaks it, and on the
//! nearest ones that do not.

use model::Lang;
use model::config::{Finding, HopId, Key, LinkId, Severity, Task, Value};

use super::test_support::{Made, assert_complete, secs, unknown};

/// Client side to database: a balancer, a program, and what it calls.
struct Path {
    made: Made,
    app: HopId,
    last: HopId,
    outer: LinkId,
    inner: LinkId,
}

fn path(last: Task) -> Path {
    let mut made = Made::new();
    let front = made.hop(Task::LoadBalancer, "front");
    let app = made.hop(Task::App, "app");
    let behind = made.hop(last, "behind");
    let outer = made.link(front, app, "app:3000");
    let inner = made.link(app, behind, "behind:4000");
    Path { made, app, last: behind, outer, inner }
}

fn findings(path: &Path) -> Vec<(&'static str, Finding)> {
    let found = check::check(&path.made.system, crate::ALL);
    for finding in &found {
        assert_complete(&finding.prediction);
    }
    found.into_iter().map(|finding| (finding.cause.slug, finding)).collect()
}

fn slugs(path: &Path) -> Vec<&'static str> {
    findings(path).into_iter().map(|(slug, _)| slug).collect()
}

#[test]
fn the_outer_wait_outlasts_the_inner() {
    let with = |last, outer, inner| {
        let mut path = path(last);
        path.made.default_link(path.outer, Key::ResponseTimeout, outer);
        path.made.set_link(path.inner, Key::ResponseTimeout, inner);
        slugs(&path)
    };
    assert_eq!(with(Task::App, secs(60), secs(300)), ["timeout-ladder-inversion"]);
    assert_eq!(with(Task::App, secs(60), Value::Unlimited), ["timeout-ladder-inversion"]);
    assert_eq!(with(Task::External, secs(60), secs(300)), ["external-dependency-outage"]);
    assert!(with(Task::App, secs(60), secs(60)).is_empty());
    assert!(with(Task::App, secs(300), secs(60)).is_empty());
    assert!(with(Task::App, unknown(), secs(300)).is_empty());
    assert!(with(Task::App, secs(60), unknown()).is_empty());
}

#[test]
fn defaults_that_everyone_has_are_no_finding() {
    let mut path = path(Task::App);
    path.made.default_link(path.outer, Key::ResponseTimeout, secs(30));
    path.made.default_link(path.inner, Key::ResponseTimeout, secs(60));
    path.made.default(path.app, Key::WorkerTimeout, secs(90));
    assert!(slugs(&path).is_empty());
    // A bound that is off unless set is none either, when only the other side is written.
    path.made.set_link(path.outer, Key::ResponseTimeout, secs(60));
    path.made.default(path.app, Key::WorkerTimeout, Value::Unlimited);
    path.made.default_link(path.inner, Key::ResponseTimeout, Value::Unlimited);
    assert!(slugs(&path).is_empty());
}

#[test]
fn what_is_proposed_can_be_done() {
    let texts = |path: &Path| -> Vec<String> {
        let changes = findings(path).into_iter().flat_map(|(_, one)| one.prediction.changes);
        changes.map(|says| says.render(Lang::En)).collect()
    };
    // Nothing outlasts a connection that is kept for ever, so that it has to end.
    let mut kept = path(Task::App);
    kept.made.set_link(kept.outer, Key::UpstreamKeepAlive, Value::Flag(true));
    kept.made.default_link(kept.outer, Key::UpstreamIdleTimeout, Value::Unlimited);
    kept.made.set(kept.app, Key::ClientIdleTimeout, secs(5));
    assert_eq!(slugs(&kept), ["keepalive-race"]);
    let [change] = &texts(&kept)[..] else { panic!("{:?}", texts(&kept)) };
    assert!(change.contains(" of front to 4 s"), "{change}");
    // Where both are kept for ever, nobody closes first.
    kept.made.set(kept.app, Key::ClientIdleTimeout, Value::Unlimited);
    assert!(slugs(&kept).is_empty());
    // A release gets the time that requests take, not the other way round.
    let mut released = path(Task::App);
    released.made.set_link(released.outer, Key::ResponseTimeout, secs(30));
    released.made.set(released.app, Key::TerminationGrace, secs(10));
    let [change] = &texts(&released)[..] else { panic!("{:?}", texts(&released)) };
    assert!(change.contains(" of app to 30 s"), "{change}");
}

#[test]
fn streams_are_not_waited_for_at_a_release() {
    let with = |wait, upgrades: Option<Value>| {
        let mut path = path(Task::App);
        path.made.set_link(path.outer, Key::ResponseTimeout, wait);
        path.made.default(path.app, Key::TerminationGrace, secs(10));
        if let Some(upgrades) = upgrades {
            path.made.set_link(path.outer, Key::Upgrades, upgrades);
        }
        slugs(&path)
    };
    assert_eq!(with(secs(120), None), ["drain-too-short"]);
    assert_eq!(with(secs(1800), None), ["drain-too-short"]);
    assert_eq!(with(secs(120), Some(Value::Flag(false))), ["drain-too-short"]);
    assert!(with(secs(120), Some(Value::Flag(true))).is_empty());
    assert!(with(secs(86_400), None).is_empty());
    assert!(with(secs(5), None).is_empty());
}

#[test]
fn one_bound_is_enough() {
    let mut path = path(Task::App);
    path.made.default_link(path.outer, Key::ResponseTimeout, secs(60));
    path.made.set_link(path.inner, Key::ResponseTimeout, Value::Unlimited);
    path.made.set_link(path.inner, Key::TotalTimeout, secs(30));
    assert!(slugs(&path).is_empty());
}

#[test]
fn a_handler_ends_before_its_caller_gives_up() {
    let with = |product, key, handles| {
        let mut path = path(Task::App);
        path.made.runs(HopId(0), product, "");
        path.made.default_link(path.outer, Key::ResponseTimeout, secs(29));
        path.made.set(path.app, key, handles);
        slugs(&path)
    };
    let ladder = "timeout-ladder-inversion";
    assert_eq!(with("AWS ALB", Key::RequestTimeout, secs(120)), [ladder]);
    assert_eq!(with("AWS ALB", Key::WorkerTimeout, secs(120)), [ladder]);
    assert_eq!(
        with("Amazon API Gateway", Key::RequestTimeout, secs(120)),
        ["api-gateway-integration-timeout"]
    );
    assert!(with("AWS ALB", Key::RequestTimeout, secs(29)).is_empty());
    assert!(with("Amazon API Gateway", Key::RequestTimeout, unknown()).is_empty());
}

#[test]
fn calls_end_before_what_ends_the_program() {
    let with = |product, key, ends, call| {
        let mut path = path(Task::Database);
        path.made.runs(path.app, product, "");
        path.made.default(path.app, key, ends);
        path.made.set_link(path.inner, Key::StatementTimeout, call);
        slugs(&path)
    };
    let (request, worker) = (Key::RequestTimeout, Key::WorkerTimeout);
    assert_eq!(with("AWS Lambda", request, secs(3), secs(10)), ["lambda-function-error"]);
    assert_eq!(with("Cloud Run", request, secs(3), secs(10)), ["timeout-ladder-inversion"]);
    assert_eq!(with("gunicorn", worker, secs(30), secs(60)), ["worker-timeout-kill"]);
    assert!(with("gunicorn", worker, secs(30), secs(30)).is_empty());
    assert!(with("AWS Lambda", request, unknown(), secs(10)).is_empty());
}

#[test]
fn a_pool_gives_up_before_the_gateway() {
    let with = |acquire| {
        let mut path = path(Task::Database);
        path.made.default_link(path.outer, Key::ResponseTimeout, secs(30));
        path.made.set_link(path.inner, Key::PoolAcquireTimeout, acquire);
        slugs(&path)
    };
    assert_eq!(with(secs(60)), ["db-pool-exhausted"]);
    assert_eq!(with(Value::Unlimited), ["db-pool-exhausted"]);
    assert!(with(secs(5)).is_empty());
    assert!(with(unknown()).is_empty());
}

#[test]
fn a_statement_ends_before_the_gateway_gives_up() {
    let with = |statement| {
        let mut path = path(Task::Database);
        path.made.default_link(path.outer, Key::ResponseTimeout, secs(30));
        path.made.set(path.last, Key::StatementTimeout, statement);
        slugs(&path)
    };
    assert_eq!(with(secs(60)), ["timeout-ladder-inversion"]);
    assert!(with(secs(20)).is_empty());
}

#[test]
fn a_target_is_killed_after_its_longest_request() {
    let with = |wait: Option<Value>, grace, delay| {
        let mut path = path(Task::App);
        match wait {
            Some(wait) => path.made.set_link(path.outer, Key::ResponseTimeout, wait),
            None => path.made.default_link(path.outer, Key::ResponseTimeout, secs(60)),
        }
        path.made.default(path.app, Key::TerminationGrace, grace);
        path.made.default_link(path.outer, Key::DeregistrationDelay, delay);
        let found = findings(&path);
        assert!(found.iter().all(|(_, f)| f.prediction.severity == Severity::Note));
        found.into_iter().map(|(slug, _)| slug).collect::<Vec<_>>()
    };
    assert_eq!(with(Some(secs(120)), secs(30), secs(300)), ["drain-too-short"]);
    assert_eq!(with(Some(secs(120)), secs(180), secs(10)), ["drain-too-short"]);
    assert!(with(Some(secs(30)), secs(30), secs(300)).is_empty());
    assert!(with(None, secs(30), secs(10)).is_empty());
    assert!(with(Some(secs(120)), unknown(), secs(300)).is_empty());
}

#[test]
fn a_pool_gives_connections_up_before_they_are_forgotten() {
    let with = |key, forgets, idle, lifetime: Option<Value>| {
        let mut path = path(Task::Database);
        path.made.default(path.last, key, forgets);
        path.made.set_link(path.inner, Key::PoolIdleTimeout, idle);
        if let Some(lifetime) = lifetime {
            path.made.set_link(path.inner, Key::PoolMaxLifetime, lifetime);
        }
        slugs(&path)
    };
    let (flow, close) = (Key::FlowIdleTimeout, Key::ClientIdleTimeout);
    assert_eq!(with(flow, secs(350), secs(600), None), ["idle-flow-dropped"]);
    assert_eq!(with(flow, secs(350), Value::Unlimited, None), ["idle-flow-dropped"]);
    assert_eq!(with(close, secs(300), secs(600), None), ["keepalive-race"]);
    assert!(with(flow, secs(350), secs(600), Some(secs(300))).is_empty());
    assert!(with(flow, secs(350), secs(60), None).is_empty());
    assert!(with(flow, unknown(), secs(600), None).is_empty());
}

#[test]
fn one_setting_that_is_two_timers_is_changed_once() {
    // An idle timeout that bounds the wait for a response and the reuse of a connection: to lengthen
    // it for the one would break the other, unless what it meets is lengthened as well.
    let mut path = path(Task::App);
    path.made.set_link(path.outer, Key::ResponseTimeout, secs(60));
    let system = &mut path.made.system;
    let outer = &mut system.links[path.outer.0 as usize].settings;
    let mut reuse = outer.get(Key::ResponseTimeout).unwrap().clone();
    reuse.key = Key::UpstreamIdleTimeout;
    outer.set(reuse);
    path.made.default(path.app, Key::ClientIdleTimeout, secs(75));
    path.made.set_link(path.inner, Key::ResponseTimeout, secs(300));
    let found = findings(&path);
    assert_eq!(found.len(), 1);
    let changes: Vec<String> =
        found[0].1.prediction.changes.iter().map(|change| change.render(Lang::En)).collect();
    let both =
        ["set response-timeout of front to 300 s", "set client-idle-timeout of app to 305 s"];
    assert_eq!(changes, both);
}

#[test]
fn routes_with_the_same_fault_are_told_of_once() {
    let mut path = path(Task::App);
    path.made.default_link(path.outer, Key::ResponseTimeout, secs(60));
    path.made.set_link(path.inner, Key::ResponseTimeout, secs(300));
    let again = path.made.system.links[path.inner.0 as usize].clone();
    path.made.system.links.push(again);
    assert_eq!(slugs(&path), ["timeout-ladder-inversion"]);
}

#[test]
fn hundreds_of_timers_that_hang_together_each_get_a_change() {
    let mut path = path(Task::App);
    path.made.set_link(path.outer, Key::ResponseTimeout, secs(60));
    for number in 0..250 {
        let behind = path.made.hop(Task::App, "another");
        let link = path.made.link(path.app, behind, "another:4000");
        path.made.set_link(link, Key::ResponseTimeout, secs(100 + number));
    }
    let found = findings(&path);
    assert_eq!(found.len(), 250);
    assert!(found.iter().all(|(_, finding)| finding.prediction.changes.len() == 1));
}
