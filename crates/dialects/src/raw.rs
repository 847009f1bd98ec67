//! Members of a JSON object found in its raw bytes, for quick looks that do not parse it.

use memchr::memmem;

/// What follows `"key":`, if the quoted key occurs exactly once. A string value cannot contain
/// the quoted key: its quotes would be escaped.
pub(crate) fn only<'a>(text: &'a [u8], quoted_key: &[u8]) -> Option<&'a [u8]> {
    let at = memmem::find(text, quoted_key)?;
    let rest = text.get(at + quoted_key.len()..)?;
    if memmem::find(rest, quoted_key).is_some() {
        return None;
    }
    rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start)
}

/// The string a value begins with, if it has no escapes.
pub(crate) fn string(value: &[u8]) -> Option<&[u8]> {
    let inside = value.strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', inside)?;
    (inside.get(end) == Some(&b'"')).then(|| &inside[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_counts_only_if_it_is_there_once() {
        assert_eq!(only(br#"{"a" : 1}"#, b"\"a\""), Some(&b"1}"[..]));
        assert_eq!(only(br#"{"a":1,"b":{"a":2}}"#, b"\"a\""), None);
        assert_eq!(only(br#"{"b":"x \"a\": 3","a":4}"#, b"\"a\""), Some(&b"4}"[..]));
    }

    #[test]
    fn strings_end_at_their_quote() {
        assert_eq!(string(br#""a b","c""#), Some(&b"a b"[..]));
        assert_eq!(string(br#""a\"b""#), None);
        assert_eq!(string(b"12"), None);
        assert_eq!(string(b"\"open"), None);
    }
}
