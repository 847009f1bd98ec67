//! AWS.
mod about;
pub(crate) mod alb;
mod flat;
pub(crate) mod flow;
mod words;
