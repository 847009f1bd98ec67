//! The same input gives the same bytes, however many threads read it, in whatever order it was
//! named, and whether it came as a file or through a pipe.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use support::command;

/// Numbers that look random and are the same on every run (SplitMix64, Steele et al. 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

/// One request in ten fails during the third quarter, one in five hundred otherwise.
fn fails(numbers: &mut Numbers, line: u64, lines: u64) -> bool {
    let one_in = if line * 4 / lines == 2 { 10 } else { 500 };
    numbers.below(one_in) == 0
}

/// Lines over one hour of 2 November 2026, about 300 bytes each.
fn alb(seed: u64, lines: u64) -> Vec<u8> {
    let (mut numbers, mut out) = (Numbers(seed), String::new());
    for line in 0..lines {
        let at = line * 3_600 / lines;
        let (minute, second, micros) = (at / 60, at % 60, numbers.below(1_000_000));
        let (client, target) = (numbers.below(250), 10 + numbers.below(6));
        let id = numbers.below(u64::MAX);
        let (times, status) = if fails(&mut numbers, line, lines) {
            match numbers.below(3) {
                0 => ("0.001 0.004 -1".to_owned(), "502 -"),
                1 => ("0.001 60.001 -1".to_owned(), "504 -"),
                _ => ("-1 -1 -1".to_owned(), "502 -"),
            }
        } else {
            (format!("0.000 0.{:03} 0.000", numbers.below(400)), "200 200")
        };
        writeln!(
            out,
            "https 2026-11-02T09:{minute:02}:{second:02}.{micros:06}Z app/shop/50dc6c495c0c9188 \
             198.51.100.{client}:4{micros:06} 10.0.3.{target}:8080 {times} {status} 340 1201 \
             \"GET https://shop.example.com:443/items/{id} HTTP/1.1\" \"curl/8.5\" \
             ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 \
             arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067 \
             \"Root=1-69072a00-{id:024x}\" \"shop.example.com\" \"-\" 0 \
             2026-11-02T09:{minute:02}:{second:02}.000000Z \"forward\" \"-\" \"-\" \
             \"10.0.3.{target}:8080\" \"-\" \"-\" \"-\""
        )
        .unwrap();
    }
    out.into_bytes()
}

/// Combined access lines, and one error line for every failure.
fn nginx(seed: u64, lines: u64) -> (Vec<u8>, Vec<u8>) {
    let (mut numbers, mut access, mut errors) = (Numbers(seed), String::new(), String::new());
    for line in 0..lines {
        let at = line * 3_600 / lines;
        let (minute, second) = (at / 60, at % 60);
        let (client, item) = (numbers.below(250), numbers.below(90));
        let failed = fails(&mut numbers, line, lines);
        let status = if failed { 502 } else { 200 };
        writeln!(
            access,
            "203.0.113.{client} - - [02/Nov/2026:09:{minute:02}:{second:02} +0000] \
             \"GET /api/{item} HTTP/1.1\" {status} 157 \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\""
        )
        .unwrap();
        if failed {
            writeln!(
                errors,
                "2026/11/02 09:{minute:02}:{second:02} [error] 31#31: *{line} connect() failed \
                 (111: Connection refused) while connecting to upstream, client: \
                 203.0.113.{client}, server: _, request: \"GET /api/{item} HTTP/1.1\", upstream: \
                 \"http://10.0.4.{}:3000/api/{item}\", host: \"api.example.com\"",
                item % 5
            )
            .unwrap();
        }
    }
    (access.into_bytes(), errors.into_bytes())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn files_below(directory: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, out) } else { out.push(path) }
    }
}

/// The report as text from standard output, and as JSON.
fn diagnose(directory: &Path, paths: &[PathBuf], threads: u32) -> [Vec<u8>; 2] {
    let json = tempfile::NamedTempFile::new().unwrap();
    let output = command(directory)
        .args(["diagnose", "--threads", &threads.to_string(), "--format", "json", "-o"])
        .arg(json.path())
        .args(["--format", "text"])
        .args(paths)
        .output()
        .unwrap();
    let json = fs::read(json.path()).unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&json).is_ok());
    [said(output), json]
}

