//! Which lines of a transcript are about one request, line by line as the reader meets them.

use super::line::{self, Line};

/// How far the transcript has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Connecting and asking.
    Asking,
    /// The response, its body included.
    Answer,
    /// curl has said its last word; only the shell's time may follow.
    Over,
}

/// What a line opens, if it is one that a transcript of several lines begins with.
pub(crate) fn begins(line: &[u8]) -> Option<Part> {
    // Cheap first: the reader asks for every line that may start a record.
    if !matches!(line, [b'<' | b'>' | b'*', b' ', ..] | [b'H', b'T', b'T', b'P', ..]) {
        return None;
    }
    match line::read(std::str::from_utf8(line).ok()?)? {
        Line::Request(..) | Line::Failed { last: false, .. } => Some(Part::Asking),
        Line::Status(_) => Some(Part::Answer),
        Line::Other if line.starts_with(b"* ") => Some(Part::Asking),
        _ => None,
    }
}

/// Whether a line goes on with the transcript.
pub(crate) fn takes(part: Part, line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let text = text.trim_end();
    let read = line::read(text);
    let time = matches!(read, Some(Line::Real(_))) || is_user_or_system(text);
    match part {
        Part::Over => time,
        Part::Asking => {
            matches!(text, "<" | ">") || read.is_some_and(|read| !matches!(read, Line::Body(_)))
        }
        Part::Answer => match read {
            // The next request, or the next run.
            Some(Line::Request(..)) => false,
            Some(Line::Other) => !text.trim_start_matches(['*', ' ']).starts_with("Trying "),
            Some(_) => true,
            // A page in HTML, and the fields of a head without curl's signs.
            None => time || text.starts_with('<') || line::bare_field(text).is_some(),
        },
    }
}

/// How far the transcript has come after one of its lines.
pub(crate) fn after(part: Part, line: &[u8]) -> Part {
    let read = std::str::from_utf8(line).ok().and_then(line::read);
    match read {
        Some(Line::Failed { last: true, .. } | Line::Real(_)) => Part::Over,
        Some(Line::Status(_)) => Part::Answer,
        _ => part,
    }
}

fn is_user_or_system(text: &str) -> bool {
    text.starts_with("user\t") || text.starts_with("sys\t")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_ends_where_the_next_begins() {
        let lines = [
            "*   Trying 10.0.0.5:443...",
            "> GET / HTTP/1.1",
            "> Host: shop.example.com",
            ">",
            "< HTTP/1.1 502 Bad Gateway",
            "< Server: nginx",
            "<",
            "<html>",
            "<head><title>502 Bad Gateway</title></head>",
            "</html>",
            "* Connection #0 to host shop.example.com left intact",
        ];
        let mut part = begins(lines[0].as_bytes()).unwrap();
        for line in &lines[1..] {
            assert!(takes(part, line.as_bytes()), "{line}");
            part = after(part, line.as_bytes());
        }
        for next in ["*   Trying 10.0.0.5:443...", "> GET / HTTP/1.1", "prose", "- list"] {
            assert!(!takes(part, next.as_bytes()), "{next}");
        }
    }

    #[test]
    fn quotations_and_lists_open_nothing() {
        for line in ["> quoted: words", "* an item", "<div>", "Hello", "", "\u{fe}"] {
            assert_eq!(begins(line.as_bytes()), None, "{line}");
        }
    }
}
