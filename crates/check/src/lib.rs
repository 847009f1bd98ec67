//! What will break: the rules of the causes, run on what the configuration says.
//!
//! Timers are solved together, so that one change that mends two findings is proposed once and no
//! change breaks what held; every other rule looks by itself.

#![forbid(unsafe_code)]

mod edits;
pub mod evidence;
mod fingerprint;
pub mod ignore;
mod orders;
mod pieces;
mod since;
mod solver;

pub use edits::apply;
pub use fingerprint::fingerprint;
pub use since::since;

use model::Cause;
use model::Predicts;
use model::config::{Finding, Rule, System};

/// Runs the rules of every cause. The order of the findings is that of their severity, then of
/// their places; the same system gives the same findings whatever the order of the causes.
#[must_use]
pub fn check(system: &System, causes: &[&'static Cause]) -> Vec<Finding> {
    let mut causes: Vec<&'static Cause> = causes.to_vec();
    causes.sort_by_key(|cause| cause.slug);
    let mut findings = orders::run(system, &causes);
    for &cause in &causes {
        let Predicts::By(rules) = cause.predicts else { continue };
        for rule in rules {
            if let Rule::Look(look) = rule {
                let found = look(system).into_iter();
                findings.extend(found.map(|prediction| Finding::new(cause, prediction)));
            }
        }
    }
    sort(&mut findings);
    findings
}

/// Puts findings in order, each once.
fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
    findings.dedup_by(|a, b| a.cause.slug == b.cause.slug && a.prediction == b.prediction);
}

/// What findings are sorted by.
fn key(finding: &Finding) -> impl Ord {
    use model::config::PlaceOf;
    let places: Vec<_> = finding
        .prediction
        .places
        .iter()
        .map(|(place, _)| match place {
            PlaceOf::Setting(setting) => setting.span(),
            PlaceOf::Text(span) => Some(*span),
        })
        .collect();
    (
        std::cmp::Reverse(finding.prediction.severity),
        places,
        finding.cause.slug,
        finding.prediction.says.values.clone(),
    )
}
