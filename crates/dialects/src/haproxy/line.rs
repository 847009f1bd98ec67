//! One HAProxy log line, cut into what its variable names mean, whatever surrounds them.
//!
//! Format: HAProxy configuration manual, "Log formats" (`option httplog`, `option tcplog`). The
//! anchor is the group of timers followed by a status or byte count and the termination state;
//! that group survives in most custom formats, while what stands around it changes.

use memchr::memchr_iter;
use model::{Micros, Timestamp};

use crate::scan;

/// What both layouts (the native one and the one in the manner of Apache httpd) hold.
#[derive(Debug, Default)]
pub(super) struct Line<'a> {
    /// Client address and port, if the line has them.
    pub(super) client: Option<&'a str>,
    /// Begin of the request (`%tr`) or of the connection (`%t`).
    pub(super) at: Option<Timestamp>,
    /// Frontend without the `~` that marks TLS.
    pub(super) frontend: Option<&'a str>,
    pub(super) backend: Option<&'a str>,
    /// Server; `<NOSRV>` and its like stand for none.
    pub(super) server: Option<&'a str>,
    /// `backend/server`, if both are named.
    pub(super) target: Option<&'a str>,
    pub(super) timers: Timers,
    /// Status; `None` for a TCP session, `Some(0)` where the client got none.
    pub(super) status: Option<u16>,
    /// Termination state, two or four characters.
    pub(super) tsc: &'a str,
    /// Times the connection to a server was tried again.
    pub(super) retries: u16,
    /// Request line, without quotes, perhaps cut.
    pub(super) request: Option<&'a str>,
}

/// `TR/Tw/Tc/Tr/Ta`, each `None` where logged as -1.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timers {
    /// The client sending its request (`%TR`).
    pub(super) request: Option<Micros>,
    /// Queues (`%Tw`).
    pub(super) queue: Option<Micros>,
    /// Connecting, with retries and handshakes (`%Tc`).
    pub(super) connect: Option<Micros>,
    /// The server answering (`%Tr`).
    pub(super) response: Option<Micros>,
    /// All of it (`%Ta`); `None` if it was logged before the end (`option logasap`).
    pub(super) total: Option<Micros>,
}

/// A timer: milliseconds, or -1 for a phase that was not reached.
pub(super) fn timer(text: &[u8]) -> Option<Option<Micros>> {
    match text {
        b"-1" => Some(None),
        _ => scan::digits(text).map(|ms| Some(Micros::from_millis(i64::from(ms)))),
    }
}

impl Timers {
    /// Reads `TR/Tw/Tc/Tr/Ta`, or `Tw/Tc/Tt` of a TCP session; a `+` marks a total that was not
    /// final yet.
    pub(super) fn read(text: &[u8]) -> Option<(Timers, usize)> {
        let mut slots = [None; 5];
        let mut count = 0;
        let mut from = 0;
        for end in memchr_iter(b'/', text).chain([text.len()]) {
            let part = &text[from..end];
            from = end + 1;
            let slot = slots.get_mut(count)?;
            count += 1;
            *slot = match part {
                [b'+', rest @ ..] if end == text.len() => timer(rest)?.and(None),
                _ => timer(part)?,
            };
        }
        let [a, b, c, d, e] = slots;
        let timers = match count {
            5 => Timers { request: a, queue: b, connect: c, response: d, total: e },
            3 => Timers { queue: a, connect: b, total: c, ..Timers::default() },
            _ => return None,
        };
        Some((timers, count))
    }

    /// What is left of the total after `spent`.
    pub(super) fn remainder<const N: usize>(&self, spent: [Option<Micros>; N]) -> Option<Micros> {
        let spent: i64 = spent.into_iter().flatten().map(|t| t.0).sum();
        self.total.map(|total| Micros(total.0 - spent)).filter(|rest| rest.0 >= 0)
    }
}

/// Position of the `[` of a bracketed date `[06/Feb/2009:12:14:14.655]` and of its `]`.
pub(super) fn date_brackets(line: &[u8]) -> Option<(usize, usize)> {
    memchr_iter(b'[', line).find_map(|open| {
        let inside = line.get(open + 1..)?;
        let window = &inside[..inside.len().min(32)];
        let close = memchr::memchr(b']', window)?;
        let looks = close >= 20 && window[2] == b'/' && window[6] == b'/' && window[11] == b':';
        looks.then_some((open, open + 1 + close))
    })
}

/// Whether a word is a termination state: `----`, `SH--`, `cD`, `--VN`.
pub(super) fn is_termination(word: &[u8]) -> bool {
    let cause = |b| b"-LcCsSPRIDKU".contains(&b);
    let phase = |b| b"-RCHDLQT".contains(&b);
    let cookie = |b| b"-NIDVEOU".contains(&b);
    let persistence = |b| b"-NPDIRU".contains(&b);
    match *word {
        [a, b] => cause(a) && phase(b),
        [a, b, c, d] => cause(a) && phase(b) && cookie(c) && persistence(d),
        _ => false,
    }
}

