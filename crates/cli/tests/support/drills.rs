//! The drills as the real binary lists them, and running one.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A drill in the list.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// `cause/servers`.
    pub(crate) name: String,
    /// Whether it belongs to the everyday tests.
    pub(crate) everyday: bool,
    /// Whether it limits the memory of a server.
    pub(crate) limits_memory: bool,
    /// Why this machine cannot run it.
    pub(crate) missing: Option<String>,
}

fn listed() -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(["drill", "list", "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    serde_json::from_slice(&output.stdout).expect("the list is JSON")
}

/// The stories of `why502 drill list`, with what this machine lacks for them.
pub(crate) fn stories() -> Vec<(String, Option<String>)> {
    let list = listed();
    let stories = list["stories"].as_array().expect("the list has stories");
    stories
        .iter()
        .map(|story| {
            let name = story["story"].as_str().expect("a word").to_owned();
            (name, story["missing"].as_str().map(str::to_owned))
        })
        .collect()
}

/// What `why502 drill list` says.
pub(crate) fn list() -> Vec<Listed> {
    let list = listed();
    let drills = list["drills"].as_array().expect("the list has drills");
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    drills
        .iter()
        .map(|drill| Listed {
            name: format!("{}/{}", word(&drill["cause"]), word(&drill["drill"])),
            everyday: drill["everyday"].as_bool().expect("true or false"),
            limits_memory: drill["limits_memory"].as_bool().expect("true or false"),
            missing: drill["missing"].as_str().map(str::to_owned),
        })
        .collect()
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// Whether it took too long and was killed.
    pub(crate) late: bool,
}

/// A command that runs while what it says is read.
pub(crate) struct Running {
    child: Child,
    out: Option<JoinHandle<String>>,
    err: Option<JoinHandle<String>>,
}

impl Running {
    /// Begins to read.
    pub(crate) fn new(mut child: Child) -> Running {
        let out = child.stdout.take().map(collect);
        let err = child.stderr.take().map(collect);
        Running { child, out, err }
    }

    /// Waits for the end of the process itself, and kills it when it takes too long: its code, and
    /// whether it was late.
    pub(crate) fn end(&mut self, limit: Duration) -> (Option<i32>, bool) {
        let until = Instant::now() + limit;
        let mut late = false;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                return (status.code(), late);
            }
            if !late && Instant::now() > until {
                late = true;
                self.child.kill().expect("the child can be killed");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it said, once nobody has its output open any more.
    pub(crate) fn said(self) -> (String, String) {
        let text = |reader: Option<JoinHandle<String>>| {
            reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
        };
        (text(self.out), text(self.err))
    }
}

/// Waits for a command and for everything that has its output open.
pub(crate) fn wait(child: Child, limit: Duration) -> Ended {
    let mut running = Running::new(child);
    let (code, late) = running.end(limit);
    let (out, err) = running.said();
    Ended { code, out, err, late }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("the pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
