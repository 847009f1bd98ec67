//! A log line as its fields, so that a special value or a damage has a name and a place.

use crate::random::Random;

/// What a field holds, and with that what can be done to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word without spaces.
    Word,
    /// A whole number.
    Number,
    /// Decimal seconds.
    Decimal,
    /// A moment, in one of the forms.
    Moment(Form),
    /// Text that clients or servers choose, between delimiters.
    Text,
}

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `2026-11-02T14:03:07.123456Z`
    Iso,
    /// `02/Nov/2026:14:03:07 +0000`
    Clf,
    /// `2026/11/02 14:03:07`
    Slashes,
    /// `Mon Nov 02 14:03:07.123456 2026`
    Ctime,
}

/// Calendar fields, in and out of their ranges.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Civil {
    pub(crate) year: u32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    pub(crate) second: u32,
    pub(crate) micros: u32,
    pub(crate) zone: &'static str,
}

impl Civil {
    /// A moment of some day that every month has.
    pub(crate) fn any(random: &mut Random) -> Civil {
        Civil {
            year: random.between(2015, 2035) as u32,
            month: random.between(1, 12) as u32,
            day: random.between(1, 28) as u32,
            hour: random.below(24) as u32,
            minute: random.below(60) as u32,
            second: random.below(60) as u32,
            micros: random.below(1_000_000) as u32,
            zone: *random.pick(&["+0000", "-0700", "+0900", "+0530", "+1345", "-0330"]),
        }
    }

    /// The moment in a form.
    pub(crate) fn text(&self, form: Form) -> String {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let name = MONTHS.get((self.month as usize).wrapping_sub(1)).unwrap_or(&"Foo");
        let Civil { year, month, day, hour, minute, second, micros, zone } = self;
        match form {
            Form::Iso => format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
            ),
            Form::Clf => {
                format!("{day:02}/{name}/{year:04}:{hour:02}:{minute:02}:{second:02} {zone}")
            }
            Form::Slashes => {
                format!("{year:04}/{month:02}/{day:02} {hour:02}:{minute:02}:{second:02}")
            }
            Form::Ctime => format!(
                "{} {name} {day:02} {hour:02}:{minute:02}:{second:02}.{micros:06} {year:04}",
                self.weekday()
            ),
        }
    }

    /// Day of the week by Zeller's rule; any day for dates that do not exist.
    fn weekday(&self) -> &'static str {
        let (month, year) = match self.month {
            1 | 2 => (self.month + 12, self.year.saturating_sub(1)),
            month => (month, self.year),
        };
        let (century, rest) = (year / 100, year % 100);
        let sum = self.day + 13 * (month + 1) / 5 + rest + rest / 4 + century / 4 + 5 * century;
        ["Sat", "Sun", "Mon", "Tue", "Wed", "Thu", "Fri"][sum as usize % 7]
    }
}

/// One field with what stands around it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What separates it from the field before.
    pub(crate) before: &'static str,
    /// Its opening delimiter, with a label if the format writes one.
    pub(crate) open: &'static str,
    pub(crate) text: Vec<u8>,
    /// Its closing delimiter.
    pub(crate) close: &'static str,
}

/// A line that was made, not read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// Bytes before the first field.
    pub(crate) head: Vec<u8>,
    pub(crate) fields: Vec<Field>,
    /// Bytes behind the last field.
    pub(crate) tail: Vec<u8>,
}

impl Line {
    /// Adds a field behind a space.
    pub(crate) fn word(self, name: &'static str, kind: Kind, text: impl Into<String>) -> Line {
        self.field(name, kind, " ", "", text, "")
    }

    /// Adds a field between double quotes, behind a space.
    pub(crate) fn quoted(self, name: &'static str, text: impl Into<String>) -> Line {
        self.field(name, Kind::Text, " ", "\"", text, "\"")
    }

    /// Adds a field.
    pub(crate) fn field(
        mut self,
        name: &'static str,
        kind: Kind,
        before: &'static str,
        open: &'static str,
        text: impl Into<String>,
        close: &'static str,
    ) -> Line {
        let before = if self.fields.is_empty() { "" } else { before };
        let text = text.into().into_bytes();
        self.fields.push(Field { name, kind, before, open, text, close });
        self
    }

    /// Gives a field another text; a line without the field stays as it is.
    pub(crate) fn set(&mut self, name: &str, text: impl Into<String>) {
        let text = text.into();
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.text = text.into_bytes();
        }
    }

    /// Takes a field out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.fields.retain(|field| field.name != name);
    }

    /// The bytes, as a file would hold them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head.clone();
        for field in &self.fields {
            bytes.extend_from_slice(field.before.as_bytes());
            bytes.extend_from_slice(field.open.as_bytes());
            bytes.extend_from_slice(&field.text);
            bytes.extend_from_slice(field.close.as_bytes());
        }
        bytes.extend_from_slice(&self.tail);
        bytes
    }
}
