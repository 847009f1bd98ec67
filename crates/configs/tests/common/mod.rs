//! What the tests of whole files share: the cases in `facts/`, and patience with hostile files.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::time::{Duration, Instant};

use configs::{Input, read};

/// The files of a case: each begins with a line `### ` and its path.
pub(crate) fn inputs(given: &str) -> Vec<Input> {
    let mut inputs: Vec<Input> = Vec::new();
    for line in given.lines() {
        if let Some(path) = line.strip_prefix("### ") {
            inputs.push(Input { path: path.to_owned(), text: String::new() });
        } else if let Some(input) = inputs.last_mut() {
            input.text.push_str(line);
            input.text.push('\n');
        }
    }
    inputs
}

/// Far more than any hostile file takes, on a slow machine and without optimisation.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// One file.
pub(crate) fn input(path: &str, text: String) -> Input {
    Input { path: path.to_owned(), text }
}

/// Reads the files and says what was remarked.
pub(crate) fn remarks(name: &str, inputs: Vec<Input>) -> String {
    let start = Instant::now();
    let system = read(inputs);
    let took = start.elapsed();
    assert!(took < PATIENCE, "{name} took {took:?}");
    system.remarks.iter().map(|remark| format!("{}\n", remark.says)).collect()
}
