//! Finds the files that may be configuration and reads them, within bounds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use configs::Input;
use model::config::{FileId, Remark, Span, System};

use super::content::content;
use super::names::{common, shown};

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
    /// What was named, as its files are called.
    pub(super) roots: Vec<PathBuf>,
    /// The declarations around what was named.
    pub(super) around: Vec<PathBuf>,
    base: String,
    /// Files by their names, with the first byte that is no UTF-8.
    strange: BTreeMap<String, usize>,
    /// What was left out, a sentence each.
    pub(crate) left_out: Vec<String>,
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

    /// Notes where files that were read are no UTF-8.
    pub(crate) fn remark(&self, system: &mut System) {
        for (id, file) in (0..).map(FileId).zip(&system.files) {
            let Some(&at) = self.strange.get(&file.name).filter(|_| !file.read_as.is_empty())
            else {
                continue;
            };
            let says =
                "this is no UTF-8: what is no character was replaced, save the file as UTF-8";
            system.remarks.push(Remark { at: Span::new(id, at..at), says: says.to_owned() });
        }
    }

    /// What the names of all files begin with.
    pub(crate) fn base(&self) -> &str {
        &self.base
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

/// The files that would be read, and what is left out.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files that were named, or may be configuration by their names.
    pub(crate) files: Vec<PathBuf>,
    /// How many of them were named.
    named: usize,
    /// Of folders that were named, and around them.
    below: Vec<PathBuf>,
    /// What was named, as its files are called.
    roots: Vec<PathBuf>,
    /// The declarations around it.
    around: Vec<PathBuf>,
    /// What all files lie in.
    base: String,
    folders: Vec<String>,
    left_out: Vec<String>,
}

impl Found {
    /// Adds the declarations of a folder.
    fn declare(&mut self, folder: &Path) {
        self.below.push(folder.join(DECLARATIONS));
        self.around.push(folder.join(DECLARATIONS));
        self.folders.push(shown(folder));
    }
}

/// Finds the files: those that are named, whatever their names, and those below folders that are.
///
/// # Errors
/// If something that was named does not exist or cannot be read, or there are too many.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Found> {
    let home = [super::home()];
    let paths = if paths.is_empty() { &home[..] } else { paths };
    let mut found = Found::default();
    for path in paths {
        let kind =
            fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let path = beside_declarations(path, &mut found);
        found.roots.push(path.clone());
        if kind.is_dir() {
            found.folders.push(shown(&path));
            walk(&path, &mut found)?;
        } else {
            found.folders.push(shown(path.parent().unwrap_or(&path)));
            found.files.push(path);
        }
    }
    found.named = found.files.len();
    found.files.append(&mut found.below);
    found.base = common(&found.folders);
    Ok(found)
}

/// Reads the files and folders that are named.
///
/// # Errors
/// If something that was named does not exist or cannot be read.
pub(crate) fn gather(paths: &[PathBuf]) -> Result<Gathered> {
    let found = find(paths)?;
    let mut gathered = Gathered {
        left_out: found.left_out,
        roots: found.roots,
        around: found.around,
        base: found.base,
        ..Gathered::default()
    };
    for (number, path) in found.files.iter().enumerate() {
        let added = add(path, &mut gathered);
        if number < found.named {
            added.with_context(|| format!("{} cannot be read", path.display()))?;
        } else if let Err(fault) = added {
            // One file that cannot be read does not keep the others from being checked.
            gathered.left_out.push(left_out(path, &format!("{fault:#}")));
        }
    }
    gathered.left_out.sort();
    gathered.files.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    gathered.files.dedup_by(|a, b| a.1.path == b.1.path);
    Ok(gathered)
}

/// The files at or below a path whose names may be those of configuration, as far as they are wanted.
/// What cannot be read is left out: whoever reads it as a log says so.
pub(crate) fn among(path: &Path, is_wanted: &dyn Fn(&Path) -> bool) -> Gathered {
    let mut gathered = Gathered::default();
    let mut found = Found::default();
    let Ok(kind) = fs::metadata(path) else { return gathered };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if kind.is_dir() {
        // A folder of so many files is no system, but its first files may still be.
        let _ = walk(path, &mut found);
        found.folders.push(shown(path));
    } else if kind.is_file() && configs::may_be_configuration(&name) {
        found.below.push(path.to_owned());
        found.folders.push(shown(path.parent().unwrap_or(path)));
    }
    for path in found.below.iter().filter(|path| is_wanted(path)) {
        let _ = add(path, &mut gathered);
    }
    gathered.files.sort_by(|a, b| a.1.path.cmp(&b.1.path));
    gathered.base = common(&found.folders);
    gathered
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
fn beside_declarations(path: &Path, found: &mut Found) -> PathBuf {
    use std::path::Component;
    let downward = path.components().all(|part| part != Component::ParentDir);
    let above = if downward { declaring(path.ancestors()) } else { None };
    if let Some(folder) = above {
        found.declare(folder);
        return path.to_owned();
    }
    let Ok(whole) = path.canonicalize() else { return path.to_owned() };
    match declaring(whole.ancestors()) {
        Some(folder) if folder != whole => {
            found.declare(folder);
            whole
        }
        _ => path.to_owned(),
    }
}

fn left_out(path: &Path, why: &str) -> String {
    format!("{} was left out: {why}", path.display())
}

/// Reads what lies below a folder. Links are not followed: what they lead to within the folder is
/// found where it is, and what lies outside is not part of it.
fn walk(outermost: &Path, found: &mut Found) -> Result<()> {
    let mut folders = vec![outermost.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(fault) if folder != outermost => {
                found.left_out.push(left_out(&folder, &fault.to_string()));
                continue;
            }
            Err(fault) => {
                let says = format!("{} cannot be read", folder.display());
                return Err(anyhow::Error::new(fault).context(says));
            }
        };
        // What is removed meanwhile is not there.
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_dir() {
                if !LEFT_OUT.contains(&&*name) {
                    folders.push(entry.path());
                }
            } else if kind.is_file() && may_be_configuration(outermost, &entry.path()) {
                found.below.push(entry.path());
            }
            if found.below.len() > MOST_FILES {
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
        bail!("it is larger than {} MiB; check the parts it was made from instead", LARGEST >> 20);
    }
    let content = content(&fs::read(path)?)?;
    let name = shown(path);
    if let Some(at) = content.strange {
        gathered.strange.insert(name.clone(), at);
    }
    gathered.files.push((path.to_owned(), Input { path: name, text: content.text }));
    Ok(())
}

/// Whether a file below a folder that is checked would be read, by its path parted by `/`.
pub(super) fn is_wanted(top: &Path, below: &str) -> bool {
    let folders = below.rsplit_once('/').map_or("", |(folders, _)| folders);
    may_be_configuration(top, &top.join(below))
        && !folders.split('/').any(|folder| LEFT_OUT.contains(&folder))
}
