//! The places of a finding as lines and columns.

use std::borrow::Cow;

use model::config::{Finding, PlaceOf, Span, System};
use model::{Lang, Statement, Text};

use crate::wire::WireText;

/// One place.
pub(crate) struct Spot<'c> {
    /// The file's path.
    pub(crate) path: &'c str,
    /// The earlier revision whose file it is; `None` for what is checked.
    pub(crate) revision: Option<&'c str>,
    /// First line and column, from 1, and the ones after its last character.
    pub(crate) from: (usize, usize),
    pub(crate) to: (usize, usize),
    pub(crate) span: Span,
    /// What it shows.
    pub(crate) says: &'c Statement,
}

impl Spot<'_> {
    /// The path, after the revision if it is an earlier one, as git writes it: `HEAD~1:main.tf`.
    pub(crate) fn title(&self) -> Cow<'_, str> {
        match self.revision {
            Some(revision) => format!("{revision}:{}", self.path).into(),
            None => self.path.into(),
        }
    }
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
            let revision = Some(&*file.revision).filter(|name| !name.is_empty());
            Some(Spot { path: &file.name, revision, from, to, span, says })
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

/// What stands before an update that brought a finding about.
pub(crate) const ARMED: Text =
    Text::new("this update arms it: ", "この更新で起こるようになります: ");
