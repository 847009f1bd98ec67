//! HAProxy.
pub(crate) mod http;
pub(crate) mod notice;
