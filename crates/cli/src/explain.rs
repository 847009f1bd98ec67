//! Helps the verb `explain` along: what a mistyped name may have meant.

use model::Cause;

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
