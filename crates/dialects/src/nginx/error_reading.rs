//! What the messages of the nginx error log say about a request.

use std::borrow::Cow;

use model::{Mechanism as M, Phase};

use super::errno::{self, Errno};

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    pub(super) mechanism: M,
    /// Phase, if it is another than the mechanism's usual one.
    pub(super) phase: Option<Phase>,
    /// Status nginx sends for it by default; `None` if the response had begun, or nobody gets one.
    pub(super) status: Option<u16>,
    /// The message without addresses and names.
    pub(super) token: Cow<'a, str>,
    /// The name that could not be resolved.
    pub(super) name: Option<&'a str>,
}

/// What nginx was doing: the text after `while` (`ngx_http_log_error` and the `action` of each
/// module's connection log).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Connecting,
    Handshaking,
    SendingRequest,
    ReadingHead,
    ReadingBody,
    SendingToClient,
    ReadingRequest,
    Upgraded,
    Waiting,
    HandshakingWithClient,
}

const ACTIONS: [(&str, Doing); 14] = [
    ("connecting to upstream", Doing::Connecting),
    ("SSL handshaking to upstream", Doing::Handshaking),
    ("SSL handshaking", Doing::HandshakingWithClient),
    ("sending request to upstream", Doing::SendingRequest),
    ("sending to upstream", Doing::SendingRequest),
    ("reading response header from upstream", Doing::ReadingHead),
    ("reading upstream", Doing::ReadingBody),
    ("reading from upstream", Doing::ReadingBody),
    ("sending to client", Doing::SendingToClient),
    ("reading client request", Doing::ReadingRequest),
    ("proxying upgraded connection", Doing::Upgraded),
    ("proxying connection", Doing::Upgraded),
    ("proxying and reading from upstream", Doing::Upgraded),
    ("waiting for request", Doing::Waiting),
];

/// Splits `message while action`. If the record ends with the message it may be cut inside the
/// action, which still holds if only one fits.
fn action(message: &str, may_be_cut: bool) -> (&str, Option<Doing>) {
    for (at, _) in message.rmatch_indices(" while ") {
        let text = &message[at + " while ".len()..];
        if let Some((_, doing)) = ACTIONS.iter().find(|(known, _)| text.starts_with(known)) {
            return (&message[..at], Some(*doing));
        }
        let mut fits = ACTIONS
            .iter()
            .filter(|(known, _)| may_be_cut && text.len() > 3 && known.starts_with(text));
        if let (Some((_, doing)), None) = (fits.next(), fits.next()) {
            return (&message[..at], Some(*doing));
        }
    }
    (message, None)
}

/// The number in the last `(111: Connection refused)`-like group.
fn number(text: &str) -> Option<u32> {
    text.rmatch_indices('(').find_map(|(at, _)| {
        let after = &text[at + 1..];
        let digits = after.bytes().take(9).take_while(u8::is_ascii_digit).count();
        let closed = matches!(after.as_bytes().get(digits), Some(b':' | b')'));
        after[..digits].parse().ok().filter(|_| closed)
    })
}

/// The group itself.
fn group(text: &str) -> Option<&str> {
    let at = text.rfind(" (").map(|at| at + 1)?;
    let end = text[at..].find(')')?;
    Some(&text[at..=at + end])
}

/// Whether text without any frame is a message that only nginx writes.
pub(super) fn unmistakable(message: &str) -> bool {
    let (what, doing) = action(message, false);
    let verb =
        ["connect() ", "upstream ", "recv() ", "readv() ", "no live upstreams", "SSL_do_hand"]
            .iter()
            .chain(&["peer closed connection in SSL", "writev() ", "SSL_read() ", "send() "])
            .any(|verb| what.starts_with(verb));
    verb && message.contains("upstream")
        && matches!(
            doing,
            Some(
                Doing::Connecting
                    | Doing::Handshaking
                    | Doing::SendingRequest
                    | Doing::ReadingHead
                    | Doing::ReadingBody
            )
        )
}

fn say<'a>(
    mechanism: M,
    status: Option<u16>,
    token: impl Into<Cow<'a, str>>,
) -> Option<Reading<'a>> {
    Some(Reading { mechanism, phase: None, status, token: token.into(), name: None })
}

