//! Words by which text that a dialect cannot know is refused before the dialect looks at it.
//!
//! Most text that lies beside gateway logs is nobody's. One search for the words of all dialects at
//! once costs less than asking a single one of them.

use crate::Context;

/// What every record has that a dialect's `sniff_in` accepts.
#[derive(Clone, Copy, Debug)]
pub struct Marks {
    /// One of these words, upper and lower case as they stand. Names in JSON have no escapes:
    /// no program writes letters so.
    pub(crate) words: &'static [&'static [&'static str]],
    /// Whether the record is a JSON object.
    pub(crate) is_object: bool,
    /// Whether none of this holds where the user or the head of the source names columns or formats.
    pub(crate) unless_told: bool,
}

impl Marks {
    /// A word that every text has.
    pub(crate) const ANYTHING: &'static str = "";

    /// Nothing is known: the dialect looks at every record.
    pub const UNKNOWN: Marks = Marks::any_of(&[&[Marks::ANYTHING]]);

    /// One of the words is in every record; they come in lists.
    #[must_use]
    pub const fn any_of(words: &'static [&'static [&'static str]]) -> Marks {
        Marks { words, is_object: false, unless_told: false }
    }

    /// The same, and every record is a JSON object.
    #[must_use]
    pub const fn in_objects(words: &'static [&'static [&'static str]]) -> Marks {
        Marks { words, is_object: true, unless_told: false }
    }

    /// The same, but only where nobody has named columns or formats.
    #[must_use]
    pub const fn unless_told(self) -> Marks {
        Marks { unless_told: true, ..self }
    }

    /// Whether a record has what it must have. The reader asks for all dialects at once; this says
    /// the same of one.
    #[must_use]
    pub fn are_in(&self, record: &str, context: &Context) -> bool {
        let is_told = !context.columns.is_empty() || !context.nginx_formats.is_empty();
        let has_word = self.words.iter().copied().flatten().any(|word| record.contains(word));
        (has_word || self.unless_told && is_told)
            && (!self.is_object || record.trim_start().starts_with('{'))
    }
}
