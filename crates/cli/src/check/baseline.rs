//! A list of findings that are known and not to be told of again: one a line, the fingerprint first.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use model::Lang;
use model::config::Checked;

const HEAD: &str =
    "# why502 baseline 1: findings that are known. Delete a line to hear of it again.";

/// Writes everything that was found.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(file: &Path, checked: &Checked) -> Result<()> {
    let mut lines: BTreeSet<String> = BTreeSet::new();
    for finding in &checked.findings {
        let name = super::name(&checked.system, finding);
        let says = finding.prediction.says.render(Lang::En).replace('\n', " ");
        lines.insert(format!("{name} {} {}", finding.cause.slug, report::mask::mask(&says)));
    }
    let mut text = format!("{HEAD}\n");
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}

/// Takes out what the file lists.
///
/// # Errors
/// If the file cannot be read or is no such list.
pub(crate) fn leave_out(file: &Path, checked: &mut Checked) -> Result<()> {
    let text = fs::read_to_string(file)
        .with_context(|| format!("the baseline {} cannot be read", file.display()))?;
    let mut known = BTreeSet::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let name = line.split_whitespace().next().unwrap_or("");
        if name.len() != 16 || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!(
                "{}:{number} is no line of a baseline: write the file again with --write-baseline",
                file.display()
            );
        }
        known.insert(name.to_owned());
    }
    let before = checked.findings.len();
    let names: Vec<String> =
        checked.findings.iter().map(|finding| super::name(&checked.system, finding)).collect();
    let mut names = names.iter();
    checked.findings.retain(|_| names.next().is_none_or(|name| !known.contains(name)));
    checked.known = before - checked.findings.len();
    Ok(())
}
