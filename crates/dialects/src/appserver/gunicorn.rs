//! gunicorn's error log: `[2026-11-02 03:04:05 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)`.
//!
//! Source: gunicorn `gunicorn/arbiter.py` (the words), `gunicorn/glogging.py` (the frame),
//! `gunicorn/sock.py` (addresses in use), `gunicorn/workers/base.py`.

use model::{OccurrenceKind as K, Timestamp};

use super::server::{Said, after, caught, digits, event, port};

/// Words of which one is in every line that is read.
pub(super) const WORDS: [&str; 6] = [
    "WORKER TIMEOUT (pid:",
    "] [CRITICAL] ",
    "] [ERROR] ",
    "] [WARNING] ",
    "] [INFO] ",
    "] [DEBUG] ",
];

const NAME: &str = "gunicorn";

pub(super) fn line(line: &str, record: &str, at: Option<Timestamp>) -> Option<Said> {
    let message = message(line)?;
    let pid = after(message, "(pid:").map(digits);
    if message.starts_with("WORKER TIMEOUT (pid:") {
        return event(K::WorkerKilled, at, NAME, pid, message);
    }
    // gunicorn guesses at memory; it also sends SIGKILL itself after a WORKER TIMEOUT.
    if message.starts_with("Worker (pid:") && message.contains("was sent SIGKILL!") {
        return event(K::ProcessExit, at, NAME, Some("signal 9"), message);
    }
    if message.starts_with("Worker (pid:") && message.contains(" was sent SIG") {
        // SIGTERM and SIGINT end a worker in order; others do not.
        let name = after(message, " was sent ")?.trim_end_matches(['!', '.']);
        return match name.split('!').next()? {
            "SIGTERM" | "SIGINT" | "SIGQUIT" => Some(None),
            name => event(K::ProcessExit, at, NAME, Some(name), message),
        };
    }
    if message.starts_with("Worker (pid:") && message.contains("exited with code ") {
        let code = after(message, "exited with code ").map(digits)?;
        return match code {
            "0" => Some(None),
            _ => event(K::ProcessExit, at, NAME, Some(&format!("exit {code}")), message),
        };
    }
    // Before version 21.
    if message.starts_with("Worker with pid ") && message.contains(" was terminated due to signal ")
    {
        let signal = after(message, " due to signal ").map(digits)?;
        return match signal {
            "15" => Some(None),
            _ => event(K::ProcessExit, at, NAME, Some(&format!("signal {signal}")), message),
        };
    }
    if message.starts_with("Worker failed to boot") || message.starts_with("App failed to load") {
        return event(K::ProcessExit, at, NAME, None, message);
    }
    if let Some(reason) = message.strip_prefix("Reason: ") {
        return event(K::ProcessExit, at, NAME, None, reason);
    }
    if message.starts_with("Listening at: ") {
        return event(K::InstanceStart, at, NAME, None, message);
    }
    if let Some(signal) = message.strip_prefix("Handling signal: ") {
        return match signal.trim() {
            "term" | "int" | "quit" => event(K::InstanceStop, at, NAME, None, message),
            _ => Some(None),
        };
    }
    if message.starts_with("Connection in use: ") || message.starts_with("Can't connect to (") {
        return event(K::ListenFailed, at, NAME, port(message), message);
    }
    if message.starts_with("Error handling request") {
        // What follows is the request's target, with its query.
        return caught(at, NAME, "Error handling request", record);
    }
    if message.starts_with("Exception in worker process") {
        return caught(at, NAME, message, record);
    }
    let accompanies = [
        "Starting gunicorn ",
        "Using worker: ",
        "Booting worker with pid: ",
        "Worker exiting (pid: ",
        "Shutting down: Master",
        "Hang up: Master",
        "Autorestarting worker after current request",
        "Retrying in 1 second",
        "Worker reloading: ",
        "Invalid request from ip=",
        "Ignoring EPIPE",
        "Ignoring connection reset",
        "Ignored premature client disconnection",
    ];
    accompanies.iter().any(|words| message.starts_with(words)).then_some(None)
}

/// What follows the frame `[time] [pid] [LEVEL] `.
fn message(line: &str) -> Option<&str> {
    if line.starts_with("WORKER TIMEOUT (pid:") {
        return Some(line);
    }
    const LEVELS: [&str; 5] =
        ["] [CRITICAL] ", "] [ERROR] ", "] [WARNING] ", "] [INFO] ", "] [DEBUG] "];
    let (frame, message) = LEVELS.iter().find_map(|level| line.split_once(level))?;
    let pid = frame.rsplit('[').next().unwrap_or("");
    let numbered = !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    numbered.then_some(message)
}
