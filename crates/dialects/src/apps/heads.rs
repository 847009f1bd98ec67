//! First lines of errors in languages whose classes have dotted names: `java.net.ConnectException:
//! Connection refused`, `httpx.ReadTimeout`, `System.Net.Sockets.SocketException (111): …`.

/// Lines of one record that are looked at.
const LINES: usize = 400;

/// One error's class and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head<'t> {
    /// The whole name: `java.net.ConnectException`.
    pub(super) class: &'t str,
    /// What follows the colon, to the end of the line or to .NET's ` ---> `.
    pub(super) message: &'t str,
}

impl Head<'_> {
    /// The name without its package.
    pub(super) fn name(&self) -> &str {
        self.class.rsplit(['.', '$', ':', '\\']).next().unwrap_or(self.class)
    }
}

/// Every head of a text, in order.
pub(super) fn heads(text: &str) -> Vec<Head<'_>> {
    let mut found = Vec::new();
    for line in text.lines().take(LINES) {
        if is_code(line) || is_frame(line) {
            continue;
        }
        in_line(line, &mut found);
    }
    found
}

/// Stack frames name classes too.
fn is_frame(line: &str) -> bool {
    let text = line.trim_start();
    text.starts_with("at ") || text.starts_with("File \"") || text.starts_with("... ")
}

/// Source code and comments about an error.
fn is_code(line: &str) -> bool {
    let text = line.trim_start();
    let mark = ["//", "/*", "* ", "#", "> ", "import ", "<!--", "except ", "raise ", "from "];
    let words = ["throw new ", "throws ", "catch (", "catch(", "instanceof ", "new ", "`"];
    mark.iter().any(|mark| text.starts_with(mark)) || words.iter().any(|word| text.contains(word))
}

fn in_line<'t>(line: &'t str, found: &mut Vec<Head<'t>>) {
    let mut at = 0;
    while let Some(length) = line[at..].find([' ', '\t']).or(Some(line.len() - at)) {
        let word = &line[at..at + length];
        let start = word.len() - word.trim_start_matches(['(', '[', '\'', '"', '<']).len();
        let class = word[start..].trim_end_matches([':', ',', ')', ']']);
        let end = at + start + class.len();
        if is_class(class)
            && let Some(message) = message(&line[end..])
        {
            found.push(Head { class, message });
        }
        at += length + 1;
        if at >= line.len() {
            break;
        }
    }
}

/// What follows a class: nothing, or a colon and the message; .NET puts a number between, Ruby's
/// log formatter the message into parentheses.
fn message(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches([')', ']']);
    if rest.trim().is_empty() {
        return Some("");
    }
    let rest = match rest.strip_prefix(" (").and_then(|r| r.split_once(')')) {
        Some((number, after))
            if number.trim_start_matches("0x").bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            after
        }
        Some(_) if rest.trim_end().ends_with(')') || rest.ends_with("):") => {
            return rest
                .strip_prefix(" (")
                .map(|inside| inside.trim_end().trim_end_matches([')', ':']));
        }
        _ => rest,
    };
    // Ruby: `Net::ReadTimeout with #<TCPSocket:(closed)>`.
    let said = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(" with "));
    let said = said.or_else(|| (rest.trim() == ":").then_some(""))?;
    Some(said.split(" ---> ").next().unwrap_or(said).trim())
}

/// A dotted (or `::`, or `\`) name whose last part is a class that can be thrown.
fn is_class(word: &str) -> bool {
    const ENDS: [&str; 12] = [
        "Exception",
        "Error",
        "Timeout",
        "Throwable",
        "Disconnected",
        "TimedOut",
        "Failed",
        "Failure",
        "ConnectionBad",
        "Refused",
        "TooManyConnections",
        "Unreachable",
    ];
    if word.len() > 200 || !word.contains(['.', ':', '\\']) {
        return false;
    }
    let last = word.rsplit(['.', '$', ':', '\\']).next().unwrap_or("");
    let errno = word.strip_prefix("Errno::").is_some_and(|code| code.starts_with('E'));
    last.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        // An inner class of an exception: `HttpServerErrorException$BadGateway`.
        && (errno || word.contains("Exception$") || ENDS.iter().any(|end| last.ends_with(end)) || word == "socket.gaierror")
        && word
            .split(['.', ':', '\\'])
            .all(|part| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'$')))
        && !word.starts_with(['.', ':', '\\'])
}

#[cfg(test)]
mod tests {
    use super::heads;

    #[test]
    fn heads_of_every_language() {
        for (text, class, message) in [
            (
                "java.net.ConnectException: Connection refused",
                "java.net.ConnectException",
                "Connection refused",
            ),
            (
                "Caused by: java.nio.channels.ClosedChannelException",
                "java.nio.channels.ClosedChannelException",
                "",
            ),
            (
                "System.Net.Sockets.SocketException (111): Connection refused",
                "System.Net.Sockets.SocketException",
                "Connection refused",
            ),
            ("a.B.HttpError: x ---> c.D.Exception: y", "a.B.HttpError", "x"),
            ("httpx.ReadTimeout", "httpx.ReadTimeout", ""),
            (
                "Errno::ECONNREFUSED (Connection refused - connect(2) for 10.0.0.5:80)",
                "Errno::ECONNREFUSED",
                "Connection refused - connect(2) for 10.0.0.5:80",
            ),
            (
                "Net::ReadTimeout with #<TCPSocket:(closed)>",
                "Net::ReadTimeout",
                "#<TCPSocket:(closed)>",
            ),
        ] {
            let found = heads(text);
            let head = found.first().unwrap_or_else(|| panic!("{text}"));
            assert_eq!((head.class, head.message), (class, message), "{text}");
        }
        for text in [
            "throw new java.net.ConnectException(\"x\")",
            "import java.net.ConnectException;",
            "\tat java.net.PlainSocketImpl.socketConnect(Native Method)",
            "the config.Error was found",
            "see ConnectException: it is thrown",
        ] {
            assert!(heads(text).is_empty(), "{text}");
        }
    }
}
