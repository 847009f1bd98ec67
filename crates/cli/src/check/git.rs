//! Files as a git repository holds them at a revision, by way of the `git` on the machine.
//!
//! Only commands that read are run, with fixed arguments; nothing is checked out, and no filter, hook
//! or network fetch is started by them.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, anyhow, bail};

/// A file of a revision.
#[derive(Debug)]
pub(super) struct Blob {
    /// Its path below the folder that was asked for, parted by `/`.
    pub(super) path: String,
    object: String,
}

/// A revision of the repository that a folder lies in.
#[derive(Debug)]
pub(super) struct Revision {
    /// The folder of the repository.
    pub(super) root: PathBuf,
    commit: String,
}

fn git<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(folder)
        .args(arguments)
        // No fetch of what a partial clone lacks, no question asked, no lock taken.
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    // What a hook or a caller set would lead to another repository than that of the folder.
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE"] {
        command.env_remove(name);
    }
    command
}

/// What it prints, or the first line of what it complains about.
fn output<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Result<Vec<u8>> {
    let output = git(folder, arguments).output().map_err(|error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            anyhow!("--since needs the program git for a revision, and it is not installed here")
        } else {
            anyhow!(error).context("git could not be started")
        }
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("").trim_start_matches("fatal: ");
        bail!("git says: {said}");
    }
    Ok(output.stdout)
}

fn line<S: AsRef<OsStr>>(folder: &Path, arguments: &[S]) -> Result<String> {
    let out = output(folder, arguments)?;
    Ok(String::from_utf8_lossy(&out).trim_end_matches(['\n', '\r']).to_owned())
}

impl Revision {
    /// The revision of this name, in the repository that the folder lies in.
    ///
    /// # Errors
    /// If there is no git, no repository, or no such revision.
    pub(super) fn find(folder: &Path, name: &str) -> Result<Revision> {
        let root = line(folder, &["rev-parse", "--show-toplevel"]).with_context(|| {
            format!(
                "--since {name} is no folder, and {} lies in no git repository whose revision it \
                 could be",
                folder.display()
            )
        })?;
        let root = PathBuf::from(root);
        // A name that looks like an option is no revision.
        let commit = if name.is_empty() || name.starts_with('-') {
            None
        } else {
            let wanted = format!("{name}^{{commit}}");
            line(folder, &["rev-parse", "--verify", "--quiet", &wanted]).ok()
        };
        let Some(commit) = commit else {
            let shallow = line(folder, &["rev-parse", "--is-shallow-repository"]);
            if shallow.is_ok_and(|answer| answer == "true") {
                bail!(
                    "--since {name}: the repository {} was cloned without its history, fetch it \
                     with `git fetch --unshallow` (actions/checkout: `fetch-depth: 0`)",
                    root.display()
                );
            }
            bail!(
                "--since {name} is neither a folder nor a revision of the repository {}: name a \
                 commit, a branch or a tag",
                root.display()
            );
        };
        Ok(Revision { root, commit })
    }

    /// The regular files below a folder of the repository, or the file itself; empty if there was
    /// nothing. The folder is named from the root, parted by `/`, and is empty for the root. `wanted`
    /// is asked with the path and the size in bytes.
    ///
    /// # Errors
    /// If git fails.
    pub(super) fn files(
        &self,
        folder: &str,
        wanted: impl Fn(&str, u64) -> bool,
    ) -> Result<Vec<Blob>> {
        let mut arguments = vec!["ls-tree", "-r", "-l", "-z", "--full-tree", &self.commit];
        // `ls-tree` takes names, not patterns.
        if !folder.is_empty() {
            arguments.extend(["--", folder]);
        }
        let listed = output(&self.root, &arguments)?;
        let mut found = Vec::new();
        for entry in listed.split(|byte| *byte == 0) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, path)) = entry.split_once('\t') else { continue };
            let words: Vec<&str> = head.split_whitespace().collect();
            let [mode, "blob", object, size] = words[..] else { continue };
            let Ok(size) = size.parse() else { continue };
            let path = match path.strip_prefix(folder) {
                Some(rest) => rest.trim_start_matches('/'),
                None => continue,
            };
            // 100644 and 100755 are files; the others are links and submodules.
            if mode.starts_with("100") && wanted(path, size) {
                found.push(Blob { path: path.to_owned(), object: object.to_owned() });
            }
        }
        Ok(found)
    }

    /// The bytes of these files, in their order.
    ///
    /// # Errors
    /// If git fails.
    pub(super) fn read(&self, files: &[Blob]) -> Result<Vec<Vec<u8>>> {
        if files.is_empty() {
            return Ok(Vec::new());
        }
        let mut child = git(&self.root, &["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("git could not be started")?;
        let (Some(mut into), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            bail!("git could not be spoken to");
        };
        let asked: String = files.iter().map(|file| format!("{}\n", file.object)).collect();
        // Both ends at once: git stops reading while nobody takes what it writes.
        let writer = std::thread::spawn(move || into.write_all(asked.as_bytes()));
        let mut from = BufReader::new(from);
        let mut out = Vec::new();
        for file in files {
            out.push(
                object(&mut from).with_context(|| format!("git does not have {}", file.path))?,
            );
        }
        drop(from);
        let _ = writer.join();
        let _ = child.wait();
        Ok(out)
    }
}

/// One object as `git cat-file --batch` writes it: name, type and size on a line, then its bytes.
fn object(from: &mut impl BufRead) -> Result<Vec<u8>> {
    let mut head = String::new();
    from.read_line(&mut head)?;
    let size = head.split_whitespace().nth(2).and_then(|size| size.parse::<u64>().ok());
    let size = size.ok_or_else(|| anyhow!("{}", head.trim()))?;
    let mut bytes = Vec::new();
    from.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        bail!("it ended early");
    }
    from.read_exact(&mut [0])?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_by_their_size() {
        let mut from: &[u8] = b"abc blob 3\na\nb\ndef missing\n";
        assert_eq!(object(&mut from).unwrap(), b"a\nb");
        assert!(object(&mut from).unwrap_err().to_string().contains("missing"));
        let mut cut: &[u8] = b"abc blob 9\na";
        assert!(object(&mut cut).is_err());
    }
}
