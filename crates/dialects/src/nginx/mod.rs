//! nginx.
mod about;
pub(crate) mod access;
pub(crate) mod clf;
pub(crate) mod conf;
pub(crate) mod errno;
pub(crate) mod error;
pub(crate) mod error_line;
pub(crate) mod error_reading;
pub(crate) mod fields;
pub(crate) mod format;
mod judge;
mod manager;
pub(crate) mod tail;
