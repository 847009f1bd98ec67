//! Cloud Run: request entries, the platform's system entries, and what the application printed.
//!
//! The time stamp of a request entry is when the request arrived. A text in a request entry is the
//! platform's own: without it the status came from the application.
//! Source: Google Cloud documentation, "Logging and viewing logs in Cloud Run" and
//! "Troubleshoot Cloud Run issues".

use std::borrow::Cow;

use memchr::memmem;
use model::{
    Author, Event, Failure, HopKind, Mechanism, Occurrence, OccurrenceKind, Request, Role,
    Timestamp,
};

use super::entry::Entry;
use super::glance::{self, Expected};
use super::run_system;
use crate::apps;
use crate::json::Json;
use crate::node::{self, Origin};
use crate::{About, Context, Dialect, Marks, Quick, Understood};

/// Cloud Run request, system and application log entries.
pub(crate) struct CloudRun;

static EXPECTED: Expected = Expected {
    hop_label: b"\"service_name\"",
    kind: HopKind::Service,
    server_is_target: false,
    remarkable: &[b"\"textPayload\"", b"\"jsonPayload\"", b"\"protoPayload\""],
    is_log: |name| {
        name.ends_with(b"/logs/run.googleapis.com%2Frequests")
            || name.ends_with(b"/logs/run.googleapis.com/requests")
    },
};

impl Dialect for CloudRun {
    fn name(&self) -> &'static str {
        "gcp-run"
    }

    fn about(&self) -> &'static About {
        &super::about::RUN
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[
            &["run.googleapis.com", "\"cloud_run_"],
            &ABOUT_A_REQUEST,
            &ABOUT_THE_SERVICE,
        ])
    }

    fn sniff(&self, record: &str) -> bool {
        entry(record).is_some() || sentence(record, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        glance::tally(line, &EXPECTED).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(entry) = entry(record) else {
            let Some(events) = sentence(record, context) else { return Understood::No };
            out.extend(events);
            return Understood::Yes;
        };
        let at = entry.timestamp(context.offset_east);
        let is_request = entry.is_log("run.googleapis.com", "requests")
            || entry.get("logName").is_none() && entry.get("httpRequest").is_some();
        if is_request {
            if let Some(request) = request(&entry, at) {
                out.push(request.into());
            }
        } else if entry.is_log("run.googleapis.com", "varlog/system") {
            if let Some(occurrence) = system(&entry, at) {
                out.push(occurrence.into());
            }
        } else {
            output(&entry, at, out);
        }
        Understood::Yes
    }
}

/// The entry, if it is one of Cloud Run's, and neither an audit record nor a metric.
fn entry(record: &str) -> Option<Entry<'_>> {
    let bytes = record.as_bytes();
    if memmem::find(bytes, b"run.googleapis.com").is_none()
        && memmem::find(bytes, b"\"cloud_run_").is_none()
    {
        return None;
    }
    let entry = Entry::read(record)?;
    if entry.get("protoPayload").is_some() || entry.log_id().starts_with("cloudaudit") {
        return None;
    }
    // Time series are of the same resource, and no log entries.
    if entry.get("points").is_some() && entry.get("metricKind").is_some() {
        return None;
    }
    let resource = matches!(entry.resource_type(), "cloud_run_revision" | "cloud_run_job");
    (resource || entry.log_id().starts_with("run.googleapis.com")).then_some(entry)
}

fn service<'a>(entry: &Entry<'a>) -> Cow<'a, str> {
    ["service_name", "job_name", "configuration_name"]
        .iter()
        .find_map(|label| entry.resource_label(label))
        .unwrap_or(Cow::Borrowed("Cloud Run"))
}

fn request<'a>(entry: &Entry<'a>, at: Option<Timestamp>) -> Option<Request<'a>> {
    let http = entry.http_request()?;
    let mut request = Request::new(service(entry), HopKind::Service, Role::Access);
    request.start = at;
    let status = http.status().unwrap_or(0);
    request.status = Some(status);
    request.timers.total = http.latency();
    request.revision = entry.resource_label("revision_name");
    request.instance = entry.label("instanceId");
    request.method = http.method();
    (request.path, request.host) = http.target();
    request.client = http.client();
    request.id = entry.trace_id();
    request.complete_times();
    let stated = entry.get("textPayload").and_then(Json::text);
    match stated.and_then(|text| run_system::of_request(text)) {
        Some(mechanism) => {
            request.author = Author::ThisHop;
            request.failure = Some(Failure::of(mechanism));
        }
        None if status == 0 => request.failure = Some(Failure::of(Mechanism::Unspecified)),
        None if stated.is_some_and(|text| !text.trim().is_empty()) => {
            request.author = Author::ThisHop;
            request.failure = (status >= 500).then(|| Failure::of(Mechanism::Unspecified));
        }
        None => {
            request.author = Author::Behind;
            request.failure =
                (status >= 500).then(|| Failure::of(Mechanism::StatusFromApplication));
        }
    }
    Some(request)
}

/// An entry of the platform's system log.
fn system<'a>(entry: &Entry<'a>, at: Option<Timestamp>) -> Option<Occurrence<'a>> {
    let text = entry.get("textPayload")?.text()?;
    let stated = run_system::of_system(text)?;
    let instance = entry.label("instanceId");
    let revision = entry.resource_label("revision_name");
    let mut occurrence = Occurrence::new(stated.kind, at, service(entry));
    if stated.kind == OccurrenceKind::InstanceStart {
        let reason = run_system::reason(text);
        let words: Vec<&str> = reason.into_iter().chain(revision.as_deref()).collect();
        occurrence.detail = (!words.is_empty()).then(|| Cow::Owned(words.join(" ")));
        occurrence.object = instance.or_else(|| reason.map(|word| Cow::Owned(word.to_owned())));
        return Some(occurrence);
    }
    occurrence.object = stated.object.map(Cow::Owned).or_else(|| match stated.kind {
        OccurrenceKind::OomKill => revision.or(instance),
        _ => instance.or(revision),
    });
    occurrence.detail = Some(Cow::Owned(node::short(text)));
    Some(occurrence)
}

