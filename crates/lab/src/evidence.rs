//! What a run leaves behind: the logs people would have, collected as a user would hand them over,
//! and beside them what only the lab knows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::configuration::Configured;
use crate::error::{Error, Result};
use crate::lab::Lab;
use crate::process::write;

/// Collects the logs of all parts and the platform's logs into `<lab>/evidence`.
///
/// # Errors
///
/// If a file cannot be copied.
pub(crate) fn collect(lab: &mut Lab) -> Result<PathBuf> {
    let evidence = lab.inside.folder.join("evidence");
    fs::create_dir_all(&evidence).map_err(|why| Error::file(&evidence, why))?;
    for machine in lab.machines.values() {
        for process in &machine.processes {
            for log in process.launch.logs.iter().filter(|log| log.path.starts_with("logs/")) {
                let from = process.dir.join(&log.path);
                let below = log.path.trim_start_matches("logs/");
                let to = evidence.join(&machine.node.name).join(process.part.name).join(below);
                copy(&from, &to)?;
            }
        }
    }
    if let Some(text) = lab.audit.text() {
        write(&evidence.join("platform/audit.json"), &text, 0o644)?;
    }
    for (host, text) in lab.supervisor.logs() {
        write(&evidence.join(host).join("syslog"), text, 0o644)?;
    }
    lab.write_taps(&evidence)?;
    Ok(evidence)
}

/// Copies a log; one that is missing or empty is nothing to hand over.
fn copy(from: &Path, to: &Path) -> Result<()> {
    match fs::metadata(from) {
        Ok(found) if found.len() > 0 => {}
        _ => return Ok(()),
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|why| Error::file(folder, why))?;
    }
    fs::copy(from, to).map(drop).map_err(|why| Error::file(from, why))
}

/// Copies the evidence and what the lab noted into the folder to keep, and writes the configuration
/// with which the run began.
///
/// # Errors
///
/// If a file cannot be copied.
pub(crate) fn keep(
    lab: &Lab,
    configuration: &[Configured],
    to: &Path,
    notes: &[(&str, &str)],
) -> Result<()> {
    copy_tree(&lab.inside.folder.join("evidence"), &to.join("evidence"))?;
    for file in configuration {
        write(&to.join("config").join(&file.path), &file.text, 0o644)?;
    }
    for (name, text) in notes {
        write(&to.join(name), text, 0o644)?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    let entries = fs::read_dir(from).map_err(|why| Error::file(from, why))?;
    for entry in entries.flatten() {
        let path = entry.path();
        let target = to.join(entry.file_name());
        if path.is_dir() {
            copy_tree(&path, &target)?;
        } else {
            copy(&path, &target)?;
        }
    }
    Ok(())
}
