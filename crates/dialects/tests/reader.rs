//! The reader with small dialects of its own: grouping, prefixes, damage, and the promise that
//! cutting a source into blocks changes nothing.

use dialects::reader::{self, Options, Profile, Sink, State};
use dialects::{Context, Dialect, Quick, Understood};
use model::{Event, HopKind, Occurrence, OccurrenceKind, Tally, Timestamp};
use proptest::prelude::*;

/// `10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200`: tallied below 400, an event above.
struct Access;
/// `{"severity": …}` and whatever follows in the object.
struct Json;
/// `SomeError: …` with its stack.
struct Stack;
/// `2024/01/02 03:04:05 [error] …`, several lines where a message is quoted.
struct Errors;

fn event<'a>(record: &'a str, context: &Context) -> Event<'a> {
    let mut subject = record.to_owned();
    if let Some(hop) = &context.hop {
        subject = format!("{hop}: {subject}");
    }
    Event::Occurrence(Box::new(Occurrence::new(
        OccurrenceKind::ApplicationError,
        context.prefix_time,
        subject,
    )))
}

fn access_status(line: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(line).ok()?;
    let (address, rest) = text.split_once(" - - [")?;
    let (_, status) = rest.split_once("] ")?;
    (address.starts_with("10.") && !status.contains(' ')).then(|| status.parse().ok())?
}

impl Dialect for Access {
    fn name(&self) -> &'static str {
        "access"
    }
    fn sniff(&self, record: &str) -> bool {
        access_status(record.as_bytes()).is_some()
    }
    fn quick<'a>(&self, line: &'a [u8], _: &Context) -> Quick<'a> {
        match access_status(line) {
            Some(status) if status < 400 => Quick::Tally(Tally {
                at: Timestamp(0),
                hop: b"h",
                kind: HopKind::Proxy,
                status,
                target: b"",
                elapsed: None,
            }),
            _ => Quick::Full,
        }
    }
    fn parse<'a>(&self, record: &'a str, c: &Context, out: &mut Vec<Event<'a>>) -> Understood {
        match access_status(record.as_bytes()) {
            None => Understood::No,
            Some(status) => {
                if status >= 400 {
                    out.push(event(record, c));
                }
                Understood::Yes
            }
        }
    }
}

impl Dialect for Json {
    fn name(&self) -> &'static str {
        "json"
    }
    fn sniff(&self, record: &str) -> bool {
        serde_json::from_str::<serde_json::Value>(record)
            .is_ok_and(|value| value.get("severity").is_some())
    }
    fn parse<'a>(&self, record: &'a str, c: &Context, out: &mut Vec<Event<'a>>) -> Understood {
        if !self.sniff(record) {
            return Understood::No;
        }
        out.push(event(record, c));
        Understood::Yes
    }
}

impl Dialect for Stack {
    fn name(&self) -> &'static str {
        "stack"
    }
    fn sniff(&self, record: &str) -> bool {
        let first = record.lines().next().unwrap_or("");
        first.split_once(": ").is_some_and(|(name, _)| name.ends_with("Error"))
            || first.starts_with("Traceback")
    }
    fn parse<'a>(&self, record: &'a str, c: &Context, out: &mut Vec<Event<'a>>) -> Understood {
        if !self.sniff(record) {
            return Understood::No;
        }
        out.push(event(record, c));
        Understood::Yes
    }
}

impl Dialect for Errors {
    fn name(&self) -> &'static str {
        "errors"
    }
    fn sniff(&self, record: &str) -> bool {
        record.get(19..28).is_some_and(|level| level == " [error] ")
    }
    fn parse<'a>(&self, record: &'a str, c: &Context, out: &mut Vec<Event<'a>>) -> Understood {
        if !self.sniff(record) {
            return Understood::No;
        }
        out.push(event(record, c));
        Understood::Yes
    }
}

static DIALECTS: &[&dyn Dialect] = &[&Json, &Errors, &Access, &Stack];

fn options() -> Options {
    Options { dialects: DIALECTS, ..Options::default() }
}

