//! Cloud Audit log entries: deploys of Cloud Run services and other changes of configuration.
//!
//! One deploy can leave several entries, and a record is read without knowing the others:
//!
//! - A long-running operation (Cloud Run API v2, Compute Engine) leaves an entry when it is asked
//!   for (`operation.first`) and one when it ends (`operation.last` alone). The first one counts;
//!   the last one repeats it and is understood without an event.
//! - A synchronous call (Cloud Run API v1) leaves one entry without `operation`: it counts.
//! - The platform's own entry that the *service* became ready (log `system_event`) marks the other
//!   moment of a deploy, when the revision takes traffic; the entries about the *revision* that
//!   precede it do not count again.
//! - A call that was refused (`status.code` other than 0) changed nothing and yields no event.
//!
//! Nothing about the person is kept. Source: Google Cloud documentation, "Cloud Run audit logging"
//! and the `AuditLog` reference.

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind};

use super::entry::Entry;
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Understood};

/// Cloud Audit log entries that record a deploy.
pub(crate) struct CloudAudit;

impl Dialect for CloudAudit {
    fn name(&self) -> &'static str {
        "gcp-audit"
    }

    fn about(&self) -> &'static About {
        &super::about::AUDIT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["audit"]])
    }

    fn sniff(&self, record: &str) -> bool {
        entry(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(entry(record).map(|entry| occurrence(&entry, context)), out)
    }
}

/// The entry, if it is one of an audit log.
fn entry(record: &str) -> Option<Entry<'_>> {
    memmem::find(record.as_bytes(), b"audit")?;
    let entry = Entry::read(record)?;
    let log = entry.log_id().starts_with("cloudaudit.googleapis.com");
    let payload = payload(&entry)?;
    (log || payload.get("methodName").is_some() && payload.get("serviceName").is_some())
        .then_some(entry)
}

/// The audit record itself; BigQuery exports call it `protopayload_auditlog`.
fn payload<'e, 'a>(entry: &'e Entry<'a>) -> Option<&'e Json<'a>> {
    entry.get("protoPayload").or_else(|| entry.get("protopayload_auditlog"))
}

fn occurrence<'a>(entry: &Entry<'a>, context: &Context) -> Option<Occurrence<'a>> {
    let payload = payload(entry)?;
    let service = payload.word("serviceName").unwrap_or_default();
    let method = payload.word("methodName").unwrap_or_default();
    let resource = payload.word("resourceName").unwrap_or_default();
    let message = payload.path(&["status", "message"]).and_then(Json::text);
    let at = entry.timestamp(context.offset_east);
    let code = payload.path(&["status", "code"]).and_then(Json::integer).unwrap_or(0);
    let call = method.rsplit('.').next().unwrap_or(&method);

    if service == "run.googleapis.com" && is_deploy(call) {
        let name = service_name(entry, &resource)?;
        if entry.is_log("cloudaudit.googleapis.com", "system_event") {
            let message = message.map_or("", Cow::as_ref);
            return system_event(payload, message, name, at);
        }
        if code != 0 || is_repetition(entry) {
            return None;
        }
        let mut deploy = Occurrence::new(OccurrenceKind::Deploy, at, name);
        deploy.object = revision(payload).map(Cow::Owned);
        let traffic = traffic(payload.get("request")).or_else(|| traffic(payload.get("response")));
        deploy.detail = Some(match traffic {
            Some(traffic) => Cow::Owned(format!("{call}; traffic {traffic}")),
            None => Cow::Owned(call.to_owned()),
        });
        return Some(deploy);
    }

    let change = entry.is_log("cloudaudit.googleapis.com", "activity") && is_change(&service, call);
    if !change || code != 0 || is_repetition(entry) {
        return None;
    }
    let product = service.strip_suffix(".googleapis.com").unwrap_or(&service);
    let subject = format!("{product} {}", last_two(&method));
    let mut change = Occurrence::new(OccurrenceKind::ConfigChange, at, subject);
    let object = last_segment(&resource);
    if !object.is_empty() && !object.contains('@') {
        change.object = Some(Cow::Owned(object.to_owned()));
    }
    Some(change)
}

/// What the platform itself reports of a service or a revision.
fn system_event<'a>(
    payload: &Json<'a>,
    message: &str,
    name: Cow<'a, str>,
    at: Option<model::Timestamp>,
) -> Option<Occurrence<'a>> {
    let (_, about) = message.split_once("Ready condition status changed to ")?;
    if about.starts_with("True for Service") {
        let mut deploy = Occurrence::new(OccurrenceKind::Deploy, at, name);
        let status = payload.path(&["response", "status"]);
        deploy.object = status.and_then(|status| status.word("latestReadyRevisionName"));
        deploy.detail = Some(match traffic(payload.get("response")) {
            Some(traffic) => Cow::Owned(format!("ready; traffic {traffic}")),
            None => Cow::Borrowed("ready"),
        });
        return Some(deploy);
    }
    // The service repeats what is said about its revision.
    let revision = about.strip_prefix("False for Revision ")?;
    if !super::run_system::never_listened(revision) {
        return None;
    }
    let revision = revision.split([' ', '.']).next().unwrap_or_default().to_owned();
    let mut failed = Occurrence::new(OccurrenceKind::ListenFailed, at, name).detail(revision);
    failed.object = super::run_system::port(about).map(Cow::Owned);
    Some(failed)
}

