//! The layout in the manner of Apache httpd (`option httplog clf`), also with fields added at its
//! end: `client - - [%T] "request" status bytes "" "" port ms "frontend" "backend" "server" TR Tw
//! Tc Tr Ta tsc ac fc bc sc rc sq bq …`.

use model::Micros;

use super::line::{Line, Timers, date_brackets, is_termination, status, timer};
use crate::scan;

/// Cuts such a line; `None` if it is not one. What makes it HAProxy's and nobody else's are the
/// five timers, the termination state and the seven counts in a row.
pub(super) fn clf<'a>(record: &'a str, offset_east: i32) -> Option<Line<'a>> {
    let (open, close) = date_brackets(record.as_bytes())?;
    let client = record.get(..open)?.trim_end().strip_suffix(" - -")?.rsplit(' ').next()?;
    let at = scan::clf_time(record.get(open + 1..close)?.as_bytes(), offset_east)?;
    let rest = record.get(close + 1..)?.strip_prefix(" \"")?;
    let (request, rest) = rest.split_once("\" ")?;
    let mut words = rest.split(' ').map(|word| word.trim_matches('"'));
    let status = status(words.next()?.as_bytes())?;
    scan::digits(words.next()?.as_bytes())?;
    let (_remote_user, _referrer, port) = (words.next()?, words.next()?, words.next()?);
    scan::digits(port.as_bytes())?;
    let millis = scan::digits(words.next()?.as_bytes()).filter(|ms| *ms < 1000)?;
    let (frontend, backend, server) = (words.next()?, words.next()?, words.next()?);
    let mut next_timer = || timer(words.next()?.as_bytes());
    let timers = Timers {
        request: next_timer()?,
        queue: next_timer()?,
        connect: next_timer()?,
        response: next_timer()?,
        total: next_timer()?,
    };
    let tsc = words.next().filter(|word| is_termination(word.as_bytes()))?;
    let mut counts = [0; 7];
    for count in &mut counts {
        let word = words.next()?;
        *count = scan::digits(word.strip_prefix('+').unwrap_or(word).as_bytes())?;
    }
    Some(Line {
        client: Some(client),
        at: Some(at + Micros::from_millis(i64::from(millis))),
        frontend: Some(frontend.strip_suffix('~').unwrap_or(frontend)),
        backend: Some(backend),
        server: Some(server),
        target: None,
        timers,
        status: Some(status),
        tsc,
        retries: u16::try_from(counts[4]).unwrap_or(u16::MAX),
        request: Some(request).filter(|line| *line != "<BADREQ>"),
    })
}
