//! Log formats of one's own: fields in quotes, `key=value`, JSON. Whatever the layout, a line is
//! HAProxy's if it holds the group of five timers (or the five under HAProxy's own names), a status
//! and a termination state; nothing is read that such a line does not name or place beyond doubt.
//!
//! Source: HAProxy configuration manual, "Custom log format" (`log-format`, the variables' names).

use model::Timestamp;

use super::line::{Line, Timers, date_brackets, is_termination, retries, status, timer};
use crate::scan;

/// Fields of one line at most; a longer one is no log format.
const FIELDS: usize = 96;

/// One field: its name, where it has one, and its value without quotes.
#[derive(Clone, Copy, Debug)]
struct Field<'a> {
    name: Option<&'a str>,
    value: &'a str,
}

/// Cuts such a line; `None` if it is not one.
pub(super) fn custom(record: &str, offset_east: i32) -> Option<Line<'_>> {
    // Cheap first: nearly every termination state has two dashes in a row.
    memchr::memmem::find(record.as_bytes(), b"--")?;
    let fields = fields(record)?;
    let mut states = fields.iter().enumerate().filter(|(_, field)| is_state(field.value));
    let (state_at, state) = states.next()?;
    if states.next().is_some() {
        return None;
    }
    let mut line = Line { tsc: state.value, ..Line::default() };
    let (timers_at, timers) = group(&fields, state_at).or_else(|| apart(&fields))?;
    line.timers = timers;
    line.status = Some(status_of(&fields, timers_at)?);
    line.retries =
        fields[state_at..].iter().find_map(|field| retries(field.value.as_bytes())).unwrap_or(0);
    name_the_ends(&mut line, &fields, timers_at);
    line.at = at(record, &fields, offset_east);
    let client = named(&fields, &["client", "client_ip", "ci", "src", "remote_addr"]);
    line.client = client.and_then(scan::present).or_else(|| before_date(record));
    line.request = fields
        .iter()
        .map(|field| field.value)
        .find(|value| value.contains(" HTTP/") && scan::method_and_path(value).is_some());
    Some(line)
}

/// Four characters, so that no word of two letters is taken for one.
fn is_state(value: &str) -> bool {
    value.len() == 4 && value.contains('-') && is_termination(value.as_bytes())
}

/// The group of five timers: the first of such groups, before the state. The counts of connections
/// look the same and stand behind it, or have a name that says so.
fn group(fields: &[Field<'_>], state_at: usize) -> Option<(usize, Timers)> {
    fields.iter().enumerate().find_map(|(at, field)| {
        let counts = field.name.is_some_and(|name| name.contains("conn"));
        let named = field.name.is_some_and(|name| name.contains("time"));
        if counts || !(at < state_at || named) {
            return None;
        }
        match Timers::read(field.value.as_bytes())? {
            (timers, 5) => Some((at, timers)),
            _ => None,
        }
    })
}

/// The five timers apart, under the names of HAProxy's variables.
fn apart(fields: &[Field<'_>]) -> Option<(usize, Timers)> {
    let find = |name: &str| {
        let (at, field) = fields.iter().enumerate().find(|(_, f)| f.name == Some(name))?;
        Some((at, timer(field.value.strip_prefix('+').unwrap_or(field.value).as_bytes())?))
    };
    let (at, total) = find("Ta").or_else(|| find("Tt"))?;
    let timers = Timers {
        request: find("TR").or_else(|| find("Tq")).and_then(|(_, timer)| timer),
        queue: find("Tw")?.1,
        connect: find("Tc")?.1,
        response: find("Tr")?.1,
        total,
    };
    Some((at, timers))
}

fn named<'a>(fields: &[Field<'a>], names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| {
        fields.iter().find(|field| field.name == Some(name)).map(|field| field.value)
    })
}

