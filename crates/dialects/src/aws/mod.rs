//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod clb;
pub(crate) mod cloudfront;
mod flat;
pub(crate) mod flow;
mod words;
