//! AWS.
pub(crate) mod alb;
pub(crate) mod flow;
