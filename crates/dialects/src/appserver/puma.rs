//! Puma: `[7] ! Terminating timed out worker (Worker 0 failed to check in within 60 seconds): 12`. It
//! writes no time of its own.
//!
//! Source: Puma `lib/puma/cluster.rb`, `lib/puma/cluster/worker.rb`, `lib/puma/single.rb`,
//! `lib/puma/binder.rb`, `lib/puma/launcher.rb`.

use model::{OccurrenceKind as K, Timestamp};

use super::server::{Said, after, digits, event};
use crate::node::leading_stamp;

/// Words of which one is in every line that is read.
pub(super) const WORDS: [&str; 23] = [
    "! Terminating timed out worker",
    "Address already in use - bind(2) for ",
    "Puma caught this error: ",
    "* Listening on ",
    "Gracefully s",
    "! Unable to start worker",
    "! Detected parent died",
    "- Worker ",
    "Puma starting in ",
    "* Puma version: ",
    "* Preloading application",
    "* Phased restart available",
    "=== puma ",
    "- Goodbye!",
    "*  M",
    "*  Environment: ",
    "*   Master PID: ",
    "*          PID: ",
    "*      Workers: ",
    "*     Restarts: ",
    "Early termination of worker",
    "- Starting phased worker restart",
    "- Stopping ",
];

const NAME: &str = "puma";

pub(super) fn line(line: &str, _record: &str, at: Option<Timestamp>) -> Option<Said> {
    if let Some(rest) = after(line, "! Terminating timed out worker") {
        let pid = rest.rsplit(": ").next().map(digits).filter(|pid| !pid.is_empty());
        return event(K::WorkerKilled, at, NAME, pid, line);
    }
    if let Some(rest) = line.strip_prefix("Address already in use - bind(2) for ")
        && line.ends_with("(Errno::EADDRINUSE)")
    {
        let port = after(rest, " port ").map(digits).filter(|port| !port.is_empty());
        return event(K::ListenFailed, at, NAME, port, line);
    }
    if line.starts_with("Puma caught this error: ") || line.contains("Puma caught this error: ") {
        let words = after(line, "Puma caught this error: ")?;
        return event(K::ApplicationError, at, NAME, None, words);
    }
    let untimed = match leading_stamp(line, 0) {
        (Some(_), rest) => rest,
        _ => line,
    };
    let (clustered, message) = message(untimed);
    if let Some(address) = message.strip_prefix("* Listening on ")
        && ["http://", "ssl://", "tcp://", "unix://", "https://"]
            .iter()
            .any(|s| address.starts_with(s))
    {
        let port = address.split('?').next().and_then(|a| a.rsplit(':').next()).map(digits);
        let port = port.filter(|port| !port.is_empty());
        return event(K::InstanceStart, at, NAME, port, message.trim_start_matches("* "));
    }
    // A dash behind a time is read as part of the time.
    let bare = message.strip_prefix("- ").unwrap_or(message);
    if bare.starts_with("Gracefully shutting down workers...")
        || bare.starts_with("Gracefully stopping, waiting for requests to finish")
    {
        return event(K::InstanceStop, at, NAME, None, bare);
    }
    if clustered
        && (message.starts_with("! Unable to start worker")
            || message.starts_with("! Detected parent died, dying"))
    {
        return event(K::ProcessExit, at, NAME, None, message.trim_start_matches("! "));
    }
    let booted = message.starts_with("- Worker ") && message.contains(" booted");
    let accompanies = [
        "Puma starting in ",
        "* Puma version: ",
        "* Preloading application",
        "* Phased restart available",
        "=== puma startup: ",
        "=== puma shutdown: ",
        "- Goodbye!",
        "*  Min threads: ",
        "*  Max threads: ",
        "*  Environment: ",
        "*   Master PID: ",
        "*          PID: ",
        "*      Workers: ",
        "*     Restarts: ",
    ];
    let accompanies = accompanies.iter().any(|words| message.starts_with(words))
        || (clustered && message.starts_with("Early termination of worker"))
        || (clustered && message.starts_with("- Starting phased worker restart"))
        || (clustered && message.starts_with("- Stopping ") && message.contains(" for phased"));
    (booted || accompanies).then_some(None)
}

/// The message without `[pid] `, and whether that stood before it: the cluster mode writes it.
fn message(line: &str) -> (bool, &str) {
    let stripped = line.strip_prefix('[').and_then(|rest| rest.split_once("] "));
    match stripped {
        Some((pid, rest)) if !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()) => {
            (true, rest)
        }
        _ => (false, line),
    }
}
