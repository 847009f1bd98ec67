//! `cargo xtask bench dialects`: how fast healthy lines of each dialect, and text that no dialect
//! understands, pass the reader on one core, beside a count of the same bytes' newlines in the same
//! run.

use std::hint::black_box;

use anyhow::{Result, ensure};
use clap::Args;
use dialects::reader::{self, Options, Profile, Sink};
use dialects::{Context, Dialect, Quick};
use model::{Event, Tally};
use rustix::time::{ClockId, clock_gettime};

use super::process::median;
use super::strangers;
use crate::random::Random;
use crate::samples;

/// Bytes of each generated log.
const BYTES: usize = 16 << 20;
/// Megabytes per second and core that a dialect with a quick look has to reach.
const GOAL: f64 = 250.0;
/// The same for text that nobody understands.
const STRANGE_GOAL: f64 = 150.0;

/// Arguments of the hidden subcommand `dialect-speeds`.
#[derive(Args)]
pub(crate) struct Speeds {
    /// Runs behind each figure.
    #[arg(long, default_value_t = 7)]
    runs: usize,
    /// Only the dialects and texts whose name contains this.
    #[arg(long, default_value = "")]
    only: String,
}

/// Counts what the reader tells.
#[derive(Default)]
struct Counts {
    healthy: u64,
    others: u64,
}

impl Sink for Counts {
    fn tally(&mut self, _: &'static str, tally: &Tally<'_>) {
        black_box(tally);
        self.healthy += 1;
    }
    fn event(&mut self, _: &'static str, event: &Event<'_>, _: u32, _: &str) {
        black_box(event);
        self.others += 1;
    }
    fn understood(&mut self, _: &'static str, records: u64) {
        self.healthy += records;
    }
    fn unread(&mut self, _: u32, _: &str) {
        self.others += 1;
    }
}

/// Measures every dialect that has a quick look, and text of no dialect, and prints a table.
pub(crate) fn measure(options: &Speeds) -> Result<()> {
    ensure!(options.runs > 0, "--runs needs at least 1");
    println!("{:<28} {:>8} {:>10} {:>8}", "text", "MB/s", "newlines", "ratio");
    let mut slow = Vec::new();
    let mut row = |name: String, speeds: (f64, f64), goal: f64| {
        let (reading, counting) = speeds;
        let mark = if reading < goal { "  below the goal" } else { "" };
        let ratio = counting / reading;
        println!("{name:<28} {reading:>8.0} {counting:>10.0} {ratio:>8.1}{mark}");
        if reading < goal {
            slow.push(name);
        }
    };
    for (dialect, samples) in samples::all() {
        let context = samples.context();
        let lines: Vec<&str> = samples
            .cases
            .iter()
            .map(|case| case.record.as_str())
            .filter(|record| is_healthy(dialect, record, &context))
            .collect();
        let name = dialect.name();
        if lines.is_empty() || !name.contains(&options.only) {
            continue;
        }
        let log = log(dialect, &lines, &context);
        let (speeds, counts) = speeds(&log, &context, options.runs);
        let all = counts.healthy + counts.others;
        ensure!(counts.healthy * 100 >= all * 99, "{name}: {} of {all} healthy", counts.healthy);
        row(name.to_owned(), speeds, GOAL);
    }
    for (name, text) in strangers::all(BYTES) {
        let name = format!("nobody's: {name}");
        if name.contains(&options.only) {
            let (speeds, counts) = speeds(&text, &Context::default(), options.runs);
            ensure!(counts.healthy * 100 <= counts.others, "{name}: {} read", counts.healthy);
            row(name, speeds, STRANGE_GOAL);
        }
    }
    println!(
        "\nGoals: {GOAL} MB/s of processor time for healthy lines, {STRANGE_GOAL} for text that nobody\n\
         understands. Medians of {} runs over {BYTES} bytes, beside a count of newlines.",
        options.runs
    );
    if !slow.is_empty() {
        println!("Below them: {}.", slow.join(", "));
    }
    Ok(())
}

fn is_healthy(dialect: &dyn Dialect, line: &str, context: &Context) -> bool {
    !line.contains('\n') && dialect.quick(line.as_bytes(), context) != Quick::Full
}

/// Healthy lines over and over, with other digits wherever they stay healthy.
fn log(dialect: &dyn Dialect, lines: &[&str], context: &Context) -> Vec<u8> {
    let mut random = Random::part(502, dialect.name());
    // Varying is slower than reading: a block of varied lines is repeated.
    let mut block = Vec::new();
    while block.len() < 1 << 20 {
        for line in lines {
            let mut varied = (*line).to_owned().into_bytes();
            for byte in varied.iter_mut().rev().filter(|byte| byte.is_ascii_digit()) {
                if random.chance(0.1) {
                    let was = std::mem::replace(byte, b'0' + random.below(10) as u8);
                    if was == b'0' {
                        *byte = was;
                    }
                }
            }
            let varied = String::from_utf8_lossy(&varied);
            let line = if is_healthy(dialect, &varied, context) { &varied } else { *line };
            block.extend_from_slice(line.as_bytes());
            block.push(b'\n');
        }
    }
    block.repeat(BYTES.div_ceil(block.len()))
}

/// Megabytes per second of the reader and of a newline count, medians of paired runs, and what the
/// reader told in each of them.
fn speeds(log: &[u8], context: &Context, runs: usize) -> ((f64, f64), Counts) {
    let options = Options { context: context.clone(), zone_is_given: true, ..Options::default() };
    let profile = Profile::of(&log[..log.len().min(reader::HEAD_BYTES)], &options);
    let (mut reading, mut counting) = (Vec::new(), Vec::new());
    let speed = |began: f64| log.len() as f64 / 1e6 / (seconds() - began);
    let mut counts = Counts::default();
    for _ in 0..runs {
        let began = seconds();
        black_box(memchr::memchr_iter(b'\n', black_box(log)).count());
        counting.push(speed(began));
        counts = Counts::default();
        let began = seconds();
        reader::read_block(&profile, black_box(log), &mut counts);
        reading.push(speed(began));
    }
    ((median(reading.into_iter()), median(counting.into_iter())), counts)
}

/// Processor time of this thread: what else the machine does counts less in it than in wall time.
fn seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
