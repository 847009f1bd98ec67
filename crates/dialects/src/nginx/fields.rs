//! The variables of a `log_format` that tell something about a failure, and their values on a line.

use std::borrow::Cow;

use model::Micros;

use crate::scan;

/// A variable, or a family of variables that say the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Var {
    RemoteAddr,
    TimeLocal,
    TimeIso,
    Msec,
    Request,
    Method,
    Uri,
    Host,
    Status,
    RequestTime,
    UpstreamAddr,
    UpstreamStatus,
    UpstreamConnectTime,
    UpstreamHeaderTime,
    UpstreamResponseTime,
    UpstreamBytesReceived,
    Group,
    RequestId,
    Trace,
    /// Any other variable: it is stepped over.
    Other,
    /// Any other variable with one part per try.
    OtherPerTry,
}

/// Number of variables that have a value slot.
const SLOTS: usize = Var::Other as usize;

impl Var {
    /// The variable of a name, as <https://nginx.org/en/docs/varindex.html> spells it;
    /// `proxy_upstream_name` and `req_id` are set by ingress-nginx.
    pub(crate) fn of(name: &str) -> Var {
        match name {
            "remote_addr" => Var::RemoteAddr,
            "time_local" => Var::TimeLocal,
            "time_iso8601" => Var::TimeIso,
            "msec" => Var::Msec,
            "request" => Var::Request,
            "request_method" => Var::Method,
            "request_uri" | "uri" | "document_uri" => Var::Uri,
            "host" | "http_host" | "server_name" => Var::Host,
            "status" => Var::Status,
            "request_time" => Var::RequestTime,
            "upstream_addr" => Var::UpstreamAddr,
            "upstream_status" => Var::UpstreamStatus,
            "upstream_connect_time" => Var::UpstreamConnectTime,
            "upstream_header_time" => Var::UpstreamHeaderTime,
            "upstream_response_time" => Var::UpstreamResponseTime,
            "upstream_bytes_received" => Var::UpstreamBytesReceived,
            "proxy_upstream_name" | "proxy_host" => Var::Group,
            "request_id" | "req_id" | "http_x_request_id" | "http_x_correlation_id" => {
                Var::RequestId
            }
            "http_traceparent"
            | "http_x_amzn_trace_id"
            | "http_x_cloud_trace_context"
            | "otel_trace_id"
            | "opentelemetry_trace_id" => Var::Trace,
            "upstream_response_length"
            | "upstream_bytes_sent"
            | "upstream_queue_time"
            | "upstream_first_byte_time"
            | "upstream_session_time" => Var::OtherPerTry,
            _ => Var::Other,
        }
    }

    /// Whether the value holds one part per try: `a, b` and, after an internal redirect,
    /// `a, b : c` (ngx_http_upstream_module, `$upstream_addr`).
    pub(crate) fn per_try(self) -> bool {
        matches!(
            self,
            Var::UpstreamAddr
                | Var::UpstreamStatus
                | Var::UpstreamConnectTime
                | Var::UpstreamHeaderTime
                | Var::UpstreamResponseTime
                | Var::UpstreamBytesReceived
                | Var::OtherPerTry
        )
    }

    /// Whether the value can be this variable's.
    pub(crate) fn accepts(self, value: &[u8]) -> bool {
        match self {
            Var::Status => scan::status(value).is_some(),
            Var::TimeLocal => value.len() == 26 && scan::clf_time(value, 0).is_some(),
            Var::TimeIso => scan::iso(value, 0).is_some(),
            Var::Msec | Var::RequestTime => none(value) || scan::seconds(value).is_some(),
            Var::UpstreamStatus => tries(value).all(|one| none(one) || scan::status(one).is_some()),
            Var::UpstreamConnectTime | Var::UpstreamHeaderTime | Var::UpstreamResponseTime => {
                tries(value).all(|one| none(one) || scan::seconds(one).is_some())
            }
            _ => true,
        }
    }
}

/// `-`, or with `escape=json` the empty string.
pub(crate) fn none(value: &[u8]) -> bool {
    matches!(value, b"" | b"-")
}

/// The parts of a per-try value. A comma or a colon between parts has a space after it; one inside
/// an address has none.
pub(crate) fn tries(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let cut = memchr::memchr2_iter(b',', b':', text).find_map(|at| {
            match (text[at], text.get(at + 1), at.checked_sub(1).map(|i| text[i])) {
                (b',', Some(b' '), _) => Some((at, at + 2)),
                (b':', Some(b' '), Some(b' ')) => Some((at - 1, at + 2)),
                _ => None,
            }
        });
        match cut {
            Some((end, next)) => {
                rest = Some(&text[next..]);
                Some(&text[..end])
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

/// The last try's part, `None` if there is no value.
pub(crate) fn last_try(value: &[u8]) -> Option<&[u8]> {
    tries(value).last().filter(|part| !none(part))
}

/// Values of one line, borrowed from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields<'a> {
    values: [Option<&'a [u8]>; SLOTS],
}

impl<'a> Fields<'a> {
    /// Keeps a value; of several variables of one family the first with a value counts.
    pub(crate) fn set(&mut self, var: Var, value: &'a [u8]) {
        if let Some(slot) = self.values.get_mut(var as usize)
            && slot.is_none_or(none)
        {
            *slot = Some(value);
        }
    }

    /// The value as logged, `-` included; `None` if the line does not show the variable.
    pub(crate) fn raw(&self, var: Var) -> Option<&'a [u8]> {
        self.values.get(var as usize).copied().flatten()
    }

    /// The value, if there is one.
    pub(crate) fn value(&self, var: Var) -> Option<&'a [u8]> {
        self.raw(var).filter(|value| !none(value))
    }

    /// The value as text.
    pub(crate) fn text(&self, var: Var) -> Option<Cow<'a, str>> {
        self.value(var).map(String::from_utf8_lossy)
    }

    /// The last try's value.
    pub(crate) fn last(&self, var: Var) -> Option<&'a [u8]> {
        self.raw(var).and_then(last_try)
    }

    /// The last try's duration.
    pub(crate) fn last_span(&self, var: Var) -> Option<Micros> {
        self.last(var).and_then(scan::seconds)
    }

    /// Whether the line shows the variable and says that the last try has no value for it.
    pub(crate) fn states_none(&self, var: Var) -> bool {
        self.raw(var).is_some_and(|value| last_try(value).is_none())
    }
}

/// `192.0.2.1:80`, `[2001:db8::1]:80` or `unix:/path`; not the name of an upstream group.
pub(crate) fn is_address(target: &[u8]) -> bool {
    if target.starts_with(b"unix:") {
        return true;
    }
    let Some(colon) = memchr::memrchr(b':', target) else { return false };
    colon > 0 && scan::digits(&target[colon + 1..]).is_some_and(|port| port < 65_536)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_told_from_addresses() {
        let parts = |text: &'static str| -> Vec<&str> {
            tries(text.as_bytes()).map(|p| std::str::from_utf8(p).unwrap()).collect()
        };
        assert_eq!(
            parts("[2001:db8::1]:80, unix:/a,b.sock"),
            ["[2001:db8::1]:80", "unix:/a,b.sock"]
        );
        assert_eq!(parts("a:1, b:2 : c:3"), ["a:1", "b:2", "c:3"]);
        assert_eq!(parts("-"), ["-"]);
        assert_eq!(last_try(b"0.001, -"), None);
        assert!(is_address(b"[2001:db8::1]:80") && !is_address(b"backend") && !is_address(b":80"));
    }
}
