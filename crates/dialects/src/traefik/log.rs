//! Traefik: requests of its access log, and of its own log the reasons of failed ones
//! (`502 Bad Gateway` with Go's error), health checks, starts and stops.
//!
//! Sources: <https://doc.traefik.io/traefik/observability/access-logs/>; Traefik,
//! `pkg/proxy/httputil/proxy.go` (`pkg/server/service/proxy.go` in version 2: which error becomes
//! which status) and `pkg/healthcheck/healthcheck.go`.

use std::borrow::Cow;

use model::{
    Author, Event, Failure, HopKind, Mechanism, Occurrence, OccurrenceKind, Request, Role, Tally,
};

use super::message::{self, Message};
use super::{about, access, common};
use crate::json::Json;
use crate::node::short;
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, go, scan};

/// Traefik's logs.
pub(crate) struct Traefik;

/// Words of which one is in every entry but the lines in the common log format.
const WORDS: [&str; 15] = [
    "DownstreamStatus",
    "caused by: ",
    "Bad Gateway",
    "Gateway Timeout",
    "Internal Server Error",
    "Client Closed Request",
    "Service Unavailable",
    "Health check ",
    "Traefik version ",
    "Stopping server gracefully",
    "I have to go...",
    "Service selected by WRR: ",
    "New attempt ",
    "Starting provider ",
    "Configuration received",
];

impl Dialect for Traefik {
    fn name(&self) -> &'static str {
        "traefik"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&WORDS, scan::DATE_MONTHS])
    }

    fn sniff(&self, record: &str) -> bool {
        let line = record.trim_end();
        if line.starts_with('{') {
            let known = ["DownstreamStatus", "caused by: ", "Bad Gateway", "Gateway Timeout"];
            let known = known.iter().any(|word| line.contains(word))
                || line.contains("Health check ")
                || line.contains("Client Closed Request");
            return known && read(line, &Context::default()).is_some();
        }
        read(line, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A tally borrows its hop from the line, so a name from outside cannot be given here.
        if context.hop.is_some() {
            return Quick::Full;
        }
        let tally = match line.first() {
            Some(b'{') => access::tally(line),
            _ => glance(line),
        };
        tally.map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

/// What a record says: `None` if it is not Traefik's, `Some(None)` if it has nothing to tell.
fn read<'a>(record: &'a str, context: &Context) -> Option<Option<Event<'a>>> {
    if record.trim_start().starts_with('{') {
        let entry = Json::object(record)?;
        if let Some(request) = access::request(&entry, context) {
            return Some(Some(Event::from(request)));
        }
        return said(&message::of_json(&entry)?, context);
    }
    if let Some(line) = common::read(record.as_bytes()) {
        return Some(Some(Event::from(request(&line, context))));
    }
    said(&message::of_text(record, context)?, context)
}

pub(super) fn hop(context: &Context) -> Cow<'static, str> {
    context.hop.as_ref().map_or(Cow::Borrowed("traefik"), |hop| Cow::Owned(hop.clone()))
}

/// What a status says by itself. 499 is Traefik's own, for a client that left.
pub(super) fn failure(status: u16) -> Option<Failure> {
    match status {
        499 => Some(Failure::of(Mechanism::ClientClosed)),
        500.. => Some(Failure::of(Mechanism::Unspecified)),
        _ => None,
    }
}

fn request<'a>(line: &common::Line<'a>, context: &Context) -> Request<'a> {
    let mut request = Request::new(hop(context), HopKind::Proxy, Role::Access);
    request.start = Some(line.clf.time);
    request.timers.total = Some(line.total);
    request.complete_times();
    request.status = line.clf.status;
    request.failure = line.clf.status.and_then(failure);
    request.target = line.server.map(common::address).and_then(scan::present).map(Cow::Borrowed);
    request.upstream = line.router.map(Cow::Borrowed);
    request.client = Some(String::from_utf8_lossy(line.clf.client));
    if let Some((method, path, host)) =
        std::str::from_utf8(line.clf.request).ok().and_then(scan::method_and_path)
    {
        request.method = Some(Cow::Borrowed(method));
        request.path = Some(Cow::Borrowed(path));
        request.host = host.map(Cow::Borrowed);
    }
    request
}

/// The tally of a healthy line in the common log format.
fn glance(line: &[u8]) -> Option<Tally<'_>> {
    let line = common::read(line)?;
    let status = line.clf.status.filter(|status| (100..500).contains(status) && *status != 499)?;
    (line.total < SLOW).then_some(())?;
    Some(Tally {
        at: line.clf.time,
        hop: b"traefik",
        kind: HopKind::Proxy,
        status,
        target: line.server.map_or("", common::address).as_bytes(),
        elapsed: Some(line.total),
    })
}

