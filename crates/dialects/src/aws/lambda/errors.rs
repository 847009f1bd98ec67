//! What Lambda and its runtimes print about a function that went wrong: the process's end, the
//! timeout, the error that the code did not handle.

use std::borrow::Cow;

use model::{Failure, Mechanism as M, Micros, Timestamp};

use super::is_uuid;
use super::report::of_error_type;
use crate::json::Json;
use crate::{node, scan};

/// A statement about one invocation, or about the process before any.
#[derive(Debug)]
pub(super) struct Wrong<'a> {
    pub(super) time: Option<Timestamp>,
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) failure: Failure,
    /// How long the function had, where its time was up.
    pub(super) timer: Option<Micros>,
    /// What it is called: a class of errors, a signal.
    pub(super) token: String,
    /// The same with its message, where there is one.
    pub(super) said: Option<String>,
    /// How the process ended, if it did.
    pub(super) exit: Option<String>,
    /// The error as the runtime printed it, for whoever knows what it means.
    pub(super) printed: Option<Cow<'a, str>>,
}

impl<'a> Wrong<'a> {
    fn new(failure: Failure, token: impl Into<String>) -> Wrong<'a> {
        Wrong {
            time: None,
            id: None,
            failure,
            timer: None,
            token: token.into(),
            said: None,
            exit: None,
            printed: None,
        }
    }

    /// Reads a line of text, and the lines that go with it.
    pub(super) fn text(record: &'a str) -> Option<Wrong<'a>> {
        let record = record.trim_ascii();
        if let Some(rest) = record.strip_prefix("RequestId: ") {
            let id = rest.get(..36).filter(|id| is_uuid(id))?;
            let mut wrong = Wrong::ended(rest[36..].trim_ascii_start())?;
            wrong.id = Some(Cow::Borrowed(id));
            return Some(wrong);
        }
        if let Some(wrong) = Wrong::ended(record) {
            return Some(wrong);
        }
        if let Some(rest) = record.strip_prefix("[ERROR] ") {
            return from_python(rest);
        }
        let (time, id, rest) = head(record)?;
        let mut wrong = match timed_out(rest) {
            Some(wrong) => wrong,
            None => from_node(rest)?,
        };
        wrong.time = time;
        wrong.id = id.map(Cow::Borrowed);
        Some(wrong)
    }

    /// What Lambda says when the process has ended or the time is up, without the id.
    pub(super) fn ended(text: &str) -> Option<Wrong<'a>> {
        let text = text.strip_prefix("Error: ").unwrap_or(text);
        let line = text.lines().next().unwrap_or(text).trim_ascii_end();
        let exit = if let Some(how) = line.strip_prefix("Runtime exited with error: ") {
            how
        } else if line.starts_with("Runtime exited without providing a reason") {
            "exit without a reason"
        } else if line.starts_with("Process exited before completing request") {
            "exit before the end of the request"
        } else {
            return timed_out(text);
        };
        let exit: String = exit.chars().take(60).collect();
        // What killed the process the line does not say.
        let mut wrong = Wrong::new(Failure::of(M::FunctionError), exit.clone());
        wrong.exit = Some(exit);
        Some(wrong)
    }

    /// Reads what the runtimes write as JSON: an error object, alone or as the message of a line
    /// in Lambda's JSON log format.
    pub(super) fn json(object: &'a Json<'a>) -> Option<Wrong<'a>> {
        let text = |of: &'a Json<'a>, key: &str| of.get(key).and_then(Json::text);
        let level = text(object, "level").or_else(|| text(object, "log_level"));
        let error = match object.get("message") {
            Some(inner @ Json::Object(_)) => inner,
            _ => object,
        };
        let class = text(error, "errorType").map_or("", |class| class.as_ref());
        let message = text(error, "errorMessage").map_or("", |message| message.as_ref());
        let id = text(object, "requestId").filter(|id| is_uuid(id));
        let traced = ["stackTrace", "stack", "trace"].iter().any(|key| error.get(key).is_some());
        let of_platform = ["Runtime.", "Sandbox.", "Function.", "Extension."]
            .iter()
            .any(|family| class.starts_with(family));
        let logged = level.is_some_and(|level| matches!(level.as_ref(), "ERROR" | "FATAL"))
            && id.is_some()
            && !class.is_empty();
        let stated = message
            .strip_prefix("RequestId: ")
            .and_then(|rest| Some((rest.get(..36).filter(|id| is_uuid(id))?, rest.get(37..)?)));
        let (stated_id, said) = stated.map_or((None, message), |(id, said)| (Some(id), said));
        // Whole seconds are told with a time in front and, in that case, an id.
        let (time, stated_id, said) = match head(said) {
            Some((time, id, rest)) => (time, stated_id.or(id), rest),
            None => (None, stated_id, said),
        };
        let ended = Wrong::ended(said);
        let alone = matches!(object, Json::Object(members) if members.iter().all(|(key, _)| {
            matches!(
                key.as_ref(),
                "errorType" | "errorMessage" | "stackTrace" | "stack" | "trace" | "requestId" | "cause" | "code"
            )
        }));
        let known =
            logged || (alone && (ended.is_some() || of_platform || (traced && !class.is_empty())));
        if !known || (class.is_empty() && message.is_empty()) {
            return None;
        }
        let mut wrong = ended.unwrap_or_else(|| Wrong::new(of_error_type(class, false), class));
        if of_platform && wrong.timer.is_none() {
            wrong.failure = of_error_type(class, false);
        }
        wrong.id = id.cloned().or(stated_id.map(Cow::Borrowed));
        wrong.time = ["timestamp", "time"]
            .iter()
            .find_map(|key| scan::iso(text(object, key)?.as_bytes(), 0))
            .or(time);
        if wrong.exit.is_none() {
            wrong.said = Some(node::short(&format!("{class}: {message}")));
        }
        Some(wrong)
    }
}

