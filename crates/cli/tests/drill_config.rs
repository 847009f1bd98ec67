//! `why502 drill … --config`: the folder it writes is what `why502 check` needs, and holds nothing that
//! says which run it is.

use std::fs;
use std::path::Path;
use std::process::Command;

fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(arguments)
        .args(["--lang", "en"])
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.to_string_lossy().into_owned(), text));
        }
    }
}

#[test]
fn the_folder_is_checked_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    assert_eq!(run(&["drill", "unix-socket-upstream", "--config", to]).0, Some(0));
    for servers in ["nginx-gunicorn", "apache-gunicorn"] {
        let of = |variant: &str| {
            let path = folder.path().join("unix-socket-upstream").join(servers).join(variant);
            run(&["check", path.join("config").to_str().unwrap(), "--format", "json"]).1
        };
        let named = "\"cause\": \"unix-socket-upstream\"";
        assert!(of("fault").contains(named), "{servers}: {}", of("fault"));
        assert!(!of("remedy").contains(named), "{servers}: {}", of("remedy"));
    }
    let mut found = Vec::new();
    files(folder.path(), &mut found);
    assert!(!found.is_empty());
    for (path, text) in found {
        let letter = |c: char| c.is_ascii_alphanumeric() || c == '-';
        for word in text.to_ascii_lowercase().split(|c| !letter(c)) {
            let tells = ["fault", "remedy", "unix-socket-upstream"].contains(&word);
            assert!(!tells, "{path} says {word}");
        }
    }
}

#[test]
fn one_run_alone_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    let drill = "target-connect-refused/nginx-node";
    assert_eq!(run(&["drill", drill, "--config", to, "--remedy"]).0, Some(0));
    assert!(folder.path().join(drill).join("remedy/config/why502.toml").is_file());
    assert!(!folder.path().join(drill).join("fault").exists());
    assert_eq!(run(&["drill", drill, "--config", to, "--dry-run"]).0, Some(2));
}
