//! Error texts of Go's network libraries, which Caddy, Traefik and every proxy and client written
//! in Go print as they are, and the mechanism each one states.
//!
//! Sources, all of the Go standard library: `net/net.go` and `net/dnsclient.go` (`OpError`,
//! `DNSError`), `net/http/transport.go`, `crypto/tls/alert.go`, `crypto/x509/verify.go`, and
//! `net/http/h2_bundle.go` for HTTP/2.

use model::{Failure, Mechanism as M, Micros, Phase, Reuse};

use crate::scan;

/// What an error text states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GoError<'t> {
    /// Seen from the program that made the call: a proxy and its upstream.
    pub(crate) failure: Failure,
    /// The peer, `address:port` or the path of a unix socket, where the text names it.
    pub(crate) peer: Option<&'t str>,
    /// The name that was looked up, without its port.
    pub(crate) name: Option<&'t str>,
}

/// Reads an error text: the outermost words may be anybody's (`Get "http://…": `), the innermost
/// are the library's. `None` if the text states nothing about a call on the network.
pub(crate) fn read(text: &str) -> Option<GoError<'_>> {
    let text = text.trim();
    let mut failure = Failure::of(mechanism(text)?);
    match failure.mechanism {
        M::ClientClosed if text.contains("dial ") => failure.phase = Some(Phase::Connect),
        // The client's own timer covers everything from the lookup to the last byte of the head.
        M::ResponseTimeout if text.contains("Client.Timeout exceeded") => failure.phase = None,
        M::ClosedBeforeResponse if text.contains("server closed idle connection") => {
            failure.reuse = Reuse::Reused;
        }
        _ => {}
    }
    Some(GoError { failure, peer: peer(text), name: name(text) })
}

impl GoError<'_> {
    /// The failure, where it is known that the caller could still write a status of its own: then
    /// no whole head of a response had come, whatever broke off.
    pub(crate) fn before_response(&self) -> Failure {
        match self.failure.mechanism {
            M::ResponseTruncated => Failure::of(M::EndedBeforeResponse),
            M::ResponseStalled => Failure::of(M::ResponseTimeout),
            _ => self.failure,
        }
    }
}

/// The words of an error without what differs from request to request: its last part, up to the
/// first address, number, name or quotation.
pub(crate) fn token(text: &str) -> &str {
    let last = text.trim().rsplit(": ").next().unwrap_or(text);
    let varies = |word: &str| {
        let name = word.trim_end_matches(',');
        !name.starts_with("(Client.")
            && (word.starts_with(['"', '\'', '/', '{'])
                || name.bytes().any(|b| b.is_ascii_digit())
                || name.trim_matches('.').contains('.'))
    };
    let mut end = 0;
    for word in last.split(' ') {
        if varies(word) {
            break;
        }
        end += word.len() + 1;
    }
    let kept = last.get(..end.saturating_sub(1).min(last.len())).unwrap_or(last);
    if kept.is_empty() { "error" } else { &kept[..kept.floor_char_boundary(120)] }
}