fn said(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(!output.stdout.is_empty());
    output.stdout
}

/// Every order and number of threads against the first.
fn is_always_the_same(directory: &Path, paths: &[PathBuf]) {
    let first = diagnose(directory, paths, 1);
    let mut shuffled = paths.to_vec();
    for (seed, threads) in [(1, 1), (2, 2), (3, 8)] {
        let mut numbers = Numbers(seed);
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, numbers.below(last as u64 + 1) as usize);
        }
        let again = diagnose(directory, &shuffled, threads);
        for (first, again) in first.iter().zip(&again) {
            assert!(
                first == again,
                "{threads} threads, {shuffled:?}:\n{}\n---\n{}",
                String::from_utf8_lossy(first),
                String::from_utf8_lossy(again)
            );
        }
    }
}

#[test]
fn the_examples() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut seen = 0;
    for entry in fs::read_dir(&examples).unwrap() {
        let example = entry.unwrap().path();
        // One example is configuration alone, which `diagnose` leaves to `check`.
        if !example.is_dir() || example.ends_with("cloud-run-check") {
            continue;
        }
        let mut paths = Vec::new();
        files_below(&example, &mut paths);
        paths.retain(|path| path.extension().is_none_or(|extension| extension != "md"));
        paths.sort();
        is_always_the_same(&example, &paths);
        seen += 1;
    }
    assert!(seen > 2);
}

#[test]
fn many_files_of_several_blocks() {
    let dir = tempfile::tempdir().unwrap();
    let (access, errors) = nginx(3, 30_000);
    for (name, bytes) in [
        ("alb-1.log", alb(1, 16_000)),
        ("alb-2.log.gz", gzip(&alb(2, 9_000))),
        ("error.log", errors),
        ("access.log.1.gz", gzip(&access[..access.len() / 2])),
        ("access.log", access),
        ("unknown.txt", b"neither this\nnor that\n".repeat(200)),
    ] {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    assert!(fs::metadata(dir.path().join("alb-1.log")).unwrap().len() > 4 << 20);
    let mut paths = Vec::new();
    files_below(dir.path(), &mut paths);
    let paths: Vec<PathBuf> = paths.iter().map(|path| path.file_name().unwrap().into()).collect();
    is_always_the_same(dir.path(), &paths);
    // A directory is the files in it.
    let whole = diagnose(dir.path(), &[".".into()], 2);
    let named: Vec<PathBuf> = paths.iter().map(|path| Path::new(".").join(path)).collect();
    assert!(whole == diagnose(dir.path(), &named, 2));
}

/// The report with the source's name written as that of standard input.
fn unnamed(report: &[u8], name: &str) -> serde_json::Value {
    let report = std::str::from_utf8(report).unwrap().replace(name, "-");
    serde_json::from_str(&report).unwrap()
}

#[test]
fn a_pipe_in_odd_chunks() {
    let dir = tempfile::tempdir().unwrap();
    let log = alb(7, 9_000);
    fs::write(dir.path().join("whole.log"), &log).unwrap();
    let file = unnamed(&diagnose(dir.path(), &["whole.log".into()], 2)[1], "whole.log");
    assert!(file["failures"].as_u64().unwrap() > 100);
    let packed = gzip(&log);
    for bytes in [&log, &packed] {
        for size in [4_093, 65_537, 1_048_577] {
            let mut child = command(dir.path())
                .args(["diagnose", "--format", "json", "--threads", "2", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = child.stdin.take().unwrap();
            let chunks = bytes.clone();
            let writer = std::thread::spawn(move || {
                // The first byte alone: not even the container is known from one read.
                stdin.write_all(&chunks[..1]).unwrap();
                stdin.flush().unwrap();
                for chunk in chunks[1..].chunks(size) {
                    stdin.write_all(chunk).unwrap();
                }
            });
            let output = child.wait_with_output().unwrap();
            writer.join().unwrap();
            let piped = unnamed(&said(output), "whole.log");
            assert!(file == piped, "{size}:\n{file:#}\n---\n{piped:#}");
        }
    }
}
