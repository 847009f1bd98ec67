//! JSON documents whose records stand in a list: arrays (`gcloud logging read --format=json`) and
//! objects around one (`aws logs filter-log-events`, CloudTrail's files, `kubectl -o json`), read
//! element by element, whatever the layout, without holding the document.

use memchr::{memchr, memchr2};

use super::lines::MAX_RECORD;
use super::value::{Extent, Passed, Passing, StringEnd, extent, string_end};

/// Lines that may stand before the first document, such as what a command wrote to standard error.
const LINES_BEFORE: usize = 20;

/// Keys of lists whose elements are records: CloudTrail and Azure; CloudWatch Logs' events, what a
/// subscription delivers and what a query found; ECS; CloudWatch's and Cloud Monitoring's metrics;
/// Elastic Load Balancing; Kubernetes; Cloud Logging. Whatever their case.
const LISTS: [&str; 13] = [
    "Records",
    "events",
    "logEvents",
    "results",
    SERVICES,
    "tasks",
    "items",
    "MetricDataResults",
    "Datapoints",
    "timeSeries",
    "TargetHealthDescriptions",
    "InstanceStates",
    "entries",
];

/// The list of ECS services, each of which holds the list of its events.
const SERVICES: &str = "services";
const EVENTS: &str = "events";

/// Longest string, and longest key, of a document that is kept for the records in it, and how many.
const LONGEST: usize = 1024;
const MEMBERS: usize = 64;

/// True if a document with a list of records begins within the first lines.
pub(super) fn begins(head: &[u8]) -> bool {
    let mut rest = head;
    for _ in 0..LINES_BEFORE {
        let line = rest.trim_ascii_start();
        if line.first() == Some(&b'{') {
            return extent(window(line), is_list) == Extent::List;
        }
        if let Some(inside) = line.strip_prefix(b"[")
            && let Some(object) = inside.trim_ascii_start().strip_prefix(b"{")
        {
            return matches!(object.trim_ascii_start().first(), Some(b'"' | b'}'));
        }
        match memchr(b'\n', line) {
            Some(end) => rest = &line[end + 1..],
            None => return false,
        }
    }
    false
}

/// The first object of the head, if it ends there.
pub(super) fn first_whole(head: &[u8]) -> Option<&[u8]> {
    let (before, object) = head.split_at_checked(memchr(b'{', head)?)?;
    // An element of a list is a record, and says nothing about the list.
    if before.trim_ascii_end().ends_with(b"[") {
        return None;
    }
    match extent(window(object), |_| false) {
        Extent::Whole(length) => object.get(..length),
        _ => None,
    }
}

fn is_list(key: &[u8]) -> bool {
    LISTS.iter().any(|list| key.eq_ignore_ascii_case(list.as_bytes()))
}

fn is_events(key: &[u8]) -> bool {
    key.eq_ignore_ascii_case(EVENTS.as_bytes())
}

/// As much as one record may take: what is decided does not depend on how much more is visible.
fn window(bytes: &[u8]) -> &[u8] {
    bytes.get(..=MAX_RECORD).unwrap_or(bytes)
}

/// What stands at the beginning of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing of interest, this many bytes.
    Pass(usize),
    /// A record of this many bytes: an object, or a row of a query's result.
    Record(usize),
    /// A line of text outside any document, this many bytes with its line end.
    Line(usize),
    /// Something that was to be a record and is none, this many bytes.
    Broken(usize),
    /// A record too long to be kept begins; it is passed over from the next step on.
    TooLong,
    /// Not decidable without more bytes.
    More,
}

/// Where reading stands in documents that come one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Documents {
    /// The objects and lists around the place, the outermost first: four at most.
    open: Vec<Frame>,
    passing: Option<Passing>,
    around: Vec<(String, String)>,
    /// A document was damaged: what follows is looked through for records.
    astray: bool,
}

#[derive(Clone, Debug)]
struct Frame {
    kind: Kind,
    /// The key read last, while its value is still to come.
    key: Option<Vec<u8>>,
    /// Members that were around before this object.
    known: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Document,
    Service,
    List,
    Services,
}

impl Documents {
    /// Members of the documents around the place that are no lists and no objects.
    pub(super) fn around(&self) -> &[(String, String)] {
        &self.around
    }

