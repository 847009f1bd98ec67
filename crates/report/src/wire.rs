//! The wire form of a diagnosis and of causes, version 1: structures of this crate's own, so that
//! a change of the model never changes what programs read by accident.
//!
//! Keys are in snake case; attributes of requests carry the names of OpenTelemetry's semantic
//! conventions. Times are RFC 3339 in UTC, spans are seconds, shares lie between 0 and 1, and
//! every sentence stands in both languages.

mod cause;
mod configuration;
mod diagnosis;
mod finding;
mod text;

pub(crate) use cause::CauseList;
pub(crate) use diagnosis::Diagnosis;
pub(crate) use text::{Sight, WireText, WireWindow};

/// Version of the wire form. Fields may be added within a version; what is there keeps its
/// meaning.
pub(crate) const SCHEMA_VERSION: &str = "1";
