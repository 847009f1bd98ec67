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

    /// The sentence with its values filled in. A place without a value stays as written, which a
    /// test of the catalogue treats as a defect.
    #[must_use]
    pub fn render(&self, lang: Lang) -> String {
        let mut out = self.text.get(lang).to_owned();
        for (name, value) in &self.values {
            out = out.replace(&format!("{{{name}}}"), value);
        }
        out
    }

    /// True if a `{name}` place has no value: such a statement must not be shown.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        let filled = self.render(Lang::En);
        let Some(open) = filled.find('{') else { return false };
        filled[open + 1..].split_once('}').is_some_and(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        })
    }
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
    }
}
