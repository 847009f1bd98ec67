//! `cargo xtask bench`: is why502 as fast and as small as it promises to be?
//!
//! Absolute times mean little on a machine that does other things as well. So every figure is a
//! ratio of two programs that run one after the other on the same bytes, again and again, and the
//! median of those ratios counts. The rivals are the least that could be done: counting newlines,
//! and decompressing to nowhere.

mod check;
mod dialects;
mod figure;
mod process;
mod strangers;
mod yardstick;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
pub(crate) use dialects::{Speeds, measure as dialect_speeds};
use figure::{Figure, Goal, table};
use process::{Usage, median, run};
pub(crate) use yardstick::{Yardstick, measure};

use crate::text::parse_bytes;

/// Arguments of `bench`.
#[derive(Args)]
pub(crate) struct Options {
    /// What to measure: the whole program, each dialect's reading of healthy lines, or `check` on a
    /// large repository.
    #[arg(value_enum, default_value_t = What::Program)]
    what: What,
    /// Size of the large log before compression; the small one is a tenth of it.
    #[arg(long, value_parser = parse_bytes, default_value = "1G")]
    bytes: u64,
    /// Of the dialects and strange texts, only those whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
    /// Paired runs behind each ratio.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Keep the generated logs and say where they are.
    #[arg(long)]
    keep: bool,
    /// Print the figures as JSON.
    #[arg(long)]
    json: bool,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Program,
    Dialects,
    Check,
}

/// The release builds that are measured.
struct Programs {
    why502: PathBuf,
    xtask: PathBuf,
}

/// Runs the subcommand.
pub(crate) fn run_bench(options: &Options) -> Result<()> {
    ensure!(options.runs > 0, "--runs needs at least 1");
    if options.what == What::Dialects {
        let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["run", "--release", "--quiet", "--package", "xtask", "--", "dialect-speeds"])
            .args(["--runs", &options.runs.to_string(), "--only", &options.only])
            .status()
            .context("cargo does not start")?;
        ensure!(status.success(), "the measurement failed: see above");
        return Ok(());
    }
    let programs = build()?;
    let logs = tempfile::Builder::new().prefix("why502-bench-").tempdir()?;
    let bench = Bench { options, programs: &programs, logs: logs.path() };
    let figures = if options.what == What::Check {
        let newlines = |files: &[PathBuf]| {
            let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
            bench.yardstick("newlines", 1, &files)
        };
        check::measure(&programs.why502, logs.path(), options.runs, newlines)
    } else {
        bench.measure()
    };
    if options.keep {
        eprintln!("logs kept in {}", logs.keep().display());
    }
    let figures = figures?;
    if options.json {
        let figures: Vec<_> = figures.iter().map(Figure::json).collect();
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        print!("{}", table(&figures));
        println!(
            "\nMedians of {} paired runs; CPU is user and system time; memory is the peak resident set.",
            options.runs
        );
    }
    Ok(())
}

/// Builds what is measured and finds out where cargo put it.
fn build() -> Result<Programs> {
    eprintln!("building why502 and its yardsticks");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "--package", "why502", "--package", "xtask"])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()
        .context("cargo does not start")?;
    ensure!(output.status.success(), "the release build failed");
    let executable = |name: &str| {
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == name)
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .with_context(|| format!("cargo names no executable {name}"))
    };
    Ok(Programs { why502: executable("why502")?, xtask: executable("xtask")? })
}

struct Bench<'a> {
    options: &'a Options,
    programs: &'a Programs,
    logs: &'a Path,
}

