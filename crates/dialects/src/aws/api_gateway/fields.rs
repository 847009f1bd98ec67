//! The variables of one access log entry, whatever the user called them in the template.
//!
//! Names: "Variables for access logging for API Gateway" and "Customize HTTP API access logs",
//! Amazon API Gateway developer guide. People write them as they stand (`error.responseType`), with
//! other separators (`error_responseType`), run together (`errorResponseType`) or nested.

use std::borrow::Cow;

use crate::json::Json;

/// A variable that is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    RequestId,
    ExtendedRequestId,
    /// The id of the request to the AWS service behind: of a Lambda function, its own request id.
    EndpointRequestId,
    Status,
    Method,
    Path,
    ResourcePath,
    RouteKey,
    Domain,
    ApiId,
    Stage,
    Time,
    Epoch,
    Client,
    /// Status of the integration; of a Lambda proxy integration that of the Lambda service.
    IntegrationStatus,
    /// Status the backend's own code gave.
    BackendStatus,
    IntegrationLatency,
    Latency,
    ErrorMessage,
    ErrorType,
    IntegrationError,
    AuthorizerError,
    /// Not used, but named like this by hardly any other program.
    Typical,
}

const SLOTS: usize = Slot::Typical as usize + 1;

impl Slot {
    /// The variable of a key, separators and case aside.
    fn of(key: &str) -> Option<Slot> {
        use Slot as S;
        let mut folded = [0; 48];
        let key = key.strip_prefix('$').unwrap_or(key);
        let key = key.strip_prefix("context.").unwrap_or(key);
        let folded = folded.get_mut(..key.len())?;
        for (to, from) in folded.iter_mut().zip(key.bytes()) {
            *to = match from {
                b'_' | b'-' | b'/' | b' ' => b'.',
                other => other.to_ascii_lowercase(),
            };
        }
        Some(match &*folded {
            b"requestid" | b"request.id" | b"apigw.request.id" => S::RequestId,
            b"extendedrequestid" | b"extended.request.id" => S::ExtendedRequestId,
            b"awsendpointrequestid" | b"integration.requestid" | b"integrationrequestid" => {
                S::EndpointRequestId
            }
            b"status" | b"statuscode" | b"status.code" | b"httpstatus" | b"http.status"
            | b"responsestatus" | b"response.status" => S::Status,
            b"httpmethod" | b"http.method" | b"method" | b"request.method" | b"requestmethod" => {
                S::Method
            }
            b"path" | b"requestpath" | b"request.path" | b"uri" | b"http.path" => S::Path,
            b"resourcepath" | b"resource.path" => S::ResourcePath,
            b"routekey" | b"route.key" => S::RouteKey,
            b"domainname" | b"domain.name" => S::Domain,
            b"apiid" | b"api.id" => S::ApiId,
            b"stage" => S::Stage,
            b"requesttime" | b"request.time" => S::Time,
            b"requesttimeepoch" | b"request.time.epoch" | b"requesttime.epoch" => S::Epoch,
            b"ip"
            | b"sourceip"
            | b"source.ip"
            | b"clientip"
            | b"client.ip"
            | b"identity.sourceip"
            | b"identity.source.ip"
            | b"identitysourceip" => S::Client,
            b"integrationstatus"
            | b"integration.integrationstatus"
            | b"integrationintegrationstatus" => S::IntegrationStatus,
            b"integration.status" => S::BackendStatus,
            b"integrationlatency" | b"integration.latency" => S::IntegrationLatency,
            b"responselatency" | b"response.latency" => S::Latency,
            b"error.message"
            | b"errormessage"
            | b"error.messagestring"
            | b"errormessagestring"
            | b"error.message.string" => S::ErrorMessage,
            b"error.responsetype" | b"errorresponsetype" | b"error.response.type" => S::ErrorType,
            b"integrationerrormessage"
            | b"integration.error"
            | b"integrationerror"
            | b"integration.errormessage"
            | b"integration.error.message" => S::IntegrationError,
            b"authorizer.error"
            | b"authorizererror"
            | b"authorize.error"
            | b"authenticate.error" => S::AuthorizerError,
            b"responselength"
            | b"response.length"
            | b"resourceid"
            | b"resource.id"
            | b"domainprefix"
            | b"domain.prefix"
            | b"xraytraceid"
            | b"wafresponsecode"
            | b"webaclarn"
            | b"dataprocessed"
            | b"customdomain.basepathmatched" => S::Typical,
            other if other.starts_with(b"identity.") || other.starts_with(b"authorizer.") => {
                S::Typical
            }
            _ => return None,
        })
    }

