//! AWS.
pub(crate) mod alb;
pub(crate) mod api_gateway;
pub(crate) mod api_gateway_execution;
pub(crate) mod flow;
pub(crate) mod lambda;