/// Reads a message. `has_client` is whether the record names a client: without one there is nobody
/// to send a status to. `None` if the message is not about a failing request.
pub(super) fn read<'a>(
    message: &'a str,
    level: Option<&str>,
    has_client: bool,
) -> Option<Reading<'a>> {
    let (what, doing) = action(message, !has_client);
    let mut reading = own(what, doing, has_client)
        .or_else(|| upstream(what, doing, level))
        .or_else(|| tls(what, doing))
        .or_else(|| socket(what, doing, has_client))
        .or_else(|| client(what, doing))?;
    // A response that had begun cannot get another status.
    if matches!(doing, Some(Doing::ReadingBody | Doing::Upgraded | Doing::SendingToClient)) {
        reading.status = None;
    }
    Some(reading)
}

/// Messages about nginx itself: limits, names, groups.
fn own<'a>(what: &'a str, doing: Option<Doing>, has_client: bool) -> Option<Reading<'a>> {
    let sent = |status| has_client.then_some(status);
    if what.starts_with("no live upstreams") {
        return say(M::AllTargetsEjected, Some(502), "no live upstreams");
    }
    if what.ends_with("worker_connections are not enough") {
        return say(M::ProxyLimit, sent(500), "worker_connections are not enough");
    }
    for limit in ["limiting requests", "limiting connections"] {
        if what.starts_with(limit) && !what.contains("dry run") {
            // The status is limit_req_status or limit_conn_status, 503 unless set.
            return say(M::Throttled, None, limit);
        }
    }
    if let Some((name, why)) = what.split_once(" could not be resolved") {
        let mechanism = match number(why) {
            Some(3) => M::NameNotFound,
            _ => M::NameLookupFailed,
        };
        let token = group(why).map_or_else(
            || Cow::Borrowed("could not be resolved"),
            |group| Cow::Owned(format!("could not be resolved {group}")),
        );
        return say(mechanism, sent(502), token).map(|r| Reading { name: bare_name(name), ..r });
    }
    if let Some(name) = what.strip_prefix("no resolver defined to resolve ") {
        return say(M::NameLookupFailed, sent(502), "no resolver defined")
            .map(|r| Reading { name: bare_name(name), ..r });
    }
    if let Some((_, name)) = what.split_once("host not found in upstream \"") {
        let name = name.split('"').next().unwrap_or(name);
        return say(M::NameNotFound, None, "host not found in upstream")
            .map(|r| Reading { name: bare_name(name), ..r });
    }
    if what.starts_with("auth request unexpected status") {
        return say(M::GatewayInternal, sent(500), "auth request unexpected status");
    }
    if what.starts_with("rewrite or internal redirection cycle")
        || what.starts_with("invalid URL prefix in ")
    {
        let token = what.split(['"', ',']).next().unwrap_or(what).trim_end();
        return say(M::GatewayInternal, sent(500), token);
    }
    if what.starts_with("upstream timed out") && doing.is_none() {
        // Cut before it says what for.
        return say(M::Unspecified, Some(504), "upstream timed out");
    }
    None
}

fn bare_name(name: &str) -> Option<&str> {
    (!name.is_empty() && !name.contains(' ')).then_some(name)
}

