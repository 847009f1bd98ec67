//! JSON lines of applications, whatever wrote them: requests they answered, calls they made that
//! failed, errors nobody caught.
//!
//! Sources: OpenTelemetry "Logs Data Model" and semantic conventions for HTTP and exceptions, Elastic
//! Common Schema, and the documentation of bunyan, pino, zap, logrus, Go's slog, Serilog's compact
//! format, python-json-logger, structlog, logstash-logback-encoder.

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind};

use super::json_glance;
use super::json_line::{find, has_level, message, text, time};
use super::json_request::{self, Found};
use super::languages;
use crate::json::Json;
use crate::node::{self, Origin, short};
use crate::{About, Blind, Context, Dialect, Marks, Quick, Understood};

/// JSON logs of applications.
pub(crate) struct AppJson;

/// Records of one OTLP line that are read.
const RECORDS: usize = 4096;

/// Members of a line that is no application's own: the text of another program, or a proxy's
/// variables.
const ELSEWHERE: [&str; 17] = [
    "textPayload",
    "log",
    "__REALTIME_TIMESTAMP",
    "logStreamName",
    "upstream_addr",
    "upstream_status",
    "upstream_response_time",
    "body_bytes_sent",
    "http_user_agent",
    "upstream_cluster",
    "response_flags",
    "DownstreamStatus",
    "elb_status_code",
    "integrationStatus",
    "error_severity",
    "err_symbol",
    "logging_pod",
];

/// Members that hold an error's text with its stack, or its message.
const TEXTS: [&str; 16] = [
    "exception.stacktrace",
    "error.stack_trace",
    "error.stack",
    "stack_trace",
    "stacktrace",
    "exc_info",
    "exc_text",
    "@x",
    "exception",
    "err.stack",
    "traceback",
    "error",
    "err",
    "errorMessage",
    "full_message",
    "reason",
];

