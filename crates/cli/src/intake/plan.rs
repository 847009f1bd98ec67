//! Before reading: every source with its number, its size and what has to be known about it first.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use dialects::reader::{HEAD_BYTES, Options, Profile, zone_of};
use model::{Complaint, Timestamp};

use super::archive::{self, Archive};
use super::complaints::Trouble;
use super::container::{self, Container, Opened, PEEK};
use super::find::{Found, STDIN};
use super::nginx_conf;

/// Sources whose heads are asked for the zone of their stamps; enough to find an access log
/// beside an error log, few enough not to open ten thousand files twice.
const ASKED_FOR_ZONE: usize = 64;

/// Where a source's bytes come from.
pub(crate) enum Origin {
    Stdin,
    File(PathBuf),
    Member(Arc<Archive>, usize),
}

/// One log, numbered by its place in the list.
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) origin: Origin,
    /// Bytes as stored.
    pub(crate) size: u64,
    pub(crate) newest: Option<Timestamp>,
    pub(crate) combined_is_apache: bool,
    /// Known beforehand for files that are read in blocks.
    pub(crate) blocks: Option<Profile>,
}

impl Source {
    fn new(name: String, origin: Origin, size: u64, newest: Option<Timestamp>) -> Source {
        let lower = name.to_lowercase();
        let combined_is_apache = lower.contains("apache") || lower.contains("httpd");
        Source { name, origin, size, newest, combined_is_apache, blocks: None }
    }

    /// What is known of it from outside.
    pub(crate) fn options(&self, common: &Options) -> Options {
        let mut options = common.clone();
        options.newest = self.newest;
        options.context.combined_is_apache = self.combined_is_apache;
        options
    }

    /// Calls `read` with its bytes as stored.
    pub(crate) fn with_bytes<T>(
        &self,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> io::Result<T> {
        match &self.origin {
            Origin::Stdin => read(&mut io::stdin().lock()),
            Origin::File(path) => read(&mut File::open(path)?),
            Origin::Member(archive, index) => {
                let mut archive = Archive::clone(archive);
                let mut member = archive.by_index(*index).map_err(io::Error::other)?;
                read(&mut member)
            }
        }
    }
}

/// Everything there is to read, in the order of names.
pub(crate) struct Plan {
    pub(crate) sources: Vec<Source>,
    pub(crate) options: Options,
    /// The source from which the zone of other sources was learnt, and the zone.
    pub(crate) zone_from: Option<(String, i32)>,
    pub(crate) complaints: Vec<Complaint>,
}

/// Looks at the beginning of every file found. Plain files larger than `block` bytes are prepared
/// for being read in blocks. Configuration that is known to be no log still tells how to read logs.
pub(crate) fn plan(found: Found, apart: &HashSet<PathBuf>, options: Options, block: u64) -> Plan {
    let mut plan =
        Plan { sources: Vec::new(), options, zone_from: None, complaints: found.complaints };
    let mut configured: Vec<&PathBuf> =
        apart.iter().filter(|path| nginx_conf::may_be(path)).collect();
    configured.sort();
    for path in configured {
        plan.options.context.nginx_formats.extend(nginx_conf::formats(path).unwrap_or_default());
    }
    for (name, path) in found.files {
        if let Err(trouble) = plan.add(&name, path) {
            plan.complaints.push(trouble.about(&name));
        }
    }
    plan.sources.sort_by(|a, b| a.name.cmp(&b.name));
    if !plan.options.zone_is_given {
        plan.learn_zone();
    }
    plan.learn_profiles(block);
    plan
}

impl Plan {
    fn add(&mut self, name: &str, path: PathBuf) -> Result<(), Trouble> {
        if name == STDIN {
            let now = Some(timestamp(SystemTime::now()));
            self.sources.push(Source::new(name.to_owned(), Origin::Stdin, 0, now));
            return Ok(());
        }
        let mut file = File::open(&path).map_err(Trouble::Unreadable)?;
        let metadata = file.metadata().map_err(Trouble::Unreadable)?;
        let newest = metadata.modified().ok().map(timestamp);
        if !metadata.is_file() {
            // A pipe named by the user: what is read from it cannot be read again.
            let source = Source::new(name.to_owned(), Origin::File(path), 0, newest);
            self.sources.push(source);
            return Ok(());
        }
        let size = metadata.len();
        if size == 0 {
            return Err(Trouble::Empty);
        }
        let mut head = [0; PEEK];
        let filled = container::fill(&mut file, &mut head).map_err(Trouble::Unreadable)?;
        match Container::of(&head[..filled]) {
            Container::Zip => return self.add_members(name, path, newest),
            Container::Tar => return Err(Trouble::Unpack("tar")),
            Container::Plain if nginx_conf::may_be(&path) => {
                if let Some(formats) = nginx_conf::formats(&path) {
                    self.options.context.nginx_formats.extend(formats);
                    return Ok(());
                }
            }
            _ => {}
        }
        self.sources.push(Source::new(name.to_owned(), Origin::File(path), size, newest));
        Ok(())
    }

