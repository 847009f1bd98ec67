//! uWSGI about its workers: `*** HARAKIRI ON WORKER 3 (pid: 12, try: 1) ***`, `DAMN ! worker 1 (pid:
//! 12) died, …`, the full listen queue, answers nobody waited for any more.
//!
//! Source: uWSGI `core/master.c`, `core/harakiri.c`, `core/uwsgi.c`, `core/writer.c`,
//! `core/socket.c`.

use model::{OccurrenceKind as K, Timestamp};

use super::server::{Said, after, digits, event, port};

/// Words of which one is in every line that is read. Requests included.
pub(super) const WORDS: [&str; 10] = [
    "HARAKIRI",
    "DAMN ! worker ",
    "uWSGI",
    "uwsgi",
    "killing workers...",
    "*** no app loaded",
    "*** Operational MODE: ",
    "VACUUM: ",
    "SIGPIPE: ",
    "[pid: ",
];

const NAME: &str = "uwsgi";

pub(super) fn line(line: &str, _record: &str, at: Option<Timestamp>) -> Option<Said> {
    if line.contains("*** HARAKIRI ON WORKER ") {
        return event(K::WorkerKilled, at, NAME, after(line, "(pid: ").map(digits), line);
    }
    if line.contains("HARAKIRI !!!")
        || line.contains("HARAKIRI triggered by worker")
        || line.contains("HARAKIRI [core ")
    {
        return Some(None);
    }
    if line.contains("DAMN ! worker ") && line.contains(" died") {
        let signal =
            after(line, "killed by signal ").map(|rest| format!("signal {}", digits(rest)));
        return event(K::ProcessExit, at, NAME, signal.as_deref(), line);
    }
    // The master says of the same process that it died.
    if line.contains("!!! uWSGI process ") && line.contains(" got Segmentation Fault !!!") {
        return Some(None);
    }
    if line.contains("*** uWSGI listen queue of socket ") && line.contains(" full !!!") {
        let socket = after(line, "of socket \"").and_then(|rest| rest.split('"').next());
        let port = socket.and_then(|socket| socket.rsplit(':').next());
        return event(K::ListenOverflow, at, NAME, port, line);
    }
    let message = crate::node::leading_stamp(line, 0).1;
    if message.starts_with("*** Starting uWSGI ") {
        return event(K::InstanceStart, at, NAME, None, message.trim_matches(['*', ' ']));
    }
    if message.starts_with("SIGINT/SIGQUIT received...killing workers...")
        || message.starts_with("SIGINT/SIGTERM received...killing workers...")
        || message.starts_with("...gracefully killing workers...")
        || message.starts_with("...brutally killing workers...")
    {
        return event(K::InstanceStop, at, NAME, None, message);
    }
    if message.starts_with("probably another instance of uWSGI is running on the same address") {
        let address = after(message, "address (").and_then(|rest| rest.split(')').next());
        return event(K::ListenFailed, at, NAME, address.and_then(port), message);
    }
    let accompanies = [
        "spawned uWSGI ",
        "goodbye to uWSGI.",
        "uWSGI http bound on ",
        "uwsgi socket ",
        "Respawned uWSGI worker ",
        "uWSGI worker ",
        "*** uWSGI is running ",
        "*** no app loaded. going in full dynamic mode ***",
        "*** Operational MODE: ",
        "VACUUM: ",
        "SIGPIPE: writing to a closed pipe/socket/fd (probably the client disconnected)",
    ];
    accompanies.iter().any(|words| message.starts_with(words)).then_some(None)
}
