//! nginx.
pub(crate) mod access;
pub(crate) mod error;
pub(crate) mod format;
