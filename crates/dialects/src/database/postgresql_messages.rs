//! What PostgreSQL's messages state.
//!
//! Sources: PostgreSQL `src/backend/postmaster/postmaster.c`, `utils/init/postinit.c`,
//! `storage/lmgr/proc.c`, `tcop/postgres.c`, `access/transam/xlog.c`, `utils/misc/guc.c`.

use model::{Occurrence, OccurrenceKind, Timestamp};

use crate::node::short;

/// The name of the product, as subject.
const NAME: &str = "postgresql";

/// What a message tells, `None` if nothing of its own.
pub(super) fn read(
    severity: &str,
    message: &str,
    at: Option<Timestamp>,
) -> Option<Occurrence<'static>> {
    use OccurrenceKind as K;
    let event = |kind| Some(Occurrence::new(kind, at, NAME).detail(short(message)));
    match severity {
        "FATAL" if is_limit(message) => event(K::DatabaseLimit),
        "FATAL" | "ERROR" | "PANIC" | "LOG" if is_exhausted(message).is_some() => {
            let what = is_exhausted(message).unwrap_or_default();
            event(K::ResourceSaturated).map(|event| event.object(what))
        }
        // A session, or the attempt at one, that ended with this message.
        "FATAL" | "PANIC" => event(K::ApplicationError),
        "ERROR" if is_interrupted(message) => event(K::ApplicationError),
        "LOG" => log(message, at),
        _ => None,
    }
}

/// Whether a message alone shows that PostgreSQL wrote it, wherever it is found.
pub(super) fn is_known(severity: &str, message: &str) -> bool {
    match severity {
        "FATAL" => {
            is_limit(message) || refuses(message) || message.starts_with("terminating connection ")
        }
        "ERROR" => is_interrupted(message),
        "LOG" => log(message, None).is_some(),
        _ => false,
    }
}

fn is_limit(message: &str) -> bool {
    [
        "sorry, too many clients already",
        // Before version 16 for superusers only, since then also for pg_use_reserved_connections.
        "remaining connection slots are reserved",
        "too many connections for role ",
        "too many connections for database ",
        "number of requested standby connections exceeds max_wal_senders",
    ]
    .iter()
    .any(|words| message.starts_with(words))
}

/// Refusals while the server starts, stops or recovers.
fn refuses(message: &str) -> bool {
    ["the database system is starting up", "the database system is shutting down"]
        .iter()
        .chain(&["the database system is in recovery mode"])
        .chain(&["the database system is not yet accepting connections"])
        .chain(&["the database system is not accepting connections"])
        .any(|words| message.starts_with(words))
}

/// What was used up, if a message says that something was.
fn is_exhausted(message: &str) -> Option<&'static str> {
    if message == "out of memory" || message.contains(": Cannot allocate memory") {
        Some("memory")
    } else if message.contains(": No space left on device") {
        Some("disk")
    } else if message.starts_with("could not fork new process for connection: ") {
        Some("processes")
    } else if message.starts_with("out of file descriptors: ") {
        Some("file descriptors")
    } else {
        None
    }
}

/// Statements that were ended by a timer, a deadlock or a standby.
fn is_interrupted(message: &str) -> bool {
    message == "deadlock detected"
        || message.starts_with("canceling statement due to ")
            && !message.ends_with("due to user request")
}

fn log(message: &str, at: Option<Timestamp>) -> Option<Occurrence<'static>> {
    use OccurrenceKind as K;
    let event = |kind| Occurrence::new(kind, at, NAME).detail(short(message));
    if message.starts_with("database system is ready to accept ") {
        return Some(event(K::InstanceStart));
    }
    if let Some(how) =
        message.strip_prefix("received ").and_then(|m| m.strip_suffix(" shutdown request"))
    {
        return matches!(how, "smart" | "fast" | "immediate").then(|| event(K::InstanceStop));
    }
    if let Some((name, rest)) = message.strip_prefix("parameter \"").and_then(|m| m.split_once('"'))
    {
        let changed = rest.starts_with(" changed to ")
            || rest.starts_with(" removed from configuration file");
        return changed.then(|| {
            Occurrence::new(K::ConfigChange, at, format!("postgresql {name}"))
                .detail(short(message))
        });
    }
    let (who, rest) = message.split_once(" (PID ")?;
    let (pid, rest) = rest.split_once(')')?;
    if pid.is_empty() || !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
    if let Some(signal) = rest.strip_prefix(" was terminated by signal ") {
        return Some(event(K::ProcessExit).object(format!("signal {}", digits(signal))));
    }
    let code = digits(rest.strip_prefix(" exited with exit code ")?);
    // A background worker ends with 1 whenever it is told to stop or to be started anew.
    let orderly = code == "0" || (code == "1" && who.starts_with("background worker"));
    (!orderly).then(|| event(K::ProcessExit).object(format!("exit {code}")))
}
