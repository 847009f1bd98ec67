//! Places of a prediction as lines of files, for a report that has the logs at hand and not the system.

use model::config::{Cited, FileLine, Origin, PlaceOf, Prediction, Setting, Span, System};
use model::{Micros, Statement, Text};

/// Longest line that is cited, in characters.
const LONGEST: usize = 200;

const MEET: Text = Text::new(
    "the {longer} of {longer_at} meet the {shorter} of {shorter_at}",
    "{longer_at} の {longer} に対し、{shorter_at} は {shorter} です",
);

/// The places, those that nobody wrote last.
pub(super) fn places(system: &System, places: &[(PlaceOf, Statement)]) -> Vec<Cited> {
    let mut cited: Vec<Cited> = places
        .iter()
        .map(|(place, says)| {
            let (span, default_of) = match place {
                PlaceOf::Text(span) => (Some(*span), None),
                PlaceOf::Setting(setting) => (setting.span(), default_of(setting)),
            };
            Cited { at: span.map(|span| line(system, span)), says: says.clone(), default_of }
        })
        .collect();
    cited.sort_by_key(|one| one.at.is_none());
    cited
}

fn default_of(setting: &Setting) -> Option<&'static model::config::KnownDefault> {
    match setting.origin {
        Origin::Default { known, .. } => Some(known),
        Origin::Written(_) => None,
    }
}

fn line(system: &System, span: Span) -> FileLine {
    let file = system.file(span.file);
    let number = file.position(span.start as usize).0;
    let text = file.text.lines().nth(number - 1).unwrap_or("").trim();
    let text = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    };
    FileLine { path: file.name.clone(), line: number, text }
}

/// The two times that contradict each other, each with where it stands; `None` if the prediction is
/// not about two times.
pub(super) fn meet(system: &System, prediction: &Prediction) -> Option<Statement> {
    // Only a contradiction of timers says which of them has to be longer.
    prediction.says.values.iter().find(|(name, _)| *name == "longer_name")?;
    let timers: Vec<(&Setting, Micros)> = prediction
        .places
        .iter()
        .filter_map(|(place, _)| match place {
            PlaceOf::Setting(setting) => Some((setting, setting.time()?)),
            PlaceOf::Text(_) => None,
        })
        .collect();
    // The one that has to be longer is the first place, the one it has to outlast the last.
    let [(longer, a), .., (shorter, b)] = timers[..] else { return None };
    (a <= b).then(|| {
        Statement::plain(MEET)
            .with("longer", &longer.value)
            .with("longer_at", place_of(system, longer))
            .with("shorter", &shorter.value)
            .with("shorter_at", place_of(system, shorter))
    })
}

/// `server.js:12`; for a default the product, and where its version is written.
pub(super) fn place_of(system: &System, setting: &Setting) -> String {
    match setting.origin {
        Origin::Written(span) => system.place(span),
        Origin::Default { known, version_at: Some(at), .. } => {
            format!("{} ({})", known.product, system.place(at))
        }
        Origin::Default { known, .. } => known.product.to_owned(),
    }
}
