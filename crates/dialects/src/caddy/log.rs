//! Caddy's log: requests (`http.log.access`), the errors handlers returned (`http.log.error`), each
//! try of the reverse proxy, its health checks, and what Caddy says about itself and certificates.
//!
//! Sources: <https://caddyserver.com/docs/logging>, and in Caddy's source
//! `modules/caddyhttp/server.go` (access and error entries),
//! `modules/caddyhttp/reverseproxy/reverseproxy.go` (`statusError`: which error becomes which status) and
//! `modules/caddyhttp/reverseproxy/healthchecks.go`.

use std::borrow::Cow;

use model::{
    Author, Event, Failure, HopKind, Mechanism, Occurrence, OccurrenceKind, Request, Role,
};

use super::entry::{self, Entry};
use super::{about, glance, version1};
use crate::json::Json;
use crate::node::short;
use crate::{About, Context, Dialect, Marks, Quick, Understood, go, scan};

/// Caddy's log.
pub(crate) struct Caddy;

impl Dialect for Caddy {
    fn name(&self) -> &'static str {
        "caddy"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        // The console's columns are cut at tabs, the second is a level in any case.
        const CONSOLE: &[&str] =
            &["G\t", "O\t", "N\t", "R\t", "C\t", "L\t", "g\t", "o\t", "n\t", "r\t", "c\t", "l\t"];
        Marks::any_of(&[&["\"msg\"", " [ERROR "], CONSOLE])
    }

    fn sniff(&self, record: &str) -> bool {
        // Cheap first: most JSON that is offered belongs to somebody else.
        let record = record.trim_start();
        let own = !record.starts_with('{')
            || (record.contains("\"level\"") && record.contains("\"msg\""));
        own && read(record, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A tally borrows its hop from the line, so a name from outside cannot be given here.
        if context.hop.is_some() {
            return Quick::Full;
        }
        glance::tally(line).map_or(Quick::Full, Quick::Tally)
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

/// Messages of the process itself: logger, words, and what they tell of.
const WORDS: [(&str, &str, OccurrenceKind); 4] = [
    ("", "serving initial configuration", OccurrenceKind::InstanceStart),
    ("", "shutting down apps, then terminating", OccurrenceKind::InstanceStop),
    ("", "shutting down", OccurrenceKind::InstanceStop),
    ("admin.api", "load complete", OccurrenceKind::Reload),
];

/// What a record says: `None` if it is not Caddy's, `Some(None)` if it has nothing to tell.
fn read<'a>(record: &'a str, context: &Context) -> Option<Option<Event<'a>>> {
    if let Some(line) = version1::read(record) {
        return Some(Some(Event::from(old_error(&line, context))));
    }
    let mut entry = entry::read(record)?;
    entry.at = entry.at.or(context.prefix_time);
    let of = |name: &str| {
        entry.logger.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if of("http.log.access") {
        return access(&entry, context).map(|request| Some(Event::from(request)));
    }
    if of("http.log.error") {
        let request = error(&entry, context)?;
        // `HTTP 404` and its like: what was asked for is not there.
        let failed = request.failure.is_some();
        return Some(failed.then(|| Event::from(request)));
    }
    if of("http.handlers.reverse_proxy.health_checker") {
        return Some(health(&entry).map(Event::from));
    }
    if of("http.handlers.reverse_proxy") {
        return Some(attempt(&entry, context).map(Event::from));
    }
    if of("tls") && matches!(&*entry.level, "error" | "ERROR") {
        let Some(name) = entry.fields.word("identifier") else {
            return is_housekeeping(&entry.logger, &entry.message).then_some(None);
        };
        let reason = entry.fields.word("error").unwrap_or(Cow::Borrowed(&*entry.message));
        let event = Occurrence::new(OccurrenceKind::CertificateProblem, entry.at, name);
        return Some(Some(Event::from(event.detail(short(&reason)))));
    }
    let told =
        WORDS.iter().find(|(logger, words, _)| *logger == entry.logger && *words == entry.message);
    let Some((_, words, kind)) = told else {
        return is_housekeeping(&entry.logger, &entry.message).then_some(None);
    };
    // `shutting down` alone is anybody's; Caddy names the signal with it.
    if *words == "shutting down" && entry.fields.get("signal").is_none() {
        return None;
    }
    let event = Occurrence::new(*kind, entry.at, hop(context)).detail(*words);
    Some(Some(Event::from(event)))
}

/// Whether an entry is one of those with which Caddy accompanies its start, its end and its work.
fn is_housekeeping(logger: &str, message: &str) -> bool {
    // Names that other programs give their loggers too need words of Caddy's.
    const PLAIN: [(&str, &str); 17] = [
        ("admin", "admin endpoint "),
        ("admin", "stopped previous server"),
        ("admin.api", "received request"),
        ("admin.api", "config is unchanged"),
        ("http", "HTTP/2 skipped because it requires TLS"),
        ("http", "HTTP/3 skipped because it requires TLS"),
        ("http", "enabling HTTP/3 listener"),
        ("http", "enabling automatic TLS certificate management"),
        ("http", "servers shutting down"),
        ("http", "server is listening only on the HTTPS port"),
        ("http", "enabling automatic HTTP->HTTPS redirects"),
        ("http.log", "server running"),
        ("tls", "storage cleaning happened too recently"),
        ("tls", "cleaning storage unit"),
        ("tls", "finished cleaning storage units"),
        ("tls", "stapling OCSP"),
        ("tls.obtain", ""),
    ];
    const FAMILIES: [&str; 9] = [
        "http.auto_https",
        "http.stdlib",
        "http.handlers.",
        "tls.cache",
        "tls.issuance",
        "tls.handshake",
        "tls.on_demand",
        "tls.renew",
        "pki.",
    ];
    const BARE: [&str; 9] = [
        "using config from file",
        "using adjacent Caddyfile",
        "adapted config to JSON",
        "autosaved config",
        "Caddyfile input is not formatted",
        "maxprocs: ",
        "GOMEMLIMIT is updated",
        "exiting; byeee!!",
        "shutdown complete",
    ];
    if logger.is_empty() {
        return BARE.iter().any(|words| message.starts_with(words));
    }
    PLAIN.iter().any(|(name, words)| *name == logger && message.starts_with(words))
        || FAMILIES.iter().any(|family| logger.starts_with(family))
}

fn hop(context: &Context) -> Cow<'static, str> {
    context.hop.as_ref().map_or(Cow::Borrowed("caddy"), |hop| Cow::Owned(hop.clone()))
}

