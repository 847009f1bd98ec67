//! Envoy's default text format, Istio's formats (1.0 to today), and formats that add quoted fields
//! of their own: `[START] "METHOD PATH PROTOCOL" CODE FLAGS … RX TX DURATION SERVICE_TIME "XFF" "UA"
//! "REQUEST_ID" "AUTHORITY" … "UPSTREAM_HOST" CLUSTER LOCAL LOCAL REMOTE SNI ROUTE`.

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Micros, Tally, Timestamp};

use super::access::{Access, address, hop};
use super::flags;
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, scan};

/// Envoy and Istio access log as text.
pub(crate) struct EnvoyText;

impl Dialect for EnvoyText {
    fn name(&self) -> &'static str {
        "envoy-text"
    }

    fn about(&self) -> &'static About {
        &super::about::TEXT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["] \""]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        glance(line).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record).map(Access::into_request), out)
    }
}

/// Ambassador and Emissary write this word before the record.
const AMBASSADOR: &str = "ACCESS ";

fn read(record: &str) -> Option<Access<'_>> {
    let record = record.strip_prefix(AMBASSADOR).unwrap_or(record).trim_end();
    let (start, rest) = record.strip_prefix('[')?.split_once("] \"")?;
    let start: Timestamp = scan::iso(start.as_bytes(), 0)?;
    let (request, code, rest) = request_and_code(rest)?;
    let (flags, rest) = scan::word(rest);
    if !flags::are_flags(flags) {
        return None;
    }
    let (reasons, counters, rest) = around_counters(rest)?;
    let mut access = Access {
        start: Some(start),
        code,
        flags: scan::present(flags).map(Cow::from),
        duration: scan::millis(counters[2]),
        service_time: scan::millis(counters[3]),
        ..Access::default()
    };
    if let Some((method, target)) = scan::request_line(request) {
        access.method = scan::present(method).map(Cow::from);
        access.path = scan::present(target.strip_suffix(" -").unwrap_or(target)).map(Cow::from);
    }
    explain(reasons, &mut access);
    ends(rest, &mut access);
    Some(access)
}

/// The request line ends at the quote that a three-digit code (or 0) follows: paths may hold quotes.
fn request_and_code(text: &str) -> Option<(&str, u16, &str)> {
    text.match_indices("\" ").find_map(|(at, _)| {
        let (code, rest) = scan::word(text.get(at + 2..)?);
        let code = if code == "0" { 0 } else { scan::status(code.as_bytes())? };
        Some((text.get(..at)?, code, rest))
    })
}

/// Byte counts, duration and service time: the first four words in a row that are numbers (the
/// last one may be missing). Before them stand the reasons, behind them the two ends.
fn around_counters(text: &str) -> Option<(&str, [&str; 4], &str)> {
    let number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let mut from = 0;
    loop {
        let here = text.get(from..)?;
        let mut words = here.splitn(5, ' ');
        let group = [words.next()?, words.next()?, words.next()?, words.next()?];
        if group[..3].iter().all(|word| number(word)) && (number(group[3]) || group[3] == "-") {
            return Some((text.get(..from)?, group, words.next().unwrap_or("")));
        }
        from += group[0].len() + 1;
    }
}

/// What stands between flags and counters: nothing, old Istio's one or two quoted fields, or
/// `DETAILS TERMINATION "TRANSPORT FAILURE"`.
fn explain<'a>(text: &'a str, access: &mut Access<'a>) {
    let (bare, quoted) = text.split_at(text.find('"').unwrap_or(text.len()));
    let mut bare = bare.split(' ').filter(|word| !word.is_empty());
    access.details = bare.next().and_then(scan::present).map(Cow::from);
    access.termination = bare.next().and_then(scan::present).map(Cow::from);
    // The transport failure is the last one; before it old Istio had the state of its mixer.
    let quoted = quoted.trim_end().trim_matches('"');
    let last = quoted.rsplit("\" \"").next();
    access.transport = last.and_then(scan::present).map(Cow::from);
}

