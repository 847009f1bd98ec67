//! What runtimes and shippers put in front of a line: container names, time stamps, syslog heads.

use model::Timestamp;

use super::lines;
use crate::scan;

/// A prefix found at the beginning of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prefix {
    /// Where the line proper begins.
    pub(super) rest: usize,
    /// Where the name of the host, container or pod stands, if one does.
    pub(super) hop: Option<(usize, usize)>,
    /// Where the prefix's own time stamp stands, if one does.
    pub(super) time: Option<(usize, usize)>,
}

/// The kinds of prefix, in the order in which they are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// `web-1  | line`: docker compose.
    Compose,
    /// `[pod/web-7d4b9/nginx] line`: `kubectl logs --prefix`.
    Pod,
    /// `2024-01-02T03:04:05.678Z stdout F line`: the Container Runtime Interface's log files.
    Cri,
    /// `{"log":"line\n","stream":"stdout","time":"…"}`: Docker's json-file driver.
    DockerJson,
    /// `<13>Jan  2 03:04:05 host program[1]: line`: RFC 3164, and journalctl's `short` output.
    Syslog,
    /// `<13>1 2024-01-02T03:04:05Z host program 1 - - line`: RFC 5424.
    Syslog5424,
    /// `2024-01-02T03:04:05+0900 host program[1]: line`: journalctl's `short-iso` output.
    JournalIso,
    /// `2024-01-02T03:04:05.678000+00:00 stream line`: `aws logs tail`.
    LogsTail,
    /// `2024-01-02T03:04:05.678Z line`: `docker logs --timestamps`.
    Time,
    /// `2024-01-02T03:04:05 line`: `aws logs tail --format short`.
    ShortTime,
    /// White space, a byte order mark, NUL bytes.
    Blank,
}

impl Style {
    pub(super) const ALL: [Style; 11] = [
        Style::Blank,
        Style::Compose,
        Style::Pod,
        Style::Cri,
        Style::DockerJson,
        Style::Syslog5424,
        Style::Syslog,
        Style::JournalIso,
        Style::LogsTail,
        Style::Time,
        Style::ShortTime,
    ];

    /// What container runtimes and their tools write, which no program writes itself.
    pub(super) const RUNTIMES: [Style; 4] =
        [Style::Compose, Style::Pod, Style::Cri, Style::DockerJson];

    /// The prefix of this style on a line.
    pub(super) fn find(self, line: &[u8]) -> Option<Prefix> {
        match self {
            Style::Compose => compose(line),
            Style::Pod => pod(line),
            Style::Cri => cri(line),
            Style::DockerJson => docker_json(line),
            Style::Syslog => syslog(line),
            Style::Syslog5424 => syslog5424(line),
            Style::JournalIso => journal_iso(line),
            Style::LogsTail => logs_tail(line),
            Style::Time => time(line),
            Style::ShortTime => short_time(line),
            Style::Blank => blank(line),
        }
    }
}

/// The prefixes that stand on every line of a multi-line record, so that the text behind them
/// decides whether a line continues the record before it.
pub(super) fn grouping(line: &[u8]) -> Option<Prefix> {
    let found = match line.first()? {
        b'[' => pod(line),
        b'<' => syslog5424(line).or_else(|| syslog(line)),
        b'{' => docker_json(line),
        b'0'..=b'9' => cri(line)
            .or_else(|| journal_iso(line))
            .or_else(|| logs_tail(line))
            .or_else(|| compose(line)),
        b'A'..=b'Z' | b'a'..=b'z' => syslog(line).or_else(|| compose(line)),
        _ => None,
    }?;
    Some(found)
}

/// Length of a syslog priority `<13>`.
pub(super) fn after_priority(line: &[u8]) -> Option<usize> {
    let digits = line.get(1..5)?.iter().take_while(|b| b.is_ascii_digit()).count();
    (line.first() == Some(&b'<')
        && (1..=3).contains(&digits)
        && line.get(1 + digits) == Some(&b'>'))
    .then_some(digits + 2)
}

fn word_end(line: &[u8], from: usize) -> Option<usize> {
    memchr::memchr(b' ', line.get(from..)?).map(|at| from + at)
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'/')
}

