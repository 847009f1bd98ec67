//! Apache httpd.
mod about;
pub(crate) mod access;
pub(crate) mod error;
mod error_line;
mod error_reading;
