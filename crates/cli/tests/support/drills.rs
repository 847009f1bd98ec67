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

/// What `why502 drill list` says.
pub(crate) fn list() -> Vec<Listed> {
    let output = Command::new(env!("CARGO_BIN_EXE_why502"))
        .args(["drill", "list", "--format", "json"])
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs");
    let list: Value = serde_json::from_slice(&output.stdout).expect("the list is JSON");
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

/// Waits for a command, and kills it when it takes too long.
pub(crate) fn wait(mut child: Child, limit: Duration) -> Ended {
    let out = child.stdout.take().map(collect);
    let err = child.stderr.take().map(collect);
    let text = |reader: Option<JoinHandle<String>>| {
        reader.and_then(|reader| reader.join().ok()).unwrap_or_default()
    };
    let until = Instant::now() + limit;
    let mut late = false;
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            break status;
        }
        if !late && Instant::now() > until {
            late = true;
            child.kill().expect("the child can be killed");
        }
        thread::sleep(Duration::from_millis(20));
    };
    Ended { code: status.code(), out: text(out), err: text(err), late }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("the pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