    /// The step at the beginning of `bytes`; `last` if nothing follows them. The bytes of a step
    /// are done with: the next one begins behind them.
    pub(super) fn step(&mut self, bytes: &[u8], last: bool) -> Step {
        if bytes.is_empty() {
            return Step::More;
        }
        if let Some(passing) = &mut self.passing {
            return match passing.over(bytes) {
                Passed::All => Step::Pass(bytes.len()),
                Passed::Done(length) => {
                    self.passing = None;
                    Step::Pass(length)
                }
                Passed::Damaged(length) => {
                    self.lose();
                    Step::Pass(length)
                }
            };
        }
        let kind = self.open.last().map(|frame| frame.kind);
        let between = bytes.iter().take_while(|byte| is_between(**byte, kind)).count();
        if between > 0 {
            return Step::Pass(between);
        }
        match kind {
            None => self.outside(bytes, last),
            Some(Kind::List | Kind::Services) => self.in_list(bytes, last),
            Some(Kind::Document | Kind::Service) => self.member(bytes, last),
        }
    }

    fn outside(&mut self, bytes: &[u8], last: bool) -> Step {
        const BOM: &[u8] = b"\xEF\xBB\xBF";
        if bytes.starts_with(BOM) {
            return Step::Pass(BOM.len());
        }
        if !last && BOM.starts_with(bytes) {
            return Step::More;
        }
        if bytes[0] == b'{' {
            let found = extent(window(bytes), is_list);
            if found != Extent::List {
                return self.record(found, bytes, last);
            }
            self.around.clear();
            self.astray = false;
            self.enter(Kind::Document);
            return Step::Pass(1);
        }
        // The rest of a damaged record may have the next one on the same line.
        let end = memchr2(b'{', b'\n', window(bytes));
        if self.astray
            && let Some(end) = end.or(last.then_some(bytes.len()))
            && is_rest(&bytes[..end])
        {
            return Step::Pass(end.max(1));
        }
        match memchr(b'\n', window(bytes)) {
            Some(end) => Step::Line(end + 1),
            None if bytes.len() > MAX_RECORD => Step::Broken(MAX_RECORD + 1),
            None if last => Step::Line(bytes.len()),
            None => Step::More,
        }
    }

    fn in_list(&mut self, bytes: &[u8], last: bool) -> Step {
        match bytes[0] {
            b'{' | b'[' => {
                let services = self.open.last().is_some_and(|list| list.kind == Kind::Services);
                let found = extent(window(bytes), |key| services && is_events(key));
                if found != Extent::List {
                    return self.record(found, bytes, last);
                }
                self.enter(Kind::Service);
                Step::Pass(1)
            }
            b']' => {
                self.open.pop();
                Step::Pass(1)
            }
            b'"' => self.pass(),
            b'}' => {
                self.lose();
                Step::Pass(1)
            }
            _ => Step::Pass(scalar(bytes).max(1)),
        }
    }

    fn member(&mut self, bytes: &[u8], last: bool) -> Step {
        let Some(frame) = self.open.last_mut() else { return Step::Pass(1) };
        match bytes[0] {
            b'"' => {
                let window = bytes.get(..LONGEST + 2).unwrap_or(bytes);
                let end = match string_end(window, 1) {
                    StringEnd::At(end) => end,
                    StringEnd::LineEnd(end) => {
                        self.lose();
                        return Step::Pass(end + 1);
                    }
                    StringEnd::None if window.len() < LONGEST + 2 && !last => return Step::More,
                    StringEnd::None => {
                        // A key nobody knows, or a value nobody needs.
                        frame.key = frame.key.is_none().then(Vec::new);
                        return self.pass();
                    }
                };
                match frame.key.take() {
                    None => frame.key = Some(bytes[1..end].to_vec()),
                    Some(key) => {
                        if let Ok(value) = serde_json::from_slice(&bytes[..=end]) {
                            self.learn(&key, value);
                        }
                    }
                }
                Step::Pass(end + 1)
            }
            b'[' => {
                let key = frame.key.take().unwrap_or_default();
                let kind = match frame.kind {
                    Kind::Document if key.eq_ignore_ascii_case(SERVICES.as_bytes()) => {
                        Kind::Services
                    }
                    Kind::Document if is_list(&key) => Kind::List,
                    Kind::Service if is_events(&key) => Kind::List,
                    _ => return self.pass(),
                };
                self.enter(kind);
                Step::Pass(1)
            }
            b'{' => {
                frame.key = None;
                self.pass()
            }
            b'}' => {
                self.around.truncate(frame.known);
                self.open.pop();
                Step::Pass(1)
            }
            b']' => {
                self.lose();
                Step::Pass(1)
            }
            _ => {
                let length = scalar(bytes);
                if length == bytes.len() && length <= LONGEST && !last {
                    return Step::More;
                }
                if let Some(key) = frame.key.take()
                    && (1..=LONGEST).contains(&length)
                    && &bytes[..length] != b"null"
                {
                    self.learn(&key, String::from_utf8_lossy(&bytes[..length]).into_owned());
                }
                Step::Pass(length.max(1))
            }
        }
    }

