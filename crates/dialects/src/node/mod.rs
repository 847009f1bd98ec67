//! Errors that applications print: Node.js calls that failed, databases that refused, processes
//! that ended.
mod about;
mod codes;
mod continues;
mod databases;
mod details;
pub(crate) mod fetch;
mod head;
mod json;
mod lifecycle;
mod source_code;
mod stamp;

pub use continues::continues;
pub(crate) use details::of_url;
pub(crate) use fetch::{Origin, read_json, read_text};
pub(crate) use head::{is_unhandled, opens_stack, short};
pub(crate) use source_code::{begins_code, is_code};
pub(crate) use stamp::{clock, leading as leading_stamp};
