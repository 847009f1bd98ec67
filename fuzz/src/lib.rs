//! The targets: what must hold for any bytes. Each panics if it does not.

#[path = "../../crates/dialects/tests/agreement/mod.rs"]
mod agreement;
mod files;
#[allow(dead_code, unreachable_pub)]
#[path = "../../crates/cli/src/intake/mod.rs"]
mod intake;
#[allow(dead_code)]
#[path = "../../crates/cli/src/progress.rs"]
mod progress;
#[allow(dead_code)]
#[path = "../../crates/dialects/tests/samples/mod.rs"]
mod samples;

use std::sync::OnceLock;

use dialects::reader::{self, Options, Profile, Sink, State};
use dialects::{Context, Dialect};
use model::{Event, Tally};

pub use files::intake;

/// A target by its name.
pub const TARGETS: [(&str, fn(&[u8])); 4] =
    [("dialect", dialect), ("sniff", sniff), ("reader", reader), ("intake", intake)];

/// The dialects a run is about: the one that `WHY502_DIALECT` names, or all.
fn chosen() -> &'static [&'static dyn Dialect] {
    static CHOSEN: OnceLock<Vec<&'static dyn Dialect>> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var("WHY502_DIALECT") {
        Ok(name) => vec![dialects::by_name(&name).unwrap_or_else(|| panic!("no dialect {name}"))],
        Err(_) => dialects::ALL.to_vec(),
    })
}

/// The context of the samples' directives, all that one source can have.
fn context() -> &'static Context {
    static CONTEXT: OnceLock<Context> = OnceLock::new();
    CONTEXT.get_or_init(|| {
        let mut context = Context { year: Some(2026), ..Context::default() };
        for (_, samples) in samples::all() {
            context.nginx_formats.extend(samples.context().nginx_formats);
        }
        context
    })
}

/// The records of the samples of the chosen dialects: what a run begins with.
#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let names: Vec<&str> = chosen().iter().map(|dialect| dialect.name()).collect();
    let of_the_chosen =
        samples::all().into_iter().filter(|(dialect, _)| names.contains(&dialect.name()));
    of_the_chosen
        .flat_map(|(_, samples)| samples.cases.into_iter().map(|case| case.record.into_bytes()))
        .filter(|record| !record.is_empty())
        .collect()
}

/// Each chosen dialect with the whole text as a record.
pub fn dialect(bytes: &[u8]) {
    let record = String::from_utf8_lossy(bytes);
    for dialect in chosen() {
        for context in [context(), &Context::default()] {
            if let Err(what) = agreement::offer(*dialect, &record, context) {
                panic!("{}: {what}", dialect.name());
            }
        }
    }
}

/// What the reader tells, in order.
#[derive(Default, PartialEq, Debug)]
struct Told {
    said: Vec<String>,
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
        self.said.push(format!("unread {} {text}", self.base + line));
    }
}

fn profile(text: &[u8]) -> Profile {
    let options = Options { context: context().clone(), ..Options::default() };
    Profile::of(text, &options)
}

/// The reader with a source of any bytes: every line of it is accounted for.
pub fn sniff(bytes: &[u8]) {
    let mut told = Told::default();
    let lines = reader::read_block(&profile(bytes), bytes, &mut told);
    let newlines = bytes.iter().filter(|byte| **byte == b'\n').count();
    let expected = newlines + usize::from(bytes.last().is_some_and(|byte| *byte != b'\n'));
    assert_eq!(lines as usize, expected, "lines are counted");
}

/// A source whose first bytes say how it is cut.
pub fn reader(bytes: &[u8]) {
    let Some((cuts, text)) = bytes.split_first_chunk::<3>() else { return };
    let profile = profile(text);
    let mut whole = Told::default();
    whole.base = reader::read_block(&profile, text, &mut whole);

    let mut streamed = Told::default();
    let mut state = State::default();
    let mut steps = cuts.iter().cycle();
    let (mut from, mut to) = (0, 0);
    while from < text.len() {
        let step = steps.next().map_or(1, |cut| 1 + usize::from(*cut) * 7);
        to = (to + step).min(text.len());
        let last = to == text.len();
        let progress =
            reader::read_some(&profile, &mut state, &text[from..to], last, &mut streamed);
        if progress.overlong {
            return;
        }
        streamed.base += progress.lines;
        from += progress.consumed;
        assert!(!last || from == text.len(), "the last bytes are read");
    }
    assert_eq!(streamed, whole, "a stream tells the same");

    if profile.is_sequential() || text.is_empty() {
        return;
    }
    let at = usize::from(cuts[0]) * text.len() / 256;
    let mut blocks = Told::default();
    if let Some(border) = reader::border(text, at) {
        blocks.base = reader::read_block(&profile, &text[..border], &mut blocks);
        blocks.base += reader::read_block(&profile, &text[border..], &mut blocks);
        assert_eq!(blocks, whole, "two blocks tell the same");
    }
}
