//! Fills `{name}` places of a sentence in one pass, so that a measured value which happens to
//! contain braces (`/users/{id}`) is neither filled again nor mistaken for a gap.

use model::{Lang, Statement, Text};

use crate::agree::after_one;

/// One piece of a sentence.
enum Piece<'a> {
    Words(&'a str),
    Place(&'a str),
}

/// Splits a sentence at its places. A place is `{name}` with a name of lower-case letters and
/// underscores; any other brace is a word like the rest.
fn pieces(sentence: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = sentence;
    let mut from = 0;
    while let Some(open) = rest[from..].find('{').map(|at| from + at) {
        let inside = &rest[open + 1..];
        let length = inside.bytes().take_while(|b| b.is_ascii_lowercase() || *b == b'_').count();
        if length > 0 && inside[length..].starts_with('}') {
            out.push(Piece::Words(&rest[..open]));
            out.push(Piece::Place(&inside[..length]));
            rest = &inside[length + 1..];
            from = 0;
        } else {
            from = open + 1;
        }
    }
    out.push(Piece::Words(rest));
    out
}

/// The sentence with each place replaced by what `value` knows, or `otherwise`; and whether
/// every place was known.
fn fill(
    text: &Text,
    lang: Lang,
    otherwise: &str,
    value: impl Fn(&str) -> Option<String>,
) -> (String, bool) {
    let sentence = text.get(lang);
    let mut out = String::with_capacity(sentence.len() + 32);
    let mut complete = true;
    let mut is_one = false;
    for piece in pieces(sentence) {
        match piece {
            Piece::Words(words) if is_one && lang == Lang::En => out.push_str(&after_one(words)),
            Piece::Words(words) => out.push_str(words),
            Piece::Place(name) => {
                let value = value(name);
                is_one = value.as_deref() == Some("1");
                complete &= value.is_some();
                out.push_str(value.as_deref().unwrap_or(otherwise));
            }
        }
    }
    (out, complete)
}

fn lookup(
    values: &[(&'static str, String)],
    name: &str,
    seen: &dyn Fn(&str) -> String,
) -> Option<String> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| seen(value))
}

/// A statement in one language with its values as `seen` shows them; `None` if a place has no
/// value, because such a statement must not be shown.
pub(crate) fn statement(
    says: &Statement,
    lang: Lang,
    seen: &dyn Fn(&str) -> String,
) -> Option<String> {
    sentence(&says.text, lang, &says.values, seen)
}

/// A sentence of the catalogue with measured figures; `None` if one of them is not known.
pub(crate) fn sentence(
    text: &Text,
    lang: Lang,
    values: &[(&'static str, String)],
    seen: &dyn Fn(&str) -> String,
) -> Option<String> {
    let (out, complete) = fill(text, lang, "", |name| lookup(values, name, seen));
    complete.then_some(out)
}

/// A sentence of the catalogue where an unknown figure reads `…`: for sentences that are worth
/// reading without it.
pub(crate) fn lenient(
    text: &Text,
    lang: Lang,
    values: &[(&'static str, String)],
    seen: &dyn Fn(&str) -> String,
) -> String {
    fill(text, lang, "…", |name| lookup(values, name, seen)).0
}

/// A fixed sentence of `words` with its values.
pub(crate) fn words(text: &Text, lang: Lang, values: &[(&str, &str)]) -> String {
    let value = |name: &str| {
        values.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let (out, complete) = fill(text, lang, "", value);
    debug_assert!(complete, "a place of {text:?} has no value");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(value: &str) -> String {
        value.to_owned()
    }

    #[test]
    fn values_with_braces_are_values() {
        let says = Statement::plain(Text::new("{n} on {path}", "{path} で {n} 件"))
            .with("n", 3)
            .with("path", "/users/{n}/{id}");
        assert_eq!(statement(&says, Lang::Ja, &plain).as_deref(), Some("/users/{n}/{id} で 3 件"));
        assert_eq!(statement(&says, Lang::En, &plain).as_deref(), Some("3 on /users/{n}/{id}"));
    }

    #[test]
    fn a_gap_is_found_wherever_it_is() {
        let text = Text::new("log_format {\"a\": 1} {n}", "");
        assert_eq!(sentence(&text, Lang::En, &[], &plain), None);
        assert_eq!(lenient(&text, Lang::En, &[], &plain), "log_format {\"a\": 1} …");
        let open = Text::new("{{n}} {N} { {", "");
        assert_eq!(
            sentence(&open, Lang::En, &[("n", "1".to_owned())], &plain).as_deref(),
            Some("{1} {N} { {")
        );
    }
}
