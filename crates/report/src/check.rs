//! What `check` found, as text with excerpts, and in the forms that other programs read: JSON,
//! SARIF, JUnit, and the annotations of GitHub Actions.

mod excerpt;
mod github;
mod happened;
mod json;
mod junit;
mod places;
mod sarif;
mod text;

use model::config::{Checked, Finding};

pub use github::github;
pub use json::{CHECK_SCHEMA, json};
pub use junit::junit;
pub use sarif::sarif;
pub use text::{CheckText, text};

/// What every form needs beside the findings: a name for each that stays the same from run to run.
#[derive(Clone, Copy)]
pub struct Names<'n> {
    /// The fingerprint of a finding.
    pub fingerprint: &'n dyn Fn(&Finding) -> String,
}

impl std::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

/// How many findings edits of the files would end: safe ones alone, and not without others.
fn fixable(checked: &Checked) -> (usize, usize) {
    let edits = checked.findings.iter().map(|finding| &finding.prediction.edits);
    let fixable: Vec<_> = edits.filter(|edits| !edits.is_empty()).collect();
    let safe = fixable.iter().filter(|edits| edits.iter().all(|edit| edit.safe)).count();
    (safe, fixable.len() - safe)
}