/// Messages about the answer of an upstream server.
fn upstream<'a>(what: &'a str, doing: Option<Doing>, level: Option<&str>) -> Option<Reading<'a>> {
    if what.starts_with("upstream timed out") {
        let mechanism = match doing? {
            Doing::Connecting => M::ConnectTimeout,
            Doing::Handshaking => M::TlsTimeout,
            Doing::SendingRequest => M::RequestSendTimeout,
            Doing::ReadingHead => M::ResponseTimeout,
            Doing::ReadingBody | Doing::Upgraded | Doing::SendingToClient => M::ResponseStalled,
            _ => return None,
        };
        return say(mechanism, Some(504), "upstream timed out");
    }
    if let Some(rest) = what.strip_prefix("upstream prematurely closed ") {
        let token = if rest.starts_with("FastCGI") {
            "upstream prematurely closed FastCGI stdout"
        } else {
            "upstream prematurely closed connection"
        };
        return match doing {
            Some(Doing::ReadingHead) => say(M::ClosedBeforeResponse, Some(502), token),
            Some(Doing::SendingRequest) => say(M::ClosedBeforeResponse, Some(502), token)
                .map(|r| Reading { phase: Some(Phase::RequestSend), ..r }),
            Some(Doing::ReadingBody | Doing::Upgraded | Doing::SendingToClient) => {
                say(M::ResponseTruncated, None, token)
            }
            _ => None,
        };
    }
    if what.starts_with("upstream sent too big header") {
        return say(M::ResponseHeaderTooLarge, Some(502), "upstream sent too big header");
    }
    if what.starts_with("upstream rejected request with error")
        || what.starts_with("upstream sent goaway with error")
    {
        return say(M::EndedBeforeResponse, Some(502), without_numbers(what));
    }
    if what.starts_with("upstream sent no valid HTTP/1.0 header") {
        // nginx passes the bytes on as an HTTP/0.9 response with status 200; only a subrequest
        // becomes 502 (`ngx_http_proxy_process_status_line`).
        return say(M::ResponseMalformed, None, "upstream sent no valid HTTP/1.0 header");
    }
    let complaint = what.strip_prefix("upstream sent ")?;
    if level.is_some_and(|level| matches!(level, "warn" | "notice" | "info" | "debug"))
        || complaint.starts_with("more data than specified")
    {
        return None;
    }
    let protocol = ["unsupported FastCGI protocol version", "unexpected FastCGI record"]
        .iter()
        .any(|words| complaint.starts_with(words));
    let mechanism = if protocol { M::ProtocolMismatch } else { M::ResponseMalformed };
    let in_body = doing == Some(Doing::ReadingBody);
    let token = what.split([':', ',']).next().unwrap_or(what);
    say(mechanism, Some(502), token)
        .map(|r| Reading { phase: in_body.then_some(Phase::ResponseBody), ..r })
}

/// A message up to its first number.
fn without_numbers(text: &str) -> &str {
    text[..text.find(|c: char| c.is_ascii_digit()).unwrap_or(text.len())].trim_end()
}

/// Messages about the TLS handshake with an upstream server.
fn tls<'a>(what: &'a str, doing: Option<Doing>) -> Option<Reading<'a>> {
    if what.starts_with("upstream SSL certificate does not match") {
        return say(M::TlsNameMismatch, Some(502), "upstream SSL certificate does not match");
    }
    if what.starts_with("upstream SSL certificate verify error") {
        let mechanism = match number(what) {
            // X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
            Some(62 | 64) => M::TlsNameMismatch,
            _ => M::TlsCertificateInvalid,
        };
        let reason = group(what).unwrap_or_default();
        let token = format!("upstream SSL certificate verify error {reason}");
        return say(mechanism, Some(502), token.trim_end().to_owned());
    }
    // In TLS 1.3 the peer's alert about a client certificate comes after the handshake.
    let in_handshake = match doing? {
        Doing::Handshaking => true,
        Doing::SendingRequest | Doing::ReadingHead if what.contains("(SSL:") => false,
        _ => return None,
    };
    if what.starts_with("peer closed connection in SSL handshake") {
        return say(M::TlsHandshakeFailed, Some(502), "peer closed connection in SSL handshake");
    }
    if !(what.starts_with("SSL_do_handshake() failed") || what.contains("(SSL:")) {
        return None;
    }
    let call = what.split("()").next().filter(|call| call.len() <= 16).unwrap_or("SSL");
    let has = |words: &[&str]| words.iter().any(|w| what.contains(w));
    let (mechanism, reason) = if has(&["alert number 112", "unrecognized name"]) {
        (M::TlsNameMismatch, "unrecognized name")
    } else if has(&["wrong version number", "unknown protocol", "http request"]) {
        // The first bytes of the answer are no TLS record.
        (M::TlsPlaintextPeer, "wrong version number")
    } else if has(&["certificate verify failed"]) {
        (M::TlsCertificateInvalid, "certificate verify failed")
    } else if let Some((_, number)) = what.split_once("alert number ") {
        let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
        let token = format!("{call}() failed: alert {}", &number[..end]);
        // Alert 40, handshake_failure, is what a peer sends for any reason it does not name, a
        // missing server name among them (RFC 8446 section 6.2).
        let unnamed = &number[..end] == "40";
        let mechanism = if unnamed { M::TlsHandshakeFailed } else { M::TlsAlert };
        return say(mechanism, Some(502), token);
    } else if has(&["tlsv1 alert", "sslv3 alert", "tlsv13 alert", " alert "]) {
        (M::TlsAlert, "alert")
    } else if in_handshake {
        return say(M::TlsHandshakeFailed, Some(502), format!("{call}() failed"));
    } else if doing == Some(Doing::SendingRequest) {
        return say(M::RequestSendFailed, Some(502), format!("{call}() failed"));
    } else {
        return say(M::EndedBeforeResponse, Some(502), format!("{call}() failed"));
    };
    say(mechanism, Some(502), format!("{call}() failed: {reason}"))
}

