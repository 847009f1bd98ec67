//! The folder of public samples: where it is, and its files as records with what is expected.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::pairs::{self, Pair};

/// The folder.
pub(crate) struct Corpus(PathBuf);

/// One record and what another parser makes of it.
#[derive(Debug)]
pub(crate) struct Sample {
    /// Its line in its file, from 1.
    pub(crate) line: usize,
    pub(crate) record: String,
    /// Whether the other parser is expected to refuse it.
    pub(crate) refused: bool,
    /// Columns that the other parser was told.
    pub(crate) format: Option<String>,
    pub(crate) expected: Vec<Pair>,
}

impl Corpus {
    /// Finds it, if it is there.
    pub(crate) fn find() -> Option<Corpus> {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
        let folder = std::env::var_os("WHY502_CORPUS").map_or_else(beside, PathBuf::from);
        folder.is_dir().then_some(Corpus(folder))
    }

    fn text(&self, file: &str) -> String {
        let path = self.0.join(file);
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The files below a folder, by their paths in the corpus, in order.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten();
        let mut files: Vec<String> = entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| format!("{folder}/{}", entry.file_name().to_string_lossy()))
            .collect();
        files.sort();
        files
    }

    /// The lines of a file, without expectations.
    pub(crate) fn lines(&self, file: &str) -> Vec<Sample> {
        let text = self.text(file);
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let sample = |(at, line): (usize, &str)| Sample {
            line: at + 1,
            record: line.to_owned(),
            refused: false,
            format: None,
            expected: Vec::new(),
        };
        lines.map(sample).collect()
    }

    /// The cases of a file with one JSON object a line: `input` and, in the words of the other
    /// project's tests, `want_raw` or `expect_raw`.
    pub(crate) fn cases(&self, file: &str, pattern: &str) -> Vec<Sample> {
        let text = self.text(file);
        let mut samples = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let Ok(case) = serde_json::from_str::<Value>(line) else { continue };
            let is_other = case["pattern"].as_str().is_some_and(|p| !p.starts_with(pattern));
            let Some(record) = case["input"].as_str() else { continue };
            if is_other {
                continue;
            }
            let mut expected = Vec::new();
            if let Some(want) = case["want_raw"].as_str().filter(|want| want.starts_with("Ok")) {
                expected = pairs::of(want);
            }
            for want in case["expect_raw"].as_array().into_iter().flatten() {
                expected.extend(pairs::of(want.as_str().unwrap_or("")));
            }
            samples.push(Sample {
                line: at + 1,
                record: record.to_owned(),
                refused: case["want_raw"].as_str().is_some_and(|want| want.starts_with("Err")),
                format: case["format"].as_str().map(str::to_owned),
                expected,
            });
        }
        samples
    }

    /// The lines of a suite of assertions about parsed fields, found again by their message.
    pub(crate) fn asserted(&self, suite: &str) -> Vec<Sample> {
        let folder = format!("crowdsecurity+hub/tests/{suite}");
        let log = self.files(&folder).into_iter().find(|file| file.ends_with(".log"));
        let mut samples = self.lines(&log.expect("a log in the suite"));
        for stated in pairs::asserted(&self.text(&format!("{folder}/parser.assert"))) {
            for sample in &mut samples {
                if sample.record.trim_end().ends_with(stated.message.trim_end()) {
                    sample.expected.extend(stated.pairs.iter().cloned());
                }
            }
        }
        for sample in &mut samples {
            sample.expected.sort();
            sample.expected.dedup();
        }
        samples
    }
}
