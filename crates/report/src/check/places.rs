//! The places of a finding as lines and columns.

use model::config::{Finding, PlaceOf, Span, System};
use model::{Lang, Statement};

use crate::wire::WireText;

/// One place.
pub(crate) struct Spot<'c> {
    /// The file's path.
    pub(crate) path: &'c str,
    /// First line and column, from 1, and the ones after its last character.
    pub(crate) from: (usize, usize),
    pub(crate) to: (usize, usize),
    pub(crate) span: Span,
    /// What it shows.
    pub(crate) says: &'c Statement,
}

/// The places that lie in a file, in the order of the finding.
pub(crate) fn spots<'c>(system: &'c System, finding: &'c Finding) -> Vec<Spot<'c>> {
    let places = finding.prediction.places.iter();
    places
        .filter_map(|(place, says)| {
            let span = span_of(place)?;
            let file = system.file(span.file);
            let (from, to) = (
                file.position(span.start as usize),
                file.position(span.end.max(span.start) as usize),
            );
            Some(Spot { path: &file.name, from, to, span, says })
        })
        .collect()
}

/// What holds without being written anywhere.
pub(crate) fn unwritten(finding: &Finding) -> impl Iterator<Item = &Statement> {
    let places = finding.prediction.places.iter();
    places.filter(|(place, _)| span_of(place).is_none()).map(|(_, says)| says)
}

fn span_of(place: &PlaceOf) -> Option<Span> {
    match place {
        PlaceOf::Setting(setting) => setting.span(),
        PlaceOf::Text(span) => Some(*span),
    }
}

/// A sentence with its first letter large, unless it begins with a name, and a full stop, masked.
pub(crate) fn sentence(says: &Statement, lang: Lang) -> String {
    let text = crate::mask::mask(&says.render(lang)).into_owned();
    let mut chars = text.chars();
    let is_name = says.text.get(lang).starts_with('{');
    let first =
        chars.next().map(|c| if is_name { c.to_string() } else { c.to_uppercase().collect() });
    let first: String = first.unwrap_or_default();
    let end = if text.ends_with(['.', '。', '!', '?']) { "" } else { lang_stop(lang) };
    format!("{first}{}{end}", chars.as_str())
}

fn lang_stop(lang: Lang) -> &'static str {
    match lang {
        Lang::En => ".",
        Lang::Ja => "。",
    }
}

/// A statement in both languages, masked.
pub(crate) fn both(says: &Statement) -> WireText {
    let of = |lang| crate::mask::mask(&says.render(lang)).into_owned();
    WireText { en: of(Lang::En), ja: of(Lang::Ja) }
}
