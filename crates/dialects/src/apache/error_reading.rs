//! What the messages of the httpd error log say about a request. Codes are those of
//! `docs/log-message-tags` in httpd's source.

use model::{Mechanism as M, Phase};

use super::error_line::Line;
use crate::nginx::errno::{self, Errno};

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading<'a> {
    pub(super) mechanism: M,
    /// Phase, if it is another than the mechanism's usual one.
    pub(super) phase: Option<Phase>,
    pub(super) status: Option<u16>,
    pub(super) target: Option<&'a str>,
    /// The balancer, where the message names it rather than one of its members.
    pub(super) balancer: Option<&'a str>,
}

/// `APR_EGENERAL`, "Internal error (specific information not available)" (`apr_errno.h`).
const APR_GENERAL: u32 = 20_014;

/// AH01167, the first of the codes under which a balancer reports that no worker is left.
const ALL_WORKERS: u32 = 1167;

fn say<'a>(mechanism: M, status: Option<u16>, target: Option<&'a str>) -> Option<Reading<'a>> {
    Some(Reading { mechanism, phase: None, status, target, balancer: None })
}

/// Reads a line. Of the several lines httpd writes for one failing request only the one that says
/// most is read: AH01114, AH01079, AH00898, AH01067, AH00992 and AH00877 repeat what another line
/// of the same request says, and so does AH01097 where it has no error of its own.
pub(super) fn read<'a>(line: &Line<'a>) -> Option<Reading<'a>> {
    let message = line.message;
    let errno = line.errno.map(errno::of);
    match code(line)? {
        // Health checks of mod_proxy_hcheck connect under a scheme of their own.
        957 | 2454 if message.starts_with("HC") => None,
        957 | 2454 => {
            let unix = message.contains("Unix domain socket");
            let mechanism = errno.map_or(M::ConnectFailed, |e| errno::connect_failure(e, unix));
            say(mechanism, Some(503), after(message, "attempt to connect to "))
        }
        956 => match errno {
            Some(Errno::AddressNotAvailable | Errno::AddressInUse) => {
                say(M::NoLocalPort, Some(503), None)
            }
            _ => say(M::ConnectFailed, Some(503), None),
        },
        952 if errno == Some(Errno::TooManyFiles) => say(M::ProxyLimit, Some(503), None),
        940 => say(M::AllTargetsEjected, Some(503), bracketed(message, "connection for (")),
        // One message under several codes, by version and by whether a route was asked for. It does
        // not say who took the workers out: failed requests, health checks or an operator.
        ALL_WORKERS => {
            let name = message.find("balancer://").map(|at| &message[at..]);
            let balancer = name.and_then(|name| name.split([')', ' ']).next());
            let balancer = balancer.map(|name| name.trim_end_matches(':'));
            say(M::NoHealthyTarget, Some(503), None).map(|r| Reading { balancer, ..r })
        }
        1102 => {
            let mechanism = match errno {
                Some(Errno::ConnectionReset | Errno::ConnectionAborted) => M::ResetBeforeResponse,
                // mod_proxy_http answers 502 even to a timeout.
                Some(Errno::AprTimeUp) => M::ResponseTimeout,
                _ => M::EndedBeforeResponse,
            };
            say(mechanism, Some(502), after(message, "remote server "))
        }
        // mod_ssl's error for a handshake that failed, which AH02039, AH02411 or AH00898 name;
        // AH01097 without an errno repeats AH01084.
        1084 if line.errno == Some(APR_GENERAL) => None,
        1097 if line.errno.is_none() => None,
        1084 | 1097 => {
            let mechanism = match errno {
                Some(Errno::AprTimeUp | Errno::TimedOut) => M::RequestSendTimeout,
                _ => M::RequestSendFailed,
            };
            say(mechanism, None, after(message, "request body failed to "))
        }
        1095 => match errno {
            Some(Errno::AprTimeUp) => say(M::ClientTimeout, None, None),
            Some(Errno::ConnectionReset | Errno::ConnectionAborted | Errno::AprEndOfFile) => {
                say(M::ClientClosed, None, None)
                    .map(|r| Reading { phase: Some(Phase::RequestRead), ..r })
            }
            _ => None,
        },
        1106 => say(M::ResponseMalformed, Some(502), None),
        10_124 => say(M::ResponseHeaderTooLarge, None, None),
        1073 | 1074 => say(M::RequestSendFailed, Some(503), None),
        1070 => say(M::ResponseMalformed, Some(500), None),
        1068 => say(M::ProtocolMismatch, None, None),
        // EINVAL follows AH01070, which has said it already.
        1075 if line.errno == Some(22) => None,
        1075 => dispatch(message, errno),
        1110 => say(M::ResponseTruncated, None, None),
        878 => {
            let mechanism = match errno {
                Some(Errno::ConnectionReset | Errno::ConnectionAborted) => M::ResetBeforeResponse,
                Some(Errno::AprTimeUp) => M::ResponseTimeout,
                _ => M::EndedBeforeResponse,
            };
            say(mechanism, None, after(message, "response failed from "))
        }
        868 => say(M::RequestSendFailed, None, after(message, "request failed to ")),
        961 => say(M::TlsHandshakeFailed, Some(500), after(message, "ssl support for ")),
        898 => consequence(message),
        // A certificate the client sent is verified with the same words; a server's address has a
        // low port, or is called remote.
        2039 if line.remote.is_some() || line.client_port.is_none_or(|port| port < 10_000) => {
            say(M::TlsCertificateInvalid, Some(500), None)
        }
        2004 => say(M::TlsCertificateInvalid, Some(500), None),
        2005 | 2411 => say(M::TlsNameMismatch, Some(500), None),
        _ => None,
    }
}

