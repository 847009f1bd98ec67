//! A JSON value that borrows from its text: log entries are read without copying their strings.

use std::borrow::Cow;
use std::fmt;

use model::Micros;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::scan;

/// One JSON value. Nesting is bounded by the parser (128 levels), so walks over it are bounded too.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// A string, borrowed unless it has escapes.
    Text(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object, members in order; a repeated key keeps its first value.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// The object that the whole record is; `None` if it is anything else or cut short. A comma
    /// after it, left over from an array, is tolerated.
    pub(crate) fn object(record: &'a str) -> Option<Json<'a>> {
        let text = record.trim();
        let text = text.strip_suffix(',').unwrap_or(text);
        if !text.starts_with('{') || !text.ends_with('}') {
            return None;
        }
        serde_json::from_str(text).ok()
    }

    /// A member by its key, whatever the key's case: some exports lower-case all keys.
    pub(crate) fn get(&self, key: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => {
                let exact = members.iter().find(|(k, _)| k == key);
                let alike = || members.iter().find(|(k, _)| k.eq_ignore_ascii_case(key));
                exact.or_else(alike).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// A member of a member, and so on.
    pub(crate) fn path(&self, keys: &[&str]) -> Option<&Json<'a>> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The string, if it is one.
    pub(crate) fn text(&self) -> Option<&Cow<'a, str>> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// What a field holds that some exports write as a string and others as a number.
    pub(crate) fn written(&self) -> Option<Cow<'a, str>> {
        match self {
            Json::Text(text) => Some(text.clone()),
            Json::Int(number) => Some(Cow::Owned(number.to_string())),
            Json::Float(number) => Some(Cow::Owned(number.to_string())),
            _ => None,
        }
    }

    /// The string of a member, if it is one and not empty.
    pub(crate) fn word(&self, key: &str) -> Option<Cow<'a, str>> {
        self.get(key)?.text().filter(|text| !text.is_empty()).cloned()
    }

    /// The elements of an array; none if it is no array.
    pub(crate) fn items(&self) -> &[Json<'a>] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// A whole number, also one written as a string (JSON exports write 64-bit numbers so).
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Json::Int(n) => Some(*n),
            Json::Float(n) if n.fract() == 0.0 && n.abs() < 9e15 => Some(*n as i64),
            Json::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A span: `"0.005192s"` as protobuf writes it, or a bare number of seconds.
    pub(crate) fn duration(&self) -> Option<Micros> {
        match self {
            Json::Text(text) => scan::seconds(text.strip_suffix('s').unwrap_or(text).as_bytes()),
            Json::Int(n) if (0..1_000_000_000).contains(n) => Some(Micros::from_secs(*n)),
            Json::Float(n) if (0.0..1e9).contains(n) => Some(Micros((n * 1e6).round() as i64)),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(Key(key)) = access.next_key()? {
            members.push((key, access.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

/// A key, borrowed where possible.
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(Reader)? {
            Json::Text(text) => Ok(Key(text)),
            _ => Err(serde::de::Error::custom("a key is a string")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_kind_and_borrow_their_text() {
        let json = Json::object(r#" {"a":{"B":"x"},"n":"12","f":1.5,"e":"a\"b","l":[null,true]},"#)
            .unwrap();
        assert!(matches!(json.path(&["A", "b"]), Some(Json::Text(Cow::Borrowed("x")))));
        assert_eq!(json.get("n").and_then(Json::integer), Some(12));
        assert_eq!(json.get("f").and_then(Json::duration), Some(Micros(1_500_000)));
        assert_eq!(json.word("e").as_deref(), Some("a\"b"));
        assert_eq!(json.get("l").map(|l| l.items().len()), Some(2));
    }

    #[test]
    fn what_is_no_whole_object_is_refused() {
        for bad in ["", "{", r#"{"a":1"#, "[1]", r#"{"a":}"#, r#"{"a":1}{"b":2}"#] {
            assert_eq!(Json::object(bad), None, "{bad}");
        }
        let deep = format!("{}{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
        assert_eq!(Json::object(&deep), None);
    }
}
