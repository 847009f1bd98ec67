//! However a source is cut, the dialects are told the same: at borders, at any byte of a stream,
//! inside a character, inside a record of several lines, behind every prefix, in lists.

use std::collections::BTreeSet;

use dialects::Context;
use dialects::reader::{self, Options, Profile, Sink, State};
use model::{Event, Tally};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

mod samples;

/// Everything a sink is told, in order, with lines counted from the beginning of the source.
#[derive(Debug, Default, PartialEq)]
struct Told {
    said: Vec<String>,
    base: u32,
}

impl Sink for Told {
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.said.push(format!("{dialect} tally {tally:?}"));
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, line: u32, record: &str) {
        let line = self.base + line;
        self.said.push(format!("{dialect} event {line} {event} {record:?}"));
    }
    fn understood(&mut self, dialect: &'static str, records: u64) {
        self.said.extend((0..records).map(|_| format!("{dialect} understood")));
    }
    fn unread(&mut self, line: u32, text: &str) {
        self.said.push(format!("unread {} {text:?}", self.base + line));
    }
}

/// What all the samples' contexts say, as far as one source can have it.
fn context() -> Context {
    let mut context = Context { year: Some(2026), ..Context::default() };
    for (_, samples) in samples::all() {
        context.nginx_formats.extend(samples.context().nginx_formats);
    }
    context
}

/// The records of all dialects, those that are refused as well.
fn records() -> Vec<String> {
    let mut records: BTreeSet<String> = BTreeSet::new();
    for (_, samples) in samples::all() {
        records.extend(samples.cases.into_iter().map(|case| case.record));
    }
    records.into_iter().filter(|record| !record.is_empty()).collect()
}

/// How a record stands in its source.
#[derive(Clone, Copy, Debug)]
enum Around {
    Nothing,
    CarriageReturn,
    Compose,
    Cri,
    DockerJson,
    Syslog,
    Indented,
}

const AROUND: [Around; 7] = [
    Around::Nothing,
    Around::CarriageReturn,
    Around::Compose,
    Around::Cri,
    Around::DockerJson,
    Around::Syslog,
    Around::Indented,
];

fn put(text: &mut Vec<u8>, record: &str, around: Around) {
    for line in record.lines() {
        let line = match around {
            Around::Nothing => format!("{line}\n"),
            Around::CarriageReturn => format!("{line}\r\n"),
            Around::Compose => format!("wëb-1  | {line}\n"),
            Around::Cri => format!("2026-05-04T09:15:30.123456789Z stdout F {line}\n"),
            Around::DockerJson => {
                let line = serde_json::Value::from(format!("{line}\n"));
                let time = "2026-05-04T09:15:30.123456789Z";
                format!("{{\"log\":{line},\"stream\":\"stdout\",\"time\":\"{time}\"}}\n")
            }
            Around::Syslog => format!("May  4 09:15:30 web-1 app[7]: {line}\n"),
            Around::Indented => format!("  {line}\n"),
        };
        text.extend_from_slice(line.as_bytes());
    }
}

/// A source of some of the records: mostly bare, some wrapped, some damaged, some in between that
/// nobody knows.
fn source() -> impl Strategy<Value = Vec<u8>> {
    let records = records();
    let piece = (any::<Index>(), 0..20_usize, 1..4_usize, any::<Index>(), 0..12_u8);
    prop::collection::vec(piece, 1..40).prop_map(move |pieces| {
        let mut text = Vec::new();
        for (which, around, times, place, damage) in pieces {
            let record = which.get(&records);
            let around = AROUND.get(around).copied().unwrap_or(Around::Nothing);
            for _ in 0..times {
                let begin = text.len();
                put(&mut text, record, around);
                let at = begin + place.index(text.len() - begin);
                match damage {
                    0 => text.truncate(at),
                    1 => text[at] = 0xff,
                    2 => drop(text.splice(at..at, "é🦀".bytes())),
                    3 => drop(text.splice(at..at, *b"\n")),
                    4 => text.extend_from_slice("wörter, die niemand kennt\n\n".as_bytes()),
                    _ => {}
                }
            }
        }
        text
    })
}

fn profile(text: &[u8]) -> Profile {
    let options = Options { context: context(), ..Options::default() };
    Profile::of(&text[..text.len().min(reader::HEAD_BYTES)], &options)
}

fn whole(profile: &Profile, text: &[u8]) -> Told {
    let mut told = Told::default();
    told.base = reader::read_block(profile, text, &mut told);
    told
}