/// `actconn/feconn/beconn/srv_conn/retries`: the retries (a `+` tells that the last one went to
/// another server).
pub(super) fn retries(word: &[u8]) -> Option<u16> {
    let mut slashes = 0;
    let mut last: u16 = 0;
    let mut digits = 0;
    for (at, byte) in word.iter().enumerate() {
        match byte {
            b'0'..=b'9' => {
                digits += 1;
                last = last.saturating_mul(10).saturating_add(u16::from(byte - b'0'));
            }
            b'/' if digits > 0 && slashes < 4 => {
                slashes += 1;
                (last, digits) = (0, 0);
            }
            b'+' if slashes == 4 && word[at - 1] == b'/' => {}
            _ => return None,
        }
    }
    (slashes == 4 && digits > 0).then_some(last)
}

/// Status of an HTTP line: -1 (since 2.5) where the client got none.
pub(super) fn status(word: &[u8]) -> Option<u16> {
    if word == b"-1" { Some(0) } else { scan::status(word) }
}

/// Cuts a line of the native layout; `None` if it is not one.
pub(super) fn native<'a>(record: &'a str, offset_east: i32) -> Option<Line<'a>> {
    let mut line = Line::default();
    let mut rest = record;
    if let Some((open, close)) = date_brackets(record.as_bytes()) {
        line.at = scan::clf_time(record.get(open + 1..close)?.as_bytes(), offset_east);
        line.client = record.get(..open)?.trim_end().rsplit(' ').next().filter(|c| !c.is_empty());
        rest = record.get(close + 1..)?;
    }
    let before = words_to_timers(&mut line, &mut rest)?;
    name_the_ends(&mut line, before);
    rest = counters(&mut line, rest)?;
    line.request = request_field(rest);
    Some(line)
}

/// Reads up to and with the timers and the status (or, for TCP, the byte count) behind them;
/// returns the two words before them.
fn words_to_timers<'a>(line: &mut Line<'a>, rest: &mut &'a str) -> Option<[&'a str; 2]> {
    // As many words as a syslog prefix and a few fields of one's own have.
    const LIMIT: usize = 24;
    let mut before = [""; 2];
    for _ in 0..LIMIT {
        let (word, after) = scan::word(rest);
        *rest = after;
        if let Some((timers, count)) = Timers::read(word.as_bytes())
            && let Some((status, behind)) = volume(after, count)
        {
            line.timers = timers;
            line.status = status;
            *rest = behind;
            return Some(before);
        }
        if !word.is_empty() {
            before = [before[1], word];
        }
    }
    None
}

/// What stands behind the timers: status (behind five timers only) and byte count. Returns the
/// status and the text from the byte count on.
fn volume(after: &str, timers: usize) -> Option<(Option<u16>, &str)> {
    let (status, after) = match timers {
        5 => {
            let (word, after) = scan::word(after);
            (Some(status(word.as_bytes())?), after)
        }
        _ => (None, after),
    };
    let bytes = scan::word(after).0;
    let digits = bytes.strip_prefix('+').unwrap_or(bytes);
    let count = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    count.then_some((status, after))
}

/// `frontend backend/server`, as far as they stand before the timers.
fn name_the_ends<'a>(line: &mut Line<'a>, [first, second]: [&'a str; 2]) {
    let Some((backend, server)) = second.split_once('/') else { return };
    line.backend = Some(backend);
    line.server = Some(server);
    line.target = (!server.starts_with('<')).then_some(second);
    // In a format of one's own another field may stand there; names hold no such characters.
    let name = first.strip_suffix('~').unwrap_or(first);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:".contains(&b);
    if line.at.is_some() && !name.is_empty() && name.bytes().all(plain) && !name.ends_with(':') {
        line.frontend = Some(name);
    }
}

/// Finds the termination state and the connection counts right behind it; captured cookies and
/// fields of one's own may stand in between. Returns what follows the counts.
fn counters<'a>(line: &mut Line<'a>, mut rest: &'a str) -> Option<&'a str> {
    const LIMIT: usize = 16;
    for _ in 0..LIMIT {
        let (word, after) = scan::word(rest);
        rest = after;
        if is_termination(word.as_bytes()) {
            let (counts, after) = scan::word(after);
            if let Some(retries) = retries(counts.as_bytes()) {
                line.tsc = word;
                line.retries = retries;
                return Some(after);
            }
        }
        if rest.is_empty() {
            return None;
        }
    }
    None
}

/// The request line in quotes. Captured header fields may hold quotes as well, but none followed
/// by a method; a line cut by syslog lacks the closing quote; some syslog daemons escape quotes.
fn request_field(rest: &str) -> Option<&str> {
    let starts_with_method = |text: &str| {
        let (method, target) = scan::word(text);
        !target.is_empty() && !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase())
    };
    let (at, _) = rest.match_indices('"').find(|(at, _)| {
        let inside = &rest[at + 1..];
        starts_with_method(inside) || inside.starts_with("<BADREQ>")
    })?;
    let inside = &rest[at + 1..];
    let inside = inside.split('"').next().unwrap_or(inside);
    Some(inside.strip_suffix('\\').unwrap_or(inside)).filter(|line| *line != "<BADREQ>")
}
