//! The words that operating systems have for failed calls, and what they state.
//!
//! Sources: POSIX `strerror`, Winsock error messages, `gai_strerror`.

use model::Mechanism;

/// The mechanism a system's words state about the opening of a connection or what came after;
/// `None` for words that are not of the system.
pub(super) fn mechanism(text: &str) -> Option<Mechanism> {
    use Mechanism as M;
    const TABLE: [(&str, Mechanism); 25] = [
        ("onnection refused", M::ConnectRefused),
        ("actively refused it", M::ConnectRefused),
        ("No route to host", M::ConnectUnreachable),
        ("etwork is unreachable", M::ConnectUnreachable),
        ("Host is unreachable", M::ConnectUnreachable),
        ("unreachable network", M::ConnectUnreachable),
        ("unreachable host", M::ConnectUnreachable),
        ("annot assign requested address", M::NoLocalPort),
        ("ddress not available", M::NoLocalPort),
        ("oo many open files", M::ProxyLimit),
        ("ame or service not known", M::NameNotFound),
        ("nodename nor servname provided", M::NameNotFound),
        ("No such host is known", M::NameNotFound),
        ("No address associated with hostname", M::NameNotFound),
        ("emporary failure in name resolution", M::NameLookupFailed),
        ("Resource temporarily unavailable", M::NameLookupFailed),
        ("getaddrinfo failed", M::NameNotFound),
        ("did not properly respond after a period of time", M::ConnectTimeout),
        ("onnection reset by peer", M::ResetBeforeResponse),
        ("onnection reset", M::ResetBeforeResponse),
        ("forcibly closed by the remote host", M::ResetBeforeResponse),
        ("roken pipe", M::RequestSendFailed),
        ("onnection timed out", M::ConnectTimeout),
        ("peration timed out", M::ConnectTimeout),
        ("onnect timed out", M::ConnectTimeout),
    ];
    TABLE.iter().find(|(words, _)| text.contains(words)).map(|(_, mechanism)| *mechanism)
}

/// What OpenSSL says of a certificate or of a handshake.
pub(super) fn openssl(text: &str) -> Option<Mechanism> {
    use Mechanism as M;
    let has = |words: &str| text.contains(words);
    let verify = has("ertificate verify failed") || has("CERTIFICATE_VERIFY_FAILED");
    Some(
        if has("ostname mismatch")
            || has("doesn't match")
            || has("hostname \"") && has("does not match")
        {
            M::TlsNameMismatch
        } else if has("certificate has expired")
            || has("certificate is not yet valid")
            || has("self-signed certificate")
            || has("self signed certificate")
            || has("unable to get local issuer certificate")
            || has("unable to get issuer certificate")
        {
            M::TlsCertificateInvalid
        } else if verify {
            M::TlsCertificateUnverified
        } else if has("WRONG_VERSION_NUMBER") || has("wrong version number") {
            M::TlsPlaintextPeer
        } else if has("UNRECOGNIZED_NAME") || has("unrecognized name") {
            M::TlsNameMismatch
        } else if has("ALERT_HANDSHAKE_FAILURE") || has("alert handshake failure") {
            M::TlsHandshakeFailed
        } else if has("_ALERT_") || has(" alert ") {
            M::TlsAlert
        } else if has("[SSL")
            || has("SSL_connect")
            || has("SSL routines")
            || has("EOF occurred in violation of protocol")
        {
            M::TlsHandshakeFailed
        } else {
            return None;
        },
    )
}