fn compose(line: &[u8]) -> Option<Prefix> {
    let name = line.iter().take(80).take_while(|b| is_name(**b)).count();
    if name == 0 || !line[..name].iter().any(u8::is_ascii_alphabetic) {
        return None;
    }
    let spaces = line[name..].iter().take_while(|b| **b == b' ').count();
    let bar = name + spaces;
    if spaces == 0 || line.get(bar) != Some(&b'|') {
        return None;
    }
    let rest = match line.get(bar + 1) {
        None => bar + 1,
        Some(b' ') => bar + 2,
        Some(_) => return None,
    };
    Some(Prefix { rest, hop: Some((0, name)), time: None })
}

fn pod(line: &[u8]) -> Option<Prefix> {
    let inside = line.strip_prefix(b"[pod/")?;
    let name = inside.iter().take_while(|b| is_name(**b) && **b != b'/').count();
    let end = inside.iter().take(200).position(|b| *b == b']')?;
    if name == 0 || !inside[..end].iter().all(|b| is_name(*b)) {
        return None;
    }
    let rest = match inside.get(end + 1) {
        None => end + 6,
        Some(b' ') => end + 7,
        Some(_) => return None,
    };
    Some(Prefix { rest, hop: Some((5, 5 + name)), time: None })
}

fn iso_end(line: &[u8]) -> Option<usize> {
    // Only the form with a zone: a date without one belongs to the record itself.
    if line.get(10) != Some(&b'T') || !lines::date(line) {
        return None;
    }
    let end = line.iter().take(40).position(|b| *b == b' ')?;
    let zoned =
        line[end - 1] == b'Z' || line.get(19..end)?.iter().any(|b| matches!(b, b'+' | b'-'));
    zoned.then_some(end)
}

fn cri(line: &[u8]) -> Option<Prefix> {
    let end = iso_end(line)?;
    let stream = line.get(end + 1..end + 8)?;
    if stream != b"stdout " && stream != b"stderr " {
        return None;
    }
    // Tags: F for a full line, P for a part; more may follow after a colon.
    let tag = end + 8;
    matches!(line.get(tag), Some(b'F' | b'P')).then_some(())?;
    let rest = word_end(line, tag).map_or(line.len(), |at| at + 1);
    Some(Prefix { rest, hop: None, time: Some((0, end)) })
}

fn docker_json(line: &[u8]) -> Option<Prefix> {
    line.starts_with(b"{\"log\":\"").then_some(Prefix { rest: 8, hop: None, time: None })
}

/// `program[1]: ` or `program: ` at `from`; the end of it.
fn program(line: &[u8], from: usize) -> Option<usize> {
    let end = word_end(line, from).unwrap_or(line.len());
    let tag = line.get(from..end)?;
    let name = tag.strip_suffix(b":")?;
    // A bracket follows a name: `[TimeoutError]:` is part of an error, not a program.
    let plausible = name.first().is_some_and(|byte| *byte != b'[')
        && name.len() < 64
        && name.iter().all(|b| is_name(*b) || matches!(b, b'[' | b']' | b'(' | b')' | b'@'))
        && name.iter().any(u8::is_ascii_alphabetic);
    plausible.then_some((end + 1).min(line.len()))
}

fn syslog(line: &[u8]) -> Option<Prefix> {
    let at = after_priority(line).unwrap_or(0);
    if !lines::syslog_date(line.get(at..)?) || line.get(at + 15) != Some(&b' ') {
        return None;
    }
    let host = at + 16;
    let host_end = word_end(line, host)?;
    let hop = Some((host, host_end));
    let rest = program(line, host_end + 1)?;
    Some(Prefix { rest, hop, time: Some((at, at + 15)) })
}

fn syslog5424(line: &[u8]) -> Option<Prefix> {
    let at = after_priority(line)?;
    line.get(at..)?.strip_prefix(b"1 ")?;
    let start = at + 2;
    let end = word_end(line, start)?;
    let time = lines::date(line.get(start..end)?).then_some((start, end));
    let host_end = word_end(line, end + 1)?;
    // Application, process id, message id.
    let mut at = host_end;
    for _ in 0..3 {
        at = word_end(line, at + 1)?;
    }
    let mut rest = at + 1;
    match line.get(rest)? {
        b'-' => rest += 1,
        b'[' => {
            let mut quoted = false;
            let mut escaped = false;
            loop {
                match line.get(rest)? {
                    _ if escaped => escaped = false,
                    b'\\' if quoted => escaped = true,
                    b'"' => quoted = !quoted,
                    b']' if !quoted && line.get(rest + 1) != Some(&b'[') => break,
                    _ => {}
                }
                rest += 1;
            }
            rest += 1;
        }
        _ => return None,
    }
    if line.get(rest) == Some(&b' ') {
        rest += 1;
    }
    if line.get(rest..).is_some_and(|t| t.starts_with(b"\xEF\xBB\xBF")) {
        rest += 3;
    }
    let named = line.get(end + 1..host_end) != Some(b"-");
    Some(Prefix { rest, hop: named.then_some((end + 1, host_end)), time })
}

