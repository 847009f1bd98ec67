//! `cargo xtask test`: everything that has to hold before a change lands, in the order in which a
//! failure is cheapest to find, with one closing line.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{differential, docs, fuzz, layers, machine};

/// Counts of test results over all test binaries.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    ignored: u64,
    /// Which were ignored, with the reason where one is given.
    skipped: Vec<String>,
}

/// Runs all checks.
pub(crate) fn run() -> Result<()> {
    step("servers for the drills");
    let envoy = servers();
    step("format");
    cargo(&["fmt", "--all", "--check"])?;
    step("lints");
    // With and without the lab: the light build has to be as clean.
    let lints = ["clippy", "--workspace", "--all-targets", "--quiet"];
    let deny = ["--", "-D", "warnings"];
    cargo(&[&lints[..], &["--all-features"], &deny].concat())?;
    cargo(&[&lints[..], &deny].concat())?;
    step("layers");
    layers::check()?;
    step("licences and advisories");
    licences()?;
    step("tests");
    let tally = tests(envoy.as_deref())?;
    step("fuzzing, briefly");
    fuzz::smoke()?;
    step("readers against another project's");
    differential::check()?;
    step("generated documents");
    let fresh = docs::run(true);
    for skipped in &tally.skipped {
        println!("skipped {skipped}");
    }
    // The last line is for whoever reads only the last line.
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, tally.ignored);
    if tally.failed > 0 {
        bail!("tests failed");
    }
    fresh
}

fn step(name: &str) {
    eprintln!("== {name}");
}

fn cargo(arguments: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(arguments)
        .status()
        .with_context(|| format!("cargo {} could not be started", arguments.join(" ")))?;
    if !status.success() {
        bail!("cargo {} failed: see above", arguments.join(" "));
    }
    Ok(())
}

/// cargo-deny is not needed to build or test; without it this check is named as skipped.
fn licences() -> Result<()> {
    let present = Command::new(env!("CARGO"))
        .args(["deny", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !present {
        eprintln!("skipped: cargo-deny is not installed (cargo install cargo-deny --locked)");
        return Ok(());
    }
    cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"])
}

/// Sees to the servers that the drills run, and says where Envoy is.
pub(crate) fn servers() -> Option<PathBuf> {
    machine::prepare(&target_folder())
}

/// The build folder of this workspace, as cargo was told or as it is by default.
fn target_folder() -> PathBuf {
    let given = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    given.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target"))
}

/// Runs the tests of the workspace, passes their output through and adds up the results.
fn tests(envoy: Option<&Path>) -> Result<Tally> {
    let mut command = Command::new(env!("CARGO"));
    if let Some(envoy) = envoy {
        command.env("WHY502_ENVOY", envoy);
    }
    let mut child = command
        .args(["test", "--workspace", "--all-features", "--no-fail-fast"])
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test could not be started")?;
    let output = child.stdout.take().context("cargo test has no output")?;
    let mut tally = Tally::default();
    for line in BufReader::new(output).lines() {
        let line = line.context("the output of cargo test could not be read")?;
        tally.add(&line);
        writeln!(std::io::stdout(), "{line}").context("standard output is closed")?;
    }
    let status = child.wait().context("cargo test did not end")?;
    if !status.success() && tally.failed == 0 {
        bail!("cargo test failed before any test ran: see above");
    }
    if tally.passed == 0 {
        bail!("no test ran");
    }
    Ok(tally)
}

impl Tally {
    fn add(&mut self, line: &str) {
        if let Some((test, said)) = line.strip_prefix("test ").and_then(|l| l.split_once(" ... ")) {
            // `ignored, reason` by the standard harness, `ignored (reason)` by that of the drills.
            if let Some(why) = said.strip_prefix("ignored") {
                let why = why.trim_start_matches([',', ' ']);
                let why = why.strip_prefix('(').and_then(|w| w.strip_suffix(')')).unwrap_or(why);
                let why = if why.is_empty() { "no reason is given" } else { why };
                self.skipped.push(format!("{}: {why}", test.trim_end()));
            }
            return;
        }
        let Some(counts) = line.strip_prefix("test result: ") else { return };
        for part in counts.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(n)), Some(what)) = (words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match what {
                "passed" => self.passed += n,
                "failed" => self.failed += n,
                "ignored" => self.ignored += n,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut tally = Tally::default();
        tally.add("test result: ok. 9 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out");
        tally.add("test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured");
        tally.add("test engine::x ... ok");
        assert_eq!((tally.passed, tally.failed, tally.ignored), (12, 1, 2));
    }

    #[test]
    fn what_was_skipped_is_named() {
        let mut tally = Tally::default();
        tally.add("test drill::refused/envoy       ... ignored (Envoy is not installed: see it)");
        tally.add("test slow ... ignored, takes an hour");
        tally.add("test bare ... ignored");
        tally.add("test fine ... ok");
        assert_eq!(
            tally.skipped,
            [
                "drill::refused/envoy: Envoy is not installed: see it",
                "slow: takes an hour",
                "bare: no reason is given",
            ]
        );
    }
}
