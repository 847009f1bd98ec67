//! `cargo xtask drills`: runs the drills of this machine and records what came of them in
//! `docs/drills.md`.

mod table;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};
use model::Drill;
use serde_json::Value;

use crate::clock::Time;
use crate::docs::root;
use crate::test;
use table::{Row, Table};

/// The page, below the repository's root.
const PAGE: &str = "docs/drills.md";
/// Seconds one drill may take, both runs together.
const LIMIT: &str = "240";

/// Options of `cargo xtask drills`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Causes or drills to run (`cause` or `cause/servers`); the rows of the others stay as they are
    names: Vec<String>,

    /// How often each is run
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,

    /// How many drills run side by side; they mostly wait
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=8))]
    jobs: u32,
}

/// Every drill of the catalogue, in its order: cause and servers.
fn known() -> Vec<(&'static str, &'static str)> {
    let mut known = Vec::new();
    for cause in catalogue::ALL {
        if let Drill::Runs(scenarios) = cause.drill {
            known.extend(scenarios.iter().map(|scenario| (cause.slug, scenario.name)));
        }
    }
    known
}

/// The drills that the page does not mention.
pub(crate) fn unrecorded() -> Vec<String> {
    let table = read();
    let missing = known().into_iter().filter(|(cause, drill)| !table.has(cause, drill));
    missing.map(|(cause, drill)| format!("{cause}/{drill}")).collect()
}

fn read() -> Table {
    Table::read(&std::fs::read_to_string(root().join(PAGE)).unwrap_or_default())
}

/// Runs the drills and writes the page.
pub(crate) fn run(options: &Options) -> Result<()> {
    let all = known();
    for name in &options.names {
        let (cause, drill) = name.split_once('/').unwrap_or((name, ""));
        if !all.iter().any(|known| known.0 == cause && (drill.is_empty() || known.1 == drill)) {
            bail!("there is no drill {name}: `why502 drill list` lists them");
        }
    }
    let chosen = |cause: &str, drill: &str| {
        let name = format!("{cause}/{drill}");
        options.names.is_empty() || options.names.iter().any(|n| *n == cause || *n == name)
    };
    let envoy = test::servers();
    let mut table = read();
    table.keep(|cause, drill| all.contains(&(cause, drill)));
    let mut chosen: Vec<(&str, &str)> =
        all.iter().copied().filter(|(cause, drill)| chosen(cause, drill)).collect();
    chosen.reverse();
    let queue = Mutex::new(chosen);
    let kept = Mutex::new((table, Vec::new()));
    thread::scope(|scope| {
        let work = || -> Result<()> {
            loop {
                let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let Some((cause, drill)) = next else { return Ok(()) };
                let came = repeat(cause, drill, options.times, envoy.as_deref());
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                let (table, open) = &mut *kept;
                match came {
                    Came::Skipped(why) => table.skip(cause, drill, &why),
                    Came::Row(row) => {
                        if !row.closed() {
                            open.push(format!("{cause}/{drill}"));
                        }
                        table.record(row);
                    }
                }
                // After each, so that what was measured is not lost when this is interrupted.
                let page = table.write(&all, &machine());
                std::fs::write(root().join(PAGE), page)
                    .with_context(|| format!("{PAGE} cannot be written"))?;
            }
        };
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| match worker.join() {
            Ok(result) => result,
            Err(_) => bail!("a worker stopped"),
        })
    })?;
    let (_, open) = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    if !open.is_empty() {
        bail!("not closed every time: {}", open.join(", "));
    }
    Ok(())
}

/// What the runs of one drill came to.
enum Came {
    Row(Row),
    Skipped(String),
}

fn repeat(cause: &'static str, drill: &'static str, times: u32, envoy: Option<&Path>) -> Came {
    let name = format!("{cause}/{drill}");
    let mut row = Row::new(cause, drill, &today());
    for turn in 1..=times {
        match once(&name, envoy) {
            Ok(Ran::Skipped(why)) => {
                eprintln!("{name}: skipped: {why}");
                return Came::Skipped(why);
            }
            Ok(Ran::Done(result)) => {
                row.add(&result);
                let what = if result["closed"] == true { "closed" } else { "NOT CLOSED" };
                eprintln!("{name} {turn}/{times}: {what}, {} s", row.seconds());
                for check in result["checks"].as_array().into_iter().flatten() {
                    if check["holds"] != true {
                        eprintln!("    {}", check["says"]["en"].as_str().unwrap_or_default());
                    }
                }
            }
            Err(why) => {
                row.add(&Value::Null);
                eprintln!("{name} {turn}/{times}: NOT CLOSED: {why:#}");
            }
        }
    }
    Came::Row(row)
}

enum Ran {
    /// The drill's entry in the result.
    Done(Value),
    Skipped(String),
}

fn once(name: &str, envoy: Option<&Path>) -> Result<Ran> {
    let mut command = Command::new("timeout");
    command
        .args(["--kill-after=5", LIMIT, env!("CARGO"), "run", "--quiet", "--package", "why502"])
        .args(["--all-features", "--", "drill", name, "--format", "json"])
        .current_dir(root())
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(envoy) = envoy {
        command.env("WHY502_ENVOY", envoy);
    }
    let output = command.output().context("timeout could not be started")?;
    if output.status.code() == Some(124) {
        bail!("it took longer than {LIMIT} s and was ended");
    }
    let Ok(result) = serde_json::from_slice::<Value>(&output.stdout) else {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    };
    if let Some(why) = result["skipped"][0]["why"].as_str() {
        return Ok(Ran::Skipped(why.to_owned()));
    }
    Ok(Ran::Done(result["drills"][0].clone()))
}

fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let text = Time(i64::try_from(now.as_micros()).unwrap_or_default()).rfc3339();
    text.split('T').next().unwrap_or_default().to_owned()
}

/// The machine in a few words.
fn machine() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("Linux {}, {cores} cores, {}", kernel.trim(), today())
}