#[derive(Debug, Default, PartialEq)]
struct Seen {
    tallies: u64,
    understood: u64,
    events: Vec<(u32, &'static str, String)>,
    unread: Vec<(u32, String)>,
    base: u32,
}

impl Sink for Seen {
    fn tally(&mut self, _: &'static str, _: &Tally<'_>) {
        self.tallies += 1;
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, line: u32, _: &str) {
        self.events.push((self.base + line, dialect, event.to_string()));
    }
    fn understood(&mut self, _: &'static str, records: u64) {
        self.understood += records;
    }
    fn unread(&mut self, line: u32, text: &str) {
        self.unread.push((self.base + line, text.to_owned()));
    }
}

fn whole(text: &[u8]) -> Seen {
    let mut seen = Seen::default();
    seen.base = reader::read_block(&Profile::of(text, &options()), text, &mut seen);
    seen
}

fn subjects(text: &str) -> Vec<String> {
    let seen = whole(text.as_bytes());
    assert_eq!(seen.unread, [], "{text}");
    seen.events.into_iter().map(|(_, _, shown)| shown).collect()
}

/// Pieces of logs; joined in any order they make a file.
const PIECES: &[&str] = &[
    "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200\n",
    "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200\r\n",
    "10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502\n",
    "{\"severity\":\"ERROR\",\"a\":\"{\"}\n",
    "{\n  \"severity\": \"ERROR\",\n  \"b\": {\n    \"c\": 1\n  }\n}\n",
    "{\n  \"severity\": \"ERROR\",\n",
    "TypeError: fetch failed\n    at a (b.js:1:2)\n    at c {\n  cause: Error: x\n      at d {\n    code: 1\n  }\n}\n",
    "Traceback (most recent call last):\n  File \"a\", line 1\n    f()\nValueError: x\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File \"b\"\nKeyError: y\n",
    "2024/01/02 03:04:05 [error] 1#1: *1 upstream timed out\n",
    "2024/01/02 03:04:05 [error] 1#1: *1 FastCGI sent in stderr: \"PHP message: a\nStack trace:\n#0 {main}\n  thrown in b\" while reading response header, client: 10.0.0.1\n",
    "2024/01/02 03:04:05 [error] 1#1: *1 FastCGI sent in stderr: \"never closed\n",
    "web-1  | TypeError: fetch failed\nweb-1  |     at a\nweb-1  | }\n",
    "db-1   |     at nowhere\n",
    "Feb  6 12:14:14 host node[12]: TypeError: y\nFeb  6 12:14:14 host node[12]:     at a\n",
    "{\"log\":\"TypeError: z\\n\",\"stream\":\"stderr\",\"time\":\"2024-01-02T03:04:05Z\"}\n{\"log\":\"    at q\\n\",\"stream\":\"stderr\",\"time\":\"2024-01-02T03:04:05Z\"}\n",
    "something that no dialect knows\n",
    "    indented and unknown\n",
    "}\n",
    "\n",
    "   \n",
    "#Version: 1.0\n",
    "caf\u{e9} \u{1f980} \u{1b}[31mTypeError: red\u{1b}[0m\n",
    "\u{0}\u{0}10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200\n",
    "[\n",
];

/// Pieces of documents; joined in any order they make a file of them, mostly damaged.
const DOCUMENTS: &[&str] = &[
    "{\"events\":[{\"severity\":1},{\"severity\":2,\"a\":[{\"b\":\"]}\"}]}],\"next\":null}",
    "{\n  \"logGroup\": \"/g\",\n  \"logEvents\": [\n    {\n      \"id\": \"1\",\n      \"timestamp\": 1714564800123,\n      \"message\": \"TypeError: x\\n    at a\"\n    }\n  ]\n}\n",
    "{\"results\":[[{\"field\":\"@message\",\"value\":\"2024/01/02 03:04:05 [error] x\"}]]}\n",
    "{\"services\":[{\"name\":\"a\",\"events\":[{\"severity\":3}]}]}",
    "{\"severity\":4}\n",
    "{\"other\":4}\n",
    "{\"events\":[{\"severity\":\"cut\n",
    "{\"events\":[{\"severity\":5},",
    "\"key\": 12,\n",
    "]}",
    "}\n",
    "[",
    "\"",
    "\n",
    "An error occurred (ThrottlingException)\n",
    "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200\n",
    "\u{feff}",
];

/// Rows of an export, and parts of rows.
const ROWS: &[&str] = &[
    "2024-05-01 12:00:00.123,10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200\n",
    "2024-05-01 12:00:00.123,10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 502\r\n",
    "2024-05-01 12:00:00.123,\"TypeError: \"\"x\"\"\n    at a\n\"\n",
    "2024-05-01 12:00:00.123,\"never closed\n",
    "@timestamp,@message\n",
    "\n",
];

fn in_pieces(text: &[u8], step: usize) -> Seen {
    let profile = Profile::of(text, &options());
    let mut seen = Seen::default();
    let mut state = State::default();
    let (mut from, mut to) = (0, 0);
    while from < text.len() || to == 0 {
        to = (to + step).min(text.len());
        let last = to == text.len();
        let progress = reader::read_some(&profile, &mut state, &text[from..to], last, &mut seen);
        seen.base += progress.lines;
        from += progress.consumed;
        assert!(!last || from == text.len());
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Cut at any borders, read in pieces: the same is seen.
    #[test]
    fn cutting_at_borders_changes_nothing(
        picks in prop::collection::vec((0..PIECES.len(), 1..3_usize), 1..60),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        whole_end in any::<bool>(),
    ) {
        let mut text = Vec::new();
        for (piece, times) in picks {
            for _ in 0..times {
                text.extend_from_slice(PIECES[piece].as_bytes());
            }
        }
        if !whole_end {
            text.pop();
        }
        prop_assume!(!text.is_empty());
        let profile = Profile::of(&text, &options());
        prop_assume!(!profile.is_sequential());
        let mut expected = Seen::default();
        let lines = reader::read_block(&profile, &text, &mut expected);

        let mut borders: Vec<usize> = cuts
            .iter()
            .filter_map(|cut| reader::border(&text, cut.index(text.len())))
            .collect();
        borders.extend([0, text.len()]);
        borders.sort_unstable();
        borders.dedup();
        let mut seen = Seen::default();
        for pair in borders.windows(2) {
            seen.base += reader::read_block(&profile, &text[pair[0]..pair[1]], &mut seen);
        }
        prop_assert_eq!(seen.base, lines);
        expected.base = lines;
        prop_assert_eq!(seen, expected);
    }

    /// Fed piece by piece as a stream is: the same is seen.
    #[test]
    fn streaming_changes_nothing(
        picks in prop::collection::vec(0..PIECES.len(), 1..60),
        array in any::<bool>(),
        step in 1..400_usize,
    ) {
        let mut text: Vec<u8> = if array { b"[{\"severity\":1},\n".to_vec() } else { Vec::new() };
        for piece in picks {
            text.extend_from_slice(PIECES[piece].as_bytes());
        }
        prop_assert_eq!(in_pieces(&text, step), whole(&text));
    }

    /// The same for documents, whole, damaged and with text between them.
    #[test]
    fn documents_in_pieces_are_the_same(
        picks in prop::collection::vec(0..DOCUMENTS.len(), 1..12),
        step in 1..200_usize,
    ) {
        let text: Vec<u8> =
            picks.into_iter().flat_map(|piece| DOCUMENTS[piece].bytes()).collect();
        let text = [&b"{\"events\":[{\"severity\":1}]}\n"[..], &text].concat();
        prop_assert!(Profile::of(&text, &options()).is_sequential());
        prop_assert_eq!(in_pieces(&text, step), whole(&text));
    }

    /// And for rows of a CSV export.
    #[test]
    fn rows_in_pieces_are_the_same(
        picks in prop::collection::vec(0..ROWS.len(), 1..12),
        step in 1..100_usize,
    ) {
        let text: Vec<u8> = picks.into_iter().flat_map(|piece| ROWS[piece].bytes()).collect();
        let text = [&b"@timestamp,@message\n"[..], &text].concat();
        prop_assert!(Profile::of(&text, &options()).is_sequential());
        prop_assert_eq!(in_pieces(&text, step), whole(&text));
    }

    /// No bytes at all make it fail.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        whole(&bytes);
        let half = bytes.len() / 2;
        prop_assert!(reader::border(&bytes, half).is_none_or(|at| at >= half));
        prop_assert!(reader::block_start(&bytes, half, bytes.len()).is_none_or(|at| at >= half));
    }
}

#[test]
fn records_of_several_lines_stay_together() {
    let text = [7, 4, 6, 9, 11].map(|piece| PIECES[piece]).concat();
    let seen = subjects(&text);
    assert_eq!(seen.len(), 5, "{seen:#?}");
    assert!(seen[0].contains("KeyError: y"), "{}", seen[0]);
    assert!(seen[3].contains("client: 10.0.0.1"), "{}", seen[3]);
    assert!(seen[4].contains("web-1: TypeError") && !seen[4].contains('|'), "{}", seen[4]);
}

#[test]
fn prefixes_give_host_and_time() {
    let cases = [
        "[pod/web-7/nginx] 10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502",
        "2024-01-02T03:04:05.000000001Z stdout F 10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502",
        "<13>1 2024-01-02T03:04:05Z edge nginx 7 - - 10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502",
        "{\"log\":\"10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502\\r\\n\",\"time\":\"2024-01-02T03:04:05Z\"}",
        "web | {\"message\":\"\\u001b[1m10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502\",\"host\":\"x\"}",
    ];
    let hops = [Some("web-7"), None, Some("edge"), None, Some("web")];
    for (case, hop) in cases.iter().zip(hops) {
        let text = format!("{case}\n");
        let seen = subjects(&text);
        assert_eq!(seen.len(), 1, "{case}");
        let record = "10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502";
        let expected = hop.map_or(record.to_owned(), |hop| format!("{hop}: {record}"));
        assert!(seen[0].contains(&expected), "{}", seen[0]);
        assert_eq!(
            seen[0].contains("2024-01-02T03:04:05"),
            !case.starts_with(['[', 'w']),
            "{case}"
        );
    }
}

#[test]
fn healthy_lines_behind_a_prefix_are_tallied() {
    let line = "10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200";
    for text in [
        format!("web-1  | {line}\n").repeat(20),
        format!("2024-01-02T03:04:05Z stdout F {line}\n").repeat(20),
        format!("{{\"log\":\"{line}\\n\",\"time\":\"2024-01-02T03:04:05Z\"}}\n").repeat(20),
        format!("{line}\r\n").repeat(20),
    ] {
        let seen = whole(text.as_bytes());
        assert_eq!((seen.tallies, seen.unread.len()), (20, 0), "{text}");
    }
}

#[test]
fn arrays_are_read_element_by_element() {
    let text = "[\n  {\n    \"severity\": 1\n  },\n  {\"severity\": 2},\n  {\"other\": 3}\n]\n";
    let seen = whole(text.as_bytes());
    let lines: Vec<u32> = seen.events.iter().map(|(line, ..)| *line).collect();
    assert_eq!(lines, [1, 4]);
    assert_eq!(seen.unread, [(5, "{\"other\": 3}".to_owned())]);
}

#[test]
fn documents_give_their_records_with_time_place_and_line() {
    let text = "\n".to_owned() + DOCUMENTS[1] + DOCUMENTS[2] + DOCUMENTS[3] + "\n";
    for text in [text.clone(), format!("{}{text}", PIECES[2])] {
        let seen = whole(text.as_bytes());
        assert_eq!(seen.unread, [], "{text}");
        let shown: Vec<&str> = seen.events.iter().map(|(.., shown)| shown.as_str()).collect();
        let [.., first, second, third] = shown[..] else { panic!("{shown:?}") };
        let at = "occurrence kind=application-error at=2024-05-01T12:00:00.123Z ";
        assert_eq!(first, format!("{at}subject=\"/g: TypeError: x\\n    at a\""));
        assert!(second.ends_with("subject=\"2024/01/02 03:04:05 [error] x\""), "{second}");
        assert!(third.ends_with("\"severity\\\":3}\""), "{third}");
        let before = u32::from(text.starts_with("10."));
        let lines: Vec<u32> = seen.events.iter().rev().take(3).map(|(line, ..)| *line).collect();
        assert_eq!(lines, [12, 11, 4].map(|line| line + before));
    }
}

#[test]
fn objects_one_a_line_are_read_in_parallel_and_known_records_are_no_documents() {
    let text = "{\"severity\":1,\"a\":2}\n".repeat(3) + DOCUMENTS[0] + "\n";
    assert!(!Profile::of(text.as_bytes(), &options()).is_sequential());
    assert_eq!(whole(text.as_bytes()).events.len(), 5);
    let known = "{\"severity\":1,\"events\":[{\"a\":1}]}\n".repeat(3);
    assert!(!Profile::of(known.as_bytes(), &options()).is_sequential());
    assert_eq!(whole(known.as_bytes()).events.len(), 3);
}

#[test]
fn a_document_larger_than_any_record_is_read_to_its_end() {
    let element = "{\"severity\":1,\"pad\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"},";
    let count = reader::MAX_RECORD * 3 / element.len();
    let text = format!("{{\"events\":[{}{{\"severity\":2}}]}}", element.repeat(count));
    let seen = whole(text.as_bytes());
    assert_eq!((seen.events.len(), seen.unread.len()), (count + 1, 0));
}

