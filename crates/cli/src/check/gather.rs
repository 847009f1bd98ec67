//! Finds the files that may be configuration and reads them, within bounds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use configs::Input;
use model::config::System;

/// Largest file that is read, in bytes: a Terraform plan of a large company is some 50 MB.
pub(super) const LARGEST: u64 = 64 << 20;

/// Most files that are read.
pub(super) const MOST_FILES: usize = 50_000;

/// Folders that hold other people's files, or files made by programs.
const LEFT_OUT: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    "node_modules",
    "vendor",
    "target",
    ".terraform",
    ".venv",
    "venv",
    "__pycache__",
    ".next",
];

/// The files of one run.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    files: Vec<(PathBuf, Input)>,
    base: String,
}

impl Gathered {
    /// The system that the files describe.
    pub(crate) fn read(&self) -> System {
        let inputs = self.files.iter().map(|(_, input)| input.clone()).collect();
        self.read_as_well(inputs)
    }

    /// The system that other files of the same names describe.
    pub(super) fn read_as_well(&self, inputs: Vec<Input>) -> System {
        configs::read_below(&self.base, inputs)
    }

    /// The files with their places.
    pub(super) fn files(&self) -> &[(PathBuf, Input)] {
        &self.files
    }

    /// Where a file of this name lies.
    pub(crate) fn path(&self, name: &str) -> Option<&Path> {
        let found = self.files.iter().find(|(_, input)| input.path == name);
        found.map(|(path, _)| path.as_path())
    }
}

/// Reads the files and folders that are named; files that are named are read whatever their names.
///
/// # Errors
/// If something that was named does not exist or cannot be read.
pub(crate) fn gather(paths: &[PathBuf]) -> Result<Gathered> {
    let home = [super::home()];
    let paths = if paths.is_empty() { &home[..] } else { paths };
    let mut gathered = Gathered::default();
    let mut folders = Vec::new();
    for path in paths {
        let kind =
            fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let path = &beside_declarations(path, &mut gathered, &mut folders);
        folders.push(shown(if kind.is_dir() { path } else { path.parent().unwrap_or(path) }));
        if kind.is_dir() {
            walk(path, &mut gathered)?;
        } else {
            add(path, &mut gathered)
                .with_context(|| format!("{} cannot be read", path.display()))?;
        }
    }
    gathered.files.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    gathered.files.dedup_by(|a, b| a.1.path == b.1.path);
    gathered.base = common(&folders);
    Ok(gathered)
}

/// A path as people see it: parted by `/`, without `./` at its beginning; nothing for this folder.
pub(super) fn shown(path: &Path) -> String {
    let name = path.to_string_lossy().replace('\\', "/");
    let mut name = name.as_str();
    while let Some(rest) = name.strip_prefix("./") {
        name = rest.trim_start_matches('/');
    }
    if name == "." { String::new() } else { name.to_owned() }
}

/// The folder that all these folders lie in, ending with `/`; nothing if there is none.
fn common(folders: &[String]) -> String {
    let Some((first, rest)) = folders.split_first() else { return String::new() };
    let parts: Vec<&str> = first.trim_end_matches('/').split('/').collect();
    let mut shared = parts.len();
    for folder in rest {
        let same = parts.iter().zip(folder.trim_end_matches('/').split('/'));
        shared = shared.min(same.take_while(|(a, b)| **a == *b).count());
    }
    match parts[..shared].join("/") {
        // Whatever lies above this folder has no name in common but `..`.
        base if base.is_empty() && !first.starts_with('/') => base,
        base => base + "/",
    }
}

/// What people declare of their system, in the nearest folder that has it.
const DECLARATIONS: &str = "why502.toml";

