//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod clb;
pub(crate) mod cloudtrail;
pub(crate) mod ecs;
mod flat;
pub(crate) mod flow;
pub(crate) mod metrics;
mod names;
mod words;
