//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod clb;
mod flat;
pub(crate) mod flow;
mod words;
