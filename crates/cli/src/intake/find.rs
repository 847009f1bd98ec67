//! From what the user typed to a sorted list of files, each once.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use model::Complaint;

use super::complaints::Trouble;

/// Names of files that are no logs whatever is in them; they are left out of directories only.
const NOT_LOGS: &[&str] = &[
    "avif", "bmp", "class", "css", "doc", "docx", "exe", "gif", "htm", "html", "ico", "jar",
    "jpeg", "jpg", "js", "md", "mjs", "mov", "mp4", "o", "parquet", "pdf", "pem", "png", "pptx",
    "py", "pyc", "rs", "sh", "so", "sql", "svg", "ts", "webp", "woff", "woff2", "xlsx",
];

/// The name that stands for standard input.
pub(crate) const STDIN: &str = "-";

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Files by the name they are shown under; standard input is `-`.
    pub(crate) files: BTreeMap<String, PathBuf>,
    /// What could not be found or was left out.
    pub(crate) complaints: Vec<Complaint>,
}

/// Finds the files of the arguments, whatever their order. Files in `apart`, by their real paths, are
/// no logs.
pub(crate) fn find(arguments: &[PathBuf], apart: &HashSet<PathBuf>) -> Found {
    let mut sorted: Vec<&PathBuf> = arguments.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut search = Search { apart, found: Found::default(), seen: HashSet::new() };
    for argument in sorted {
        search.argument(argument);
    }
    search.found
}

struct Search<'a> {
    apart: &'a HashSet<PathBuf>,
    found: Found,
    /// Real paths, so that nothing is read twice and no loop of links is followed.
    seen: HashSet<PathBuf>,
}

impl Search<'_> {
    fn argument(&mut self, path: &Path) {
        let name = path.display().to_string();
        if name == STDIN {
            self.found.files.insert(name, path.to_owned());
            return;
        }
        if path.symlink_metadata().is_ok() {
            self.path(path);
            return;
        }
        if !name.contains(['*', '?', '[']) {
            self.complain(Trouble::Missing, &name);
            return;
        }
        let mut matches: Vec<PathBuf> =
            glob::glob(&name).into_iter().flatten().filter_map(Result::ok).collect();
        matches.sort();
        if matches.is_empty() {
            self.complain(Trouble::NoMatch, &name);
        }
        for path in matches {
            self.path(&path);
        }
    }

    fn path(&mut self, path: &Path) {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => self.directory(path),
            Ok(_) => {
                self.file(path);
            }
            Err(error) => self.complain(Trouble::Unreadable(error), &path.display().to_string()),
        }
    }

    fn file(&mut self, path: &Path) {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if !self.apart.contains(&real) && self.seen.insert(real) {
            self.found.files.insert(shown(path), path.to_owned());
        }
    }

    fn directory(&mut self, root: &Path) {
        let mut skipped: Vec<String> = Vec::new();
        let mut any = false;
        let mut waiting = vec![root.to_owned()];
        while let Some(directory) = waiting.pop() {
            let shown = directory.display().to_string();
            if let Ok(real) = fs::canonicalize(&directory)
                && !self.seen.insert(real)
            {
                // Read under another name.
                any = true;
                continue;
            }
            let entries = match fs::read_dir(&directory) {
                Ok(entries) => entries,
                Err(error) => {
                    self.complain(Trouble::Unreadable(error), &shown);
                    continue;
                }
            };
            let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            paths.sort();
            for path in paths {
                let file_name = path.file_name().unwrap_or_default().to_string_lossy();
                let is_left_out = file_name.starts_with('.') || is_no_log(&path);
                let is_apart =
                    || fs::canonicalize(&path).is_ok_and(|real| self.apart.contains(&real));
                if is_left_out && !is_apart() {
                    let relative = path.strip_prefix(root).unwrap_or(&path);
                    skipped.push(relative.display().to_string());
                    continue;
                }
                match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => waiting.push(path),
                    // Sockets, pipes and devices found on the way would block or never end.
                    Ok(metadata) if metadata.is_file() => {
                        any = true;
                        self.file(&path);
                    }
                    Ok(_) => {}
                    Err(error) => {
                        self.complain(Trouble::Unreadable(error), &self::shown(&path));
                    }
                }
            }
        }
        let name = root.display().to_string();
        if !any {
            self.complain(Trouble::NoLogs, &name);
        }
        if !skipped.is_empty() {
            skipped.sort();
            let count = skipped.len() as u64;
            let more = if skipped.len() > 5 { ", …" } else { "" };
            skipped.truncate(5);
            self.complain(Trouble::Skipped(count, skipped.join(", ") + more), &name);
        }
    }

    fn complain(&mut self, trouble: Trouble, name: &str) {
        self.found.complaints.push(trouble.about(name));
    }
}

/// The name a file is shown under: the path as typed, without a `./` that says nothing.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn is_no_log(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| NOT_LOGS.contains(&extension.to_ascii_lowercase().as_str()))
}
