//! Sentences for people, in the languages why502 speaks, with places for measured values.

/// A language of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Lang {
    /// The language of a BCP 47 tag or a POSIX locale such as `ja_JP.UTF-8`; English if unknown.
    #[must_use]
    pub fn from_locale(locale: &str) -> Lang {
        if locale.starts_with("ja") { Lang::Ja } else { Lang::En }
    }

    /// The language tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Lang::En => "en",
            Lang::Ja => "ja",
        }
    }
}

/// One sentence in every language. `{name}` marks a place for a measured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// Japanese.
    pub ja: &'static str,
}

impl Text {
    /// A sentence in both languages.
    #[must_use]
    pub const fn new(en: &'static str, ja: &'static str) -> Text {
        Text { en, ja }
    }

    /// The sentence in one language.
    #[must_use]
    pub const fn get(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Ja => self.ja,
        }
    }
}

/// A sentence together with the values that were measured for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The sentence, with `{name}` places.
    pub text: Text,
    /// The values for the places.
    pub values: Vec<(&'static str, String)>,
}

impl Statement {
    /// A sentence without places.
    #[must_use]
    pub const fn plain(text: Text) -> Statement {
        Statement { text, values: Vec::new() }
    }

    /// The same statement with one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Statement {
        self.values.push((name, value.to_string()));
        self
    }

    /// The sentence with its values filled in, in one pass: a value that looks like a place is
    /// not filled again. A place without a value stays as written.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let mut out = String::new();
        let mut rest = self.text.get(lang);
        while let Some((before, place, after)) = next_place(rest) {
            out.push_str(before);
            match self.values.iter().find(|(name, _)| *name == place) {
                Some((_, value)) => out.push_str(value),
                None => {
                    out.push('{');
                    out.push_str(place);
                    out.push('}');
                }
            }
            rest = after;
        }
        out + rest
    }

    /// True if a `{name}` place has no value: such a statement must not be shown.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        [self.text.en, self.text.ja].into_iter().any(|text| {
            let mut rest = text;
            while let Some((_, place, after)) = next_place(rest) {
                if !self.values.iter().any(|(name, _)| *name == place) {
                    return true;
                }
                rest = after;
            }
            false
        })
    }
}

/// The text before the next `{name}`, the name, and the text after it.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    while let Some(open) = text[from..].find('{').map(|at| at + from) {
        let name = text[open + 1..].split('}').next().unwrap_or("");
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if is_name && text[open + 1 + name.len()..].starts_with('}') {
            return Some((&text[..open], name, &text[open + name.len() + 2..]));
        }
        from = open + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fill_places_in_both_languages() {
        let s = Statement::plain(Text::new("{n} drops", "破棄 {n} 件")).with("n", 7);
        assert_eq!(s.render(Lang::En), "7 drops");
        assert_eq!(s.render(Lang::Ja), "破棄 7 件");
        assert!(!s.has_gaps());
        assert!(Statement::plain(Text::new("{n} drops", "")).has_gaps());
        assert!(!Statement::plain(Text::new("log_format {\"a\": 1}", "")).has_gaps());
        let s = Statement::plain(Text::new("{ {a}{b}", "")).with("a", "{b}").with("b", "x");
        assert_eq!(s.render(Lang::En), "{ {b}x");
        assert!(!s.has_gaps());
    }
}
