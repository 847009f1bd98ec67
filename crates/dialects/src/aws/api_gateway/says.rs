//! What API Gateway's error messages and response types state.
//!
//! Sources: "Gateway response types for API Gateway" and "Troubleshooting issues with HTTP API
//! Lambda integrations", Amazon API Gateway developer guide; "How do I resolve HTTP 502 errors from
//! API Gateway REST APIs with Lambda proxy integration", AWS re:Post.

use memchr::memmem;
use model::{Failure, Mechanism as M, Phase, ProxyError, Side};

/// Words of a message, in lower case, and what they state; the first that fit count.
const WORDS: &[(&str, M)] = &[
    ("task timed out after", M::FunctionTimeout),
    ("limit for network interfaces has been reached", M::NoInstance),
    ("customer function error", M::FunctionError),
    ("endpoint request timed out", M::IntegrationTimeout),
    ("execution failed due to a timeout error", M::IntegrationTimeout),
    ("execution failed due to an internal error", M::GatewayInternal),
    ("malformed lambda proxy response", M::FunctionResponseInvalid),
    ("doesn't match the format that api gateway expects", M::FunctionResponseInvalid),
    ("invalid permissions on lambda function", M::FunctionDenied),
    ("permission to invoke", M::FunctionDenied),
    ("permissions to call the integration", M::FunctionDenied),
    ("permissions to call the authorizer", M::FunctionDenied),
    ("lambda:invokefunction", M::FunctionDenied),
    ("lambda invocation failed with status: 429", M::FunctionThrottled),
    ("lambda invocation failed with status: 403", M::FunctionDenied),
    ("lambda invocation failed with status: 413", M::FunctionPayloadTooLarge),
    ("toomanyrequestsexception", M::FunctionThrottled),
    ("rate exceeded", M::FunctionThrottled),
    ("payload size exceeded maximum allowed", M::FunctionPayloadTooLarge),
    ("body size is too long", M::FunctionPayloadTooLarge),
    ("unknownhostexception", M::NameNotFound),
    ("connection refused", M::ConnectRefused),
    ("connect timed out", M::ConnectTimeout),
    ("connection timed out", M::ConnectTimeout),
    ("connection reset", M::ResetBeforeResponse),
    ("connection is closed", M::EndedBeforeResponse),
    ("connection closed", M::EndedBeforeResponse),
    ("network error communicating with endpoint", M::ConnectFailed),
    ("does not match the certificate subject", M::TlsNameMismatch),
    ("no subject alternative", M::TlsNameMismatch),
    ("no name matching", M::TlsNameMismatch),
    ("pkix path", M::TlsCertificateInvalid),
    ("certificate", M::TlsCertificateUnverified),
    ("sslengine problem", M::TlsHandshakeFailed),
    ("sslhandshakeexception", M::TlsHandshakeFailed),
    ("ssl handshake", M::TlsHandshakeFailed),
];

/// Settings of the API that cannot work.
const SETTINGS: [&str; 4] = [
    "invalid endpoint address",
    "output mapping refers to an invalid method response",
    "no match for output mapping",
    "unable to transform",
];

/// Longest message that is looked at: what matters stands at its beginning.
const LONGEST: usize = 2000;

/// What a message states, if anything.
pub(in crate::aws) fn message(text: &str) -> Option<Failure> {
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text[..end].to_ascii_lowercase();
    let says = |words: &str| memmem::find(text.as_bytes(), words.as_bytes()).is_some();
    if let Some((_, mechanism)) = WORDS.iter().find(|(words, _)| says(words)) {
        return Some(Failure::of(*mechanism));
    }
    SETTINGS.iter().any(|words| says(words)).then(misconfigured)
}

/// The API's own settings are at fault.
pub(in crate::aws) fn misconfigured() -> Failure {
    Failure {
        phase: Some(Phase::Route),
        error: Some(ProxyError::ProxyConfigurationError),
        ..Failure::of(M::GatewayInternal)
    }
}

/// What a gateway response type states; `None` where it says no more than its status.
pub(in crate::aws) fn response_type(name: &str) -> Option<Failure> {
    Some(match name {
        "INTEGRATION_TIMEOUT" => Failure::of(M::IntegrationTimeout),
        "INTEGRATION_FAILURE" => Failure::of(M::ConnectFailed),
        "THROTTLED" | "QUOTA_EXCEEDED" => Failure::of(M::Throttled),
        "REQUEST_TOO_LARGE" => Failure::of(M::RequestTooLarge),
        "BAD_REQUEST_BODY" | "BAD_REQUEST_PARAMETERS" | "UNSUPPORTED_MEDIA_TYPE" => {
            Failure::of(M::ClientRequestInvalid)
        }
        "API_CONFIGURATION_ERROR" => misconfigured(),
        // The function or user pool that authorises could not be asked, or failed.
        "AUTHORIZER_CONFIGURATION_ERROR" | "AUTHORIZER_FAILURE" => Failure {
            side: Side::Upstream,
            phase: Some(Phase::Route),
            ..Failure::of(M::Unspecified)
        },
        _ => return None,
    })
}