impl Bench<'_> {
    fn measure(&self) -> Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let large = self.generate("alb", "large.log", self.options.bytes, &[])?;
        let small = self.generate("alb", "small.log", self.options.bytes / 10, &[])?;
        self.cpu(&large, &mut figures)?;
        let gzip = self.generate("alb", "gzip", self.options.bytes, &["--gzip-files", "8"])?;
        self.wall(&gzip, &mut figures)?;
        std::fs::remove_dir_all(&gzip)?;
        self.memory(&small, &large, &mut figures)?;
        std::fs::remove_file(&large)?;
        self.dialects(&mut figures)?;
        Ok(figures)
    }

    /// Processor time on a plain file, beside that of counting its newlines.
    fn cpu(&self, log: &Path, figures: &mut Vec<Figure>) -> Result<()> {
        eprintln!("processor time on a plain file");
        let rounds = self.rounds(|| {
            Ok([
                run(&mut self.yardstick("newlines", 1, &[log]))?,
                run(&mut self.diagnose(Some(1), log))?,
                run(&mut self.diagnose(None, log))?,
            ])
        })?;
        for (position, threads) in [(1, "1 thread"), (2, "all cores")] {
            let ratio = median(rounds.iter().map(|r| r[position].cpu() / r[0].cpu()));
            let seconds = median(rounds.iter().map(|r| r[position].cpu()));
            let name = format!("CPU of a plain file, {threads}, to that of a newline count");
            figures.push(Figure::ratio(name, ratio, Goal::new(5.0, 3.0)).at(seconds));
        }
        Ok(())
    }

    /// Wall time on gzip files, beside that of decompressing them with as many threads.
    fn wall(&self, gzip: &Path, figures: &mut Vec<Figure>) -> Result<()> {
        eprintln!("wall time on gzip files");
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(gzip)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        files.sort();
        let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
        let cores = std::thread::available_parallelism()?.get();
        let rounds = self.rounds(|| {
            Ok([
                run(&mut self.yardstick("decompress", cores, &files))?,
                run(&mut self.diagnose(None, gzip))?,
            ])
        })?;
        let ratio = median(rounds.iter().map(|r| r[1].wall / r[0].wall));
        let seconds = median(rounds.iter().map(|r| r[1].wall));
        let name = format!("wall time of 8 gzip files, {cores} threads, to decompression alone");
        figures.push(Figure::ratio(name, ratio, Goal::at_most(1.3)).at(seconds));
        Ok(())
    }

    /// Peak memory: by size, by time covered, by failing share, by threads.
    fn memory(&self, small: &Path, large: &Path, figures: &mut Vec<Figure>) -> Result<()> {
        eprintln!("memory");
        let tenth = self.options.bytes / 10;
        let month = self.generate("alb", "month.log", tenth, &["--duration", "720h"])?;
        let half = self.generate("alb", "half.log", self.options.bytes, &["--failing", "0.5"])?;
        let logs = [
            ("a small log", small),
            ("a log ten times as large", large),
            ("30 days", month.as_path()),
            ("half of the requests failing", half.as_path()),
        ];
        for (what, log) in logs {
            for (threads, most, aim) in [(2, 200.0, 100.0), (8, 400.0, 200.0)] {
                let peak = run(&mut self.diagnose(Some(threads), log))?.peak as f64 / 1e6;
                let name = format!("memory, {threads} threads, {what}");
                figures.push(Figure::megabytes(name, peak, Goal::new(most, aim)));
            }
        }
        std::fs::remove_file(half)?;
        Ok(())
    }

    /// How fast each dialect is read on one core, beside the newlines of the same log.
    fn dialects(&self, figures: &mut Vec<Figure>) -> Result<()> {
        let bytes = self.options.bytes / 5;
        for dialect in ["alb", "nginx", "gcp-lb"] {
            eprintln!("throughput of {dialect}");
            let log = self.generate(dialect, &format!("{dialect}.log"), bytes, &[])?;
            let rounds = self.rounds(|| {
                Ok([
                    run(&mut self.yardstick("newlines", 1, &[&log]))?,
                    run(&mut self.diagnose(Some(1), &log))?,
                ])
            })?;
            let size = std::fs::metadata(&log)?.len() as f64;
            let rate = median(rounds.iter().map(|r| size / r[1].cpu() / 1e6));
            let ratio = median(rounds.iter().map(|r| r[1].cpu() / r[0].cpu()));
            let name = format!("throughput of {dialect}, 1 thread");
            figures.push(Figure::rate(name, rate).beside(ratio, "newline count"));
            std::fs::remove_file(log)?;
        }
        Ok(())
    }

    /// One round to warm the caches, then as many as asked for.
    fn rounds<const N: usize>(
        &self,
        mut round: impl FnMut() -> Result<[Usage; N]>,
    ) -> Result<Vec<[Usage; N]>> {
        round()?;
        (0..self.options.runs).map(|_| round()).collect()
    }

    fn generate(&self, format: &str, name: &str, bytes: u64, more: &[&str]) -> Result<PathBuf> {
        let path = self.logs.join(name);
        let status = Command::new(&self.programs.xtask)
            .args(["generate", format, "--bytes", &bytes.to_string(), "--output"])
            .arg(&path)
            .args(more)
            .stderr(Stdio::null())
            .status()?;
        if !status.success() {
            bail!("generating {format} failed");
        }
        Ok(path)
    }

    fn yardstick(&self, what: &str, threads: usize, files: &[&Path]) -> Command {
        let mut command = Command::new(&self.programs.xtask);
        command.args(["yardstick", what, "--threads", &threads.to_string()]).args(files);
        command
    }

    fn diagnose(&self, threads: Option<usize>, log: &Path) -> Command {
        let mut command = Command::new(&self.programs.why502);
        command.arg("diagnose").arg(log);
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        command
    }
}
