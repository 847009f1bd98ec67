//! AWS Lambda: what the platform logs about invocations, in text and as JSON, and what its runtimes
//! print about errors that a function did not handle.
//!
//! A report is the record of one request; it stands at the request's end. Source: "Using CloudWatch
//! Logs with Lambda", "Lambda Telemetry API Event schema reference", AWS Lambda developer guide.

mod about;
mod errors;
mod function;
mod report;

use std::borrow::Cow;

use memchr::memmem;
use model::{
    Author, Event, HopKind, Mechanism, Occurrence, OccurrenceKind, Request, Role, Tally, Timestamp,
};

use super::api_gateway::is_uuid;
use crate::about::About;
use crate::json::Json;
use crate::node::{self, Origin};
use crate::{Context, Dialect, Marks, Quick, SLOW, Understood, apps, scan};
use errors::{Printed, Wrong};
use function::Function;
use report::Report;

/// AWS Lambda platform and runtime logs.
pub(crate) struct Lambda;

/// Longest record that is looked at: CloudWatch Logs takes 1 MB, and stacks repeat themselves.
const LONGEST: usize = 256 << 10;

/// Words of which one is in every other line that is read, by how it begins or by the level behind
/// its id, and in every object.
const WORDS: [&str; 24] = [
    "RESTORE_START ",
    "RESTORE_REPORT ",
    "REPORT RequestId: ",
    "INIT_START Runtime Version: ",
    "INIT_REPORT Init Duration: ",
    "Runtime exited with",
    "Process exited before",
    "Task timed out after ",
    "Invoke Error",
    "Uncaught Exception",
    "Unhandled Promise Rejection",
    "TRACE",
    "DEBUG",
    "INFO",
    "WARN",
    "ERROR",
    "FATAL",
    "CRITICAL",
    "\"platform.",
    "\"errorType\"",
    "\"errorMessage\"",
    "\"requestId\"",
    "\"function_request_id\"",
    "RequestId: ",
];

/// An invocation that went well: the Invoke API answers 200 to whoever waits for the function.
const INVOKED: u16 = 200;

/// Lines that tell of nothing that the report does not tell.
const PLAIN: [&str; 6] = [
    "START RequestId: ",
    "END RequestId: ",
    "XRAY TraceId: ",
    "EXTENSION\t",
    "TELEMETRY\t",
    "LOGS\t",
];

/// Error types on a line of their own, behind the line that says what happened.
const TAILS: [&str; 5] = [
    "Runtime.ExitError",
    "Runtime.OutOfMemory",
    "Runtime.InvalidEntrypoint",
    "Runtime.HandlerNotFound",
    "Extension.Crash",
];

impl Dialect for Lambda {
    fn name(&self) -> &'static str {
        "aws-lambda"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&PLAIN, &TAILS, &WORDS])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &'a Context) -> Quick<'a> {
        glance(line, context).map_or(Quick::Full, Quick::Tally)
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

fn glance<'a>(line: &'a [u8], context: &'a Context) -> Option<Tally<'a>> {
    if !line.starts_with(b"REPORT RequestId: ") {
        return None;
    }
    let report = Report::text(std::str::from_utf8(line).ok()?)?;
    let healthy = report.failure().is_none()
        && !report.used_all()
        && report.duration.is_none_or(|duration| duration < SLOW);
    healthy.then_some(Tally {
        at: context.prefix_time?,
        hop: Function::of(context).name.as_bytes(),
        kind: HopKind::Service,
        status: INVOKED,
        target: b"",
        elapsed: report.duration,
    })
}

fn read(record: &str, context: &Context) -> Option<Vec<Event<'static>>> {
    let record = record.trim_ascii();
    if record.len() > LONGEST || record.is_empty() {
        return None;
    }
    let function = Function::of(context);
    if record.starts_with('{') {
        return json(record, function, context);
    }
    if let Some(report) = Report::text(record) {
        return Some(reported(&report, function, context.prefix_time));
    }
    if plain(record) || TAILS.contains(&record) {
        return Some(Vec::new());
    }
    if record.starts_with("INIT_START Runtime Version: ") {
        return Some(vec![started(function, context.prefix_time)]);
    }
    if let Some(rest) = record.strip_prefix("INIT_REPORT Init Duration: ") {
        return Some(initialised(rest, function, context.prefix_time));
    }
    if let Some(wrong) = Wrong::text(record) {
        return Some(went_wrong(wrong, function, context.prefix_time));
    }
    let printed = Printed::read(record)?;
    let origin = Origin { hop: function.name, at: printed.time };
    let found = apps::read_text(printed.text, &origin);
    let mut events = of_one_request(found, printed.id, function);
    if events.is_empty() && printed.is_error && node::opens_stack(printed.text) {
        let kind = OccurrenceKind::ApplicationError;
        let error = Occurrence::new(kind, printed.time, function.name.to_owned());
        events.push(happened(error.detail(node::short(printed.text))));
    }
    Some(events)
}