/// What a message of Traefik's own log says.
fn said(message: &Message<'_>, context: &Context) -> Option<Option<Event<'static>>> {
    let at = message.at.or(context.prefix_time);
    let text = message.text.trim();
    if let Some((status, reason)) = failed_request(message, text) {
        let mut request = Request::new(hop(context), HopKind::Proxy, Role::Explanation);
        request.end = at;
        request.status = Some(status);
        request.author = Author::ThisHop;
        request.token = Some(Cow::Owned(go::token(reason).to_owned()));
        let read = go::read(reason);
        request.failure = Some(match read {
            Some(error) => error.before_response(),
            None => failure(status)?,
        });
        let peer = read.and_then(|error| error.peer.or(error.name));
        request.target = peer.map(|peer| Cow::Owned(peer.to_owned()));
        return Some(Some(Event::from(request)));
    }
    let occurrence = health(message, text, context).or_else(|| itself(message, text, context))?;
    Some(occurrence.map(|mut occurrence| {
        occurrence.at = at;
        Event::from(occurrence)
    }))
}

/// Status and error of `'502 Bad Gateway' caused by: …` and of `502 Bad Gateway` with a field
/// `error`.
fn failed_request<'m>(message: &'m Message<'_>, text: &'m str) -> Option<(u16, &'m str)> {
    const REASONS: [&str; 5] = [
        "502 Bad Gateway",
        "504 Gateway Timeout",
        "500 Internal Server Error",
        "499 Client Closed Request",
        "503 Service Unavailable",
    ];
    let bare = text.trim_start_matches('\'');
    let reason = REASONS.iter().find(|reason| bare.starts_with(*reason))?;
    let rest = &bare[reason.len()..];
    let error = match rest.strip_prefix("' caused by: ") {
        Some(error) => error,
        None if rest.is_empty() => message.field("error")?,
        None => return None,
    };
    Some((scan::status(&reason.as_bytes()[..3])?, error))
}

/// Health checks: version 2 names each change, version 3 each check that failed.
fn health(
    message: &Message<'_>,
    text: &str,
    context: &Context,
) -> Option<Option<Occurrence<'static>>> {
    let quoted = |key: &str| {
        let (_, rest) = text.split_once(key)?;
        rest.trim_start_matches(['"', '\\']).split(['"', '\\']).next()
    };
    let kind = if text.starts_with("Health check failed, removing from server list") {
        OccurrenceKind::HealthDown
    } else if text.starts_with("Health check up: Returning to server list")
        || text.starts_with("Health check up: returning to server list")
    {
        OccurrenceKind::HealthUp
    } else if text.starts_with("Health check failed") && message.field("error").is_some() {
        let target = message.field("targetURL").or_else(|| message.field("targetAddress"))?;
        let subject =
            message.field("serviceName").map_or_else(|| hop(context), |s| s.to_owned().into());
        let event = Occurrence::new(OccurrenceKind::CheckFailed, None, subject)
            .object(common::address(target).to_owned())
            .detail(short(message.field("error").unwrap_or_default()));
        return Some(Some(event));
    } else {
        return None;
    };
    let backend = quoted("Backend: ").map_or_else(|| hop(context), |b| b.to_owned().into());
    let mut event = Occurrence::new(kind, None, backend);
    event.object = quoted("URL: ").map(|url| common::address(url).to_owned().into());
    if let Some((_, reason)) = text.split_once("Reason: ") {
        event.detail = Some(short(reason).into());
    }
    Some(Some(event))
}

/// What Traefik says of its own start and end, and what goes with the lines above.
fn itself(
    _message: &Message<'_>,
    text: &str,
    context: &Context,
) -> Option<Option<Occurrence<'static>>> {
    let kind = if text.starts_with("Traefik version ") && text.contains(" built on ") {
        OccurrenceKind::InstanceStart
    } else if text == "Stopping server gracefully" {
        OccurrenceKind::InstanceStop
    } else {
        let accompanies = [
            "I have to go...",
            "Service selected by WRR: ",
            "New attempt ",
            "Starting provider ",
            "Configuration received",
        ];
        return accompanies.iter().any(|words| text.starts_with(words)).then_some(None);
    };
    Some(Some(Occurrence::new(kind, None, hop(context)).detail(short(text))))
}