/// What stands behind the counters: `"XFF" "UA" "REQUEST_ID" "AUTHORITY" "UPSTREAM_HOST"`, with
/// fields of one's own somewhere between, then Istio's unquoted `CLUSTER LOCAL LOCAL REMOTE SNI
/// ROUTE`.
fn ends<'a>(text: &'a str, access: &mut Access<'a>) {
    let Some(text) = text.strip_prefix('"') else { return };
    let close = text.rfind('"').unwrap_or(text.len());
    let (quoted, tail) = text.split_at(close);
    let fields: Vec<&str> = quoted.split("\" \"").collect();
    let present = |at: usize| fields.get(at).copied().and_then(scan::present).map(Cow::from);
    access.forwarded_for = present(0);
    if fields.len() >= 5 {
        // A user agent with quotes of its own moves the fields; a UUID is hard to mistake.
        let id = (2..fields.len() - 2).find(|at| is_uuid(fields[*at])).unwrap_or(2);
        access.request_id = present(id);
        access.authority = present(id + 1);
        access.upstream_host = present(fields.len() - 1);
    }
    let mut tail = tail.split(' ').skip(1);
    let (cluster, _upstream_local, _downstream_local, downstream) =
        (tail.next(), tail.next(), tail.next(), tail.next());
    if downstream.is_some() || cluster.is_some_and(|name| name.contains('|')) {
        access.cluster = cluster.and_then(scan::present).map(Cow::from);
        access.downstream = downstream.and_then(scan::present).map(Cow::from);
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The counters of a healthy line. Fields that hold text of the client are skipped by looking for
/// what follows them, exactly as the full parse does; where that is not certain, `None`.
fn glance(line: &[u8]) -> Option<Tally<'_>> {
    let rest = line.strip_prefix(AMBASSADOR.as_bytes()).unwrap_or(line).strip_prefix(b"[")?;
    let close = memchr::memchr(b']', &rest[..rest.len().min(40)])?;
    let at = scan::iso(&rest[..close], 0)?;
    let rest = rest[close + 1..].strip_prefix(b" \"")?;
    let (request, rest) = rest.split_at(memmem::find(rest, b"\" ")?);
    if request.starts_with(b"-") {
        return None;
    }
    let [_, _, a, b, c, b' ', b'-', b' ', rest @ ..] = rest else { return None };
    let status = scan::status(&[*a, *b, *c]).filter(|status| (100..500).contains(status))?;
    // Istio's three reasons, or none.
    let rest = match rest.strip_prefix(b"via_upstream - \"-\" ") {
        Some(rest) => rest,
        None => rest,
    };
    let mut from = 0;
    let mut counters = [None; 4];
    for slot in &mut counters {
        let end = from + memchr::memchr(b' ', &rest[from..])?;
        *slot = scan::digits(&rest[from..end]);
        from = end + 1;
    }
    let [Some(_), Some(_), Some(duration), _] = counters else { return None };
    let elapsed = Some(Micros::from_millis(i64::from(duration))).filter(|span| *span < SLOW)?;
    let quoted = rest.get(from..)?.strip_prefix(b"\"")?;
    let last = memchr::memrchr(b'"', quoted)?;
    let open = memmem::rfind(&quoted[..last], b"\" \"")? + 3;
    if memmem::find_iter(&quoted[..last], b"\" \"").count() != 4 {
        return None;
    }
    let target = std::str::from_utf8(&quoted[open..last]).ok()?;
    let target = scan::present(target).map_or("", address).as_bytes();
    let mut tail = quoted[last + 1..].split(|byte| *byte == b' ').skip(1);
    let cluster = tail.next().filter(|name| *name != b"-");
    let known = cluster.is_some_and(|name| name.contains(&b'|')) || tail.nth(2).is_some();
    let (hop, kind) = hop(cluster.filter(|_| known));
    Some(Tally { at, hop: hop.as_bytes(), kind, status, target, elapsed: Some(elapsed) })
}
