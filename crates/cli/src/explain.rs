//! Helps the verbs `explain` and `dialects` along: what a mistyped name may have meant.

/// Names that look like the one asked for, most alike first.
pub(crate) fn similar<'a>(asked: &str, known: &[&'a str]) -> Vec<&'a str> {
    let words: Vec<&str> = asked.split(['-', '_', ' ']).filter(|word| word.len() > 2).collect();
    let mut scored: Vec<(usize, &str)> = known
        .iter()
        .map(|name| (words.iter().filter(|word| names(name, word)).count(), *name))
        .filter(|(score, _)| *score > 0)
        .collect();
    scored.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// True if a word of the slug is this word or begins with it; a few letters found somewhere
/// inside (`all` in `stall`) are chance.
fn names(slug: &str, word: &str) -> bool {
    slug.split('-').any(|part| part == word || (word.len() > 3 && part.starts_with(word)))
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn words_are_compared_not_letters() {
        assert!(names("keepalive-race", "keep"));
        assert!(names("nat-port-exhaustion", "nat"));
        assert!(!names("cpu-or-eventloop-stall", "all"));
        assert!(!names("alternator", "nat"));
    }
}
