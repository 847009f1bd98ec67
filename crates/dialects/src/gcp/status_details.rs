//! What the words of `statusDetails` state.
//!
//! Source: Google Cloud documentation, "Global external Application Load Balancer logging and
//! monitoring", tables of `statusDetails` success and failure messages.

use model::{Failure, Mechanism};

/// The failure that a word states whatever the status, or `None` for words of success and for
/// words that state none.
pub(super) fn failure(word: &str) -> Option<Failure> {
    use Mechanism as M;
    let mechanism = match word {
        "failed_to_connect_to_backend" => M::ConnectFailed,
        "failed_to_pick_backend" => M::NoHealthyTarget,
        "backend_connection_closed_before_data_sent_to_client" | "backend_connection_closed" => {
            M::EndedBeforeResponse
        }
        "backend_connection_closed_after_partial_response_sent" => M::ResponseTruncated,
        "backend_timeout" => M::ResponseTimeout,
        "backend_response_headers_too_long" => M::ResponseHeaderTooLarge,
        "backend_response_corrupted"
        | "invalid_chunk_framing"
        | "backend_interim_response_not_supported"
        | "error_uncompressing_gzipped_body" => M::ResponseMalformed,
        "aborted_request_due_to_backend_early_response" => M::EarlyResponse,
        "failed_to_negotiate_alpn" => M::TlsAlert,
        "ssl_certificate_san_verification_failed" => M::TlsNameMismatch,
        "ssl_certificate_chain_verification_failed" => M::TlsCertificateInvalid,
        "client_timed_out" => M::ClientTimeout,
        "headers_too_long" | "request_body_too_large" => M::RequestTooLarge,
        "body_not_allowed" => M::ClientRequestInvalid,
        "serverless_neg_routing_failed" | "config_not_found" => M::NoRoute,
        "fault_filter_abort" => M::Denied,
        "internal_error"
        | "retriable_error"
        | "request_loop_detected"
        | "service_extension_error" => M::GatewayInternal,
        "websocket_handshake_failed" => M::ProtocolMismatch,
        _ if word.starts_with("backend_early_response_") => M::EarlyResponse,
        _ if word.starts_with("server_cert_") => M::TlsCertificateInvalid,
        _ if word.starts_with("client_disconnected_") => M::ClientClosed,
        _ if word.starts_with("denied_by_") => M::Denied,
        _ if word.starts_with("throttled_by_") => M::Throttled,
        _ => return None,
    };
    Some(Failure::of(mechanism))
}

/// Whether the word says that the backend wrote the response.
pub(super) fn from_backend(word: &str) -> bool {
    word == "response_sent_by_backend"
}

/// Whether the word says nothing but that a response was delivered.
pub(super) fn unremarkable(word: &[u8]) -> bool {
    word == b"response_sent_by_backend" || word.starts_with(b"response_from_cache")
}
