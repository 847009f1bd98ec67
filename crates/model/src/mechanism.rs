//! The finest coordinate: what the record says happened, in one vocabulary for all dialects.
//!
//! `ProxyError` is the field's standard word and is too coarse to tell causes apart (nginx's
//! errno 99 and errno 111 are both failures to connect); the vendors' own tokens are too many.
//! A dialect maps each token to the mechanism it states, and to no more than it states.

use crate::names::vocabulary;
use crate::{Phase, ProxyError, Side};

vocabulary! {
    /// What a record says happened to a request.
    pub enum Mechanism {
        /// The name does not exist (NXDOMAIN, ENOTFOUND).
        NameNotFound = "name-not-found",
        /// The resolver failed or did not answer (SERVFAIL, EAI_AGAIN, resolver timeout).
        NameLookupFailed = "name-lookup-failed",
        /// The address answered the SYN with a reset (ECONNREFUSED, errno 111).
        ConnectRefused = "connect-refused",
        /// The SYN was never answered (ETIMEDOUT, connect timer).
        ConnectTimeout = "connect-timeout",
        /// No route, or an ICMP unreachable (EHOSTUNREACH 113, ENETUNREACH 101).
        ConnectUnreachable = "connect-unreachable",
        /// Connecting failed and the record does not say how.
        ConnectFailed = "connect-failed",
        /// The caller had no free source port for the destination (EADDRNOTAVAIL, errno 99).
        NoLocalPort = "no-local-port",
        /// The caller was forbidden to connect (EACCES, errno 13).
        ConnectForbidden = "connect-forbidden",
        /// The unix socket's file is there and the caller may not use it (EACCES, errno 13 on a unix
        /// socket).
        SocketForbidden = "socket-forbidden",
        /// The listener's queue was full (EAGAIN, errno 11 on a unix socket).
        ListenQueueFull = "listen-queue-full",
        /// The unix socket's file does not exist (ENOENT, errno 2).
        SocketMissing = "socket-missing",
        /// A limit of the proxy itself: file descriptors, worker connections, circuit breaker.
        ProxyLimit = "proxy-limit",
        /// The request waited in the proxy's queue until its queue timer fired.
        QueueTimeout = "queue-timeout",
        /// The group of targets is empty, or the gateway found none to send to.
        NoTarget = "no-target",
        /// Every target is marked unhealthy or down.
        NoHealthyTarget = "no-healthy-target",
        /// Every target is out because of failures the proxy counted itself.
        AllTargetsEjected = "all-targets-ejected",
        /// The platform had no instance to give the request to.
        NoInstance = "no-instance",
        /// The instance that the request was to go to did not start, or was not ready.
        InstanceStartFailed = "instance-start-failed",
        /// No route or cluster matched the request.
        NoRoute = "no-route",
        /// The TLS handshake failed; the record does not say more, or only what every failure says
        /// (alert 40, handshake_failure).
        TlsHandshakeFailed = "tls-handshake-failed",
        /// The peer spoke something other than TLS ("wrong version number").
        TlsPlaintextPeer = "tls-plaintext-peer",
        /// The peer and the gateway found no common protocol, cipher or ALPN, or the peer asked for
        /// a client certificate: a TLS alert that says so.
        TlsAlert = "tls-alert",
        /// The peer did not know the server name (alert 112), or the certificate's names do not
        /// match the name the gateway used.
        TlsNameMismatch = "tls-name-mismatch",
        /// The peer's certificate is expired, self-signed or its chain is incomplete.
        TlsCertificateInvalid = "tls-certificate-invalid",
        /// The peer's certificate did not pass verification, and the record does not say whether
        /// for its names, its dates or its chain.
        TlsCertificateUnverified = "tls-certificate-unverified",
        /// The TLS handshake timed out.
        TlsTimeout = "tls-timeout",
        /// Sending the request failed because the peer had closed (EPIPE, ECONNRESET).
        RequestSendFailed = "request-send-failed",
        /// Sending the request timed out.
        RequestSendTimeout = "request-send-timeout",
        /// The peer closed the connection in order (FIN) before the first byte of a response.
        ClosedBeforeResponse = "closed-before-response",
        /// The peer reset the connection (RST) before the first byte of a response.
        ResetBeforeResponse = "reset-before-response",
        /// The connection ended before a response; the record does not say how.
        EndedBeforeResponse = "ended-before-response",
        /// The response did not begin before the reader's timer fired.
        ResponseTimeout = "response-timeout",
        /// The hop behind did not answer in time, and the record does not say whether it was the
        /// connection or the response that did not come (CloudFront's OriginCommError).
        UpstreamTimeout = "upstream-timeout",
        /// The response began and then stalled until the reader's timer fired.
        ResponseStalled = "response-stalled",
        /// The whole request ran into the platform's own limit on its duration.
        RequestDeadline = "request-deadline",
        /// The response's header section exceeds the reader's buffer or limit.
        ResponseHeaderTooLarge = "response-header-too-large",
        /// The response is not valid HTTP: status line, header syntax, framing.
        ResponseMalformed = "response-malformed",
        /// The peer speaks another protocol version (HTTP/2, gRPC, FastCGI).
        ProtocolMismatch = "protocol-mismatch",
        /// The response ended before its declared length or last chunk.
        ResponseTruncated = "response-truncated",
        /// The peer answered, or closed, before it had read the whole request.
        EarlyResponse = "early-response",
        /// The platform lost the connection to the instance, or got a malformed response: it does
        /// not say which (Cloud Run 503).
        InstanceConnectionError = "instance-connection-error",
        /// The instance was killed for its memory use while handling the request.
        InstanceOutOfMemory = "instance-out-of-memory",
        /// The function raised an error that it did not handle, or its process ended.
        FunctionError = "function-error",
        /// The function ran into the timeout that is set for it, and was ended.
        FunctionTimeout = "function-timeout",
        /// The function's answer is not of the shape its caller requires.
        FunctionResponseInvalid = "function-response-invalid",
        /// The function's answer, or the request for it, exceeds the size its caller allows.
        FunctionPayloadTooLarge = "function-payload-too-large",
        /// The function platform had no free concurrency for the call.
        FunctionThrottled = "function-throttled",
        /// The gateway was not permitted to call the function.
        FunctionDenied = "function-denied",
        /// An API gateway's own timer for its integration fired.
        IntegrationTimeout = "integration-timeout",
        /// The hop behind answered with this status itself.
        StatusFromUpstream = "status-from-upstream",
        /// The application wrote this status and the record says no more.
        StatusFromApplication = "status-from-application",
        /// The client closed before the answer was complete.
        ClientClosed = "client-closed",
        /// The client did not send its request in time.
        ClientTimeout = "client-timeout",
        /// The client's TLS handshake with this hop failed, or its certificate was refused: there
        /// was no request.
        ClientTlsFailed = "client-tls-failed",
        /// The client's request is malformed.
        ClientRequestInvalid = "client-request-invalid",
        /// The client's request exceeds a limit of the hop on its line, header or content.
        RequestTooLarge = "request-too-large",
        /// A policy or a filter of the gateway refused the request.
        Denied = "denied",
        /// A rate limit or quota of the gateway refused the request.
        Throttled = "throttled",
        /// The gateway failed for a reason of its own.
        GatewayInternal = "gateway-internal",
        /// The gateway wrote an error status and the record does not say why.
        Unspecified = "unspecified",
    }
}

