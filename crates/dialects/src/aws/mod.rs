//! AWS.
pub(crate) mod alb;
pub(crate) mod cloudtrail;
pub(crate) mod flow;
mod names;
