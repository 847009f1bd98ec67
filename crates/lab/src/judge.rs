//! Whether a drill's loop closed: it failed as described, the logs alone named the cause, and the
//! remedy ended it.

use model::Scenario;
use serde_json::Value;

use crate::load::Report;
use crate::run::Outcome;
use crate::topology::{Topology, Variant};

/// One thing that had to be seen.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Check {
    /// What was seen, one sentence.
    pub says: String,
    /// Whether it is what had to be seen.
    pub holds: bool,
}

impl Check {
    fn new(holds: bool, says: String) -> Check {
        Check { says, holds }
    }
}

/// The cause that a diagnosis names first.
#[must_use]
pub fn first_cause(diagnosis: &Value) -> Option<&str> {
    diagnosis["conclusions"].get(0)?["cause"].as_str()
}

/// The verdict on the cause that a diagnosis names first.
#[must_use]
pub fn first_verdict(diagnosis: &Value) -> Option<&str> {
    diagnosis["conclusions"].get(0)?["verdict"].as_str()
}

/// Judges the run with the fault.
#[must_use]
pub fn fault(scenario: &'static Scenario, slug: &str, outcome: &Outcome) -> Vec<Check> {
    let expect = &scenario.expect;
    let load = &outcome.load;
    let (failed, sent) = (load.failed(), load.sent);
    let share = if sent == 0 { 0.0 } else { failed as f64 / sent as f64 };
    let (least, most) = expect.failing;
    let mut checks = vec![Check::new(
        failed > 0 && share >= least && share <= most,
        format!(
            "{failed} of {sent} requests failed ({}); expected {}",
            percent(share),
            range(least, most)
        ),
    )];
    let strange: Vec<String> = seen(load)
        .into_iter()
        .filter(|(status, _)| !expect.statuses.contains(status))
        .map(|(status, count)| format!("{count} × {}", word(status)))
        .collect();
    let expected: Vec<String> = expect.statuses.iter().map(|status| word(*status)).collect();
    checks.push(Check::new(
        strange.is_empty(),
        match strange.is_empty() {
            true => format!("clients saw {}", expected.join(", ")),
            false => format!(
                "clients saw {}, which is not among {}",
                strange.join(", "),
                expected.join(", ")
            ),
        },
    ));
    if !expect.passes.is_empty() {
        let through = sent - failed;
        let wanted: Option<u64> = Topology::new(scenario, Variant::Fault, &[], "/".as_ref())
            .and_then(|topology| topology.number(expect.passes))
            .ok();
        checks.push(Check::new(
            wanted == Some(through),
            format!(
                "{through} requests got through; arithmetic says {}",
                wanted.map_or_else(|| "nothing".to_owned(), |n| n.to_string())
            ),
        ));
    }
    checks.push(match first_cause(&outcome.diagnosis) {
        Some(named) => Check::new(
            named == slug,
            format!(
                "the logs alone say {named} ({})",
                first_verdict(&outcome.diagnosis).unwrap_or("no verdict")
            ),
        ),
        None => Check::new(false, "the logs alone say nothing".to_owned()),
    });
    checks
}

/// Judges the run with the remedy.
#[must_use]
pub fn remedy(outcome: &Outcome) -> Vec<Check> {
    let (failed, sent) = (outcome.load.failed(), outcome.load.sent);
    let mut checks = vec![Check::new(
        failed == 0 && sent > 0,
        format!("with the remedy {failed} of {sent} requests failed"),
    )];
    checks.push(match first_cause(&outcome.diagnosis) {
        None => Check::new(
            outcome.diagnosis["failures"].as_u64().unwrap_or(0) == 0,
            "with the remedy there is nothing to diagnose".to_owned(),
        ),
        Some(named) => Check::new(false, format!("with the remedy the logs still say {named}")),
    });
    checks
}

/// What failing clients saw: statuses, 0 for no response.
fn seen(load: &Report) -> Vec<(u16, u64)> {
    let mut seen: Vec<(u16, u64)> = load
        .statuses
        .iter()
        .filter(|(status, _)| **status >= 500)
        .map(|(status, count)| (*status, *count))
        .collect();
    let with_status: u64 = seen.iter().map(|(_, count)| count).sum();
    let without = load.failed().saturating_sub(with_status);
    if without > 0 {
        seen.push((0, without));
    }
    seen
}

fn word(status: u16) -> String {
    if status == 0 { "no response".to_owned() } else { status.to_string() }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn range(least: f64, most: f64) -> String {
    if most >= 1.0 {
        return format!("at least {}", percent(least));
    }
    format!("{} to {}", percent(least), percent(most))
}
