//! Edits of several findings together: the files as they are afterwards.

use std::collections::BTreeMap;

use model::config::{Edit, FileId, Finding, System};

/// The files that change, with their new text. Edits that are not safe are left out unless `all`; of
/// edits that touch the same bytes the first is made.
#[must_use]
pub fn apply(system: &System, findings: &[Finding], all: bool) -> BTreeMap<FileId, String> {
    let mut edits: Vec<&Edit> = findings
        .iter()
        .flat_map(|finding| &finding.prediction.edits)
        .filter(|edit| all || edit.safe)
        .collect();
    edits.sort();
    edits.dedup();
    let mut out: BTreeMap<FileId, String> = BTreeMap::new();
    let mut done: BTreeMap<FileId, usize> = BTreeMap::new();
    for edit in edits {
        let old = &system.file(edit.at.file).text;
        let range = edit.at.range();
        let done = done.entry(edit.at.file).or_insert(0);
        if range.start < *done || old.get(range.clone()).is_none() {
            continue;
        }
        let new = out.entry(edit.at.file).or_default();
        new.push_str(&old[*done..range.start]);
        new.push_str(&edit.text);
        *done = range.end;
    }
    for (file, new) in &mut out {
        new.push_str(&system.file(*file).text[done[file]..]);
    }
    out
}
