//! Spans of text with an ink, and how they reach a terminal: SGR sequences (ECMA-48) where
//! colour is wanted, OSC 8 where links are.

/// What a span of text is; the ink follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Heading,
    Strong,
    Quiet,
    Certain,
    Doubtful,
    Problem,
    Path,
    Command,
}

impl Ink {
    /// Parameters of the SGR sequence. Only the eight colours every theme defines.
    const fn sgr(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Heading => "1;4",
            Ink::Strong => "1",
            Ink::Quiet => "2",
            Ink::Certain => "1;32",
            Ink::Doubtful => "1;33",
            Ink::Problem => "31",
            Ink::Path => "36",
            Ink::Command => "1;36",
        }
    }
}

/// A span of text in one ink, possibly a link.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) ink: Ink,
    pub(crate) text: String,
    pub(crate) link: Option<String>,
}

/// A span in an ink.
pub(crate) fn ink(ink: Ink, text: impl Into<String>) -> Span {
    Span { ink, text: text.into(), link: None }
}

/// A span without ink.
pub(crate) fn plain(text: impl Into<String>) -> Span {
    ink(Ink::Plain, text)
}

/// What the terminal understands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) colour: bool,
    pub(crate) hyperlinks: bool,
}

impl Style {
    /// Appends the text in the span's ink.
    pub(crate) fn write(self, out: &mut String, span: &Span, text: &str) {
        let link = span.link.as_deref().filter(|_| self.hyperlinks);
        if let Some(link) = link {
            out.push_str("\x1b]8;;");
            out.push_str(link);
            out.push_str("\x1b\\");
        }
        let sgr = if self.colour { span.ink.sgr() } else { "" };
        if sgr.is_empty() {
            out.push_str(text);
        } else {
            out.push_str("\x1b[");
            out.push_str(sgr);
            out.push('m');
            out.push_str(text);
            out.push_str("\x1b[0m");
        }
        if link.is_some() {
            out.push_str("\x1b]8;;\x1b\\");
        }
    }
}

/// The `file:` URI of an absolute path, percent-encoded (RFC 8089, RFC 3986 section 2.3). `None`
/// for a relative path: without the working directory it cannot be made one.
pub(crate) fn file_uri(path: &str) -> Option<String> {
    if !path.starts_with('/') {
        return None;
    }
    let mut uri = String::from("file://");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(char::from(byte));
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_absolute_paths_become_uris() {
        assert_eq!(file_uri("/var/a b/é.log").as_deref(), Some("file:///var/a%20b/%C3%A9.log"));
        assert_eq!(file_uri("logs/a.log"), None);
        assert_eq!(file_uri("-"), None);
    }
}
