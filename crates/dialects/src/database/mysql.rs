//! MySQL and MariaDB error logs, and the refusal their command-line client prints.
//!
//! Sources: MySQL Reference Manual, "Error Log Output Format"; MariaDB Knowledge Base, "Error
//! Log"; MySQL `sql/mysqld.cc`, `sql/signal_handler.cc`, `scripts/mysqld_safe.sh`.

use std::borrow::Cow;

use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use crate::json::Json;
use crate::node::short;
use crate::{About, Blind, Context, Dialect, Marks, Understood, scan};

/// MySQL and MariaDB error logs.
pub(crate) struct MySql;

impl Dialect for MySql {
    fn name(&self) -> &'static str {
        "mysql"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[
            "ERROR 1040",
            "ERROR 1203",
            "ERROR 1226",
            "mysqld got signal ",
            "mariadbd got signal ",
            " mysqld_safe ",
            "\"err_symbol\"",
            "[Note] ",
            "[Warning] ",
            "[Warn] ",
            "[ERROR] ",
            "[Error] ",
            "[System] ",
        ]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

/// A message of the server.
struct Line<'a> {
    at: Option<Timestamp>,
    label: Cow<'a, str>,
    message: Cow<'a, str>,
}

const LABELS: [&str; 6] = ["Note", "Warning", "Warn", "ERROR", "Error", "System"];

fn read(record: &str, context: &Context) -> Option<Option<Occurrence<'static>>> {
    let line = record.trim().lines().next()?;
    if let Some(told) = unlabelled(line, context) {
        return Some(told);
    }
    let line = match line.starts_with('{') {
        true => json(record, context)?,
        false => text(line, context)?,
    };
    Some(told(&line))
}

/// `TIME THREAD [LABEL] [MY-012345] [SUBSYSTEM] message`; before 8.0 without code and subsystem.
fn text<'a>(line: &'a str, context: &Context) -> Option<Line<'a>> {
    let (at, rest) = stamp(line, context.offset_east)?;
    let (thread, rest) = rest.trim_start().split_once(' ')?;
    if thread.is_empty() || !thread.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (label, mut message) = rest.trim_start().strip_prefix('[')?.split_once("] ")?;
    if !LABELS.contains(&label) {
        return None;
    }
    for _ in 0..2 {
        let Some((tag, after)) = message.strip_prefix('[').and_then(|m| m.split_once("] ")) else {
            break;
        };
        let is_tag = tag.starts_with("MY-") || matches!(tag, "Server" | "InnoDB" | "Repl");
        if is_tag {
            message = after;
        }
    }
    Some(Line { at: Some(at), label: label.into(), message: message.into() })
}

/// `2026-11-02T03:04:05.618123Z`, `2026-11-02 03:04:05`, and MariaDB's `2026-11-02  3:04:05`.
fn stamp(line: &str, offset_east: i32) -> Option<(Timestamp, &str)> {
    let padded = line.get(10..12).is_some_and(|gap| gap == "  ");
    if padded {
        let stamp = format!("{} 0{}", line.get(..10)?, line.get(12..19)?);
        return Some((scan::iso(stamp.as_bytes(), offset_east)?, line.get(19..)?));
    }
    let end = match line.as_bytes().get(10)? {
        b'T' => line.find(' ')?,
        b' ' => 19,
        _ => return None,
    };
    let stamp = line.get(..end)?;
    Some((scan::iso(stamp.as_bytes(), offset_east)?, &line[end..]))
}

/// An object of `log_sink_json`.
fn json<'a>(record: &'a str, context: &Context) -> Option<Line<'a>> {
    memchr::memmem::find(record.as_bytes(), b"\"err_symbol\"")?;
    let object = Json::object(record)?;
    let (label, message) = (object.word("label")?, object.word("msg")?);
    object.get("prio").and_then(Json::integer)?;
    let at =
        scan::iso(object.word("time")?.as_bytes(), context.offset_east).or(context.prefix_time);
    Some(Line { at, label, message })
}

