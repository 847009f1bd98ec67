//! Application servers and databases about their workers and connections: gunicorn, uvicorn, uWSGI,
//! PHP-FPM, Puma, PostgreSQL, MySQL and the pools in front of them.
//!
//! Sources: gunicorn `arbiter.py`, uvicorn `server.py`, uWSGI `core/master.c` and `core/harakiri.c`, PHP-FPM
//! `fpm_process_ctl.c` and `fpm_children.c`, Puma `cluster.rb`, PostgreSQL and MySQL error lists.

use model::{Occurrence, OccurrenceKind};

use super::fetch::Origin;
use super::{head, source_code, stamp};
use crate::database::{Complaint, complaint};

/// What one line of a server says: `None` if it is no server's line, `Some(None)` if it is one
/// that accompanies another and has nothing of its own to tell.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    text.lines().take(40).filter(|line| !source_code::is_code(line)).find_map(|line| {
        gunicorn(line, origin)
            .or_else(|| uvicorn(line, origin))
            .or_else(|| uwsgi(line, origin))
            .or_else(|| php_fpm(line, origin))
            .or_else(|| puma(line, origin))
            .or_else(|| database(line, origin))
            .or_else(|| stalled(line, origin))
    })
}

fn event(
    kind: OccurrenceKind,
    origin: &Origin<'_>,
    subject: &str,
    object: Option<&str>,
    line: &str,
) -> Option<Option<Occurrence<'static>>> {
    let (_, message) = stamp::leading(line, 0);
    let mut occurrence = Occurrence::new(kind, origin.at, subject.to_owned());
    occurrence.object = object.map(|object| object.to_owned().into());
    Some(Some(occurrence.detail(head::short(message))))
}

/// `[2026-11-02 03:04:05 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:12)`.
fn gunicorn(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    let message = ["] [CRITICAL] ", "] [ERROR] ", "] [WARNING] ", "] [INFO] "]
        .iter()
        .find_map(|level| line.split_once(level).map(|(_, message)| message))
        .or_else(|| line.starts_with("WORKER TIMEOUT (pid:").then_some(line))?;
    let pid = after(message, "(pid:").map(digits);
    if message.starts_with("WORKER TIMEOUT (pid:") {
        return event(K::WorkerKilled, origin, "gunicorn", pid, message);
    }
    // gunicorn guesses at memory; it also sends SIGKILL itself after a WORKER TIMEOUT.
    if message.starts_with("Worker (pid:") && message.contains("was sent SIGKILL!") {
        return event(K::ProcessExit, origin, "gunicorn", Some("signal 9"), message);
    }
    if message.starts_with("Worker (pid:") && message.contains("exited with code ") {
        let code = after(message, "exited with code ").map(digits)?;
        return match code {
            "0" => Some(None),
            _ => event(K::ProcessExit, origin, "gunicorn", Some(&format!("exit {code}")), message),
        };
    }
    // Before version 21.
    if message.starts_with("Worker with pid ") && message.contains(" was terminated due to signal ")
    {
        let signal = after(message, " due to signal ").map(digits)?;
        return match signal {
            "15" => Some(None),
            _ => event(
                K::ProcessExit,
                origin,
                "gunicorn",
                Some(&format!("signal {signal}")),
                message,
            ),
        };
    }
    if message.starts_with("Worker failed to boot") {
        return event(K::ProcessExit, origin, "gunicorn", None, message);
    }
    if message.starts_with("Listening at: ") {
        return event(K::InstanceStart, origin, "gunicorn", None, message);
    }
    if message.starts_with("Handling signal: term") {
        return event(K::InstanceStop, origin, "gunicorn", None, message);
    }
    let accompanies = [
        "Starting gunicorn ",
        "Using worker: ",
        "Booting worker with pid: ",
        "Worker exiting (pid: ",
        "Shutting down: Master",
    ];
    accompanies.iter().any(|words| message.starts_with(words)).then_some(None)
}

/// `INFO:     Uvicorn running on http://0.0.0.0:3000 (Press CTRL+C to quit)`; without a time unless
/// somebody adds one.
fn uvicorn(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    let (_, message) = line.split_once("INFO: ")?;
    let message = message.trim_start();
    if let Some(address) = message.strip_prefix("Uvicorn running on ") {
        let port = address.split(' ').next().and_then(|address| address.rsplit(':').next());
        return event(K::InstanceStart, origin, "uvicorn", port.map(digits), message);
    }
    if message == "Shutting down" {
        return event(K::InstanceStop, origin, "uvicorn", None, message);
    }
    let accompanies = ["Started server process [", "Finished server process ["];
    accompanies.iter().any(|words| message.starts_with(words)).then_some(None)
}

