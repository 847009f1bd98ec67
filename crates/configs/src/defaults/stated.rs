//! Defaults of services, which have one version: the pages that say them, and settings nobody wrote.

use model::Micros;
use model::config::{Key, KnownDefault, Setting, Value};

/// The defaults of a vendor: name, product, whether nobody can change it, and the page below `base`
/// that says so.
macro_rules! known {
    (below $base:literal; $($(#[$about:meta])* $name:ident $product:literal $fixed:literal $page:literal;)*) => {
        $($(#[$about])*
        pub(crate) static $name: model::config::KnownDefault = model::config::KnownDefault {
            product: $product,
            versions: "all",
            source: concat!($base, $page),
            fixed: $fixed,
        };)*
    };
}

pub(crate) use known;

/// A value that nobody wrote.
pub(crate) fn stated(
    key: Key,
    value: Value,
    name: &'static str,
    known: &'static KnownDefault,
) -> Setting {
    Setting::default(key, value, name, known, None)
}

/// A time that nobody wrote, in seconds.
pub(crate) fn seconds(
    key: Key,
    seconds: i64,
    name: &'static str,
    known: &'static KnownDefault,
) -> Setting {
    stated(key, Value::Time(Micros::from_secs(seconds)), name, known)
}

/// A number that nobody wrote.
pub(crate) fn count(
    key: Key,
    count: u64,
    name: &'static str,
    known: &'static KnownDefault,
) -> Setting {
    stated(key, Value::Count(count), name, known)
}

/// A word that nobody wrote.
pub(crate) fn word(
    key: Key,
    word: &str,
    name: &'static str,
    known: &'static KnownDefault,
) -> Setting {
    stated(key, Value::Text(word.to_owned()), name, known)
}

/// A flag that nobody wrote.
pub(crate) fn flag(
    key: Key,
    on: bool,
    name: &'static str,
    known: &'static KnownDefault,
) -> Setting {
    stated(key, Value::Flag(on), name, known)
}