#[test]
fn exports_as_csv_are_read_row_by_row() {
    let text = "@timestamp,@message\n".to_owned() + ROWS[0] + ROWS[2] + ROWS[3] + ROWS[1];
    let seen = whole(text.as_bytes());
    assert_eq!(seen.tallies, 1);
    let shown: Vec<(u32, &str)> = seen.events.iter().map(|(l, _, s)| (*l, s.as_str())).collect();
    let [(2, stack), (6, access)] = shown[..] else { panic!("{shown:?}") };
    let at = "at=2024-05-01T12:00:00.123Z";
    assert!(stack.contains(at) && stack.contains("TypeError: \\\"x\\\"\\n    at a"), "{stack}");
    assert!(access.contains(at) && access.ends_with("+0900] 502\""), "{access}");
    assert_eq!(seen.unread, [(5, "2024-05-01 12:00:00.123,\"never closed".to_owned())]);
}

#[test]
fn what_is_too_long_is_counted_and_named() {
    let mut text = b"10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 502\n".to_vec();
    text.resize(text.len() + reader::MAX_RECORD + 5, b'x');
    text.extend_from_slice(b"\n10.0.0.2 - - [10/Oct/2000:13:55:37 +0900] 503\n");
    let seen = whole(&text);
    assert_eq!(seen.events.len(), 2);
    assert_eq!(seen.events[1].0, 2);
    assert_eq!(seen.unread.len(), 1);
    assert!(seen.unread[0].1.ends_with("(1048581 bytes)"), "{}", seen.unread[0].1);
    let cut = reader::read_some(
        &Profile::of(&text, &options()),
        &mut State::default(),
        &text[46..text.len() - 47],
        false,
        &mut Seen::default(),
    );
    assert!(cut.overlong && cut.consumed == 0);
}

