//! One setting: what it is, its value, what the vendor calls it, and where it comes from.

use super::{Edit, Key, Notation, Slot};
use crate::{Micros, Statement, Text};

/// A file of configuration: its position in [`System::files`](super::System::files).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A stretch of a file, in bytes from its beginning; `end` is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// A stretch of a file. Files are bounded well below 4 GiB by the intake; beyond it the span
    /// points to the end of what can be addressed.
    #[must_use]
    pub fn new(file: FileId, range: std::ops::Range<usize>) -> Span {
        let clip = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file, start: clip(range.start), end: clip(range.end) }
    }

    /// The stretch as a range of byte offsets.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// The value of a setting, in one unit per kind whatever the file's own unit.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A span of time.
    Time(Micros),
    /// A number of things.
    Count(u64),
    /// A size in bytes.
    Bytes(u64),
    /// A fraction of one, such as a surge of 25 %.
    Share(f64),
    /// On or off.
    Flag(bool),
    /// A word or a name.
    Text(String),
    /// Several names.
    Names(Vec<String>),
    /// Switched off or without bound: no timer runs, no limit holds.
    Unlimited,
    /// Written, but not knowable from the files: a variable without a value, an expression. The
    /// text is as written.
    Unknown(String),
}

/// Why a value holds that nobody wrote.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownDefault {
    /// Product in the vendor's spelling.
    pub product: &'static str,
    /// The versions it holds for, readable: `18.0 to 23.x`; `all` if it never changed.
    pub versions: &'static str,
    /// Where it is stated: vendor page or source file.
    pub source: &'static str,
    /// True if it is a constant of the platform that no setting changes.
    pub fixed: bool,
}

/// Where a setting comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Written here. The span is the value's, so that an edit can replace it.
    Written(Span),
    /// Nobody wrote it; it is the product's default.
    Default {
        /// Which default.
        known: &'static KnownDefault,
        /// Where the version that decides it is written, if it is.
        version_at: Option<Span>,
        /// True if the version is not known and the default of the versions in use today was
        /// taken.
        assumed: bool,
    },
}

const WRITES: Text = Text::new("{hop}: {name} is {value}", "{hop}: {name} は {value}");
const DEFAULT: Text = Text::new(
    "{hop}: {name} is not set, the default of {product} is {value}",
    "{hop}: {name} は未設定で、{product} の既定値は {value}",
);

const LOOKED_UP_ONCE: Text = Text::new(
    "{hop}: {name} is not set, so that {product} looks names up once, at its start",
    "{hop}: {name} は未設定のため、{product} は起動時に一度だけ名前解決します",
);

/// One setting of a hop, a link or a check.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// What it means, whoever the vendor is.
    pub key: Key,
    /// Its value.
    pub value: Value,
    /// The vendor's own name for it, such as `proxy_read_timeout`.
    pub name: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    /// How the file writes such a value, for an edit; `None` if it cannot be edited in place.
    pub notation: Option<Notation>,
}

impl Setting {
    /// A setting as written in a file.
    #[must_use]
    pub fn written(key: Key, value: Value, name: &'static str, at: Span) -> Setting {
        Setting { key, value, name, origin: Origin::Written(at), notation: None }
    }

    /// The same setting, with the notation an edit of it has to use.
    #[must_use]
    pub fn as_written_in(mut self, notation: Notation) -> Setting {
        self.notation = Some(notation);
        self
    }

    /// A default that nobody wrote.
    #[must_use]
    pub fn default(
        key: Key,
        value: Value,
        name: &'static str,
        known: &'static KnownDefault,
        version_at: Option<Span>,
    ) -> Setting {
        let origin = Origin::Default { known, version_at, assumed: false };
        Setting { key, value, name, origin, notation: None }
    }

    /// The same default, held although the version is not known.
    #[must_use]
    pub fn assumed(mut self) -> Setting {
        if let Origin::Default { assumed, .. } = &mut self.origin {
            *assumed = true;
        }
        self
    }

    /// The span of time, if it is one.
    #[must_use]
    pub fn time(&self) -> Option<Micros> {
        match self.value {
            Value::Time(time) => Some(time),
            _ => None,
        }
    }

