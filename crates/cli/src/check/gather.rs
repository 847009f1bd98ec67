//! Finds the files that may be configuration and reads them, within bounds.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use configs::Input;

/// Largest file that is read, in bytes: a Terraform plan of a large company is some 50 MB.
const LARGEST: u64 = 64 << 20;

/// Most files that are read.
const MOST_FILES: usize = 50_000;

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
    "dist",
];

/// The files of one run.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    files: Vec<(PathBuf, Input)>,
}

impl Gathered {
    /// The files as the readers want them.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        self.files.iter().map(|(_, input)| input.clone()).collect()
    }

    /// The files, each with where it lies.
    pub(crate) fn into_files(self) -> Vec<(PathBuf, Input)> {
        self.files
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
    for path in paths {
        let kind =
            fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        if kind.is_dir() {
            walk(path, &|_| true, &mut gathered)?;
        } else {
            add(path, &mut gathered)
                .with_context(|| format!("{} cannot be read", path.display()))?;
        }
    }
    gathered.files.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    gathered.files.dedup_by(|a, b| a.1.path == b.1.path);
    Ok(gathered)
}

/// The files at or below a path whose names may be those of configuration, as far as they are wanted.
/// What cannot be read is left out: whoever reads it as a log says so.
pub(crate) fn among(path: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Gathered {
    let mut gathered = Gathered::default();
    let Ok(kind) = fs::metadata(path) else { return gathered };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if kind.is_dir() {
        // A folder of so many files is no system, but its first files may still be.
        let _ = walk(path, is_wanted, &mut gathered);
    } else if kind.is_file() && configs::may_be_configuration(&name) && is_wanted(path) {
        let _ = add(path, &mut gathered);
    }
    gathered.files.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    gathered
}

fn walk(folder: &Path, is_wanted: &dyn Fn(&Path) -> bool, gathered: &mut Gathered) -> Result<()> {
    let mut left = vec![folder.to_owned()];
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
            } else if kind.is_file()
                && configs::may_be_configuration(&name)
                && is_wanted(&entry.path())
            {
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

fn add(path: &Path, gathered: &mut Gathered) -> Result<()> {
    let size = fs::metadata(path)?.len();
    if size > LARGEST {
        bail!("it is larger than {} MiB", LARGEST >> 20);
    }
    let bytes = fs::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    let name = path.to_string_lossy().replace('\\', "/");
    let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
    gathered.files.push((path.to_owned(), Input { path: name, text }));
    Ok(())
}