/// Calls outward that failed, told by what a function printed for one request.
fn of_one_request(
    found: Option<Vec<Event<'static>>>,
    id: Option<&str>,
    function: Function<'_>,
) -> Vec<Event<'static>> {
    let mut events = found.unwrap_or_default();
    // The platform tells of starts and ends, and the runtime of errors nobody handled.
    events.retain(|event| match event {
        Event::Request(_) => true,
        Event::Occurrence(occurrence) => matches!(
            occurrence.kind,
            OccurrenceKind::DatabaseLimit | OccurrenceKind::ConnectionPoolEmpty
        ),
    });
    for event in &mut events {
        let Event::Request(request) = event else { continue };
        request.id = id.map(|id| Cow::Owned(id.to_owned()));
        placed(request, function);
    }
    events
}

/// `START RequestId: ID Version: 7` and lines of that kind, and no sentence that begins like one.
fn plain(record: &str) -> bool {
    let Some(words) = PLAIN.iter().find(|words| record.starts_with(**words)) else {
        return record.starts_with("RESTORE_START ") || record.starts_with("RESTORE_REPORT ");
    };
    let rest = &record[words.len()..];
    match *words {
        "START RequestId: " | "END RequestId: " => rest.get(..36).is_some_and(is_uuid),
        "XRAY TraceId: " => rest.starts_with("1-"),
        _ => rest.starts_with("Name: ") || rest.starts_with("State: "),
    }
}

fn reported(
    report: &Report<'_>,
    function: Function<'_>,
    end: Option<Timestamp>,
) -> Vec<Event<'static>> {
    let mut request = Request::new(function.name.to_owned(), HopKind::Service, Role::Access);
    request.end = end;
    request.timers.total = report.duration;
    request.complete_times();
    placed(&mut request, function);
    request.id = Some(Cow::Owned(report.id.to_owned()));
    request.failure = report.failure();
    match &request.failure {
        None => request.status = Some(INVOKED),
        Some(_) => {
            request.author = Author::ThisHop;
            request.token = report.token().map(|token| Cow::Owned(token.to_owned()));
        }
    }
    let ended =
        request.failure.is_some_and(|failure| failure.mechanism == Mechanism::InstanceOutOfMemory);
    let mut events = vec![Event::from(request)];
    let megabytes = |of: Option<u64>| of.map_or("?".to_owned(), |mb| mb.to_string());
    let detail = format!("{} of {} MB used", megabytes(report.used), megabytes(report.memory));
    let occurrence = |kind| Occurrence::new(kind, end, function.name.to_owned());
    if ended {
        events.push(happened(occurrence(OccurrenceKind::OomKill).detail(detail)));
    } else if report.used_all() {
        let saturated = occurrence(OccurrenceKind::ResourceSaturated);
        events.push(happened(saturated.object("memory").detail(detail)));
    }
    events
}

