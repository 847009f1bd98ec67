//! Where records begin: what one line, looked at alone, says about its place in a record.
//!
//! A line that *certainly* starts a record does so whatever stands before it. That is what lets a
//! file be cut at such lines and its pieces be read apart, with the same result.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memchr_iter;
use memchr::memmem::Finder;

use super::{journal, page, prefix, thrown};
use crate::curl::joins as transcript;
use crate::scan;

/// Longest record that is kept; a longer one is counted and named, not read.
pub const MAX_RECORD: usize = 1 << 20;

/// Bytes of a line that decide whether it certainly starts a record.
const HEAD: usize = 320;

/// The same with a line end.
pub const LINE_HEAD: usize = HEAD + 2;

/// What a line is, seen alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing but white space.
    Blank,
    /// Starts a record, whatever stands before it.
    Certain,
    /// Starts a record unless an unfinished one claims it.
    Start,
    /// Starts a record unless it is the body of an answer that is open: what API Gateway answers
    /// with, `{"message":"Internal server error"}`.
    Body,
    /// Belongs to the record before it, if there is one.
    Continuation,
}

/// A record as text, its lines ended by line feeds alone: a record of several lines says the same
/// with carriage returns. Bytes that are no UTF-8 become U+FFFD.
pub(super) fn text(record: &[u8]) -> Cow<'_, str> {
    // Nearly every record is valid, and finding that out is faster than looking for what is not.
    let text =
        std::str::from_utf8(record).map_or_else(|_| String::from_utf8_lossy(record), Cow::Borrowed);
    match memchr::memchr(b'\r', record) {
        Some(_) if text.contains("\r\n") => Cow::Owned(text.replace("\r\n", "\n")),
        _ => text,
    }
}

/// Length of the byte order mark of UTF-8 that a line begins with, or 0.
pub(super) fn mark(line: &[u8]) -> usize {
    if line.first() == Some(&0xEF) && line.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 }
}

/// The line without its line end.
pub(super) fn trim_end(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// True if the first byte rules out a continuation: the quick way past [`kind`].
pub(super) fn plainly_starts(line: &[u8]) -> bool {
    !matches!(line.first(), None | Some(b' ' | b'\t' | b'}' | b']' | b')'))
}

/// The kind of a line without its line end. Looks at [`HEAD`] bytes at most.
pub(super) fn kind(line: &[u8]) -> Kind {
    let head = line.get(..HEAD).unwrap_or(line);
    let content = prefix::grouping(head).map_or(head, |p| head.get(p.rest..).unwrap_or(b""));
    let trimmed = content.trim_ascii_start();
    if trimmed.is_empty() {
        // A prefix around nothing is as blank as nothing; a long run of spaces is not.
        return if line.len() > HEAD { Kind::Start } else { Kind::Blank };
    }
    if !plainly_starts(content) {
        return if starts_dated(trimmed) { Kind::Certain } else { Kind::Continuation };
    }
    if joins(content) {
        return Kind::Continuation;
    }
    // What a field of the journal holds begins no record, dated or not.
    if journal::is_field(content) {
        return Kind::Start;
    }
    if content.starts_with(journal::FIRST) {
        return Kind::Certain;
    }
    // Decided within the head, so that a border is the same however much of the line is seen.
    if line.len() < HEAD && content.starts_with(b"{\"message\"") {
        return Kind::Body;
    }
    if content.first() == Some(&b'{') || starts_dated(content) || dated_inside(content) {
        return Kind::Certain;
    }
    Kind::Start
}

/// Lines at the margin that carry on an error report begun before them.
fn joins(line: &[u8]) -> bool {
    const OPENINGS: [&[u8]; 6] = [
        b"Traceback (most recent call last):",
        b"Caused by: ",
        b"[cause]: ",
        b"During handling of the above exception",
        b"The above exception was the direct cause",
        // The last line that a dying Node.js process prints.
        b"Node.js v",
    ];
    OPENINGS.iter().any(|opening| line.starts_with(opening)) || is_rest_of_report(line)
}

/// The values of a Lambda report that a paste has put onto a line of their own.
fn is_rest_of_report(line: &[u8]) -> bool {
    line.starts_with(b"Duration: ") && find(line, b"Billed Duration: ").is_some()
}

/// Whether a line opens something that may claim lines at the margin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Open {
    /// Nothing.
    #[default]
    No,
    /// A quoted message of FastCGI in an nginx error line (ngx_http_fastcgi_module logs standard
    /// error verbatim, line ends included).
    Quote,
    /// A Python traceback, whose last line names the exception at the margin.
    Traceback,
    /// A logger's line about an error, below which the error's name may stand at the margin.
    Logged,
    /// An entry of the journal in its export format, one field a line.
    Journal,
    /// An error page of CloudFront's, as HTML or as its text.
    Page,
    /// The same behind a rule, where its sentence stands, whatever it says.
    PageText,
    /// The same behind its request id, where nothing but closing tags belongs to it.
    PageEnd,
    /// A transcript of curl's, or the head of a response.
    Transcript(transcript::Part),
}