impl Mechanism {
    /// Side, phase and RFC 9209 error that go with the mechanism seen from a gateway, for
    /// dialects whose records say no more than the mechanism itself.
    #[must_use]
    pub const fn usual(self) -> (Side, Option<Phase>, Option<ProxyError>) {
        use Mechanism as M;
        use Phase as P;
        use ProxyError as E;
        let (phase, error) = match self {
            M::NameNotFound => (P::Resolve, E::DnsError),
            M::NameLookupFailed => (P::Resolve, E::DnsTimeout),
            M::ConnectRefused => (P::Connect, E::ConnectionRefused),
            M::ConnectTimeout => (P::Connect, E::ConnectionTimeout),
            M::ConnectUnreachable => (P::Connect, E::DestinationIpUnroutable),
            M::ConnectFailed => (P::Connect, E::DestinationUnavailable),
            M::NoLocalPort => (P::Connect, E::ConnectionLimitReached),
            M::ConnectForbidden | M::SocketForbidden => (P::Connect, E::DestinationIpProhibited),
            M::ListenQueueFull => (P::Connect, E::ConnectionLimitReached),
            M::SocketMissing => (P::Connect, E::DestinationNotFound),
            M::ProxyLimit => return (Side::Gateway, None, Some(E::ConnectionLimitReached)),
            M::QueueTimeout => {
                return (Side::Gateway, Some(P::PickTarget), Some(E::ConnectionLimitReached));
            }
            M::NoTarget
            | M::NoHealthyTarget
            | M::AllTargetsEjected
            | M::NoInstance
            | M::InstanceStartFailed => (P::PickTarget, E::DestinationUnavailable),
            M::NoRoute => return (Side::Gateway, Some(P::Route), Some(E::DestinationNotFound)),
            M::TlsHandshakeFailed | M::TlsPlaintextPeer => (P::Tls, E::TlsProtocolError),
            M::TlsAlert => (P::Tls, E::TlsAlertReceived),
            M::TlsNameMismatch | M::TlsCertificateInvalid | M::TlsCertificateUnverified => {
                (P::Tls, E::TlsCertificateError)
            }
            M::TlsTimeout => (P::Tls, E::ConnectionTimeout),
            M::RequestSendFailed => (P::RequestSend, E::ConnectionTerminated),
            M::RequestSendTimeout => (P::RequestSend, E::ConnectionWriteTimeout),
            M::ClosedBeforeResponse
            | M::ResetBeforeResponse
            | M::EndedBeforeResponse
            | M::InstanceConnectionError
            | M::InstanceOutOfMemory => (P::ResponseWait, E::ConnectionTerminated),
            M::ResponseTimeout | M::RequestDeadline | M::FunctionTimeout => {
                (P::ResponseWait, E::HttpResponseTimeout)
            }
            M::ResponseStalled => (P::ResponseBody, E::ConnectionReadTimeout),
            M::ResponseHeaderTooLarge => (P::ResponseHead, E::HttpResponseHeaderSectionSize),
            M::ResponseMalformed | M::ProtocolMismatch => (P::ResponseHead, E::HttpProtocolError),
            M::ResponseTruncated => (P::ResponseBody, E::HttpResponseIncomplete),
            M::EarlyResponse => (P::RequestSend, E::HttpProtocolError),
            M::FunctionError => (P::ResponseWait, E::ConnectionTerminated),
            M::FunctionResponseInvalid => (P::ResponseHead, E::HttpProtocolError),
            M::FunctionPayloadTooLarge => (P::ResponseBody, E::HttpResponseBodySize),
            M::FunctionThrottled => (P::PickTarget, E::ConnectionLimitReached),
            M::FunctionDenied => (P::RequestSend, E::DestinationIpProhibited),
            M::IntegrationTimeout => (P::ResponseWait, E::HttpResponseTimeout),
            M::StatusFromUpstream | M::StatusFromApplication => {
                return (Side::Upstream, Some(P::ResponseHead), None);
            }
            M::UpstreamTimeout => return (Side::Upstream, None, None),
            M::ClientClosed => return (Side::Client, None, None),
            M::ClientTlsFailed => return (Side::Client, Some(P::Accept), None),
            M::ClientTimeout | M::ClientRequestInvalid | M::RequestTooLarge => {
                return (Side::Client, Some(P::RequestRead), Some(E::HttpRequestError));
            }
            M::Denied | M::Throttled => {
                return (Side::Gateway, Some(P::Route), Some(E::HttpRequestDenied));
            }
            M::GatewayInternal => return (Side::Gateway, None, Some(E::ProxyInternalError)),
            M::Unspecified => return (Side::Gateway, None, None),
        };
        (Side::Upstream, Some(phase), Some(error))
    }
}
