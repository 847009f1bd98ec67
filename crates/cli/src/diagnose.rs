//! Where intake, engine, catalogue and report meet.

use model::{Assumption, Diagnosis, Event, Lang, Statement, Tally, Text};

use crate::args::Format;
use crate::intake::{Gather, Place, Reading};

/// Takes in records until the engine's digest takes this place.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    tallies: u64,
    events: u64,
}

impl Gather for Digest {
    fn new() -> Digest {
        Digest::default()
    }

    fn tally(&mut self, _dialect: &'static str, _tally: &Tally<'_>) {
        self.tallies += 1;
    }

    fn event(&mut self, _dialect: &'static str, _event: &Event<'_>, _place: Place, _record: &str) {
        self.events += 1;
    }

    fn merge(&mut self, other: Digest) {
        self.tallies += other.tallies;
        self.events += other.events;
    }
}

/// Dialects whose own time stamps state no zone (nginx `ngx_cached_err_log_time`, Apache httpd
/// `ErrorLogFormat` `%t`, HAProxy `%tr`).
const ZONELESS: &[&str] = &["nginx-error", "apache-error", "haproxy-http", "haproxy-notice"];

/// The diagnosis of what was read.
pub(crate) fn diagnosis(reading: Reading<Digest>, zone_given: Option<i32>) -> Diagnosis {
    let mut diagnosis = judge(&reading);
    if zone_given.is_none() {
        diagnosis.assumptions.extend(zone_assumption(&reading));
    }
    diagnosis.sources = reading.sources;
    diagnosis.complaints = reading.complaints;
    diagnosis
}

fn judge(reading: &Reading<Digest>) -> Diagnosis {
    let _ = reading.line_of(Place { source: 0, block: 0, line: 0 });
    let counted = reading.gather.tallies + reading.gather.events;
    Diagnosis { requests: counted, ..Diagnosis::default() }
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
    let _ = (view.width, view.colour, view.hyperlinks, view.show_values, view.verbose);
    let mut out = String::new();
    let says = diagnosis.complaints.iter().map(|complaint| &complaint.says);
    let says = says.chain(diagnosis.assumptions.iter().map(|assumption| &assumption.says));
    if format == Format::Json {
        let says: Vec<String> = says.map(|says| format!("{:?}", says.render(view.lang))).collect();
        return format!("{{\"complaints\": [{}]}}\n", says.join(", "));
    }
    for source in &diagnosis.sources {
        let understood: u64 = source.dialects.iter().map(|(_, records)| records).sum();
        out += &format!(
            "{}: {} lines, {understood} records, {} unread\n",
            source.name, source.lines, source.unread
        );
    }
    for says in says {
        out += &says.render(view.lang);
        out.push('\n');
    }
    out
}
