//! Traefik: its access log in both formats, and what its own log says of failed requests.
mod about;
mod access;
mod common;
pub(crate) mod log;
mod message;