/// AH01075, mod_proxy_fcgi's last word on a request.
fn dispatch<'a>(message: &'a str, errno: Option<Errno>) -> Option<Reading<'a>> {
    if message.contains("reading input brigade") {
        let mechanism = match errno {
            Some(Errno::AprTimeUp) => M::ClientTimeout,
            _ => M::ClientClosed,
        };
        return say(mechanism, None, None)
            .map(|r| Reading { phase: Some(Phase::RequestRead), ..r });
    }
    match errno {
        Some(Errno::AprTimeUp) => say(M::ResponseTimeout, Some(504), None),
        Some(Errno::ConnectionReset | Errno::ConnectionAborted) => {
            say(M::ResetBeforeResponse, Some(503), None)
        }
        Some(Errno::BrokenPipe) => say(M::RequestSendFailed, Some(503), None),
        _ => say(M::EndedBeforeResponse, Some(503), None),
    }
}

/// AH00898 repeats AH01102 except where nothing else is logged at the default level.
fn consequence(message: &str) -> Option<Reading<'_>> {
    if let Some(name) = after(message, "DNS lookup failure for: ") {
        return say(M::NameNotFound, None, Some(name));
    }
    if message.starts_with("Error during SSL Handshake with remote server") {
        return say(M::TlsHandshakeFailed, Some(500), None);
    }
    None
}

/// The code of a line; 2.2 has none and is told by its words.
fn code(line: &Line<'_>) -> Option<u32> {
    const WORDS: [(&str, u32); 10] = [
        (": attempt to connect to ", 957),
        (": disabled connection for (", 940),
        ("error reading status line from remote server", 1102),
        ("pass request body failed to ", 1084),
        ("DNS lookup failure for: ", 898),
        ("Error during SSL Handshake with remote server", 898),
        ("ajp_read_header: ajp_ilink_receive failed", 992),
        ("read response failed from ", 878),
        ("failed to enable ssl support for ", 961),
        ("failed to bind socket to local address", 956),
    ];
    if line.message.contains("All workers are in error state") {
        return Some(ALL_WORKERS);
    }
    line.code.or_else(|| {
        let proxy = line.message.starts_with("proxy: ") || line.module.starts_with("proxy");
        let found = WORDS.iter().find(|(words, _)| line.message.contains(words));
        found.filter(|_| proxy).map(|(_, code)| *code)
    })
}

/// The word after a mark, without the name httpd appends in parentheses.
pub(super) fn after<'a>(message: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(mark)?;
    let rest = rest.strip_prefix("Unix domain socket ").unwrap_or(rest);
    let word = rest.split([' ', ',']).next()?;
    // 2.2 prints `(null)` for an address it no longer has.
    (!word.is_empty() && !word.starts_with('(')).then_some(word)
}

/// The text between a mark, which ends in a parenthesis, and the closing one.
pub(super) fn bracketed<'a>(message: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(mark)?;
    let word = rest.split(')').next()?;
    (!word.is_empty()).then_some(word)
}
