//! Apache httpd.
pub(crate) mod access;
pub(crate) mod error;
