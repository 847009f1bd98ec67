//! A part of a resource's settings, asked for by the names that Terraform and the vendor's own
//! interface have for it, and turned into settings of the model.

use model::Micros;
use model::config::{Key, Notation, Setting, Settings, Span, Value};

use crate::draft::Name;
use crate::resources::{Resource, Resources, Tongue};
use crate::tree::{At, Kind};

/// The names of one setting: Terraform's, and the vendor's. Each is a path parted by `.`, or several
/// parted by `|` of which the first that is there counts; `Attributes[idle_timeout]` is the value of
/// this key in a list of keys with values.
pub(crate) type Names = (&'static str, &'static str);

/// A part of a resource's settings, or its absence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'r> {
    pub(crate) of: &'r Resources,
    pub(crate) resource: &'r Resource,
    pub(crate) at: At<'r>,
    /// The vendor's name for it.
    name: &'static str,
    /// The vendor's names, although the resource is Terraform's: JSON within HCL.
    vendor: bool,
}

/// The unit in which a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
}

impl<'r> Part<'r> {
    /// All settings of a resource.
    pub(crate) fn new(of: &'r Resources, resource: &'r Resource) -> Part<'r> {
        Part { of, resource, at: of.body(resource), name: "", vendor: false }
    }

    fn with(self, at: At<'r>, name: &'static str) -> Part<'r> {
        Part { at, name, ..self }
    }

    /// The same part of another place, read with the vendor's names.
    pub(crate) fn as_vendor(self, at: At<'r>) -> Part<'r> {
        Part { at, vendor: true, ..self }
    }

    fn is_terraform(self) -> bool {
        self.of.tongue == Tongue::Terraform && !self.vendor
    }

    /// The setting of these names; of a block that may repeat, the first.
    pub(crate) fn get(self, (terraform, vendor): Names) -> Part<'r> {
        let paths = if self.is_terraform() { terraform } else { vendor };
        let mut found = None;
        for path in paths.split('|').filter(|path| !path.is_empty()) {
            let part = self.walk(path);
            if part.at.there().is_some() {
                return part;
            }
            found = found.or(Some(part));
        }
        found.unwrap_or_else(|| self.with(self.at.get("\u{0}"), ""))
    }

    fn walk(self, path: &'static str) -> Part<'r> {
        let mut at = self.at;
        let mut name = path;
        let mut rest = path;
        while !rest.is_empty() {
            // A key in brackets may hold dots.
            let end = match (rest.find('['), rest.find('.')) {
                (Some(open), dot) if dot.is_none_or(|dot| open < dot) => {
                    rest.find(']').map_or(rest.len(), |close| close + 1)
                }
                (_, Some(dot)) => dot,
                _ => rest.len(),
            };
            let (step, after) = rest.split_at(end);
            rest = after.strip_prefix('.').unwrap_or(after);
            if let Some(first) = at.items().next() {
                at = first;
            }
            match step.split_once('[') {
                Some((list, key)) => {
                    let key = key.trim_end_matches(']');
                    name = key;
                    let list = self.member(at, list);
                    let found = list.items().find(|pair| {
                        let own = self.member(*pair, "Key");
                        own.text() == Some(key)
                    });
                    at = self.member(found.unwrap_or(list.get("\u{0}")), "Value");
                }
                None => {
                    name = step;
                    at = self.member(at, step);
                }
            }
        }
        self.with(at, name)
    }

    /// A member of a map; the vendors' tools differ in the case of the first letter.
    fn member(self, at: At<'r>, name: &str) -> At<'r> {
        let exact = at.get(name);
        if self.is_terraform() || exact.kind().is_some() {
            return exact;
        }
        let found = at.entries().find(|(entry, _)| entry.key.eq_ignore_ascii_case(name));
        found.map_or(exact, |(_, value)| value)
    }

    /// Every value of a list or a repeated block; the value itself if there is only one.
    pub(crate) fn each(self, names: Names) -> Vec<Part<'r>> {
        let list = self.get(names);
        list.at.each().map(|at| list.with(at, list.name)).collect()
    }

    /// The part, if there is one.
    pub(crate) fn there(self) -> Option<Part<'r>> {
        self.at.there().map(|_| self)
    }

    /// The same part under a name of its own: of a parameter, what it is called.
    pub(crate) fn called(self, name: &'static str) -> Part<'r> {
        Part { name, ..self }
    }

    /// Its text.
    pub(crate) fn text(self) -> Option<&'r str> {
        self.at.text()
    }

    /// Its text in lower case; empty if it is not known.
    pub(crate) fn word(self) -> String {
        self.text().unwrap_or_default().to_ascii_lowercase()
    }

    /// Its number.
    pub(crate) fn number(self) -> Option<u64> {
        self.at.number()
    }

    /// Its port; 0 if it is not known.
    pub(crate) fn port(self) -> u16 {
        self.number().and_then(|n| u16::try_from(n).ok()).unwrap_or(0)
    }

    /// Its truth value.
    pub(crate) fn flag(self) -> Option<bool> {
        self.at.flag()
    }

    /// Whatever is written here.
    pub(crate) fn written(self) -> String {
        self.at.written().map(std::borrow::Cow::into_owned).unwrap_or_default()
    }

    /// The resource it names.
    pub(crate) fn named(self) -> Option<Name> {
        self.of.named(self.at)
    }

    /// The resources that a list names.
    pub(crate) fn all_named(self, names: Names) -> Vec<Name> {
        self.each(names).into_iter().filter_map(Part::named).collect()
    }

    /// Where it stands.
    pub(crate) fn span(self) -> Span {
        self.at.span(self.resource.at.file)
    }

    /// A setting with a value; what is written but not known has the value `Unknown`.
    pub(crate) fn setting(
        self,
        key: Key,
        value: impl Fn(Part<'r>) -> Option<Value>,
    ) -> Option<Setting> {
        self.there()?;
        let value = match self.at.kind()? {
            Kind::Unknown(text) | Kind::Reference(text) => Value::Unknown(text.clone()),
            _ => value(self)?,
        };
        Some(Setting::written(key, value, self.name, self.span()))
    }

    /// A time; 0 as it is.
    pub(crate) fn time(self, key: Key, unit: Unit) -> Option<Setting> {
        let setting = self.setting(key, |part| {
            let number = i64::try_from(part.number()?).ok()?;
            let factor = if unit == Unit::Seconds { 1_000_000 } else { 1_000 };
            Some(Value::Time(Micros(number.checked_mul(factor)?)))
        })?;
        let notation = match (unit, self.at.is_quoted()) {
            (Unit::Seconds, true) => Notation::QuotedSeconds,
            (Unit::Seconds, false) => Notation::Seconds,
            (Unit::Milliseconds, true) => return Some(setting),
            (Unit::Milliseconds, false) => Notation::Milliseconds,
        };
        let editable = self.of.editable && setting.time().is_some();
        Some(if editable { setting.as_written_in(notation) } else { setting })
    }

    /// A time in seconds.
    pub(crate) fn seconds(self, key: Key) -> Option<Setting> {
        self.time(key, Unit::Seconds)
    }

    /// A number of things.
    pub(crate) fn count(self, key: Key) -> Option<Setting> {
        let setting = self.setting(key, |part| part.number().map(Value::Count))?;
        let editable = self.of.editable && setting.count().is_some() && !self.at.is_quoted();
        Some(if editable { setting.as_written_in(Notation::Count) } else { setting })
    }

    /// A word.
    pub(crate) fn name_of(self, key: Key) -> Option<Setting> {
        self.setting(key, |part| Some(Value::Text(part.text()?.to_owned())))
    }

    /// A flag.
    pub(crate) fn switch(self, key: Key) -> Option<Setting> {
        self.setting(key, |part| Some(Value::Flag(part.flag()?)))
    }

    /// A default of an attribute. What the command line prints of a resource does not hold its
    /// attributes: without their own output the default is only assumed.
    pub(crate) fn unless_changed(self, list: Names, default: Setting) -> Setting {
        let printed = self.of.tool == "aws" && self.get(list).there().is_none();
        if printed { default.assumed() } else { default }
    }

    /// Another meaning of the part, with a value that follows from it.
    pub(crate) fn meaning(self, key: Key, value: Value) -> Setting {
        Setting::written(key, value, self.name, self.span())
    }
}

/// Puts what is written into the settings.
pub(crate) fn put(settings: &mut Settings, setting: Option<Setting>) {
    if let Some(setting) = setting {
        settings.set(setting);
    }
}