impl Open {
    /// What a first line leaves open.
    pub(super) fn after_start(line: &[u8]) -> Open {
        if line.starts_with(b"Traceback (most recent") {
            return Open::Traceback;
        }
        if page::begins(line) {
            return page::after(line);
        }
        if line.starts_with(journal::FIRST) {
            return Open::Journal;
        }
        if let Some(part) = transcript::begins(line) {
            return Open::Transcript(part);
        }
        // Error lines of nginx begin with a digit; the search is for them alone.
        if !line.first().is_some_and(u8::is_ascii_digit) && prefix::grouping(line).is_none() {
            return Open::No;
        }
        static QUOTE: LazyLock<Finder<'static>> =
            LazyLock::new(|| Finder::new("FastCGI sent in stderr: \""));
        match QUOTE.find(line) {
            Some(at) if find(&line[at..], b"\" while ").is_none() => Open::Quote,
            None if thrown::is_announced(line) => Open::Logged,
            _ => Open::No,
        }
    }

    /// Whether a line at the margin belongs to what is open.
    pub(super) fn takes(self, content: &[u8]) -> bool {
        match self {
            Open::No => false,
            Open::Quote | Open::Traceback => true,
            Open::Logged => thrown::is_named(content),
            Open::Journal => journal::is_field(content),
            Open::Page => page::goes_on(content),
            Open::PageText => !page::begins(content) || page::goes_on(content),
            Open::PageEnd => page::closes(content),
            Open::Transcript(part) => {
                transcript::takes(part, content)
                    || (part == transcript::Part::Answer && page::goes_on(content))
            }
        }
    }

    /// Whether a line that may be the body of an answer is that of the one that is open.
    pub(super) fn takes_body(self) -> bool {
        matches!(self, Open::Transcript(transcript::Part::Answer))
    }

    /// What is open after one more line of the record.
    pub(super) fn after(self, line: &[u8], content: &[u8]) -> Open {
        if content.starts_with(b"Traceback (most recent") {
            return Open::Traceback;
        }
        match self {
            Open::Journal => Open::Journal,
            Open::Page | Open::PageText | Open::PageEnd => page::after(content),
            Open::Transcript(part) => Open::Transcript(transcript::after(part, content)),
            Open::Quote if find(line, b"\" while ").is_none() => Open::Quote,
            Open::Traceback if content.trim_ascii().is_empty() || !plainly_starts(content) => {
                Open::Traceback
            }
            _ => Open::No,
        }
    }
}

pub(super) fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Begins with a date, a syslog priority, an address, or a bracket around a date or a level.
fn starts_dated(line: &[u8]) -> bool {
    let line = prefix::after_priority(line).map_or(line, |at| line.get(at..).unwrap_or(b""));
    if let [b'[', inside @ ..] = line {
        return date(inside) || weekday(inside) || uptime(inside) || level(inside);
    }
    date(line) || syslog_date(line) || address(line)
}

/// `2024-01-02T03:04` or `2024/01/02 03:04`, also with a tab between.
pub(super) fn date(text: &[u8]) -> bool {
    let Some(text) = text.get(..16) else { return false };
    let digit = |at: std::ops::Range<usize>| text[at].iter().all(u8::is_ascii_digit);
    digit(0..4)
        && matches!(text[4], b'-' | b'/')
        && digit(5..7)
        && text[7] == text[4]
        && digit(8..10)
        && matches!(text[10], b'T' | b't' | b' ' | b'_' | b'\t')
        && digit(11..13)
        && text[13] == b':'
        && digit(14..16)
}

/// `Feb  6 12:14:14`.
pub(super) fn syslog_date(text: &[u8]) -> bool {
    let Some(text) = text.get(..15) else { return false };
    scan::month(&text[..3]).is_some()
        && text[3] == b' '
        && (text[4] == b' ' || text[4].is_ascii_digit())
        && text[5].is_ascii_digit()
        && text[6] == b' '
        && text[9] == b':'
        && text[12] == b':'
        && [7, 8, 10, 11, 13, 14].iter().all(|&i: &usize| text[i].is_ascii_digit())
}

/// `Sat Jul 08`.
fn weekday(text: &[u8]) -> bool {
    const DAYS: [&[u8]; 7] = [b"Mon ", b"Tue ", b"Wed ", b"Thu ", b"Fri ", b"Sat ", b"Sun "];
    DAYS.iter().any(|day| text.starts_with(day))
        && text.get(4..7).is_some_and(|name| scan::month(name).is_some())
}

/// ` 2170.372798] `: seconds since boot, as the kernel writes them.
fn uptime(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let whole = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let Some([b'.', fraction @ ..]) = text.get(whole..) else { return false };
    whole > 0
        && fraction.len() > 6
        && fraction[..6].iter().all(u8::is_ascii_digit)
        && fraction[6] == b']'
}

/// `WARNING] 124/210930`: the levels of HAProxy's own messages.
fn level(text: &[u8]) -> bool {
    let name = text.iter().take_while(|b| b.is_ascii_uppercase()).count();
    name >= 4
        && text.get(name..).is_some_and(|rest| rest.starts_with(b"]"))
        && text.get(name + 1..).is_some_and(|rest| {
            rest.trim_ascii_start().first().is_some_and(|b| b.is_ascii_digit() || *b == b'(')
        })
}

