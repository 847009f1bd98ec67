//! What a line states about a request that failed: statuses first, then the three times, then the
//! age of the request.
//!
//! Source: "Troubleshoot your Application Load Balancers" and the field descriptions of the access
//! log, AWS Elastic Load Balancing user guide. The line never says whether the connection to the
//! target was a reused one.

use model::{Failure, Mechanism as M, Micros, Phase, ProxyError, Side};

use super::fields::Fields;

/// A connect attempt that lasted between these spans ran into the connect timer of 10 s.
const CONNECT_TIMER: (Micros, Micros) = (Micros::from_millis(9_500), Micros::from_millis(12_000));

/// Whether the statuses alone say that nothing went wrong at or behind the load balancer. Client
/// errors that the load balancer wrote itself are failures (the client's); those a target wrote
/// are the application's answers.
pub(super) fn unremarkable(status: u16, target_status: &[u8]) -> bool {
    match status {
        400 | 408 | 413 | 414 | 463 => target_status != b"-",
        460 | 464 => false,
        100..=499 => true,
        _ => false,
    }
}

/// The failure of a line that is not [`unremarkable`].
pub(super) fn failure(fields: &Fields<'_>, total: Option<Micros>) -> Failure {
    let status = fields.status.unwrap_or(0);
    let behind = &*fields.target_status;
    match status {
        0 | 460 => return Failure::of(M::ClientClosed),
        408 => return Failure::of(M::ClientTimeout),
        400 => return Failure::of(M::ClientRequestInvalid),
        // What is too large for a Lambda function alone has a reason code.
        413 if fields.error_reason.starts_with("Lambda") => {}
        413 | 414 | 463 => return Failure::of(M::RequestTooLarge),
        // The client's protocol version does not fit the target group's: no target was asked.
        464 => {
            let error = Some(ProxyError::HttpProtocolError);
            let phase = Some(Phase::Route);
            return Failure {
                side: Side::Gateway,
                phase,
                error,
                ..Failure::of(M::ProtocolMismatch)
            };
        }
        _ => {}
    }
    if behind == format!("{status:03}") {
        return Failure::of(M::StatusFromUpstream);
    }
    if behind != "-" {
        return after_a_response_head(status);
    }
    if let Some(failure) = stated_reason(fields.error_reason) {
        return failure;
    }
    if fields.fixed_response() {
        return Failure::of(M::Denied);
    }
    if fields.target == "-" {
        return Failure::of(match status {
            501 | 505 => M::ClientRequestInvalid,
            503 => M::NoTarget,
            561 => M::Denied,
            _ => M::Unspecified,
        });
    }
    match (status, fields.times) {
        (502, [None, None, None]) => Failure::of(M::ConnectFailed),
        // A complete set of times means that something was read and not passed on.
        (502, [_, _, Some(_)]) => unspecified_behind(Phase::ResponseHead),
        (502, _) => Failure::of(M::EndedBeforeResponse),
        (504, [None, None, None]) => Failure::of(without_dispatch(total)),
        (504, _) => Failure::of(M::ResponseTimeout),
        _ => Failure::of(M::Unspecified),
    }
}

/// 504 and no time at all: the connect timer is 10 s, the idle timer by default 60 s.
fn without_dispatch(total: Option<Micros>) -> M {
    match total {
        Some(total) if total >= CONNECT_TIMER.1 => M::ResponseTimeout,
        _ => M::ConnectTimeout,
    }
}

/// The target's status was read, and the load balancer still wrote another one.
fn after_a_response_head(status: u16) -> Failure {
    match status {
        504 => Failure::of(M::ResponseStalled),
        _ => unspecified_behind(Phase::ResponseBody),
    }
}

/// Something about the target's answer, and the line does not say what.
fn unspecified_behind(phase: Phase) -> Failure {
    Failure { side: Side::Upstream, phase: Some(phase), ..Failure::of(M::Unspecified) }
}

/// Reason codes ("Error reason codes" of the access log page). Only failures of a Lambda function,
/// an identity provider or AWS WAF have one.
fn stated_reason(reason: &str) -> Option<Failure> {
    Some(match reason {
        "-" | "" => return None,
        "LambdaInvalidResponse" => Failure::of(M::FunctionResponseInvalid),
        "LambdaResponseTooLarge" => Failure::of(M::FunctionPayloadTooLarge),
        "LambdaRequestTooLarge" => Failure {
            side: Side::Client,
            phase: Some(Phase::RequestRead),
            error: Some(ProxyError::HttpRequestError),
            ..Failure::of(M::FunctionPayloadTooLarge)
        },
        "LambdaBadRequest" => Failure::of(M::ClientRequestInvalid),
        "LambdaUnhandled" => Failure::of(M::FunctionError),
        "LambdaConnectionTimeout" => Failure::of(M::ConnectTimeout),
        "LambdaConnectionError" => Failure::of(M::ConnectFailed),
        "LambdaAccessDenied" => Failure::of(M::FunctionDenied),
        "LambdaThrottling" => Failure::of(M::FunctionThrottled),
        // Lambda could not place the function in its subnets.
        "LambdaEC2ThrottledException"
        | "LambdaENILimitReachedException"
        | "LambdaSubnetIPAddressLimitReachedException" => Failure::of(M::NoInstance),
        // The load balancer's own exception, for all its name.
        "LambdaUnhandledException" => Failure::of(M::GatewayInternal),
        other if other.starts_with("Lambda") => unspecified_behind(Phase::ResponseWait),
        // The identity provider did not answer the load balancer, or not with a token.
        other if other.starts_with("Auth") && other.contains("Request") => {
            Failure::of(M::GatewayInternal)
        }
        other if other.starts_with("Auth") => Failure::of(M::Denied),
        _ => Failure::of(M::GatewayInternal),
    })
}