/// Reads as a stream is read, so many bytes at a time.
fn streamed(profile: &Profile, text: &[u8], steps: &[usize]) -> Told {
    let mut told = Told::default();
    let mut steps = steps.iter().copied().cycle();
    let (mut from, mut to) = (0, 0);
    let mut state = State::default();
    while from < text.len() {
        to = (to + steps.next().unwrap_or(1)).min(text.len());
        let last = to == text.len();
        let progress = reader::read_some(profile, &mut state, &text[from..to], last, &mut told);
        told.base += progress.lines;
        from += progress.consumed;
        assert!(!last || from == text.len(), "the last bytes are read");
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cut_at_any_border(text in source(), cuts in prop::collection::vec(any::<Index>(), 1..12)) {
        prop_assume!(!text.is_empty());
        let profile = profile(&text);
        prop_assume!(!profile.is_sequential());
        let mut borders: Vec<usize> =
            cuts.iter().filter_map(|cut| reader::border(&text, cut.index(text.len()))).collect();
        borders.extend([0, text.len()]);
        borders.sort_unstable();
        borders.dedup();
        let mut told = Told::default();
        for pair in borders.windows(2) {
            told.base += reader::read_block(&profile, &text[pair[0]..pair[1]], &mut told);
        }
        prop_assert_eq!(told, whole(&profile, &text));
    }

    #[test]
    fn cut_at_any_byte(text in source(), steps in prop::collection::vec(1..700_usize, 1..6)) {
        prop_assume!(!text.is_empty());
        let profile = profile(&text);
        prop_assert_eq!(streamed(&profile, &text, &steps), whole(&profile, &text));
    }
}

/// What is told of a text with carriage returns and a byte order mark, as of the text without.
fn unmarked(profile: &Profile, text: &[u8]) -> Told {
    let mut told = whole(profile, text);
    for said in &mut told.said {
        *said = said.replace("\\r", "").replace('\u{FEFF}', "").replace("\\u{feff}", "");
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn marks_change_nothing(text in source()) {
        let mut text = text;
        text.retain(|byte| *byte != b'\r');
        let returns = String::from_utf8_lossy(&text).replace('\n', "\r\n");
        let marked = [b"\xEF\xBB\xBF", returns.as_bytes()].concat();
        // What is no UTF-8 is no text to put marks on.
        let text = String::from_utf8_lossy(&text).into_owned().into_bytes();
        let told = unmarked(&profile(&text), &text);
        prop_assert_eq!(unmarked(&profile(&marked), &marked), told);
    }
}

/// The body of an answer belongs to the head above it, and a block may not begin with it.
#[test]
fn no_border_at_the_body_of_an_answer() {
    let text = "HTTP/2 504\ndate: Sat, 21 Nov 2026 09:00:00 GMT\napigw-requestid: Zx9=\n\n\
                {\"message\":\"Endpoint request timed out\"}\n";
    let body = text.find('{').expect("a body");
    assert_eq!(reader::border(text.as_bytes(), body), None);
    assert_eq!(reader::border(b"x\n{\"level\":\"error\"}\n", 1), Some(2));
}

/// Each record of each dialect, cut at each of its bytes.
#[test]
fn each_record_at_each_of_its_bytes() {
    let mut records = records();
    // The longest are like the others, and each costs its length squared.
    records.retain(|record| record.len() < 900);
    assert!(records.len() > 300, "records of all dialects");
    for record in &records {
        let text = format!("{record}\n{record}\n").into_bytes();
        let profile = profile(&text);
        let expected = whole(&profile, &text);
        for at in (1..record.len()).step_by(1 + record.len() / 6) {
            assert_eq!(streamed(&profile, &text, &[at, text.len()]), expected, "{record} at {at}");
        }
    }
}

/// Records that are JSON objects, in a list as the consoles export them.
#[test]
fn lists_cut_at_any_byte() {
    let is_object = |record: &String| {
        serde_json::from_str::<serde_json::Value>(record).is_ok_and(|value| value.is_object())
    };
    let objects: Vec<String> = records().into_iter().filter(is_object).collect();
    assert!(objects.len() > 50, "records of the dialects that are JSON");
    let mut runner = TestRunner::deterministic();
    let steps = prop::collection::vec(1..3000_usize, 1..5);
    for between in [",", "\n,\n  "] {
        for (open, close) in [("[", "]"), ("[\n  ", "\n]\n"), ("\u{feff}[", "]")] {
            let text = format!("{open}{}{close}", objects.join(between));
            let profile = profile(text.as_bytes());
            assert!(profile.is_sequential());
            let expected = whole(&profile, text.as_bytes());
            for _ in 0..3 {
                let steps = steps.new_tree(&mut runner).expect("steps").current();
                assert_eq!(streamed(&profile, text.as_bytes(), &steps), expected, "{steps:?}");
            }
        }
    }
}
