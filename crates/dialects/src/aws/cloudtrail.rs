//! AWS CloudTrail events: who asked AWS for what, and so when what was released, changed, started
//! and stopped.
//!
//! One event as it stands in `Records`, in the `detail` of an EventBridge event, or quoted in an
//! answer of `lookup-events`. Source: AWS CloudTrail user guide, "CloudTrail record contents".

mod about;
mod changes;
mod essence;

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind, Timestamp};

use crate::json::Json;
use crate::raw::{only, string};
use crate::{About, Context, Dialect, Marks, Quick, Understood, scan};

/// CloudTrail events.
pub(crate) struct CloudTrail;

impl Dialect for CloudTrail {
    fn name(&self) -> &'static str {
        "aws-cloudtrail"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"CloudTrailEvent\"", "\"eventName\"", "\"digestStartTime\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        self.parse(record, &Context::default(), &mut Vec::new()) == Understood::Yes
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        if is_plainly_a_read(line) { Quick::Nothing } else { Quick::Full }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let bytes = record.as_bytes();
        let quoted = memmem::find(bytes, b"\"CloudTrailEvent\"").is_some();
        if !quoted && memmem::find(bytes, b"\"eventName\"").is_none() {
            return if is_digest(record) { Understood::Yes } else { Understood::No };
        }
        let Some(root) = Json::object(record) else { return Understood::No };
        let inner = if quoted { root.get("CloudTrailEvent").and_then(Json::text) } else { None };
        let found = match inner {
            Some(text) => Json::object(text).and_then(|inner| read(&inner)),
            None => read(root.get("detail").unwrap_or(&root)),
        };
        let Some(found) = found else { return Understood::No };
        out.extend(found.into_iter().map(Event::from));
        Understood::Yes
    }
}

/// Whether an event is a call that only read and did not fail: most are.
fn is_plainly_a_read(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let line = line.strip_suffix(b",").unwrap_or(line);
    line.starts_with(b"{")
        && line.ends_with(b"}")
        && only(line, b"\"readOnly\"").is_some_and(|value| value.starts_with(b"true"))
        && only(line, b"\"eventSource\"")
            .and_then(string)
            .is_some_and(|source| source.ends_with(b".amazonaws.com"))
        && only(line, b"\"eventName\"").and_then(string).is_some_and(|name| !name.is_empty())
        && only(line, b"\"eventTime\"").is_some()
        && memmem::find(line, b"\"errorCode\"").is_none()
}

/// Whether the record is a digest file, which lies beside the logs and holds their checksums.
fn is_digest(record: &str) -> bool {
    memmem::find(record.as_bytes(), b"\"digestStartTime\"").is_some()
        && Json::object(record).is_some_and(|root| {
            root.get("digestStartTime").is_some() && root.get("logFiles").is_some()
        })
}

/// One call of the AWS API.
struct Call<'e, 'a> {
    event: &'e Json<'a>,
    /// The service without `.amazonaws.com`.
    service: &'e str,
    /// The name of the action without the date of its version, which Lambda and CloudFront add.
    name: &'e str,
    at: Option<Timestamp>,
}

/// What an event says; `None` if it is none.
fn read(event: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let source = event.get("eventSource")?.text()?;
    let service = source.strip_suffix(".amazonaws.com")?;
    let name = event.get("eventName")?.text().filter(|name| !name.is_empty())?;
    let stated = ["eventTime", "eventVersion", "eventID", "requestParameters"];
    if !stated.iter().any(|key| event.get(key).is_some()) {
        return None;
    }
    let time = event.get("eventTime").and_then(Json::text);
    let at = time.and_then(|time| scan::iso(time.as_bytes(), 0));
    let call = Call { event, service, name: without_version(name), at };
    if let Some(code) = call.text(&["errorCode"]) {
        return Some(refused(&call, &code).into_iter().collect());
    }
    // Insights events sum up calls that have events of their own.
    let is_call = event.get("eventType").and_then(Json::text).is_none_or(|kind| {
        matches!(kind.as_ref(), "AwsApiCall" | "AwsServiceEvent" | "AwsConsoleAction")
    });
    let is_read = matches!(event.get("readOnly"), Some(Json::Bool(true)))
        || ["Describe", "Get", "List", "Head", "Lookup", "BatchGet"]
            .iter()
            .any(|verb| call.name.starts_with(verb));
    Some(if is_call && !is_read { changes::of(&call) } else { Vec::new() })
}

/// A call that failed changed nothing; that AWS refused it for its rate is worth knowing.
fn refused(call: &Call<'_, '_>, code: &str) -> Option<Occurrence<'static>> {
    // AWS, "Common error types" of the services: Throttling, ThrottlingException,
    // Client.RequestLimitExceeded, TooManyRequestsException.
    let throttled = code.contains("Throttl")
        || code.contains("RequestLimitExceeded")
        || code.contains("TooManyRequests");
    throttled.then(|| {
        Occurrence::new(OccurrenceKind::Throttle, call.at, call.service.to_owned())
            .object(call.name.to_owned())
            .detail(code.to_owned())
    })
}

impl<'a> Call<'_, 'a> {
    /// A member of the event, by its path.
    fn get(&self, path: &[&str]) -> Option<&Json<'a>> {
        self.event.path(path)
    }

    /// The text of a member of the event, if it is not empty.
    fn text(&self, path: &[&str]) -> Option<Cow<'a, str>> {
        self.get(path)?.text().filter(|text| !text.is_empty()).cloned()
    }

    /// The request. Newer calls of EC2 wrap it once more: `DeleteNatGatewayRequest`.
    fn request(&self) -> Option<&Json<'a>> {
        let request = self.get(&["requestParameters"])?;
        match request {
            Json::Object(members) => match &members[..] {
                [(key, inner @ Json::Object(_))] if key.ends_with("Request") => Some(inner),
                _ => Some(request),
            },
            _ => None,
        }
    }

    /// A member of the request.
    fn asked(&self, key: &str) -> Option<&Json<'a>> {
        self.request()?.get(key)
    }
}

/// `UpdateFunctionCode20150331v2` and `UpdateDistribution2020_05_31` without the date.
fn without_version(name: &str) -> &str {
    let end = name.find("20").unwrap_or(name.len());
    let (bare, version) = name.split_at(end);
    let is_version =
        version.len() >= 8 && version.bytes().all(|b| b.is_ascii_digit() || b == b'v' || b == b'_');
    if is_version && !bare.is_empty() { bare } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_without_the_date_of_their_version() {
        for (name, bare) in [
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("PublishVersion20150331", "PublishVersion"),
            ("UpdateDistribution2020_05_31", "UpdateDistribution"),
            ("UpdateService", "UpdateService"),
            ("Route2020Something", "Route2020Something"),
        ] {
            assert_eq!(without_version(name), bare);
        }
    }
}
