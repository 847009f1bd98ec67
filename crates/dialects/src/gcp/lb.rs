//! Google Cloud HTTP(S) load balancer log entries: global and classic (`statusDetails`), regional
//! and internal (`proxyStatus`).
//!
//! The time stamp is when the request was received; the end is computed from the latency.
//! Source: Google Cloud documentation, "External Application Load Balancer logging and monitoring".

use std::borrow::Cow;

use memchr::memmem;
use model::{Author, Event, Failure, HopKind, Mechanism, ProxyError, Request, Role};

use super::entry::Entry;
use super::glance::{self, Expected};
use super::{proxy_status, status_details};
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Quick, Understood, raw};

/// Google Cloud HTTP(S) load balancer log entries.
pub(crate) struct LoadBalancer;

static EXPECTED: Expected = Expected {
    hop_label: b"\"forwarding_rule_name\"",
    kind: HopKind::Edge,
    server_is_target: true,
    remarkable: &[b"\"proxyStatus\""],
    is_log: |name| {
        name.ends_with(b"/logs/requests") || memmem::find(name, b"loadbalancing.").is_some()
    },
};

impl Dialect for LoadBalancer {
    fn name(&self) -> &'static str {
        "gcp-lb"
    }

    fn about(&self) -> &'static About {
        &super::about::LB
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"httpRequest\"", "\"httprequest\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        entry(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        if memmem::find(line, b"\"statusDetails\"").is_some() {
            let word = raw::only(line, b"\"statusDetails\"").and_then(raw::string);
            if !word.is_some_and(status_details::unremarkable) {
                return Quick::Full;
            }
        }
        glance::tally(line, &EXPECTED).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(entry) = entry(record) else { return Understood::No };
        let Some(request) = request(&entry, context) else { return Understood::No };
        out.push(request.into());
        Understood::Yes
    }
}

/// The entry, if it is one of a load balancer's requests.
fn entry(record: &str) -> Option<Entry<'_>> {
    let bytes = record.as_bytes();
    if memmem::find(bytes, b"\"httpRequest\"").is_none()
        && memmem::find(bytes, b"\"httprequest\"").is_none()
    {
        return None;
    }
    let entry = Entry::read(record)?;
    entry.http_request()?;
    let resource = matches!(
        entry.resource_type(),
        "http_load_balancer" | "http_external_regional_lb_rule" | "internal_http_lb_rule"
    );
    let log = entry.log_id().starts_with("loadbalancing.googleapis.com");
    let details = entry.path(&["jsonPayload", "statusDetails"]).is_some();
    (resource || log || details).then_some(entry)
}

fn request<'a>(entry: &Entry<'a>, context: &Context) -> Option<Request<'a>> {
    let http = entry.http_request()?;
    let hop = entry
        .resource_label("forwarding_rule_name")
        .or_else(|| entry.resource_label("url_map_name"))
        .unwrap_or(Cow::Borrowed("load balancer"));
    let mut request = Request::new(hop, HopKind::Edge, Role::Access);
    request.start = entry.timestamp(context.offset_east);
    // The key is left out where the client got no status.
    let status = http.status().unwrap_or(0);
    request.status = Some(status);
    request.timers.total = http.latency();
    request.target = http.server();
    request.upstream = ["backend_service_name", "backend_name", "backend_target_name"]
        .iter()
        .find_map(|label| entry.resource_label(label));
    request.method = http.method();
    (request.path, request.host) = http.target();
    request.client = http.client();
    request.id = entry.trace_id();
    let proxy_status = entry.path(&["jsonPayload", "proxyStatus"]).and_then(Json::text);
    let details = entry.get("jsonPayload").and_then(|payload| payload.word("statusDetails"));
    match (proxy_status, details) {
        (Some(value), _) if !value.is_empty() => judge_proxy_status(&mut request, value),
        (_, Some(word)) => judge_details(&mut request, &word),
        _ => judge_silence(&mut request, entry.resource_type() != "http_load_balancer"),
    }
    request.complete_times();
    Some(request)
}

