//! curl's words for what went wrong.
//!
//! Sources: <https://curl.se/libcurl/c/libcurl-errors.html> (the numbers), curl `lib/connect.c`,
//! `lib/hostip.c`, `lib/multi.c`, `lib/transfer.c`, `lib/http2.c`, `lib/vtls/openssl.c` (the words).

use model::{Mechanism as M, Micros};

use crate::scan;

/// What curl says of a request that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reason<'a> {
    pub(super) mechanism: M,
    /// Host and port that could not be reached.
    pub(super) peer: Option<(&'a str, &'a str)>,
    /// Name that could not be resolved.
    pub(super) name: Option<&'a str>,
    /// How long curl had waited.
    pub(super) waited: Option<Micros>,
    /// Status that a forward proxy, or curl's `--fail`, reports.
    pub(super) status: Option<u16>,
}

fn say(mechanism: M) -> Reason<'static> {
    Reason { mechanism, peer: None, name: None, waited: None, status: None }
}

/// Number and words of `curl: (7) Failed to connect to …`.
pub(super) fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, words) = line.strip_prefix("curl: (")?.split_once(") ")?;
    Some((scan::digits(number.as_bytes())?, words))
}

/// What `curl: (N) words` states; `None` where it is not about the network.
pub(super) fn of_number(number: u32, words: &str) -> Option<Reason<'_>> {
    if let Some(reason) = of_words(words) {
        return Some(reason);
    }
    Some(say(match number {
        5 | 6 => M::NameLookupFailed,
        7 => M::ConnectFailed,
        8 => M::ResponseMalformed,
        18 => M::ResponseTruncated,
        35 => M::TlsHandshakeFailed,
        51 | 60 => M::TlsCertificateUnverified,
        52 => M::ClosedBeforeResponse,
        55 => M::RequestSendFailed,
        56 => M::EndedBeforeResponse,
        _ => return None,
    }))
}

/// What the words alone state, with or without the number before them.
pub(super) fn of_words(words: &str) -> Option<Reason<'_>> {
    let words = words.trim();
    let starts = |start: &str| words.starts_with(start);
    if let Some(rest) = words.strip_prefix("Could not resolve host: ") {
        let name = rest.split([' ', ';']).next();
        let gone = rest.contains("Domain name not found");
        let mechanism = if gone { M::NameNotFound } else { M::NameLookupFailed };
        return Some(Reason { name, ..say(mechanism) });
    }
    if starts("Resolving timed out after ") {
        return Some(Reason { waited: waited(words), ..say(M::NameLookupFailed) });
    }
    if let Some(rest) =
        words.strip_prefix("connect to ").or(words.strip_prefix("Failed to connect to "))
    {
        return connect(rest);
    }
    if starts("Connection timed out after ") || starts("Connection timeout after ") {
        return Some(Reason { waited: waited(words), ..say(M::ConnectTimeout) });
    }
    if starts("Operation timed out after ") && words.contains(" bytes received") {
        // curl's own limit on the whole transfer; what had come by then tells how far it was.
        let nothing = words.contains(" with 0 bytes received") || words.contains(" with 0 out of ");
        let mechanism = if nothing { M::ResponseTimeout } else { M::RequestDeadline };
        return Some(Reason { waited: waited(words), ..say(mechanism) });
    }
    if starts("Operation too slow.") {
        return Some(say(M::ResponseStalled));
    }
    if starts("SSL connection timeout") {
        return Some(say(M::TlsTimeout));
    }
    if starts("Empty reply from server") {
        return Some(say(M::ClosedBeforeResponse));
    }
    if starts("Recv failure: Connection reset by peer") {
        return Some(say(M::ResetBeforeResponse));
    }
    if starts("Send failure: ") {
        return Some(say(M::RequestSendFailed));
    }
    if starts("transfer closed with ") {
        return Some(say(M::ResponseTruncated));
    }
    if starts("Received HTTP/0.9 when not allowed") || starts("Weird server reply") {
        return Some(say(M::ResponseMalformed));
    }
    if words.contains(" was not closed cleanly") && words.contains("stream ") {
        return Some(say(M::EndedBeforeResponse));
    }
    if let Some(status) = status(words) {
        return Some(Reason { status: Some(status), ..say(M::StatusFromUpstream) });
    }
    tls(words).map(say)
}