/// What the application printed: calls it made outward that failed, and its unhandled errors.
///
/// An error printed over several lines may arrive as one entry a line. Frames and properties say
/// nothing on their own; the first line and the `[cause]` line are each a statement, and since
/// neither is certain to have the other, each is an event, within milliseconds of one another.
fn output<'a>(entry: &Entry<'a>, at: Option<Timestamp>, out: &mut Vec<Event<'a>>) {
    let hop = service(entry);
    let origin = Origin { hop: &hop, at };
    let payload = entry.get("jsonPayload");
    let text = ["textPayload", "message"].iter().find_map(|key| entry.get(key)?.text());
    let message =
        payload.and_then(|payload| ["message", "msg"].iter().find_map(|k| payload.get(k)?.text()));
    let events = match (text, payload) {
        (Some(text), _) => apps::read_text(text, &origin),
        (None, Some(payload)) => node::read_json(payload, &origin)
            .or_else(|| apps::errors(payload, message.map(AsRef::as_ref), &origin)),
        (None, None) => None,
    };
    let before = out.len();
    for mut event in events.into_iter().flatten() {
        match &mut event {
            Event::Request(request) => {
                request.revision = entry.resource_label("revision_name");
                request.instance = entry.label("instanceId");
                request.id = entry.trace_id();
            }
            // The platform reports starts and exits itself.
            Event::Occurrence(occurrence)
                if matches!(
                    occurrence.kind,
                    OccurrenceKind::InstanceStart | OccurrenceKind::ProcessExit
                ) =>
            {
                continue;
            }
            Event::Occurrence(_) => {}
        }
        out.push(event);
    }
    let Some(text) = text.or(message) else { return };
    let severe = matches!(
        entry.get("severity").and_then(Json::text).map(Cow::as_ref),
        Some("ERROR" | "CRITICAL" | "ALERT" | "EMERGENCY")
    );
    if out.len() == before && (severe || node::is_unhandled(text)) && node::opens_stack(text) {
        let error =
            Occurrence::new(OccurrenceKind::ApplicationError, at, hop).detail(node::short(text));
        out.push(error.into());
    }
}

/// How the sentences begin that are about one request.
const ABOUT_A_REQUEST: [&str; 5] = [
    "The request has been terminated because it has reached the maximum request timeout",
    "The request was aborted because there was no available instance",
    "The request failed because either the HTTP response was malformed or connection",
    "The request failed because the instance ",
    "While handling this request, the container instance was found to be using too much memory",
];

/// How those begin that are about the service and its instances.
const ABOUT_THE_SERVICE: [&str; 9] = [
    "Memory limit of ",
    "Container called exit(",
    "Container terminated on signal ",
    "Uncaught signal: ",
    "Default STARTUP TCP probe ",
    "STARTUP HTTP probe ",
    "LIVENESS HTTP probe ",
    "Starting new instance. Reason: ",
    "Shutting down user disabled instance",
];

/// A sentence of the platform outside its entry, as `gcloud` prints it or as it is pasted.
fn sentence(record: &str, context: &Context) -> Option<Vec<Event<'static>>> {
    if record.len() > 1000 {
        return None;
    }
    let (stamp, text) = node::leading_stamp(record.trim(), context.offset_east);
    let at = stamp.or(context.prefix_time);
    let hop = context.hop.as_deref().unwrap_or("Cloud Run").to_owned();
    if ABOUT_A_REQUEST.iter().any(|words| text.starts_with(words)) {
        let mut request = Request::new(hop, HopKind::Service, Role::Explanation);
        request.end = at;
        request.author = Author::ThisHop;
        request.failure = Some(Failure::of(run_system::of_request(text)?));
        return Some(vec![Event::from(request)]);
    }
    if !ABOUT_THE_SERVICE.iter().any(|words| text.starts_with(words)) {
        return None;
    }
    let Some(stated) = run_system::of_system(text) else { return Some(Vec::new()) };
    let mut occurrence = Occurrence::new(stated.kind, at, hop).detail(node::short(text));
    occurrence.object =
        stated.object.or_else(|| run_system::reason(text).map(str::to_owned)).map(Cow::Owned);
    Some(vec![Event::from(occurrence)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unremarkable_requests_are_tallied() {
        let healthy = r#"{"httpRequest":{"status":200,"latency":"0.1s"},"resource":{"labels":{
            "service_name":"api"},"type":"cloud_run_revision"},"timestamp":"2026-11-02T03:04:05Z",
            "logName":"projects/p/logs/run.googleapis.com%2Frequests"}"#;
        let quickly = |record: &str| {
            matches!(CloudRun.quick(record.as_bytes(), &Context::default()), Quick::Tally(_))
        };
        assert!(quickly(healthy));
        assert!(!quickly(&healthy.replace("200", "500")));
        assert!(!quickly(
            &healthy.replace("{\"httpRequest", "{\"textPayload\":\"x\",\"httpRequest")
        ));
        assert!(!quickly(&healthy.replace("requests", "stdout")));
    }
}