fn journal_iso(line: &[u8]) -> Option<Prefix> {
    let end = iso_end(line)?;
    let host_end = word_end(line, end + 1)?;
    // A logger's level is no host.
    const LEVELS: [&[u8]; 7] =
        [b"TRACE", b"DEBUG", b"INFO", b"WARN", b"WARNING", b"ERROR", b"FATAL"];
    if LEVELS.contains(&line.get(end + 1..host_end)?) {
        return None;
    }
    let rest = program(line, host_end + 1)?;
    Some(Prefix { rest, hop: Some((end + 1, host_end)), time: Some((0, end)) })
}

/// The time is always in UTC and spelt so; behind it stands the name of the log stream.
fn logs_tail(line: &[u8]) -> Option<Prefix> {
    let end = iso_end(line)?;
    let stream = line.get(end + 1..)?;
    let stream = stream.get(..stream.iter().take(512).position(|b| *b == b' ')?)?;
    if !line[..end].ends_with(b"+00:00") || !is_stream(stream) {
        return None;
    }
    let rest = end + 2 + stream.len();
    Some(Prefix { rest, hop: Some((end + 1, rest - 1)), time: Some((0, end)) })
}

/// The names that AWS gives to streams: `2024/05/01/[$LATEST]HEX` of Lambda, `prefix/container/task`
/// of ECS, a hash of API Gateway, an instance's id.
fn is_stream(name: &[u8]) -> bool {
    let hex = |text: &[u8]| text.iter().all(u8::is_ascii_hexdigit);
    let plain = |b: &u8| is_name(*b) || matches!(b, b'[' | b']' | b'$');
    let mut parts = name.split(|b| *b == b'/');
    let id = name.rsplit(|b| *b == b'/').next().unwrap_or(b"");
    let is_path = parts.clone().count() >= 3
        && parts.all(|part| !part.is_empty())
        && id.len() >= 32
        && hex(&id[id.len() - 32..]);
    let instance = name.strip_prefix(b"i-").is_some_and(|id| id.len() >= 8 && hex(id));
    name.iter().all(plain) && (is_path || instance || (name.len() == 32 && hex(name)))
}

/// A date and time of day without fraction or zone.
fn short_time(line: &[u8]) -> Option<Prefix> {
    let is_it = line.get(10) == Some(&b'T')
        && line.get(19) == Some(&b' ')
        && line.get(16) == Some(&b':')
        && line.get(17..19)?.iter().all(u8::is_ascii_digit)
        && lines::date(line);
    is_it.then_some(Prefix { rest: 20, hop: None, time: Some((0, 19)) })
}

fn time(line: &[u8]) -> Option<Prefix> {
    let end = iso_end(line)?;
    Some(Prefix { rest: end + 1, hop: None, time: Some((0, end)) })
}

fn blank(line: &[u8]) -> Option<Prefix> {
    let mut rest = line.iter().take_while(|b| matches!(b, b' ' | b'\t' | 0)).count();
    if line.starts_with(b"\xEF\xBB\xBF") {
        rest = 3;
    }
    (rest > 0).then_some(Prefix { rest, hop: None, time: None })
}

