//! `check --watch`, with the real program: it says what a change brings and what it ends, and goes when
//! it is interrupted.
#![cfg(unix)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

const WAITS: &str = "Watching the files; Ctrl-C ends.";

struct Watch {
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    fn start(folder: &Path) -> Watch {
        // A test runner in the background hands on that interrupts are ignored (`env` takes that back).
        let mut command = Command::new("env");
        command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped());
        command.args(["--default-signal=INT", env!("CARGO_BIN_EXE_why502")]);
        command.args(["check", "--watch", "--lang", "en"]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Watch { child, lines }
    }

    /// What it says until it waits again.
    fn next(&self) -> String {
        let mut said = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("only: {said}"));
            if line == WAITS {
                return said;
            }
            said = said + &line + "\n";
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const NGINX: &str = "server {\n    listen 443 ssl;\n    location / {\n        proxy_pass \
                     http://127.0.0.1:3000;\n    }\n}\nserver {\n    listen 3000;\n}\n";

#[test]
fn a_change_is_told_and_an_interrupt_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("nginx.conf");
    fs::write(&file, NGINX).unwrap();
    let mut watch = Watch::start(folder.path());
    let first = watch.next();
    assert!(first.contains("Nothing was found"), "{first}");

    fs::write(&file, NGINX.replace("http://", "https://")).unwrap();
    let said = watch.next();
    assert!(said.contains("appeared: error[") && said.contains("every handshake fails"), "{said}");
    assert!(!said.contains("gone:"), "{said}");

    fs::write(&file, NGINX).unwrap();
    let said = watch.next();
    assert!(said.contains("gone: error[") && !said.contains("appeared:"), "{said}");

    // A new file counts as a change, and one that is gone does.
    fs::write(folder.path().join("other.conf"), NGINX.replace("http://", "https://")).unwrap();
    assert!(watch.next().contains("appeared: "));
    fs::remove_file(folder.path().join("other.conf")).unwrap();
    assert!(watch.next().contains("gone: "));

    let id = watch.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = watch.child.try_wait().unwrap() {
            break status;
        }
        assert!(start.elapsed() < PATIENCE, "it does not end");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.signal(), Some(2), "{status}");
}

#[test]
fn it_costs_next_to_nothing_while_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..500 {
        fs::write(folder.path().join(format!("{n}.conf")), NGINX).unwrap();
    }
    let watch = Watch::start(folder.path());
    watch.next();
    // User and system time in hundredths of a second: fields 14 and 15 (proc(5)).
    let spent = || -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", watch.child.id())).unwrap();
        let after = stat.rsplit(')').next().unwrap();
        after.split_whitespace().skip(11).take(2).map(|n| n.parse::<u64>().unwrap()).sum()
    };
    if !Path::new("/proc/self/stat").exists() {
        return;
    }
    let before = spent();
    std::thread::sleep(Duration::from_secs(3));
    assert!(spent() - before < 60, "{} of 300 hundredths", spent() - before);
}

#[test]
fn forms_for_machines_are_refused_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("nginx.conf"), NGINX).unwrap();
    for words in [&["--format", "json"][..], &["-o", "a.sarif"], &["-o", "a.txt"]] {
        let run =
            support::finish(support::command(folder.path()).args(["check", "--watch"]).args(words));
        assert_eq!(run.code, 2);
        assert!(run.err.contains("--watch prints text for people"), "{}", run.err);
    }
}
