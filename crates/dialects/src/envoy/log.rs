//! Envoy's own log: `[2026-11-02 03:04:05.678][12][debug][router] [source/…:470] [C1][S2] message`, and as
//! Istio writes it: `2026-11-02T03:04:05.678901Z debug envoy router [C1][S2] message`.
//!
//! Source: Envoy `source/common/router/router.cc` (`upstream reset`), `source/common/http/filter_manager.cc`
//! (`Sending local reply with details`), `source/common/http/codec_client.cc`, `source/server/server.cc`;
//! <https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-log-format>.

use std::borrow::Cow;

use model::{
    Author, Event, Failure, HopKind, Mechanism as M, Occurrence, OccurrenceKind, Request, Role,
    Timestamp,
};

use super::reply::reset_reason;
use crate::{About, Blind, Context, Dialect, Marks, Understood, scan};

/// Envoy's own log.
pub(crate) struct EnvoyLog;

impl Dialect for EnvoyLog {
    fn name(&self) -> &'static str {
        "envoy-log"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["][", "envoy "]])
    }

    fn sniff(&self, record: &str) -> bool {
        frame(record, 0).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(line) = frame(record, context.offset_east) else { return Understood::No };
        let at = Some(line.at);
        if let Some((failure, token)) = failure(line.message) {
            let mut request = Request::new(hop(context), HopKind::Proxy, Role::Explanation);
            request.end = at;
            request.author = Author::ThisHop;
            request.failure = Some(failure);
            request.token = Some(token);
            out.push(request.into());
        } else if let Some(kind) = itself(line.message) {
            let words = line.message.split('\t').next().unwrap_or(line.message);
            let event = Occurrence::new(kind, at, hop(context)).detail(crate::node::short(words));
            out.push(event.into());
        }
        Understood::Yes
    }
}

fn hop<'a>(context: &Context) -> Cow<'a, str> {
    context.hop.as_ref().map_or(Cow::Borrowed("envoy"), |hop| Cow::Owned(hop.clone()))
}

struct Line<'a> {
    at: Timestamp,
    /// Without connection and stream.
    message: &'a str,
}

const LEVELS: [&str; 8] = ["trace", "debug", "info", "warning", "warn", "error", "critical", "off"];

fn frame(record: &str, offset_east: i32) -> Option<Line<'_>> {
    let record = record.trim();
    let (at, rest) = match record.strip_prefix('[') {
        Some(rest) => own(rest, offset_east)?,
        None => istio(record)?,
    };
    Some(Line { at, message: without_ids(rest) })
}

/// `2026-11-02 03:04:05.678][12][debug][router] [source/common/router/router.cc:470] message`.
fn own(text: &str, offset_east: i32) -> Option<(Timestamp, &str)> {
    let (stamp, rest) = text.split_once("][")?;
    let at = scan::iso(stamp.as_bytes(), offset_east)?;
    let (thread, rest) = rest.split_once("][")?;
    scan::digits(thread.as_bytes())?;
    let (level, rest) = rest.split_once("][")?;
    LEVELS.contains(&level).then_some(())?;
    let (logger, rest) = rest.split_once("] ")?;
    is_logger(logger).then_some(())?;
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((place, rest)) if place.contains(".cc:") || place.contains(".h:") => rest,
        _ => rest,
    };
    Some((at, rest))
}

/// `2026-11-02T03:04:05.678901Z debug envoy router [file.cc:470] message`, blanks or tabs between.
fn istio(text: &str) -> Option<(Timestamp, &str)> {
    let (stamp, rest) = text.split_once([' ', '\t'])?;
    stamp.ends_with('Z').then_some(())?;
    let at = scan::iso(stamp.as_bytes(), 0)?;
    let (level, rest) = rest.trim_start().split_once([' ', '\t'])?;
    LEVELS.contains(&level).then_some(())?;
    let rest = rest.trim_start().strip_prefix("envoy ")?;
    let (logger, rest) = rest.split_once([' ', '\t'])?;
    is_logger(logger).then_some(())?;
    let rest = rest.trim_start();
    let (place, after) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
    let rest = if place.contains(".cc:") || place.contains(".h:") { after } else { rest };
    Some((at, rest.trim_start()))
}

fn is_logger(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 40
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}

/// The message without `[C1]`, `[C1][S2]` or `[Tags: "ConnectionId":"1","StreamId":"2"]`, and without
/// what Istio appends behind a tab.
fn without_ids(mut text: &str) -> &str {
    for _ in 0..3 {
        let inside = text.strip_prefix("[C").or(text.strip_prefix("[S"));
        let rest = match (inside, text.strip_prefix("[Tags: ")) {
            (Some(inside), _) => inside.split_once(']').filter(|(number, _)| {
                scan::digits(number.as_bytes()).is_some() || number.len() > 9
            }),
            (None, Some(tags)) => tags.split_once(']'),
            (None, None) => None,
        };
        let Some((_, rest)) = rest else { break };
        text = rest.trim_start();
    }
    text.split('\t').next().unwrap_or(text).trim_end()
}

