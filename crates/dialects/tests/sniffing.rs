//! Every record goes to the dialect it is of: alone, and in files that mix all dialects. And text
//! that is no gateway log goes to none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use dialects::reader::{self, Options, Profile, Sink};
use dialects::{Context, Dialect};
use model::{Event, Tally};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

mod samples;

/// A record and where it belongs.
#[derive(Clone, Debug)]
struct Sample {
    dialect: &'static str,
    case: String,
    record: String,
}

/// Where the reader takes a record, and why that is not (or not only) the dialect it was written
/// for. A place of `-` stands for nobody.
struct Exception {
    dialect: &'static str,
    case: &'static str,
    goes_to: &'static str,
    reason: &'static str,
}

const fn exception(
    dialect: &'static str,
    case: &'static str,
    goes_to: &'static str,
    reason: &'static str,
) -> Exception {
    Exception { dialect, case, goes_to, reason }
}

/// Records that another dialect reads as well, or that need more than themselves to be recognised.
const EXCEPTIONS: &[Exception] = &[
    exception("haproxy-notice", "a check failed, the server still counts as up", "-", UNSIGNED),
    exception("haproxy-notice", "a check succeeded", "-", UNSIGNED),
    exception("haproxy-notice", "a server is drained", "-", UNSIGNED),
    exception("kubernetes", "a row of kubectl describe", "(marker)", INDENTED),
    exception(
        "kubernetes",
        "a row of kubectl describe that names its container",
        "(marker)",
        INDENTED,
    ),
    exception("kubernetes", "kubectl describe pod, a line alone", "(marker)", INDENTED),
    exception("go-client", "a panic with its stack", "-", PARAGRAPHS),
    exception("node", "Lambda", "aws-lambda", RUNTIMES_OWN),
    exception("node", "PostgreSQL: no connection left", "postgresql", SERVERS_OWN),
    exception("node", "fetch: the cause in a record of its own", "(marker)", INDENTED),
    exception("node", "an error of another kind ends the process", "-", AT_MARGIN),
    exception("node", "an error that nothing caught ends the process", "-", AT_MARGIN),
];

const RUNTIMES_OWN: &str = "the Lambda runtime's own line around a Node.js error: aws-lambda tells of \
                            the same call and of the invocation it ended";
const UNSIGNED: &str = "says nothing of interest, in words that other programs use as well: read \
    where the file is HAProxy's, left alone elsewhere";
const PARAGRAPHS: &str = "its stack stands below an empty line and at the margin: read where both \
    come in one entry of a cloud's log";
const INDENTED: &str = "an indented line belongs to the record above it";
const SERVERS_OWN: &str = "the server's own log line, which its own dialect knows better";
const AT_MARGIN: &str = "where the error was thrown stands above it at the margin, in lines that \
    are nothing by themselves";

/// A failing request of the test's own in front of each record: it is told with its line and so
/// says where the reader is, whoever reads the record and however little is told of it.
const MARKER: &str = "http 2026-05-04T09:15:30.120000Z app/marker/50dc6c495c0c9188 192.0.2.17:52110 \
    10.0.3.21:8080 -1 -1 -1 502 - 512 293 \"GET http://marker.example.com:80/ HTTP/1.1\" \"-\" - - \
    arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/marker/73e2d6bc24d8a067 \
    \"Root=1-69f7b0b2-0a1b2c3d4e5f60718293a4b5\" \"-\" \"-\" 0 2026-05-04T09:15:30.040000Z \"forward\" \
    \"-\" \"-\" \"10.0.3.21:8080\" \"-\" \"-\" \"-\"";

/// What the reader made of each record of a source.
struct Attribution {
    /// The record whose marker has been passed.
    at: usize,
    found: Vec<BTreeSet<&'static str>>,
}

impl Attribution {
    /// Reads one record as a source of its own.
    fn alone(context: &Context, record: &str) -> BTreeSet<&'static str> {
        let mut seen = Attribution { at: 0, found: vec![BTreeSet::new()] };
        seen.read(context, record);
        seen.found.remove(0)
    }

    /// Reads all of the records as one source.
    fn together(context: &Context, records: &[&str]) -> Vec<BTreeSet<&'static str>> {
        let mut text = String::new();
        for record in records {
            text.push_str(MARKER);
            text.push('\n');
            text.push_str(record);
            text.push('\n');
        }
        let mut seen = Attribution { at: 0, found: vec![BTreeSet::new(); records.len() + 1] };
        seen.read(context, &text);
        assert_eq!(seen.at, records.len(), "every marker is told");
        seen.found.split_off(1)
    }

    fn read(&mut self, context: &Context, text: &str) {
        let options =
            Options { context: context.clone(), zone_is_given: true, ..Options::default() };
        reader::read_block(&Profile::of(text.as_bytes(), &options), text.as_bytes(), self);
    }
}