/// An entry of the access log: written when the request has ended.
fn access<'a>(entry: &Entry<'a>, context: &Context) -> Option<Request<'a>> {
    let mut request = of_request(entry, Role::Access, context)?;
    // 0: no handler wrote a status, and the server sends 200 with nothing in it, or the connection
    // was taken over by another protocol.
    request.status = status(entry)?.filter(|status| *status != 0);
    let failure = match request.status {
        // Caddy's own, for a client that left (`statusError`).
        Some(499) => Some(Mechanism::ClientClosed),
        Some(500..) => Some(Mechanism::Unspecified),
        _ => None,
    };
    request.failure = failure.map(Failure::of);
    request.target = entry.fields.word("upstream");
    Some(request)
}

/// An error that a handler returned.
fn error<'a>(entry: &Entry<'a>, context: &Context) -> Option<Request<'a>> {
    let mut request = of_request(entry, Role::Explanation, context)?;
    request.status = status(entry)?;
    explain(&mut request, &entry.message);
    Some(request)
}

/// Gives a request the failure that an error text states.
fn explain(request: &mut Request<'_>, words: &str) {
    request.author = Author::ThisHop;
    request.token = Some(Cow::Owned(go::token(words).to_owned()));
    match go::read(words) {
        Some(error) => {
            request.failure = Some(error.before_response());
            request.target = error.peer.map(|peer| Cow::Owned(target(peer)));
            if request.target.is_none() {
                request.target = error.name.map(|name| Cow::Owned(name.to_owned()));
            }
        }
        // The file server and others return errors too, most of them without a word.
        None => {
            request.failure = match request.status {
                Some(499) => Some(Failure::of(Mechanism::ClientClosed)),
                Some(500..) => Some(Failure::of(Mechanism::GatewayInternal)),
                _ => None,
            };
        }
    }
}

fn target(peer: &str) -> String {
    if peer.starts_with('/') { format!("unix:{peer}") } else { peer.to_owned() }
}

