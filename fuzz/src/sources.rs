//! The targets of whole sources in memory: what the reader makes of any text, and of any way to cut
//! it.

use dialects::Context;
use dialects::reader::{self, HEAD_BYTES, Options, Profile, Sink, State};
use model::{Event, Tally};

use crate::records::{chosen, context};

/// What the reader tells, in order.
#[derive(Default, PartialEq, Debug)]
struct Told {
    /// What was understood.
    said: Vec<String>,
    /// Lines nobody understood, with their numbers.
    unread: Vec<(u32, String)>,
    /// Lines before the part being read.
    base: u32,
}

impl Sink for Told {
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.said.push(format!("{dialect} tally {tally:?}"));
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, line: u32, _: &str) {
        self.said.push(format!("{dialect} {} {event}", self.base + line));
    }
    fn understood(&mut self, dialect: &'static str, records: u64) {
        self.said.extend((0..records).map(|_| format!("{dialect} understood")));
    }
    fn unread(&mut self, line: u32, text: &str) {
        self.unread.push((self.base + line, text.to_owned()));
    }
}

impl Told {
    /// Nothing is told that is out of proportion to the text.
    fn check_size(&self, text: &[u8]) {
        let count = self.said.len() + self.unread.len();
        assert!(count <= 16 + text.len(), "{count} items of {} bytes", text.len());
        let said: usize = self.said.iter().map(String::len).sum();
        // What stands around a list is told with each of its records.
        let bound = 4096 * (1 + self.said.len()) + 16 * text.len();
        assert!(said <= bound, "{said} bytes said of {}", text.len());
        let unread: usize = self.unread.iter().map(|(_, text)| text.len()).sum();
        // A byte that is no text becomes a character of three.
        assert!(unread <= 3 * text.len(), "{unread} bytes unread of {}", text.len());
    }

    /// The first difference is what a finding is named by.
    fn check_same(&self, other: &Told, when: &str) {
        differs(when, &self.said, &other.said);
        differs(when, &self.unread, &other.unread);
        assert_eq!(other.base, self.base, "{when}: lines");
    }

    /// The same without the marks by which texts of the same content differ.
    fn without_marks(mut self) -> Told {
        for (_, text) in &mut self.unread {
            *text = text.replace('\r', "").trim_start_matches('\u{FEFF}').trim_end().to_owned();
        }
        self
    }
}

/// Panics with the first item that is another, if one is.
pub(crate) fn differs<T: PartialEq + std::fmt::Debug>(when: &str, expected: &[T], found: &[T]) {
    let same = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
    let (expected, found) = (expected.get(same), found.get(same));
    assert!(expected == found, "{when}: item {same} is {found:?}, not {expected:?}");
}

fn profile(text: &[u8]) -> Profile {
    let context = Context { columns: Vec::new(), ..context().clone() };
    let options = Options { forced: chosen(), context, ..Options::default() };
    Profile::of(&text[..text.len().min(HEAD_BYTES)], &options)
}

fn whole(profile: &Profile, text: &[u8]) -> Told {
    let mut told = Told::default();
    told.base = reader::read_block(profile, text, &mut told);
    told
}

/// A source of any bytes, whose dialects are found out: every line is accounted for, the answer is
/// the same each time and in proportion, and depends on no byte order mark, on no carriage return
/// and on no last line end.
pub fn sniff(bytes: &[u8]) {
    let told = whole(&profile(bytes), bytes);
    let newlines = memchr::memchr_iter(b'\n', bytes).count();
    let expected = newlines + usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    assert_eq!(told.base as usize, expected, "lines are counted");
    told.check_same(&whole(&profile(bytes), bytes), "the second time");
    told.check_size(bytes);

    // What is longer than a head is known by its first bytes, which a mark moves.
    if bytes.is_empty() || bytes.len() > HEAD_BYTES / 2 || bytes.starts_with(BOM) {
        return;
    }
    let mut told = told.without_marks();
    let variant = |text: &[u8]| whole(&profile(text), text).without_marks();
    if bytes.last() != Some(&b'\n') {
        told.check_same(&variant(&[bytes, b"\n"].concat()), "with a last line end");
    }
    // Two marks are no encoding.
    told.check_same(&variant(&[BOM, bytes].concat()), "behind a byte order mark");
    if memchr::memchr(b'\r', bytes).is_none() {
        let mut text = Vec::with_capacity(bytes.len() + newlines);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                Some(line) => text.extend([line, b"\r\n"].concat()),
                None => text.extend_from_slice(line),
            }
        }
        let returned = variant(&text);
        told.base = returned.base;
        told.check_same(&returned, "with carriage returns");
    }
}

/// UTF-8's byte order mark.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// A source whose first three bytes say how it is cut: however that is, the same is told.
pub fn reader(bytes: &[u8]) {
    let Some((cuts, text)) = bytes.split_first_chunk::<3>() else { return };
    let profile = profile(text);
    let told = whole(&profile, text);
    told.check_size(text);
    let steps = cuts.map(|cut| 1 + usize::from(cut) * usize::from(cut) / 32);
    if let Some(streamed) = streamed(&profile, text, steps) {
        told.check_same(&streamed, "as a stream");
    }
    if profile.is_sequential() || text.is_empty() {
        return;
    }
    let mut borders: Vec<usize> = cuts
        .iter()
        .filter_map(|cut| reader::border(text, usize::from(*cut) * text.len() / 256))
        .chain([0, text.len()])
        .collect();
    borders.sort_unstable();
    let mut blocks = Told::default();
    for pair in borders.windows(2) {
        blocks.base += reader::read_block(&profile, &text[pair[0]..pair[1]], &mut blocks);
    }
    told.check_same(&blocks, "in blocks");
}

/// Reads in steps of so many bytes, in turn; `None` if a line is too long for any record.
fn streamed(profile: &Profile, text: &[u8], steps: [usize; 3]) -> Option<Told> {
    let mut told = Told::default();
    let mut state = State::default();
    let mut steps = steps.into_iter().cycle();
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        to = (to + steps.next().unwrap_or(1)).min(text.len());
        let last = to == text.len();
        let progress = reader::read_some(profile, &mut state, &text[from..to], last, &mut told);
        if progress.overlong {
            return None;
        }
        told.base += progress.lines;
        from += progress.consumed;
        assert!(!last || from == text.len(), "the last bytes are read");
    }
    Some(told)
}