impl Sink for Attribution {
    fn tally(&mut self, dialect: &'static str, _: &Tally<'_>) {
        self.found[self.at].insert(dialect);
    }
    fn event(&mut self, dialect: &'static str, _: &Event<'_>, _: u32, record: &str) {
        // Lines that may continue a record are read with the marker's when they fit nothing.
        if record.starts_with(MARKER) {
            self.at += 1;
            if record != MARKER {
                self.found[self.at].insert("(marker)");
            }
        } else {
            self.found[self.at].insert(dialect);
        }
    }
    fn understood(&mut self, dialect: &'static str, _: u64) {
        self.found[self.at].insert(dialect);
    }
    fn unread(&mut self, _: u32, _: &str) {
        self.found[self.at].insert("-");
    }
}

/// Counts of records by the dialect they are of and the one that read them.
#[derive(Default)]
struct Confusion {
    counts: BTreeMap<(&'static str, &'static str), usize>,
    wrong: BTreeMap<(String, String), String>,
    excused: BTreeSet<usize>,
}

impl Confusion {
    fn add(&mut self, sample: &Sample, found: &BTreeSet<&'static str>, how: &str) {
        let exceptions: Vec<usize> = (0..EXCEPTIONS.len())
            .filter(|&at| {
                EXCEPTIONS[at].dialect == sample.dialect && EXCEPTIONS[at].case == sample.case
            })
            .collect();
        if found.is_empty() {
            *self.counts.entry((sample.dialect, "(lost)")).or_default() += 1;
        }
        for name in found {
            *self.counts.entry((sample.dialect, name)).or_default() += 1;
        }
        let mut astray = found.iter().filter(|name| **name != sample.dialect).peekable();
        if !found.is_empty() && astray.peek().is_none() {
            return;
        }
        let excuse = |name: &&str| exceptions.iter().find(|at| EXCEPTIONS[**at].goes_to == *name);
        let excuses: Vec<_> = astray.map(excuse).collect();
        if !found.is_empty() && excuses.iter().all(Option::is_some) {
            self.excused.extend(excuses.into_iter().flatten());
            return;
        }
        let key = (sample.dialect.to_owned(), sample.case.clone());
        self.wrong.entry(key).or_insert_with(|| format!("{how}: {found:?}: {}", sample.record));
    }

    fn print(&self, title: &str) {
        println!("{title}: records by what they are and who read them");
        for ((is, read), count) in &self.counts {
            let mark = if is == read { " " } else { "!" };
            println!("{mark} {is:<20} {read:<20} {count}");
        }
    }
}

/// All records that their own dialect understands, with what their file tells about them.
fn sources() -> Vec<(Context, Vec<Sample>)> {
    let mut sources = Vec::new();
    for (dialect, samples) in samples::all() {
        let of_the_dialect = samples.cases.iter().filter(|case| case.is_understood());
        let records = of_the_dialect
            .map(|case| Sample {
                dialect: dialect.name(),
                case: case.name.clone(),
                record: case.record.clone(),
            })
            .collect();
        sources.push((samples.context(), records));
    }
    sources
}

/// Files that mix all records, each in another order.
const FILES: usize = 10;

