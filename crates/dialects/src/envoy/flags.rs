//! Response flags, response code details and transport failure reasons, and what they state.
//!
//! Sources: Envoy documentation, "Access logging" (`%RESPONSE_FLAGS%`) and "Response code details";
//! `source/common/http/conn_manager_impl.cc` for the status of a stream that fell idle.

use model::{Author, Failure, Mechanism as M, Phase, ProxyError, Side};

use super::access::Access;

/// Short and long names of the flags that matter here (`%RESPONSE_FLAGS_LONG%`).
const LONG_NAMES: &[(&str, &str)] = &[
    ("NoHealthyUpstream", "UH"),
    ("UpstreamConnectionFailure", "UF"),
    ("UpstreamOverflow", "UO"),
    ("NoRouteFound", "NR"),
    ("UpstreamRetryLimitExceeded", "URX"),
    ("NoClusterFound", "NC"),
    ("DurationTimeout", "DT"),
    ("DownstreamConnectionTermination", "DC"),
    ("FailedLocalHealthCheck", "LH"),
    ("UpstreamRequestTimeout", "UT"),
    ("LocalReset", "LR"),
    ("UpstreamRemoteReset", "UR"),
    ("UpstreamConnectionTermination", "UC"),
    ("DelayInjected", "DI"),
    ("FaultInjected", "FI"),
    ("RateLimited", "RL"),
    ("UnauthorizedExternalService", "UAEX"),
    ("RateLimitServiceError", "RLSE"),
    ("InvalidEnvoyRequestHeaders", "IH"),
    ("StreamIdleTimeout", "SI"),
    ("DownstreamProtocolError", "DPE"),
    ("UpstreamProtocolError", "UPE"),
    ("UpstreamMaxStreamDurationReached", "UMSDR"),
    ("ResponseFromCacheFilter", "RFCF"),
    ("NoFilterConfigFound", "NFCF"),
    ("OverloadManagerTerminated", "OM"),
    ("OverloadManager", "OM"),
    ("DnsResolutionFailed", "DF"),
    ("DropOverload", "DO"),
    ("DropOverLoad", "DO"),
    ("UnconditionalDropOverload", "UDO"),
    ("DownstreamRemoteReset", "DR"),
];

/// Flags that say more than others come first: a record may carry several (`UF,URX`).
const ORDER: &[&str] = &[
    "DC", "DR", "UF", "UC", "UR", "UPE", "UT", "UH", "UO", "DF", "LR", "NC", "NR", "SI", "UMSDR",
    "DT", "DPE", "IH", "LH", "OM", "DO", "UDO", "RL", "UAEX", "RLSE", "FI", "NFCF",
];

/// Whether a word is a list of response flags or the `-` for none.
pub(super) fn are_flags(word: &str) -> bool {
    word == "-" || word.split(',').all(|flag| short(flag).is_some())
}

fn short(flag: &str) -> Option<&'static str> {
    LONG_NAMES.iter().find(|(long, short)| *long == flag || *short == flag).map(|(_, short)| *short)
}

/// Who wrote the status.
pub(super) fn author(access: &Access<'_>) -> Author {
    if begun(access) { Author::Behind } else { Author::ThisHop }
}

/// Whether a response from upstream had begun, so that its status was passed on. The status alone
/// does not tell: for gRPC, Envoy answers failures of its own with status 200.
fn begun(access: &Access<'_>) -> bool {
    const BEFORE: [&str; 3] = ["before_response_started", "response_timeout", "per_try_timeout"];
    let success = (100..400).contains(&access.code) && access.upstream_host.is_some();
    match (access.details.as_deref(), access.flags.as_deref()) {
        (Some("via_upstream"), _) => access.code != 0,
        (Some(details), _) if details.contains("after_response_started") => access.code != 0,
        (Some(details), _) => success && !BEFORE.iter().any(|word| details.contains(word)),
        (None, None | Some("DI")) => access.code != 0 && access.upstream_host.is_some(),
        // Without details only the service time, taken when the head of a response arrives, tells.
        (None, Some(_)) => success && access.service_time.is_some(),
    }
}

