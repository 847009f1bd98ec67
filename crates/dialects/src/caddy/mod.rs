//! Caddy: access log, error log, and what the reverse proxy tells of its upstreams.
mod about;
mod entry;
mod glance;
pub(crate) mod log;
mod version1;
