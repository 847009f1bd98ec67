//! Values of Envoy's configuration: messages of protobuf, written as YAML or JSON, whose names may
//! have underscores or capitals, and whose durations are seconds with an `s`.

use model::Micros;
use model::config::{Key, Notation, Setting, Slot, Span, Value};

use crate::document::Document;
use crate::tree::At;

/// A value, or its absence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'t> {
    document: &'t Document,
    at: At<'t>,
}

impl<'t> Field<'t> {
    /// A part of a document.
    pub(super) fn new(document: &'t Document, at: At<'t>) -> Field<'t> {
        Field { document, at }
    }

    fn with(self, at: At<'t>) -> Field<'t> {
        Field { at, ..self }
    }

    /// The value at a path of names parted by `.`.
    pub(super) fn get(self, path: &str) -> Field<'t> {
        let at = path.split('.').fold(self.at, |at, name| {
            let exact = at.get(name);
            if exact.there().is_some() || !name.contains('_') {
                exact
            } else {
                at.get(&camel(name))
            }
        });
        self.with(at)
    }

    /// The value of a name that has dots of its own.
    pub(super) fn named(self, name: &str) -> Field<'t> {
        self.with(self.at.get(name))
    }

    /// True if it is there.
    pub(super) fn there(self) -> bool {
        self.at.there().is_some()
    }

    /// The value, if it is there.
    pub(super) fn some(self) -> Option<Field<'t>> {
        self.there().then_some(self)
    }

    /// The values of a list.
    pub(super) fn items(self) -> impl Iterator<Item = Field<'t>> {
        self.at.items().map(move |at| self.with(at))
    }

    /// Its text.
    pub(super) fn text(self) -> Option<&'t str> {
        self.at.text()
    }

    /// Its number.
    pub(super) fn number(self) -> Option<u64> {
        self.at.number()
    }

    /// Its truth value.
    pub(super) fn flag(self) -> Option<bool> {
        self.at.flag()
    }

    /// Where it stands.
    pub(super) fn span(self) -> Span {
        self.document.span(self.at.range())
    }

    /// A setting with a value.
    pub(super) fn setting(self, key: Key, name: &'static str, value: Value) -> Setting {
        Setting::written(key, value, name, self.span())
    }

    /// A duration as a setting; with `zero_is_off`, 0 is no bound.
    pub(super) fn time(self, key: Key, name: &'static str, zero_is_off: bool) -> Option<Setting> {
        let text = self.some()?.at.written()?;
        Some(match seconds(&text) {
            Some(Micros(0)) if zero_is_off => self.setting(key, name, Value::Unlimited),
            Some(time) => {
                let quoted = self.at.is_quoted();
                let notation =
                    if quoted { Notation::QuotedSecondsUnit } else { Notation::SecondsUnit };
                self.setting(key, name, Value::Time(time)).as_written_in(notation)
            }
            None => self.setting(key, name, Value::Unknown(text.into_owned())),
        })
    }

    /// A number as a setting.
    pub(super) fn count(self, key: Key, name: &'static str) -> Option<Setting> {
        let text = self.some()?.at.written()?;
        Some(match self.number() {
            Some(n) if !self.at.is_quoted() => {
                self.setting(key, name, Value::Count(n)).as_written_in(Notation::Count)
            }
            Some(n) => self.setting(key, name, Value::Count(n)),
            None => self.setting(key, name, Value::Unknown(text.into_owned())),
        })
    }

    /// A word as a setting.
    pub(super) fn word(self, key: Key, name: &'static str) -> Option<Setting> {
        let text = self.text()?;
        let value = match text.contains(['$', '{', '%']) {
            true => Value::Unknown(text.to_owned()),
            false => Value::Text(text.to_owned()),
        };
        Some(self.setting(key, name, value))
    }

    /// Where a duration can be added to this map, if it is written as a block.
    pub(super) fn slot(self, key: Key, name: &'static str) -> Option<Slot> {
        let text = &self.document.text;
        if text.trim_start().starts_with(['{', '[']) {
            return None;
        }
        self.at.yaml_slot(text, self.document.id, (key, name), Notation::SecondsUnit)
    }
}

/// The name with capitals in place of underscores, as JSON may have it.
fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let mut chars = part.chars();
        out.extend(chars.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(chars.as_str());
    }
    out
}

/// A duration: `15s`, `0.25s`.
fn seconds(text: &str) -> Option<Micros> {
    let (whole, part) =
        text.strip_suffix('s')?.split_once('.').unwrap_or((text.strip_suffix('s')?, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let micros: i64 = format!("{part:0<6}").get(..6)?.parse().ok()?;
    Some(Micros(whole.checked_mul(1_000_000)?.checked_add(micros)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("15s"), Some(Micros(15_000_000)));
        assert_eq!(seconds("0.25s"), Some(Micros(250_000)));
        assert_eq!(seconds("1.0000001s"), Some(Micros(1_000_000)));
        for text in ["", "s", "15", "1m", "-1s", "1.xs", "99999999999999999999s"] {
            assert_eq!(seconds(text), None, "{text}");
        }
        assert_eq!(camel("per_try_timeout"), "perTryTimeout");
    }
}
