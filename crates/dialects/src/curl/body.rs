//! Pages and sentences that gateways write into their own answers.
//!
//! Sources: nginx `src/http/ngx_http_special_response.c`, HAProxy `src/http_htx.c` (default error
//! messages), Apache httpd `modules/http/http_protocol.c` (`get_canned_error_string`), Traefik
//! `pkg/server/service/loadbalancer/wrr/wrr.go`; for Envoy see [`local_reply`].

use model::{Failure, HopKind, Mechanism as M, Phase, ProxyError, Side};

use super::line::Server;
use crate::envoy::local_reply;
use crate::scan;

/// What a line of a body states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) status: u16,
    pub(super) server: Option<Server>,
    /// The reason, where the page gives one.
    pub(super) failure: Option<Failure>,
    /// The sentence, if it is the gateway's own word for it.
    pub(super) words: Option<String>,
}

const HAPROXY: Server = Server { name: "haproxy", kind: HopKind::Proxy };
const HTTPD: Server = Server { name: "httpd", kind: HopKind::Proxy };
const ENVOY: Server = Server { name: "envoy", kind: HopKind::Proxy };
const TRAEFIK: Server = Server { name: "traefik", kind: HopKind::Proxy };

/// Reads one line of a body; `None` if it states nothing.
pub(super) fn read(line: &str) -> Option<Stated> {
    let text = line.trim();
    let text = message_member(text).unwrap_or(text);
    // People write the status before the body that came with it.
    let bare = text.strip_prefix("503 ").or(text.strip_prefix("504 ")).unwrap_or(text);
    if let Some((status, failure)) = local_reply(bare) {
        let end = bare.find(", transport failure reason").unwrap_or(bare.len());
        let words = Some(bare[..end.min(120)].to_owned());
        return Some(Stated { status, server: Some(ENVOY), failure: Some(failure), words });
    }
    title(text).or_else(|| sentence(text))
}

/// The message of `{"code":504,"message":"…"}`, as proxies built on Envoy write it.
fn message_member(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("{\"code\":")?;
    let (code, rest) = rest.split_once(",\"message\":\"")?;
    scan::status(code.trim().as_bytes())?;
    rest.strip_suffix("\"}")
}

/// `<title>502 Bad Gateway</title>`, alone or within `<head>`.
fn title(text: &str) -> Option<Stated> {
    let inside =
        text.strip_prefix("<head>").and_then(|rest| rest.strip_suffix("</head>")).unwrap_or(text);
    let words = inside.strip_prefix("<title>")?.strip_suffix("</title>")?;
    let (status, reason) = words.split_once(' ')?;
    let status = scan::status(status.as_bytes()).filter(|status| (500..600).contains(status))?;
    let known = [
        "Internal Server Error",
        "Bad Gateway",
        "Service Unavailable",
        "Service Temporarily Unavailable",
        "Gateway Time-out",
        "Gateway Timeout",
        "Server Error",
    ];
    known.contains(&reason).then_some(Stated { status, server: None, failure: None, words: None })
}

fn sentence(text: &str) -> Option<Stated> {
    let starts = |words: &str| text.starts_with(words);
    let of = |status, server, failure: Option<Failure>| {
        let words = Some(text[..text.floor_char_boundary(120)].to_owned());
        Some(Stated { status, server: Some(server), failure, words })
    };
    // HAProxy has one page for everything that may be wrong with a response.
    let bad_response = Failure {
        side: Side::Upstream,
        phase: Some(Phase::ResponseHead),
        error: Some(ProxyError::HttpProtocolError),
        ..Failure::of(M::Unspecified)
    };
    if starts("The server didn't respond in time.") {
        return of(504, HAPROXY, Some(Failure::of(M::ResponseTimeout)));
    }
    if starts("The server returned an invalid or incomplete response.") {
        return of(502, HAPROXY, Some(bad_response));
    }
    if starts("No server is available to handle this request.") {
        return of(503, HAPROXY, None);
    }
    if starts("The gateway did not receive a timely response") {
        return of(504, HTTPD, Some(Failure::of(M::ResponseTimeout)));
    }
    if starts("The proxy server received an invalid") && text.contains("response from an upstream")
    {
        return of(502, HTTPD, None);
    }
    if text == "no available server" {
        return of(503, TRAEFIK, Some(Failure::of(M::NoTarget)));
    }
    None
}
