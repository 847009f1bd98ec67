//! The verbs `explain` and `causes`: the catalogue, shown.

use model::{Cause, Lang};

/// Every cause there is.
pub(crate) fn all() -> &'static [&'static Cause] {
    &[]
}

/// The page of one cause.
pub(crate) fn page(cause: &Cause, lang: Lang, width: usize, colour: bool) -> String {
    let _ = (lang, width, colour);
    cause.page()
}

/// The list of causes.
pub(crate) fn list(causes: &[&Cause], lang: Lang, width: usize) -> String {
    let _ = width;
    causes.iter().map(|cause| format!("{}  {}\n", cause.slug, cause.title.get(lang))).collect()
}

/// Names that look like the one asked for, most alike first.
pub(crate) fn similar<'a>(slug: &str, causes: &[&'a Cause]) -> Vec<&'a str> {
    let words: Vec<&str> = slug.split(['-', '_', ' ']).filter(|word| word.len() > 2).collect();
    let mut scored: Vec<(usize, &str)> = causes
        .iter()
        .map(|cause| (words.iter().filter(|word| cause.slug.contains(**word)).count(), cause.slug))
        .filter(|(score, _)| *score > 0)
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, slug)| slug).collect()
}
