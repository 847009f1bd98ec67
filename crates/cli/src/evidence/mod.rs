//! Configuration beside logs: found among the inputs or named, read, and introduced to what was
//! diagnosed.

mod beside;
mod products;

use model::Diagnosis;
use model::config::{Finding, System};

pub(crate) use beside::beside;

/// Lets predictions and a diagnosis refer to each other. Findings that comments silence are evidence all
/// the same.
pub(crate) fn introduce(
    system: &System,
    predicted: &mut [Finding],
    paths: Vec<String>,
    diagnosis: &mut Diagnosis,
) {
    let configuration = ::check::evidence::Configuration { system, predicted, paths };
    ::check::evidence::meet(configuration, diagnosis, &products::of);
}
