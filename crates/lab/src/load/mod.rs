//! The open-loop load generator: arrivals by the clock, errors by mechanism.
//!
//! A [`Plan`] says what to send and when; [`run`] sends it and returns a [`Report`]. Arrivals
//! follow the clock and never wait for answers, and a request's time counts from the moment it was
//! due, so that a server that stalls is charged for everybody who would have come meanwhile.
//! [`clients`] does the same with `ab`, `wrk`, `curl` and `h2load`, as far as they can.

mod alarm;
pub mod clients;
mod decode;
mod generator;
mod http1;
mod http2;
mod outcome;
mod plan;
mod recorder;
mod report;
mod schedule;
mod trace;
mod upload;

#[cfg(test)]
mod tests;

pub use generator::{Progress, RunError, run};
pub use outcome::Outcome;
pub use plan::{Arrivals, Ask, Plan, PlanError};
pub use report::{FailedRequest, Late, Latency, Report, Second};