/// A line that a function printed, without what the runtime puts in front of it.
pub(super) struct Printed<'a> {
    pub(super) time: Option<Timestamp>,
    pub(super) id: Option<&'a str>,
    pub(super) is_error: bool,
    pub(super) text: &'a str,
}

impl<'a> Printed<'a> {
    /// `TIME ID LEVEL text`, as the Node.js runtime writes it, or `[LEVEL] TIME ID text`, as the Python
    /// runtime does.
    pub(super) fn read(record: &'a str) -> Option<Printed<'a>> {
        let (level, record) = match record.strip_prefix('[') {
            Some(rest) => {
                let (level, rest) = rest.split_once(']')?;
                (Some(level), rest.trim_ascii_start())
            }
            None => (None, record),
        };
        let (time, id, text) = head(record).filter(|(time, ..)| time.is_some())?;
        let (level, text) = match level {
            Some(level) => (level, text),
            None => split(text)?,
        };
        let levels = ["TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"];
        let known = levels.contains(&level) && id.is_some();
        let is_error = matches!(level, "ERROR" | "FATAL" | "CRITICAL");
        known.then_some(Printed { time, id, is_error, text })
    }
}

/// `Task timed out after 3.00 seconds`.
fn timed_out<'a>(text: &str) -> Option<Wrong<'a>> {
    let text = text.strip_prefix("Error: ").unwrap_or(text);
    let rest = text.strip_prefix("Task timed out after ")?;
    let (seconds, unit) = scan::word(rest);
    let timer = scan::seconds(seconds.as_bytes())?;
    if !unit.starts_with("second") {
        return None;
    }
    let mut wrong = Wrong::new(Failure::of(M::FunctionTimeout), "Task timed out");
    wrong.timer = Some(timer);
    Some(wrong)
}

/// Time and id in front of a line, with tabs or, in pasted text, spaces between; the id may be
/// `undefined` before the first request.
fn head(record: &str) -> Option<(Option<Timestamp>, Option<&str>, &str)> {
    let (stamp, rest) = split(record)?;
    let time = stamp.ends_with('Z').then(|| scan::iso(stamp.as_bytes(), 0)).flatten();
    if time.is_none() {
        return is_uuid(stamp).then_some((None, Some(stamp), rest));
    }
    match split(rest) {
        Some((id, rest)) if is_uuid(id) => Some((time, Some(id), rest)),
        Some(("undefined", rest)) => Some((time, None, rest)),
        _ => Some((time, None, rest)),
    }
}

fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().take(64).position(|byte| byte.is_ascii_whitespace())?;
    Some((text.get(..end)?, text.get(end..)?.trim_ascii_start()))
}

/// `ERROR Invoke Error  {…}`, as the Node.js runtime logs what the handler did not catch.
fn from_node(text: &str) -> Option<Wrong<'_>> {
    const KINDS: [&str; 3] = ["Invoke Error", "Uncaught Exception", "Unhandled Promise Rejection"];
    let rest = text.strip_prefix("ERROR").map_or(text, str::trim_ascii_start);
    let kind = KINDS.iter().find(|kind| rest.starts_with(**kind))?;
    let printed = rest[kind.len()..].trim_ascii();
    let class = Json::object(printed)
        .and_then(|error| error.word("errorType").map(Cow::into_owned))
        .or_else(|| between(printed, "\"errorType\":\"", '"'))
        .unwrap_or_else(|| (*kind).to_owned());
    if !printed.is_empty() && !printed.starts_with('{') {
        return None;
    }
    let message = Json::object(printed)
        .and_then(|error| error.word("errorMessage").map(Cow::into_owned))
        .or_else(|| between(printed, "\"errorMessage\":\"", '"'));
    let mut wrong = Wrong::new(of_error_type(&class, false), class);
    wrong.said = message.map(|message| node::short(&format!("{}: {message}", wrong.token)));
    wrong.printed = Some(Cow::Borrowed(printed));
    Some(wrong)
}

/// `KeyError: 'id'` and a traceback through Lambda's folders, as the Python runtime prints it, or
/// an error of the runtime's own.
fn from_python(text: &str) -> Option<Wrong<'_>> {
    let line = text.split(['\n', '\r']).next().unwrap_or(text);
    let (class, _) = line.split_once(':').unwrap_or((line, ""));
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_');
    if class.is_empty() || class.len() > 80 || !class.bytes().all(plain) {
        return None;
    }
    let in_lambda = ["/var/task", "/var/runtime", "/var/lang", "/opt/python"]
        .iter()
        .any(|folder| text.contains(folder));
    let traced = in_lambda && text.contains("Traceback (most recent call last)");
    if !traced && !class.starts_with("Runtime.") {
        return None;
    }
    let mut wrong = Wrong::new(of_error_type(class, false), class);
    wrong.said = Some(node::short(line));
    wrong.printed = Some(Cow::Borrowed(text));
    Some(wrong)
}

fn between(text: &str, before: &str, end: char) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split(end).next().filter(|word| !word.is_empty() && word.len() < 200).map(str::to_owned)
}
