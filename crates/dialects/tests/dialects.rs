//! Runs every `tests/<dialect>.txt`: each record yields the events that its file expects, and the
//! quick look says the same as the full parse.
//!
//! `WHY502_BLESS=1 cargo test -p why502-dialects` rewrites the expectations; read the difference
//! before you commit it.

use std::fmt::Write as _;

use dialects::{Context, Dialect, Quick, Understood};
use model::Event;

mod samples;

use samples::Samples;

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

#[test]
fn every_dialect_reads_its_samples() {
    let bless = std::env::var_os("WHY502_BLESS").is_some();
    let mut failures = String::new();
    let files = dialects::ALL
        .iter()
        .flat_map(|dialect| samples::paths(*dialect).into_iter().map(move |path| (*dialect, path)));
    for (dialect, path) in files {
        let Ok(text) = std::fs::read_to_string(&path) else {
            writeln!(failures, "{}: no samples at {}", dialect.name(), path.display()).unwrap();
            continue;
        };
        let samples = Samples::of(&text);
        let context = samples.context();
        let Samples { head, cases } = samples;
        assert!(!cases.is_empty(), "{} has no cases", path.display());
        let mut blessed = head;
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
