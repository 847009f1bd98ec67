//! The layer rule: a crate imports only crates of lower rank, and the pure crates only the few
//! external crates they are allowed.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Rank of each crate of ours; crates of one rank never import each other.
const RANKS: &[(&str, u8)] = &[
    ("why502-model", 0),
    ("why502-dialects", 1),
    ("why502-engine", 1),
    ("why502-catalogue", 1),
    ("why502-check", 1),
    ("why502-configs", 1),
    ("why502-report", 1),
    ("why502-lab", 2),
    ("why502", 3),
];

/// External crates each crate may use, outside its tests. The crates that diagnose do no IO, read
/// no clock and print nothing: nothing here can.
const ALLOWED: &[(&str, &[&str])] = &[
    ("why502-model", &[]),
    ("why502-dialects", &["memchr", "serde", "serde_json"]),
    ("why502-engine", &[]),
    ("why502-catalogue", &[]),
    ("why502-check", &[]),
    (
        "why502-configs",
        &["apollo-parser", "granit-parser", "hcl-edit", "jsonc-parser", "toml", "x509-parser"],
    ),
    ("why502-report", &["annotate-snippets", "serde", "serde_json", "unicode-width"]),
];

/// Checks the rule on `cargo metadata`.
pub(crate) fn check() -> Result<()> {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps"])
        .output()
        .context("cargo metadata could not be started")?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .context("cargo metadata printed something other than JSON")?;
    let broken = violations(&metadata);
    if !broken.is_empty() {
        bail!("the layer rule is broken:\n  {}", broken.join("\n  "));
    }
    Ok(())
}

fn violations(metadata: &Value) -> Vec<String> {
    let ranks: BTreeMap<&str, u8> = RANKS.iter().copied().collect();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut broken = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if name == "xtask" {
            continue;
        }
        let Some(&rank) = ranks.get(name) else {
            broken.push(format!("{name} has no rank: add it to RANKS in xtask/src/layers.rs"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let needed = dependency["name"].as_str().unwrap_or_default();
            match (ranks.get(needed), allowed.get(name)) {
                (Some(&other), _) if other >= rank => {
                    broken.push(format!("{name} (rank {rank}) imports {needed} (rank {other})"));
                }
                (None, Some(list)) if !list.contains(&needed) => {
                    broken.push(format!("{name} must stay light and may not use {needed}"));
                }
                _ => {}
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_workspace_keeps_the_layer_rule() {
        check().unwrap();
    }

    #[test]
    fn a_crate_that_looks_sideways_or_up_is_named() {
        let package = |name: &str, needs: &[&str]| {
            let dependencies: Vec<Value> = needs.iter().map(|n| json!({"name": n})).collect();
            json!({"name": name, "dependencies": dependencies})
        };
        let metadata = json!({"packages": [
            package("why502-engine", &["why502-model", "why502-catalogue", "tokio"]),
            package("why502-model", &["why502-engine"]),
            package("why502", &["why502-engine", "anyhow"]),
            package("why502-new", &[]),
        ]});
        let broken = violations(&metadata);
        assert_eq!(broken.len(), 4, "{broken:#?}");
    }
}
