//! Records about the same request are brought together: an error log's line with the access log's,
//! an inner hop's failure with the outer hop's status, and clocks that differ are put right first.

mod support;

use engine::{Digest, Place};
use model::{Author, Event, Failure, HopKind, Mechanism as M, Micros, Request, Role, Timestamp};
use support::{CAUSES, at};

#[derive(Default)]
struct Logs {
    digest: Digest,
    line: u32,
}

impl Logs {
    fn add(&mut self, dialect: &'static str, request: Request<'_>, text: &str) {
        self.line += 1;
        let place = Place { source: 0, block: 0, line: self.line };
        self.digest.event(dialect, &Event::Request(Box::new(request)), place, text);
    }

    fn diagnose(&self) -> model::Diagnosis {
        engine::diagnose(&self.digest, CAUSES, &|place| u64::from(place.line))
    }
}

fn access(hop: &'static str, kind: HopKind, mechanism: M, end: Timestamp) -> Request<'static> {
    let mut request = Request::new(hop, kind, Role::Access);
    request.end = Some(end);
    request.timers.total = Some(Micros::from_millis(2));
    request.status = Some(502);
    request.failure = Some(Failure::of(mechanism));
    request.method = Some("GET".into());
    request.client = Some("192.0.2.1".into());
    request.complete_times();
    request
}

fn error(mechanism: M, end: Timestamp, path: String) -> Request<'static> {
    let mut request = Request::new("nginx", HopKind::Proxy, Role::Explanation);
    request.end = Some(end);
    request.failure = Some(Failure::of(mechanism));
    request.author = Author::ThisHop;
    request.method = Some("GET".into());
    request.client = Some("192.0.2.1".into());
    request.path = Some(path.into());
    request
}

fn path(i: i64) -> String {
    format!("/p/{i}")
}

#[test]
fn an_error_line_explains_the_access_line_about_the_same_request() {
    let mut logs = Logs::default();
    for i in 0..20 {
        let mut request = access("nginx", HopKind::Proxy, M::Unspecified, at(i * 7));
        request.path = Some(path(i).into());
        logs.add("nginx-access", request, "access line");
        logs.add("nginx-error", error(M::ConnectRefused, at(i * 7), path(i)), "error line");
    }
    let found = logs.diagnose();
    assert_eq!(found.failures, 20, "each request is counted once");
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.failures), ("refused", 20));
    let cited: Vec<&str> = finding.failing.iter().map(|c| c.text.as_str()).collect();
    assert!(cited.contains(&"access line") && cited.contains(&"error line"), "{cited:?}");
}

#[test]
fn an_error_log_in_another_zone_is_moved_to_the_access_log() {
    let mut logs = Logs::default();
    for i in 0..20 {
        let mut request = access("nginx", HopKind::Proxy, M::Unspecified, at(i * 7));
        request.path = Some(path(i).into());
        logs.add("nginx-access", request, "access line");
        let nine_hours = Micros::from_secs(9 * 3_600);
        let local = at(i * 7) + nine_hours;
        logs.add("nginx-error", error(M::ConnectRefused, local, path(i)), "error line");
    }
    let found = logs.diagnose();
    assert_eq!(found.skews.len(), 1);
    assert_eq!(found.skews[0].offset, Micros::from_secs(-9 * 3_600));
    assert_eq!(found.failures, 20);
    assert_eq!(found.incidents[0].findings[0].cause.slug, "refused");
}

#[test]
fn a_hop_whose_clock_is_off_is_moved_before_anything_is_compared() {
    let mut logs = Logs::default();
    for i in 0..30 {
        let id = format!("id-{i}");
        let mut outer = access("edge", HopKind::Edge, M::StatusFromUpstream, at(i * 11));
        outer.id = Some(id.clone().into());
        logs.add("outer", outer, "outer");
        // The inner hop's clock is 40 s ahead.
        let ahead = at(i * 11) + Micros::from_secs(40);
        let mut inner = access("nginx", HopKind::Proxy, M::ConnectRefused, ahead);
        inner.id = Some(id.into());
        logs.add("inner", inner, "inner");
    }
    let found = logs.diagnose();
    assert_eq!(found.skews.len(), 1, "{:?}", found.skews);
    assert_eq!(found.skews[0].offset, Micros::from_secs(-40));
    assert_eq!(found.skews[0].pairs, 30);
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.failures), ("refused", 30), "seen behind the status");
    assert_eq!(found.failures, 30, "counted at the outermost hop only");
}

#[test]
fn clocks_that_agree_are_left_alone() {
    let mut logs = Logs::default();
    for i in 0..30 {
        let id = format!("id-{i}");
        for (name, hop, kind, mechanism) in [
            ("outer", "edge", HopKind::Edge, M::StatusFromUpstream),
            ("inner", "nginx", HopKind::Proxy, M::ConnectRefused),
        ] {
            let mut request = access(hop, kind, mechanism, at(i * 11));
            request.id = Some(id.clone().into());
            logs.add(name, request, name);
        }
    }
    assert!(logs.diagnose().skews.is_empty());
}

