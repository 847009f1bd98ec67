//! Whether a drill's loop closed: it failed as described, the logs alone named the cause, and the
//! remedy ended it.

use model::{Scenario, Statement, Text};
use serde_json::Value;

use crate::load::{Outcome as Ended, Report};
use crate::run::Outcome;
use crate::topology::{Topology, Variant};

/// One thing that had to be seen.
#[derive(Clone, Debug)]
pub struct Check {
    /// What was seen, one sentence.
    pub says: Statement,
    /// Whether it is what had to be seen.
    pub holds: bool,
}

impl Check {
    fn new(holds: bool, says: Statement) -> Check {
        Check { says, holds }
    }
}

fn says(en: &'static str, ja: &'static str) -> Statement {
    Statement::plain(Text::new(en, ja))
}

/// The cause that a diagnosis names first.
#[must_use]
pub fn first_cause(diagnosis: &Value) -> Option<&str> {
    diagnosis["conclusions"].get(0)?["cause"].as_str()
}

/// The cause that a diagnosis names first and what it led to, as far as it is told.
#[must_use]
pub fn first_chain(diagnosis: &Value) -> Vec<&str> {
    let Some(first) = first_cause(diagnosis) else { return Vec::new() };
    let incidents = diagnosis["incidents"].as_array().into_iter().flatten();
    let findings =
        incidents.flat_map(|incident| incident["findings"].as_array().into_iter().flatten());
    let chain = findings
        .filter(|finding| finding["cause"] == first)
        .find_map(|finding| finding["chain"].as_array());
    let links: Vec<&str> = chain.into_iter().flatten().filter_map(Value::as_str).collect();
    if links.is_empty() { vec![first] } else { links }
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
        says(
            "{failed} of {sent} requests failed ({share}); expected {range}",
            "{sent} 件中 {failed} 件のリクエストが失敗しました（{share}）。想定は {range} です",
        )
        .with("failed", failed)
        .with("sent", sent)
        .with("share", percent(share))
        .with("range", range(least, most)),
    )];
    let strange: Vec<String> = seen(load)
        .into_iter()
        .filter(|(status, _)| !expect.statuses.contains(status))
        .map(|(status, count)| format!("{count} × {}", word(status)))
        .collect();
    let expected: Vec<String> = expect.statuses.iter().map(|status| word(*status)).collect();
    checks.push(Check::new(
        strange.is_empty(),
        if strange.is_empty() {
            says("clients saw {expected}", "クライアントに返ったのは {expected} です")
        } else {
            says(
                "clients saw {strange}, which is not among {expected}",
                "クライアントに {strange} が返りました。想定は {expected} です",
            )
            .with("strange", strange.join(", "))
        }
        .with("expected", expected.join(", ")),
    ));
    if !expect.passes.is_empty() {
        let through = sent - failed;
        let wanted: Option<u64> = Topology::new(scenario, Variant::Fault, &[], "/".as_ref())
            .and_then(|topology| topology.number(expect.passes))
            .ok();
        checks.push(Check::new(
            wanted == Some(through),
            says(
                "{through} requests got through; arithmetic says {wanted}",
                "{through} 件のリクエストが成功しました。計算上は {wanted} 件です",
            )
            .with("through", through)
            .with("wanted", wanted.map_or_else(|| "?".to_owned(), |n| n.to_string())),
        ));
    }
    checks.push(match first_cause(&outcome.diagnosis) {
        Some(named) => Check::new(
            named == slug,
            says(
                "the logs alone say {named} ({verdict})",
                "ログだけからの診断は {named}（{verdict}）です",
            )
            .with("named", named)
            .with("verdict", first_verdict(&outcome.diagnosis).unwrap_or("?")),
        ),
        None => {
            Check::new(false, says("the logs alone say nothing", "ログだけからは何も分かりません"))
        }
    });
    checks
}

/// Judges the run with the remedy.
#[must_use]
pub fn remedy(outcome: &Outcome) -> Vec<Check> {
    let (failed, sent) = (outcome.load.failed(), outcome.load.sent);
    let mut checks = vec![Check::new(
        failed == 0 && sent > 0,
        says(
            "with the remedy {failed} of {sent} requests failed",
            "対策後は {sent} 件中 {failed} 件が失敗しました",
        )
        .with("failed", failed)
        .with("sent", sent),
    )];
    let left = outcome.diagnosis["failures"].as_u64().unwrap_or(0);
    checks.push(match first_cause(&outcome.diagnosis) {
        Some(named) => Check::new(
            false,
            says("with the remedy the logs still say {named}", "対策後もログの診断は {named} です")
                .with("named", named),
        ),
        None if left > 0 => Check::new(
            false,
            says(
                "with the remedy the logs still show {left} failures",
                "対策後もログに {left} 件の失敗があります",
            )
            .with("left", left),
        ),
        None => Check::new(
            true,
            says(
                "with the remedy there is nothing to diagnose",
                "対策後は診断すべきことがありません",
            ),
        ),
    });
    checks
}

/// What failing clients saw: statuses, 0 for no response.
fn seen(load: &Report) -> Vec<(u16, u64)> {
    let mut seen: Vec<(u16, u64)> = load
        .statuses
        .iter()
        .filter(|(status, _)| Ended::of_status(**status).failed())
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
