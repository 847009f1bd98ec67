//! The kernel.
pub(crate) mod oom;
