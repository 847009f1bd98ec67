//! A diagnosis as JSON, in the versioned form that `schema/diagnosis.v1.schema.json` describes.

use model::Diagnosis;
use serde::Serialize;

use crate::wire;

/// The JSON Schema (2020-12) of what [`diagnosis`] writes.
pub const DIAGNOSIS_SCHEMA: &str = include_str!("../../../schema/diagnosis.v1.schema.json");

/// How a diagnosis is written as JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonOptions {
    /// Whether to show values that look like secrets or personal data.
    pub show_values: bool,
}

/// The diagnosis as one JSON document, indented, with a line break at its end. The order of keys
/// is fixed; both languages of every sentence are there.
#[must_use]
pub fn diagnosis(diagnosis: &Diagnosis, options: &JsonOptions) -> String {
    let sight = wire::Sight { show_values: options.show_values, sources: &diagnosis.sources };
    document(&wire::Diagnosis::new(diagnosis, &sight))
}

/// Writes a structure of `wire` as an indented document.
pub(crate) fn document(value: &impl Serialize) -> String {
    // The structures have string keys and finite numbers only, so that nothing can fail here.
    let mut out = serde_json::to_string_pretty(value).expect("the wire form is always JSON");
    out.push('\n');
    out
}