#[test]
fn failures_of_more_kinds_than_are_told_apart_are_still_counted() {
    let mut logs = Logs::default();
    for i in 0..2_600 {
        let mut request = access("", HopKind::Edge, M::ConnectRefused, at(i));
        request.hop = format!("hop-{i}").into();
        logs.add("edge", request, "line");
    }
    let found = logs.diagnose();
    assert_eq!(found.failures, 2_600);
    assert!(!found.assumptions.is_empty(), "and the report says that some were not judged");
}

#[test]
fn an_attempt_that_another_target_made_good_is_no_failure() {
    let answered = |i: i64| {
        let mut request = Request::new("nginx", HopKind::Proxy, Role::Access);
        request.end = Some(at(i));
        request.timers.total = Some(Micros::from_millis(2));
        request.status = Some(200);
        request.path = Some(path(i).into());
        request.complete_times();
        request
    };
    let mut logs = Logs::default();
    for i in 0..20 {
        logs.add("nginx-access", answered(i), "access line");
        logs.add("nginx-error", error(M::ConnectRefused, at(i), path(i)), "error line");
    }
    let found = logs.diagnose();
    assert_eq!((found.failures, found.incidents.len()), (0, 0), "every request was answered");
    // An hour that the access log does not cover is another matter.
    logs.add("nginx-error", error(M::ConnectRefused, at(3_600), path(0)), "error line");
    let found = logs.diagnose();
    assert_eq!((found.failures, found.incidents.len()), (1, 1));
}

#[test]
fn without_ids_two_hops_are_joined_by_what_they_log_alike() {
    let mut logs = Logs::default();
    for i in 0..20 {
        let mut outer = access("cdn", HopKind::Cdn, M::StatusFromUpstream, at(i * 11));
        outer.path = Some(path(i).into());
        logs.add("cdn", outer, "outer");
        let mut inner = access("edge", HopKind::Edge, M::ConnectRefused, at(i * 11));
        inner.path = Some(path(if i < 15 { i } else { i + 100 }).into());
        logs.add("edge", inner, "inner");
    }
    let found = logs.diagnose();
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.failures), ("refused", 15), "other paths are others");
    assert_eq!(found.failures, 20, "counted at the outermost hop only");
}

/// Lines that name nothing but the id of their request, many requests at one moment: only the id
/// tells which line is about which.
#[test]
fn an_execution_line_explains_the_request_with_its_id() {
    let mut logs = Logs::default();
    for i in 0..20 {
        let id = format!("request-{i}");
        let mut request = access("api", HopKind::Edge, M::Unspecified, at(7));
        request.client = None;
        request.id = Some(id.clone().into());
        logs.add("aws-api-gateway", request, "access line");
        let mechanism = if i < 12 { M::ConnectRefused } else { M::ConnectTimeout };
        for says in [M::StatusFromUpstream, mechanism] {
            let mut line = Request::new("api", HopKind::Edge, Role::Explanation);
            line.failure = Some(Failure::of(says));
            line.id = Some(id.clone().into());
            logs.add("aws-api-gateway-execution", line, "execution line");
        }
    }
    let found = logs.diagnose();
    assert_eq!(found.failures, 20, "each request is counted once");
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.failures), ("refused", 12));
}

/// One failing request at a hop, with the path it logs.
fn failing(logs: &mut Logs, hop: &'static str, kind: HopKind, second: i64, path: &str, id: &str) {
    let mut request = access(hop, kind, M::ResponseTimeout, at(second));
    request.path = Some(path.to_owned().into());
    request.id = (!id.is_empty()).then(|| id.to_owned().into());
    logs.add("test", request, "a failing request");
}

#[test]
fn two_fronts_that_fail_in_the_same_minutes_are_both_counted() {
    let mut logs = Logs::default();
    for i in 0..20 {
        failing(&mut logs, "cdn", HopKind::Cdn, i * 7, "/api/orders", "");
        failing(&mut logs, "alb", HopKind::Edge, i * 7, "/api/orders", "");
    }
    for i in 0..15 {
        failing(&mut logs, "api", HopKind::Edge, i * 9, "/prod/reports/year", "");
    }
    let d = logs.diagnose();
    assert_eq!(d.incidents.len(), 1);
    assert_eq!(
        (d.failures, d.incidents[0].failures),
        (35, 35),
        "the load balancer's are the CDN's"
    );
}

/// A prefix, a place in the path, a common id or a common path: what may be behind is not counted
/// again.
#[test]
fn what_may_stand_behind_the_cdn_is_counted_once() {
    for (outer, inner, outer_id, inner_id) in [
        ("/orders/7", "/prod/orders/7", "", ""),
        ("/orders/7", "/orders/{id}", "", ""),
        ("/orders/7", "/{proxy+}", "", ""),
        ("/shop", "/rewritten", "one", "one"),
    ] {
        let mut logs = Logs::default();
        for i in 0..20 {
            failing(&mut logs, "cdn", HopKind::Cdn, i * 7, outer, outer_id);
            failing(&mut logs, "api", HopKind::Edge, i * 7, inner, inner_id);
        }
        assert_eq!(logs.diagnose().failures, 20, "{outer} {inner}");
    }
}
