//! A whole diagnosis on the wire.

use std::collections::BTreeMap;

use model::Cause;
use serde::Serialize;

use super::SCHEMA_VERSION;
use super::cause::WireCause;
use super::configuration::WireConfiguration;
use super::finding::{WireEffect, WireIncident};
use super::text::{Sight, WireText, WireWindow, share};
use crate::conclude::{conclusions, failures, is_client_side, unexplained};

/// The document `why502 diagnose --format json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct Diagnosis {
    schema_version: &'static str,
    period: Option<WireWindow>,
    requests: u64,
    failures: u64,
    background: u64,
    unexplained: u64,
    conclusions: Vec<Conclusion>,
    incidents: Vec<WireIncident>,
    causes: Vec<WireCause>,
    sources: Vec<Source>,
    streams: Vec<Stream>,
    occurrences: Vec<Occurrences>,
    assumptions: Vec<WireText>,
    clock_skews: Vec<Skew>,
    complaints: Vec<Complaint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<WireConfiguration>,
}

/// One cause over all incidents, largest first.
#[derive(Debug, Serialize)]
struct Conclusion {
    cause: &'static str,
    verdict: &'static str,
    failures: u64,
    share: Option<f64>,
    effect: Option<WireEffect>,
    incidents: Vec<usize>,
}

#[derive(Debug, Serialize)]
struct Source {
    name: String,
    bytes: u64,
    lines: u64,
    records: BTreeMap<&'static str, u64>,
    not_understood: u64,
    not_understood_examples: Vec<Example>,
}

#[derive(Debug, Serialize)]
struct Example {
    line: u64,
    text: String,
}

#[derive(Debug, Serialize)]
struct Stream {
    dialect: &'static str,
    hop: String,
    kind: &'static str,
    requests: u64,
    failures: u64,
    period: Option<WireWindow>,
    success_duration: Option<Quantiles>,
}

#[derive(Debug, Serialize)]
struct Quantiles {
    median_seconds: f64,
    p95_seconds: f64,
}

#[derive(Debug, Serialize)]
struct Occurrences {
    kind: &'static str,
    count: u64,
}

#[derive(Debug, Serialize)]
struct Skew {
    stream: String,
    reference: String,
    offset_seconds: f64,
    pairs: u64,
}

#[derive(Debug, Serialize)]
struct Complaint {
    source: String,
    says: WireText,
    note: bool,
}

impl Diagnosis {
    pub(crate) fn new(d: &model::Diagnosis, sight: &Sight<'_>) -> Diagnosis {
        let all = failures(d);
        Diagnosis {
            schema_version: SCHEMA_VERSION,
            period: d.period.as_ref().map(WireWindow::from),
            requests: d.requests,
            failures: d.failures,
            background: d.background,
            unexplained: unexplained(d),
            conclusions: conclusions(d)
                .iter()
                .map(|c| Conclusion {
                    cause: c.cause.slug,
                    verdict: c.least_verdict().as_str(),
                    failures: c.failures,
                    share: (!is_client_side(c.cause)).then(|| share(c.failures, all)).flatten(),
                    effect: c.effect().as_ref().map(WireEffect::from),
                    incidents: c.verdicts.iter().map(|(incident, _)| *incident).collect(),
                })
                .collect(),
            incidents: d.incidents.iter().map(|i| WireIncident::new(i, sight)).collect(),
            causes: causes(d),
            sources: d.sources.iter().map(|s| source(s, sight)).collect(),
            streams: d.streams.iter().map(|s| stream(s, sight)).collect(),
            occurrences: d
                .occurrences
                .iter()
                .map(|(kind, count)| Occurrences { kind: kind.as_str(), count: *count })
                .collect(),
            assumptions: d.assumptions.iter().filter_map(|a| sight.statement(&a.says)).collect(),
            clock_skews: d
                .skews
                .iter()
                .map(|skew| Skew {
                    stream: sight.seen(&skew.stream),
                    reference: sight.seen(&skew.reference),
                    offset_seconds: skew.offset.as_secs_f64(),
                    pairs: skew.pairs,
                })
                .collect(),
            complaints: d
                .complaints
                .iter()
                .filter_map(|complaint| {
                    let says = sight.statement(&complaint.says)?;
                    Some(Complaint { source: complaint.source.clone(), says, note: complaint.note })
                })
                .collect(),
            configuration: d.configuration.as_ref().map(WireConfiguration::from),
        }
    }
}

/// Every cause the findings mention, once, by slug.
fn causes(d: &model::Diagnosis) -> Vec<WireCause> {
    let mut all: BTreeMap<&'static str, &'static Cause> = BTreeMap::new();
    for finding in d.incidents.iter().flat_map(|incident| &incident.findings) {
        let mentioned = std::iter::once(finding.cause)
            .chain(finding.chain.iter().copied())
            .chain(finding.ruled_out.iter().map(|out| out.cause))
            .chain(finding.rivals.iter().map(|rival| rival.cause))
            .chain(finding.configuration.iter().map(|bearing| bearing.cause));
        all.extend(mentioned.map(|cause| (cause.slug, cause)));
    }
    all.into_values().map(WireCause::from).collect()
}

fn source(source: &model::SourceSummary, sight: &Sight<'_>) -> Source {
    let mut records = BTreeMap::new();
    for (dialect, n) in &source.dialects {
        *records.entry(*dialect).or_insert(0) += n;
    }
    Source {
        name: source.name.clone(),
        bytes: source.bytes,
        lines: source.lines,
        records,
        not_understood: source.unread,
        not_understood_examples: source
            .unread_examples
            .iter()
            .map(|(line, text)| Example { line: *line, text: sight.seen(text) })
            .collect(),
    }
}

fn stream(stream: &model::StreamSummary, sight: &Sight<'_>) -> Stream {
    Stream {
        dialect: stream.dialect,
        hop: sight.seen(&stream.hop),
        kind: stream.kind.as_str(),
        requests: stream.requests,
        failures: stream.failures,
        period: stream.period.as_ref().map(WireWindow::from),
        success_duration: stream.quantiles.map(|(median, p95)| Quantiles {
            median_seconds: median.as_secs_f64(),
            p95_seconds: p95.as_secs_f64(),
        }),
    }
}
