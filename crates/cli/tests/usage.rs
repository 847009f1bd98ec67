//! Help, wrong use, exit codes, languages.

mod support;

use std::process::Stdio;
use support::{command, piped, why502};

fn here() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn help_begins_with_examples() {
    let dir = here();
    for words in [&["--help"][..], &["diagnose", "--help"], &["causes", "--help"]] {
        let run = why502(dir.path(), words);
        assert_eq!(run.code, 0);
        let examples = run.out.find("Examples:").expect("examples");
        let usage = run.out.find("Usage:").expect("usage");
        assert!(examples < usage, "{}", run.out);
    }
    let run = why502(dir.path(), &["diagnose", "--help"]);
    for option in [
        "--format",
        "--output",
        "--lang",
        "--dialect",
        "--timezone",
        "--nginx-log-format",
        "--vpc-flow-format",
        "--threads",
        "--show-values",
        "--verbose",
        "--color",
        "--no-progress",
    ] {
        assert!(run.out.contains(option), "{option}");
    }
    assert!(run.out.contains("Exit codes: 0"));
}

#[test]
fn wrong_use_ends_with_2_and_says_what_to_write() {
    let dir = here();
    for (words, sentence) in [
        (&[][..], "Usage:"),
        (&["diagnose"][..], "required"),
        (&["diagnose", "x", "--threads", "0"], "0"),
        (&["diagnose", "x", "--format", "xml"], "json"),
        (&["diagnose", "x", "--dialect", "nonsense"], "nginx-error"),
        (&["diagnose", "x", "--timezone", "Asia/Tokyo"], "--timezone +09:00"),
        (&["diagnose", "x", "--timezone", "Mars/Olympus"], "--timezone -05:00"),
        (&["diagnose", "x", "--format", "text", "--format", "json"], "standard output"),
        (&["diagnose", "x", "--vpc-flow-format", "srcaddr dstaddr"], "action"),
        (&["explain", "no-such-cause-at-all"], "why502 causes"),
        (&["frobnicate"], "frobnicate"),
    ] {
        let run = why502(dir.path(), words);
        assert_eq!(run.code, 2, "{words:?}");
        assert!(run.err.contains(sentence), "{words:?}: {}", run.err);
        assert_eq!(run.out, "", "{words:?}");
    }
}

#[test]
fn negative_zones_are_values() {
    let dir = here();
    let run = why502(dir.path(), &["diagnose", "missing", "--timezone", "-05:00"]);
    assert!(run.err.contains("missing does not exist"), "{}", run.err);
}

#[test]
fn the_language_comes_from_the_option_or_the_locale() {
    let dir = here();
    let missing = &["diagnose", "missing"];
    let japanese = "missing は存在しません";
    let said = |vars: &[(&str, &str)], words: &[&str]| {
        support::finish(command(dir.path()).envs(vars.iter().copied()).args(words)).err
    };
    assert!(said(&[], missing).contains("does not exist"));
    assert!(said(&[("LANG", "ja_JP.UTF-8")], missing).contains(japanese));
    assert!(said(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")], missing).contains("does not exist"));
    assert!(said(&[("LC_ALL", ""), ("LC_MESSAGES", "ja_JP")], missing).contains(japanese));
    assert!(said(&[], &["diagnose", "missing", "--lang", "ja"]).contains(japanese));
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let dir = here();
    let mut child = command(dir.path())
        .args(["causes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_output_that_cannot_be_written_is_named() {
    let dir = here();
    let run = piped(dir.path(), &["diagnose", "-", "-o", "no/such/dir.json"], b"some text\n");
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no/such/dir.json cannot be written"), "{}", run.err);
}
