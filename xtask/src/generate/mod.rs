//! `cargo xtask generate`: access logs of any size in the vendors' documented formats, for speed
//! work and for trying things out. The same arguments give the same bytes on every machine.

pub(crate) mod alb;
mod gcp_lb;
pub(crate) mod nginx;
mod sink;
pub(crate) mod world;

use crate::clock::{Time, parse_duration};
use crate::random::Random;
use crate::text::parse_bytes;
use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Instant;
use world::{Fate, World};

/// A log format that can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// AWS Application Load Balancer access log, 33 fields.
    Alb,
    /// nginx access log: `combined` followed by upstream timing as key=value.
    Nginx,
    /// Google Cloud external Application Load Balancer, one LogEntry a line.
    GcpLb,
}

/// Arguments of `generate`.
#[derive(Args)]
pub(crate) struct Options {
    /// Log format.
    format: Format,
    /// Size before compression, e.g. 64K, 200M, 1G; the log ends with the line that reaches it.
    #[arg(long, value_parser = parse_bytes)]
    bytes: u64,
    /// Seed of everything that looks random.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share of requests that fail.
    #[arg(long, default_value_t = 0.001)]
    failing: f64,
    /// Time of the first request.
    #[arg(long, value_parser = Time::parse, default_value = "2026-11-02T00:00:00Z")]
    start: Time,
    /// Time the log covers.
    #[arg(long, value_parser = parse_duration, default_value = "6h")]
    duration: i64,
    /// Write this many .gz files into the directory PATH instead of one plain file.
    #[arg(long)]
    gzip_files: Option<u32>,
    /// File to write, `-` for standard output; a directory with --gzip-files.
    #[arg(short = 'o', long = "output", value_name = "PATH")]
    output: PathBuf,
}

/// Runs the subcommand.
pub(crate) fn run(options: &Options) -> Result<()> {
    ensure!((0.0..=1.0).contains(&options.failing), "--failing is a share between 0 and 1");
    ensure!(options.gzip_files != Some(0), "--gzip-files needs at least 1");
    let begun = Instant::now();
    let mut sink = sink::Sink::open(&options.output, options.gzip_files, options)?;
    let lines = write_log(options, &mut |chunk, progress| sink.write(chunk, progress))?;
    let written = sink.finish()?;
    let seconds = begun.elapsed().as_secs_f64();
    eprintln!(
        "{lines} lines, {written} bytes in {seconds:.1} s ({:.0} MB/s)",
        written as f64 / 1e6 / seconds.max(1e-9)
    );
    Ok(())
}

/// Where a log stands: bytes written so far and in the end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Bytes before this chunk.
    pub(crate) done: u64,
    /// Bytes asked for.
    pub(crate) total: u64,
}

/// Streams the log in chunks of whole lines; returns the number of lines.
fn write_log(
    options: &Options,
    write: &mut dyn FnMut(&[u8], Progress) -> Result<()>,
) -> Result<u64> {
    const CHUNK: usize = 1 << 20;
    let world = World::new(options.seed);
    let mut random = Random::part(options.seed, "requests");
    let mut chunk = Vec::with_capacity(CHUNK + (64 << 10));
    let (mut done, mut lines) = (0u64, 0u64);
    while done < options.bytes {
        chunk.clear();
        while chunk.len() < CHUNK && done + (chunk.len() as u64) < options.bytes {
            let at = done + chunk.len() as u64;
            let share = (u128::from(at) << 32) / u128::from(options.bytes);
            // Nodes and workers write slightly out of order; real logs are not sorted.
            let jitter = random.below(400_000) as i64;
            let offset = ((options.duration as i128 * share as i128) >> 32) as i64;
            let end = options.start.plus(offset + jitter);
            let fate = Fate::draw(&mut random, options.failing);
            match options.format {
                Format::Alb => alb::push_line(&mut chunk, &world, &mut random, end, fate),
                Format::Nginx => nginx::push_line(&mut chunk, &world, &mut random, end, fate),
                Format::GcpLb => gcp_lb::push_line(&mut chunk, &world, &mut random, end, fate),
            }
            lines += 1;
        }
        write(&chunk, Progress { done, total: options.bytes })?;
        done += chunk.len() as u64;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(format: Format, seed: u64, failing: f64) -> Vec<u8> {
        let options = Options {
            format,
            bytes: 300_000,
            seed,
            failing,
            start: Time::parse("2026-11-02T00:00:00Z").expect("valid"),
            duration: 3_600_000_000,
            gzip_files: None,
            output: PathBuf::new(),
        };
        let mut out = Vec::new();
        let lines = write_log(&options, &mut |chunk, _| {
            out.extend_from_slice(chunk);
            Ok(())
        })
        .expect("memory does not fail");
        assert_eq!(lines, out.iter().filter(|b| **b == b'\n').count() as u64);
        out
    }

    /// Fields of an ALB line: split at blanks outside double quotes.
    fn fields(line: &str) -> Vec<String> {
        let mut quoted = false;
        let mut fields = vec![String::new()];
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ' ' if !quoted => fields.push(String::new()),
                c => fields.last_mut().expect("never empty").push(c),
            }
        }
        fields
    }

    #[test]
    fn same_arguments_same_bytes() {
        for format in [Format::Alb, Format::Nginx, Format::GcpLb] {
            let first = log(format, 1, 0.01);
            assert_eq!(first, log(format, 1, 0.01));
            assert_ne!(first, log(format, 2, 0.01));
            assert!(first.len() >= 300_000 && first.len() < 302_000, "{}", first.len());
        }
    }

    #[test]
    fn alb_lines_have_33_fields_of_plausible_width() {
        let log = String::from_utf8(log(Format::Alb, 1, 0.05)).expect("ASCII");
        let mut failing = 0;
        for line in log.lines() {
            let fields = fields(line);
            assert_eq!(fields.len(), 33, "{line}");
            assert!(line.len() > 380 && line.len() < 800, "{} {line}", line.len());
            assert_eq!(fields[5].contains("-1"), fields[5] == "-1");
            if fields[8].starts_with('5') {
                failing += 1;
                assert_eq!(fields[9], "-", "{line}");
            }
            assert!(fields[1] > fields[21], "response before request: {line}");
        }
        let lines = log.lines().count();
        assert!((450..=600).contains(&(log.len() / lines)), "{}", log.len() / lines);
        let share = f64::from(failing) / lines as f64;
        assert!((0.02..0.08).contains(&share), "{share}");
    }

    #[test]
    fn no_failures_when_none_are_asked_for() {
        let log = String::from_utf8(log(Format::Alb, 3, 0.0)).expect("ASCII");
        assert!(log.lines().all(|line| !fields(line)[8].starts_with('5')));
    }

    #[test]
    fn gcp_lines_are_json_with_the_documented_envelope() {
        let log = String::from_utf8(log(Format::GcpLb, 1, 0.05)).expect("ASCII");
        for line in log.lines() {
            let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(entry["resource"]["type"], "http_load_balancer");
            assert!(entry["httpRequest"]["latency"].as_str().expect("text").ends_with('s'));
            assert!(entry["jsonPayload"]["statusDetails"].is_string());
        }
    }

    #[test]
    fn nginx_lines_carry_upstream_timing() {
        let log = String::from_utf8(log(Format::Nginx, 1, 0.05)).expect("ASCII");
        for line in log.lines() {
            for key in ["rt=", "ua=\"", "us=\"", "uct=\"", "uht=\"", "urt=\""] {
                assert!(line.contains(key), "{key} {line}");
            }
        }
        assert!(log.contains(" 502 ") && log.contains(" 504 "));
    }
}