/// What a message states about a request. Of the lines about one request those are read that no
/// other line repeats: each try that was reset, and answers of Envoy's own for any other reason.
fn failure(message: &str) -> Option<(Failure, Cow<'static, str>)> {
    if let Some((_, reason)) = message.split_once("upstream reset: reset reason: ") {
        let (_, failure) = reset_reason(reason.trim_end_matches(", transport failure reason:"))?;
        let word = reason.split(',').next().unwrap_or(reason).trim();
        return Some((failure, Cow::Owned(format!("upstream reset: {word}"))));
    }
    if let Some(details) = message
        .strip_prefix("Sending local reply with details ")
        .or(message.strip_prefix("Preparing local reply with details "))
    {
        return local_reply(details.trim());
    }
    // The codec of an upstream connection; the one of a client's says `dispatch error`.
    let codec = message
        .strip_prefix("Error dispatching received data: ")
        .or(message.strip_prefix("protocol error: "))?;
    let too_large = ["headers size exceeds limit", "header size exceeds limit"]
        .iter()
        .chain(&["headers count exceeds limit", "headers_too_large", "too_many_headers"])
        .any(|words| codec.contains(words));
    let mechanism = if too_large { M::ResponseHeaderTooLarge } else { M::ResponseMalformed };
    let word = codec.rsplit(": ").next().unwrap_or(codec);
    Some((Failure::of(mechanism), Cow::Owned(crate::node::short(word))))
}

fn local_reply(details: &str) -> Option<(Failure, Cow<'static, str>)> {
    let mechanism = if details.starts_with("no_healthy_upstream") {
        M::NoHealthyTarget
    } else if details.starts_with("upstream_response_timeout")
        || details.starts_with("upstream_per_try_timeout")
        || details.starts_with("response_timeout")
    {
        M::ResponseTimeout
    } else if details.starts_with("route_not_found") || details.starts_with("cluster_not_found") {
        M::NoRoute
    } else if details.starts_with("upstream_max_stream_duration_reached")
        || details.starts_with("max_duration_timeout")
    {
        M::RequestDeadline
    } else if details.starts_with("dns_resolution_failure") {
        M::NameLookupFailed
    } else if details.starts_with("overload") || details.starts_with("cluster_overload") {
        M::ProxyLimit
    } else {
        return None;
    };
    let end = details.find(['{', ' ']).unwrap_or(details.len());
    Some((Failure::of(mechanism), Cow::Owned(crate::node::short(&details[..end]))))
}

/// What Envoy says of its own start and end.
fn itself(message: &str) -> Option<OccurrenceKind> {
    if message.starts_with("starting main dispatch loop") {
        Some(OccurrenceKind::InstanceStart)
    } else if message.starts_with("caught ENVOY_SIGTERM") || message.starts_with("caught SIGTERM") {
        Some(OccurrenceKind::InstanceStop)
    } else {
        None
    }
}

const ABOUT: About = About {
    title: "Envoy log",
    source: "https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-log-format; source/common/router/router.cc",
    from: "standard error of the process (kubectl logs POD -c istio-proxy), or the file of --log-path",
    time: "When the line was written: the host's zone in Envoy's own format, UTC in Istio's.",
    fields: &[
        ("time", "when it happened"),
        ("upstream reset: reset reason", "why a try at an upstream host failed"),
        ("transport failure reason", "the system's error or TLS's word for it"),
        ("Sending local reply with details", "why Envoy answered by itself"),
        ("Error dispatching received data", "what was wrong with a response"),
    ],
    shows: &[
        "Why tries at upstream hosts were reset (level debug).",
        "Answers of Envoy's own: timers, no healthy host, no route (level debug).",
        "Responses that broke HTTP, with the parser's word (level debug).",
        "Starts and orders to stop.",
    ],
    blind: &[
        Blind {
            what: "which request, and which host",
            how: "the access log: access_log with %RESPONSE_CODE_DETAILS%, %UPSTREAM_HOST% and %UPSTREAM_TRANSPORT_FAILURE_REASON%",
        },
        Blind {
            what: "any of it at the default level",
            how: "curl -X POST 'localhost:15000/logging?router=debug&http=debug' (Istio: istioctl proxy-config log POD --level router:debug,http:debug)",
        },
        Blind {
            what: "which header field a response repeated or broke",
            how: "curl -X POST 'localhost:15000/logging?http=trace'",
        },
    ],
    recommended: "istioctl proxy-config log POD --level router:debug,http:debug",
};