    /// The step over an object or array that is no document, by its extent.
    fn record(&mut self, found: Extent, bytes: &[u8], last: bool) -> Step {
        match found {
            Extent::Whole(length) => Step::Record(length),
            Extent::Damaged(length) => {
                self.lose();
                Step::Broken(length)
            }
            _ if bytes.len() > MAX_RECORD => {
                self.passing = Some(Passing::default());
                Step::TooLong
            }
            _ if last => Step::Broken(bytes.len()),
            _ => Step::More,
        }
    }

    fn enter(&mut self, kind: Kind) {
        self.open.push(Frame { kind, key: None, known: self.around.len() });
    }

    fn learn(&mut self, key: &[u8], value: String) {
        if self.around.len() < MEMBERS {
            self.around.push((String::from_utf8_lossy(key).into_owned(), value));
        }
    }

    fn pass(&mut self) -> Step {
        self.passing = Some(Passing::default());
        Step::Pass(0)
    }

    /// What is around is not known any more; what was learnt of it stands.
    fn lose(&mut self) {
        self.passing = None;
        self.open.clear();
        self.astray = true;
    }
}

/// Bytes between the parts of a document, or, outside any, between the elements of an array.
fn is_between(byte: u8, kind: Option<Kind>) -> bool {
    match byte {
        b' ' | b'\t' | b'\r' | b'\n' | b',' => true,
        b':' => matches!(kind, Some(Kind::Document | Kind::Service)),
        b'[' | b']' => kind.is_none(),
        _ => false,
    }
}

/// Whether a part of a line can only come out of a JSON value that began before it: it begins with
/// what stands behind a value, with a member, or is one value alone.
fn is_rest(part: &[u8]) -> bool {
    let after = match part.first() {
        None | Some(b'}' | b':') => return true,
        Some(b'"') => match string_end(part, 1) {
            StringEnd::At(end) => &part[end + 1..],
            _ => return false,
        },
        Some(_) => match scalar(part) {
            0 => return false,
            length => &part[length..],
        },
    };
    matches!(after.trim_ascii_start().first(), None | Some(b':' | b',' | b'}' | b']'))
}

/// Length of the number or literal that the bytes begin with.
fn scalar(bytes: &[u8]) -> usize {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
    bytes.iter().take_while(|byte| part(byte)).count()
}

