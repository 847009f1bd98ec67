//! Runs the program on the evidence of real incidents from public threads, where they are at hand,
//! and holds the first finding against the entries of the catalogue that their known cause comes
//! nearest to.
//!
//! The incidents are no part of the project: `WHY502_INCIDENTS` names the folder with `dev.jsonl`,
//! `../shared/incidents` beside the checkout is looked at otherwise, and without either the test says
//! that it was skipped. Here are only their names and what counts as right.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Incidents that have to be named rightly, of those in the table.
const RIGHT: usize = 20;

/// For each incident the entries that name its cause, the best one first; several where the evidence
/// that people pasted cannot tell them apart.
const ACCEPTED: &[(&str, &[&str])] = &[
    ("agw-002", &["lambda-malformed-response"]),
    ("apa-005", &["target-response-timeout"]),
    ("apa-006", &["keepalive-race"]),
    (
        "cf-002",
        &[
            "upstream-tls-negotiation",
            "target-connect-refused",
            "target-connect-timeout",
            "origin-blocks-edge",
        ],
    ),
    ("crun-001", &["oom-kill"]),
    ("crun-003", &["instance-limit-or-scale-lag", "slow-startup"]),
    ("ecs-002", &["health-check-misconfigured"]),
    ("env-002", &["response-header-too-large", "malformed-response"]),
    ("env-003", &["malformed-response"]),
    ("env-004", &["target-response-timeout"]),
    ("hap-001", &["client-abort"]),
    ("hap-002", &["malformed-response"]),
    ("lam-003", &["oom-kill"]),
    ("lam-006", &["api-gateway-integration-timeout"]),
    ("lam-007", &["target-response-timeout", "worker-timeout-kill", "lambda-function-error"]),
    ("ngx-002", &["response-header-too-large"]),
    ("ngx-004", &["localhost-resolves-to-ipv6"]),
    ("ngx-006", &["localhost-resolves-to-ipv6"]),
    ("ngx-007", &["connect-permission-denied"]),
    ("ngx-010", &["unix-socket-upstream"]),
    ("ngx-011", &["ephemeral-port-exhaustion"]),
    ("ngx-012", &["sni-host-mismatch"]),
    ("ngx-018", &["worker-pool-saturated"]),
    ("ngx-020", &["target-connect-refused", "app-not-listening"]),
    ("und-004", &["target-response-timeout"]),
    ("und-008", &["target-connect-timeout", "target-unreachable"]),
    ("und-010", &["keepalive-race"]),
];

/// Where the incidents are, if they are.
fn incidents() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/incidents");
    let folder = std::env::var_os("WHY502_INCIDENTS").map_or(beside, PathBuf::from);
    Some(folder.join("dev.jsonl")).filter(|file| file.is_file())
}

/// Cause and verdict of the first finding of the largest incident.
fn first(diagnosis: &Value) -> Option<(String, String)> {
    let incidents = diagnosis.get("incidents")?.as_array()?;
    let size = |incident: &Value| incident.get("failures").and_then(Value::as_u64).unwrap_or(0);
    let mut largest: Option<&Value> = None;
    for incident in incidents {
        if largest.is_none_or(|most| size(incident) > size(most)) {
            largest = Some(incident);
        }
    }
    let finding = largest?.get("findings")?.get(0)?;
    let cause = finding.get("cause")?;
    let slug = cause.as_str().or_else(|| cause.get("slug")?.as_str())?;
    Some((slug.to_owned(), finding.get("verdict")?.as_str()?.to_owned()))
}

fn diagnose(folder: &Path, id: &str, evidence: &str) -> Value {
    let file = folder.join(format!("{id}.log"));
    std::fs::write(&file, format!("{evidence}\n")).expect("the evidence can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(["diagnose", "--format", "json"])
        .arg(&file)
        .env("LANG", "C")
        .env("TZ", "UTC")
        .output()
        .expect("the program can be run");
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

#[test]
fn real_incidents_are_named() {
    let Some(file) = incidents() else {
        println!("skipped: no incidents beside the checkout, and WHY502_INCIDENTS is not set");
        return;
    };
    let text = std::fs::read_to_string(&file).expect("the incidents can be read");
    let folder = tempfile::tempdir().expect("a folder of its own");
    let (mut right, mut seen, mut overconfident) = (0, 0, Vec::new());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let incident: Value = serde_json::from_str(line).expect("one JSON object a line");
        let word = |key: &str| incident.get(key).and_then(Value::as_str).unwrap_or_default();
        let Some((id, accepted)) = ACCEPTED.iter().find(|(id, _)| *id == word("id")) else {
            println!("?  {}: not in the table", word("id"));
            continue;
        };
        seen += 1;
        let found = first(&diagnose(folder.path(), id, word("evidence")));
        let is_right = found.as_ref().is_some_and(|(slug, _)| accepted.contains(&slug.as_str()));
        right += usize::from(is_right);
        let mark = if is_right { "ok" } else { "no" };
        match &found {
            Some((slug, verdict)) => println!("{mark} {id}: {slug} ({verdict})"),
            None => println!("{mark} {id}: no finding"),
        }
        if let Some((slug, verdict)) = found.filter(|_| !is_right)
            && matches!(verdict.as_str(), "proved" | "supported")
        {
            overconfident.push(format!("{id}: {slug} ({verdict})"));
        }
    }
    println!("{right} of {seen} named rightly");
    assert!(overconfident.is_empty(), "wrong and sure of it: {}", overconfident.join(", "));
    assert!(right >= RIGHT.min(ACCEPTED.len()), "only {right} of {seen} named rightly");
}

#[test]
fn what_counts_as_right_is_in_the_catalogue() {
    for (id, accepted) in ACCEPTED {
        assert!(!accepted.is_empty(), "{id}: nothing counts as right");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(["causes", "--format", "json"])
        .output()
        .expect("the program can be run");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for (id, accepted) in ACCEPTED {
        let listed = accepted.iter().any(|slug| text.contains(&format!("\"{slug}\"")));
        assert!(listed, "{id}: the catalogue has none of {accepted:?}");
    }
}
