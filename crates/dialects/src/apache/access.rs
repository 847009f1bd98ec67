//! Apache httpd access log: common, combined and vhost_combined.

use std::borrow::Cow;

use model::{Author, Event, Failure, HopKind, Mechanism, Micros, Request, Role, Tally};

use crate::nginx::{clf, tail};
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, probe, scan};

/// Apache httpd access log.
pub(crate) struct ApacheAccess;

impl Dialect for ApacheAccess {
    fn name(&self) -> &'static str {
        "apache-access"
    }

    fn about(&self) -> &'static About {
        &super::about::ACCESS
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["] \""]])
    }

    fn sniff(&self, record: &str) -> bool {
        let line = record.trim_end();
        // A combined line may be nginx's just as well; what the source is decides, not the line.
        !line.contains('\n') && entry(line.as_bytes(), true).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A tally borrows its hop from the line, so a name from outside cannot be given here.
        if context.hop.is_some() {
            return Quick::Full;
        }
        let raw = line;
        let Some((line, total)) = entry(raw, context.combined_is_apache) else {
            return Quick::Full;
        };
        match line.status {
            Some(status @ 100..500)
                if status != 499
                    && total.is_none_or(|t| t < SLOW)
                    && !probe::is_refused(raw, status) =>
            {
                Quick::Tally(Tally {
                    at: line.time,
                    hop: b"httpd",
                    kind: HopKind::Proxy,
                    status,
                    target: b"",
                    elapsed: total,
                })
            }
            _ => Quick::Full,
        }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some((line, total)) = entry(record.as_bytes(), context.combined_is_apache) else {
            return Understood::No;
        };
        let request = request(&line, total, context);
        let check = probe::check(record.as_bytes(), &request);
        out.push(request.into());
        out.extend(check);
        Understood::Yes
    }
}

fn request<'a>(line: &clf::Line<'a>, total: Option<Micros>, context: &Context) -> Request<'a> {
    let hop: Cow<'a, str> = match &context.hop {
        Some(hop) => Cow::Owned(hop.clone()),
        None => Cow::Borrowed("httpd"),
    };
    let mut request = Request::new(hop, HopKind::Proxy, Role::Access);
    // `%t` is the time the request was received (mod_log_config).
    request.start = Some(line.time);
    request.timers.total = total;
    request.status = line.status;
    request.client = (line.client != b"-").then(|| String::from_utf8_lossy(line.client));
    request.host = line
        .vhost
        .and_then(|host| std::str::from_utf8(host).ok())
        .map(scan::without_port)
        .map(Cow::Borrowed);
    if let Some((method, path, host)) =
        std::str::from_utf8(line.request).ok().and_then(scan::method_and_path)
    {
        request.method = Some(Cow::Borrowed(method));
        request.path = Some(Cow::Borrowed(path));
        request.host = request.host.or(host.map(Cow::Borrowed));
    }
    let failure = match line.status {
        Some(499) => Some(Mechanism::ClientClosed),
        Some(500..) => Some(Mechanism::Unspecified),
        _ => None,
    };
    request.author = Author::Unknown;
    request.failure = failure.map(Failure::of);
    request.complete_times();
    request
}

/// A line that is httpd's, by its form or because the source is, and its duration if it has one
/// that cannot be taken for something else.
fn entry(line: &[u8], is_apache: bool) -> Option<(clf::Line<'_>, Option<Micros>)> {
    let read = clf::read(line)?;
    // nginx's own columns of whole numbers come with others; its times have decimals.
    let number = scan_number(read.tail);
    if !(is_apache || read.only_apache || number.is_some()) {
        return None;
    }
    let total = match columns(read.tail)? {
        Columns::Duration(total) => Some(total),
        Columns::Others => number.and_then(|number| only_micros(number, &read)),
    };
    Some((read, total))
}

/// The one whole number behind the user agent, if that is all there is.
fn scan_number(tail: &[u8]) -> Option<i64> {
    let digits = tail.strip_prefix(b" ")?;
    let whole = (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(digits).ok().filter(|_| whole)?.parse().ok()
}

/// A lone number as the duration in microseconds (`%D`), where it can be nothing else: not seconds
/// (`%T`) or milliseconds (`%{ms}T`), for then the request took hours; not what was sent (`%O`), for
/// that is the content and its header; not what was received (`%I`), for it has no content.
fn only_micros(number: i64, line: &clf::Line<'_>) -> Option<Micros> {
    const HOURS_OF_MILLIS: i64 = 10_000_000;
    const HEADER: i64 = 65_536;
    let sent = match line.bytes {
        b"-" => 0,
        bytes => std::str::from_utf8(bytes).ok()?.parse::<i64>().ok()?,
    };
    let without_content = [&b"GET "[..], b"HEAD ", b"OPTIONS ", b"DELETE "]
        .iter()
        .any(|method| line.request.starts_with(method));
    let is_micros =
        without_content && number >= HOURS_OF_MILLIS && number > sent.checked_add(HEADER)?;
    is_micros.then_some(Micros(number))
}

enum Columns {
    Duration(Micros),
    Others,
}

/// What stands after the last column of the built-in formats: nothing, up to three bare numbers
/// (`%D`, `%T`, `%I` and `%O` look alike), `%T/%D`, or what nginx's reader takes for columns too.
fn columns(rest: &[u8]) -> Option<Columns> {
    let text = rest.trim_ascii();
    let words = || text.split(|b| *b == b' ');
    // Before the numbers that may be anything: a pair of them may, a pair that agrees may not.
    if let Some(total) = both_durations(text) {
        return Some(Columns::Duration(total));
    }
    if text.is_empty() || (words().count() <= 3 && words().all(is_number)) {
        return Some(Columns::Others);
    }
    // Columns only nginx has are not httpd's; quoted strings may be either's.
    tail::read(rest).is_some_and(|tail| !tail.only_nginx).then_some(Columns::Others)
}

fn is_number(word: &[u8]) -> bool {
    word == b"-" || word.split(|b| *b == b'/').all(|part| scan::digits(part).is_some())
}

/// `%T/%D`, often between asterisks: seconds and microseconds of one duration vouch for each other.
fn both_durations(text: &[u8]) -> Option<Micros> {
    let text = text.strip_prefix(b"**").and_then(|t| t.strip_suffix(b"**")).unwrap_or(text);
    let slash = memchr::memchr(b'/', text)?;
    let seconds = scan::digits(&text[..slash])?;
    let micros: i64 = std::str::from_utf8(&text[slash + 1..]).ok()?.parse().ok()?;
    (micros >= 0 && micros / 1_000_000 == i64::from(seconds)).then_some(Micros(micros))
}