#[test]
fn every_record_goes_to_its_dialect_alone_and_in_company() {
    let sources = sources();
    let mut confusion = Confusion::default();
    for (context, samples) in &sources {
        for sample in samples {
            let found = Attribution::alone(context, &sample.record);
            confusion.add(sample, &found, "alone");
        }
    }
    confusion.print("alone");

    // In one file only what one context serves: records that need columns, a document around them
    // or another reading of the combined format are left out.
    let mut together = Context { year: Some(2026), ..Context::default() };
    let mut all = Vec::new();
    for (context, samples) in &sources {
        let alone = !context.columns.is_empty() || !context.around.is_empty();
        if alone || context.combined_is_apache {
            continue;
        }
        together.nginx_formats.extend(context.nginx_formats.iter().cloned());
        all.extend(samples.iter().cloned());
    }
    let mut mixed = Confusion { excused: confusion.excused, ..Confusion::default() };
    let mut runner = TestRunner::deterministic();
    for _ in 0..FILES {
        let order = Just(all.clone()).prop_shuffle();
        let tree = order.new_tree(&mut runner).expect("a shuffle");
        let order = proptest::strategy::ValueTree::current(&tree);
        let records: Vec<&str> = order.iter().map(|sample| &sample.record[..]).collect();
        for (sample, found) in order.iter().zip(Attribution::together(&together, &records)) {
            mixed.add(sample, &found, "mixed");
        }
    }
    mixed.print("files of all dialects");

    let mut wrong = confusion.wrong;
    wrong.extend(mixed.wrong);
    for ((dialect, case), what) in &wrong {
        println!("{dialect} | {case} | {what}");
    }
    assert!(wrong.is_empty(), "{} records go astray: see above", wrong.len());
    let idle: Vec<_> = (0..EXCEPTIONS.len())
        .filter(|at| !mixed.excused.contains(at))
        .map(|at| format!("{} | {}", EXCEPTIONS[at].dialect, EXCEPTIONS[at].case))
        .collect();
    assert!(idle.is_empty(), "exceptions that are none any more: {idle:#?}");
    assert!(EXCEPTIONS.iter().all(|exception| exception.reason.len() > 20), "reasons are given");
}

/// Counts what is understood of a text, with an excerpt of each.
#[derive(Default)]
struct Taken(Vec<String>);

impl Sink for Taken {
    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        self.0.push(format!("{dialect}: tallied {}", tally.status));
    }
    fn event(&mut self, dialect: &'static str, _: &Event<'_>, line: u32, record: &str) {
        self.0.push(format!("{dialect}: line {}: {record}", line + 1));
    }
    fn understood(&mut self, dialect: &'static str, records: u64) {
        self.0.push(format!("{dialect}: {records} without events"));
    }
    fn unread(&mut self, _: u32, _: &str) {}
}

fn taken(text: &[u8]) -> Vec<String> {
    let mut taken = Taken::default();
    reader::read_block(&Profile::of(text, &Options::default()), text, &mut taken);
    taken.0
}

fn files(folder: &Path, extensions: &[&str], into: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        if path.is_dir() {
            if !name.starts_with('.') && !["target", "node_modules"].contains(&name) {
                files(&path, extensions, into);
            }
        } else if extensions.contains(&path.extension().and_then(|e| e.to_str()).unwrap_or("")) {
            into.push(path);
        }
    }
}

#[test]
fn texts_that_are_no_gateway_logs_go_to_nobody() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/innocent");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).expect("texts").flatten() {
        paths.push(entry.path());
    }
    assert!(paths.len() >= 12, "texts of every kind");
    let mut lines = 0;
    let mut wrong = Vec::new();
    for path in &paths {
        let text = std::fs::read(path).expect("a text");
        lines += text.split(|byte| *byte == b'\n').count();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        wrong.extend(taken(&text).into_iter().map(|what| format!("{name}: {what}")));
        // A line that nobody reads in its file is not to be read alone either.
        for line in text.split(|byte| *byte == b'\n') {
            wrong.extend(taken(line).into_iter().map(|what| format!("{name}, one line: {what}")));
        }
    }
    println!("{lines} lines of {} texts", paths.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn our_own_sources_go_to_nobody() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths = Vec::new();
    for folder in ["crates/dialects/src", "crates/catalogue/src", "crates/lab/src"] {
        files(&root.join(folder), &["rs", "toml"], &mut paths);
    }
    for entry in std::fs::read_dir(&root).expect("the workspace").flatten() {
        if entry
            .path()
            .extension()
            .is_some_and(|extension| extension == "toml" || extension == "md")
        {
            paths.push(entry.path());
        }
    }
    assert!(paths.len() > 50, "the workspace's own sources");
    // A whole line of a log stands there where a line begins, or behind nothing but dots.
    let quotes = ["appserver/uwsgi.rs", "apache/error_line.rs", "src/probe.rs"];
    paths.retain(|path| !quotes.iter().any(|quote| path.ends_with(quote)));
    let mut wrong = Vec::new();
    for path in &paths {
        let text = std::fs::read(path).expect("a source");
        wrong.extend(taken(&text).into_iter().map(|what| format!("{}: {what}", path.display())));
    }
    println!("{} sources of our own", paths.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn dialects_have_samples_of_their_own() {
    let with: BTreeSet<_> = samples::all().iter().map(|(dialect, _)| dialect.name()).collect();
    let all: BTreeSet<_> =
        dialects::ALL.iter().map(|dialect: &&dyn Dialect| dialect.name()).collect();
    assert_eq!(with, all);
}