/// The time a prefix states. `year` gives the year of a stamp that has none, by month and day.
pub(super) fn timestamp(
    stamp: &[u8],
    offset_east: i32,
    year: impl Fn(u32, u32) -> Option<i32>,
) -> Option<Timestamp> {
    if stamp.first().is_some_and(u8::is_ascii_digit) {
        return scan::iso(stamp, offset_east);
    }
    let month = scan::month(stamp.get(..3)?)?;
    let day = scan::digits(stamp.get(4..6)?.trim_ascii_start())?;
    let field = |at: usize| scan::digits(stamp.get(at..at + 2)?);
    Timestamp::from_civil(
        (year(month, day)?, month, day),
        (field(7)?, field(10)?, field(13)?),
        0,
        offset_east,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(style: Style, line: &str) -> Option<(&str, Option<&str>, Option<&str>)> {
        let prefix = style.find(line.as_bytes())?;
        let span = |at: Option<(usize, usize)>| at.map(|(from, to)| &line[from..to]);
        Some((&line[prefix.rest..], span(prefix.hop), span(prefix.time)))
    }

    #[test]
    fn every_style() {
        for (style, line, expected) in [
            (Style::Compose, "web-1  | GET /", ("GET /", Some("web-1"), None)),
            (Style::Compose, "web-1  |", ("", Some("web-1"), None)),
            (Style::Pod, "[pod/web-7d-x/nginx] GET /", ("GET /", Some("web-7d-x"), None)),
            (
                Style::Cri,
                "2024-01-02T03:04:05.678901234+09:00 stdout F GET /",
                ("GET /", None, Some("2024-01-02T03:04:05.678901234+09:00")),
            ),
            (
                Style::Syslog,
                "<13>Feb  6 12:14:14 edge-1 haproxy[14389]: x y",
                ("x y", Some("edge-1"), Some("Feb  6 12:14:14")),
            ),
            (
                Style::Syslog5424,
                "<165>1 2003-10-11T22:14:15.003Z host app - ID47 [a@1 k=\"v]\" j=\"\\\"\"][b] \u{feff}An event",
                ("An event", Some("host"), Some("2003-10-11T22:14:15.003Z")),
            ),
            (
                Style::JournalIso,
                "2024-01-02T03:04:05+0900 edge nginx[7]: line",
                ("line", Some("edge"), Some("2024-01-02T03:04:05+0900")),
            ),
            (
                Style::LogsTail,
                "2024-05-01T12:00:00.123000+00:00 2024/05/01/[$LATEST]0123456789abcdef0123456789abcdef END x",
                (
                    "END x",
                    Some("2024/05/01/[$LATEST]0123456789abcdef0123456789abcdef"),
                    Some("2024-05-01T12:00:00.123000+00:00"),
                ),
            ),
            (
                Style::ShortTime,
                "2024-05-01T12:00:00 END x",
                ("END x", None, Some("2024-05-01T12:00:00")),
            ),
            (
                Style::Time,
                "2024-01-02T03:04:05.1Z 10.0.0.1 - -",
                ("10.0.0.1 - -", None, Some("2024-01-02T03:04:05.1Z")),
            ),
        ] {
            assert_eq!(stripped(style, line), Some(expected), "{line}");
        }
        assert_eq!(stripped(Style::Compose, "10.0.0.1 | x"), None);
        assert_eq!(stripped(Style::Time, "2024-01-02T03:04:05 no zone"), None);
        assert_eq!(stripped(Style::ShortTime, "2024-01-02T03:04:05Z zone"), None);
        for stream in
            ["a/b", "GET /a/b", "10.0.0.1", "ecs/api/0123", "/ecs/0123456789abcdef0123456789abcdef"]
        {
            let line = format!("2024-05-01T12:00:00.123000+00:00 {stream} x");
            assert_eq!(stripped(Style::LogsTail, &line), None, "{line}");
        }
    }

    #[test]
    fn no_prefix_breaks_on_any_cut() {
        let lines = [
            "<165>1 2003-10-11T22:14:15.003Z host app - ID47 [a@1 k=\"v]\"] An event",
            "<13>Feb  6 12:14:14 edge-1 haproxy[14389]: x y",
            "2024-01-02T03:04:05.678901234+09:00 stdout F GET /",
            "[pod/web/nginx] x",
            "web-1  | x",
            "2024-05-01T12:00:00+00:00 ecs/api/0123456789abcdef0123456789abcdef x",
            "2024-05-01T12:00:00 x",
        ];
        for line in lines {
            for cut in 0..line.len() {
                for style in Style::ALL {
                    if let Some(prefix) = style.find(&line.as_bytes()[..cut]) {
                        assert!(prefix.rest <= cut, "{line} at {cut}");
                    }
                }
            }
        }
    }
}
