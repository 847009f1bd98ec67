//! The termination state: its first character tells who ended the session, the second in which
//! phase. Source: HAProxy configuration manual, "Session state at disconnection".

use model::{Author, Failure, Mechanism as M, Phase, ProxyError, Side};

use super::line::Line;

/// Whether a line with a server and this state had its status from the server.
pub(super) fn author(line: &Line<'_>) -> Author {
    let mut state = line.tsc.bytes();
    let (cause, phase) = (state.next(), state.next());
    if line.server.is_none_or(|server| server.starts_with('<')) {
        return if line.server.is_some() { Author::ThisHop } else { Author::Unknown };
    }
    match (cause, phase) {
        // `--` is a complete session, `xD` and `xL` ended after the response had begun.
        (Some(b'-'), _) | (_, Some(b'D' | b'L')) => Author::Behind,
        _ => Author::ThisHop,
    }
}

/// What the state says went wrong; `None` for a request that was served, or answered by a rule
/// with a status below 400.
pub(super) fn failure(line: &Line<'_>) -> Option<Failure> {
    let mut state = line.tsc.bytes();
    let (cause, phase) = (state.next()?, state.next()?);
    let status = line.status.unwrap_or(0);
    let no_server = line.server.is_some_and(|server| server.starts_with('<'));
    let mechanism = match (cause, phase) {
        (b'-', _) if status < 500 => return None,
        (b'-', _) if no_server => M::Unspecified,
        (b'-', _) => M::StatusFromUpstream,
        (b'C', _) => M::ClientClosed,
        (b'c', _) => M::ClientTimeout,
        (b'S', b'C') if no_server => M::NoHealthyTarget,
        // The manual: the server "explicitly refused the TCP connection", by RST or ICMP. A TLS
        // handshake that fails is logged in the same way.
        (b'S', b'C') => M::ConnectFailed,
        (b'S', b'H') => M::EndedBeforeResponse,
        (b'S', b'D' | b'L') => M::ResponseTruncated,
        (b's', b'C') => M::ConnectTimeout,
        (b's', b'H') => M::ResponseTimeout,
        (b's', b'D' | b'L') => M::ResponseStalled,
        (b's', b'Q') => M::QueueTimeout,
        (b'P', b'C') => M::ProxyLimit,
        (b'P', b'H') => match status {
            // An invalid response, an oversized one and one denied by a rule look the same.
            502 => {
                return Some(Failure {
                    side: Side::Upstream,
                    phase: Some(Phase::ResponseHead),
                    error: Some(ProxyError::HttpProtocolError),
                    ..Failure::of(M::Unspecified)
                });
            }
            500 => M::GatewayInternal,
            400 => M::ClientRequestInvalid,
            _ => M::Denied,
        },
        (b'P', b'D') if status == 400 => M::ClientRequestInvalid,
        (b'P', b'D') => {
            return Some(Failure {
                phase: Some(Phase::ResponseBody),
                ..Failure::of(M::ResponseMalformed)
            });
        }
        (b'P', _) if status == 400 => M::ClientRequestInvalid,
        // RFC 6585 section 4: the client has sent too many requests; rules that limit rates say so.
        (b'P' | b'L', _) if status == 429 => M::Throttled,
        (b'P', _) if status >= 400 => M::Denied,
        (b'P' | b'L', _) if status < 400 => return None,
        (b'L', _) => M::Denied,
        // The manual names memory, sockets and source ports, and only a notice says which. Source
        // ports are what runs out while connecting: memory and sockets are reserved when the
        // process starts.
        (b'R', b'C') => M::NoLocalPort,
        (b'R', _) => M::ProxyLimit,
        (b'I', _) => M::GatewayInternal,
        // Ended by HAProxy itself: server marked down, backup no longer needed, administrator.
        (b'D' | b'U' | b'K', b'D' | b'L') => M::ResponseTruncated,
        (b'D' | b'U' | b'K', _) => M::EndedBeforeResponse,
        _ => M::Unspecified,
    };
    let failure = Failure::of(mechanism);
    Some(match mechanism {
        M::ClientClosed => Failure { phase: client_phase(phase), ..failure },
        M::ClientTimeout if phase != b'R' => Failure { phase: client_phase(phase), ..failure },
        _ => failure,
    })
}

/// How far the request had come when the client left or fell silent.
fn client_phase(phase: u8) -> Option<Phase> {
    Some(match phase {
        b'R' => Phase::RequestRead,
        b'Q' => Phase::PickTarget,
        b'C' => Phase::Connect,
        b'H' => Phase::ResponseWait,
        b'D' | b'L' => Phase::ResponseSend,
        _ => return None,
    })
}

/// Whether a TCP session with this state failed before it carried anything. A session that ends
/// once data flow (`CD`, `cD`, `SD`, `sD`, `--`) ended the way sessions do.
pub(super) fn session_failed(tsc: &str) -> bool {
    let mut state = tsc.bytes();
    let (cause, phase) = (state.next(), state.next());
    matches!(phase, Some(b'C' | b'Q')) || matches!(cause, Some(b'R' | b'I' | b'D' | b'K'))
}
