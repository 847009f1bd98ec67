//! The same evidence gives the same report, byte for byte, however it is stored (compressed, in an
//! archive, in another encoding) and in whatever pieces it is read.

#[path = "../tests/support/pack.rs"]
mod pack;

use std::collections::HashSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use dialects::reader::Options;
use engine::Digest;
use model::Lang;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::args::Format;
use crate::diagnose::{View, diagnosis, render};
use crate::intake::{self, Reading, Settings, Sizes};
use pack::{Packing, is_cut_with_certainty};

/// A way to store and to read a text.
#[derive(Clone, Debug)]
struct Way {
    /// As it is if there is none.
    packing: Option<Packing>,
    /// Between variants of the packing.
    other: bool,
    /// Where the members of a compressed file meet.
    cut: Index,
    sizes: (u64, usize),
    threads: usize,
    mark: bool,
    returns: bool,
}

fn ways() -> impl Strategy<Value = Way> {
    let packing = prop::option::of(select(&Packing::ALL[..]));
    let sizes = (24..9_000_u64, 1..4_000_usize);
    (packing, any::<bool>(), any::<Index>(), sizes, 1..4_usize, any::<bool>(), any::<bool>())
        .prop_map(|(packing, other, cut, sizes, threads, mark, returns)| Way {
            packing,
            other,
            cut,
            sizes,
            threads,
            mark,
            returns,
        })
}

/// The JSON report of `files/a.log` below the folder: the file of that name in a folder, or the
/// member of that name in an archive.
fn report(folder: &Path, content: &[u8], is_archive: bool, sizes: Sizes, threads: usize) -> String {
    let files = folder.join("files");
    let path = if is_archive {
        files.clone()
    } else {
        fs::create_dir_all(&files).unwrap();
        files.join("a.log")
    };
    fs::write(&path, content).unwrap();
    // The year of stamps without one is learnt from when the file was written.
    let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_000_000);
    File::options().write(true).open(&path).unwrap().set_modified(written).unwrap();
    let settings = Settings { options: Options::default(), threads, progress: false, sizes };
    let reading: Reading<Digest> =
        intake::read(std::slice::from_ref(&path), &HashSet::new(), &settings);
    if is_archive {
        fs::remove_file(&files).unwrap();
    } else {
        fs::remove_dir_all(&files).unwrap();
    }
    let view = View {
        lang: Lang::En,
        width: 100,
        colour: false,
        hyperlinks: false,
        show_values: true,
        verbose: true,
    };
    render(&diagnosis(reading, None), Format::Json, &view)
}

impl Way {
    /// The text with the carriage returns and the byte order mark that it is stored with.
    fn marked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.returns {
            text = text.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        // UTF-16 comes with one of its own.
        if self.mark && self.packing != Some(Packing::Utf16) && !text.starts_with('\u{FEFF}') {
            text.insert(0, '\u{FEFF}');
        }
        text
    }

    /// Compares the report with that of the plain file, read in one piece.
    fn check(&self, text: &str) {
        let folder = tempfile::tempdir().unwrap();
        let plain = report(folder.path(), text.as_bytes(), false, Sizes::default(), 1);
        let marked = self.marked(text);
        // Marks are bytes of the text, too, and nothing else may differ.
        let of_utf16 = if self.packing == Some(Packing::Utf16) { '\u{FEFF}'.len_utf8() } else { 0 };
        let bytes = |length: usize| format!("\"bytes\": {length},");
        assert!(plain.contains(&bytes(text.len())), "{plain}");
        let expected = plain.replace(&bytes(text.len()), &bytes(marked.len() + of_utf16));
        let found = self.report(folder.path(), &marked);
        for (found, expected) in found.lines().zip(expected.lines()) {
            assert_eq!(found, expected);
        }
        assert_eq!(found.len(), expected.len());
    }

    fn report(&self, folder: &Path, text: &str) -> String {
        let sizes = Sizes { block: self.sizes.0, chunk: self.sizes.1 };
        let Some(packing) = self.packing else {
            return report(folder, text.as_bytes(), false, sizes, self.threads);
        };
        let packed = packing.pack(text.as_bytes(), self.cut.index(text.len()), self.other);
        report(folder, &packed, packing == Packing::Zip, sizes, self.threads)
    }
}

/// Each case costs two reports; what fails is already short.
fn config(cases: u32) -> ProptestConfig {
    let failure_persistence = None;
    ProptestConfig { cases, failure_persistence, max_shrink_iters: 20, ..ProptestConfig::default() }
}

/// Logs of the cases that are text and not long.
fn logs() -> Vec<(PathBuf, String)> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases")];
    let mut logs = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.parent().is_some_and(|parent| parent.ends_with("evidence"))
                && path.metadata().is_ok_and(|data| (1..20_000).contains(&data.len()))
                && let Ok(text) = fs::read_to_string(&path)
            {
                logs.push((path, text));
            }
        }
    }
    logs.sort();
    assert!(logs.len() > 200, "only {} logs", logs.len());
    logs
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn stored_and_read_in_any_way(log in select(logs()), way in ways()) {
        let (_, text) = log;
        let marked = way.marked(&text);
        let block = way.sizes.0 as usize;
        prop_assume!(way.packing.is_some() || is_cut_with_certainty(marked.as_bytes(), block));
        way.check(&text);
    }
}

proptest! {
    #![proptest_config(config(4))]

    /// Long enough for several chunks of a stream, and for several blocks.
    #[test]
    fn long_streams(log in select(logs()), mut way in ways(), size in 140_000..200_000_usize) {
        let text = log.1.repeat(size.div_ceil(log.1.len()));
        // A chunk of a stream is a head at least, 64 KiB.
        way.sizes = (1 << 20, way.sizes.1);
        way.check(&text);
    }
}

/// Records of several lines with characters of several bytes, of which one has a quote that goes on.
const SHORT: &str = "\
2026/11/02 09:00:01 [error] 31#31: *1 FastCGI sent in stderr: \"PHP message: Füße 🦀
次の行
third\" while reading response header from upstream, client: 203.0.113.9, server: _, request: \
\"GET /é HTTP/1.1\", upstream: \"fastcgi://127.0.0.1:9000\", host: \"shop.example.com\"
2026/11/02 09:00:02 [error] 31#31: *2 connect() failed (111: Connection refused) while connecting \
to upstream, client: 203.0.113.9, server: _, request: \"GET / HTTP/1.1\", upstream: \
\"http://10.0.4.2:3000/\", host: \"shop.example.com\"
TypeError: fetch failed
    at node:internal/deps/undici/undici:14902:13
ゲートウェイ
2026/11/02 09:00:03 [warn] 31#31: ende";

/// Every place at which two members of a compressed file can meet, and many sizes of block.
#[test]
fn cut_at_every_byte() {
    let folder = tempfile::tempdir().unwrap();
    let text = SHORT.as_bytes();
    let plain = report(folder.path(), text, false, Sizes::default(), 1);
    assert!(plain.contains("connect() failed"), "{plain}");
    for at in 0..=text.len() {
        let small = Sizes { block: 1 + at as u64, chunk: 1 + at % 7 };
        if at % 3 != 0 {
            // Inside every character of several bytes, and on both sides of every line end.
            let packed = Packing::Gzip.pack(text, at, false);
            assert_eq!(report(folder.path(), &packed, false, small, 1), plain, "gzip at {at}");
        } else if is_cut_with_certainty(text, 1 + at) {
            assert_eq!(report(folder.path(), text, false, small, 2), plain, "block of {}", 1 + at);
        }
    }
}
