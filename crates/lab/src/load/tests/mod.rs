//! Proves each outcome against a server that misbehaves in just that way, and the clock against
//! servers and generators that stall. All on loopback.

mod clients;
mod clock;
mod decode;
mod http1;
mod http2;
mod plan;
mod servers;

use std::net::SocketAddr;
use std::time::Duration;

use model::Protocol;

use super::{Arrivals, Ask, Outcome, Plan, Report, run};

/// A plan for a few requests, well within patience.
fn plan(target: SocketAddr) -> Plan {
    Plan {
        target,
        authority: "shop.test".to_owned(),
        protocol: Protocol::Http1,
        keep_alive: true,
        arrivals: Arrivals::Constant { rate: 20.0 },
        lasts: Duration::from_millis(200),
        patience: Duration::from_secs(20),
        requests: vec![get("/")],
        request_ids: None,
        in_flight: Plan::IN_FLIGHT,
    }
}

/// One where patience ends while the server is silent.
fn impatient(target: SocketAddr) -> Plan {
    Plan { patience: Duration::from_millis(400), ..plan(target) }
}

fn ask(method: &str, path: &str) -> Ask {
    Ask {
        method: method.to_owned(),
        path: path.to_owned(),
        body_bytes: 0,
        headers: Vec::new(),
        weight: 1,
    }
}

fn get(path: &str) -> Ask {
    ask("GET", path)
}

fn post(bytes: u64) -> Ask {
    Ask { body_bytes: bytes, ..ask("POST", "/") }
}

fn sent(plan: &Plan) -> Report {
    let report = run(plan, |_| {}).expect("the plan runs");
    let ended: u64 = report.outcomes.values().sum();
    assert_eq!(ended, plan.scheduled(), "each request ends once: {:?}", report.outcomes);
    report
}

/// Runs the plan and expects all requests to end alike.
#[track_caller]
fn all(plan: &Plan, outcome: Outcome) -> Report {
    let report = sent(plan);
    assert_eq!(report.outcomes, [(outcome, plan.scheduled())].into(), "{:?}", report.failures);
    report
}