/// The complete records of the bytes.
pub(super) fn records(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut documents = Documents::default();
    std::iter::from_fn(move || {
        loop {
            let (length, found) = match documents.step(bytes, false) {
                Step::Record(length) => (length, true),
                Step::Pass(length) | Step::Line(length) | Step::Broken(length) => (length, false),
                Step::TooLong => (0, false),
                Step::More => return None,
            };
            let (piece, rest) = bytes.split_at(length);
            bytes = rest;
            if found {
                return Some(piece);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records with what was around them.
    fn all(text: &str) -> Vec<String> {
        let mut documents = Documents::default();
        let mut found = Vec::new();
        let mut rest = text.as_bytes();
        loop {
            let length = match documents.step(rest, true) {
                Step::More => return found,
                Step::Pass(length) => length,
                Step::TooLong => 0,
                Step::Line(length) => {
                    found.push(format!("line {}", String::from_utf8_lossy(&rest[..length]).trim()));
                    length
                }
                Step::Broken(length) => {
                    found.push("broken".to_owned());
                    length
                }
                Step::Record(length) => {
                    let around: Vec<String> =
                        documents.around().iter().map(|(k, v)| format!("{k}={v} ")).collect();
                    let record = String::from_utf8_lossy(&rest[..length]);
                    found.push(around.concat() + &record);
                    length
                }
            };
            rest = &rest[length..];
        }
    }

    #[test]
    fn arrays_in_every_layout() {
        for text in [
            "[{\"a\":\"}\\\"{\"},{\"b\":{}}]",
            "[\n  {\n    \"a\": \"}\\\"{\"\n  },\n  {\"b\": {}}\n]\n",
            "Listed 2 items.\n[{\"a\":\"}\\\"{\"}\n,{\"b\":{}}\n]\n[]\n",
        ] {
            assert!(begins(text.as_bytes()), "{text}");
            assert_eq!(records(text.as_bytes()).count(), 2, "{text}");
        }
        for text in
            ["{\"b\":[{\"c\":1}]}", "[Sat Jul 08 17:40:54 2017] x", "[{", "[[{\"a\":1}]]", ""]
        {
            assert!(!begins(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn lists_in_objects() {
        assert_eq!(
            all(
                "{\"logGroup\":\"/g\",\"n\":1,\"x\":null,\"o\":{\"events\":[{}]},\n\"events\":[{\"a\":1},{\"b\":[{}]}],\"t\":\"u\"}{\"Records\":[{\"c\":1}]}"
            ),
            ["logGroup=/g n=1 {\"a\":1}", "logGroup=/g n=1 {\"b\":[{}]}", "{\"c\":1}"]
        );
        assert_eq!(
            all(
                "{\"results\": [ [ {\"field\":\"a\",\"value\":\"b\"} ], [] ], \"status\": \"Complete\"}"
            ),
            ["[ {\"field\":\"a\",\"value\":\"b\"} ]", "[]"]
        );
        let names = "{\"events\":[\"x\",1]}";
        assert_eq!(all(&format!("{{}}\n{names}")), ["{}", names]);
    }

    #[test]
    fn events_of_services() {
        assert_eq!(
            all(
                "{\"services\":[{\"serviceName\":\"a\",\"d\":[{}],\"events\":[{\"m\":1}],\"z\":1},{\"serviceName\":\"b\",\"events\":[{\"m\":2}]}],\"failures\":[]}"
            ),
            ["serviceName=a {\"m\":1}", "serviceName=b {\"m\":2}"]
        );
    }

    #[test]
    fn damage_costs_one_element() {
        let found = ["{\"b\":1}", "{\"c\":1}"];
        let got: Vec<&[u8]> = records(b"[{\"a\":\"cut\n{\"b\":1},\n{\"c\":1}]").collect();
        assert_eq!(got, found.map(str::as_bytes));
        for damage in
            ["{\"a\":\"cut\n", "{\"a\":1,\n", "{\"a\":[1},", "{\"a\":\"cut\n \"t\": 5\n},"]
        {
            let text = format!(
                "{{\"k\":\"v\",\"events\":[{damage}{{\"b\":1}},\n{{\"c\":1}}],\"n\":\"t\"}}"
            );
            assert_eq!(all(&text), ["broken", "k=v {\"b\":1}", "k=v {\"c\":1}"], "{text}");
        }
        let text = "{\"k\":\"v\",\"events\":[{\"b\":1},{\"c\":\n";
        assert_eq!(all(text), ["k=v {\"b\":1}", "broken"]);
    }

    #[test]
    fn an_endless_record_does_not_grow() {
        let mut text = b"{\"a\":".to_vec();
        text.resize(MAX_RECORD + 10, b' ');
        let step = |bytes: &[u8], last| Documents::default().step(bytes, last);
        assert_eq!(step(&text, false), Step::TooLong);
        assert_eq!(step(&text[..100], false), Step::More);
        assert_eq!(step(&text[..100], true), Step::Broken(100));
        text.extend_from_slice(b"1},{\"b\":1}");
        let got: Vec<&[u8]> = records(&text).collect();
        assert_eq!(got, [b"{\"b\":1}"]);
    }
}
