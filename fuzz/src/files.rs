//! The target of whole files: found, unpacked and read as the program reads them.

use std::io::Write as _;
use std::path::Path;

use dialects::reader::Options;
use engine::Place;
use flate2::{Compression, GzBuilder, write::GzEncoder};
use model::{Event, Tally};

use crate::intake::{self, Gather, Settings};

/// Everything that was told, whatever the order.
#[derive(Default, PartialEq, Debug)]
struct Listing(Vec<String>);

impl Gather for Listing {
    fn new() -> Listing {
        Listing::default()
    }
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.0.push(format!("{dialect} {tally:?}"));
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, _: Place, _: &str) {
        self.0.push(format!("{dialect} {event}"));
    }
    fn saw(&mut self, _: &'static str) {}
    fn merge(&mut self, other: Listing) {
        self.0.extend(other.0);
    }
}

/// What is read from one file: what it told, and how many lines nobody understood. `None` if the
/// file as such gave cause for complaint.
fn read(folder: &Path, name: &str, content: &[u8]) -> Option<(Vec<String>, u64, u64)> {
    let path = folder.join(name);
    std::fs::write(&path, content).expect("a file");
    let settings = Settings { options: Options::default(), threads: 1, progress: false };
    let reading = intake::read::<Listing>(std::slice::from_ref(&path), &settings);
    std::fs::remove_file(&path).expect("the file is gone");
    let [source] = &reading.sources[..] else { return None };
    let mut told = reading.gather.0;
    told.sort();
    Some((told, source.lines, source.unread))
}

fn gzip(pieces: [&[u8]; 2]) -> Vec<u8> {
    let mut out = Vec::new();
    for piece in pieces {
        let mut member: GzEncoder<Vec<u8>> = GzBuilder::new().write(out, Compression::fast());
        member.write_all(piece).expect("compressed");
        out = member.finish().expect("finished");
    }
    out
}

/// A file of any bytes; and if it is text, the same in two gzip members, cut anywhere.
pub fn intake(bytes: &[u8]) {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
    }
    FOLDER.with(|folder| {
        let plain = read(folder.path(), "a.log", bytes);
        let is_text = std::str::from_utf8(bytes).is_ok_and(|text| !text.contains('\0'));
        if let Some(plain) = plain
            && is_text
            && !bytes.is_empty()
        {
            let at = bytes.len() * usize::from(bytes[0]) / 256;
            let (head, tail) = bytes.split_at(at);
            let packed = read(folder.path(), "a.log.gz", &gzip([head, tail]));
            assert_eq!(packed, Some(plain), "compressed in two members it reads the same");
        }
    });
}
