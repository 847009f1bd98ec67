//! What the lab has to do to run a part, and the writing of its files.

use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What the lab has to do to run a part. Everything is written below the part's folder, except
/// that Apache (balancers) and `initdb` use `/dev/shm`, which a host of the lab should therefore
/// have for itself. Relative paths are below the part's folder, which is
/// also the working directory of every command.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables; a later one of the same name wins.
    pub env: Vec<(String, String)>,
    /// Folders to make, the outer before the inner.
    pub folders: Vec<String>,
    /// Files to write.
    pub files: Vec<File>,
    /// Commands to run once before the first start, in order, as the user the program runs as.
    pub prepare: Vec<Vec<String>>,
    /// A command that ends with 0 if the program accepts its configuration, and says on its
    /// standard error why not.
    pub check: Option<Vec<String>>,
    /// True if the program refuses to be root, or as root would try to become another user: it
    /// has to run as an ordinary one. Ports below 1024 then need
    /// `net.ipv4.ip_unprivileged_port_start=0`.
    pub not_root: bool,
    /// Where what it tells is found. Below `logs/` is evidence, elsewhere is for the journal.
    pub logs: Vec<Log>,
    /// How it takes over files that were written anew.
    pub reload: Reload,
    /// The signal, without `SIG`, that ends it in the way its packages end it.
    pub stop: &'static str,
}

/// A file of a part.
#[derive(Clone, Debug)]
pub struct File {
    /// Path below the part's folder.
    pub path: String,
    /// What stands in it.
    pub text: String,
    /// Permission bits.
    pub mode: u32,
}

/// A log of a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Path below the part's folder.
    pub path: String,
    /// Who writes it.
    pub source: Source,
}

/// Who writes a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The program itself.
    File,
    /// The lab, from the program's standard output.
    Stdout,
    /// The lab, from the program's standard error.
    Stderr,
    /// The lab, from both.
    Both,
}

/// How a running program takes over files that were written anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// By a signal, named without `SIG`.
    Signal(&'static str),
    /// By itself: it watches for files that are moved into place, as [`Launch::write`] does.
    Watches,
    /// Only by being started again.
    Restart,
}

impl Launch {
    /// A launch without files and with nothing in its environment.
    pub(super) fn new(command: &super::Command) -> Launch {
        Launch {
            program: command.program.clone(),
            args: command.args.clone(),
            env: Vec::new(),
            folders: vec!["logs".to_owned()],
            files: Vec::new(),
            prepare: Vec::new(),
            check: None,
            not_root: false,
            logs: Vec::new(),
            reload: Reload::Restart,
            stop: "TERM",
        }
    }

    pub(super) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Launch {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    pub(super) fn file(mut self, path: &str, text: impl Into<String>) -> Launch {
        self.files.push(File { path: path.to_owned(), text: text.into(), mode: 0o644 });
        self
    }

    pub(super) fn log(mut self, path: impl Into<String>, source: Source) -> Launch {
        self.logs.push(Log { path: path.into(), source });
        self
    }

    /// Makes the folders and writes the files below `dir`. A file that is there already is
    /// replaced by moving the new one into its place, and is left alone if nothing changed.
    ///
    /// # Errors
    ///
    /// If a folder or file cannot be written; the message names it.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        for folder in &self.folders {
            let path = dir.join(folder);
            std::fs::create_dir_all(&path).map_err(|error| at(&path, &error))?;
        }
        for file in &self.files {
            let path = dir.join(&file.path);
            replace(&path, file).map_err(|error| at(&path, &error))?;
        }
        Ok(())
    }
}

fn replace(path: &Path, file: &File) -> io::Result<()> {
    if std::fs::read(path).is_ok_and(|there| there == file.text.as_bytes()) {
        return std::fs::set_permissions(path, std::fs::Permissions::from_mode(file.mode));
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut out = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(file.mode)
        .open(&new)?;
    io::Write::write_all(&mut out, file.text.as_bytes())?;
    // The mask of the process may have taken bits away.
    out.set_permissions(std::fs::Permissions::from_mode(file.mode))?;
    std::fs::rename(&new, path)
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
