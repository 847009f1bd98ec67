//! One line of text per event, every known field as `key=value`: the form of golden files.

use std::fmt;

use crate::{Event, Occurrence, Request};

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Request(request) => request.fmt(f),
            Event::Occurrence(occurrence) => occurrence.fmt(f),
        }
    }
}

/// Writes ` key=value`, quoting values that would not read back as one word.
fn field(f: &mut fmt::Formatter<'_>, key: &str, value: impl fmt::Display) -> fmt::Result {
    let value = value.to_string();
    if value.is_empty() || value.contains([' ', '"', '=', '\n', '\t']) {
        write!(f, " {key}={value:?}")
    } else {
        write!(f, " {key}={value}")
    }
}

fn optional(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    value: Option<impl fmt::Display>,
) -> fmt::Result {
    value.map_or(Ok(()), |value| field(f, key, value))
}

impl fmt::Display for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request kind={} role={}", self.kind, self.role)?;
        field(f, "hop", &self.hop)?;
        optional(f, "start", self.start)?;
        optional(f, "end", self.end)?;
        optional(f, "status", self.status)?;
        optional(f, "upstream_status", self.upstream_status)?;
        field(f, "author", self.author)?;
        if let Some(failure) = self.failure {
            field(f, "mechanism", failure.mechanism)?;
            field(f, "side", failure.side)?;
            optional(f, "phase", failure.phase)?;
            field(f, "reuse", failure.reuse)?;
            optional(f, "error", failure.error)?;
        }
        optional(f, "total", self.timers.total.map(|t| format!("{}us", t.0)))?;
        optional(f, "queue", self.timers.queue.map(|t| format!("{}us", t.0)))?;
        optional(f, "connect", self.timers.connect.map(|t| format!("{}us", t.0)))?;
        optional(f, "wait", self.timers.wait.map(|t| format!("{}us", t.0)))?;
        optional(f, "attempts", Some(self.attempts).filter(|n| *n > 0))?;
        optional(f, "target", self.target.as_deref())?;
        optional(f, "upstream", self.upstream.as_deref())?;
        optional(f, "revision", self.revision.as_deref())?;
        optional(f, "instance", self.instance.as_deref())?;
        optional(f, "method", self.method.as_deref())?;
        optional(f, "path", self.path.as_deref())?;
        optional(f, "host", self.host.as_deref())?;
        optional(f, "client", self.client.as_deref())?;
        optional(f, "id", self.id.as_deref())?;
        optional(f, "token", self.token.as_deref())
    }
}

impl fmt::Display for Occurrence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "occurrence kind={}", self.kind)?;
        optional(f, "at", self.at)?;
        field(f, "subject", &self.subject)?;
        optional(f, "object", self.object.as_deref())?;
        optional(f, "detail", self.detail.as_deref())?;
        optional(f, "count", Some(self.count).filter(|n| *n > 1))
    }
}
