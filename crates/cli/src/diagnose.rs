//! Where intake, engine, catalogue and report meet.

use engine::{Digest, Place};
use model::{Assumption, Diagnosis, Event, Lang, Statement, Tally, Text};
use report::json::JsonOptions;
use report::text::TextOptions;

use crate::args::Format;
use crate::intake::{Gather, Reading};

impl Gather for Digest {
    fn new() -> Digest {
        Digest::new()
    }

    fn tally(&mut self, dialect: &'static str, tally: &Tally<'_>) {
        Digest::tally(self, dialect, tally);
    }

    fn event(&mut self, dialect: &'static str, event: &Event<'_>, place: Place, record: &str) {
        Digest::event(self, dialect, event, place, record);
    }

    fn saw(&mut self, dialect: &'static str) {
        Digest::saw(self, dialect);
    }

    fn merge(&mut self, other: Digest) {
        Digest::merge(self, other);
    }
}

/// Dialects whose own time stamps state no zone (nginx `ngx_cached_err_log_time`, Apache httpd
/// `ErrorLogFormat` `%t`, HAProxy `%tr`).
const ZONELESS: &[&str] = &["nginx-error", "apache-error", "haproxy-http", "haproxy-notice"];

/// The diagnosis of what was read.
pub(crate) fn diagnosis(reading: Reading<Digest>, zone_given: Option<i32>) -> Diagnosis {
    let line_of = |place: Place| reading.line_of(place);
    let mut diagnosis = engine::diagnose(&reading.gather, catalogue::ALL, &line_of);
    if zone_given.is_none() {
        diagnosis.assumptions.extend(zone_assumption(&reading));
    }
    diagnosis.sources = reading.sources;
    diagnosis.complaints = reading.complaints;
    diagnosis
}

/// Which zone was assumed for stamps without one, and why.
fn zone_assumption(reading: &Reading<Digest>) -> Option<Assumption> {
    let dialect = reading
        .sources
        .iter()
        .flat_map(|source| source.dialects.iter())
        .map(|(name, _)| *name)
        .find(|name| ZONELESS.contains(name))?;
    let says = match &reading.zone_from {
        Some((source, zone)) => Statement::plain(Text::new(
            "Time stamps without a zone ({dialect}) were read as UTC{zone}, the zone that {source} states; --timezone changes it.",
            "タイムゾーンのない時刻（{dialect}）は、{source} にある UTC{zone} として読みました。--timezone で変更できます。",
        ))
        .with("source", source)
        .with("zone", offset(*zone)),
        None => Statement::plain(Text::new(
            "Time stamps without a zone ({dialect}) were read as UTC; --timezone changes it.",
            "タイムゾーンのない時刻（{dialect}）は UTC として読みました。--timezone で変更できます。",
        )),
    };
    Some(Assumption { says: says.with("dialect", dialect) })
}

fn offset(seconds: i32) -> String {
    let minutes = seconds.abs() / 60;
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// How to show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View {
    pub(crate) lang: Lang,
    pub(crate) width: usize,
    pub(crate) colour: bool,
    pub(crate) hyperlinks: bool,
    pub(crate) show_values: bool,
    pub(crate) verbose: bool,
}

/// The diagnosis in a format.
pub(crate) fn render(diagnosis: &Diagnosis, format: Format, view: &View) -> String {
    match format {
        Format::Json => {
            report::json::diagnosis(diagnosis, &JsonOptions { show_values: view.show_values })
        }
        Format::Text => report::text::diagnosis(
            diagnosis,
            &TextOptions {
                lang: view.lang,
                width: view.width,
                colour: view.colour,
                hyperlinks: view.hyperlinks,
                show_values: view.show_values,
                verbose: view.verbose,
            },
        ),
    }
}
