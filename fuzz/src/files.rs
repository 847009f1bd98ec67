//! The target of whole files: found, unpacked and read as the program reads them.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use dialects::reader::Options;
use engine::Place;
use model::{Event, Lang, Tally};

use crate::intake::{self, Gather, Settings, Sizes};
use crate::pack::{Packing, gzip, is_cut_with_certainty};
use crate::sources::differs;

/// Everything that was told, whatever the order.
#[derive(Default, PartialEq, Debug)]
struct Listing(Vec<String>, Vec<(Place, String)>);

impl Gather for Listing {
    fn new() -> Listing {
        Listing::default()
    }
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.0.push(format!("{dialect} {tally:?}"));
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, place: Place, _: &str) {
        self.1.push((place, format!("{dialect} {event}")));
    }
    fn saw(&mut self, _: &'static str) {}
    fn merge(&mut self, other: Listing) {
        self.0.extend(other.0);
        self.1.extend(other.1);
    }
}

/// What is read from files: the same text has the same, however it is stored and cut.
#[derive(PartialEq, Debug)]
struct Outcome {
    tallies: Vec<String>,
    /// Events with their source and line.
    events: Vec<(u32, u64, String)>,
    /// Of each source: lines, records of each dialect, lines unread and examples of them.
    sources: Vec<String>,
    complaints: Vec<String>,
}

impl Outcome {
    fn check_same(&self, other: &Outcome, when: &str) {
        differs(when, &self.tallies, &other.tallies);
        differs(when, &self.events, &other.events);
        differs(when, &self.sources, &other.sources);
        differs(when, &self.complaints, &other.complaints);
    }

    fn of(path: &Path, sizes: Sizes, threads: usize) -> Outcome {
        let settings = Settings { options: Options::default(), threads, progress: false, sizes };
        let mut reading = intake::read::<Listing>(&[path.to_owned()], &HashSet::new(), &settings);
        let Listing(mut tallies, events) = std::mem::take(&mut reading.gather);
        tallies.sort_unstable();
        let mut events: Vec<(u32, u64, String)> = events
            .into_iter()
            .map(|(place, event)| (place.source, reading.line_of(place), event))
            .collect();
        events.sort_unstable();
        let sources = reading.sources.iter().map(|source| {
            let (dialects, unread) = (&source.dialects, source.unread);
            format!("{} {dialects:?} {unread} {:?}", source.lines, source.unread_examples)
        });
        let said = |complaint: &model::Complaint| complaint.says.render(Lang::En);
        Outcome {
            tallies,
            events,
            sources: sources.collect(),
            complaints: reading.complaints.iter().map(said).collect(),
        }
    }
}

/// A folder of its own for the process. The file of plain text and the member of the archive have
/// the same name, `files/a.log`: one is a folder with a file, the other an archive of that name.
struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join("files")
    }

    /// Stores the content as `files/a.log`, reads that, and removes it.
    fn read_plain(&self, content: &[u8], sizes: Sizes, threads: usize) -> Outcome {
        fs::create_dir_all(self.path()).expect("a folder");
        fs::write(self.path().join("a.log"), content).expect("a file");
        let outcome = Outcome::of(&self.path().join("a.log"), sizes, threads);
        fs::remove_dir_all(self.path()).expect("it is gone");
        outcome
    }

    /// The same of an archive.
    fn read_archive(&self, content: &[u8], sizes: Sizes) -> Outcome {
        fs::write(self.path(), content).expect("an archive");
        let outcome = Outcome::of(&self.path(), sizes, 1);
        fs::remove_file(self.path()).expect("it is gone");
        outcome
    }
}

/// A file. Its first four bytes say what it is: the bytes that follow, cut into small blocks; a text
/// that is packed; or a packed text that is damaged.
pub fn intake(bytes: &[u8]) {
    thread_local! {
        static FOLDER: Folder = Folder(tempfile::tempdir().expect("a folder"));
    }
    let Some((&[kind, cut, block, chunk], content)) = bytes.split_first_chunk::<4>() else {
        return;
    };
    let small = Sizes {
        block: 24 + u64::from(block) * u64::from(block) / 8,
        chunk: 1 + usize::from(chunk) * 3,
    };
    FOLDER.with(|folder| {
        let plain = folder.read_plain(content, Sizes::default(), 1);
        let bound = 4096 * (1 + content.len());
        assert!(plain.complaints.len() < 32, "{} complaints", plain.complaints.len());
        assert!(plain.sources.iter().map(String::len).sum::<usize>() < bound, "sources are short");
        let at = content.len() * usize::from(cut) / 256;
        let text = std::str::from_utf8(content).ok().filter(|text| is_text(text));
        match (usize::from(kind) % (Packing::ALL.len() + 2), text) {
            (0, _) | (_, None) => {
                if is_cut_with_certainty(content, small.block as usize) {
                    let threads = 1 + usize::from(cut) % 3;
                    let blocks = folder.read_plain(content, small, threads);
                    plain.check_same(&blocks, &format!("in blocks of {}", small.block));
                }
            }
            (1, Some(_)) => damaged(folder, content, at, chunk, &plain),
            (number, Some(_)) => {
                let packing = Packing::ALL[number - 2];
                let packed = packing.pack(content, at, kind >= 128);
                let outcome = if packing == Packing::Zip {
                    folder.read_archive(&packed, small)
                } else {
                    folder.read_plain(&packed, small, 1)
                };
                plain.check_same(&outcome, &format!("as {packing:?}"));
            }
        }
    });
}

/// Text that no wrapping is taken off, whose packed form is a different thing.
fn is_text(text: &str) -> bool {
    let head = text.as_bytes();
    let is_tar = head.get(257..262) == Some(b"ustar");
    !text.is_empty() && !text.contains('\0') && !text.starts_with("PK") && !is_tar
}

/// Gzip that ends early is said to; gzip with one bit wrong is complained about, or is the text (the
/// header has bits that say nothing).
fn damaged(folder: &Folder, content: &[u8], at: usize, how: u8, plain: &Outcome) {
    let (head, tail) = content.split_at(at);
    let mut packed = gzip(&[head, tail]);
    let place = packed.len() * usize::from(how) / 256;
    if how % 2 == 1 {
        packed[place] ^= 1 << (how / 2 % 8);
        let outcome = folder.read_plain(&packed, Sizes::default(), 1);
        assert!(outcome == *plain || !outcome.complaints.is_empty(), "damage is missed");
        return;
    }
    packed.truncate(place);
    // Fewer bytes are no gzip, and a whole member is no damage.
    if place >= 3 && place != gzip(&[head]).len() {
        let outcome = folder.read_plain(&packed, Sizes::default(), 1);
        let says = |complaint: &String| complaint.contains("in the middle of its compressed data");
        assert!(outcome.complaints.iter().any(says), "an early end is missed: {outcome:?}");
    }
}
