//! The files of the revision before, under the names that they have today.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use configs::Input;

use super::content::content;
use super::gather::{self, Gathered, LARGEST, MOST_FILES};
use super::git::Revision;
use super::names::shown;

/// Reads what was there before of what is checked now. `since` is a folder, or a revision of the
/// repositories that the files lie in.
///
/// # Errors
/// If it is neither, or cannot be read.
pub(super) fn gather_before(since: &str, now: &Gathered) -> Result<Vec<Input>> {
    let folder = Path::new(since);
    if folder.is_dir() { of_folder(folder, now) } else { of_revision(since, now) }
}

/// Another folder that holds the system as it was, under the names that its files would have here.
fn of_folder(folder: &Path, now: &Gathered) -> Result<Vec<Input>> {
    let [path] = &now.roots[..] else {
        bail!(
            "--since {} is a folder, which can be compared with one folder only: {} paths are \
             checked",
            folder.display(),
            now.roots.len()
        );
    };
    if !path.is_dir() {
        bail!("--since {} is a folder, and {} is none", folder.display(), path.display());
    }
    let before = gather::gather(&[folder.to_owned()])?;
    let mut inputs = Vec::new();
    let mut around = Vec::new();
    for (file, input) in before.files() {
        match before.roots.iter().find_map(|root| file.strip_prefix(root).ok()) {
            Some(below) => {
                let text = input.text.clone();
                inputs.push(Input { path: shown(&path.join(below)), text });
            }
            None => around.push(input.text.clone()),
        }
    }
    // What is declared around both counts for both.
    let declared = now.files().iter().filter(|(file, _)| now.around.contains(file));
    for (number, (_, input)) in declared.enumerate() {
        let text = around.get(number).unwrap_or(&input.text).clone();
        inputs.push(Input { path: input.path.clone(), text });
    }
    Ok(inputs)
}

fn of_revision(since: &str, now: &Gathered) -> Result<Vec<Input>> {
    let mut inputs: Vec<Input> = Vec::new();
    for path in now.roots.iter().chain(&now.around) {
        let whole =
            path.canonicalize().with_context(|| format!("{} cannot be read", path.display()))?;
        let is_file = whole.is_file();
        let folder = if is_file { whole.parent().unwrap_or(&whole) } else { &whole };
        let revision = Revision::find(folder, since)?;
        let root = revision.root.canonicalize().unwrap_or_else(|_| revision.root.clone());
        let below = whole.strip_prefix(&root).with_context(|| {
            format!("{} does not lie in the repository {}", path.display(), root.display())
        })?;
        let below = below.to_string_lossy().replace('\\', "/");
        let found = revision.files(&below, |name, size| {
            size <= LARGEST && (is_file && name.is_empty() || gather::is_wanted(path, name))
        })?;
        if found.len() > MOST_FILES {
            bail!("{since} holds more than {MOST_FILES} files of configuration");
        }
        for (file, bytes) in found.iter().zip(revision.read(&found)?) {
            let name = if file.path.is_empty() { path.clone() } else { path.join(&file.path) };
            // What is no text was no configuration either.
            if let Ok(content) = content(&bytes) {
                inputs.push(Input { path: shown(&name), text: content.text });
            }
        }
    }
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    inputs.dedup_by(|a, b| a.path == b.path);
    Ok(inputs)
}
