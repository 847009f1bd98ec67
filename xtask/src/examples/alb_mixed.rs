//! `examples/alb-mixed`: one hour of ALB access logs in which three unrelated things go wrong at
//! overlapping times.

use super::File;
use super::alb_traffic::{Bucket, Exchange, TargetGroup};
use crate::clock::{MINUTE, SECOND, Time};
use crate::generate::world::World;
use crate::random::Random;

const SEED: u64 = 20_261_111;
/// 2026-11-11T09:00:00Z.
const START: Time = Time(1_794_387_600 * SECOND);
/// Idle timeout of the load balancer, its default.
const IDLE_TIMEOUT: u64 = 60_000_000;
const REPORT: &str = "/api/v1/reports/export?month=#";
const TARGETS: [&str; 8] = [
    "10.0.16.24:8080",
    "10.0.16.71:8080",
    "10.0.16.139:8080",
    "10.0.32.33:8080",
    "10.0.32.88:8080",
    "10.0.32.190:8080",
    "10.0.48.52:8080",
    "10.0.48.117:8080",
];
/// The target whose process is gone for a while.
const GONE: usize = 4;

/// Time of day within the hour, in seconds.
fn second(at: Time) -> i64 {
    (at.0 - START.0) / SECOND
}

/// Median time a report takes, in microseconds: a table that grows past its index and is
/// cleaned up at minute 38.
fn report_median(at: Time) -> f64 {
    let minute = second(at) as f64 / 60.0;
    let base = 1.8e6;
    match minute {
        m if m < 12.0 => base,
        m if m < 24.0 => base * (90.0f64 / 1.8).powf((m - 12.0) / 12.0),
        m if m < 37.0 => 90e6,
        _ => base * 1.2,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GoneTarget {
    Serving,
    /// Nothing listens; the load balancer does not know yet.
    Refusing,
    /// Health checks have failed often enough: no traffic.
    Out,
}

fn gone_target(at: Time) -> GoneTarget {
    match second(at) {
        1_990..=2_329 => GoneTarget::Refusing,
        2_330..=2_819 => GoneTarget::Out,
        _ => GoneTarget::Serving,
    }
}

/// Builds the bundle.
pub(crate) fn build() -> Vec<File> {
    let mut random = Random::part(SEED, "alb-mixed");
    let world = World::new(SEED);
    let end = START.plus(60 * MINUTE);
    let mut bucket = Bucket::new(end);
    let mut at = START;
    let mut errors_of_target = [START.plus(443 * SECOND), START.plus(3_127 * SECOND)].into_iter();
    let mut next_error = errors_of_target.next();
    loop {
        at = at.plus((random.exponential(1.0 / 5.6) * 1e6) as i64 + 1);
        if at >= end {
            break;
        }
        let target = loop {
            let n = random.below(TARGETS.len() as u64) as usize;
            if n != GONE || gone_target(at) != GoneTarget::Out {
                break n;
            }
        };
        let refused = target == GONE && gone_target(at) == GoneTarget::Refusing;
        let report = random.chance(0.06);
        let route = world.route(&mut random);
        let (method, path) = if report { ("GET", REPORT) } else { (route.method, route.path) };
        let wait = if report {
            (report_median(at) * (0.75 + random.unit() * 0.6)) as u64
        } else {
            random.service_time(route.micros)
        };
        let bytes = if report { 61_000 } else { route.bytes };
        let status = if report { 200 } else { u64::from(route.status) };
        let mut exchange = Exchange {
            group: TargetGroup::Web,
            created: at,
            taken: wait + random.between(200, 1_400),
            target: Some(TARGETS[target]),
            spans: [Some(0), Some(wait), Some(random.below(1_200))],
            status,
            target_status: Some(status),
            sent: bytes + random.below(bytes / 4 + 1) + 330,
            method,
            path,
            id: None,
        };
        if refused {
            exchange.taken = random.between(900, 3_400);
            exchange.spans = [None; 3];
            (exchange.status, exchange.target_status, exchange.sent) = (502, None, 277);
        } else if wait > 3_000_000 && random.chance(0.015) {
            // An impatient client.
            exchange.taken = random.between(2_000_000, wait.min(45_000_000));
            exchange.spans = [Some(0), None, None];
            (exchange.status, exchange.target_status, exchange.sent) = (460, None, 0);
        } else if wait >= IDLE_TIMEOUT {
            exchange.taken = IDLE_TIMEOUT + random.between(300, 6_000);
            exchange.spans = [Some(0), None, None];
            (exchange.status, exchange.target_status, exchange.sent) = (504, None, 288);
        } else if !report && random.chance(0.0018) {
            // The target closed the idle connection just as the load balancer used it again.
            let wait = random.between(100, 3_900);
            exchange.taken = wait + random.between(200, 900);
            exchange.spans = [Some(0), Some(wait), None];
            (exchange.status, exchange.target_status, exchange.sent) = (502, None, 277);
        } else if next_error.is_some_and(|e| e <= at) {
            next_error = errors_of_target.next();
            (exchange.status, exchange.target_status) = (500, Some(500));
        }
        bucket.log(&mut random, &exchange);
    }
    bucket.files("alb-mixed", &mut random)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Vec<Vec<String>> {
        build()
            .into_iter()
            .flat_map(|file| {
                let text = String::from_utf8(file.content).expect("ASCII");
                text.lines()
                    .map(|l| l.split(' ').map(str::to_owned).collect())
                    .collect::<Vec<Vec<String>>>()
            })
            .collect()
    }

    fn minute(line: &[String]) -> u32 {
        line[1][14..16].parse().expect("two digits")
    }

    #[test]
    fn each_cause_keeps_to_its_signature() {
        let lines = lines();
        let failing = |spans: [&str; 2], status: &str| -> Vec<&Vec<String>> {
            lines
                .iter()
                .filter(|l| l[8] == status && l[9] == "-" && l[5] == spans[0] && l[7] == spans[1])
                .collect()
        };
        let raced = failing(["0.000", "-1"], "502");
        assert!((15..60).contains(&raced.len()), "{}", raced.len());
        let targets: std::collections::BTreeSet<_> = raced.iter().map(|l| &l[4]).collect();
        assert!(targets.len() >= 7, "{targets:?}");
        assert!(raced.iter().all(|l| l[6].starts_with("0.00")));
        for tenth in 0..10 {
            assert!(raced.iter().any(|l| minute(l) / 6 == tenth), "no trickle in part {tenth}");
        }
        let refused = failing(["-1", "-1"], "502");
        assert!(refused.len() > 100 && refused.iter().all(|l| l[4] == TARGETS[GONE]));
        assert!(refused.iter().all(|l| (33..=38).contains(&minute(l))));
        let late: Vec<_> = lines.iter().filter(|l| l[8] == "504").collect();
        assert!(late.len() > 150, "{}", late.len());
        assert!(late.iter().all(|l| l[13].contains("/reports/export")));
        assert!(late.iter().all(|l| (22..=38).contains(&minute(l))));
        let made_by_target = lines.iter().filter(|l| l[9] == "500").count();
        assert_eq!(made_by_target, 2);
    }

    #[test]
    fn the_target_that_was_taken_out_gets_nothing_until_it_is_back() {
        let on_gone = |from: u32, to: u32| {
            lines()
                .iter()
                .filter(|l| l[4] == TARGETS[GONE] && (from..to).contains(&minute(l)))
                .count()
        };
        assert_eq!(on_gone(40, 46), 0);
        assert!(on_gone(48, 60) > 200);
    }
}