/// Messages about a system call on a socket.
fn socket<'a>(what: &'a str, doing: Option<Doing>, has_client: bool) -> Option<Reading<'a>> {
    let errno = errno::of(number(what)?);
    let call = what.split("()").next().filter(|call| call.len() <= 16 && !call.contains(' '))?;
    let token = || match group(what) {
        Some(group) => Cow::Owned(format!("{call}() failed {group}")),
        None => Cow::Borrowed(call),
    };
    if errno == Errno::TooManyFiles {
        let phase = call.starts_with("accept").then_some(Phase::Accept);
        let status = (has_client && phase.is_none()).then_some(500);
        return say(M::ProxyLimit, status, token()).map(|r| Reading { phase, ..r });
    }
    if what.contains("client prematurely closed connection") {
        return say(M::ClientClosed, Some(499), "client prematurely closed connection");
    }
    let reset = matches!(errno, Errno::ConnectionReset | Errno::ConnectionAborted);
    let mechanism = match (call, doing?) {
        ("connect", Doing::Connecting) => {
            let unix = what.contains(" to unix:");
            return say(errno::connect_failure(errno, unix), Some(502), token());
        }
        ("bind", Doing::Connecting) if errno == Errno::AddressNotAvailable => M::NoLocalPort,
        ("bind", Doing::Connecting) if errno == Errno::AddressInUse => M::NoLocalPort,
        ("recv" | "readv" | "SSL_read", Doing::ReadingHead) if reset => M::ResetBeforeResponse,
        ("recv" | "readv" | "SSL_read", Doing::ReadingHead) => M::EndedBeforeResponse,
        ("recv" | "readv" | "SSL_read", Doing::ReadingBody) => M::ResponseTruncated,
        ("recv" | "readv" | "SSL_read", Doing::SendingRequest) if reset => {
            return say(M::ResetBeforeResponse, Some(502), token())
                .map(|r| Reading { phase: Some(Phase::RequestSend), ..r });
        }
        ("recv" | "readv" | "SSL_read" | "SSL_do_handshake", Doing::Handshaking) => {
            M::TlsHandshakeFailed
        }
        (_, Doing::SendingRequest) if errno == Errno::TimedOut => M::RequestSendTimeout,
        (_, Doing::SendingRequest) => M::RequestSendFailed,
        // A failed read may be of either side here; a failed write is the client's.
        ("writev" | "send" | "sendfile" | "SSL_write", Doing::SendingToClient)
            if reset || errno == Errno::BrokenPipe =>
        {
            return say(M::ClientClosed, None, token())
                .map(|r| Reading { phase: Some(Phase::ResponseSend), ..r });
        }
        _ => return None,
    };
    say(mechanism, Some(502), token())
}

/// Messages about the client.
fn client<'a>(what: &'a str, doing: Option<Doing>) -> Option<Reading<'a>> {
    if what.contains("client prematurely closed connection, so upstream connection is closed") {
        return say(M::ClientClosed, Some(499), "client prematurely closed connection");
    }
    if let Some(rest) = what.strip_prefix("client intended to send too large ") {
        let body = rest.starts_with("body:") || rest.starts_with("chunked body:");
        let token = "client intended to send too large body";
        return body.then(|| say(M::RequestTooLarge, Some(413), token)).flatten();
    }
    // `ngx_http_process_request_line`, `ngx_http_process_request_headers`: 494 is sent as 400.
    for (words, status) in [
        ("client sent too long URI", 414),
        ("client sent too long header line", 400),
        ("client sent too large request", 400),
    ] {
        if what.starts_with(words) {
            return say(M::RequestTooLarge, Some(status), words);
        }
    }
    match doing? {
        Doing::ReadingRequest if what.starts_with("client prematurely closed connection") => {
            say(M::ClientClosed, None, "client prematurely closed connection")
                .map(|r| Reading { phase: Some(Phase::RequestRead), ..r })
        }
        Doing::ReadingRequest if what.starts_with("client timed out") => {
            say(M::ClientTimeout, Some(408), "client timed out")
        }
        _ => None,
    }
}
