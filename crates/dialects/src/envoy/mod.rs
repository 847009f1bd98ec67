//! Envoy and Istio: one access record, written as text or as JSON, and the event logs beside it.
mod about;
mod access;
pub(crate) mod events;
mod flags;
pub(crate) mod json;
pub(crate) mod text;
