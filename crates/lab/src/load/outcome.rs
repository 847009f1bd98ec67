//! How a request ended: the mechanism and the phase, in RFC 9209's words where it has one.

use std::io::{self, ErrorKind};

use model::{Phase, ProxyError};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// Declares the enum with its wire names, so that JSON, `as_str` and the documentation agree.
macro_rules! outcomes {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $wire:literal, )+) => {
        /// How a request ended, seen from the client.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Outcome {
            $( $(#[doc = $doc])+ #[serde(rename = $wire)] $variant, )+
        }

        impl Outcome {
            /// Every outcome, in the order of its declaration.
            pub const ALL: &'static [Outcome] = &[ $( Outcome::$variant, )+ ];

            /// The word used on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Outcome::$variant => $wire, )+ }
            }

            /// What the word means, one line.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $( Outcome::$variant => concat!($($doc),+).trim_ascii(), )+ }
            }
        }
    };
}

outcomes! {
    /// A complete response with a status below 500.
    Success = "success",
    /// A complete response with a status of 500 or above, or one that refuses the request for its
    /// size or its rate; the report counts which.
    Status = "status",
    /// The address answered the SYN with a reset (ECONNREFUSED).
    ConnectionRefused = "connection-refused",
    /// No connection before the client's patience ended, or ETIMEDOUT while connecting.
    ConnectionTimeout = "connection-timeout",
    /// No route, or an ICMP unreachable while connecting (EHOSTUNREACH, ENETUNREACH).
    DestinationIpUnroutable = "destination-ip-unroutable",
    /// The client had no free source port for the destination (EADDRNOTAVAIL).
    NoLocalPort = "no-local-port",
    /// The client's own kernel forbade the connection (EACCES, EPERM).
    ConnectForbidden = "connect-forbidden",
    /// The client could not open a further socket (EMFILE, ENFILE).
    TooManyOpenFiles = "too-many-open-files",
    /// Connecting failed in another way.
    ConnectFailed = "connect-failed",
    /// The connection was reset (RST) before any byte of the response.
    ResetBeforeFirstByte = "reset-before-first-byte",
    /// The connection was closed (FIN) before any byte of the response.
    ClosedBeforeFirstByte = "closed-before-first-byte",
    /// The connection was reset after the response had begun and before it was complete.
    ResetAfterFirstByte = "reset-after-first-byte",
    /// The connection was closed after the response had begun and before it was complete.
    ClosedAfterFirstByte = "closed-after-first-byte",
    /// The connection broke in another way before the response was complete.
    ConnectionTerminated = "connection-terminated",
    /// Patience ended while the request was being sent.
    ConnectionWriteTimeout = "connection-write-timeout",
    /// Patience ended before the response's head was complete.
    ResponseHeadTimeout = "response-head-timeout",
    /// Patience ended before the response's content was complete.
    ResponseBodyTimeout = "response-body-timeout",
    /// What came back is not HTTP, or contradicts itself.
    HttpProtocolError = "http-protocol-error",
    /// The response's head is larger than the client accepts.
    HttpResponseHeaderSectionSize = "http-response-header-section-size",
    /// The response's content is larger than the client accepts.
    HttpResponseBodySize = "http-response-body-size",
    /// The response's chunked coding is broken.
    HttpResponseTransferCoding = "http-response-transfer-coding",
    /// The server ended this HTTP/2 stream (RST_STREAM).
    Http2StreamReset = "http2-stream-reset",
    /// The server refused this HTTP/2 stream unprocessed (RST_STREAM with REFUSED_STREAM).
    Http2StreamRefused = "http2-stream-refused",
    /// The server ended the HTTP/2 connection (GOAWAY) without answering this request.
    Http2Goaway = "http2-goaway",
    /// No complete response, and the client program does not say how.
    NoResponse = "no-response",
    /// The generator had too many requests in flight to send this one; nothing was tried.
    NotSent = "not-sent",
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl Outcome {
    /// True if the request failed: a status that says so ([`Outcome::of_status`]), or no complete
    /// response. A request
    /// that was never sent neither failed nor succeeded.
    #[must_use]
    pub const fn failed(self) -> bool {
        !matches!(self, Outcome::Success | Outcome::NotSent)
    }

    /// What a complete response with this status counts as. Of the statuses below 500, those count
    /// as failures with which a hop refuses a request for its size or its rate (RFC 9110 sections
    /// 15.5.14 and 15.5.15, RFC 6585 sections 4 and 5): a higher limit ends them.
    #[must_use]
    pub const fn of_status(status: u16) -> Outcome {
        if status >= 500 || matches!(status, 413 | 414 | 429 | 431) {
            Outcome::Status
        } else {
            Outcome::Success
        }
    }

    /// The error type of RFC 9209 section 2.3 it belongs to; `None` where there is none.
    #[must_use]
    pub const fn proxy_error(self) -> Option<ProxyError> {
        match self {
            Outcome::ConnectionRefused => Some(ProxyError::ConnectionRefused),
            Outcome::ConnectionTimeout => Some(ProxyError::ConnectionTimeout),
            Outcome::DestinationIpUnroutable => Some(ProxyError::DestinationIpUnroutable),
            Outcome::ResetBeforeFirstByte
            | Outcome::ClosedBeforeFirstByte
            | Outcome::Http2StreamReset
            | Outcome::Http2StreamRefused
            | Outcome::Http2Goaway
            | Outcome::ConnectionTerminated => Some(ProxyError::ConnectionTerminated),
            Outcome::ResetAfterFirstByte | Outcome::ClosedAfterFirstByte => {
                Some(ProxyError::HttpResponseIncomplete)
            }
            Outcome::ConnectionWriteTimeout => Some(ProxyError::ConnectionWriteTimeout),
            Outcome::ResponseHeadTimeout | Outcome::ResponseBodyTimeout => {
                Some(ProxyError::HttpResponseTimeout)
            }
            Outcome::HttpProtocolError => Some(ProxyError::HttpProtocolError),
            Outcome::HttpResponseHeaderSectionSize => {
                Some(ProxyError::HttpResponseHeaderSectionSize)
            }
            Outcome::HttpResponseBodySize => Some(ProxyError::HttpResponseBodySize),
            Outcome::HttpResponseTransferCoding => Some(ProxyError::HttpResponseTransferCoding),
            Outcome::Success
            | Outcome::Status
            | Outcome::NoLocalPort
            | Outcome::ConnectForbidden
            | Outcome::TooManyOpenFiles
            | Outcome::ConnectFailed
            | Outcome::NoResponse
            | Outcome::NotSent => None,
        }
    }

    /// What the end of patience means in this phase.
    pub(super) const fn timeout(phase: Phase) -> Outcome {
        match phase {
            Phase::RequestSend => Outcome::ConnectionWriteTimeout,
            Phase::ResponseWait | Phase::ResponseHead => Outcome::ResponseHeadTimeout,
            Phase::ResponseBody | Phase::ResponseSend => Outcome::ResponseBodyTimeout,
            _ => Outcome::ConnectionTimeout,
        }
    }

    /// What an error of `socket` or `connect` means.
    pub(super) fn of_connect(error: &io::Error) -> Outcome {
        match Errno::from_io_error(error) {
            Some(Errno::CONNREFUSED) => Outcome::ConnectionRefused,
            // The handshake had succeeded; a SYN answered with a reset is ECONNREFUSED.
            Some(Errno::CONNRESET) => Outcome::ResetBeforeFirstByte,
            Some(Errno::TIMEDOUT) => Outcome::ConnectionTimeout,
            Some(Errno::HOSTUNREACH | Errno::NETUNREACH) => Outcome::DestinationIpUnroutable,
            Some(Errno::ADDRNOTAVAIL) => Outcome::NoLocalPort,
            Some(Errno::ACCESS | Errno::PERM) => Outcome::ConnectForbidden,
            Some(Errno::MFILE | Errno::NFILE) => Outcome::TooManyOpenFiles,
            _ => Outcome::ConnectFailed,
        }
    }

    /// What an error on an open connection means, before or after the response's first byte.
    pub(super) fn of_broken(error: &io::Error, begun: bool) -> Outcome {
        match error.kind() {
            // After a reset, a write answers with EPIPE.
            ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => Outcome::reset(begun),
            ErrorKind::UnexpectedEof => Outcome::closed(begun),
            // The kernel gave up repeating what it had sent.
            ErrorKind::TimedOut if begun => Outcome::ResponseBodyTimeout,
            ErrorKind::TimedOut => Outcome::ResponseHeadTimeout,
            _ => Outcome::ConnectionTerminated,
        }
    }

    /// Reset before or after the response's first byte.
    pub(super) const fn reset(begun: bool) -> Outcome {
        if begun { Outcome::ResetAfterFirstByte } else { Outcome::ResetBeforeFirstByte }
    }

    /// Closed before or after the response's first byte.
    pub(super) const fn closed(begun: bool) -> Outcome {
        if begun { Outcome::ClosedAfterFirstByte } else { Outcome::ClosedBeforeFirstByte }
    }
}
