//! The bodies of answers that Envoy writes itself, as a client sees them.
//!
//! Source: Envoy `source/common/router/router.cc` (`upstream request timeout`, `no healthy upstream`,
//! `upstream connect error or disconnect/reset before headers`, `upstream max stream duration
//! reached`), `source/common/router/upstream_request.cc` and `source/common/http/utility.cc`
//! (`resetReasonToString`).

use model::{Failure, Mechanism as M};

use super::access::Access;
use super::flags;

/// What a body states, and the status Envoy sends with it.
pub(crate) fn local_reply(text: &str) -> Option<(u16, Failure)> {
    let text = text.trim();
    let (status, mechanism) = match text {
        "upstream request timeout" => (504, M::ResponseTimeout),
        "no healthy upstream" => (503, M::NoHealthyTarget),
        "upstream max stream duration reached" => (504, M::RequestDeadline),
        "DNS resolution failure" | "Dns resolution failure" => (503, M::NameLookupFailed),
        "RBAC: access denied" => (403, M::Denied),
        "local_rate_limited" => (429, M::Throttled),
        _ => return reset(text),
    };
    Some((status, Failure::of(mechanism)))
}

/// `upstream connect error or disconnect/reset before headers. reset reason: REASON`, which may go on
/// with `, transport failure reason: …`, and in which retries may be mentioned.
fn reset(text: &str) -> Option<(u16, Failure)> {
    let rest = text.strip_prefix("upstream connect error or disconnect/reset before headers.")?;
    let (_, rest) = rest.split_once("reset reason: ")?;
    reset_reason(rest)
}

/// What `REASON[, transport failure reason: …]` states, and the status Envoy answers with.
pub(super) fn reset_reason(text: &str) -> Option<(u16, Failure)> {
    let (reason, transport) = match text.split_once(", transport failure reason: ") {
        Some((reason, transport)) => (reason, Some(transport)),
        None => (text, None),
    };
    let flag = match reason.trim().trim_end_matches(['.', ',']) {
        "connection failure" | "remote connection failure" | "local connection failure" => "UF",
        "connection timeout" => return Some((503, Failure::of(M::ConnectTimeout))),
        "connection termination" => "UC",
        "remote reset" | "remote refused stream reset" => "UR",
        "local reset" | "local refused stream reset" => "LR",
        "overflow" => "UO",
        "protocol error" => "UPE",
        _ => return None,
    };
    let status = if flag == "UPE" { 502 } else { 503 };
    let access = Access {
        method: Some("GET".into()),
        code: status,
        flags: Some(flag.into()),
        transport: transport.map(Into::into),
        ..Access::default()
    };
    Some((status, flags::failure(&access)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_body_states() {
        let reset = "upstream connect error or disconnect/reset before headers.";
        for (body, expected) in [
            ("upstream request timeout".to_owned(), Some((504, M::ResponseTimeout))),
            ("no healthy upstream".to_owned(), Some((503, M::NoHealthyTarget))),
            (format!("{reset} reset reason: connection failure"), Some((503, M::ConnectFailed))),
            (
                format!(
                    "{reset} reset reason: remote connection failure, transport failure reason: \
                     delayed connect error: 111"
                ),
                Some((503, M::ConnectRefused)),
            ),
            (
                format!(
                    "{reset} retried and the latest reset reason: connection failure, transport \
                     failure reason: TLS_error:|268435703:SSL routines:OPENSSL_internal:\
                     WRONG_VERSION_NUMBER"
                ),
                Some((503, M::TlsPlaintextPeer)),
            ),
            (
                format!("{reset} reset reason: connection termination"),
                Some((503, M::EndedBeforeResponse)),
            ),
            (format!("{reset} reset reason: overflow"), Some((503, M::ProxyLimit))),
            (format!("{reset} reset reason: protocol error"), Some((502, M::Unspecified))),
            (format!("{reset} reset reason: something new"), None),
            ("upstream".to_owned(), None),
        ] {
            let found = local_reply(&body).map(|(status, failure)| (status, failure.mechanism));
            assert_eq!(found, expected, "{body}");
        }
    }
}