/// What went wrong, if anything did.
pub(super) fn failure(access: &Access<'_>) -> Option<Failure> {
    let flags = access.flags.as_deref().unwrap_or("");
    let set = |wanted: &str| flags.split(',').any(|flag| short(flag) == Some(wanted));
    let Some(flag) = ORDER.iter().find(|flag| set(flag)) else { return unflagged(access) };
    let begun = begun(access);
    let session = access.without_request() && access.code == 0;
    Some(match *flag {
        // A TCP session ends when one side closes it; only an unanswered request is cut short.
        "DC" | "DR" if session => return None,
        "DC" | "DR" => Failure::of(M::ClientClosed),
        "UF" => connect_failure(access),
        "UC" | "UR" | "LR" if session => return None,
        "UC" | "UR" | "LR" if begun => Failure::of(M::ResponseTruncated),
        "UC" => tls_failure(access).unwrap_or(Failure::of(M::EndedBeforeResponse)),
        "UR" => Failure::of(M::ResetBeforeResponse),
        // Envoy reset the stream itself: nothing says that the peer did.
        "LR" => Failure::of(M::EndedBeforeResponse),
        "UPE" => protocol_error(access),
        "UT" if begun => Failure::of(M::ResponseStalled),
        "UT" => Failure::of(M::ResponseTimeout),
        "UH" | "LH" => Failure::of(M::NoHealthyTarget),
        "UO" | "OM" | "DO" | "UDO" => Failure::of(M::ProxyLimit),
        "DF" => Failure::of(M::NameLookupFailed),
        "NR" | "NC" => Failure::of(M::NoRoute),
        "SI" => idle(access.code),
        "UMSDR" | "DT" => Failure::of(M::RequestDeadline),
        "DPE" | "IH" => Failure::of(M::ClientRequestInvalid),
        "NFCF" | "RLSE" => Failure::of(M::GatewayInternal),
        "RL" => Failure::of(M::Throttled),
        _ => Failure::of(M::Denied),
    })
}

/// The stream fell idle. The status tells how far it had come: 408 if the request was still being
/// received, 504 if it was complete; otherwise the response had begun.
fn idle(code: u16) -> Failure {
    Failure::of(match code {
        408 => M::ClientTimeout,
        504 => M::ResponseTimeout,
        _ => M::ResponseStalled,
    })
}

/// A record without a flag that means a failure. Failures that filters report have details only.
fn unflagged(access: &Access<'_>) -> Option<Failure> {
    if access.code < 500 {
        return None;
    }
    if author(access) == Author::Behind {
        // A gRPC or HTTP status that passed through, retried in vain perhaps (URX).
        return Some(Failure::of(M::StatusFromUpstream));
    }
    let details = access.details.as_deref().unwrap_or("");
    let starts = |words: &[&str]| words.iter().any(|word| details.starts_with(word));
    Some(Failure::of(if starts(&["direct_response", "rbac_access_denied", "ext_authz_denied"]) {
        M::Denied
    } else if starts(&["no_healthy_upstream"]) {
        M::NoHealthyTarget
    } else if starts(&["cluster_not_found", "route_not_found"]) {
        M::NoRoute
    } else if starts(&["upstream_response_timeout", "upstream_per_try_timeout", "response_timeout"])
    {
        M::ResponseTimeout
    } else if starts(&["overload", "upstream_reset_before_response_started{overflow}"]) {
        M::ProxyLimit
    } else if starts(&["ext_authz_error", "filter_added_invalid", "filter_removed_required"]) {
        M::GatewayInternal
    } else {
        M::Unspecified
    }))
}

/// The words that explain a failed connection, from the fields that may hold them.
fn reasons<'a>(access: &'a Access<'_>) -> impl Iterator<Item = &'a str> {
    [&access.transport, &access.details, &access.termination].into_iter().flatten().map(|t| &**t)
}

fn connect_failure(access: &Access<'_>) -> Failure {
    if let Some(failure) = tls_failure(access) {
        return failure;
    }
    let errno = reasons(access).find_map(connect_errno);
    let timed_out = || {
        reasons(access)
            .any(|text| text.contains("connection timeout") || text.contains("connection_timeout"))
    };
    Failure::of(match errno {
        Some(111) => M::ConnectRefused,
        Some(110) => M::ConnectTimeout,
        Some(101 | 113) => M::ConnectUnreachable,
        Some(99) => M::NoLocalPort,
        Some(13) if is_pipe(access) => M::SocketForbidden,
        Some(1 | 13) => M::ConnectForbidden,
        Some(11) => M::ListenQueueFull,
        Some(2) => M::SocketMissing,
        Some(23 | 24) => M::ProxyLimit,
        _ if timed_out() => M::ConnectTimeout,
        _ => M::ConnectFailed,
    })
}

