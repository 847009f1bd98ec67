//! CSV exports (RFC 4180) whose first line names the columns, as CloudWatch Logs Insights writes
//! them: a quoted field may hold line ends, so rows are found from the beginning.

use memchr::{memchr, memchr2};

use super::documents::Step;
use super::lines::MAX_RECORD;

/// Columns by which an export of CloudWatch Logs Insights is recognised: it names those it made
/// itself so.
const COLUMNS: [&str; 5] = ["@timestamp", "@message", "@logStream", "@log", "@ingestionTime"];

/// Names of the columns, if the line is a header.
pub(super) fn header(line: &str) -> Option<Vec<String>> {
    if !line.contains('@') {
        return None;
    }
    let names = fields(line.trim_end());
    let known = names.iter().any(|name| COLUMNS.contains(&name.as_str()));
    let plain = names.iter().all(|name| {
        !name.is_empty() && name.len() < 100 && !name.contains(['\n', '{', '[', ' ', '='])
    });
    (known && plain).then_some(names)
}

/// Whether a row is the header again.
pub(super) fn is_header(row: &str, columns: &[String]) -> bool {
    let named = columns.iter().find(|name| name.starts_with('@'));
    named.is_some_and(|name| row.contains(name.as_str())) && fields(row) == columns
}

/// The fields of a row.
pub(super) fn fields(row: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut rest = row;
    loop {
        if let Some(mut quoted) = rest.strip_prefix('"') {
            while let Some((text, after)) = quoted.split_once('"') {
                field.push_str(text);
                quoted = after;
                match after.strip_prefix('"') {
                    Some(after) => {
                        field.push('"');
                        quoted = after;
                    }
                    None => break,
                }
            }
            rest = quoted;
        }
        let (text, after) = match rest.split_once(',') {
            Some((text, after)) => (text, Some(after)),
            None => (rest, None),
        };
        field.push_str(text);
        fields.push(std::mem::take(&mut field));
        match after {
            Some(after) => rest = after,
            None => return fields,
        }
    }
}

/// The complete rows of the bytes.
pub(super) fn rows(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        loop {
            let (length, found) = match step(bytes, false) {
                Step::Record(length) => (length, true),
                Step::Pass(length) | Step::Broken(length) => (length, false),
                Step::Line(_) | Step::TooLong | Step::More => return None,
            };
            let (piece, rest) = bytes.split_at(length);
            bytes = rest;
            if found {
                return Some(piece);
            }
        }
    })
}

/// The step at the beginning of `bytes`, which begin where a row begins.
pub(super) fn step(bytes: &[u8], last: bool) -> Step {
    let ends = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    if bytes.is_empty() || ends > 0 {
        return if ends > 0 { Step::Pass(ends) } else { Step::More };
    }
    let window = bytes.get(..=MAX_RECORD).unwrap_or(bytes);
    let mut at = 0;
    let mut quoted = false;
    while let Some(found) = window.get(at..).and_then(|rest| memchr2(b'"', b'\n', rest)) {
        at += found;
        if window[at] == b'"' {
            quoted = !quoted;
        } else if !quoted {
            return Step::Record(at);
        }
        at += 1;
    }
    if !quoted && last && bytes.len() <= MAX_RECORD {
        return Step::Record(bytes.len());
    }
    if !last && bytes.len() <= MAX_RECORD {
        return Step::More;
    }
    // A quote that is never closed costs its line.
    match memchr(b'\n', window) {
        Some(end) => Step::Broken(end),
        None => Step::Broken(window.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_fields() {
        assert_eq!(header("@timestamp,@message\r\n").unwrap(), ["@timestamp", "@message"]);
        assert_eq!(header("\"@timestamp\",status").unwrap(), ["@timestamp", "status"]);
        assert_eq!(header("me@example.com,x"), None);
        assert_eq!(header("{\"@timestamp\":\"x\",\"@message\":1}"), None);
        assert_eq!(fields("a,\"b,\"\"c\"\"\nd\",,e"), ["a", "b,\"c\"\nd", "", "e"]);
        assert_eq!(fields("\"open"), ["open"]);
    }

    #[test]
    fn rows_of_several_lines() {
        assert_eq!(step(b"a,\"b\nc\"\"\n\",d\ne", false), Step::Record(12));
        assert_eq!(step(b"a,\"b\nc", false), Step::More);
        assert_eq!(step(b"a,\"b\nc", true), Step::Broken(4));
        assert_eq!(step(b"a,b", true), Step::Record(3));
        assert_eq!(step(b"\r\n\na", true), Step::Pass(3));
    }
}