#[test]
fn the_year_is_the_last_one_in_which_the_date_had_come() {
    let newest = Timestamp::from_civil((2024, 2, 1), (0, 0, 0), 0, 0);
    let options = Options { newest, ..options() };
    let text =
        b"Dec 31 23:59:59 edge app[1]: TypeError: a\nJan  1 00:00:01 edge app[1]: TypeError: b\n";
    let mut seen = Seen::default();
    reader::read_block(&Profile::of(text, &options), text, &mut seen);
    assert!(seen.events[0].2.contains("2023-12-31T23:59:59"), "{seen:?}");
    assert!(seen.events[1].2.contains("2024-01-01T00:00:01"), "{seen:?}");
}

#[test]
fn the_zone_is_learnt_from_stamps_that_state_it() {
    let text = b"10.0.0.1 - - [10/Oct/2000:13:55:36 +0900] 200\n";
    assert_eq!(Profile::of(text, &options()).offset_east(), 9 * 3600);
    let given = Options { zone_is_given: true, ..options() };
    assert_eq!(Profile::of(text, &given).offset_east(), 0);
    let both = [&text[..], b"10.0.0.1 - - [10/Oct/2000:13:55:36 +0000] 200\n"].concat();
    assert_eq!(reader::zone_of(&both), None);
}

#[test]
fn a_forced_dialect_is_the_only_one() {
    let text = PIECES[2].to_owned() + PIECES[3];
    let options = Options { forced: Some(&Json), ..options() };
    let mut seen = Seen::default();
    reader::read_block(&Profile::of(text.as_bytes(), &options), text.as_bytes(), &mut seen);
    assert_eq!((seen.events.len(), seen.unread.len()), (1, 1));
}