    /// The number, if it is a count, a size, or a port.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self.value {
            Value::Count(n) | Value::Bytes(n) => Some(n),
            _ => None,
        }
    }

    /// The word, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Where it, or the version that decides it, is written.
    #[must_use]
    pub fn span(&self) -> Option<Span> {
        match self.origin {
            Origin::Written(span) => Some(span),
            Origin::Default { version_at, .. } => version_at,
        }
    }

    /// The setting as a sentence: whose it is, what it is called, its value, and why it holds if
    /// nobody wrote it.
    #[must_use]
    pub fn stated(&self, hop: &str) -> Statement {
        let (text, product) = match self.origin {
            Origin::Written(_) => (WRITES, String::new()),
            Origin::Default { known, .. } if known.versions == "all" => {
                (DEFAULT, known.product.to_owned())
            }
            Origin::Default { known, .. } => {
                (DEFAULT, format!("{} {}", known.product, known.versions))
            }
        };
        // A yes without a setting of its own tells little: what it does says more.
        let once = self.key == Key::ResolveOnce && self.value == Value::Flag(true);
        let text = if once && !self.is_written() { LOOKED_UP_ONCE } else { text };
        Statement::plain(text)
            .with("hop", hop)
            .with("name", self.name)
            .with("value", &self.value)
            .with("product", product)
    }

    /// The edit that gives it another value: in place of what is written, or in the slot for it.
    /// `None` if neither can be written.
    #[must_use]
    pub fn changed_to(&self, value: &Value, slots: &[Slot]) -> Option<Edit> {
        let safe = self.key.may_change(&self.value, value);
        match (self.origin, self.notation) {
            (Origin::Written(at), Some(notation)) => {
                Some(Edit { at, text: notation.write(value)?, safe })
            }
            (Origin::Default { .. }, _) => {
                let slot = slots.iter().find(|slot| slot.key == self.key)?;
                Some(Edit { safe, ..slot.fill(value)? })
            }
            (Origin::Written(_), None) => None,
        }
    }

    /// True if somebody wrote it.
    #[must_use]
    pub fn is_written(&self) -> bool {
        matches!(self.origin, Origin::Written(_))
    }
}

/// The settings of one thing. The last one written wins, a written one wins over a default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings(Vec<Setting>);

impl Settings {
    /// No settings.
    #[must_use]
    pub const fn new() -> Settings {
        Settings(Vec::new())
    }

    /// Adds a setting: a written one replaces what stood there, a default only fills a gap.
    pub fn set(&mut self, setting: Setting) {
        match self.0.iter_mut().find(|had| had.key == setting.key) {
            None => self.0.push(setting),
            Some(had) if setting.is_written() || !had.is_written() => *had = setting,
            Some(_) => {}
        }
    }

    /// Adds the settings of an outer scope that the inner one does not state.
    pub fn inherit(&mut self, outer: &Settings) {
        for setting in &outer.0 {
            match self.get(setting.key) {
                Some(had) if had.is_written() || !setting.is_written() => {}
                _ => self.set(setting.clone()),
            }
        }
    }

    /// The setting with this meaning.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&Setting> {
        self.0.iter().find(|setting| setting.key == key)
    }

    /// Whether a flag is known to be on, or known to be off.
    #[must_use]
    pub fn flag(&self, key: Key) -> Option<bool> {
        match self.get(key)?.value {
            Value::Flag(on) => Some(on),
            _ => None,
        }
    }

    /// The word of a setting.
    #[must_use]
    pub fn text(&self, key: Key) -> Option<&str> {
        self.get(key)?.text()
    }

    /// The number of a setting.
    #[must_use]
    pub fn count(&self, key: Key) -> Option<u64> {
        self.get(key)?.count()
    }

    /// The time of a setting; `None` too if it is switched off.
    #[must_use]
    pub fn time(&self, key: Key) -> Option<Micros> {
        self.get(key)?.time()
    }

    /// All of them, in the order in which they were first stated.
    pub fn iter(&self) -> std::slice::Iter<'_, Setting> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Settings {
    type Item = &'a Setting;
    type IntoIter = std::slice::Iter<'a, Setting>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static KNOWN: KnownDefault =
        KnownDefault { product: "nginx", versions: "all", source: "", fixed: false };

    #[test]
    fn what_is_written_wins_over_defaults_and_later_over_earlier() {
        let at = |start| Span::new(FileId(0), start..start + 1);
        let seconds = |s| Value::Time(Micros::from_secs(s));
        let mut settings = Settings::new();
        let default = || {
            Setting::default(Key::ResponseTimeout, seconds(60), "proxy_read_timeout", &KNOWN, None)
        };
        settings.set(default());
        settings.set(Setting::written(
            Key::ResponseTimeout,
            seconds(5),
            "proxy_read_timeout",
            at(1),
        ));
        settings.set(default());
        assert_eq!(settings.time(Key::ResponseTimeout), Some(Micros::from_secs(5)));
        settings.set(Setting::written(
            Key::ResponseTimeout,
            seconds(7),
            "proxy_read_timeout",
            at(2),
        ));
        assert_eq!(settings.time(Key::ResponseTimeout), Some(Micros::from_secs(7)));
        let mut inner = Settings::new();
        inner.set(default());
        inner.inherit(&settings);
        assert_eq!(inner.time(Key::ResponseTimeout), Some(Micros::from_secs(7)));
    }
}
