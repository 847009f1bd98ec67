//! What a run begins with: the samples of the dialects, the evidence of the cases and the inputs kept
//! from earlier runs, as the target takes them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::records::chosen;
use crate::samples;

/// Bytes taken of a file of evidence: several records of each kind that is in it.
const EVIDENCE: usize = 3 << 10;

/// The inputs with which a target begins: one for each sample, and for whole sources one for each
/// log of the cases.
#[must_use]
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let of_the_chosen = samples::all()
        .into_iter()
        .filter(|(dialect, _)| chosen().is_none_or(|chosen| chosen.name() == dialect.name()));
    for (dialect, samples) in of_the_chosen {
        for case in samples.cases.iter().filter(|case| !case.record.is_empty()) {
            let record = case.record.as_bytes();
            seeds.push(match target {
                "dialect" => [dialect.name().as_bytes(), b"\n", record].concat(),
                _ => knobs(target, seeds.len(), &[record, b"\n", record, b"\n"].concat()),
            });
        }
    }
    if target != "dialect" && chosen().is_none() {
        for path in evidence() {
            let Ok(mut content) = fs::read(&path) else { continue };
            if content.len() > EVIDENCE {
                content.truncate(EVIDENCE);
                let end = memchr::memrchr(b'\n', &content).map_or(EVIDENCE, |at| at + 1);
                content.truncate(end);
            }
            seeds.push(knobs(target, seeds.len(), &content));
        }
    }
    seeds
}

/// The text behind the bytes that tell the target how to cut and pack it, different ones for each.
fn knobs(target: &str, number: usize, text: &[u8]) -> Vec<u8> {
    let spread = |by: usize| (number.wrapping_mul(by) >> 3) as u8;
    let knobs = [number as u8, spread(37), spread(101), spread(59)];
    match target {
        "reader" => [&knobs[1..], text].concat(),
        "intake" => [&knobs, text].concat(),
        _ => text.to_vec(),
    }
}

/// The logs of every case.
fn evidence() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../cases")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.components().any(|part| part.as_os_str() == "evidence") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The inputs of earlier runs that reached what the samples do not, or failed once: files of
/// `corpus/TARGET/`, in the order of their names.
#[must_use]
pub fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.into_iter().filter_map(|path| Some((path.clone(), fs::read(path).ok()?))).collect()
}
