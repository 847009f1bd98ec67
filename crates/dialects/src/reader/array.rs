//! JSON arrays of records (`gcloud logging read --format=json`): elements found one by one,
//! whatever the layout, without holding the array.

use memchr::{memchr, memchr3};

use super::lines::MAX_RECORD;

/// Lines that may stand before the array, such as what a command wrote to standard error.
const LINES_BEFORE: usize = 20;

/// True if an array of objects begins within the first lines.
pub(super) fn begins(head: &[u8]) -> bool {
    let mut rest = head;
    for _ in 0..LINES_BEFORE {
        let line = rest.trim_ascii_start();
        if line.first() == Some(&b'{') {
            return false;
        }
        if let Some(inside) = line.strip_prefix(b"[")
            && let Some(object) = inside.trim_ascii_start().strip_prefix(b"{")
        {
            return matches!(object.trim_ascii_start().first(), Some(b'"' | b'}'));
        }
        match memchr(b'\n', line) {
            Some(end) => rest = &line[end + 1..],
            None => return false,
        }
    }
    false
}

/// What stands at the beginning of the bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// White space, commas and brackets between elements, this many bytes.
    Between(usize),
    /// An object of this many bytes.
    Element(usize),
    /// A line of text outside any element, this many bytes with its line end.
    Line(usize),
    /// Something that was to be an object and is not, this many bytes.
    Broken(usize),
    /// Not decidable without more bytes.
    More,
}

/// The piece at the beginning of `bytes`; `last` if nothing follows them.
pub(super) fn piece(bytes: &[u8], last: bool) -> Piece {
    let between = bytes
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'[' | b']'))
        .count();
    if between > 0 {
        return Piece::Between(between);
    }
    match bytes.first() {
        None => Piece::More,
        Some(b'{') => object(bytes, last),
        Some(_) => match memchr(b'\n', window(bytes)) {
            Some(end) => Piece::Line(end + 1),
            None if bytes.len() > MAX_RECORD => Piece::Broken(MAX_RECORD + 1),
            None if last => Piece::Line(bytes.len()),
            None => Piece::More,
        },
    }
}

/// As much as one record may take: what is decided does not depend on how much more is visible.
fn window(bytes: &[u8]) -> &[u8] {
    bytes.get(..=MAX_RECORD).unwrap_or(bytes)
}

fn object(all: &[u8], last: bool) -> Piece {
    let bytes = window(all);
    let mut depth = 0_u32;
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr3(b'"', b'{', b'}', rest)) {
        at += found;
        match bytes[at] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Piece::Element(at + 1);
                }
            }
            _ => match string_end(bytes, at + 1) {
                StringEnd::At(end) => at = end,
                StringEnd::LineEnd(end) => return Piece::Broken(end + 1),
                StringEnd::None => break,
            },
        }
        at += 1;
    }
    if last || all.len() > MAX_RECORD { Piece::Broken(bytes.len()) } else { Piece::More }
}

enum StringEnd {
    At(usize),
    /// RFC 8259 section 7 allows no raw line end in a string: the text is damaged there.
    LineEnd(usize),
    None,
}

fn string_end(bytes: &[u8], mut at: usize) -> StringEnd {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr3(b'"', b'\\', b'\n', rest)) {
        at += found;
        match bytes[at] {
            b'"' => return StringEnd::At(at),
            b'\n' => return StringEnd::LineEnd(at),
            _ => at += 2,
        }
    }
    StringEnd::None
}

/// The complete elements of the bytes.
pub(super) fn elements(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (skip, found) = match piece(bytes, false) {
                Piece::Element(length) => (length, true),
                Piece::Between(length) | Piece::Line(length) | Piece::Broken(length) => {
                    (length, false)
                }
                Piece::More => return None,
            };
            let (piece, rest) = bytes.split_at(skip);
            bytes = rest;
            if found {
                return Some(piece);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        for text in [
            "[{\"a\":\"}\\\"{\"},{\"b\":{}}]",
            "[\n  {\n    \"a\": \"}\\\"{\"\n  },\n  {\"b\": {}}\n]\n",
            "Listed 2 items.\n[{\"a\":\"}\\\"{\"}\n,{\"b\":{}}\n]\n[]\n",
        ] {
            assert!(begins(text.as_bytes()), "{text}");
            assert_eq!(elements(text.as_bytes()).count(), 2, "{text}");
        }
        for text in
            ["{\"a\":[{\"b\":1}]}", "[Sat Jul 08 17:40:54 2017] x", "[{", "[[{\"a\":1}]]", ""]
        {
            assert!(!begins(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn damage_costs_one_element() {
        let text = b"[{\"a\":\"cut\n{\"b\":1},\n{\"c\":1}]";
        let found: Vec<&[u8]> = elements(text).collect();
        assert_eq!(found, [&b"{\"b\":1}"[..], b"{\"c\":1}"]);
    }

    #[test]
    fn an_endless_object_does_not_grow() {
        let mut text = b"{\"a\":".to_vec();
        text.resize(MAX_RECORD + 10, b' ');
        assert_eq!(piece(&text, false), Piece::Broken(MAX_RECORD + 1));
        assert_eq!(piece(&text[..100], false), Piece::More);
        assert_eq!(piece(&text[..100], true), Piece::Broken(100));
    }
}
