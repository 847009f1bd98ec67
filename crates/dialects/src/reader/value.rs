//! How far one JSON value reaches, found without parsing it: records are cut out of documents by it.

use memchr::memchr3;

/// Nesting that is followed; the parser behind it follows no more either.
const DEEPEST: u32 = 127;

/// How far the object or array at the beginning of some bytes reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// This many bytes.
    Whole(usize),
    /// It is an object that holds a list of records, as far as was asked for.
    List,
    /// It cannot go on as it does behind this many bytes.
    Damaged(usize),
    /// Beyond the bytes.
    Open,
}

/// The extent of the object or array that `bytes` begin with. Ends early, with [`Extent::List`], at
/// a member of the outermost object that is an array and whose key `is_list`.
pub(super) fn extent(bytes: &[u8], is_list: impl Fn(&[u8]) -> bool) -> Extent {
    let mut nest = Nest::default();
    // The last byte that was no white space; a quote for a whole string.
    let mut before = b' ';
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'"' => match string_end(bytes, at + 1) {
                StringEnd::At(end) => {
                    let is_key = nest.depth == 1 && matches!(before, b'{' | b',');
                    if is_key && opens_array(&bytes[end + 1..]) && is_list(&bytes[at + 1..end]) {
                        return Extent::List;
                    }
                    at = end;
                }
                StringEnd::LineEnd(end) => return Extent::Damaged(end + 1),
                StringEnd::None => return Extent::Open,
            },
            b'{' | b'[' => {
                // RFC 8259 sections 4 and 5: where a value may stand. One that stands elsewhere
                // begins a new record, and the one before it was cut.
                if !nest.admits_after(before) || nest.depth == DEEPEST {
                    return Extent::Damaged(at.max(1));
                }
                nest.open(byte);
            }
            b'}' | b']' => {
                if !nest.close(byte) {
                    return Extent::Damaged(at + 1);
                }
                if nest.depth == 0 {
                    return Extent::Whole(at + 1);
                }
            }
            _ => {}
        }
        before = byte;
        at += 1;
    }
    Extent::Open
}

/// The open objects and arrays around a place.
#[derive(Default)]
struct Nest {
    /// One bit for each, the innermost lowest: set for an object.
    objects: u128,
    depth: u32,
}

impl Nest {
    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn admits_after(&self, before: u8) -> bool {
        match self.depth {
            0 => true,
            _ if self.in_object() => before == b':',
            _ => matches!(before, b'[' | b','),
        }
    }

    fn open(&mut self, byte: u8) {
        self.objects = self.objects << 1 | u128::from(byte == b'{');
        self.depth += 1;
    }

    fn close(&mut self, byte: u8) -> bool {
        let fits = self.depth > 0 && self.in_object() == (byte == b'}');
        self.objects >>= 1;
        self.depth = self.depth.saturating_sub(1);
        fits
    }
}

/// Whether a colon and an array of objects or arrays, or an empty one, follow a key.
fn opens_array(behind_key: &[u8]) -> bool {
    let value = behind_key.trim_ascii_start().strip_prefix(b":");
    let inside = value.and_then(|value| value.trim_ascii_start().strip_prefix(b"["));
    inside
        .is_some_and(|inside| matches!(inside.trim_ascii_start().first(), Some(b'{' | b'[' | b']')))
}

/// Where a string ends.
pub(super) enum StringEnd {
    /// At this quote.
    At(usize),
    /// RFC 8259 section 7 allows no raw line end in a string: the text is damaged there.
    LineEnd(usize),
    /// Beyond the bytes.
    None,
}

/// The end of the string whose opening quote stands before `at`.
pub(super) fn string_end(bytes: &[u8], mut at: usize) -> StringEnd {
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

/// A value that is passed over because it is no record, or too long for one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Passing {
    depth: u32,
    in_string: bool,
    escaped: bool,
}

/// How far passing over a value came.
pub(super) enum Passed {
    /// To its end, behind this many bytes.
    Done(usize),
    /// To the end of the bytes.
    All,
    /// To a line end inside a string, behind this many bytes.
    Damaged(usize),
}

impl Passing {
    /// Goes on over the string, object or array that the bytes continue or begin with.
    pub(super) fn over(&mut self, bytes: &[u8]) -> Passed {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\n' if self.in_string => return Passed::Damaged(at + 1),
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => continue,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => continue,
            }
            if self.depth == 0 && !self.in_string && matches!(byte, b'"' | b'}' | b']') {
                return Passed::Done(at + 1);
            }
        }
        Passed::All
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Extent {
        extent(text.as_bytes(), |key| key == b"events")
    }

    #[test]
    fn extents() {
        for (text, expected) in [
            ("{}", Extent::Whole(2)),
            ("[{\"a\":\"}]\\\"\"}, [1]] tail", Extent::Whole(19)),
            ("{\"a\":{\"events\":[{}]}}", Extent::Whole(21)),
            ("{\"events\":[1]}", Extent::Whole(14)),
            ("{\"x\":1,\n \"events\" : [\n {\"a\"", Extent::List),
            ("{\"events\":[]}", Extent::List),
            ("{\"a\":1", Extent::Open),
            ("{\"a\":\"cut", Extent::Open),
            ("{\"a\":\"cut\n{\"b\":1}", Extent::Damaged(10)),
            ("{\"a\":1,\n{\"b\":1}", Extent::Damaged(8)),
            ("{\"a\":1]", Extent::Damaged(7)),
            ("{\"a\":1,\nERROR x\n{\"b\":1}", Extent::Damaged(16)),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        assert_eq!(of(&"{\"a\":".repeat(500)), Extent::Damaged(635));
    }

    #[test]
    fn passing_is_the_same_in_pieces() {
        let text = b"{\"a\":[\"}\\\"\",{\"b\":[]}],\"c\":\"]\"} tail";
        for cut in 0..text.len() {
            let mut passing = Passing::default();
            let end = match passing.over(&text[..cut]) {
                Passed::Done(end) => end,
                Passed::All => match passing.over(&text[cut..]) {
                    Passed::Done(end) => cut + end,
                    _ => panic!("{cut}"),
                },
                Passed::Damaged(_) => panic!("{cut}"),
            };
            assert_eq!(end, text.len() - 5);
        }
    }
}
