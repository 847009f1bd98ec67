//! A quick look at JSON objects in which nothing is nested, as AWS delivers logs in JSON: the
//! members one by one, nothing copied and nothing decoded.

/// The members of a flat object. It ends early at anything unexpected: see [`Members::is_whole`].
pub(super) struct Members<'a> {
    rest: &'a [u8],
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A member may follow.
    Open,
    /// The closing brace was read, and nothing stands behind it.
    Whole,
    /// Something else stood there.
    Broken,
}

/// The members of the object that a line is.
pub(super) fn members(line: &[u8]) -> Members<'_> {
    match line.trim_ascii().strip_prefix(b"{") {
        Some(rest) => Members { rest, state: State::Open },
        None => Members { rest: b"", state: State::Broken },
    }
}

impl<'a> Members<'a> {
    /// Whether the object was read to its end.
    pub(super) fn is_whole(&self) -> bool {
        self.state == State::Whole
    }

    fn member(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        let (key, rest) = string(self.rest.trim_ascii_start(), false)?;
        let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, rest) = match rest.first()? {
            b'"' => string(rest, true)?,
            b'{' | b'[' => return None,
            _ => {
                let end = rest.iter().position(|b| matches!(b, b',' | b'}' | b' '))?;
                rest.split_at(end)
            }
        };
        let rest = rest.trim_ascii_start();
        self.rest = match rest.first()? {
            b',' => &rest[1..],
            b'}' => {
                self.state = if rest.len() == 1 { State::Whole } else { State::Broken };
                b""
            }
            _ => return None,
        };
        Some((key, value))
    }
}

impl<'a> Iterator for Members<'a> {
    /// Key and value; a string's value is what stands between its quotes, escapes included.
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.state != State::Open {
            return None;
        }
        let member = self.member();
        if member.is_none() {
            self.state = State::Broken;
        }
        member
    }
}

/// What stands between the quotes a text begins with, and what follows them.
fn string(text: &[u8], may_escape: bool) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"\"")?;
    let mut at = 0;
    loop {
        at += memchr::memchr2(b'"', b'\\', inside.get(at..)?)?;
        match inside[at] {
            b'"' => return Some((&inside[..at], &inside[at + 1..])),
            _ if may_escape => at += 2,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Vec<(&str, &str)>> {
        let mut members = members(line.as_bytes());
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        let found: Vec<_> = members.by_ref().map(|(k, v)| (text(k), text(v))).collect();
        members.is_whole().then_some(found)
    }

    #[test]
    fn flat_objects_are_read_to_their_end() {
        let found = read(r#" {"a":"1", "b" : -2.5,"c":null,"d":"x\"}y"} "#).unwrap();
        assert_eq!(found, [("a", "1"), ("b", "-2.5"), ("c", "null"), ("d", r#"x\"}y"#)]);
    }

    #[test]
    fn anything_else_is_not_whole() {
        for text in [
            "",
            "{",
            "{}",
            "[1]",
            r#"{"a":"#,
            r#"{"a":1"#,
            r#"{"a":"1}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":[1]}"#,
            r#"{"a":1}{"b":2}"#,
            r#"{"a" 1}"#,
            r#"{"a":"\"#,
            r#"{"\u0061":1}"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
