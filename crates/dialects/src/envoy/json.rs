//! The same record as a JSON object: Istio's keys, Envoy Gateway's keys, old versions that write
//! every value as a string.

use std::borrow::Cow;

use memchr::memchr;
use model::{Event, Micros, Tally};
use serde_json::{Map, Value};

use super::access::{Access, address, hop};
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, scan};

/// Envoy and Istio access log as JSON.
pub(crate) struct EnvoyJson;

impl Dialect for EnvoyJson {
    fn name(&self) -> &'static str {
        "envoy-json"
    }

    fn about(&self) -> &'static About {
        &super::about::JSON
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"response_flags\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        // Cheap first: most JSON that is offered belongs to somebody else.
        record.trim_start().starts_with('{')
            && record.contains("\"response_flags\"")
            && read(record, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        glance(line).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        if !record.trim_start().starts_with('{') {
            return Understood::No;
        }
        crate::tell(read(record, context).map(Access::into_request), out)
    }
}

/// `None` if the text is no JSON object or lacks what every Envoy record has: flags, a response
/// code, and a duration or an upstream.
fn read(record: &str, context: &Context) -> Option<Access<'static>> {
    let object: Map<String, Value> = serde_json::from_str(record).ok()?;
    let value = |names: &[&str]| names.iter().find_map(|name| text(object.get(*name)?));
    object.get("response_flags")?;
    if !["duration", "upstream_host", "upstream_cluster"]
        .iter()
        .any(|key| object.contains_key(*key))
    {
        return None;
    }
    let code: u16 = match object.get("response_code")? {
        Value::Null => 0,
        Value::String(code) if code == "-" => 0,
        code => text(code)?.parse().ok().filter(|code| *code < 1000)?,
    };
    let millis = |names: &[&str]| value(names).and_then(|value| scan::millis(&value));
    let start = value(&["start_time"]).and_then(|start| scan::iso(start.as_bytes(), 0));
    Some(Access {
        start: start.or(context.prefix_time),
        method: value(&["method"]),
        path: value(&["path", "x-envoy-origin-path"]),
        code,
        flags: value(&["response_flags"]),
        details: value(&["response_code_details"]),
        termination: value(&["connection_termination_details"]),
        transport: value(&["upstream_transport_failure_reason"]),
        duration: millis(&["duration"]),
        service_time: millis(&["upstream_service_time", "x-envoy-upstream-service-time"]),
        forwarded_for: value(&["x_forwarded_for", "x-forwarded-for"]),
        request_id: value(&["request_id", "x-request-id"]),
        authority: value(&["authority", ":authority"]),
        upstream_host: value(&["upstream_host"]),
        cluster: value(&["upstream_cluster"]),
        downstream: value(&["downstream_remote_address"]),
    })
}

/// A string or a number as text; null, `-` and the empty string mean "no value".
fn text(value: &Value) -> Option<Cow<'static, str>> {
    match value {
        Value::String(text) => scan::present(text).map(|text| Cow::Owned(text.to_owned())),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// The counters of a healthy line, from one walk over a flat object without escapes; anything else
/// is left to the full parse.
fn glance(line: &[u8]) -> Option<Tally<'_>> {
    let mut rest = line.trim_ascii().strip_prefix(b"{")?.strip_suffix(b"}")?;
    let mut at = None;
    let mut status = None;
    let mut elapsed = None;
    let mut flagless = false;
    let mut reached = false;
    let (mut target, mut cluster) = (&b""[..], None);
    loop {
        let (key, after) = string(rest.trim_ascii_start())?;
        let after = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, after) = match after.first()? {
            b'"' => string(after)?,
            b'{' | b'[' => return None,
            _ => {
                let end = memchr(b',', after).unwrap_or(after.len());
                let word = after[..end].trim_ascii();
                (if word == b"null" { &b""[..] } else { word }, &after[end..])
            }
        };
        let present = !value.is_empty() && value != b"-";
        match key {
            b"start_time" => at = Some(scan::iso(value, 0)?),
            b"response_code" => status = Some(scan::status(value)?),
            b"response_flags" if present => return None,
            b"response_flags" => flagless = true,
            b"duration" => elapsed = Some(Micros::from_millis(i64::from(scan::digits(value)?))),
            b"upstream_host" if present => target = value,
            b"upstream_cluster" if present => cluster = Some(value),
            b"method" | b"path" | b"x-envoy-origin-path" if present => reached = true,
            _ => {}
        }
        match after.trim_ascii_start().strip_prefix(b",") {
            Some(after) => rest = after,
            None if after.trim_ascii().is_empty() => break,
            None => return None,
        }
    }
    let status = status.filter(|status| (100..500).contains(status) && flagless && reached)?;
    let elapsed = elapsed.filter(|elapsed| *elapsed < SLOW)?;
    let target = address(std::str::from_utf8(target).ok()?).as_bytes();
    let (hop, kind) = hop(cluster);
    Some(Tally { at: at?, hop: hop.as_bytes(), kind, status, target, elapsed: Some(elapsed) })
}

/// A string without escapes, and what follows it.
fn string(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let end = memchr(b'"', text)?;
    let inside = &text[..end];
    memchr(b'\\', inside).is_none().then_some((inside, &text[end + 1..]))
}
