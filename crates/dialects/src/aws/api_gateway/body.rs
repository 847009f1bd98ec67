//! What API Gateway answers a client when it has no answer of a backend, as people paste it:
//! `504 {"message": "Endpoint request timed out"}`.
//!
//! Source: "Gateway response types for API Gateway", Amazon API Gateway developer guide.

use model::{Author, Event, Failure, HopKind, Mechanism as M, Request, Role};

use crate::json::Json;
use crate::{Context, scan};

/// Answers by their text, the status they come with, and whether no other program is known to
/// answer so; the others need their status beside them.
const ANSWERS: [(&str, &[u16], bool, M); 6] = [
    ("Endpoint request timed out", &[504], true, M::IntegrationTimeout),
    ("Network error communicating with endpoint", &[504], true, M::ConnectFailed),
    ("Limit Exceeded", &[429], false, M::Throttled),
    ("Too Many Requests", &[429], false, M::Throttled),
    ("Internal server error", &[500, 502], false, M::Unspecified),
    ("Service Unavailable", &[503], false, M::Unspecified),
];

/// The event of such an answer.
pub(super) fn read(record: &str, context: &Context) -> Option<Event<'static>> {
    if record.len() > 200 {
        return None;
    }
    let record = record.trim();
    let (before, object) = record.split_at(record.find('{')?);
    let status = status(before.trim_end())?;
    let object = Json::object(object)?;
    let Json::Object(members) = &object else { return None };
    let text = members.iter().find(|(key, _)| key == "message")?.1.text()?;
    let (_, statuses, alone, mechanism) = ANSWERS.iter().find(|(answer, ..)| answer == text)?;
    // An HTTP API names no more than the message; a REST API may add nothing either.
    if members.len() > 1 || !(status.map_or(*alone, |status| statuses.contains(&status))) {
        return None;
    }
    let hop = context.hop.clone().unwrap_or_else(|| super::UNNAMED.to_owned());
    let mut request = Request::new(hop, HopKind::Edge, Role::Explanation);
    request.end = context.prefix_time;
    request.status = status.or((statuses.len() == 1).then(|| statuses[0]));
    request.author = Author::ThisHop;
    request.failure = Some(Failure::of(*mechanism));
    request.token = Some(text.clone().into_owned().into());
    Some(Event::from(request))
}

/// The status before the body: `504`, `HTTP/1.1 504 Gateway Timeout`, `504 Gateway Timeout:`.
#[allow(clippy::option_option)] // No status stands there; something else does.
fn status(before: &str) -> Option<Option<u16>> {
    if before.is_empty() {
        return Some(None);
    }
    let before = before.trim_end_matches([':', '-', ' ']);
    let mut words = before.split_ascii_whitespace().skip_while(|word| {
        word.starts_with("HTTP") || matches!(word.trim_end_matches(':'), "status" | "Status")
    });
    let status = scan::status(words.next()?.trim_end_matches([':', ',']).as_bytes())?;
    let reason = |word: &str| word.bytes().all(|b| b.is_ascii_alphabetic());
    (words.clone().count() <= 4 && words.all(reason)).then_some(Some(status))
}
