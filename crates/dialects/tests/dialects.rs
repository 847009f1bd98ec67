//! Runs every `tests/<dialect>.txt`: a log record, a separator, the events expected of it. Samples
//! that need other directives stand in `tests/<dialect>.<what>.txt`.
//!
//! ```text
//! # a comment; directives before the first case: @offset 32400, @year 2026, @nginx <log_format>,
//! # @columns <names>, @around <name> <value>
//! --- what the case shows
//! the record, one line or several
//! =>
//! request kind=… (one line per event; `nothing` if understood without events; `refused`)
//! ```
//!
//! `WHY502_BLESS=1 cargo test -p why502-dialects` rewrites the expectations; read the difference
//! before you commit it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dialects::{Context, Dialect, Quick, Understood};
use model::Event;

struct Case {
    name: String,
    record: String,
    expected: String,
}

fn split(text: &str) -> (String, Vec<Case>) {
    let mut head = String::new();
    let mut cases: Vec<Case> = Vec::new();
    let mut in_expected = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("--- ") {
            cases.push(Case { name: name.into(), record: String::new(), expected: String::new() });
            in_expected = false;
        } else if let Some(case) = cases.last_mut() {
            if line == "=>" && !in_expected {
                in_expected = true;
            } else {
                let part = if in_expected { &mut case.expected } else { &mut case.record };
                part.push_str(line);
                part.push('\n');
            }
        } else {
            head.push_str(line);
            head.push('\n');
        }
    }
    for case in &mut cases {
        case.record = case.record.trim_end_matches('\n').to_owned();
        case.expected = case.expected.trim_end_matches('\n').to_owned();
    }
    (head, cases)
}

fn context(head: &str) -> Context {
    let mut context = Context::default();
    for line in head.lines() {
        if let Some(value) = line.strip_prefix("@offset ") {
            context.offset_east = value.parse().expect("@offset takes seconds");
        } else if let Some(value) = line.strip_prefix("@year ") {
            context.year = Some(value.parse().expect("@year takes a year"));
        } else if let Some(value) = line.strip_prefix("@nginx ") {
            context.nginx_formats.push(dialects::LogFormat::compile(value).expect("a log_format"));
        } else if let Some(value) = line.strip_prefix("@columns ") {
            context.columns = value.split_whitespace().map(str::to_owned).collect();
        } else if let Some(value) = line.strip_prefix("@around ") {
            let (key, value) = value.split_once(' ').expect("@around takes a name and a value");
            context.around.push((key.to_owned(), value.to_owned()));
        } else if line == "@apache" {
            context.combined_is_apache = true;
        }
    }
    context
}

fn shown(dialect: &dyn Dialect, record: &str, context: &Context) -> String {
    let mut events = Vec::new();
    let understood = dialect.parse(record, context, &mut events);
    if understood == Understood::No {
        assert!(events.is_empty(), "a refused record yields no events: {record}");
        return "refused".to_owned();
    }
    agree(dialect, record, context, &events);
    if events.is_empty() {
        return "nothing".to_owned();
    }
    let lines: Vec<String> = events.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// A quick look and a full parse say the same about a healthy request.
fn agree(dialect: &dyn Dialect, record: &str, context: &Context, events: &[Event<'_>]) {
    let tally = match dialect.quick(record.as_bytes(), context) {
        Quick::Tally(tally) => tally,
        Quick::Nothing => {
            assert!(events.is_empty(), "a quick look passes over what says something: {record}");
            return;
        }
        Quick::Full => return,
    };
    let [Event::Request(request)] = events else {
        panic!("a tallied record is one request: {record}")
    };
    assert!(request.failure.is_none(), "a tallied request is healthy: {record}");
    assert_eq!(Some(tally.status), request.status, "{record}");
    assert_eq!(String::from_utf8_lossy(tally.hop), request.hop, "{record}");
    assert_eq!(String::from_utf8_lossy(tally.target), request.target.as_deref().unwrap_or(""));
    assert_eq!(tally.kind, request.kind, "{record}");
    assert_eq!(tally.elapsed, request.timers.total, "{record}");
    assert!(Some(tally.at) == request.end || Some(tally.at) == request.start, "{record}");
}

/// The files with samples of a dialect: the one named after it, and those for other directives.
fn samples<'d>(dialect: &'d dyn Dialect, folder: &Path) -> Vec<(&'d dyn Dialect, PathBuf)> {
    let mut paths = vec![folder.join(format!("{}.txt", dialect.name()))];
    let others = format!("{}.", dialect.name());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    paths.extend(entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        name.strip_prefix(&others)
            .and_then(|rest| rest.strip_suffix(".txt"))
            .is_some_and(|what| !what.is_empty())
    }));
    paths.sort();
    paths.into_iter().map(|path| (dialect, path)).collect()
}

#[test]
fn every_dialect_reads_its_samples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let bless = std::env::var_os("WHY502_BLESS").is_some();
    let mut failures = String::new();
    for (dialect, path) in dialects::ALL.iter().flat_map(|dialect| samples(*dialect, &folder)) {
        let Ok(text) = std::fs::read_to_string(&path) else {
            writeln!(failures, "{}: no samples at {}", dialect.name(), path.display()).unwrap();
            continue;
        };
        let (head, cases) = split(&text);
        let context = context(&head);
        assert!(!cases.is_empty(), "{} has no cases", path.display());
        let mut blessed = head.clone();
        for case in &cases {
            let got = shown(dialect, &case.record, &context);
            write!(blessed, "--- {}\n{}\n=>\n{got}\n", case.name, case.record).unwrap();
            if got != case.expected {
                let name = dialect.name();
                writeln!(
                    failures,
                    "{name}: {}\n  got      {got}\n  expected {}",
                    case.name, case.expected
                )
                .unwrap();
            }
            // What is refused must also be refused by sniffing, unless only the source tells.
            let elsewhere =
                Context { combined_is_apache: !context.combined_is_apache, ..context.clone() };
            let refused = got == "refused" && shown(dialect, &case.record, &elsewhere) == got;
            assert!(
                !refused || !dialect.sniff_in(&case.record, &context),
                "{}: {} sniffs as its own but does not parse",
                dialect.name(),
                case.name
            );
        }
        if bless {
            std::fs::write(&path, blessed).expect("samples can be rewritten");
        }
    }
    assert!(bless || failures.is_empty(), "\n{failures}");
}