    /// Whether programs other than API Gateway seldom log a variable under this name.
    const fn is_telling(self) -> bool {
        !matches!(
            self,
            Slot::RequestId
                | Slot::Status
                | Slot::Method
                | Slot::Path
                | Slot::Client
                | Slot::Stage
                | Slot::ErrorMessage
        )
    }
}

/// The values of one entry; `-`, which stands for a missing one, is kept apart from absence.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    values: [Option<Cow<'a, str>>; SLOTS],
    /// Different names that API Gateway is known by.
    telling: u32,
}

impl<'a> Fields<'a> {
    /// Takes in a variable; the first one that is not missing stands.
    pub(super) fn set(&mut self, key: &str, value: Cow<'a, str>) {
        let Some(slot) = Slot::of(key) else { return };
        self.telling += u32::from(slot.is_telling());
        self.put(slot, value);
    }

    /// The same, the variable being known.
    pub(super) fn put(&mut self, slot: Slot, value: Cow<'a, str>) {
        let place = &mut self.values[slot as usize];
        if place.as_deref().is_none_or(is_missing) {
            *place = Some(value);
        }
    }

    /// The value of a variable, if it is not missing.
    pub(super) fn get(&self, slot: Slot) -> Option<&Cow<'a, str>> {
        self.values[slot as usize].as_ref().filter(|value| !is_missing(value))
    }

    /// Whether the template has the variable, with or without a value.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.values[slot as usize].is_some()
    }

    /// Whether these are an access log entry's: an id, a status and two names that hardly any
    /// other log has.
    pub(super) fn are_plausible(&self) -> bool {
        let id = self.has(Slot::RequestId) || self.has(Slot::ExtendedRequestId);
        id && self.has(Slot::Status) && self.telling >= 2
    }

    /// Reads an object of strings and numbers without escapes, or nothing: most entries are so,
    /// and reading them costs nothing but the way through them.
    pub(super) fn plain(line: &'a str) -> Option<Fields<'a>> {
        let mut fields = Fields::default();
        let mut rest = line.trim_ascii().strip_prefix('{')?.strip_suffix('}')?;
        loop {
            rest = rest.trim_ascii_start();
            let (key, after) = string(rest)?;
            rest = after.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
            let value;
            (value, rest) = match string(rest) {
                Some(found) => found,
                None => {
                    let end = rest.find([',', ' ']).unwrap_or(rest.len());
                    let (number, after) = rest.split_at(end);
                    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
                    if number.is_empty() || number == "-" || !number.bytes().all(plain) {
                        return None;
                    }
                    (if number == "null" { "-" } else { number }, after)
                }
            };
            fields.set(key, Cow::Borrowed(value));
            rest = rest.trim_ascii_start();
            if rest.is_empty() {
                return Some(fields);
            }
            rest = rest.strip_prefix(',')?;
        }
    }

    /// Reads any object; members of objects in it by both names.
    pub(super) fn json(record: &'a str) -> Option<Fields<'a>> {
        let Json::Object(members) = Json::object(record)? else { return None };
        let mut fields = Fields::default();
        for (key, value) in members {
            match value {
                Json::Object(inner) => {
                    for (name, value) in inner {
                        fields.take(&format!("{key}.{name}"), value);
                    }
                }
                value => fields.take(&key, value),
            }
        }
        Some(fields)
    }

    fn take(&mut self, key: &str, value: Json<'a>) {
        let text = match value {
            Json::Text(text) => text,
            Json::Int(number) => Cow::Owned(number.to_string()),
            Json::Float(number) => Cow::Owned(number.to_string()),
            Json::Null => Cow::Borrowed("-"),
            _ => return,
        };
        self.set(key, text);
    }

    /// Reads an object that is none: API Gateway escapes nothing, so a quote in a value ends its
    /// string, and a missing number is a bare `-`. A value goes on to the next member.
    pub(super) fn broken(record: &'a str) -> Option<Fields<'a>> {
        let text = record.trim_ascii().strip_prefix('{')?.strip_suffix('}')?;
        let mut fields = Fields::default();
        let mut open: Option<(&str, usize)> = None;
        let mut at = 0;
        while let Some(found) = text.get(at..).and_then(|rest| rest.find('"')) {
            at += found;
            let before = text[..at].trim_ascii_end();
            let starts = before.is_empty() || before.ends_with([',', '{']);
            let key = starts.then(|| member(&text[at..])).flatten();
            if let Some((name, length)) = key {
                if let Some((name, from)) = open {
                    fields.set(name, Cow::Borrowed(unquoted(&text[from..at])));
                }
                open = Some((name, at + length));
                at += length;
                // The quote that opens the value begins no member.
                let value = text[at..].trim_ascii_start();
                if value.starts_with('"') {
                    at = text.len() - value.len() + 1;
                }
            } else {
                at += 1;
            }
        }
        let (name, from) = open?;
        fields.set(name, Cow::Borrowed(unquoted(&text[from..])));
        Some(fields)
    }
}

fn is_missing(value: &str) -> bool {
    value.is_empty() || value == "-"
}

/// A string without escapes at the beginning of a text, and what stands behind it.
fn string(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('"')?;
    let end = memchr::memchr2(b'"', b'\\', inside.as_bytes())?;
    (inside.as_bytes()[end] == b'"').then(|| (&inside[..end], &inside[end + 1..]))
}

/// `"name" :` at the beginning of a text: the name and the length of it all.
fn member(text: &str) -> Option<(&str, usize)> {
    let window = text.get(..80).unwrap_or(text);
    let (name, after) = string(window)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-' | b'$');
    let rest = after.trim_ascii_start().strip_prefix(':')?;
    let length = window.len() - rest.len();
    (!name.is_empty() && name.bytes().all(plain)).then_some((name, length))
}

fn unquoted(value: &str) -> &str {
    let value = value.trim_matches([' ', ',', '\t', '\n', '\r', '}', '{']);
    value.trim_matches(['"', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_spelling() {
        for key in [
            "error.responseType",
            "error_responseType",
            "errorResponseType",
            "$context.error.responseType",
        ] {
            assert_eq!(Slot::of(key), Some(Slot::ErrorType), "{key}");
        }
        assert_eq!(Slot::of("integration_status"), Some(Slot::BackendStatus));
        assert_eq!(Slot::of("integrationStatus"), Some(Slot::IntegrationStatus));
        assert_eq!(Slot::of("message"), None);
        assert_eq!(Slot::of(&"x".repeat(100)), None);
    }

    #[test]
    fn quotes_that_nobody_escaped() {
        let text = r#"{"requestId":"1","error.messageString":""Endpoint request timed out"","integrationLatency":-,"m": "say "a, b": c", "status":"504"}"#;
        assert!(Fields::plain(text).is_none() && Fields::json(text).is_none());
        let fields = Fields::broken(text).unwrap();
        let get = |slot| fields.get(slot).map(Cow::as_ref);
        assert_eq!(get(Slot::ErrorMessage), Some("Endpoint request timed out"));
        assert_eq!(get(Slot::IntegrationLatency), None);
        assert!(fields.has(Slot::IntegrationLatency));
        assert_eq!(get(Slot::Status), Some("504"));
        for bad in ["{}", "{\"", "{\"a}", "{\"é\":\"日本\"}", "{x}"] {
            let fields = Fields::broken(bad);
            assert!(fields.is_none_or(|fields| !fields.are_plausible()), "{bad}");
        }
    }
}
