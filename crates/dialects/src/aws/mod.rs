//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod flow;
