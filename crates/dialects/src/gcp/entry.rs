//! The envelope every Cloud Logging entry has: log name, resource, labels, time stamp, trace.
//!
//! Source: Cloud Logging API reference, `LogEntry`.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

use model::{Micros, Timestamp};

use crate::json::Json;
use crate::scan;

/// One Cloud Logging entry.
pub(crate) struct Entry<'a> {
    root: Json<'a>,
}

impl<'a> Entry<'a> {
    /// The entry that a record is, if it is a whole JSON object.
    pub(crate) fn read(record: &'a str) -> Option<Entry<'a>> {
        Json::object(record).map(|root| Entry { root })
    }

    /// A member of the entry.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'a>> {
        self.root.get(key)
    }

    /// A member of a member of the entry.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<&Json<'a>> {
        self.root.path(keys)
    }

    /// The part of the log name after `/logs/`, as written (`run.googleapis.com%2Frequests`).
    pub(crate) fn log_id(&self) -> &str {
        let name = self.get("logName").and_then(Json::text).map_or("", Cow::as_ref);
        name.split_once("/logs/").map_or(name, |(_, id)| id)
    }

    /// Whether the log id is the given one, with `/` plain or percent-encoded.
    pub(crate) fn is_log(&self, service: &str, log: &str) -> bool {
        let Some(rest) = self.log_id().strip_prefix(service) else { return false };
        let rest = rest.strip_prefix('/').or_else(|| {
            let (slash, rest) = rest.split_at_checked(3)?;
            slash.eq_ignore_ascii_case("%2F").then_some(rest)
        });
        rest.is_some_and(|rest| {
            rest.len() >= log.len()
                && (rest == log || rest.replace("%2F", "/").replace("%2f", "/") == log)
        })
    }

    /// The type of the monitored resource; empty if absent.
    pub(crate) fn resource_type(&self) -> &str {
        self.path(&["resource", "type"]).and_then(Json::text).map_or("", Cow::as_ref)
    }

    /// A label of the monitored resource, if it is not empty.
    pub(crate) fn resource_label(&self, key: &str) -> Option<Cow<'a, str>> {
        self.path(&["resource", "labels"])?.word(key)
    }

    /// A label of the entry itself, if it is not empty.
    pub(crate) fn label(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get("labels")?.word(key)
    }

    /// The entry's own time stamp, or the time it was received.
    pub(crate) fn timestamp(&self, offset_east: i32) -> Option<Timestamp> {
        ["timestamp", "receiveTimestamp"].iter().find_map(|key| {
            let text = self.get(key)?.text()?;
            scan::iso(text.strip_suffix(" UTC").unwrap_or(text).as_bytes(), offset_east)
        })
    }

    /// The id part of the trace's resource name `projects/P/traces/ID`.
    pub(crate) fn trace_id(&self) -> Option<Cow<'a, str>> {
        let trace = self.root.word("trace")?;
        let id = match trace {
            Cow::Borrowed(name) => Cow::Borrowed(after_traces(name)),
            Cow::Owned(name) => Cow::Owned(after_traces(&name).to_owned()),
        };
        (!id.is_empty()).then_some(id)
    }

    /// The `httpRequest` part.
    pub(crate) fn http_request(&self) -> Option<HttpRequest<'_, 'a>> {
        match self.get("httpRequest") {
            Some(object @ Json::Object(_)) => Some(HttpRequest(object)),
            _ => None,
        }
    }
}

fn after_traces(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, id)| id)
}

/// The `httpRequest` part of an entry; every field may be missing, numbers may be strings.
pub(crate) struct HttpRequest<'e, 'a>(&'e Json<'a>);

impl<'a> HttpRequest<'_, 'a> {
    /// Status sent to the client; absent or 0 if the client got none.
    pub(crate) fn status(&self) -> Option<u16> {
        let status = self.0.get("status")?.integer()?;
        u16::try_from(status).ok().filter(|status| *status < 1000)
    }

    /// The whole request.
    pub(crate) fn latency(&self) -> Option<Micros> {
        self.0.get("latency")?.duration()
    }

    /// The backend instance that served the request.
    pub(crate) fn server(&self) -> Option<Cow<'a, str>> {
        self.0.word("serverIp")
    }

    /// The client's address without its port.
    pub(crate) fn client(&self) -> Option<Cow<'a, str>> {
        Some(match self.0.word("remoteIp")? {
            Cow::Borrowed(address) => Cow::Borrowed(without_port(address)),
            Cow::Owned(address) => Cow::Owned(without_port(&address).to_owned()),
        })
    }

    /// The request's method.
    pub(crate) fn method(&self) -> Option<Cow<'a, str>> {
        self.0.word("requestMethod")
    }

    /// Path without query, and host.
    pub(crate) fn target(&self) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
        match self.0.word("requestUrl") {
            Some(Cow::Borrowed(url)) => {
                let (path, host) = scan::path_and_host(url);
                (Some(Cow::Borrowed(path)), host.map(Cow::Borrowed))
            }
            Some(Cow::Owned(url)) => {
                let (path, host) = scan::path_and_host(&url);
                (Some(Cow::Owned(path.to_owned())), host.map(|host| Cow::Owned(host.to_owned())))
            }
            None => (None, None),
        }
    }
}

/// An address without its port, if it has one; bare IPv6 addresses have colons and no port.
fn without_port(address: &str) -> &str {
    if address.parse::<IpAddr>().is_ok() {
        return address;
    }
    let bare = scan::without_port(address);
    if address.parse::<SocketAddr>().is_ok() { bare.trim_matches(['[', ']']) } else { bare }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_cut_and_ipv6_is_kept() {
        assert_eq!(without_port("198.51.100.7:4711"), "198.51.100.7");
        assert_eq!(without_port("198.51.100.7"), "198.51.100.7");
        assert_eq!(without_port("2001:db8::7"), "2001:db8::7");
        assert_eq!(without_port("[2001:db8::7]:4711"), "2001:db8::7");
    }

    #[test]
    fn log_ids_with_plain_and_encoded_slashes() {
        let id = |name: &str| format!(r#"{{"logName":"projects/p/logs/{name}"}}"#);
        let encoded = id("run.googleapis.com%2Fvarlog%2Fsystem");
        let plain = id("run.googleapis.com/varlog/system");
        for text in [&encoded, &plain] {
            let entry = Entry::read(text).unwrap();
            assert!(entry.is_log("run.googleapis.com", "varlog/system"), "{text}");
            assert!(!entry.is_log("run.googleapis.com", "requests"), "{text}");
        }
    }
}