/// `10.0.0.5 port 8080 [from … port …] failed: Connection refused`, `host port 8080 after 1 ms:
/// Couldn't connect to server`.
fn connect(rest: &str) -> Option<Reason<'_>> {
    let (host, rest) = rest.split_once(" port ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (port, rest) = rest.split_at(end);
    if host.is_empty() || host.contains(' ') || port.is_empty() {
        return None;
    }
    let (_, why) = rest.split_once(": ")?;
    let mechanism = match why.trim() {
        "Connection refused" => M::ConnectRefused,
        "Connection timed out" | "Operation timed out" | "Timeout was reached" => M::ConnectTimeout,
        "No route to host" | "Network is unreachable" | "Host is down" | "Network unreachable" => {
            M::ConnectUnreachable
        }
        "Cannot assign requested address" => M::NoLocalPort,
        "Permission denied" | "Operation not permitted" => M::ConnectForbidden,
        "Couldn't connect to server" | "Could not connect to server" => M::ConnectFailed,
        _ => return None,
    };
    Some(Reason { peer: Some((host, port)), waited: waited(rest), ..say(mechanism) })
}

/// `after 5001 milliseconds`, `after 1 ms`.
fn waited(text: &str) -> Option<Micros> {
    let (_, rest) = text.split_once("after ")?;
    let (number, unit) = scan::word(rest);
    unit.starts_with('m').then(|| scan::millis(number)).flatten()
}

/// A status that stands in a message: `The requested URL returned error: 502`, `CONNECT tunnel
/// failed, response 502`, `Received HTTP code 502 from proxy after CONNECT`.
fn status(words: &str) -> Option<u16> {
    let marks = [
        "The requested URL returned error: ",
        "CONNECT tunnel failed, response ",
        "Received HTTP code ",
    ];
    let rest = marks.iter().find_map(|mark| words.strip_prefix(mark))?;
    scan::status(rest.get(..3)?.as_bytes()).filter(|status| *status >= 400)
}

fn tls(words: &str) -> Option<M> {
    let has = |part: &str| words.contains(part);
    if has("no alternative certificate subject name matches")
        || has("does not match target host name")
        || has("no alternative name matches")
    {
        return Some(M::TlsNameMismatch);
    }
    if words.starts_with("SSL certificate problem: ") {
        let known = [
            "certificate has expired",
            "certificate is not yet valid",
            "self signed certificate",
            "self-signed certificate",
            "unable to get local issuer certificate",
            "unable to get issuer certificate",
            "unable to verify the first certificate",
            "certificate revoked",
        ];
        return Some(match known.iter().any(|words| has(words)) {
            true => M::TlsCertificateInvalid,
            false => M::TlsCertificateUnverified,
        });
    }
    // OpenSSL, LibreSSL, GnuTLS and Schannel prefix their own names.
    let of_library = has("SSL routines")
        || words.starts_with("OpenSSL SSL_connect: ")
        || words.starts_with("TLS connect error: ")
        || words.starts_with("GnuTLS, handshake failed")
        || words.starts_with("gnutls_handshake() failed: ")
        || words.starts_with("schannel: failed to receive handshake");
    if !of_library {
        return None;
    }
    Some(
        if has("wrong version number") || has("unknown protocol") || has("packet length too long") {
            M::TlsPlaintextPeer
        } else if has("unrecognized name") {
            M::TlsNameMismatch
        } else if has("handshake failure") {
            M::TlsHandshakeFailed
        } else if has(" alert ") {
            M::TlsAlert
        } else {
            M::TlsHandshakeFailed
        },
    )
}
