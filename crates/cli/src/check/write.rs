//! Edits: as a diff, or into the files.

use std::fs;

use anyhow::{Context, Result, bail};
use model::config::Checked;
use similar::TextDiff;

use super::gather::Gathered;

/// The safe edits, or all of them, as a unified diff that `patch -p1` and `git apply` take.
pub(crate) fn diff(checked: &Checked, all: bool) -> String {
    let mut out = String::new();
    for (file, new) in check::apply(&checked.system, &checked.findings, all) {
        let old = checked.system.file(file);
        let diff = TextDiff::from_lines(&*old.text, &new);
        let (a, b) = (format!("a/{}", old.name), format!("b/{}", old.name));
        out.push_str(&diff.unified_diff().header(&a, &b).to_string());
    }
    out
}

/// Makes the safe edits, or all of them. The files are written beside the old ones first and then take their
/// places, so that a stop in between leaves whole files.
///
/// # Errors
/// If a file changed since it was read, or cannot be written.
pub(crate) fn fix(checked: &Checked, gathered: &Gathered, all: bool) -> Result<Vec<String>> {
    let mut changed = Vec::new();
    for (file, new) in check::apply(&checked.system, &checked.findings, all) {
        let old = checked.system.file(file);
        let Some(path) = gathered.path(&old.name) else { continue };
        let bytes = fs::read(path).with_context(|| format!("{} cannot be read", old.name))?;
        let bom = bytes.starts_with(b"\xef\xbb\xbf");
        let text = &bytes[if bom { 3 } else { 0 }..];
        if text != old.text.as_bytes() {
            bail!("{} is not UTF-8 or has just changed: nothing was written to it", old.name);
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".why502-new");
        let mut new_bytes = if bom { b"\xef\xbb\xbf".to_vec() } else { Vec::new() };
        new_bytes.extend_from_slice(new.as_bytes());
        let written = fs::write(&beside, new_bytes)
            .and_then(|()| fs::set_permissions(&beside, fs::metadata(path)?.permissions()))
            .and_then(|()| fs::rename(&beside, path));
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written.with_context(|| format!("{} cannot be written", old.name))?;
        changed.push(old.name.clone());
    }
    Ok(changed)
}
