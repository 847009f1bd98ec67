//! Configuration and the facts that must come of it: every file of `tests/facts/` holds the files of
//! a small system, each after a line `### path`, and after a line `=>` what is understood of them.
//! Adding one needs no Rust; `WHY502_BLESS=1` writes the facts, to be read before they are committed.

mod common;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use common::inputs;
use configs::{read, read_below};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts");
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    cases
}

#[test]
fn it_does_not_matter_how_the_folder_is_named() {
    let mut wrong = String::new();
    for case in cases() {
        let text = fs::read_to_string(&case).unwrap();
        let inputs = inputs(text.split("\n=>\n").next().unwrap());
        if inputs.iter().any(|input| input.path.starts_with('/')) {
            continue;
        }
        let facts = read(inputs.clone()).describe();
        for before in ["./", "/srv/checkout/", "../checkout/"] {
            let mut moved = inputs.clone();
            for input in &mut moved {
                input.path.insert_str(0, before);
            }
            let found = read_below(before, moved).describe().replace(before, "");
            if found != facts {
                let _ = writeln!(
                    wrong,
                    "{before} {}:\n{}",
                    case.display(),
                    differences(&facts, &found)
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn configuration_is_read_as_the_facts_say() {
    let bless = std::env::var_os("WHY502_BLESS").is_some();
    let mut wrong = String::new();
    for case in cases() {
        let text = fs::read_to_string(&case).unwrap();
        let (given, expected) = text.split_once("\n=>\n").unwrap_or((&text, ""));
        let inputs = inputs(given);
        assert!(!inputs.is_empty(), "{} has no line `### path`", case.display());
        let facts = read(inputs.clone()).describe();
        let mut backwards = inputs;
        backwards.reverse();
        assert_eq!(facts, read(backwards).describe(), "the order of files matters");
        if bless {
            fs::write(&case, format!("{given}\n=>\n{facts}")).unwrap();
        } else if facts != expected {
            let _ = writeln!(wrong, "{}:\n{}", case.display(), differences(expected, &facts));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The lines that only one of them has.
fn differences(expected: &str, found: &str) -> String {
    let mut out = String::new();
    for line in expected.lines().filter(|line| !found.lines().any(|other| other == *line)) {
        let _ = writeln!(out, "  - {line}");
    }
    for line in found.lines().filter(|line| !expected.lines().any(|other| other == *line)) {
        let _ = writeln!(out, "  + {line}");
    }
    if out.is_empty() {
        out.push_str("  the same lines in another order\n");
    }
    out
}
