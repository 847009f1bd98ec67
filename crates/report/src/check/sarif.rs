//! Findings as SARIF 2.1.0 (OASIS), which code hosts show as alerts: a rule per cause with its page
//! as help, a result per finding with all of its places, and the edits as a fix.

use std::collections::BTreeMap;

use model::Lang;
use model::config::{Checked, Edit, Finding, Severity, System};
use serde_json::{Value, json};

use super::places::{Spot, sentence, spots};
use super::{Names, happened};

/// The name under which the files of an earlier revision are cited.
const EARLIER: &str = "EARLIER";

/// The log, indented.
#[must_use]
pub fn sarif(checked: &Checked, names: &Names<'_>, lang: Lang, version: &str) -> String {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    let silenced = checked.ignored.iter().map(|ignored| &ignored.finding);
    for finding in checked.findings.iter().chain(silenced) {
        rules.entry(finding.cause.slug).or_insert_with(|| rule(finding, lang));
    }
    let order: Vec<&str> = rules.keys().copied().collect();
    let system = &checked.system;
    let mut results: Vec<Value> = checked
        .findings
        .iter()
        .map(|finding| result(checked, finding, names, lang, &order))
        .collect();
    results.extend(checked.ignored.iter().map(|ignored| {
        let mut value = result(checked, &ignored.finding, names, lang, &order);
        value["suppressions"] = json!([{"kind": "inSource", "justification": ignored.reason}]);
        value
    }));
    let remarks: Vec<Value> = system
        .remarks
        .iter()
        .map(|remark| {
            let file = system.file(remark.at.file);
            json!({
                "level": "note",
                "message": {"text": remark.says},
                "locations": [{"physicalLocation": {
                    "artifactLocation": {"uri": uri(&file.name)},
                    "region": {"startLine": file.position(remark.at.start as usize).0},
                }}],
            })
        })
        .collect();
    let mut run = json!({
            "tool": {"driver": {
                "name": "why502",
                "semanticVersion": version,
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": true,
                "toolExecutionNotifications": remarks,
            }],
            "results": results,
    });
    if let Some(since) = &checked.since {
        let text = format!("the files as they were at {since}");
        run["originalUriBaseIds"] = json!({EARLIER: {"description": {"text": text}}});
    }
    crate::json::document(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }))
}

fn rule(finding: &Finding, lang: Lang) -> Value {
    let cause = finding.cause;
    json!({
        "id": cause.slug,
        "shortDescription": {"text": cause.title.get(lang)},
        "fullDescription": {"text": cause.explanation.get(lang)},
        "help": {"text": cause.explanation.get(lang), "markdown": cause.page()},
    })
}

fn result(
    checked: &Checked,
    finding: &Finding,
    names: &Names<'_>,
    lang: Lang,
    order: &[&str],
) -> Value {
    let (system, prediction) = (&checked.system, &finding.prediction);
    let spots = spots(system, finding);
    let level = match prediction.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut message = sentence(&prediction.says, lang);
    for told in happened::sentences(checked, finding, lang) {
        message.push(' ');
        message.push_str(&told);
    }
    for step in prediction.arithmetic.iter().chain(&prediction.changes) {
        message.push(' ');
        message.push_str(&sentence(step, lang));
    }
    for update in &prediction.armed_by {
        message.push(' ');
        message.push_str(&sentence(update, lang));
    }
    // Alerts belong to what is checked; a place of an earlier revision can only be related.
    let main = spots.iter().position(|spot| spot.revision.is_none()).unwrap_or(0);
    let mut value = json!({
        "ruleId": finding.cause.slug,
        "ruleIndex": order.iter().position(|slug| *slug == finding.cause.slug),
        "level": level,
        "message": {"text": message},
        "partialFingerprints": {"why502/v1": (names.fingerprint)(finding)},
        "properties": {"confidence": prediction.confidence.as_str()},
        "locations": spots.get(main).map(|spot| vec![location(spot, lang)]).unwrap_or_default(),
    });
    if let Some(is_new) = finding.is_new {
        value["baselineState"] = json!(if is_new { "new" } else { "unchanged" });
    }
    if spots.len() > 1 {
        let others = spots.iter().enumerate().filter(|(n, _)| *n != main);
        let related = others.zip(1..).map(|((_, spot), id)| {
            let mut place = location(spot, lang);
            place["id"] = json!(id);
            place
        });
        value["relatedLocations"] = related.collect();
    }
    if !prediction.edits.is_empty() {
        let mut changes: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for edit in &prediction.edits {
            let file = system.file(edit.at.file);
            changes.entry(&file.name).or_default().push(replacement(system, edit));
        }
        let changes: Vec<Value> = changes
            .into_iter()
            .map(|(path, all)| json!({"artifactLocation": {"uri": uri(path)}, "replacements": all}))
            .collect();
        value["fixes"] = json!([{"artifactChanges": changes}]);
    }
    value
}

fn location(spot: &Spot<'_>, lang: Lang) -> Value {
    let mut artifact = json!({"uri": uri(spot.path)});
    if spot.revision.is_some() {
        artifact["uriBaseId"] = json!(EARLIER);
    }
    json!({
        "physicalLocation": {
            "artifactLocation": artifact,
            "region": {
                "startLine": spot.from.0,
                "startColumn": spot.from.1,
                "endLine": spot.to.0,
                "endColumn": spot.to.1,
            },
        },
        "message": {"text": sentence(spot.says, lang)},
    })
}

fn replacement(system: &System, edit: &Edit) -> Value {
    let file = system.file(edit.at.file);
    let (from, to) = (file.position(edit.at.start as usize), file.position(edit.at.end as usize));
    json!({
        "deletedRegion": {
            "startLine": from.0, "startColumn": from.1, "endLine": to.0, "endColumn": to.1,
        },
        "insertedContent": {"text": edit.text},
    })
}

/// A relative path as a URI reference (RFC 3986): what is not unreserved is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