fn placed(request: &mut Request<'_>, function: Function<'_>) {
    request.revision = function.version.map(|version| Cow::Owned(version.to_owned()));
    request.instance = function.environment.map(|id| Cow::Owned(id.to_owned()));
}

fn happened(occurrence: Occurrence<'static>) -> Event<'static> {
    Event::from(occurrence)
}

fn started(function: Function<'_>, at: Option<Timestamp>) -> Event<'static> {
    let start = Occurrence::new(OccurrenceKind::InstanceStart, at, function.name.to_owned());
    happened(match function.environment {
        Some(id) => start.object(id.to_owned()),
        None => start.object("init"),
    })
}

/// `10008.00 ms Phase: init Status: timeout`: only what went wrong is reported like this.
fn initialised(rest: &str, function: Function<'_>, at: Option<Timestamp>) -> Vec<Event<'static>> {
    let field = |label: &str| {
        let (_, value) = rest.split_once(label)?;
        value.split_ascii_whitespace().next()
    };
    let Some(status @ ("timeout" | "error")) = field("Status: ") else { return Vec::new() };
    let phase = field("Phase: ").unwrap_or("init");
    vec![failed_to_start(phase, status, field("Error Type: "), function, at)]
}

fn failed_to_start(
    phase: &str,
    status: &str,
    error: Option<&str>,
    function: Function<'_>,
    at: Option<Timestamp>,
) -> Event<'static> {
    let mut detail = format!("init, phase {phase}: {status}");
    if let Some(error) = error {
        detail.push(' ');
        detail.push_str(error);
    }
    happened(
        Occurrence::new(OccurrenceKind::FunctionError, at, function.name.to_owned()).detail(detail),
    )
}

/// The failure of the request, what happened to the process, and the call outward that the error
/// tells of.
fn went_wrong(
    wrong: Wrong<'_>,
    function: Function<'_>,
    prefix_time: Option<Timestamp>,
) -> Vec<Event<'static>> {
    let at = wrong.time.or(prefix_time);
    let id = wrong.id.map(|id| Cow::Owned(id.into_owned()));
    let mut request = Request::new(function.name.to_owned(), HopKind::Service, Role::Explanation);
    request.end = at;
    request.timers.total = wrong.timer;
    request.complete_times();
    request.author = Author::ThisHop;
    request.failure = Some(wrong.failure);
    placed(&mut request, function);
    request.id.clone_from(&id);
    request.token = Some(Cow::Owned(wrong.token.clone()));
    let mut events = vec![Event::from(request)];
    let occurrence = |kind| Occurrence::new(kind, at, function.name.to_owned());
    match (wrong.exit, wrong.failure.mechanism) {
        (_, Mechanism::InstanceOutOfMemory) => {
            events.push(happened(occurrence(OccurrenceKind::OomKill).detail(wrong.token)));
        }
        (Some(exit), _) => {
            events.push(happened(occurrence(OccurrenceKind::ProcessExit).object(exit)));
        }
        (None, Mechanism::FunctionError) => {
            let said = wrong.said.unwrap_or(wrong.token);
            events.push(happened(occurrence(OccurrenceKind::FunctionError).detail(said)));
        }
        (None, _) => {}
    }
    if let Some(printed) = &wrong.printed {
        let origin = Origin { hop: function.name, at };
        let outward = match Json::object(printed) {
            Some(error) => node::read_json(&error, &origin),
            None => apps::read_text(printed, &origin),
        };
        events.extend(of_one_request(outward, id.as_deref(), function));
    }
    events
}

/// Lambda's JSON log format, and events of the Telemetry API.
fn json(record: &str, function: Function<'_>, context: &Context) -> Option<Vec<Event<'static>>> {
    let bytes = record.as_bytes();
    let has = |key: &[u8]| memmem::find(bytes, key).is_some();
    let of_platform = has(b"\"platform.");
    if !of_platform
        && !has(b"\"errorType\"")
        && !has(b"\"errorMessage\"")
        && !has(b"\"requestId\"")
        && !has(b"\"function_request_id\"")
    {
        return None;
    }
    let object = Json::object(record)?;
    let Some(kind) = object.get("type").and_then(Json::text).filter(|_| of_platform) else {
        return match Wrong::json(&object) {
            Some(wrong) => Some(went_wrong(wrong, function, context.prefix_time)),
            None => printed_as_json(&object, function),
        };
    };
    let kind = kind.strip_prefix("platform.")?;
    let details = object.get("record")?;
    let at = object
        .get("time")
        .and_then(Json::text)
        .and_then(|time| scan::iso(time.as_bytes(), 0))
        .or(context.prefix_time);
    let text = |key| details.get(key).and_then(Json::text).map(AsRef::as_ref);
    Some(match kind {
        "report" => match Report::json(details) {
            Some(report) => reported(&report, function, at),
            None => return None,
        },
        "fault" => {
            let wrong = Wrong::text(details.text()?)?;
            went_wrong(wrong, function, at)
        }
        "initStart" => vec![started(function, at)],
        "initReport" => match text("status") {
            Some(status @ ("timeout" | "error" | "failure")) => {
                let phase = text("phase").unwrap_or("init");
                vec![failed_to_start(phase, status, text("errorType"), function, at)]
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    })
}

/// `{"timestamp":…,"level":…,"requestId":…,"message":…}`: a line that a function printed.
fn printed_as_json(object: &Json<'_>, function: Function<'_>) -> Option<Vec<Event<'static>>> {
    let text = |key: &str| object.get(key).and_then(Json::text);
    let at = scan::iso(text("timestamp")?.as_bytes(), 0)?;
    text("level").or_else(|| text("log_level"))?;
    let message = object.get("message")?.text().map(AsRef::as_ref);
    // The runtimes' own name, and that of the Powertools.
    let id = ["requestId", "function_request_id"].iter().find_map(|key| text(key));
    let id = id.filter(|id| is_uuid(id))?;
    let origin = Origin { hop: function.name, at: Some(at) };
    let found = node::read_json(object, &origin).or_else(|| apps::errors(object, message, &origin));
    Some(of_one_request(found, Some(id), function))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "REPORT RequestId: 5a1b2c3d-0000-4000-8000-000000000001\tDuration: 62.10 ms\t\
        Billed Duration: 63 ms\tMemory Size: 128 MB\tMax Memory Used: 64 MB\t";

    #[test]
    fn a_quick_look_says_what_a_full_one_says() {
        let context = Context {
            prefix_time: Some(Timestamp(1_793_588_645_000_000)),
            around: vec![("logGroup".to_owned(), "/aws/lambda/orders".to_owned())],
            ..Context::default()
        };
        let Quick::Tally(tally) = Lambda.quick(REPORT.as_bytes(), &context) else {
            panic!("a healthy report is tallied")
        };
        let mut events = Vec::new();
        assert_eq!(Lambda.parse(REPORT, &context, &mut events), Understood::Yes);
        let [Event::Request(request)] = &events[..] else { panic!("{events:?}") };
        assert!(request.failure.is_none());
        assert_eq!(tally.hop, request.hop.as_bytes());
        assert_eq!((Some(tally.at), tally.kind), (request.end, request.kind));
        assert_eq!((Some(tally.status), tally.elapsed), (request.status, request.timers.total));
        for other in [
            REPORT.replace("62.10", "5000.00"),
            REPORT.replace("64 MB", "128 MB"),
            format!("{REPORT}Status: timeout"),
        ] {
            assert_eq!(Lambda.quick(other.as_bytes(), &context), Quick::Full, "{other}");
        }
        assert_eq!(Lambda.quick(REPORT.as_bytes(), &Context::default()), Quick::Full);
    }
}
