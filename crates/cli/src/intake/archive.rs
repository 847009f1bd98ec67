//! Zip archives: members listed once, each read by whichever worker is free.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use zip::ZipArchive;

/// A file that every copy reads through a handle and a position of its own.
pub(crate) struct Reopened {
    path: Arc<PathBuf>,
    file: Option<File>,
    position: u64,
}

impl Reopened {
    fn file(&mut self) -> io::Result<&mut File> {
        if self.file.is_none() {
            let mut file = File::open(self.path.as_path())?;
            file.seek(SeekFrom::Start(self.position))?;
            self.file = Some(file);
        }
        self.file.as_mut().ok_or_else(|| io::Error::other("not open"))
    }
}

impl Clone for Reopened {
    fn clone(&self) -> Reopened {
        Reopened { path: Arc::clone(&self.path), file: None, position: self.position }
    }
}

impl Read for Reopened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file()?.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Reopened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = self.file()?.seek(to)?;
        Ok(self.position)
    }
}

/// An open archive; copies share its directory.
pub(crate) type Archive = ZipArchive<Reopened>;

/// One member that is a file.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) index: usize,
    /// Compressed size in bytes.
    pub(crate) bytes: u64,
    /// Uncompressed size in bytes.
    pub(crate) content: u64,
    pub(crate) is_encrypted: bool,
}

/// Opens an archive and lists its files.
///
/// # Errors
/// The library's words, if the central directory cannot be read.
pub(crate) fn open(path: PathBuf) -> Result<(Archive, Vec<Member>), String> {
    let reader = Reopened { path: Arc::new(path), file: None, position: 0 };
    let mut archive = ZipArchive::new(reader).map_err(|error| error.to_string())?;
    let mut members = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let member = archive.by_index_raw(index).map_err(|error| error.to_string())?;
        if member.is_dir() {
            continue;
        }
        members.push(Member {
            name: member.name().map_or_else(
                |_| String::from_utf8_lossy(member.name_raw()).into_owned(),
                std::borrow::Cow::into_owned,
            ),
            index,
            bytes: member.compressed_size(),
            content: member.size(),
            is_encrypted: member.encrypted(),
        });
    }
    Ok((archive, members))
}
