//! Runs the real binary in a directory of its own.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Run {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output with runs of white space made one space.
    pub(crate) out: String,
    /// Standard error, the same way.
    pub(crate) err: String,
}

impl Run {
    /// Both outputs, for sentences that may stand in either.
    pub(crate) fn said(&self) -> String {
        format!("{} {}", self.out, self.err)
    }
}

fn flat(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A command in the directory, with a plain environment.
pub(crate) fn command(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_why502"));
    command.current_dir(directory).stdin(Stdio::null());
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command
}

/// Runs with these words.
pub(crate) fn why502(directory: &Path, words: &[&str]) -> Run {
    finish(command(directory).args(words))
}

/// Runs and collects.
pub(crate) fn finish(command: &mut Command) -> Run {
    let output = command.output().expect("the binary runs");
    let code = output.status.code().expect("it is not killed");
    assert!(code == 0 || code == 2, "code {code}: {}", flat(&output.stderr));
    Run { code, out: flat(&output.stdout), err: flat(&output.stderr) }
}

/// Runs with text on standard input.
pub(crate) fn piped(directory: &Path, words: &[&str], input: &[u8]) -> Run {
    let mut child = command(directory)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the writer ends");
    let code = output.status.code().expect("it is not killed");
    Run { code, out: flat(&output.stdout), err: flat(&output.stderr) }
}

/// A folder of these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Runs `check` there.
pub(crate) fn check(folder: &Path, arguments: &[&str]) -> Output {
    command(folder).arg("check").args(arguments).args(["--lang", "en"]).output().unwrap()
}

/// Holds a document of `check` against its schema.
pub(crate) fn fits_the_schema_of_check(found: &serde_json::Value) {
    let schema = include_str!("../../../../schema/check.v1.schema.json");
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let wrong: Vec<String> = validator.iter_errors(found).map(|e| e.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