/// The status: under a name that says so, or right behind the timers.
fn status_of(fields: &[Field<'_>], timers_at: usize) -> Option<u16> {
    let by_name = named(fields, &["status", "status_code", "http_status", "response_code", "ST"]);
    let behind = || {
        let field = fields.get(timers_at + 1)?;
        field.name.is_none().then_some(field.value)
    };
    let found = status(by_name.or_else(behind)?.as_bytes())?;
    (found == 0 || (100..600).contains(&found)).then_some(found)
}

/// Frontend, backend and server: under their names, or as they stand before the timers.
fn name_the_ends<'a>(line: &mut Line<'a>, fields: &[Field<'a>], timers_at: usize) {
    let present = |names: &[&str]| named(fields, names).and_then(scan::present);
    line.frontend = present(&["frontend", "frontend_name", "ft", "fe"]);
    line.backend = present(&["backend", "backend_name", "b", "be"]);
    line.server = present(&["server", "server_name", "s", "srv"]);
    let before = |back: usize| {
        let field = fields.get(timers_at.checked_sub(back)?)?;
        field.name.is_none().then_some(field.value)
    };
    if line.backend.is_none()
        && line.server.is_none()
        && let Some(both) = before(1)
        && let Some((backend, server)) = both.split_once('/')
        && !backend.is_empty()
        && !server.is_empty()
        && !server.contains('/')
    {
        line.backend = Some(backend);
        line.server = Some(server);
        line.target = (!server.starts_with('<')).then_some(both);
        line.frontend = line.frontend.or_else(|| before(2));
    }
    line.frontend = line.frontend.map(|name| name.strip_suffix('~').unwrap_or(name));
    let plain = |name: &&str| {
        name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b)) && !name.is_empty()
    };
    line.frontend = line.frontend.filter(plain);
}

/// When the request was accepted: the bracketed date of the common formats, or a field named so.
fn at(record: &str, fields: &[Field<'_>], offset_east: i32) -> Option<Timestamp> {
    if let Some((open, close)) = date_brackets(record.as_bytes()) {
        return scan::clf_time(record.get(open + 1..close)?.as_bytes(), offset_east);
    }
    let text =
        named(fields, &["timestamp", "@timestamp", "time", "date", "accept_date", "t", "tr"])?;
    scan::iso(text.as_bytes(), offset_east).or_else(|| scan::clf_time(text.as_bytes(), offset_east))
}

/// The client as the built-in formats place it: the word before the bracketed date.
fn before_date(record: &str) -> Option<&str> {
    let (open, _) = date_brackets(record.as_bytes())?;
    let word = record.get(..open)?.trim_end().rsplit(' ').next()?;
    let address = word.bytes().all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b':'));
    (address && word.contains(['.', ':'])).then_some(word)
}

/// The fields of a line: words, quoted strings, `name=value`, and members of JSON.
fn fields(record: &str) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    let mut name = None;
    let mut rest = record;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',', '{', '}']);
        if rest.is_empty() {
            return Some(fields);
        }
        if fields.len() == FIELDS {
            return None;
        }
        let (value, after) = match rest.strip_prefix('"') {
            Some(inside) => inside.split_once('"').unwrap_or((inside, "")),
            None => {
                let end = rest.find([' ', '\t', ',', '}']).unwrap_or(rest.len());
                let word = &rest[..end];
                // `name="value with blanks"`.
                match word.find("=\"") {
                    Some(at) if is_name(&word[..at]) => {
                        name = Some(&rest[..at]);
                        rest = &rest[at + 1..];
                        continue;
                    }
                    _ => (word, &rest[end..]),
                }
            }
        };
        // A string with a colon behind it names the value that follows.
        if let Some(behind) = after.strip_prefix(':')
            && rest.starts_with('"')
        {
            name = Some(value);
            rest = behind;
            continue;
        }
        let (own, value) = match value.split_once('=') {
            Some((own, value)) if name.is_none() && is_name(own) => (Some(own), value),
            _ => (None, value),
        };
        fields.push(Field { name: name.take().or(own), value });
        rest = after;
    }
}

fn is_name(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 40
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@'))
}
