//! Edits: how a value is written in a file, and what has to be put where.

use super::{FileId, Key, Span, Value};
use crate::Micros;

/// How a file writes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// Whole seconds: `65`.
    Seconds,
    /// Whole milliseconds: `65000`.
    Milliseconds,
    /// Whole minutes: `5`.
    Minutes,
    /// Seconds with their unit: `65s`.
    SecondsUnit,
    /// Milliseconds with their unit: `65000ms`.
    MillisecondsUnit,
    /// Seconds with their unit in quotation marks: `"65s"`.
    QuotedSecondsUnit,
    /// Whole seconds in quotation marks: `"65"`.
    QuotedSeconds,
    /// A number of things: `100`.
    Count,
    /// A word or an expression as the file writes it.
    Word,
}

impl Notation {
    /// The value in this notation, times rounded up to what it can say; `None` if it cannot say
    /// such a value.
    #[must_use]
    pub fn write(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Notation::Count, Value::Count(n) | Value::Bytes(n)) => Some(n.to_string()),
            (Notation::Word, Value::Text(word)) => Some(word.clone()),
            (_, Value::Time(time)) => self.time(*time),
            _ => None,
        }
    }

    fn time(self, Micros(us): Micros) -> Option<String> {
        let up = |unit: i64| us.max(0).div_euclid(unit) + i64::from(us.max(0) % unit != 0);
        let (seconds, millis) = (up(1_000_000), up(1_000));
        Some(match self {
            Notation::Seconds => seconds.to_string(),
            Notation::Milliseconds => millis.to_string(),
            Notation::Minutes => up(60_000_000).to_string(),
            Notation::SecondsUnit => format!("{seconds}s"),
            Notation::MillisecondsUnit => format!("{millis}ms"),
            Notation::QuotedSecondsUnit => format!("\"{seconds}s\""),
            Notation::QuotedSeconds => format!("\"{seconds}\""),
            Notation::Count | Notation::Word => return None,
        })
    }
}

/// A place in a file where a setting that nobody wrote can be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// The setting.
    pub key: Key,
    /// The vendor's name for it.
    pub name: &'static str,
    /// The file.
    pub file: FileId,
    /// Where the text goes, in bytes from the beginning.
    pub at: u32,
    /// The text, with `{}` where the value goes; includes its line breaks and its indentation.
    pub text: String,
    /// How the value is written.
    pub notation: Notation,
}

impl Slot {
    /// The edit that puts this value there; `None` if the notation cannot say it.
    #[must_use]
    pub fn fill(&self, value: &Value) -> Option<Edit> {
        let text = self.text.replacen("{}", &self.notation.write(value)?, 1);
        let at = Span { file: self.file, start: self.at, end: self.at };
        Some(Edit { at, text, safe: true })
    }
}

/// A change of one stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub at: Span,
    /// What stands there afterwards.
    pub text: String,
    /// True if it may be made without asking: it changes what it says and nothing else
    /// ([`Key::may_change`]).
    pub safe: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_to_what_the_notation_can_say() {
        let time = |ms| Value::Time(Micros::from_millis(ms));
        assert_eq!(Notation::Seconds.write(&time(64_001)).unwrap(), "65");
        assert_eq!(Notation::Milliseconds.write(&time(65_000)).unwrap(), "65000");
        assert_eq!(Notation::QuotedSecondsUnit.write(&time(65_000)).unwrap(), "\"65s\"");
        assert_eq!(Notation::Minutes.write(&time(61_000)).unwrap(), "2");
        assert_eq!(Notation::Count.write(&time(1)), None);
    }
}