/// The nearest of these folders, from the inner to the outer ones, that holds `why502.toml`; a
/// folder with `.git` is the outermost that counts.
pub(super) fn declaring<'p>(folders: impl Iterator<Item = &'p Path>) -> Option<&'p Path> {
    for folder in folders {
        if folder.join(DECLARATIONS).is_file() {
            return Some(folder);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    None
}

/// Adds the `why502.toml` of the folders around what is checked. Its paths begin at its own folder,
/// so that both have to be named from there: comes back as the name by which to go on.
fn beside_declarations(path: &Path, gathered: &mut Gathered, folders: &mut Vec<String>) -> PathBuf {
    use std::path::Component;
    let downward = path.components().all(|part| part != Component::ParentDir);
    let above = if downward { declaring(path.ancestors()) } else { None };
    if let Some(folder) = above {
        let _ = add(&folder.join(DECLARATIONS), gathered);
        folders.push(shown(folder));
        return path.to_owned();
    }
    let Ok(whole) = path.canonicalize() else { return path.to_owned() };
    match declaring(whole.ancestors()) {
        Some(folder) if folder != whole => {
            let _ = add(&folder.join(DECLARATIONS), gathered);
            folders.push(shown(folder));
            whole
        }
        _ => path.to_owned(),
    }
}

fn walk(top: &Path, gathered: &mut Gathered) -> Result<()> {
    let mut left = vec![top.to_owned()];
    while let Some(folder) = left.pop() {
        let entries = fs::read_dir(&folder)
            .with_context(|| format!("{} cannot be read", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
            let (name, kind) = (entry.file_name(), entry.file_type()?);
            let name = name.to_string_lossy();
            if kind.is_dir() {
                if !LEFT_OUT.contains(&&*name) {
                    left.push(entry.path());
                }
            } else if kind.is_file() && may_be_configuration(top, &entry.path()) {
                // One file that cannot be read does not keep the others from being checked.
                let _ = add(&entry.path(), gathered);
            }
            if gathered.files.len() > MOST_FILES {
                bail!(
                    "{} holds more than {MOST_FILES} files of configuration: name the folders of \
                     one system",
                    folder.display()
                );
            }
        }
    }
    Ok(())
}

/// Whether it may be, by its path below the folder that was named: what is around that tells nothing.
fn may_be_configuration(top: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(top).unwrap_or(path);
    let inside = top.file_name().map_or_else(PathBuf::new, PathBuf::from).join(below);
    configs::may_be_configuration(&inside.to_string_lossy().replace('\\', "/"))
}

fn add(path: &Path, gathered: &mut Gathered) -> Result<()> {
    let size = fs::metadata(path)?.len();
    if size > LARGEST {
        bail!("it is larger than {} MiB", LARGEST >> 20);
    }
    let bytes = fs::read(path)?;
    gathered.files.push((path.to_owned(), Input { path: shown(path), text: text(&bytes) }));
    Ok(())
}

/// Bytes as the readers want them.
pub(super) fn text(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

/// Whether a file below a folder that is checked would be read, by its path parted by `/`.
pub(super) fn is_wanted(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    configs::may_be_configuration(name)
        && !folders.split('/').any(|folder| LEFT_OUT.contains(&folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_people_typed() {
        for (path, expected) in
            [(".", ""), ("./", ""), ("./a/b.tf", "a/b.tf"), ("/srv/a", "/srv/a"), ("../a", "../a")]
        {
            assert_eq!(shown(Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn the_base_is_what_all_folders_share() {
        for (folders, expected) in [
            (&[""][..], ""),
            (&["infra"], "infra/"),
            (&["infra/", "infra/app"], "infra/"),
            (&["infra", "app"], ""),
            (&["/srv/shop/a", "/srv/shop/b"], "/srv/shop/"),
            (&["/srv", "/etc"], "/"),
            (&["../a", "../b"], "../"),
            (&["a", "/srv"], ""),
            (&["", "a"], ""),
        ] {
            let folders: Vec<String> = folders.iter().map(|folder| (*folder).to_owned()).collect();
            assert_eq!(common(&folders), expected, "{folders:?}");
        }
    }
}