/// Global and classic load balancers: the word says what happened.
fn judge_details(request: &mut Request<'_>, word: &str) {
    let status = request.status.unwrap_or(0);
    request.token = Some(Cow::Owned(word.to_owned()));
    if status_details::from_backend(word) {
        request.author = Author::Behind;
        request.upstream_status = request.status;
        if status >= 500 {
            request.failure = Some(Failure::of(Mechanism::StatusFromUpstream));
        }
        return;
    }
    request.author = Author::ThisHop;
    request.failure = status_details::failure(word);
    if matches!(
        request.failure,
        Some(Failure { mechanism: Mechanism::ResponseTruncated | Mechanism::ClientClosed, .. })
    ) && status != 0
    {
        // The status line had been passed on before the rest went wrong.
        request.author =
            if word.starts_with("backend_") { Author::Behind } else { Author::Unknown };
    }
    if request.failure.is_none() && (status >= 500 || status == 0) {
        request.failure = Some(Failure::of(Mechanism::Unspecified));
    }
}

/// Regional and internal load balancers: present where the load balancer made the error. The
/// details may be a word of the global load balancers, which says more than the error type.
fn judge_proxy_status(request: &mut Request<'_>, value: &str) {
    let error = proxy_status::parameter(value, "error");
    let details = proxy_status::parameter(value, "details");
    request.token = error.or(details).map(|word| Cow::Owned(word.to_owned()));
    if details.is_some_and(|word| status_details::from_backend(word) || word == "via_upstream") {
        judge_details(request, "response_sent_by_backend");
        request.token = details.map(|word| Cow::Owned(word.to_owned()));
        return;
    }
    request.author = Author::ThisHop;
    let stated = error.and_then(ProxyError::parse);
    request.failure = match (details.and_then(status_details::failure), stated) {
        (Some(failure), stated) => Some(Failure { error: stated.or(failure.error), ..failure }),
        (None, Some(error)) => Some(proxy_status::failure(error)),
        (None, None) => Some(Failure::of(Mechanism::Unspecified)),
    };
}

/// Neither word. A regional load balancer writes `proxyStatus` for the errors it makes itself, so
/// one that names a server and no error passed the status on; elsewhere the entry does not say.
fn judge_silence(request: &mut Request<'_>, regional: bool) {
    match request.status {
        Some(500..) if regional && request.target.is_some() => {
            request.author = Author::Behind;
            request.upstream_status = request.status;
            request.failure = Some(Failure::of(Mechanism::StatusFromUpstream));
        }
        Some(0) => {
            request.author = Author::ThisHop;
            request.failure = Some(Failure::of(Mechanism::Unspecified));
        }
        Some(500..) => request.failure = Some(Failure::of(Mechanism::Unspecified)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(status: &str, rest: &str) -> String {
        format!(
            r#"{{"httpRequest": {{"status": {status}, "latency": "0.1s", "serverIp": "10.0.0.4"{rest}}},
            "jsonPayload": {{"statusDetails": "response_sent_by_backend"}},
            "resource": {{"labels": {{"forwarding_rule_name": "f"}}, "type": "http_load_balancer"}},
            "logName": "projects/p/logs/requests", "timestamp": "2026-11-02T03:04:05Z"}}"#
        )
    }

    fn quickly(record: &str) -> bool {
        let context = Context::default();
        matches!(LoadBalancer.quick(record.as_bytes(), &context), Quick::Tally(_))
    }

    #[test]
    fn only_unremarkable_requests_are_tallied() {
        assert!(quickly(&entry("200", "")));
        assert!(quickly(&entry("404", r#", "userAgent": "a \"status\": 502 }""#)));
        assert!(!quickly(&entry("502", "")));
        assert!(!quickly(&entry("\"200\"", "")));
        assert!(!quickly(&entry("200", r#", "status": 502"#)));
        let other = entry("200", "").replace("sent_by_backend", "sent_by_somebody");
        assert!(!quickly(&other));
        assert!(!quickly(&entry("200", "").replace("0.1s", "5.0s")));
    }
}
