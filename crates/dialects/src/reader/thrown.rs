//! Exceptions whose name stands at the margin below the line that a logger wrote about them.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Bytes of a line in which its level is looked for.
const HEAD: usize = 200;

/// Whether a line is a logger's about an error.
pub(super) fn is_announced(line: &[u8]) -> bool {
    // Built once: every line that begins with a digit is searched.
    static LEVELS: LazyLock<[Finder<'static>; 4]> =
        LazyLock::new(|| ["ERROR", "WARN", "FATAL", "SEVERE"].map(Finder::new));
    let head = line.get(..HEAD).unwrap_or(line);
    LEVELS.iter().any(|level| level.find(head).is_some())
}

/// Whether a line begins with a dotted class that is thrown: `java.net.ConnectException: refused`.
pub(super) fn is_named(line: &[u8]) -> bool {
    let end = line
        .iter()
        .take(HEAD)
        .position(|b| !b.is_ascii_alphanumeric() && !matches!(b, b'.' | b'_' | b'$'))
        .unwrap_or(line.len().min(HEAD));
    let (class, rest) = line.split_at(end);
    let whole = rest.is_empty() || rest.starts_with(b":") || rest.starts_with(b" (");
    let name = class.rsplit(|b| *b == b'.').next().unwrap_or(class);
    whole
        && name.len() < class.len()
        && class.first().is_some_and(u8::is_ascii_alphabetic)
        && name.first().is_some_and(u8::is_ascii_uppercase)
        && [&b"Exception"[..], b"Error"].iter().any(|end| super::lines::find(name, end).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_margin() {
        for line in [
            "java.net.ConnectException: Connection refused",
            "java.nio.channels.ClosedChannelException",
            "System.Net.Sockets.SocketException (111): Connection refused",
            "org.x.HttpServerErrorException$BadGateway: 502",
        ] {
            assert!(is_named(line.as_bytes()), "{line}");
        }
        for line in ["", "TypeError: x", "a.b.c: x", "see java.net.ConnectException", "a.Error-7"] {
            assert!(!is_named(line.as_bytes()), "{line}");
        }
        assert!(is_announced(b"2026-11-02 03:04:05.678 ERROR 1 --- [x] a.b.C : failed"));
        assert!(!is_announced(b"2026/11/02 03:04:05 [error] 1#1: *1 connect() failed"));
    }
}