/// Whether the upstream host is a path: a unix socket.
fn is_pipe(access: &Access<'_>) -> bool {
    reasons(access).any(|text| text.contains("remote_address:/"))
}

/// What Linux calls the errors of `connect()` (`strerror`), which newer versions log in place of
/// their numbers.
const ERROR_WORDS: &[(&str, u32)] = &[
    ("Connection refused", 111),
    ("Connection timed out", 110),
    ("No route to host", 113),
    ("Network is unreachable", 101),
    ("Cannot assign requested address", 99),
    ("Operation not permitted", 1),
    ("Permission denied", 13),
    ("Resource temporarily unavailable", 11),
    ("No such file or directory", 2),
    ("Too many open files in system", 23),
    ("Too many open files", 24),
];

/// The errno of `delayed connect error: 111` or of `delayed connect error: Connection refused`,
/// with blanks or, in details, underscores.
fn connect_errno(text: &str) -> Option<u32> {
    let (_, rest) =
        text.split_once("connect error:").or_else(|| text.split_once("connect_error:"))?;
    let rest = rest.trim_start_matches([' ', '_']);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok().or_else(|| {
        let words = rest.replace('_', " ");
        ERROR_WORDS.iter().find(|(start, _)| words.starts_with(start)).map(|(_, errno)| *errno)
    })
}

/// What BoringSSL's error says, if the failure is one of TLS.
fn tls_failure(access: &Access<'_>) -> Option<Failure> {
    let text = reasons(access).find(|text| {
        text.contains("TLS error") || text.contains("TLS_error") || text.contains("OPENSSL_")
    })?;
    let has = |word: &str| text.contains(word);
    Some(Failure::of(if has("WRONG_VERSION_NUMBER") {
        M::TlsPlaintextPeer
    } else if has("CERTIFICATE_VERIFY_FAILED") && names_differ(text) || has("UNRECOGNIZED_NAME") {
        M::TlsNameMismatch
    } else if has("CERTIFICATE_VERIFY_FAILED") && chain_or_date(text) {
        M::TlsCertificateInvalid
    } else if has("CERTIFICATE_VERIFY_FAILED") {
        M::TlsCertificateUnverified
    } else if has("_ALERT_") || has("CERTIFICATE_REQUIRED") {
        M::TlsAlert
    } else {
        M::TlsHandshakeFailed
    }))
}

/// Whether verification failed for the certificate's names (`verify SAN list`, `SAN matcher`).
fn names_differ(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "SAN")
}

/// Whether the text goes on with BoringSSL's word about the chain or a date, as Envoy writes it
/// since 1.27 (`X509_verify_cert: certificate verification error at depth 0: certificate has
/// expired`, blanks or underscores).
fn chain_or_date(text: &str) -> bool {
    text.contains("X509_verify_cert")
}

/// The upstream broke the protocol. Only some versions tell that its header was too large.
fn protocol_error(access: &Access<'_>) -> Failure {
    let too_large = reasons(access).any(|text| {
        text.contains("header")
            && ["too_large", "too_long", "too_many", "size_exceeded", "count_exceeded"]
                .iter()
                .any(|word| text.contains(word) || text.contains(&word.replace('_', " ")))
    });
    if too_large {
        return Failure::of(M::ResponseHeaderTooLarge);
    }
    match access.details.as_deref() {
        // A body that is cut short and one whose framing is wrong look the same: Envoy 1.40 logs
        // UPE for a connection closed before the declared length.
        Some(details) if details.contains("reset_after_response_started") => Failure {
            side: Side::Upstream,
            phase: Some(Phase::ResponseBody),
            error: Some(ProxyError::HttpProtocolError),
            ..Failure::of(M::Unspecified)
        },
        // A head that breaks HTTP and one with more fields than Envoy accepts look the same.
        _ => Failure {
            side: Side::Upstream,
            phase: Some(Phase::ResponseHead),
            error: Some(ProxyError::HttpProtocolError),
            ..Failure::of(M::Unspecified)
        },
    }
}
