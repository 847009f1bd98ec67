//! AWS.
pub(crate) mod alb;
