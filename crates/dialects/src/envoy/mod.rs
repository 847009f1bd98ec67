//! Envoy and Istio: one access record, written as text or as JSON, the event logs beside it,
//! and Envoy's own log.
mod about;
mod access;
pub(crate) mod events;
mod flags;
pub(crate) mod json;
pub(crate) mod log;
mod reply;
pub(crate) mod text;
pub(crate) use reply::local_reply;
