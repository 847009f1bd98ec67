//! AWS.
mod about;
pub(crate) mod alb;
pub(crate) mod alb_connection;
pub(crate) mod alb_health;
pub(crate) mod clb;
pub(crate) mod cloudfront;
pub(crate) mod cloudtrail;
mod flat;
pub(crate) mod flow;
mod names;
pub(crate) mod nlb;
mod words;
