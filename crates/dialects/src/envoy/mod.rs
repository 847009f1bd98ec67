//! Envoy and Istio: one access record, written as text or as JSON, and the event logs beside it.
mod access;
pub(crate) mod events;
mod flags;
pub(crate) mod json;
mod reply;
pub(crate) mod text;
pub(crate) use reply::local_reply;
