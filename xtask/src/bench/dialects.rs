//! `cargo xtask bench dialects`: how fast healthy lines of each dialect pass the reader on one core,
//! beside a count of the same bytes' newlines in the same run.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Result, ensure};
use dialects::reader::{self, Options, Profile, Sink};
use dialects::{Context, Dialect, Quick};
use model::{Event, Tally};

use super::process::median;
use crate::random::Random;
use crate::samples;

/// Bytes of each generated log.
const BYTES: usize = 16 << 20;
/// Megabytes per second and core that a dialect with a quick look has to reach.
const GOAL: f64 = 250.0;
/// Runs behind each figure.
const RUNS: usize = 5;

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

/// Measures every dialect that has a quick look and prints a table.
pub(crate) fn measure() -> Result<()> {
    println!("{:<22} {:>8} {:>10} {:>8}", "dialect", "MB/s", "newlines", "ratio");
    let mut slow = Vec::new();
    for (dialect, samples) in samples::all() {
        let context = samples.context();
        let lines: Vec<&str> = samples
            .cases
            .iter()
            .map(|case| case.record.as_str())
            .filter(|record| is_healthy(dialect, record, &context))
            .collect();
        if lines.is_empty() {
            continue;
        }
        let log = log(dialect, &lines, &context);
        let (speed, newlines) = speeds(dialect, &log, &context)?;
        let mark = if speed < GOAL { "  below the goal" } else { "" };
        let name = dialect.name();
        println!("{name:<22} {speed:>8.0} {newlines:>10.0} {:>8.1}{mark}", newlines / speed);
        if speed < GOAL {
            slow.push(name);
        }
    }
    println!("\nGoal: {GOAL} MB/s on one core. Medians of {RUNS} runs over {BYTES} bytes.");
    if !slow.is_empty() {
        println!("Below it: {}.", slow.join(", "));
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

/// Megabytes per second of the reader and of a newline count, medians of paired runs.
fn speeds(dialect: &dyn Dialect, log: &[u8], context: &Context) -> Result<(f64, f64)> {
    let options = Options { context: context.clone(), zone_is_given: true, ..Options::default() };
    let profile = Profile::of(&log[..log.len().min(reader::HEAD_BYTES)], &options);
    let (mut reading, mut counting) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let began = Instant::now();
        let lines = memchr::memchr_iter(b'\n', black_box(log)).count();
        counting.push(log.len() as f64 / 1e6 / began.elapsed().as_secs_f64());
        let mut counts = Counts::default();
        let began = Instant::now();
        reader::read_block(&profile, black_box(log), &mut counts);
        reading.push(log.len() as f64 / 1e6 / began.elapsed().as_secs_f64());
        let name = dialect.name();
        let all = counts.healthy + counts.others;
        ensure!(counts.healthy * 100 >= all * 99, "{name}: {} of {all} healthy", counts.healthy);
        ensure!(lines > 0, "{name}: no lines");
    }
    Ok((median(reading.into_iter()), median(counting.into_iter())))
}
