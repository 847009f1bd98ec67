//! What the files of the proxies have in common when a word becomes a setting: a word that is not
//! what the setting takes is kept as it stands, and not knowable.

use model::Micros;
use model::config::{Key, Notation, Setting, Span, Value};

/// Where a setting stands: what it is, its name in the file, its place.
pub(crate) type Stands = (Key, &'static str, Span);

/// A setting as it is written; `None` is not knowable.
pub(crate) fn setting((key, name, at): Stands, text: &str, value: Option<Value>) -> Setting {
    Setting::written(key, value.unwrap_or_else(|| Value::Unknown(text.to_owned())), name, at)
}

/// A time as a setting. `bare` is the unit of a number without one.
pub(crate) fn time(stands: Stands, text: &str, value: Option<Micros>, bare: Notation) -> Setting {
    let made = setting(stands, text, value.map(Value::Time));
    match value {
        None => made,
        Some(_) if text.bytes().all(|b| b.is_ascii_digit()) => made.as_written_in(bare),
        Some(_) if text.ends_with("ms") => made.as_written_in(Notation::MillisecondsUnit),
        Some(_) => made.as_written_in(Notation::SecondsUnit),
    }
}

/// A number as a setting, made of it by `value`.
pub(crate) fn number(stands: Stands, text: &str, value: impl FnOnce(u64) -> Value) -> Setting {
    let value = text.parse().ok().map(value);
    let is_number = matches!(value, Some(Value::Count(_) | Value::Bytes(_)));
    let made = setting(stands, text, value);
    if is_number { made.as_written_in(Notation::Count) } else { made }
}
