//! Error codes of Node.js, undici, OpenSSL and c-ares, and the mechanism each one states.
//!
//! Sources: Node.js documentation "Errors" and "TLS", undici `lib/core/errors.js`, llhttp.

use model::Mechanism;

/// The mechanism a code states, given the message it came with. `None` for codes that are not
/// about a call that failed on the network.
pub(super) fn mechanism(code: &str, message: &str) -> Option<Mechanism> {
    use Mechanism as M;
    let says = |words: &str| message.contains(words);
    let looking_up = says("getaddrinfo ") || says("query");
    Some(match code {
        "ETIMEDOUT" | "ECONNREFUSED" | "ETIMEOUT" if looking_up => M::NameLookupFailed,
        "UND_ERR_CONNECT_TIMEOUT" => M::ConnectTimeout,
        "ETIMEDOUT" if says("read ETIMEDOUT") => M::EndedBeforeResponse,
        "ETIMEDOUT" | "ECONNABORTED" if says("timeout of ") => M::ResponseTimeout,
        "ETIMEDOUT" => M::ConnectTimeout,
        "ESOCKETTIMEDOUT" => M::ResponseTimeout,
        "ECONNREFUSED" => M::ConnectRefused,
        "ECONNRESET" if says("before secure TLS connection") => M::TlsHandshakeFailed,
        "ECONNRESET" if says("socket hang up") || says("other side closed") => {
            M::ClosedBeforeResponse
        }
        "ECONNRESET" if says("write ECONNRESET") => M::RequestSendFailed,
        "ECONNRESET" => M::ResetBeforeResponse,
        "UND_ERR_SOCKET" if says("ECONNRESET") => M::ResetBeforeResponse,
        "UND_ERR_SOCKET" if says("other side closed") => M::ClosedBeforeResponse,
        "UND_ERR_SOCKET" => M::EndedBeforeResponse,
        "EPIPE" => M::RequestSendFailed,
        "UND_ERR_HEADERS_TIMEOUT" => M::ResponseTimeout,
        "UND_ERR_BODY_TIMEOUT" => M::ResponseStalled,
        "UND_ERR_HEADERS_OVERFLOW" | "HPE_HEADER_OVERFLOW" => M::ResponseHeaderTooLarge,
        "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" => M::ResponseTruncated,
        "ENOTFOUND" | "EAI_NONAME" | "EAI_NODATA" | "ENODATA" => M::NameNotFound,
        "EAI_AGAIN" | "ESERVFAIL" | "ETIMEOUT" | "EAI_FAIL" => M::NameLookupFailed,
        "EADDRNOTAVAIL" => M::NoLocalPort,
        "EMFILE" | "ENFILE" => M::ProxyLimit,
        "EHOSTUNREACH" | "ENETUNREACH" | "EHOSTDOWN" | "ENETDOWN" => M::ConnectUnreachable,
        "EACCES" if says("connect EACCES /") => M::SocketForbidden,
        "EACCES" | "EPERM" if says("connect ") => M::ConnectForbidden,
        "ENOENT" if says("connect ") => M::SocketMissing,
        "EAGAIN" if says("connect ") => M::ListenQueueFull,
        "CERT_HAS_EXPIRED"
        | "CERT_NOT_YET_VALID"
        | "CERT_REVOKED"
        | "CERT_REJECTED"
        | "CERT_UNTRUSTED"
        | "CERT_CHAIN_TOO_LONG"
        | "CERT_SIGNATURE_FAILURE"
        | "DEPTH_ZERO_SELF_SIGNED_CERT"
        | "SELF_SIGNED_CERT_IN_CHAIN"
        | "UNABLE_TO_GET_ISSUER_CERT"
        | "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
        | "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
        | "INVALID_CA"
        | "INVALID_PURPOSE" => M::TlsCertificateInvalid,
        "ERR_TLS_CERT_ALTNAME_INVALID" | "ERR_SSL_TLSV1_UNRECOGNIZED_NAME" => M::TlsNameMismatch,
        "ERR_SSL_WRONG_VERSION_NUMBER" | "ERR_SSL_PACKET_LENGTH_TOO_LONG" => M::TlsPlaintextPeer,
        "EPROTO" if says("wrong version number") => M::TlsPlaintextPeer,
        "EPROTO" if says("unrecognized name") => M::TlsNameMismatch,
        "EPROTO" if says("alert handshake failure") => M::TlsHandshakeFailed,
        "EPROTO" if says(" alert ") => M::TlsAlert,
        "EPROTO" => M::TlsHandshakeFailed,
        "ERR_TLS_HANDSHAKE_TIMEOUT" => M::TlsTimeout,
        _ if code.ends_with("_ALERT_HANDSHAKE_FAILURE") => M::TlsHandshakeFailed,
        _ if code.starts_with("ERR_SSL_") && code.contains("_ALERT_") => M::TlsAlert,
        _ if code.starts_with("ERR_SSL_") => M::TlsHandshakeFailed,
        _ if code.starts_with("HPE_") => M::ResponseMalformed,
        _ => return None,
    })
}

/// The first word of a text that is a known code.
pub(super) fn first(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').find(|word| is_known(word))
}

/// The known code in the first `code` field of a text: `code: 'X'`, `"code":"X"`, `code=X`; or in
/// `cause: X`, `(cause: X)`, `cause X` where only a code is given as the cause.
pub(super) fn field(text: &str) -> Option<&str> {
    let after = |key: &'static str| {
        text.match_indices(key).filter_map(move |(at, _)| {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                return None;
            }
            let value =
                text[at + key.len()..].trim_start_matches(['"', '\'', ']', ' ', ':', '=', '\\']);
            let end =
                value.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(value.len());
            let word = &value[..end];
            (is_known(word)).then_some(word)
        })
    };
    after("code").next().or_else(|| after("cause").next())
}

/// Whether a word is a code that states a mechanism in any of the sentences it comes with.
fn is_known(word: &str) -> bool {
    looks_like_code(word) && mechanism(word, "connect timeout of ").is_some()
}

fn looks_like_code(word: &str) -> bool {
    word.len() >= 5
        && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        && word.starts_with(|c: char| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_fields_in_all_spellings() {
        for text in [
            "code: 'ECONNRESET',",
            r#"{"code":"ECONNRESET"}"#,
            "code=ECONNRESET",
            "fetch failed (cause: ECONNRESET)",
            "fetch failed ... cause ECONNRESET",
        ] {
            assert_eq!(field(text), Some("ECONNRESET"), "{text}");
        }
        assert_eq!(field("statuscode: ECONNRESET"), None);
        assert_eq!(field("code: 'ERR_UNKNOWN_THING'"), None);
        assert_eq!(first("read ECONNRESET at x"), Some("ECONNRESET"));
    }
}