    fn add_members(
        &mut self,
        name: &str,
        path: PathBuf,
        newest: Option<Timestamp>,
    ) -> Result<(), Trouble> {
        let (archive, members) = archive::open(path).map_err(Trouble::BadArchive)?;
        if members.is_empty() {
            return Err(Trouble::Empty);
        }
        let archive = Arc::new(archive);
        for member in members {
            let name = format!("{name}/{}", member.name);
            if member.is_encrypted {
                self.complaints.push(Trouble::Encrypted.about(&name));
            } else if member.content == 0 {
                self.complaints.push(Trouble::Empty.about(&name));
            } else {
                let origin = Origin::Member(Arc::clone(&archive), member.index);
                self.sources.push(Source::new(name, origin, member.bytes, newest));
            }
        }
        Ok(())
    }

    /// Error logs state no zone; the access logs beside them do.
    fn learn_zone(&mut self) {
        let mut agreed: Option<(String, i32)> = None;
        for source in self.sources.iter().filter(|source| source.size > 0).take(ASKED_FOR_ZONE) {
            let Some(zone) = head(source, 16 << 10).ok().and_then(|head| zone_of(&head)) else {
                continue;
            };
            match &agreed {
                Some((_, other)) if *other != zone => return,
                Some(_) => {}
                None => agreed = Some((source.name.clone(), zone)),
            }
        }
        if let Some((_, zone)) = &agreed {
            self.options.context.offset_east = *zone;
        }
        self.zone_from = agreed;
    }

    fn learn_profiles(&mut self, block: u64) {
        for source in &mut self.sources {
            if source.size <= block || !matches!(source.origin, Origin::File(_)) {
                continue;
            }
            let Ok(stored) = source.with_bytes(|bytes| {
                let mut head = vec![0; HEAD_BYTES];
                let filled = container::fill(bytes, &mut head)?;
                head.truncate(filled);
                Ok(head)
            }) else {
                continue;
            };
            if Container::of(&stored) != Container::Plain || container::is_binary(&stored) {
                continue;
            }
            let profile = Profile::of(&stored, &source.options(&self.options));
            source.blocks = (!profile.is_sequential()).then_some(profile);
        }
    }
}

/// The first bytes of a source's text.
fn head(source: &Source, length: usize) -> io::Result<Vec<u8>> {
    source.with_bytes(|bytes| {
        let mut head = vec![0; length];
        let filled = match container::open(bytes)? {
            Opened::Text(mut text) => container::fill(&mut text, &mut head)?,
            Opened::Archive(_) => 0,
        };
        head.truncate(filled);
        Ok(head)
    })
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    Timestamp(i64::try_from(since).unwrap_or(i64::MAX))
}