impl Dialect for AppJson {
    fn name(&self) -> &'static str {
        "app-json"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn is_carried(&self) -> bool {
        true
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&[Marks::ANYTHING]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A name from outside goes before the one in the line, and cannot be lent to a tally.
        match context.hop {
            None => json_glance::tally(line).map_or(Quick::Full, Quick::Tally),
            Some(_) => Quick::Full,
        }
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

fn read(record: &str, context: &Context) -> Option<Vec<Event<'static>>> {
    let line = Json::object(record)?;
    match line.get("resourceLogs") {
        Some(resources) => otlp(resources, context),
        None => one(&line, None, context),
    }
}

/// A line of OTLP's JSON file format: records of several resources and scopes.
fn otlp(resources: &Json<'_>, context: &Context) -> Option<Vec<Event<'static>>> {
    let mut events = Vec::new();
    let mut records = 0;
    for resource in resources.items() {
        let service =
            resource.get("resource").and_then(|resource| text(resource, &["service.name"]));
        for scope in resource.get("scopeLogs").map_or(&[][..], Json::items) {
            for record in scope.get("logRecords").map_or(&[][..], Json::items) {
                records += 1;
                if records <= RECORDS {
                    events.extend(one(record, service.as_deref(), context).into_iter().flatten());
                }
            }
        }
    }
    (records > 0).then_some(events)
}

/// One line of a logger. `None` if it is none, or if only another dialect can tell.
fn one(line: &Json<'_>, service: Option<&str>, context: &Context) -> Option<Vec<Event<'static>>> {
    // What a shipper wrapped around somebody's text, and what a proxy writes as JSON.
    if ELSEWHERE
        .iter()
        .any(|key| matches!(line.get(key), Some(value) if !matches!(value, Json::Object(_))))
    {
        return None;
    }
    // Caddy's loggers are known to its own dialect.
    if line.word("logger").is_some_and(|logger| logger.starts_with("http.")) {
        return None;
    }
    let at = time(line, context.offset_east)?;
    let said = message(line);
    let numbered = matches!(line.get("level"), Some(Json::Int(_)));
    let is_otlp = service.is_some();
    let service = service
        .map(Cow::Borrowed)
        .or_else(|| {
            text(
                line,
                &[
                    "service.name",
                    "service",
                    "serviceName",
                    "resource.service.name",
                    "app",
                    "application",
                ],
            )
        })
        .or_else(|| context.hop.as_deref().map(Cow::Borrowed))
        // With bunyan and pino it is the program's name, elsewhere the logger's.
        .or_else(|| text(line, &["name"]).filter(|_| numbered));
    let origin = Origin { hop: service.as_deref().unwrap_or("application"), at: Some(at) };
    let request = json_request::read(line, &origin);
    // A time and a message alone are what shippers write around a text.
    let is_line = request.is_some()
        || has_level(line)
        || is_otlp
        || line.get("@t").is_some() && said.is_some();
    if !is_line {
        return None;
    }
    let errors = errors(line, said.as_deref(), &origin);
    let mut events = Vec::new();
    match request {
        None => {
            // Without a request, what Node.js's errors look like in JSON is that dialect's.
            if service_is_plain(line) && node::read_json(line, &origin).is_some() {
                return None;
            }
        }
        Some(Found::Called(call)) => {
            // The error, if the line has one, says more than the status.
            if let (None, Some(call)) = (&errors, call) {
                events.push(call.event(&origin));
            }
        }
        Some(Found::Answered(mut request)) => {
            for event in errors.iter().flatten() {
                if let Event::Request(_) = event
                    && request.id.is_none()
                {
                    request.id = text(line, &["id"]).map(|id| Cow::Owned(id.into_owned()));
                }
            }
            let id = request.id.clone();
            events.push(Event::Request(request));
            for mut event in errors.into_iter().flatten() {
                if let Event::Request(explanation) = &mut event {
                    explanation.id.clone_from(&id);
                }
                events.push(event);
            }
            return Some(events);
        }
    }
    events.extend(errors.into_iter().flatten());
    // A logger's line with nothing to tell is understood; one that may carry another program's
    // line is left to whoever reads that.
    let carries = said.as_deref().is_some_and(carries_a_line);
    (!events.is_empty() || (said.is_some() && !carries)).then_some(events)
}

/// Whether nothing but the form of Node.js's loggers is there.
fn service_is_plain(line: &Json<'_>) -> bool {
    ![
        "exc_info",
        "exc_text",
        "stack_trace",
        "@x",
        "@t",
        "exception.stacktrace",
        "error.stack_trace",
        "resource",
    ]
    .iter()
    .any(|key| find(line, key).is_some())
}

/// Access and error lines of servers, which some programs log through a logger of their own.
fn carries_a_line(said: &str) -> bool {
    [
        "' caused by: ",
        " Bad Gateway",
        "Gateway Timeout",
        " HTTP/1.",
        " HTTP/2",
        "[error]",
        "[crit]",
        "[warn]",
        "[notice]",
        "kernel: ",
        "systemd[",
    ]
    .iter()
    .any(|words| said.contains(words))
}

/// What the texts of a line say, in whatever language they were printed.
pub(crate) fn errors(
    line: &Json<'_>,
    said: Option<&str>,
    origin: &Origin<'_>,
) -> Option<Vec<Event<'static>>> {
    let named = |class: &str, message: &str| {
        let (class, message) = (text(line, &[class])?, text(line, &[message])?);
        Some(Cow::Owned(format!("{class}: {message}")))
    };
    let pairs = [
        ("exception.type", "exception.message"),
        ("error.type", "error.message"),
        ("error.class", "error.message"),
    ];
    let single = |name: &&str| text(line, &[name]);
    let candidates = TEXTS
        .iter()
        .filter_map(single)
        .chain(pairs.iter().filter_map(|(class, message)| named(class, message)))
        .chain(["exception.message", "error.message", "err.message"].iter().filter_map(single))
        .chain(said.map(Cow::Borrowed));
    for candidate in candidates {
        if memmem::find(candidate.as_bytes(), b" HTTP/1.").is_some() {
            continue;
        }
        if let Some(events) = languages::read_text(&candidate, origin) {
            return Some(events);
        }
    }
    if let Some(events) = node::read_json(line, origin) {
        return Some(events);
    }
    unhandled(line, said, origin).map(|event| vec![event])
}

/// An error with a stack that the logger marks as fatal: nothing caught it.
fn unhandled(line: &Json<'_>, said: Option<&str>, origin: &Origin<'_>) -> Option<Event<'static>> {
    let level = text(line, &["level", "severity", "severityText", "log.level", "levelname", "@l"]);
    let fatal = level.is_some_and(|level| {
        ["fatal", "panic", "critical"].iter().any(|word| level.eq_ignore_ascii_case(word))
    }) || line.get("level").and_then(Json::integer) == Some(60);
    let stack = text(
        line,
        &[
            "exception.stacktrace",
            "error.stack_trace",
            "stack_trace",
            "stack",
            "exc_info",
            "@x",
            "err.stack",
        ],
    );
    if !fatal || stack.is_none() {
        return None;
    }
    let words = said.map(str::to_owned).or_else(|| stack.map(Cow::into_owned))?;
    let error = Occurrence::new(OccurrenceKind::ApplicationError, origin.at, origin.hop.to_owned());
    Some(Event::from(error.detail(short(&words))))
}

static ABOUT: About = About {
    title: "JSON log lines of applications",
    source: "https://opentelemetry.io/docs/specs/otel/logs/data-model/ and https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html",
    from: "the application's standard output, kubectl logs, docker logs, CloudWatch Logs, the OpenTelemetry collector's file exporter",
    time: "the moment of the line, which for a request is its end; without a zone --timezone applies",
    fields: &[
        ("time, timestamp, @timestamp, ts, @t, asctime, timeUnixNano", "when"),
        (
            "res.statusCode, http.response.status_code, StatusCode, status",
            "the status of a request the application answered",
        ),
        (
            "responseTime, duration_ms, Elapsed, event.duration, duration with a unit",
            "how long it took",
        ),
        ("req.method, url.path, RequestPath", "method and path"),
        (
            "url.full, server.address, net.peer.name",
            "that the request was a call outward, and where to",
        ),
        (
            "err, error, exception, stack_trace, exc_info, @x, exception.*, error.*",
            "what failed: read as the language's own error text",
        ),
        ("service.name, service, name", "the application"),
        ("trace_id, request_id, req.id", "the request, to join it with other hops"),
    ],
    shows: &[
        "Requests the application answered, with their status and duration.",
        "Calls outward that failed, in the words of Java, Python, .NET, Go, Ruby and Node.js.",
        "Databases and pools that had no connection to give.",
        "Errors logged as fatal with their stack.",
    ],
    blind: &[
        Blind {
            what: "The duration of a request where neither its name nor its value says the unit",
            how: "name the field duration_ms, or write the unit with it",
        },
        Blind {
            what: "Requests that never reached the application or that it never logged",
            how: "the proxy's access log",
        },
    ],
    recommended: "",
};
