//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod alb_connection;
pub(crate) mod alb_health;
pub(crate) mod api_gateway;
pub(crate) mod api_gateway_execution;
pub(crate) mod clb;
pub(crate) mod cloudfront;
pub(crate) mod cloudtrail;
pub(crate) mod ecs;
mod flat;
pub(crate) mod flow;
pub(crate) mod metrics;
mod names;
pub(crate) mod nlb;
mod words;
