//! The host under the application: kernel, service manager and audit system.
mod about;
pub(crate) mod audit;
pub(crate) mod counters;
mod netfilter;
pub(crate) mod oom;
mod prefix;
mod systemd;

pub(crate) use prefix::syslog_header;
