//! HAProxy: its HTTP and TCP logs, and its notices about servers and itself.
mod about;
mod clf;
mod custom;
mod flags;
pub(crate) mod http;
mod line;
pub(crate) mod notice;
