//! The host under the application: kernel and service manager.
mod about;
mod netfilter;
pub(crate) mod oom;
mod prefix;
mod systemd;

pub(crate) use prefix::syslog_header;
