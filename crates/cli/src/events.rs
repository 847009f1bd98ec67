//! The hidden verb `events`: what logs are read as, before anything is judged. For golden files and
//! for finding out why a line was taken for what it was.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use engine::Place;
use model::{Event, Tally};

use crate::intake::{self, Gather, Reading, Settings};

/// Events as lines of text, and counts of what was only counted.
#[derive(Default)]
struct Listing {
    lines: Vec<(Place, usize, String)>,
    tallies: BTreeMap<(&'static str, String, u16), u64>,
}

impl Gather for Listing {
    fn new() -> Listing {
        Listing::default()
    }

    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        let hop = String::from_utf8_lossy(tally.hop).into_owned();
        *self.tallies.entry((dialect, hop, tally.status)).or_default() += 1;
    }

    fn event(&mut self, dialect: &'static str, event: &Event<'_>, place: Place, _record: &str) {
        let order = self.lines.len();
        self.lines.push((place, order, format!("{dialect} {event}")));
    }

    fn saw(&mut self, _dialect: &'static str) {}

    fn merge(&mut self, other: Listing) {
        self.lines.extend(other.lines);
        for (key, count) in other.tallies {
            *self.tallies.entry(key).or_default() += count;
        }
    }
}

/// Reads the inputs and lists their events.
pub(crate) fn list(paths: &[PathBuf], settings: &Settings) -> String {
    let apart = crate::evidence::beside(paths, &[], true).map(|beside| beside.apart);
    let apart = apart.unwrap_or_default();
    let mut reading: Reading<Listing> = intake::read(paths, &apart, settings);
    let mut lines = std::mem::take(&mut reading.gather.lines);
    lines.sort();
    let mut out = String::new();
    for (place, _, line) in &lines {
        let source = reading.sources.get(place.source as usize);
        let name = source.map_or("", |source| source.name.as_str());
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{name}:{} {line}", reading.line_of(*place));
    }
    for ((dialect, hop, status), count) in &reading.gather.tallies {
        let _ = writeln!(out, "{count} × {dialect} hop={hop} status={status}");
    }
    for source in &reading.sources {
        for (line, text) in &source.unread_examples {
            let _ = writeln!(out, "{}:{line} not understood: {text}", source.name);
        }
    }
    out
}
