//! What a line states about a request that failed. It seldom tells how long that took: the times are
//! -1 then, and the time stamp is the request's arrival.
//!
//! Source: "Troubleshoot a Classic Load Balancer: HTTP errors", AWS Elastic Load Balancing user
//! guide.

use model::{Failure, Mechanism as M, Phase, Side};

/// Whether the statuses alone say that nothing went wrong at or behind the load balancer.
pub(super) fn unremarkable(status: u16, behind: bool) -> bool {
    match status {
        400 | 405 | 408 | 413 | 414 => behind,
        100..=499 => true,
        _ => false,
    }
}

/// The failure of a line that is not [`unremarkable`].
pub(super) fn failure(status: u16, behind: Option<u16>) -> Failure {
    match behind {
        Some(behind) if behind == status => return Failure::of(M::StatusFromUpstream),
        // The instance's status was read, and the load balancer wrote another one.
        Some(_) if status == 504 => return Failure::of(M::ResponseStalled),
        Some(_) => return behind_it(Phase::ResponseBody),
        None => {}
    }
    match status {
        408 => Failure::of(M::ClientTimeout),
        413 | 414 => Failure::of(M::RequestTooLarge),
        400 | 405 => Failure::of(M::ClientRequestInvalid),
        // The answer could not be read as HTTP, or there was none: the line does not say which.
        502 => behind_it(Phase::ResponseHead),
        // A group without healthy instances, and a full surge queue, look alike.
        503 => Failure { phase: Some(Phase::PickTarget), ..Failure::of(M::Unspecified) },
        // An instance that closes the connection gets a 504 here, as one that is too slow does.
        504 => behind_it(Phase::ResponseWait),
        _ => Failure::of(M::Unspecified),
    }
}

/// Something behind the load balancer, and the line does not say what.
fn behind_it(phase: Phase) -> Failure {
    Failure { side: Side::Upstream, phase: Some(phase), ..Failure::of(M::Unspecified) }
}