/// Calls that give a Cloud Run service a new configuration; the internal ones serve functions.
fn is_deploy(call: &str) -> bool {
    matches!(
        call,
        "ReplaceService"
            | "CreateService"
            | "UpdateService"
            | "ReplaceInternalService"
            | "CreateInternalService"
    )
}

/// Whether a call changes something that requests depend on. Kubernetes audit logs consist mostly
/// of controllers updating leases and status; permission checks and reads change nothing.
fn is_change(service: &str, call: &str) -> bool {
    service != "k8s.io"
        && !["get", "list", "actAs", "watch", "search", "query", "read"].iter().any(|reading| {
            call.get(..reading.len()).is_some_and(|head| head.eq_ignore_ascii_case(reading))
        })
}

/// Whether the entry only closes a long-running operation that another entry opened.
fn is_repetition(entry: &Entry<'_>) -> bool {
    let flag = |key| matches!(entry.path(&["operation", key]), Some(Json::Bool(true)));
    flag("last") && !flag("first")
}

/// The service's name from the resource's labels, or from its name
/// (`namespaces/P/services/S`, `projects/P/locations/L/services/S`).
fn service_name<'a>(entry: &Entry<'a>, resource: &str) -> Option<Cow<'a, str>> {
    if let Some(name) = entry.resource_label("service_name") {
        return Some(name);
    }
    let (_, rest) = resource.split_once("services/")?;
    let name = rest.split('/').next().filter(|name| !name.is_empty())?;
    Some(Cow::Owned(name.to_owned()))
}

/// The new revision, where the call or its answer names it. The answer's status may still be that
/// of the revision before; it counts only if it has seen the generation it is about.
fn revision(payload: &Json<'_>) -> Option<String> {
    let named = [
        &["request", "service", "spec", "template", "metadata", "name"][..],
        &["request", "service", "template", "revision"][..],
        &["response", "spec", "template", "metadata", "name"][..],
        &["response", "template", "revision"][..],
    ]
    .iter()
    .find_map(|path| payload.path(path)?.text());
    if let Some(name) = named.filter(|name| !name.is_empty()) {
        return Some(last_segment(name).to_owned());
    }
    let response = payload.get("response")?;
    let number = |path: &[&str]| response.path(path).and_then(Json::integer);
    let (asked, seen, path) = match response.get("status") {
        Some(_) => (
            number(&["metadata", "generation"]),
            number(&["status", "observedGeneration"]),
            &["status", "latestCreatedRevisionName"][..],
        ),
        None => (
            number(&["generation"]),
            number(&["observedGeneration"]),
            &["latestCreatedRevision"][..],
        ),
    };
    if asked.is_none() || asked != seen {
        return None;
    }
    let name = response.path(path)?.text()?;
    (!name.is_empty()).then(|| last_segment(name).to_owned())
}

/// The split of traffic a call asks for: `api-00042-abc 10%, latest 90%`.
fn traffic(message: Option<&Json<'_>>) -> Option<String> {
    let message = message?;
    let targets = [
        &["service", "spec", "traffic"][..],
        &["service", "traffic"][..],
        &["status", "traffic"][..],
        &["spec", "traffic"][..],
        &["traffic"][..],
    ]
    .iter()
    .find_map(|path| message.path(path))?;
    let shares: Vec<String> = targets
        .items()
        .iter()
        .take(8)
        .filter_map(|target| {
            let percent = target.get("percent").and_then(Json::integer).filter(|n| *n > 0)?;
            let name = target.word("revisionName").or_else(|| target.word("revision"));
            Some(format!("{} {percent}%", name.as_deref().map_or("latest", last_segment)))
        })
        .collect();
    (!shares.is_empty()).then(|| shares.join(", "))
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `v1.compute.firewalls.patch` and `google.cloud.run.v1.Services.SetIamPolicy` without what
/// comes before the collection.
fn last_two(method: &str) -> &str {
    let mut dots = method.rmatch_indices('.').map(|(at, _)| at);
    match (dots.next(), dots.next()) {
        (Some(last), Some(at)) => {
            let collection = &method[at + 1..last];
            let is_version = collection
                .strip_prefix('v')
                .is_some_and(|v| v.starts_with(|c: char| c.is_ascii_digit()));
            &method[if is_version { last + 1 } else { at + 1 }..]
        }
        _ => method.trim_start_matches('/'),
    }
}
