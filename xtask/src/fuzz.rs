//! `cargo xtask fuzz`: tries the targets of `fuzz/` on altered samples. With libFuzzer where
//! cargo-fuzz and a nightly compiler are installed, otherwise with the mutator of our own, which
//! knows nothing of coverage and runs everywhere.
//!
//! What libFuzzer finds on the way stays below the build folder, for the next run to go on from.
//! `--keep` adds to `fuzz/corpus/`, which is committed and tried by every `cargo xtask test`, those of
//! them that reach code that neither the samples nor the kept ones reach.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;

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
    /// Do not run: keep what earlier runs with libFuzzer found worth keeping.
    #[arg(long, conflicts_with = "stable")]
    keep: bool,
}

/// Longest input that libFuzzer makes, in bytes: several blocks and records of many lines.
const LONGEST: u32 = 16 << 10;
/// Longest input that is kept, in bytes.
const LONGEST_KEPT: u32 = 4 << 10;
/// Inputs that are kept of a target: what reaches no edge of its own adds little but time.
const MOST_KEPT: usize = 150;
/// Bytes that the process may hold, beside what the sanitizer needs for itself.
const MEBIBYTES: u32 = 1024;
/// Seconds for one input by the clock. The sanitizer is slow, and the processor may be busy elsewhere.
const HANG: u32 = 60;

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
    if options.keep {
        ensure!(has_libfuzzer(), "only libFuzzer knows what an input reaches: see --stable");
        return aims.iter().try_for_each(|aim| keep(aim.target));
    }
    let libfuzzer = !options.stable && has_libfuzzer();
    if libfuzzer {
        eprintln!("with libFuzzer");
    } else if options.stable {
        eprintln!("with the mutator of our own");
    } else {
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

/// The kept inputs, and then a few seconds of every target, the same inputs each time as far as the
/// time allows.
pub(crate) fn smoke() -> Result<()> {
    build(&["test", "--test", "corpus"])?;
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

/// The build folder of the mutator, of its own below the workspace's.
fn build_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target").join("fuzz")
}

/// Builds something of the package on the stable compiler, and runs it if that is what the words say.
fn build(words: &[&str]) -> Result<()> {
    let status = Command::new(env!("CARGO"))
        .args(words)
        .args(["--release", "--quiet", "--locked", "--manifest-path"])
        .arg(folder().join("Cargo.toml"))
        .arg("--target-dir")
        .arg(build_folder())
        .status()
        .context("cargo does not start")?;
    ensure!(status.success(), "cargo {} fails in fuzz/: see above", words.join(" "));
    Ok(())
}

fn mutator() -> Result<Command> {
    build(&["build", "--bin", "mutate"])?;
    Ok(Command::new(build_folder().join("release/mutate")))
}

fn mutate(aim: &Aim<'_>, seconds: u64, seed: u64, jobs: u64) -> Result<()> {
    let mut running = Vec::new();
    for job in 0..jobs.max(1) {
        let mut command = mutator()?;
        command.arg(aim.target);
        command.args(["--seconds", &seconds.to_string(), "--seed", &(seed + job).to_string()]);
        running.push(addressed(&mut command, aim).spawn().context("the mutator does not start")?);
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

/// The folders of a run: what libFuzzer found, the seeds, written anew, and the kept inputs.
fn inputs(aim: &Aim<'_>) -> Result<[PathBuf; 3]> {
    let name = aim.dialect.unwrap_or(aim.target);
    let found = build_folder().join("found").join(name);
    let seeds = build_folder().join("seeds").join(name);
    let kept = folder().join("corpus").join(aim.target);
    if seeds.exists() {
        fs::remove_dir_all(&seeds)?;
    }
    for folder in [&found, &kept] {
        fs::create_dir_all(folder)?;
    }
    let mut command = mutator()?;
    command.arg(aim.target).arg("--seeds").arg(&seeds);
    let status = addressed(&mut command, aim).status().context("the mutator does not start")?;
    ensure!(status.success(), "the seeds are not written: see above");
    Ok([found, seeds, kept])
}

fn addressed<'c>(command: &'c mut Command, aim: &Aim<'_>) -> &'c mut Command {
    match aim.dialect {
        Some(name) => command.env("WHY502_DIALECT", name),
        None => command.env_remove("WHY502_DIALECT"),
    }
}

/// `cargo fuzz run` with folders of inputs and words for cargo-fuzz.
fn libfuzzer(target: &str, words: &[&str], folders: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "run", "--features", "libfuzzer", "--fuzz-dir"]);
    command.arg(folder()).args(words).arg(target).args(folders).arg("--");
    command.arg(format!("-rss_limit_mb={MEBIBYTES}")).arg(format!("-timeout={HANG}"));
    // What was freed is kept for a while to catch its use; a quarter of a gibibyte by default, which
    // hides growth.
    command.env("ASAN_OPTIONS", "quarantine_size_mb=16:malloc_context_size=8");
    command
}

fn with_libfuzzer(aim: &Aim<'_>, options: &Options) -> Result<()> {
    let jobs = options.jobs.max(1).to_string();
    let mut command = libfuzzer(aim.target, &["--jobs", &jobs], &inputs(aim)?);
    command.arg(format!("-max_total_time={}", options.seconds));
    command.args([&format!("-max_len={LONGEST}"), "-print_final_stats=1"]);
    let status = addressed(&mut command, aim).status().context("cargo fuzz does not start")?;
    ensure!(status.success(), "{}: an input was found: see above", aim.target);
    Ok(())
}

/// Copies into the kept inputs those that libFuzzer found and that reach an edge which neither seeds
/// nor kept inputs reach. How often an edge is passed does not count: that would keep thousands.
fn keep(target: &str) -> Result<()> {
    let [found, seeds, kept] = inputs(&Aim { target, dialect: None })?;
    let merged = build_folder().join("merged").join(target);
    if merged.exists() {
        fs::remove_dir_all(&merged)?;
    }
    fs::create_dir_all(&merged)?;
    let mut known = Vec::new();
    for from in [&seeds, &kept] {
        for entry in fs::read_dir(from)? {
            let path = entry?.path();
            let name = path.file_name().context("a file has a name")?.to_owned();
            fs::copy(&path, merged.join(&name))?;
            known.push(name);
        }
    }
    let status = libfuzzer(target, &[], &[&merged, &found])
        .args(["-merge=1", "-use_counters=0", &format!("-max_len={LONGEST_KEPT}")])
        .status()
        .context("cargo fuzz does not start")?;
    ensure!(status.success(), "{target}: the inputs are not merged: see above");
    let mut new = Vec::new();
    for entry in fs::read_dir(&merged)? {
        let entry = entry?;
        if !known.contains(&entry.file_name()) {
            new.push((entry.metadata()?.len(), entry.file_name()));
        }
    }
    // The shortest of them first: they are read by people when they fail.
    new.sort();
    let room = MOST_KEPT.saturating_sub(fs::read_dir(&kept)?.count());
    for (_, name) in new.iter().take(room) {
        fs::copy(merged.join(name), kept.join(name))?;
    }
    let added = new.len().min(room);
    println!("{target}: {added} of {} inputs added to {}", new.len(), kept.display());
    Ok(())
}
