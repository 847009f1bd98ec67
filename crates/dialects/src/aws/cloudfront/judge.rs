//! What a row states about a request that failed: its result types first, then the status.
//!
//! Source: "Standard logging reference" (x-edge-result-type, x-edge-response-result-type,
//! x-edge-detailed-result-type) and "Edge function logs", Amazon CloudFront developer guide.

use model::{Author, Failure, Mechanism as M, Micros, Phase, ProxyError, Side};

/// The longest that three attempts to connect can take: the timer of one is 10 s at most ("Connection
/// timeout"). What went on for longer had a connection.
const CONNECTING: Micros = Micros::from_millis(31_000);

/// What is answered sooner comes from the cache, error responses too: no origin was asked.
const CACHED: Micros = Micros::from_millis(3);

/// What a row says of its request's end.
pub(super) struct Outcome<'r> {
    /// Status sent to the viewer, 0 where the viewer had gone before.
    pub(super) status: u16,
    /// How the response was classified when it was finished.
    pub(super) result: &'r [u8],
    /// How it was classified before it was sent.
    pub(super) response_result: &'r [u8],
    /// What kind of error it was; empty in logs without the field.
    pub(super) detailed: &'r [u8],
    /// The whole request.
    pub(super) taken: Option<Micros>,
    /// Whether the origin began to answer, where that is logged.
    pub(super) origin_began: bool,
}

impl<'r> Outcome<'r> {
    /// The word that says most.
    pub(super) fn word(&self) -> &'r [u8] {
        if self.detailed.is_empty() { self.result } else { self.detailed }
    }

    /// What went wrong, if anything did.
    pub(super) fn failure(&self) -> Option<Failure> {
        if self.status == 0 {
            return Some(Failure::of(M::ClientClosed));
        }
        let server_error = self.status >= 500;
        // The status line had been sent before the rest went wrong.
        let begun = self.status < 400;
        Some(match self.word() {
            b"OriginDnsError" => {
                Failure { error: Some(ProxyError::DnsError), ..Failure::of(M::NameLookupFailed) }
            }
            // Opening the TCP connection or the TLS handshake in it.
            b"OriginConnectError" => Failure::of(M::ConnectFailed),
            b"OriginCommError" => self.timeout(begun),
            b"OriginReadError" if begun => unspecified_behind(Some(Phase::ResponseBody)),
            b"OriginReadError" => Failure::of(M::EndedBeforeResponse),
            b"OriginWriteError" => Failure::of(M::RequestSendFailed),
            b"OriginHeaderTooBigError" => Failure::of(M::ResponseHeaderTooLarge),
            b"OriginInvalidResponseError" | b"OriginContentRangeLengthError" => {
                Failure::of(M::ResponseMalformed)
            }
            b"OriginZeroSizeObjectError" => unspecified_behind(Some(Phase::ResponseBody)),
            b"AbortedOrigin" | b"SlowReaderOriginError" => unspecified_behind(None),
            b"OriginError" if server_error => Failure::of(M::StatusFromUpstream),
            b"ClientCommError" | b"ClientHungUpRequest" if !server_error => {
                Failure::of(M::ClientClosed)
            }
            b"InvalidRequest"
            | b"InvalidRequestHeader"
            | b"InvalidRequestMethod"
            | b"InvalidRequestCertificate" => Failure::of(match self.status {
                413 | 414 | 431 | 494 => M::RequestTooLarge,
                _ => M::ClientRequestInvalid,
            }),
            // Refusals are answers, unless an error page turned them into something else.
            b"InvalidRequestBlocked" | b"ClientGeoBlocked" if server_error => {
                Failure::of(M::Denied)
            }
            b"LimitExceeded" => Failure::of(M::Throttled),
            b"CapacityExceeded" => Failure::of(M::ProxyLimit),
            b"LambdaExecutionError" | b"FunctionExecutionError" => Failure::of(M::FunctionError),
            b"LambdaValidationError" => Failure::of(M::FunctionResponseInvalid),
            b"LambdaLimitExceeded" | b"FunctionThrottledError" => Failure::of(M::FunctionThrottled),
            b"LambdaGeneratedResponse"
            | b"FunctionGeneratedResponse"
            | b"MissGeneratedResponse"
                if server_error =>
            {
                Failure::of(M::StatusFromApplication)
            }
            // Every error of CloudFront's own making has a word of its own: what is left came from
            // the origin, or out of the cache. That is an inference, so the author stays unknown.
            b"Error" if server_error && !self.detailed.is_empty() && !self.is_cached() => {
                Failure::of(M::StatusFromUpstream)
            }
            // An error although all was well when the response was about to be sent.
            b"Error" if begun || self.was_well() => Failure::of(M::ClientClosed),
            b"Miss" if server_error => Failure::of(M::StatusFromUpstream),
            b"OriginShieldHit" if server_error => Failure::of(M::Unspecified),
            // A word that is not documented yet still says whose fault it is.
            word if server_error && word.starts_with(b"Origin") => unspecified_behind(None),
            _ if server_error => Failure::of(M::Unspecified),
            _ => return None,
        })
    }

    /// A timer fired while CloudFront was connecting to the origin, or reading from it.
    fn timeout(&self, begun: bool) -> Failure {
        if begun || self.origin_began {
            return Failure::of(M::ResponseStalled);
        }
        match self.taken {
            Some(taken) if taken > CONNECTING => Failure::of(M::ResponseTimeout),
            _ => Failure::of(M::UpstreamTimeout),
        }
    }

    fn is_cached(&self) -> bool {
        self.taken.is_some_and(|taken| taken < CACHED)
    }

    fn was_well(&self) -> bool {
        !matches!(self.response_result, b"" | b"Error")
    }

    /// Who wrote the status.
    pub(super) fn author(&self, failure: Option<&Failure>) -> Author {
        match self.word() {
            b"OriginError" | b"Miss" => Author::Behind,
            b"Error"
            | b"RefreshHit"
            | b"OriginShieldHit"
            | b""
            | b"AbortedOrigin"
            | b"SlowReaderOriginError" => Author::Unknown,
            _ if failure.is_some_and(|f| f.mechanism == M::ClientClosed) => Author::Unknown,
            // The origin's own status line had been passed on.
            word if word.starts_with(b"Origin") && self.status < 400 => Author::Behind,
            _ => Author::ThisHop,
        }
    }
}

/// Something about the origin or its answer, and the row does not say what.
fn unspecified_behind(phase: Option<Phase>) -> Failure {
    Failure { side: Side::Upstream, phase, ..Failure::of(M::Unspecified) }
}
