//! Incidents and findings on the wire.

use std::collections::BTreeMap;

use model::{Lang, Text};
use serde::Serialize;

use super::cause::WireRemedy;
use super::configuration::{WireBearing, WireSeen};
use super::text::{Sight, WireCitation, WireText, WireWindow, share, windows};
use crate::fill;

/// Failures that belong together in time.
#[derive(Debug, Serialize)]
pub(crate) struct WireIncident {
    windows: Vec<WireWindow>,
    requests: u64,
    failures: u64,
    findings: Vec<WireFinding>,
    considered: Vec<WireConsidered>,
    unexplained: Option<WireUnexplained>,
}

impl WireIncident {
    pub(crate) fn new(incident: &model::Incident, sight: &Sight<'_>) -> WireIncident {
        WireIncident {
            windows: windows(&incident.windows),
            requests: incident.requests,
            failures: incident.failures,
            findings: incident
                .findings
                .iter()
                .map(|finding| WireFinding::new(finding, incident.failures, sight))
                .collect(),
            considered: incident
                .considered
                .iter()
                .map(|(cause, outcome)| WireConsidered {
                    cause: cause.slug,
                    outcome: outcome.as_str(),
                })
                .collect(),
            unexplained: incident.unexplained.as_ref().map(|rest| WireUnexplained {
                failures: rest.failures,
                traits: rest.traits.iter().filter_map(|says| sight.statement(says)).collect(),
                failing: sight.citations(&rest.failing),
            }),
        }
    }
}

/// A cause that came into question for some of the failures, and what became of it.
#[derive(Debug, Serialize)]
struct WireConsidered {
    cause: &'static str,
    outcome: &'static str,
}

/// A verdict about one incident. Causes are named by slug; `causes` of the diagnosis has them.
#[derive(Debug, Serialize)]
struct WireFinding {
    cause: &'static str,
    verdict: &'static str,
    stated: bool,
    failures: u64,
    share: Option<f64>,
    windows: Vec<WireWindow>,
    chain: Vec<&'static str>,
    effect: Option<WireEffect>,
    observations: Vec<WireObservation>,
    failing: Vec<WireCitation>,
    ruled_out: Vec<WireRuledOut>,
    rivals: Vec<WireRival>,
    not_visible: Vec<WireMissing>,
    figures: BTreeMap<String, String>,
    remedies: Vec<WireRemedy>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    seen: Vec<WireSeen>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    configuration: Vec<WireBearing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict_of_logs: Option<&'static str>,
}

/// What a release or a change is proved to have come out as.
#[derive(Debug, Serialize)]
pub(crate) struct WireEffect {
    cause: &'static str,
    verdict: &'static str,
    stated: bool,
    failures: u64,
}

impl From<&model::Effect> for WireEffect {
    fn from(effect: &model::Effect) -> WireEffect {
        WireEffect {
            cause: effect.cause.slug,
            verdict: effect.verdict.as_str(),
            stated: effect.stated,
            failures: effect.failures,
        }
    }
}

#[derive(Debug, Serialize)]
struct WireObservation {
    says: WireText,
    values: BTreeMap<String, String>,
    independent: bool,
    undated: bool,
    citations: Vec<WireCitation>,
}

#[derive(Debug, Serialize)]
struct WireRuledOut {
    cause: &'static str,
    because: Option<WireText>,
    citations: Vec<WireCitation>,
}

#[derive(Debug, Serialize)]
struct WireRival {
    cause: &'static str,
    separates: Option<WireText>,
}

#[derive(Debug, Serialize)]
struct WireMissing {
    signal: &'static str,
    what: WireText,
    how: Vec<WireEvidence>,
}

#[derive(Debug, Serialize)]
struct WireEvidence {
    product: &'static str,
    command: &'static str,
}

#[derive(Debug, Serialize)]
struct WireUnexplained {
    failures: u64,
    traits: Vec<WireText>,
    failing: Vec<WireCitation>,
}

impl WireFinding {
    fn new(finding: &model::Finding, all: u64, sight: &Sight<'_>) -> WireFinding {
        WireFinding {
            cause: finding.cause.slug,
            verdict: finding.verdict.as_str(),
            stated: finding.stated,
            failures: finding.failures,
            share: share(finding.failures, all),
            windows: windows(&finding.windows),
            chain: finding.chain.iter().map(|cause| cause.slug).collect(),
            effect: finding.effect.as_ref().map(WireEffect::from),
            observations: finding
                .observations
                .iter()
                .filter_map(|observation| {
                    Some(WireObservation {
                        says: sight.statement(&observation.says)?,
                        values: sight.values(&observation.says.values),
                        independent: observation.independent,
                        undated: observation.undated,
                        citations: sight.citations(&observation.citations),
                    })
                })
                .collect(),
            failing: sight.citations(&finding.failing),
            ruled_out: finding
                .ruled_out
                .iter()
                .map(|out| WireRuledOut {
                    cause: out.cause.slug,
                    because: sight.statement(&out.because),
                    citations: sight.citations(&out.citations),
                })
                .collect(),
            rivals: finding
                .rivals
                .iter()
                .map(|rival| WireRival {
                    cause: rival.cause.slug,
                    separates: sight.statement(&rival.separates),
                })
                .collect(),
            not_visible: finding.missing.iter().map(missing).collect(),
            figures: sight.values(&finding.figures),
            remedies: remedies(finding, sight),
            seen: finding.seen.iter().map(|seen| WireSeen::new(seen, sight)).collect(),
            configuration: finding
                .configuration
                .iter()
                .filter_map(|bearing| WireBearing::new(bearing, sight))
                .collect(),
            verdict_of_logs: finding.of_logs.map(model::Verdict::as_str),
        }
    }
}

fn missing(missing: &model::Missing) -> WireMissing {
    let visibility = missing.visibility;
    WireMissing {
        signal: visibility.signal.as_str(),
        what: visibility.what.into(),
        how: visibility
            .how
            .iter()
            .map(|how| WireEvidence { product: how.product, command: how.command })
            .collect(),
    }
}

/// The cause's remedies with the finding's figures in them.
fn remedies(finding: &model::Finding, sight: &Sight<'_>) -> Vec<WireRemedy> {
    let seen = |value: &str| sight.seen(value);
    let lenient = |text: &Text| WireText {
        en: fill::lenient(text, Lang::En, &finding.figures, &seen),
        ja: fill::lenient(text, Lang::Ja, &finding.figures, &seen),
    };
    let strict = |text: &Text| {
        Some(WireText {
            en: fill::sentence(text, Lang::En, &finding.figures, &seen)?,
            ja: fill::sentence(text, Lang::Ja, &finding.figures, &seen)?,
        })
    };
    finding
        .remedies
        .iter()
        .map(|remedy| {
            let arithmetic = remedy.arithmetic.as_ref().and_then(strict);
            WireRemedy::new(remedy, lenient(&remedy.action), lenient(&remedy.verify), arithmetic)
        })
        .collect()
}
