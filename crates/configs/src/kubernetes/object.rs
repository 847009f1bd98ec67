//! An object of Kubernetes: its kind, its name, and its settings with their places.

use model::Micros;
use model::config::{Key, Notation, Setting, Slot, Span, Value};

use crate::document::Document;
use crate::draft::Labels;
use crate::programs::duration;
use crate::tree::At;

/// The namespace of what names none.
pub(super) const DEFAULT_NAMESPACE: &str = "default";

/// Labels of one object, or of one selector, that are read.
const MOST_LABELS: usize = 50;

/// One object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'d> {
    /// The file it is described in.
    pub(super) document: &'d Document,
    /// Its description.
    pub(super) at: At<'d>,
    /// Its kind.
    pub(super) kind: &'d str,
    /// Its name.
    pub(super) name: &'d str,
}

impl<'d> Object<'d> {
    /// An object, if this is one: it has an `apiVersion`, a kind and a name.
    pub(super) fn new(document: &'d Document, at: At<'d>) -> Option<Object<'d>> {
        at.get("apiVersion").text()?;
        let kind = at.get("kind").text()?;
        let name = at.at("metadata.name").text()?;
        Some(Object { document, at, kind, name })
    }

    /// The group of its kind, without version; empty for the core.
    pub(super) fn group(&self) -> &'d str {
        let version = self.at.get("apiVersion").text().unwrap_or_default();
        version.rsplit_once('/').map_or("", |(group, _)| group)
    }

    /// Its namespace.
    pub(super) fn namespace(&self) -> &'d str {
        self.said_namespace().unwrap_or(DEFAULT_NAMESPACE)
    }

    /// Its namespace, if it is written.
    pub(super) fn said_namespace(&self) -> Option<&'d str> {
        self.at.at("metadata.namespace").text().filter(|text| !text.is_empty())
    }

    /// How others name it within its kind: namespace and name.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.namespace(), self.name)
    }

    /// A part of what it asks for.
    pub(super) fn spec(&self, path: &str) -> At<'d> {
        let spec = self.at.get("spec");
        if path.is_empty() { spec } else { spec.at(path) }
    }

    /// An annotation.
    pub(super) fn annotation(&self, name: &str) -> At<'d> {
        self.at.at("metadata.annotations").get(name)
    }

    /// True if it has an annotation whose name begins like this.
    pub(super) fn has_annotations(&self, beginning: &str) -> bool {
        let annotations = self.at.at("metadata.annotations");
        annotations.entries().any(|(entry, _)| entry.key.starts_with(beginning))
    }

    /// Where a part stands.
    pub(super) fn span(&self, at: At<'_>) -> Span {
        at.span(self.document.id)
    }

    /// Where its name stands.
    pub(super) fn here(&self) -> Span {
        self.span(self.at.at("metadata.name"))
    }

    /// Where a stretch of a scalar's text stands, if the file writes it as it is read.
    pub(super) fn stretch(&self, at: At<'_>, part: std::ops::Range<usize>) -> Option<Span> {
        let text = at.text()?;
        if self.span(at).file != self.document.id {
            return None;
        }
        let start = at.range().start + usize::from(at.is_quoted());
        let own = start + part.start..start + part.end;
        let same = self.document.text.get(own.clone())? == text.get(part)?;
        same.then(|| self.document.span(own))
    }

    /// Where a setting can be added to a map; none in JSON, in braces, or where nothing is.
    pub(super) fn slot(
        &self,
        map: At<'_>,
        about: (Key, &'static str),
        notation: Notation,
    ) -> Option<Slot> {
        if self.span(map).file != self.document.id {
            return None;
        }
        let text = &*self.document.text;
        let braces = text.get(map.range().start..)?.starts_with('{');
        if braces || text.trim_start().starts_with(['{', '[']) {
            return None;
        }
        map.yaml_slot(text, self.document.id, about, notation)
    }

    /// Where an annotation can be added that stands for a setting. `line` is what is written, with
    /// `{}` for the value.
    pub(super) fn annotation_slot(
        &self,
        about: (Key, &'static str),
        line: &str,
        notation: Notation,
    ) -> Option<Slot> {
        let annotations = self.at.at("metadata.annotations");
        if annotations.entries().next().is_some() {
            let mut slot = self.slot(annotations, about, notation)?;
            slot.text = format!("{line}\n{}", indent(&slot.text));
            return Some(slot);
        }
        if annotations.kind().is_some() {
            return None;
        }
        let mut slot = self.slot(self.at.get("metadata"), about, notation)?;
        let indent = indent(&slot.text).to_owned();
        slot.text = format!("annotations:\n{indent}  {line}\n{indent}");
        Some(slot)
    }

    /// A setting as written. What is written but no such value is not knowable.
    pub(super) fn setting(
        &self,
        at: At<'_>,
        key: Key,
        name: &'static str,
        value: impl FnOnce(At<'_>) -> Option<Value>,
    ) -> Option<Setting> {
        let written = at.there()?.written()?;
        let value = value(at).unwrap_or_else(|| Value::Unknown(written.into_owned()));
        Some(Setting::written(key, value, name, self.span(at)))
    }

    /// A number of seconds.
    pub(super) fn seconds(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let setting = self.setting(at, key, name, |at| {
            let number = i64::try_from(at.number()?).ok()?;
            Some(Value::Time(Micros(number.checked_mul(1_000_000)?)))
        })?;
        let notation = if at.is_quoted() { Notation::QuotedSeconds } else { Notation::Seconds };
        Some(if setting.time().is_some() { setting.as_written_in(notation) } else { setting })
    }

    /// A time with its unit: `10s`, `1m30s`.
    pub(super) fn duration(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let setting = self.setting(at, key, name, |at| duration(at.text()?).map(Value::Time))?;
        let quoted = at.is_quoted();
        let notation = if quoted { Notation::QuotedSecondsUnit } else { Notation::SecondsUnit };
        Some(if setting.time().is_some() { setting.as_written_in(notation) } else { setting })
    }

    /// A number of things.
    pub(super) fn count(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let setting = self.setting(at, key, name, |at| at.number().map(Value::Count))?;
        let plain = setting.count().is_some() && !at.is_quoted();
        Some(if plain { setting.as_written_in(Notation::Count) } else { setting })
    }

    /// A number of things or a share of all: `1`, `25%`.
    pub(super) fn share(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let setting = self.setting(at, key, name, |at| {
            if let Some(percent) = at.text()?.strip_suffix('%') {
                let percent: f64 = percent.parse().ok()?;
                return (0.0..=1e6).contains(&percent).then_some(Value::Share(percent / 100.0));
            }
            at.number().map(Value::Count)
        })?;
        let plain = setting.count().is_some() && !at.is_quoted();
        Some(if plain { setting.as_written_in(Notation::Count) } else { setting })
    }

    /// A size.
    pub(super) fn bytes(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        self.setting(at, key, name, |at| quantity(at.text()?).map(Value::Bytes))
    }

    /// A word.
    pub(super) fn word(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        self.setting(at, key, name, |at| Some(Value::Text(at.text()?.to_owned())))
    }

    /// Labels in this object's namespace.
    pub(super) fn labels(&self, at: At<'_>) -> Labels {
        (self.namespace().to_owned(), label_pairs(at))
    }
}

/// Names with values, in order of the names.
pub(super) fn label_pairs(at: At<'_>) -> Vec<(String, String)> {
    let pairs = at.entries().take(MOST_LABELS);
    let mut pairs: Vec<(String, String)> = pairs
        .filter_map(|(entry, value)| Some((entry.key.clone(), value.text()?.to_owned())))
        .collect();
    pairs.sort();
    pairs
}

/// The last line of a slot's text: its indentation.
pub(super) fn indent(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or("")
}

/// A port; 0 if it is none.
pub(super) fn port(at: At<'_>) -> u16 {
    at.number().and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
}

/// A quantity of bytes: `512Mi`, `1G`, `129e6`, `1500m` for thousandths.
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
pub(super) fn quantity(text: &str) -> Option<u64> {
    const UNITS: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("m", 0.001),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("", 1.0),
    ];
    let (number, unit) =
        UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))?;
    let bytes = number.parse::<f64>().ok()? * unit;
    (0.0..9e18).contains(&bytes).then_some(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (text, bytes) in [
            ("512Mi", Some(512 << 20)),
            ("1.5Gi", Some(3 << 29)),
            ("1G", Some(1_000_000_000)),
            ("129e6", Some(129_000_000)),
            ("1500m", Some(1)),
            ("128974848", Some(128_974_848)),
            ("", None),
            ("Mi", None),
            ("-1", None),
            ("nan", None),
            ("1e999", None),
            ("${MEMORY}", None),
        ] {
            assert_eq!(quantity(text), bytes, "{text}");
        }
    }
}