/// A span as Go prints it (`time.Duration`): `1m2.5s`, `247ms`, `35.6µs`. What is below a
/// microsecond is cut off.
pub(crate) fn duration(text: &str) -> Option<Micros> {
    const UNITS: [(&str, i128); 8] = [
        ("ns", 1),
        ("µs", 1_000),
        ("μs", 1_000),
        ("us", 1_000),
        ("ms", 1_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
    ];
    let mut nanos: i128 = 0;
    let mut rest = text;
    for _ in 0..4 {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at(end);
        let (unit, size) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        let millionths = scan::seconds(number.as_bytes())?.0;
        nanos += i128::from(millionths) * size / 1_000_000;
        rest = &after[unit.len()..];
        if rest.is_empty() {
            return i64::try_from(nanos / 1_000).ok().map(Micros);
        }
    }
    None
}

fn mechanism(text: &str) -> Option<M> {
    let has = |words: &str| text.contains(words);
    if has("lookup ") && (has("dial tcp: ") || has(": lookup ") || text.starts_with("lookup ")) {
        return lookup(text);
    }
    // Nobody was called: the program that reports it had nobody to call.
    if has("no upstreams available") || has("no available server") {
        return Some(M::NoTarget);
    }
    if has("too many open files") {
        return Some(M::ProxyLimit);
    }
    if let Some(mechanism) = tls(text) {
        return Some(mechanism);
    }
    if let Some(at) = text.find("dial ")
        && let Some(mechanism) = dial(&text[at + "dial ".len()..])
    {
        return Some(mechanism);
    }
    response(text).or_else(|| open_connection(text))
}

/// `lookup NAME on SERVER:53: no such host`.
fn lookup(text: &str) -> Option<M> {
    let has = |words: &str| text.contains(words);
    if has("no such host") {
        return Some(M::NameNotFound);
    }
    let failed = has("server misbehaving")
        || has("i/o timeout")
        || has("Temporary failure in name resolution")
        || has("connection refused")
        || has("cannot unmarshal DNS message")
        || has("no route to host")
        || has("network is unreachable")
        || has("lame referral");
    if failed {
        return Some(M::NameLookupFailed);
    }
    (has("context canceled") || has("operation was canceled")).then_some(M::ClientClosed)
}

/// What follows `dial `: `tcp ADDRESS: connect: connection refused`, `unix PATH: connect: …`.
fn dial(rest: &str) -> Option<M> {
    let (network, rest) = rest.split_once(' ')?;
    let unix = match network.trim_end_matches(':') {
        "tcp" | "tcp4" | "tcp6" => false,
        "unix" => true,
        _ => return None,
    };
    let has = |words: &str| rest.contains(words);
    Some(if has("connection refused") || has("actively refused it") {
        M::ConnectRefused
    } else if has("cannot assign requested address") || has("address already in use") {
        M::NoLocalPort
    } else if has("i/o timeout") || has("connection timed out") || has("connected host has failed")
    {
        M::ConnectTimeout
    } else if has("no route to host")
        || has("network is unreachable")
        || has("host is down")
        || has("unreachable network")
        || has("unreachable host")
    {
        M::ConnectUnreachable
    } else if has("permission denied") && unix {
        M::SocketForbidden
    } else if has("permission denied") || has("operation not permitted") {
        M::ConnectForbidden
    } else if has("no such file or directory") && unix {
        M::SocketMissing
    } else if has("resource temporarily unavailable") && unix {
        M::ListenQueueFull
    } else if has("context canceled") || has("operation was canceled") {
        M::ClientClosed
    } else if has("context deadline exceeded") {
        M::ConnectTimeout
    } else if has(": connect: ") {
        M::ConnectFailed
    } else {
        return None;
    })
}

fn tls(text: &str) -> Option<M> {
    let has = |words: &str| text.contains(words);
    if has("server gave HTTP response to HTTPS client")
        || has("first record does not look like a TLS handshake")
    {
        return Some(M::TlsPlaintextPeer);
    }
    if has("TLS handshake timeout") {
        return Some(M::TlsTimeout);
    }
    if let Some(at) = text.find("x509: ") {
        return Some(certificate(&text[at + "x509: ".len()..]));
    }
    if let Some(at) = text.find("remote error: tls: ") {
        return Some(match &text[at + "remote error: tls: ".len()..] {
            alert if alert.starts_with("unrecognized name") => M::TlsNameMismatch,
            alert if alert.starts_with("handshake failure") => M::TlsHandshakeFailed,
            _ => M::TlsAlert,
        });
    }
    let handshake = text.find("tls: ").map(|at| &text[at + "tls: ".len()..])?;
    // A record that breaks the protocol once the connection is up is no failed handshake.
    let later = ["use of closed connection", "bad record MAC", "received unexpected"];
    if later.iter().any(|words| handshake.starts_with(words)) {
        return Some(M::EndedBeforeResponse);
    }
    Some(if handshake.starts_with("failed to verify certificate") {
        M::TlsCertificateUnverified
    } else if handshake.starts_with("server selected unsupported protocol version")
        || handshake.starts_with("no supported versions")
    {
        M::TlsAlert
    } else {
        M::TlsHandshakeFailed
    })
}

/// What `crypto/x509` has against a certificate.
fn certificate(complaint: &str) -> M {
    let about = |words: &[&str]| words.iter().any(|words| complaint.contains(words));
    if about(&["is valid for ", "is not valid for any names", "any IP SANs", "Common Name field"]) {
        M::TlsNameMismatch
    } else if about(&[
        "expired or is not yet valid",
        "signed by unknown authority",
        "not standards compliant",
        "certificate is not trusted",
        "not authorized to sign",
        "self-signed",
        "self signed",
        "revoked",
    ]) {
        M::TlsCertificateInvalid
    } else {
        M::TlsCertificateUnverified
    }
}

/// What the reader of a response complains about.
fn response(text: &str) -> Option<M> {
    let has = |words: &str| text.contains(words);
    if has("timeout awaiting response headers") || has("exceeded while awaiting headers") {
        return Some(M::ResponseTimeout);
    }
    if has("cancellation while reading body") {
        return Some(M::ResponseStalled);
    }
    if has("server response headers exceeded") || has("response header list larger than") {
        return Some(M::ResponseHeaderTooLarge);
    }
    if let Some(at) = text.find("malformed HTTP response \"") {
        // A TLS alert, or the settings an HTTP/2 server opens with: Go quotes the first bytes.
        let bytes = &text[at + "malformed HTTP response \"".len()..];
        let other =
            ["\\x15\\x03", "\\x00\\x00\\x12\\x04", "\\x00\\x00\\x18\\x04", "\\x00\\x00\\x06"];
        let other = other.iter().any(|start| bytes.starts_with(start));
        return Some(if other { M::ProtocolMismatch } else { M::ResponseMalformed });
    }
    let malformed = ["malformed HTTP ", "malformed MIME header", "malformed chunked encoding"]
        .iter()
        .any(|words| has(words))
        || has("invalid header field name \"")
        || has("too many transfer encodings")
        || has("unsupported transfer encoding")
        || has("bad Content-Length \"");
    malformed.then_some(M::ResponseMalformed)
}

/// How a connection that was open ended.
fn open_connection(text: &str) -> Option<M> {
    let has = |words: &str| text.contains(words);
    let writing = has("write tcp ") || has("write unix ") || has(": write: ");
    let reading = has("read tcp ") || has("read unix ") || has(": read: ");
    if has("client disconnected") {
        return Some(M::ClientClosed);
    }
    if has("connection reset by peer") || has("forcibly closed by the remote host") {
        return Some(if writing { M::RequestSendFailed } else { M::ResetBeforeResponse });
    }
    if has("broken pipe") {
        return Some(M::RequestSendFailed);
    }
    if has("server closed idle connection") {
        return Some(M::ClosedBeforeResponse);
    }
    if has("GOAWAY") || has("http2: client connection lost") {
        return Some(M::EndedBeforeResponse);
    }
    if has("stream error: stream ID ") && has("received from peer") {
        return Some(M::ResetBeforeResponse);
    }
    // `readfrom tcp` copies the client's content to the upstream: which of the two sides stood still
    // is not said.
    if has("i/o timeout") && (reading || writing) {
        return Some(if writing { M::RequestSendTimeout } else { M::ResponseTimeout });
    }
    if has("connection timed out") && reading {
        return Some(M::EndedBeforeResponse);
    }
    if has("use of closed network connection") {
        return Some(M::EndedBeforeResponse);
    }
    if ends_with_word(text, "context canceled") || has("request canceled") {
        return Some(M::ClientClosed);
    }
    if ends_with_word(text, "context deadline exceeded") {
        return Some(M::RequestDeadline);
    }
    if ends_with_word(text, "unexpected EOF") {
        return Some(M::ResponseTruncated);
    }
    ends_with_word(text, "EOF").then_some(M::ClosedBeforeResponse)
}

/// Whether a text is these words, or ends with them behind a colon as wrapped errors do.
fn ends_with_word(text: &str, words: &str) -> bool {
    text.strip_suffix(words).is_some_and(|before| before.is_empty() || before.ends_with(": "))
}

/// The address of `dial tcp ADDRESS: …`, of `read tcp OWN->ADDRESS: …`, of `dial unix PATH: …`.
fn peer(text: &str) -> Option<&str> {
    for start in ["dial tcp ", "dial tcp4 ", "dial tcp6 ", "dial unix "] {
        if let Some((_, rest)) = text.split_once(start) {
            // The local address comes first where one is bound: `dial tcp OWN->ADDRESS: …`.
            let word = rest.split(": ").next()?;
            let word = word.rsplit_once("->").map_or(word, |(_, peer)| peer);
            return is_address(word).then_some(word);
        }
    }
    let (_, rest) = text.split_once("->")?;
    let word = rest.split(": ").next()?;
    is_address(word).then_some(word)
}

fn is_address(word: &str) -> bool {
    let port = word.rsplit_once(':').map(|(_, port)| port);
    let numbered = port.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    !word.contains(' ') && (numbered || word.starts_with('/') || word.starts_with('@'))
}

/// NAME of `lookup NAME on SERVER: …` and of `lookup NAME: …`.
fn name(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("lookup ")?;
    let word = rest.split([' ', ':']).next()?;
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_text_states() {
        for (text, expected) in [
            ("dial tcp 10.0.0.5:8080: connect: connection refused", M::ConnectRefused),
            ("dial tcp 10.0.0.5:8080: i/o timeout", M::ConnectTimeout),
            ("dial tcp 10.0.0.5:8080: connect: connection timed out", M::ConnectTimeout),
            ("dial tcp 10.0.0.5:8080: connect: no route to host", M::ConnectUnreachable),
            ("dial tcp 10.0.0.5:8080: connect: network is unreachable", M::ConnectUnreachable),
            ("dial tcp 10.0.0.5:8080: connect: cannot assign requested address", M::NoLocalPort),
            ("dial tcp 10.0.0.5:8080: socket: too many open files", M::ProxyLimit),
            ("dial tcp 10.0.0.5:8080: operation was canceled", M::ClientClosed),
            ("dial tcp 10.0.0.5:8080: connect: invalid argument", M::ConnectFailed),
            ("dial unix /run/app.sock: connect: no such file or directory", M::SocketMissing),
            ("dial unix /run/app.sock: connect: permission denied", M::SocketForbidden),
            ("dial tcp: lookup app on 10.96.0.10:53: no such host", M::NameNotFound),
            ("dial tcp: lookup app on 10.96.0.10:53: server misbehaving", M::NameLookupFailed),
            (
                "dial tcp: lookup app on 10.96.0.10:53: read udp 10.1.0.4:40000->10.96.0.10:53: i/o timeout",
                M::NameLookupFailed,
            ),
            ("EOF", M::ClosedBeforeResponse),
            ("Get \"http://10.0.0.5/\": EOF", M::ClosedBeforeResponse),
            ("http: server closed idle connection", M::ClosedBeforeResponse),
            ("unexpected EOF", M::ResponseTruncated),
            (
                "read tcp 10.0.0.1:40000->10.0.0.5:8080: read: connection reset by peer",
                M::ResetBeforeResponse,
            ),
            ("write tcp 10.0.0.1:40000->10.0.0.5:8080: write: broken pipe", M::RequestSendFailed),
            ("context canceled", M::ClientClosed),
            ("context deadline exceeded", M::RequestDeadline),
            (
                "Get \"http://10.0.0.5/\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                M::ResponseTimeout,
            ),
            ("net/http: timeout awaiting response headers", M::ResponseTimeout),
            ("net/http: TLS handshake timeout", M::TlsTimeout),
            ("http: server gave HTTP response to HTTPS client", M::TlsPlaintextPeer),
            ("tls: first record does not look like a TLS handshake", M::TlsPlaintextPeer),
            (
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
                M::TlsCertificateInvalid,
            ),
            ("x509: certificate is valid for a.example, not b.example", M::TlsNameMismatch),
            (
                "x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs",
                M::TlsNameMismatch,
            ),
            ("remote error: tls: handshake failure", M::TlsHandshakeFailed),
            ("remote error: tls: unrecognized name", M::TlsNameMismatch),
            ("remote error: tls: bad certificate", M::TlsAlert),
            (
                "net/http: HTTP/1.x transport connection broken: malformed HTTP response \"\\x15\\x03\\x01\\x00\\x02\\x02\"",
                M::ProtocolMismatch,
            ),
            (
                "net/http: HTTP/1.x transport connection broken: malformed HTTP status code \"abc\"",
                M::ResponseMalformed,
            ),
            (
                "net/http: HTTP/1.x transport connection broken: net/http: server response headers exceeded 10485760 bytes; aborted",
                M::ResponseHeaderTooLarge,
            ),
            ("no upstreams available", M::NoTarget),
            ("accept tcp [::]:80: accept4: too many open files", M::ProxyLimit),
        ] {
            assert_eq!(read(text).map(|e| e.failure.mechanism), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_failed_call() {
        for text in ["", "EOFS", "user lookup done", "permission denied", "invalid token", "dial x"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn tokens() {
        for (text, expected) in [
            ("dial tcp 10.0.0.5:80: connect: connection refused", "connection refused"),
            ("dial tcp 10.0.0.5:80: i/o timeout", "i/o timeout"),
            ("x509: certificate is valid for a.example, not b", "certificate is valid for"),
            ("EOF", "EOF"),
            ("malformed HTTP response \"\\x15\"", "malformed HTTP response"),
            ("10.0.0.5", "error"),
            ("", ""),
        ] {
            assert_eq!(token(text), if expected.is_empty() { "error" } else { expected }, "{text}");
        }
    }

    #[test]
    fn spans() {
        for (text, micros) in [
            ("247ms", 247_000),
            ("0ms", 0),
            ("0s", 0),
            ("35.6µs", 35),
            ("1m2.5s", 62_500_000),
            ("1h0m0s", 3_600_000_000),
            ("900ns", 0),
            ("1500ns", 1),
        ] {
            assert_eq!(duration(text), Some(Micros(micros)), "{text}");
        }
        for bad in ["", "12", "ms", "-3ms", "3x", "1.2.3s", "99999999999999999999s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn peers_and_names() {
        let peer = |text| read(text).and_then(|e| e.peer);
        assert_eq!(peer("dial tcp [::1]:8080: connect: connection refused"), Some("[::1]:8080"));
        assert_eq!(peer("dial unix /run/a.sock: connect: permission denied"), Some("/run/a.sock"));
        assert_eq!(
            peer("read tcp 10.0.0.1:40000->10.0.0.5:8080: read: connection reset by peer"),
            Some("10.0.0.5:8080")
        );
        let lookup = read("dial tcp: lookup app.internal on 10.96.0.10:53: no such host").unwrap();
        assert_eq!((lookup.peer, lookup.name), (None, Some("app.internal")));
    }
}