/// What the reverse proxy says of one try (`upstream roundtrip`, level debug) and of a response it
/// could not pass on whole (`aborting with incomplete response`, level warn).
fn attempt<'a>(entry: &Entry<'a>, context: &Context) -> Option<Request<'a>> {
    let words = entry.fields.word("error")?;
    let mut request = of_request(entry, Role::Explanation, context)?;
    if entry.message.starts_with("aborting with incomplete response") {
        request.author = Author::Behind;
        request.token = Some(Cow::Owned(go::token(&words).to_owned()));
        let stated = go::read(&words)?.failure;
        request.failure = Some(match stated.mechanism {
            Mechanism::ClientClosed => Failure {
                phase: Some(model::Phase::ResponseSend),
                ..Failure::of(Mechanism::ClientClosed)
            },
            // Writing goes to the client once the response is on its way.
            Mechanism::RequestSendFailed | Mechanism::RequestSendTimeout => Failure {
                phase: Some(model::Phase::ResponseSend),
                ..Failure::of(Mechanism::ClientClosed)
            },
            Mechanism::ResponseTimeout => Failure::of(Mechanism::ResponseStalled),
            _ => Failure::of(Mechanism::ResponseTruncated),
        });
    } else if entry.message == "upstream roundtrip" {
        explain(&mut request, &words);
    } else {
        return None;
    }
    if let Some(upstream) = entry.fields.word("upstream") {
        request.target =
            Some(Cow::Owned(target(upstream.strip_prefix("unix/").unwrap_or(&upstream))));
    }
    Some(request)
}

/// Active health checks: each failed one is logged, and the change back to healthy.
fn health<'a>(entry: &Entry<'a>) -> Option<Occurrence<'a>> {
    let target = entry.fields.word("host")?;
    let failed = [
        "HTTP request failed",
        "unexpected status code",
        "status code out of tolerances",
        "response body failed expectations",
        "failed to read response body",
    ];
    let kind = match &*entry.message {
        "host is up" => OccurrenceKind::HealthUp,
        "host is down" => OccurrenceKind::HealthDown,
        words if failed.contains(&words) => OccurrenceKind::CheckFailed,
        _ => return None,
    };
    let detail = match (entry.fields.word("error"), entry.fields.get("status_code")) {
        (Some(error), _) => short(&error),
        (None, Some(Json::Int(status))) => format!("{}: {status}", entry.message),
        _ => entry.message.clone().into_owned(),
    };
    Some(Occurrence::new(kind, entry.at, "caddy").object(target).detail(detail))
}

/// The status of an entry: absent is no entry about a request, 0 none that was written.
fn status(entry: &Entry<'_>) -> Option<Option<u16>> {
    let status = entry.fields.get("status")?.integer()?;
    u16::try_from(status).ok().filter(|status| *status < 1000).map(Some)
}

/// What every entry with a `request` tells of it.
fn of_request<'a>(entry: &Entry<'a>, role: Role, context: &Context) -> Option<Request<'a>> {
    let fields = entry.fields.get("request")?;
    let mut request = Request::new(hop(context), HopKind::Proxy, role);
    request.end = entry.at;
    request.timers.total = entry.duration;
    request.complete_times();
    request.method = fields.word("method");
    if let Some(uri) = fields.word("uri") {
        // The target of CONNECT is an authority, not a path.
        let path = scan::path_and_host(&uri).0.to_owned();
        request.path = (path.starts_with('/')).then_some(Cow::Owned(path));
    }
    request.host = fields.word("host").map(|host| Cow::Owned(scan::without_port(&host).to_owned()));
    // `client_ip` is the one behind trusted proxies, `remote_ip` the peer; before 2.5 with its port.
    request.client =
        ["client_ip", "remote_ip"].iter().find_map(|key| fields.word(key)).or_else(|| {
            fields.word("remote_addr").map(|peer| Cow::Owned(scan::without_port(&peer).to_owned()))
        });
    request.id = ["request_id", "traceID", "uuid"]
        .iter()
        .find_map(|key| entry.fields.word(key))
        .or_else(|| fields.path(&["headers", "X-Request-Id"])?.items().first()?.text().cloned());
    Some(request)
}

fn old_error<'a>(line: &version1::Line<'a>, context: &Context) -> Request<'a> {
    let mut request = Request::new(hop(context), HopKind::Proxy, Role::Explanation);
    request.end = Some(line.at);
    request.status = Some(line.status);
    request.path = Some(Cow::Borrowed(line.path));
    explain(&mut request, line.message);
    request
}