/// `192.0.2.1` followed by a space or a port.
fn address(text: &[u8]) -> bool {
    let mut rest = text;
    for part in 0..4 {
        let digits = rest.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 3 {
            return false;
        }
        rest = rest.get(digits..).unwrap_or(b"");
        let wanted: &[u8] = if part < 3 { b"." } else { b" :," };
        match rest.first() {
            Some(byte) if wanted.contains(byte) => rest = &rest[1..],
            _ => return false,
        }
    }
    true
}

/// A second word that is a date (`https 2018-07-02T…`), or an access log's bracketed time.
fn dated_inside(line: &[u8]) -> bool {
    let first = line.iter().take(24).position(|&b| b == b' ');
    if first.is_some_and(|at| line.get(at + 1..).is_some_and(date)) {
        return true;
    }
    memchr_iter(b'[', line).any(|at| {
        line.get(at + 1..at + 13).is_some_and(|t| {
            t[..2].iter().all(u8::is_ascii_digit)
                && t[2] == b'/'
                && scan::month(&t[3..6]).is_some()
                && t[6] == b'/'
                && t[11] == b':'
        })
    })
}

/// Where in `bytes`, at or after `from`, a line begins that certainly starts a record.
pub(super) fn certain_start(bytes: &[u8], from: usize) -> Option<usize> {
    line_starts(bytes, from).find(|&at| kind(line_at(bytes, at)) == Kind::Certain)
}

/// The same for any line that may start a record.
pub(super) fn likely_start(bytes: &[u8], from: usize) -> Option<usize> {
    line_starts(bytes, from)
        .find(|&at| matches!(kind(line_at(bytes, at)), Kind::Certain | Kind::Start | Kind::Body))
}

fn line_at(bytes: &[u8], at: usize) -> &[u8] {
    let rest = &bytes[at..];
    let window = rest.get(..LINE_HEAD).unwrap_or(rest);
    let end = memchr::memchr(b'\n', window).unwrap_or(window.len());
    trim_end(&rest[..end])
}

fn line_starts(bytes: &[u8], from: usize) -> impl Iterator<Item = usize> {
    let from = from.min(bytes.len());
    let at_start = from == 0 || bytes.get(from - 1) == Some(&b'\n');
    let here = (at_start && from < bytes.len()).then_some(from);
    let after = memchr_iter(b'\n', &bytes[from..]).map(move |at| from + at + 1);
    here.into_iter().chain(after).filter(|&at| at < bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        for (line, expected) in [
            ("", Kind::Blank),
            ("   \t", Kind::Blank),
            ("    at Object.fetch (node:internal/deps/undici:1:2)", Kind::Continuation),
            ("}", Kind::Continuation),
            ("Traceback (most recent call last):", Kind::Continuation),
            ("TypeError: fetch failed", Kind::Start),
            ("Node.js v20.11.0", Kind::Continuation),
            ("Duration: 5.00 ms  Billed Duration: 6 ms", Kind::Continuation),
            ("Duration: 5.00 ms", Kind::Start),
            ("{\"a\": 1}", Kind::Certain),
            ("{\"message\": null}", Kind::Body),
            ("  2024/01/02 03:04:05 [error] 1#1: x", Kind::Certain),
            ("2024/01/02 03:04:05 [error] 1#1: x", Kind::Certain),
            ("[Sat Jul 08 17:40:54.742169 2017] [proxy:error]", Kind::Certain),
            ("[ 2170.372798] Out of memory", Kind::Certain),
            ("[WARNING] 124/210930 (59014) : Server", Kind::Certain),
            ("[debug] something", Kind::Start),
            ("__CURSOR=s=1;i=2", Kind::Certain),
            ("MESSAGE=10.0.0.1 - - [10/Oct/2000:13:55:36 -0700] x", Kind::Start),
            ("https 2018-07-02T22:23:00.186641Z app/lb", Kind::Certain),
            (
                "2001:db8::1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.1\" 200 1",
                Kind::Certain,
            ),
            ("10.0.1.2:33317 [06/Feb/2009:12:14:14.655] in b/s", Kind::Certain),
            ("10.0.1 is no address", Kind::Start),
            ("web-1  | 10.0.1.2 - - x", Kind::Certain),
            ("web-1  |     at foo", Kind::Continuation),
            ("2024-01-02T03:04:05.000000001Z stderr F     at foo", Kind::Continuation),
            ("2024-01-02T03:04:05.000000001Z  INFO starting", Kind::Certain),
            ("Feb  6 12:14:14 host node[12]: TypeError: fetch failed", Kind::Start),
            ("Feb  6 12:14:14 host node[12]:     at foo", Kind::Continuation),
            ("{\"log\":\"    at foo\\n\",\"stream\":\"stderr\"}", Kind::Continuation),
        ] {
            assert_eq!(kind(line.as_bytes()), expected, "{line}");
        }
    }
}