/// `*** HARAKIRI ON WORKER 3 (pid: 12, try: 1) ***`, `DAMN ! worker 1 (pid: 12) died, …`.
fn uwsgi(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    if line.contains("*** HARAKIRI ON WORKER ") {
        return event(K::WorkerKilled, origin, "uwsgi", after(line, "(pid: ").map(digits), line);
    }
    if line.contains("HARAKIRI !!!") || line.contains("HARAKIRI triggered by worker") {
        return Some(None);
    }
    if line.contains("DAMN ! worker ") && line.contains(" died") {
        let signal =
            after(line, "killed by signal ").map(|rest| format!("signal {}", digits(rest)));
        return event(K::ProcessExit, origin, "uwsgi", signal.as_deref(), line);
    }
    if line.contains("*** uWSGI listen queue of socket ") && line.contains(" full !!!") {
        let socket = after(line, "of socket \"").and_then(|rest| rest.split('"').next());
        let port = socket.and_then(|socket| socket.rsplit(':').next());
        return event(K::ListenOverflow, origin, "uwsgi", port, line);
    }
    None
}

/// `WARNING: [pool www] server reached pm.max_children setting (5), consider raising it`.
fn php_fpm(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    let rest = after(line, "[pool ")?;
    let (pool, message) = rest.split_once("] ")?;
    if message.starts_with("server reached pm.max_children setting")
        || message.starts_with("server reached max_children setting")
    {
        return event(K::PoolSaturated, origin, pool, None, message);
    }
    if message.starts_with("seems busy ") {
        return Some(None);
    }
    let child = message.strip_prefix("child ")?;
    let pid = digits(child);
    if message.contains("execution timed out") && message.contains("terminating") {
        // What the child was serving is left out: it holds the request's query.
        let mut killed = Occurrence::new(K::WorkerKilled, origin.at, pool.to_owned());
        killed.object = Some(pid.to_owned().into());
        let seconds = after(message, "execution timed out (").and_then(|r| r.split(')').next());
        killed.detail = seconds.map(|s| format!("execution timed out ({s})").into());
        return Some(Some(killed));
    }
    if let Some(signal) = after(message, "exited on signal ").map(digits) {
        return event(K::ProcessExit, origin, pool, Some(&format!("signal {signal}")), message);
    }
    match after(message, "exited with code ").map(digits) {
        Some("0") => Some(None),
        Some(code) => event(K::ProcessExit, origin, pool, Some(&format!("exit {code}")), message),
        None => None,
    }
}

/// `[7] ! Terminating timed out worker (Worker 0 failed to check in within 60 seconds): 12`.
fn puma(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    let rest = after(line, "! Terminating timed out worker")?;
    let pid = rest.rsplit(": ").next().map(digits).filter(|pid| !pid.is_empty());
    event(OccurrenceKind::WorkerKilled, origin, "puma", pid, line)
}

/// Refusals of databases and of the pools in front of them.
fn database(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    match complaint(line)? {
        Complaint::Refused(who) => event(K::DatabaseLimit, origin, who, None, line),
        Complaint::PoolEmpty => {
            event(K::ConnectionPoolEmpty, origin, "connection pool", None, line)
        }
    }
}

/// Programs that watch their own loop or their own pauses, in the words of Vert.x
/// (`BlockedThreadChecker`), Kestrel's heartbeat, HikariCP's housekeeper, asyncio in debug mode, the
/// npm package blocked-at, and what people write by hand.
fn stalled(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    let figure = |words: &str| {
        after(line, words).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let stalled = (line.contains(" has been blocked for ") && line.contains(" time limit is "))
        || figure("vent loop blocked for ")
        || figure("vent loop was blocked for ")
        || (line.contains("Blocked for ") && line.contains("ms, operation started here"))
        || (line.contains("the heartbeat has been running for ") && line.contains("longer than"))
        || line.contains("Thread starvation or clock leap detected (housekeeper delta=")
        || (line.contains("Executing <") && line.contains(" took ") && line.ends_with(" seconds"));
    stalled.then_some(())?;
    event(OccurrenceKind::Stall, origin, origin.hop, None, line)
}

fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    text.split_once(words).map(|(_, rest)| rest)
}

fn digits(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}
