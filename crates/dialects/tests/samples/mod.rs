//! The samples of `tests/<dialect>.txt`: read and interpreted once for every suite that uses them.
//! Samples that need other directives stand in `tests/<dialect>.<what>.txt`.
//!
//! ```text
//! # a comment; directives before the first case: @offset 32400, @year 2026, @nginx <log_format>,
//! # @columns <names>, @around <name> <value>, @apache
//! --- what the case shows
//! the record, one line or several
//! =>
//! request kind=… (one line per event; `nothing` if understood without events; `refused`)
//! ```

// Every suite takes what it needs of it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};

use dialects::{Context, Dialect};

/// One record and what is expected of it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) record: String,
    pub(crate) expected: String,
}

/// One file of samples.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    /// Comments and directives before the first case.
    pub(crate) head: String,
    pub(crate) cases: Vec<Case>,
}

/// The files with samples of a dialect: the one named after it, and those for other directives.
pub(crate) fn paths(dialect: &dyn Dialect) -> Vec<PathBuf> {
    let mut paths = vec![folder().join(format!("{}.txt", dialect.name()))];
    let others = format!("{}.", dialect.name());
    for path in std::fs::read_dir(folder()).into_iter().flatten().flatten().map(|e| e.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let what = name.strip_prefix(&others).and_then(|rest| rest.strip_suffix(".txt"));
        if what.is_some_and(|what| !what.is_empty()) {
            paths.push(path);
        }
    }
    paths.sort();
    paths
}

fn folder() -> PathBuf {
    // The manifest of whichever package includes this module.
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let here = manifest.join("tests");
    if here.join("aws-alb.txt").is_file() {
        return here;
    }
    manifest.join("../crates/dialects/tests")
}

/// Every file of samples there is, with the dialect it is of.
pub(crate) fn all() -> Vec<(&'static dyn Dialect, Samples)> {
    let mut all = Vec::new();
    for dialect in dialects::ALL {
        for path in paths(*dialect) {
            if let Ok(text) = std::fs::read_to_string(&path) {
                all.push((*dialect, Samples::of(&text)));
            }
        }
    }
    all
}

impl Case {
    /// Whether the record is of the dialect at all.
    pub(crate) fn is_understood(&self) -> bool {
        self.expected != "refused"
    }
}

impl Samples {
    /// Reads a file of samples.
    pub(crate) fn of(text: &str) -> Samples {
        let mut samples = Samples { head: String::new(), cases: Vec::new() };
        let mut in_expected = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("--- ") {
                let (name, empty) = (name.to_owned(), String::new());
                samples.cases.push(Case { name, record: empty.clone(), expected: empty });
                in_expected = false;
            } else if let Some(case) = samples.cases.last_mut() {
                if line == "=>" && !in_expected {
                    in_expected = true;
                } else {
                    let part = if in_expected { &mut case.expected } else { &mut case.record };
                    part.push_str(line);
                    part.push('\n');
                }
            } else {
                samples.head.push_str(line);
                samples.head.push('\n');
            }
        }
        for case in &mut samples.cases {
            case.record = case.record.trim_end_matches('\n').to_owned();
            case.expected = case.expected.trim_end_matches('\n').to_owned();
        }
        samples
    }

    /// What the directives tell the dialect.
    pub(crate) fn context(&self) -> Context {
        let mut context = Context::default();
        for line in self.head.lines() {
            if let Some(value) = line.strip_prefix("@offset ") {
                context.offset_east = value.parse().expect("@offset takes seconds");
            } else if let Some(value) = line.strip_prefix("@year ") {
                context.year = Some(value.parse().expect("@year takes a year"));
            } else if let Some(value) = line.strip_prefix("@nginx ") {
                let format = dialects::LogFormat::compile(value).expect("a log_format");
                context.nginx_formats.push(format);
            } else if let Some(value) = line.strip_prefix("@columns ") {
                context.columns = value.split_whitespace().map(str::to_owned).collect();
            } else if let Some(value) = line.strip_prefix("@around ") {
                let (key, value) = value.split_once(' ').expect("@around takes a name and a value");
                context.around.push((key.to_owned(), value.to_owned()));
            } else if line == "@apache" {
                context.combined_is_apache = true;
            }
        }
        context
    }
}
