//! Values of Traefik's configuration: names in any case, durations with or without a unit, lists also
//! as one text.
//!
//! <https://doc.traefik.io/traefik/reference/install-configuration/configuration-options/>.

use model::Micros;
use model::config::{FileId, Key, Notation, Setting, Slot, Span, Value};

use crate::programs::duration;
use crate::tree::{At, Kind};

/// The tag of a value whose place holds more than the value.
pub(super) const WHOLE: &str = "whole";

/// Entries of a list or a map that are read.
const MOST: usize = 2_000;

/// Words of one list that are read: names of entry points and of middlewares.
const MOST_WORDS: usize = 32;

/// A value, or its absence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'t> {
    pub(super) file: FileId,
    pub(super) at: At<'t>,
}

impl<'t> Field<'t> {
    /// The value at a path of names parted by `.`, whatever their case.
    pub(super) fn get(self, path: &str) -> Field<'t> {
        let at = path.split('.').fold(self.at, |at, name| {
            let exact = at.get(name);
            if exact.kind().is_some() {
                return exact;
            }
            let found = at.entries().find(|(entry, _)| entry.key.eq_ignore_ascii_case(name));
            found.map_or(exact, |(_, value)| value)
        });
        Field { at, ..self }
    }

    /// True if it is there, empty or not.
    pub(super) fn there(self) -> bool {
        self.at.kind().is_some()
    }

    /// The value, if it is there and says something.
    pub(super) fn some(self) -> Option<Field<'t>> {
        self.at.there().map(|at| Field { at, ..self })
    }

    /// Names with their values.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'t str, Field<'t>)> {
        self.at
            .entries()
            .take(MOST)
            .map(move |(entry, at)| (entry.key.as_str(), Field { at, ..self }))
    }

    /// The values of a list.
    pub(super) fn items(self) -> impl Iterator<Item = Field<'t>> {
        self.at.each().take(MOST).map(move |at| Field { at, ..self })
    }

    /// The words of a list, or of a text with commas.
    pub(super) fn words(self) -> Vec<String> {
        let texts = self.items().filter_map(Field::text);
        let words = texts.flat_map(|text| text.split(',')).map(str::trim);
        words.filter(|word| !word.is_empty()).map(str::to_owned).take(MOST_WORDS).collect()
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
        self.at.span(self.file)
    }

    /// A setting with a value.
    pub(super) fn setting(self, key: Key, name: &'static str, value: Value) -> Setting {
        Setting::written(key, value, name, self.span())
    }

    fn editable(self) -> bool {
        self.at.tag() != WHOLE
    }

    /// A duration: a number of seconds, or with units; 0 is no bound.
    pub(super) fn time(self, key: Key, name: &'static str) -> Option<Setting> {
        let text = self.some()?.at.written()?;
        let bare = text.parse::<u32>().ok();
        let time = bare.map(|n| Micros::from_secs(i64::from(n))).or_else(|| duration(&text));
        let Some(time) = time else {
            return Some(self.setting(key, name, Value::Unknown(text.into_owned())));
        };
        if time.0 == 0 {
            return Some(self.setting(key, name, Value::Unlimited));
        }
        let notation = match (self.at.is_quoted(), bare.is_some()) {
            (true, true) => Notation::QuotedSeconds,
            (true, false) => Notation::QuotedSecondsUnit,
            (false, true) => Notation::Seconds,
            (false, false) => Notation::SecondsUnit,
        };
        let setting = self.setting(key, name, Value::Time(time));
        Some(if self.editable() { setting.as_written_in(notation) } else { setting })
    }

    /// A number of things; 0 is no bound.
    pub(super) fn count(self, key: Key, name: &'static str) -> Option<Setting> {
        let text = self.some()?.at.written()?;
        Some(match self.number() {
            Some(0) => self.setting(key, name, Value::Unlimited),
            Some(n) => self.setting(key, name, Value::Count(n)),
            None => self.setting(key, name, Value::Unknown(text.into_owned())),
        })
    }

    /// A size in bytes; 0 is no bound.
    pub(super) fn bytes(self, key: Key, name: &'static str) -> Option<Setting> {
        let setting = self.count(key, name)?;
        let value = match setting.value {
            Value::Count(n) => Value::Bytes(n),
            other => other,
        };
        Some(Setting { value, ..setting })
    }

    /// A word; one with a variable or a part of a template is not knowable.
    pub(super) fn word(self, key: Key, name: &'static str) -> Option<Setting> {
        let text = self.text()?;
        let value = match text.contains(['$', '{']) {
            true => Value::Unknown(text.to_owned()),
            false => Value::Text(text.to_owned()),
        };
        Some(self.setting(key, name, value))
    }

    /// Where a duration can be added to this map, given the text of its file. `line` is the name, with
    /// what stands around the value.
    pub(super) fn slot(
        self,
        text: &str,
        is_toml: bool,
        about: (Key, &'static str),
        line: &str,
    ) -> Option<Slot> {
        if !matches!(self.at.kind(), Some(Kind::Map(_))) {
            return None;
        }
        let (key, name) = about;
        let made = match is_toml {
            true => self.at.hcl_slot(text, self.file, about, Notation::QuotedSecondsUnit)?,
            false => {
                let braces = text.trim_start().starts_with('{');
                let slot = self.at.yaml_slot(text, self.file, about, Notation::SecondsUnit)?;
                (!braces).then_some(slot)?
            }
        };
        let sign = if is_toml { " = " } else { ": " };
        let plain = format!("{name}{sign}{{}}");
        let text = made.text.replacen(&plain, line, 1);
        Some(Slot { key, text, ..made })
    }
}
