//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod api_gateway;
pub(crate) mod api_gateway_execution;
pub(crate) mod clb;
pub(crate) mod cloudfront;
pub(crate) mod cloudtrail;
mod flat;
pub(crate) mod flow;
mod names;
mod words;
