//! The files of the revision before, under the names that they have today.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use configs::Input;

use super::content::content;
use super::gather::{self, Gathered, LARGEST, MOST_FILES};
use super::git::Revision;
use super::names::shown;

/// Reads what was there before of these paths. `since` is a folder, or a revision of the repositories
/// that the paths lie in.
///
/// # Errors
/// If it is neither, or cannot be read.
pub(super) fn gather_before(since: &str, paths: &[PathBuf]) -> Result<Vec<Input>> {
    let home = [super::home()];
    let paths = if paths.is_empty() { &home[..] } else { paths };
    let folder = Path::new(since);
    if folder.is_dir() { of_folder(folder, paths) } else { of_revision(since, paths) }
}

/// Another folder that holds the system as it was.
fn of_folder(folder: &Path, paths: &[PathBuf]) -> Result<Vec<Input>> {
    let [path] = paths else {
        bail!(
            "--since {} is a folder, which can be compared with one folder only: {} paths are \
             checked",
            folder.display(),
            paths.len()
        );
    };
    if !path.is_dir() {
        bail!("--since {} is a folder, and {} is none", folder.display(), path.display());
    }
    let before = gather::gather(&[folder.to_owned()])?;
    Ok(renamed(&before, folder, path))
}

/// The files of a folder under the names that they would have in another.
fn renamed(gathered: &Gathered, from: &Path, to: &Path) -> Vec<Input> {
    let of = |(path, input): &(PathBuf, Input)| {
        let below = path.strip_prefix(from).unwrap_or(path);
        Input { path: shown(&to.join(below)), text: input.text.clone() }
    };
    gathered.files().iter().map(of).collect()
}

fn of_revision(since: &str, paths: &[PathBuf]) -> Result<Vec<Input>> {
    let mut inputs: Vec<Input> = Vec::new();
    for path in paths {
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
            size <= LARGEST && (is_file && name.is_empty() || gather::is_wanted(name))
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
