//! The combined log format, which nginx and Apache httpd share to the letter, up to what each site
//! appends to it.

use std::net::IpAddr;

use memchr::{memchr, memrchr};
use model::Timestamp;

use super::format::ends_in_escape;
use crate::scan;

/// One line of the common or combined format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Virtual host in front of the client, with its port if it has one.
    pub(crate) vhost: Option<&'a [u8]>,
    /// Client address or name; `-` where the site logs a header that the request had not.
    pub(crate) client: &'a [u8],
    /// The bracketed time.
    pub(crate) time: Timestamp,
    /// The request line as logged, escapes included.
    pub(crate) request: &'a [u8],
    /// Status; `None` if logged as `-`.
    pub(crate) status: Option<u16>,
    /// Number of bytes sent to the client, or `-` for none.
    pub(crate) bytes: &'a [u8],
    /// What follows the user agent, or the number of bytes where there is none.
    pub(crate) tail: &'a [u8],
    /// Whether something on the line is written by Apache httpd only.
    pub(crate) only_apache: bool,
}

/// More brackets than this before the time belong to no log line.
const BRACKETS: usize = 4;

/// Reads a line; `None` if it is not of the format.
pub(crate) fn read(line: &[u8]) -> Option<Line<'_>> {
    let line = line.trim_ascii_end();
    let (head, time, rest) = time(line)?;
    let (vhost, client, mut only_apache) = client(head)?;
    let (request, rest, escaped) = quoted(rest, |after| {
        matches!(after, [b' ', a, b, c, b' ', ..] if [a, b, c].iter().all(|d| d.is_ascii_digit()))
            || after.starts_with(b" - ")
    })?;
    only_apache |= escaped;
    let rest = rest.strip_prefix(b" ")?;
    let space = memchr(b' ', rest)?;
    let status = scan::status(&rest[..space]);
    only_apache |= status.is_none();
    let rest = &rest[space + 1..];
    let end = memchr(b' ', rest).unwrap_or(rest.len());
    let (bytes, rest) = rest.split_at(end);
    match bytes {
        b"-" => only_apache = true,
        digits if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {}
        _ => return None,
    }
    let mut tail = rest;
    if rest.starts_with(b" \"") {
        let (_, after_referer, escaped) = quoted(&rest[1..], |_| true)?;
        only_apache |= escaped;
        let (_, after_agent, escaped) = quoted(after_referer.strip_prefix(b" ")?, |_| true)?;
        only_apache |= escaped;
        tail = after_agent;
    } else {
        // nginx has no common format of its own; its built-in format names the referer.
        only_apache = true;
    }
    if vhost.is_some_and(|name| scan::digits(port(name)).is_some()) {
        only_apache = true;
    }
    Some(Line { vhost, client, time, request, status, bytes, tail, only_apache })
}

/// Digits after the last colon, or nothing.
fn port(name: &[u8]) -> &[u8] {
    memrchr(b':', name).map_or(b"", |colon| &name[colon + 1..])
}

/// What stands before the bracketed time, the time, and what follows the bracket and a space.
fn time(line: &[u8]) -> Option<(&[u8], Timestamp, &[u8])> {
    const LENGTH: usize = "10/Oct/2000:13:55:36 -0700".len();
    let mut from = 0;
    for _ in 0..BRACKETS {
        let open = from + memchr(b'[', &line[from..])?;
        from = open + 1;
        let inside = line.get(from..from + LENGTH)?;
        if line[from + LENGTH..].starts_with(b"] ")
            && let Some(head) = line[..open].strip_suffix(b" ")
            && let Some(time) = scan::clf_time(inside, 0)
        {
            return Some((head, time, &line[from + LENGTH + 2..]));
        }
    }
    None
}

/// Virtual host, client, and whether only httpd writes it so.
type Client<'a> = (Option<&'a [u8]>, &'a [u8], bool);

/// Virtual host and client of what stands before the time, and whether only httpd writes it so.
fn client(head: &[u8]) -> Option<Client<'_>> {
    let space = memchr(b' ', head)?;
    let (first, rest) = (&head[..space], &head[space + 1..]);
    // Sites that log `X-Forwarded-For` in place of the client write `-` for who came directly.
    if !is_name(first) {
        return None;
    }
    // nginx writes a literal `-` here, httpd the user's identd name, which nobody asks for any more.
    if rest == b"-" || rest.starts_with(b"- ") {
        return Some((None, first, false));
    }
    if first == b"-" {
        return None;
    }
    let space = memchr(b' ', rest)?;
    let (second, rest) = (&rest[..space], &rest[space + 1..]);
    if is_ip(second) && (rest == b"-" || rest.starts_with(b"- ")) {
        return Some((Some(first), second, false));
    }
    let one_word = !rest.is_empty() && memchr(b' ', rest).is_none();
    (one_word && is_ip(first)).then_some((None, first, true))
}

fn is_name(word: &[u8]) -> bool {
    !word.is_empty()
        && word.len() <= 255
        && word.iter().all(|b| {
            b.is_ascii_alphanumeric()
                || matches!(b, b':' | b'.' | b'-' | b'_' | b'%' | b'[' | b']' | b'*' | b'/')
        })
}

fn is_ip(word: &[u8]) -> bool {
    std::str::from_utf8(word).is_ok_and(|text| text.parse::<IpAddr>().is_ok())
}

/// A quoted string at the beginning, what follows it, and whether it holds an escaped quote, which
/// httpd writes `\"` and nginx `\x22`.
fn quoted(text: &[u8], closes: impl Fn(&[u8]) -> bool) -> Option<(&[u8], &[u8], bool)> {
    let text = text.strip_prefix(b"\"")?;
    let mut escaped = false;
    for end in memchr::memchr_iter(b'"', text) {
        if end > 0 && text[end - 1] == b'\\' && ends_in_escape(&text[..end]) {
            escaped = true;
        } else if closes(&text[end + 1..]) {
            return Some((&text[..end], &text[end + 1..], escaped));
        }
    }
    None
}
