//! The clock: how many are sent, and from when their time counts.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

use super::servers::{LONG, OK, Server};
use super::*;

/// How many took at least so long.
fn slower_than(report: &Report, micros: u64) -> u64 {
    report
        .latency
        .histogram
        .iter()
        .filter(|(value, _)| *value >= micros)
        .map(|(_, count)| count)
        .sum()
}

#[test]
fn sends_rate_times_time() {
    let server = Server::answering(OK);
    let plan = Plan {
        arrivals: Arrivals::Constant { rate: 250.0 },
        lasts: Duration::from_millis(1600),
        ..plan(server.address)
    };
    let report = all(&plan, Outcome::Success);
    assert_eq!((report.sent, report.succeeded()), (400, 400));
    let seconds: Vec<u64> = report.seconds.iter().map(|second| second.sent).collect();
    assert_eq!(seconds, [250, 150]);
    assert_eq!(report.seconds[1].succeeded, 150);
    assert!(report.seconds.iter().all(|second| second.p50 <= second.p99 && second.p50.is_some()));
    assert!(report.lasted >= 1_590_000, "the last is due at 1596 ms: {}", report.lasted);
    let counted: u64 = report.latency.histogram.iter().map(|(_, count)| count).sum();
    assert_eq!(counted, 400);
    assert!(report.late.is_some());
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
}

#[test]
fn a_server_that_pauses_is_charged_for_all_who_came_meanwhile() {
    // The thirtieth request stops the whole server for half a second.
    let (count, gate) = (AtomicU32::new(0), RwLock::new(()));
    let server = Server::each(move |mut connection, _| {
        while connection.request().is_some() {
            if count.fetch_add(1, Ordering::SeqCst) == 30 {
                let _closed = gate.write().unwrap();
                thread::sleep(Duration::from_millis(500));
            }
            drop(gate.read().unwrap());
            connection.write(OK);
        }
    });
    let plan = Plan {
        arrivals: Arrivals::Constant { rate: 100.0 },
        lasts: Duration::from_secs(2),
        ..plan(server.address)
    };
    let report = all(&plan, Outcome::Success);
    assert_eq!(report.sent, 200);
    // One request in 10 ms: those of the first 400 ms of the pause waited for 100 ms or longer.
    let waited = slower_than(&report, 100_000);
    assert!(waited >= 38, "{waited} waited");
    assert!(report.latency.max >= 490_000);
}

#[test]
fn a_generator_that_stalls_counts_from_the_schedule_too() {
    let server = Server::answering(OK);
    let plan = Plan {
        arrivals: Arrivals::Constant { rate: 100.0 },
        lasts: Duration::from_secs(2),
        ..plan(server.address)
    };
    let mut stalled = false;
    let report = run(&plan, |progress| {
        if !stalled && progress.sent >= 30 {
            stalled = true;
            thread::sleep(Duration::from_millis(500));
        }
    })
    .unwrap();
    assert_eq!((report.sent, report.succeeded()), (200, 200));
    assert!(slower_than(&report, 100_000) >= 38);
    assert!(report.late.unwrap().max >= 480_000, "{:?}", report.late);
}

#[test]
fn bursts_come_at_once_and_further_and_further_apart() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&seen);
    let server = Server::each(move |mut connection, _| {
        while connection.request().is_some() {
            keep.lock().unwrap().push(Instant::now());
            connection.write(OK);
        }
    });
    let plan = Plan {
        arrivals: Arrivals::Bursts {
            size: 5,
            gap: Duration::from_millis(200),
            step: Duration::from_micros(50_500),
        },
        lasts: Duration::from_millis(710),
        ..plan(server.address)
    };
    // Due at 0, 200 and 450.5 ms; the next would be at 751.5 ms.
    assert_eq!(plan.scheduled(), 15);
    let report = all(&plan, Outcome::Success);
    assert!(report.connections <= Some(15));
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert!(seen[14] - seen[0] >= Duration::from_millis(400));
}

#[test]
fn more_than_may_be_in_flight_is_not_sent() {
    let server = Server::each(|connection, _| connection.stall());
    let plan = Plan {
        arrivals: Arrivals::Bursts {
            size: 10,
            gap: Duration::from_millis(100),
            step: Duration::ZERO,
        },
        lasts: Duration::from_millis(50),
        in_flight: 3,
        ..impatient(server.address)
    };
    let report = sent(&plan);
    assert_eq!(report.outcomes, [(Outcome::ResponseHeadTimeout, 3), (Outcome::NotSent, 7)].into());
    assert_eq!((report.sent, report.failed(), report.notes.len()), (3, 3, 1));
    assert_eq!(report.seconds[0].failed, report.outcomes);
}

#[test]
fn ends_with_patience() {
    let server = Server::each(|connection, _| connection.stall());
    let begun = Instant::now();
    all(&impatient(server.address), Outcome::ResponseHeadTimeout);
    assert!(begun.elapsed() < LONG, "it waited for the server");
}

#[test]
fn progress_reaches_the_end() {
    let server = Server::answering(OK);
    let mut told = Vec::new();
    let plan = Plan { lasts: Duration::from_millis(400), ..plan(server.address) };
    run(&plan, |progress| told.push(*progress)).unwrap();
    let last = told.last().unwrap();
    assert_eq!((last.sent, last.in_flight, last.succeeded, last.failed), (8, 0, 8, 0));
    assert!(told.len() >= 3, "{told:?}");
}