/// Lines without a label: the crash handler's, `mysqld_safe`'s, the client's.
fn unlabelled(line: &str, context: &Context) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    // `ERROR 1040 (HY000): Too many connections`; 1203 is a user's own limit.
    if let Some(rest) = line.strip_prefix("ERROR ") {
        let (code, message) = rest.split_once("): ")?;
        let (number, state) = code.split_once(" (")?;
        let coded = state.len() == 5 && number.len() == 4;
        if !coded || !number.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        return match number {
            "1040" | "1203" | "1226" => {
                Some(Some(event(K::DatabaseLimit, context.prefix_time, message)))
            }
            _ => None,
        };
    }
    // `03:04:05 UTC - mysqld got signal 11 ;`, and before it MariaDB's `251102  3:04:05 [ERROR] …`.
    for server in ["mysqld got signal ", "mariadbd got signal "] {
        let Some((before, after)) = line.split_once(server) else { continue };
        let signal: String = after.chars().take_while(char::is_ascii_digit).collect();
        if before.len() > 40 || signal.is_empty() || !after.trim_end().ends_with(';') {
            return None;
        }
        // Before 8.0 only the hour is written.
        let stamp = before.split(' ').next().unwrap_or("");
        let at = scan::iso(stamp.as_bytes(), 0).or(context.prefix_time);
        let exit = event(K::ProcessExit, at, &line[before.len()..]);
        return Some(Some(exit.object(format!("signal {signal}"))));
    }
    let (before, said) = line.split_once(" mysqld_safe ")?;
    if before.len() > 32 || !before.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let at = scan::iso(before.as_bytes(), context.offset_east).or(context.prefix_time);
    match said.trim() {
        // mysqld_safe counts the server's processes when it has ended without being told to.
        "mysqld restarted" => Some(Some(event(K::ProcessExit, at, said))),
        _ => Some(None),
    }
}

fn event(kind: OccurrenceKind, at: Option<Timestamp>, said: &str) -> Occurrence<'static> {
    Occurrence::new(kind, at, "mysql").detail(short(said))
}

fn told(line: &Line<'_>) -> Option<Occurrence<'static>> {
    use OccurrenceKind as K;
    let message = line.message.as_ref();
    let event = |kind| Some(event(kind, line.at, message));
    let saturated =
        |what: &'static str| event(K::ResourceSaturated).map(|event| event.object(what));
    if message.starts_with("Too many connections")
        || message.contains("already has more than 'max_user_connections' active connections")
    {
        return event(K::DatabaseLimit);
    }
    if message.contains(": ready for connections.") {
        return event(K::InstanceStart);
    }
    // 8.0; 5.7; MariaDB.
    let stops = message.starts_with("Received SHUTDOWN from user ")
        || message.contains("): Normal shutdown")
        || message.contains(" (initiated by: ") && message.contains("Normal shutdown");
    if stops {
        return event(K::InstanceStop);
    }
    if message.contains("Out of memory (Needed ")
        || message.contains("Cannot allocate memory for the buffer pool")
    {
        return saturated("memory");
    }
    if message.contains("Can't create thread to handle new connection") {
        return saturated("threads");
    }
    if message.starts_with("Disk is full writing ")
        || message.contains("errno: 28 - No space left on device")
    {
        return saturated("disk");
    }
    let is_error = matches!(line.label.as_ref(), "ERROR" | "Error");
    if is_error && message.contains("Too many open files") {
        return saturated("file descriptors");
    }
    None
}

static ABOUT: About = About {
    title: "MySQL and MariaDB error log",
    source: "https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html and https://mariadb.com/kb/en/error-log/",
    from: "the file of log_error (SHOW VARIABLES LIKE 'log_error'), journalctl -u mysql, docker logs, Amazon RDS: error/mysql-error.log",
    time: "the moment of the message; UTC with Z, otherwise local time (log_timestamps = SYSTEM, MariaDB)",
    fields: &[
        ("time", "when"),
        ("label", "which messages are errors"),
        ("msg", "what happened: connection limits, starts, shutdowns, crashes, resources used up"),
    ],
    shows: &[
        "Connections refused because there are too many, where the server logs it and in the client's error 1040, 1203 or 1226.",
        "Starts, shutdowns, crashes with their signal, and restarts by mysqld_safe.",
        "Memory, threads, disk or file descriptors used up.",
    ],
    blind: &[
        Blind {
            what: "How near the limit the connections were before it was reached",
            how: "SHOW GLOBAL STATUS LIKE 'Max_used_connections'; SHOW VARIABLES LIKE 'max_connections'",
        },
        Blind {
            what: "Refused connections, in versions and settings that do not log them",
            how: "SHOW GLOBAL STATUS LIKE 'Connection_errors_max_connections', or the application's log",
        },
        Blind {
            what: "Statements that waited for locks",
            how: "SELECT * FROM performance_schema.data_lock_waits; innodb_print_all_deadlocks = ON",
        },
        Blind {
            what: "Why a client's connection was aborted: the line is read and tells only that it was",
            how: "the application's log; SHOW VARIABLES LIKE 'wait_timeout' against the pool's longest idle time",
        },
    ],
    recommended: "log_error_verbosity = 3\nlog_timestamps = UTC",
};
