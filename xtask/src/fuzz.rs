//! `cargo xtask fuzz`: tries the targets of `fuzz/` on altered samples. With libFuzzer where
//! cargo-fuzz and a nightly compiler are installed, otherwise with the mutator of our own, which
//! knows nothing of coverage and runs everywhere.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

use crate::samples;

/// The targets of `fuzz/src/lib.rs`.
const TARGETS: [&str; 4] = ["dialect", "sniff", "reader", "intake"];

/// Arguments of `fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// A target (dialect, sniff, reader, intake) or the name of a dialect; all targets if absent.
    target: Option<String>,
    /// Seconds for each target.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Processes side by side, each with a seed of its own.
    #[arg(long, default_value_t = 1)]
    jobs: u64,
    /// The first process's seed; the mutator of our own tries the same inputs for the same seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Use the mutator of our own even where libFuzzer is at hand.
    #[arg(long)]
    stable: bool,
}

/// A target, and the dialect it is limited to.
struct Aim<'a> {
    target: &'a str,
    dialect: Option<&'a str>,
}

/// Runs the subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    let aims = match options.target.as_deref() {
        None => TARGETS.map(|target| Aim { target, dialect: None }).into(),
        Some(target) if TARGETS.contains(&target) => vec![Aim { target, dialect: None }],
        Some(name) => {
            ensure!(dialects::by_name(name).is_some(), "there is no target or dialect {name}");
            vec![Aim { target: "dialect", dialect: Some(name) }]
        }
    };
    let libfuzzer = !options.stable && has_libfuzzer();
    if !libfuzzer {
        eprintln!("with the mutator of our own: cargo-fuzz or a nightly compiler is not there");
    }
    for aim in &aims {
        if libfuzzer {
            with_libfuzzer(aim, options)?;
        } else {
            mutate(aim, options.seconds, options.seed, options.jobs)?;
        }
    }
    Ok(())
}

/// A few seconds of every target, the same inputs each time as far as the time allows.
pub(crate) fn smoke() -> Result<()> {
    for target in TARGETS {
        mutate(&Aim { target, dialect: None }, 4, 1, 1)?;
    }
    Ok(())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("fuzz")
}

fn has_libfuzzer() -> bool {
    Command::new("cargo")
        .args(["+nightly", "fuzz", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Builds the mutator, in a place of its own below the workspace's build folder, and runs it.
fn mutate(aim: &Aim<'_>, seconds: u64, seed: u64, jobs: u64) -> Result<()> {
    let build = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("fuzz");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--quiet", "--locked", "--bin", "mutate", "--manifest-path"])
        .arg(folder().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&build)
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "the mutator does not build: see above");
    let mut running = Vec::new();
    for job in 0..jobs.max(1) {
        let mut command = Command::new(build.join("release/mutate"));
        command.arg(aim.target);
        command.args(["--seconds", &seconds.to_string(), "--seed", &(seed + job).to_string()]);
        if let Some(name) = aim.dialect {
            command.env("WHY502_DIALECT", name);
        }
        running.push(command.spawn().context("the mutator does not start")?);
    }
    let mut failed = false;
    for mut process in running {
        failed |= !process.wait().context("the mutator does not end")?.success();
    }
    if failed {
        bail!("{}: an input was found: see above", aim.target);
    }
    Ok(())
}

fn with_libfuzzer(aim: &Aim<'_>, options: &Options) -> Result<()> {
    let corpus = folder().join("corpus").join(aim.target);
    std::fs::create_dir_all(&corpus)?;
    for (dialect, samples) in samples::all() {
        if aim.dialect.is_some_and(|name| name != dialect.name()) {
            continue;
        }
        for (number, case) in samples.cases.iter().enumerate() {
            let name = format!("{}-{number}", dialect.name());
            std::fs::write(corpus.join(name), &case.record)?;
        }
    }
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "run", "--features", "libfuzzer", "--fuzz-dir"]);
    command.arg(folder()).arg(aim.target);
    command.args(["--jobs", &options.jobs.max(1).to_string(), "--"]);
    command.arg(format!("-max_total_time={}", options.seconds));
    command.args(["-timeout=5", "-rss_limit_mb=2048", "-max_len=65536"]);
    if let Some(name) = aim.dialect {
        command.env("WHY502_DIALECT", name);
    }
    let status = command.status().context("cargo fuzz does not start")?;
    ensure!(status.success(), "{}: an input was found: see above", aim.target);
    Ok(())
}
