//! Their values and ours side by side, brought to one form by means that are not our readers'.

use std::borrow::Cow;
use std::fmt::Display;

/// What is to be equal, by name.
#[derive(Default)]
pub(crate) struct Pairs(pub(crate) Vec<Pair>);

/// One value as both state it; `None` where a parser says that there is none.
pub(crate) struct Pair {
    pub(crate) name: &'static str,
    pub(crate) theirs: Option<String>,
    pub(crate) ours: Option<String>,
}

impl Pairs {
    /// Adds a pair.
    pub(crate) fn put<T: Display>(
        &mut self,
        name: &'static str,
        theirs: Option<T>,
        ours: Option<T>,
    ) {
        // A text without a character states nothing.
        let text =
            |value: Option<T>| value.map(|value| value.to_string()).filter(|text| !text.is_empty());
        self.0.push(Pair { name, theirs: text(theirs), ours: text(ours) });
    }
}

/// A text of an event.
pub(crate) fn text(value: &Option<Cow<'_, str>>) -> Option<String> {
    value.as_deref().map(str::to_owned)
}

/// Microseconds since 1970 of an RFC 3339 moment, as chrono reads it.
pub(crate) fn rfc3339(text: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|moment| moment.timestamp_micros())
}

/// Seconds as whole microseconds.
pub(crate) fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

/// An address without port and brackets.
pub(crate) fn without_port(address: &str) -> String {
    let host = match address.rfind(':') {
        Some(colon) if address[colon + 1..].chars().all(|c| c.is_ascii_digit()) => {
            &address[..colon]
        }
        _ => address,
    };
    host.to_owned()
}

/// Host with port, if the target names one, and path without query and fragment.
pub(crate) fn url(target: &str) -> (Option<String>, String) {
    let (host, rest) = match target.find("://") {
        Some(at) if !target.starts_with('/') => {
            let rest = &target[at + 3..];
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(rest[..end].to_owned()), &rest[end..])
        }
        _ => (None, target),
    };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let path = if path.is_empty() && host.is_some() { "/" } else { path };
    (host.filter(|host| !host.is_empty()), path.to_owned())
}

/// Method, host and path of a request line; nothing of what is no HTTP. Without a protocol behind
/// the target, only capital letters are a method.
pub(crate) fn request_line(line: &str) -> Option<(String, Option<String>, String)> {
    let (method, rest) = line.split_once(' ')?;
    let (target, whole) = match rest.rfind(' ') {
        Some(at) if rest[at + 1..].starts_with("HTTP/") => (&rest[..at], true),
        _ => (rest, false),
    };
    let target = target.trim_matches(' ');
    let small = whole && target.starts_with('/');
    let fits = |c: char| {
        c.is_ascii_uppercase() || c == '-' || c == '_' || (small && c.is_ascii_lowercase())
    };
    if method.is_empty() || method.len() > 20 || !method.chars().all(fits) {
        return None;
    }
    let (host, path) = url(target);
    (!target.is_empty()).then(|| (method.to_owned(), host, path))
}
