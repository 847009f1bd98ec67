//! The configuration of a drill's system as files, without running it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use lab::Variant;
use lab::parts::Tools;

use super::Known;

/// Writes the files of one run, where `--keep` puts them too.
///
/// # Errors
/// If the drill's data does not fit together, or a file cannot be written.
pub(super) fn write(known: &Known, variant: Variant, folder: &Path) -> Result<()> {
    let folder = folder.join(known.name()).join(variant.name()).join("config");
    for file in lab::configuration(known.scenario, variant, &[], &Tools::find())? {
        let path = folder.join(&file.path);
        let written = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, &file.text));
        written.with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}
