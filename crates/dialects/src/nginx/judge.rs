//! What an nginx access record says about the request: who wrote the status, and in which phase it
//! failed.

use model::{Author, Failure, Mechanism, Micros, Phase};

use super::fields::{Fields, Var, is_address};
use crate::scan;

/// The record's verdict on its own request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) author: Author,
    pub(super) failure: Option<Failure>,
}

/// Judges a status from the upstream variables the line shows.
///
/// nginx sets `$upstream_status` to 502 or 504 also when the try failed without an answer
/// (`ngx_http_upstream_next`), so the number alone does not tell who wrote it. It sets
/// `$upstream_header_time` only after it has read a valid response head, and
/// `$upstream_connect_time` only after the connection, TLS included, stood
/// (`ngx_http_upstream_process_header`, `ngx_http_upstream_send_request`).
pub(super) fn judge(status: u16, fields: &Fields<'_>) -> Judgement {
    let answered = fields.last(Var::UpstreamStatus).and_then(scan::status);
    if status < 500 && status != 499 {
        let author = match answered {
            Some(behind) if behind == status => Author::Behind,
            _ if fields.states_none(Var::UpstreamStatus) => Author::ThisHop,
            _ => Author::Unknown,
        };
        return Judgement { author, failure: None };
    }
    let (author, mechanism) = match status {
        499 => (Author::ThisHop, Mechanism::ClientClosed),
        _ => failed(status, answered, fields),
    };
    let mut failure = Failure::of(mechanism);
    if started_but_unusable(fields) && mechanism == Mechanism::Unspecified {
        failure.side = model::Side::Upstream;
        failure.phase = Some(Phase::ResponseHead);
    }
    Judgement { author, failure: Some(failure) }
}

fn failed(status: u16, answered: Option<u16>, fields: &Fields<'_>) -> (Author, Mechanism) {
    use Author::{Behind, ThisHop, Unknown};
    if status == 502 && all_ejected(fields) {
        return (ThisHop, Mechanism::AllTargetsEjected);
    }
    let Some(answered) = answered else {
        let visible = fields.states_none(Var::UpstreamStatus);
        return (if visible { ThisHop } else { Unknown }, Mechanism::Unspecified);
    };
    if answered != status {
        // The response was replaced (`error_page`, `proxy_intercept_errors`).
        return (ThisHop, Mechanism::Unspecified);
    }
    if fields.last(Var::UpstreamHeaderTime).is_some() || !matches!(status, 502 | 504) {
        return (Behind, Mechanism::StatusFromUpstream);
    }
    if fields.states_none(Var::UpstreamConnectTime) {
        let mechanism = match status {
            504 => Mechanism::ConnectTimeout,
            _ => Mechanism::ConnectFailed,
        };
        return (ThisHop, mechanism);
    }
    if !fields.states_none(Var::UpstreamHeaderTime) {
        return (Unknown, Mechanism::Unspecified);
    }
    let connected = fields.last(Var::UpstreamConnectTime).is_some();
    let mechanism = match status {
        504 if connected => Mechanism::ResponseTimeout,
        502 if connected && !started_but_unusable(fields) => Mechanism::EndedBeforeResponse,
        _ => Mechanism::Unspecified,
    };
    (ThisHop, mechanism)
}

/// Bytes came but no valid response head: too large or malformed, the record does not say which.
fn started_but_unusable(fields: &Fields<'_>) -> bool {
    fields.states_none(Var::UpstreamHeaderTime)
        && fields.last(Var::UpstreamBytesReceived).is_some_and(|n| n.iter().any(|b| *b != b'0'))
}

/// Without a live peer nginx logs the group's name for the address and spends no time on the try.
fn all_ejected(fields: &Fields<'_>) -> bool {
    let took = |var| fields.last_span(var).is_some_and(|t| t > Micros::from_millis(1));
    fields.last(Var::UpstreamAddr).is_some_and(|target| !is_address(target))
        && fields.last(Var::UpstreamConnectTime).is_none()
        && fields.last(Var::UpstreamHeaderTime).is_none()
        && !took(Var::UpstreamResponseTime)
}
