//! Node.js.
pub(crate) mod fetch;
