//! PHP-FPM's access log: `10.0.0.5 -  02/Nov/2026:03:04:05 +0000 "GET /index.php" 200`, with what the
//! format that PHP recommends puts behind it: file, milliseconds, memory, processor.
//!
//! Source: PHP `sapi/fpm/fpm/fpm_log.c` (`%t` is when the request was received) and
//! `sapi/fpm/www.conf.in` (`access.format`).

use std::borrow::Cow;

use model::{Author, Event, Failure, HopKind, Mechanism, Micros, Request, Role, Tally, Timestamp};

use super::about;
use super::server::hop;
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, scan};

/// PHP-FPM's access log.
pub(crate) struct PhpFpmAccess;

const NAME: &str = "php-fpm";

struct Line<'a> {
    client: &'a [u8],
    start: Timestamp,
    request: &'a [u8],
    status: u16,
    total: Option<Micros>,
}

fn read(line: &[u8]) -> Option<Line<'_>> {
    const STAMP: usize = "02/Nov/2026:03:04:05 +0000".len();
    let line = line.trim_ascii();
    let space = scan::space(line)?;
    let (client, rest) = line.split_at(space);
    let plausible = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b'.' | b':' | b'-');
    client.iter().all(plausible).then_some(())?;
    let rest = rest.strip_prefix(b" - ")?;
    // The name of the user, mostly empty.
    let user = scan::space(rest)?;
    let rest = &rest[user + 1..];
    let start = scan::clf_time(rest.get(..STAMP)?, 0)?;
    let rest = rest.get(STAMP..)?.strip_prefix(b" \"")?;
    let quote = memchr::memchr_iter(b'"', rest).find(|at| {
        matches!(rest.get(at + 1..), Some([b' ', a, b, c, more @ ..])
            if [a, b, c].iter().all(|d| d.is_ascii_digit()) && matches!(more.first(), None | Some(b' ')))
    })?;
    let request = &rest[..quote];
    let status = scan::status(rest.get(quote + 2..quote + 5)?)?;
    let total = milliseconds(rest.get(quote + 5..)?);
    Some(Line { client, start, request, status, total })
}

/// The duration in `/srv/index.php 12.345 2048 8.10%`.
fn milliseconds(tail: &[u8]) -> Option<Micros> {
    let tail = tail.trim_ascii().strip_suffix(b"%")?;
    let mut words = tail.rsplitn(4, |b| *b == b' ');
    let (_processor, memory, millis) = (words.next()?, words.next()?, words.next()?);
    scan::digits(memory)?;
    let millis = scan::seconds(millis).filter(|_| millis.contains(&b'.'))?;
    Some(Micros(millis.0 / 1_000))
}

impl Dialect for PhpFpmAccess {
    fn name(&self) -> &'static str {
        "php-fpm-access"
    }

    fn about(&self) -> &'static About {
        &about::PHP_FPM_ACCESS
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[scan::DATE_MONTHS])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record.as_bytes()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A tally borrows its hop from the line, so a name from outside cannot be given here.
        let read = if context.hop.is_none() { read(line) } else { None };
        match read {
            Some(line)
                if (100..500).contains(&line.status) && line.total.is_none_or(|t| t < SLOW) =>
            {
                Quick::Tally(Tally {
                    at: line.start,
                    hop: NAME.as_bytes(),
                    kind: HopKind::Application,
                    status: line.status,
                    target: b"",
                    elapsed: line.total,
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
        let Some(line) = read(record.as_bytes()) else { return Understood::No };
        let mut request = Request::new(hop(context, NAME), HopKind::Application, Role::Access);
        request.start = Some(line.start);
        request.timers.total = line.total;
        request.complete_times();
        request.status = Some(line.status);
        request.author = Author::ThisHop;
        if line.status >= 500 {
            request.failure = Some(Failure::of(Mechanism::StatusFromApplication));
        }
        let client = std::str::from_utf8(line.client).ok().and_then(scan::present);
        request.client = client.map(Cow::Borrowed);
        if let Some((method, path, _)) =
            std::str::from_utf8(line.request).ok().and_then(scan::method_and_path)
        {
            request.method = Some(Cow::Borrowed(method));
            request.path = Some(Cow::Borrowed(path));
        }
        out.push(request.into());
        Understood::Yes
    }
}
