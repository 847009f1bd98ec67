//! Findings as JSON, in the versioned form that `schema/check.v1.schema.json` describes.

use model::config::{Checked, Edit, Finding, Happened, Origin, PlaceOf, Setting, System};
use serde::Serialize;

use super::Names;
use super::places::{both, spots};
use crate::wire::{SCHEMA_VERSION, WireText, WireWindow};

/// The JSON Schema (2020-12) of what [`json`] writes.
pub const CHECK_SCHEMA: &str = include_str!("../../../../schema/check.v1.schema.json");

#[derive(Serialize)]
struct Document<'c> {
    schema_version: &'static str,
    kind: &'static str,
    files: Vec<File<'c>>,
    findings: Vec<Entry<'c>>,
    ignored: Vec<Silenced<'c>>,
    known: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Since<'c>>,
    remarks: Vec<Note>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    logs: &'c [String],
}

#[derive(Serialize)]
struct Since<'c> {
    revision: &'c str,
    old: usize,
}

#[derive(Serialize)]
struct File<'c> {
    path: &'c str,
    #[serde(skip_serializing_if = "str::is_empty")]
    read_as: &'c str,
}

#[derive(Serialize)]
struct Entry<'c> {
    cause: &'static str,
    title: WireText,
    severity: &'static str,
    confidence: &'static str,
    says: WireText,
    hops: Vec<&'c str>,
    places: Vec<Place<'c>>,
    arithmetic: Vec<WireText>,
    changes: Vec<WireText>,
    edits: Vec<Change<'c>>,
    fingerprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    armed_by: Vec<WireText>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    happened: Vec<Incident<'c>>,
}

/// What logs show to have happened.
#[derive(Serialize)]
struct Incident<'c> {
    incident: usize,
    window: Option<WireWindow>,
    requests: u64,
    failures: u64,
    verdict: &'static str,
    verdict_of_logs: &'static str,
    only_one: bool,
    seen_at: Option<SeenAt<'c>>,
}

#[derive(Serialize)]
struct SeenAt<'c> {
    source: &'c str,
    line: u64,
}

#[derive(Serialize)]
struct Place<'c> {
    says: WireText,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    setting: Option<Value>,
}

/// Lines and columns from 1; columns count characters, the end is the one after the last.
#[derive(Serialize)]
struct Range {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Value {
    key: &'static str,
    name: &'static str,
    value: String,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_of: Option<Default>,
}

#[derive(Serialize)]
struct Default {
    product: &'static str,
    versions: &'static str,
    source: &'static str,
}

#[derive(Serialize)]
struct Change<'c> {
    path: &'c str,
    #[serde(flatten)]
    range: Range,
    text: &'c str,
    safe: bool,
}

#[derive(Serialize)]
struct Silenced<'c> {
    cause: &'static str,
    reason: &'c str,
    place: String,
}

#[derive(Serialize)]
struct Note {
    place: String,
    says: String,
}

/// What was found as one JSON document, indented; the order of keys is fixed.
#[must_use]
pub fn json(checked: &Checked, names: &Names<'_>) -> String {
    let system = &checked.system;
    let files = system.files.iter().filter(|file| !file.read_as.is_empty());
    crate::json::document(&Document {
        schema_version: SCHEMA_VERSION,
        kind: "check",
        files: files.map(|file| File { path: &file.name, read_as: file.read_as }).collect(),
        findings: checked.findings.iter().map(|one| entry(system, one, names)).collect(),
        ignored: checked
            .ignored
            .iter()
            .map(|one| Silenced {
                cause: one.finding.cause.slug,
                reason: &one.reason,
                place: system.place(one.at),
            })
            .collect(),
        known: checked.known,
        since: checked.since.as_ref().map(|revision| Since { revision, old: checked.old }),
        remarks: system
            .remarks
            .iter()
            .map(|remark| Note { place: system.place(remark.at), says: remark.says.clone() })
            .collect(),
        logs: &checked.logs,
    })
}

fn entry<'c>(system: &'c System, finding: &'c Finding, names: &Names<'_>) -> Entry<'c> {
    let prediction = &finding.prediction;
    Entry {
        cause: finding.cause.slug,
        title: WireText::from(finding.cause.title),
        severity: prediction.severity.as_str(),
        confidence: prediction.confidence.as_str(),
        says: both(&prediction.says),
        hops: prediction.hops.iter().map(|hop| &*system.hop(*hop).name).collect(),
        places: places(system, finding),
        arithmetic: prediction.arithmetic.iter().map(both).collect(),
        changes: prediction.changes.iter().map(both).collect(),
        edits: prediction.edits.iter().map(|edit| change(system, edit)).collect(),
        fingerprint: (names.fingerprint)(finding),
        new: finding.is_new,
        armed_by: prediction.armed_by.iter().map(both).collect(),
        happened: finding.happened.iter().map(incident).collect(),
    }
}

fn incident(happened: &Happened) -> Incident<'_> {
    Incident {
        incident: happened.incident,
        window: happened.window.as_ref().map(WireWindow::from),
        requests: happened.requests,
        failures: happened.failures,
        verdict: happened.verdict.as_str(),
        verdict_of_logs: happened.of_logs.as_str(),
        only_one: happened.only_one,
        seen_at: happened.seen_at.as_ref().map(|(source, line)| SeenAt { source, line: *line }),
    }
}

fn places<'c>(system: &'c System, finding: &'c Finding) -> Vec<Place<'c>> {
    let mut spots = spots(system, finding).into_iter();
    let mut out = Vec::new();
    for (place, says) in &finding.prediction.places {
        let (in_file, setting) = match place {
            PlaceOf::Setting(setting) => (setting.span().is_some(), Some(value(setting))),
            PlaceOf::Text(_) => (true, None),
        };
        let spot = if in_file { spots.next() } else { None };
        out.push(Place {
            says: both(says),
            path: spot.as_ref().map(|spot| spot.path),
            revision: spot.as_ref().and_then(|spot| spot.revision),
            range: spot.map(|spot| Range {
                start_line: spot.from.0,
                start_column: spot.from.1,
                end_line: spot.to.0,
                end_column: spot.to.1,
            }),
            setting,
        });
    }
    out
}

fn value(setting: &Setting) -> Value {
    let (origin, default_of) = match setting.origin {
        Origin::Written(_) => ("written", None),
        Origin::Default { known, assumed, .. } => (
            if assumed { "assumed" } else { "default" },
            Some(Default {
                product: known.product,
                versions: known.versions,
                source: known.source,
            }),
        ),
    };
    Value {
        key: setting.key.as_str(),
        name: setting.name,
        value: crate::mask::mask(&setting.value.to_string()).into_owned(),
        origin,
        default_of,
    }
}

fn change<'c>(system: &'c System, edit: &'c Edit) -> Change<'c> {
    let file = system.file(edit.at.file);
    let (from, to) = (file.position(edit.at.start as usize), file.position(edit.at.end as usize));
    let range =
        Range { start_line: from.0, start_column: from.1, end_line: to.0, end_column: to.1 };
    Change { path: &file.name, range, text: &edit.text, safe: edit.safe }
}
