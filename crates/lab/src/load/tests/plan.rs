//! Plans: what is refused, when requests are due, which kind comes next.

use super::super::schedule::{Mix, Schedule};
use super::*;

fn nowhere() -> Plan {
    plan(SocketAddr::from(([127, 0, 0, 1], 9)))
}

fn refused(change: impl FnOnce(&mut Plan)) -> String {
    let mut plan = nowhere();
    change(&mut plan);
    let error = run(&plan, |_| {}).expect_err("it has no meaning").to_string();
    assert!(error.starts_with("the load cannot be sent: ") && !error.contains('\n'), "{error}");
    error
}

#[test]
fn plans_without_meaning() {
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
        refused(|plan| plan.arrivals = Arrivals::Constant { rate });
    }
    let bursts = |size, gap| Arrivals::Bursts { size, gap, step: Duration::ZERO };
    refused(|plan| plan.arrivals = bursts(0, Duration::from_secs(1)));
    refused(|plan| plan.arrivals = bursts(1, Duration::ZERO));
    refused(|plan| plan.arrivals = bursts(u32::MAX, Duration::from_nanos(1)));
    refused(|plan| plan.lasts = Duration::ZERO);
    refused(|plan| plan.lasts = Duration::MAX);
    refused(|plan| plan.patience = Duration::ZERO);
    refused(|plan| plan.in_flight = 0);
    refused(|plan| plan.requests.clear());
    refused(|plan| plan.requests[0].weight = 0);
    refused(|plan| plan.authority = "a b".into());
    refused(|plan| plan.request_ids = Some("a\r\nb".into()));
    refused(|plan| plan.requests[0].method = "GET /".into());
    refused(|plan| plan.requests[0].path = "a".into());
    refused(|plan| plan.requests[0].path = "/ b".into());
    refused(|plan| plan.requests[0].headers = vec![("a:".into(), "b".into())]);
    refused(|plan| plan.requests[0].headers = vec![("a".into(), "b\r\nc: d".into())]);
    let error = refused(|plan| {
        plan.requests[0].headers = vec![("Transfer-Encoding".into(), "gzip".into())];
    });
    assert!(error.contains("gzip"), "{error}");
}

#[test]
fn counts_agree_with_the_schedule() {
    let millis = Duration::from_millis;
    let bursts = |size, gap, step| Arrivals::Bursts { size, gap: millis(gap), step: millis(step) };
    for (arrivals, lasts, expected) in [
        (Arrivals::Constant { rate: 100.0 }, millis(2000), 200),
        (Arrivals::Constant { rate: 0.1 }, millis(30_000), 3),
        (Arrivals::Constant { rate: 33.3 }, millis(10_000), 333),
        (Arrivals::Constant { rate: 7.0 }, millis(100), 1),
        (Arrivals::Constant { rate: 2.5 }, millis(1000), 3),
        (bursts(10, 100, 0), millis(1000), 100),
        (bursts(10, 100, 100), millis(1000), 40),
        (bursts(3, 5000, 1), millis(100), 3),
    ] {
        let plan = Plan { arrivals, lasts, ..nowhere() };
        let due: Vec<Duration> = Schedule::new(&plan).collect();
        assert_eq!((plan.scheduled(), due.len()), (expected, usize::try_from(expected).unwrap()));
        assert!(due.is_sorted() && due.iter().all(|due| *due < lasts), "{arrivals:?}");
    }
}

#[test]
fn the_mix_holds_over_every_stretch() {
    let asks = [("/a", 5), ("/b", 0), ("/c", 1), ("/d", 1)]
        .map(|(path, weight)| Ask { weight, ..get(path) });
    let mut mix = Mix::new(&asks);
    for _ in 0..10 {
        let mut counts = [0; 4];
        for _ in 0..7 {
            counts[mix.next()] += 1;
        }
        assert_eq!(counts, [5, 0, 1, 1]);
    }
}

#[test]
fn a_plan_crosses_process_borders() {
    let plan = Plan {
        arrivals: Arrivals::Bursts {
            size: 2,
            gap: Duration::from_millis(5),
            step: Duration::from_micros(125),
        },
        protocol: Protocol::Http2,
        ..nowhere()
    };
    let json = serde_json::to_string(&plan).unwrap();
    assert!(json.contains("\"h2c\""), "{json}");
    let back: Plan = serde_json::from_str(&json).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), json);
}

#[test]
fn words_are_stable_and_unique() {
    let words: std::collections::BTreeSet<&str> =
        Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    assert_eq!(words.len(), Outcome::ALL.len());
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::to_string(outcome).unwrap(), format!("\"{outcome}\""));
        assert!(outcome.meaning().ends_with('.'), "{outcome}: {}", outcome.meaning());
        if let Some(error) = outcome.proxy_error()
            && let Some(same) = model::ProxyError::parse(&outcome.as_str().replace('-', "_"))
        {
            assert_eq!(error, same);
        }
    }
}
