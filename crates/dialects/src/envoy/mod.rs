//! Envoy and Istio: one access record, written as text or as JSON.
mod access;
mod flags;
pub(crate) mod json;
pub(crate) mod text;
