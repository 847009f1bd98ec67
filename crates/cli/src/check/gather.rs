//! Finds the files that may be configuration and reads them, within bounds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use configs::Input;
use model::config::{FileId, Remark, Span, System};

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
    /// Files by their names, with the first byte that is no UTF-8.
    strange: BTreeMap<String, usize>,
    /// What was left out, a sentence each.
    pub(crate) left_out: Vec<String>,
}

impl Gathered {
    /// The files as the readers want them.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        self.files.iter().map(|(_, input)| input.clone()).collect()
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
    left_out: Vec<String>,
}

/// Finds the files: those that are named, whatever their names, and those below folders that are.
///
/// # Errors
/// If something that was named does not exist or cannot be read, or there are too many.
pub(crate) fn find(paths: &[PathBuf]) -> Result<Found> {
    let home = [super::home()];
    let paths = if paths.is_empty() { &home[..] } else { paths };
    let mut found = Found::default();
    let mut below = Vec::new();
    for path in paths {
        let kind =
            fs::metadata(path).with_context(|| format!("{} cannot be read", path.display()))?;
        if kind.is_dir() {
            walk(path, &mut below, &mut found.left_out)?;
        } else {
            found.files.push(path.clone());
        }
    }
    found.named = found.files.len();
    found.files.append(&mut below);
    Ok(found)
}

/// Reads the files and folders that are named.
///
/// # Errors
/// If something that was named does not exist or cannot be read.
pub(crate) fn gather(paths: &[PathBuf]) -> Result<Gathered> {
    let found = find(paths)?;
    let mut gathered = Gathered { left_out: found.left_out, ..Gathered::default() };
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

fn left_out(path: &Path, why: &str) -> String {
    format!("{} was left out: {why}", path.display())
}

/// Reads what lies below a folder. Links are not followed: what they lead to within the folder is
/// found where it is, and what lies outside is not part of it.
fn walk(outermost: &Path, files: &mut Vec<PathBuf>, left: &mut Vec<String>) -> Result<()> {
    let mut folders = vec![outermost.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(fault) if folder != outermost => {
                left.push(left_out(&folder, &fault.to_string()));
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
            } else if kind.is_file() && configs::may_be_configuration(&name) {
                files.push(entry.path());
            }
            if files.len() > MOST_FILES {
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

/// The text with every private key in it blanked out, each byte where it was.
fn without_keys(text: String) -> String {
    const BEGIN: &str = "PRIVATE KEY-----";
    if !text.contains(BEGIN) {
        return text;
    }
    let mut inside = false;
    let lines = text.split_inclusive('\n').map(|line| {
        let marks = line.contains(BEGIN);
        let blank = inside && !marks;
        inside = if marks { line.contains("-----BEGIN ") } else { inside };
        let hide = |c: char| match c {
            '\n' | '\r' => c.to_string(),
            other => " ".repeat(other.len_utf8()),
        };
        if blank { line.chars().map(hide).collect() } else { line.to_owned() }
    });
    lines.collect()
}

/// How far a file is looked through for bytes that no text has.
const LOOKED_AT: usize = 8 << 10;

fn add(path: &Path, gathered: &mut Gathered) -> Result<()> {
    let size = fs::metadata(path)?.len();
    if size > LARGEST {
        bail!("it is larger than {} MiB; check the parts it was made from instead", LARGEST >> 20);
    }
    let bytes = fs::read(path)?;
    if bytes[..bytes.len().min(LOOKED_AT)].contains(&0) {
        bail!("it is no text in UTF-8, as it holds zero bytes");
    }
    let strange = std::str::from_utf8(&bytes).err().map(|fault| fault.valid_up_to());
    let text = String::from_utf8_lossy(&bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
    let text = without_keys(text);
    let name = path.to_string_lossy().replace('\\', "/");
    let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
    if let Some(at) = strange {
        let bom = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        gathered.strange.insert(name.clone(), at - bom);
    }
    gathered.files.push((path.to_owned(), Input { path: name, text }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_keys_are_not_kept() {
        let key = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\u{e9}\n-----END EC PRIVATE KEY-----\n";
        let text = format!("a\n{key}b\n");
        let kept = without_keys(text.clone());
        assert_eq!(kept.len(), text.len());
        assert!(!kept.contains("MHcCAQ") && kept.starts_with("a\n") && kept.ends_with("\nb\n"));
        // A key that is cut off is hidden to the end.
        assert!(!without_keys("-----BEGIN PRIVATE KEY-----\nMHc".to_owned()).contains("MHc"));
        assert_eq!(without_keys("listen 80;".to_owned()), "listen 80;");
    }
}
