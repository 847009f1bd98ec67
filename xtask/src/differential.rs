//! `cargo xtask differential`: builds and runs `differential/`, which holds our readers against
//! another project's on generated lines. It is a package of its own because that project brings
//! some 250 crates that nothing else here needs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

/// Arguments of `differential`.
#[derive(Args)]
pub(crate) struct Options {
    /// Lines of each format.
    #[arg(long, default_value_t = LINES)]
    lines: u64,
    /// The same seed makes the same lines.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many of the differences that are not declared are shown.
    #[arg(long, default_value_t = 30)]
    show: u64,
}

/// Lines of each format unless told otherwise: every damage of every field several times.
const LINES: u64 = 10_000;

/// Runs the subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    build()?;
    compare(options)
}

/// The same with the usual lines, as part of all tests. Where the other parser's crates are neither
/// at hand nor to be had, the check is named as skipped.
pub(crate) fn check() -> Result<()> {
    let options = Options { lines: LINES, seed: 1, show: 30 };
    if let Err(why) = fetch() {
        eprintln!("skipped: the other parser's crates are not here and cannot be fetched: {why}");
        return Ok(());
    }
    run(&options)
}

fn manifest() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("differential").join("Cargo.toml")
}

/// Where it is built: below the workspace's build folder.
fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("differential")
}

/// Sees to the crates that the lock file names; the last line of what cargo says is the error.
fn fetch() -> Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["fetch", "--quiet", "--locked", "--manifest-path"])
        .arg(manifest())
        .stdin(Stdio::null())
        .output()
        .context("cargo does not start")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // A lock file that no longer fits is a mistake of ours and not for want of a network.
    ensure!(!said.contains("--locked"), "{said}");
    bail!("{}", said.lines().last().unwrap_or("cargo does not say why").trim())
}

fn build() -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(manifest())
        .arg("--target-dir")
        .arg(target())
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "the differential check does not build: see above");
    Ok(())
}

fn compare(options: &Options) -> Result<()> {
    let status = Command::new(target().join("debug/differential"))
        .args(["--lines", &options.lines.to_string()])
        .args(["--seed", &options.seed.to_string()])
        .args(["--show", &options.show.to_string()])
        .status()
        .context("the differential check does not start")?;
    ensure!(status.success(), "our readers and the other project's differ: see above");
    Ok(())
}
