//! The formats that the console offers besides JSON: the common log format, CSV and XML.
//!
//! Source: "Set up logging for REST APIs in API Gateway", access log formats. What tells them from
//! other servers' lines is the request id at their end: a UUID, or the hash HTTP APIs use.

use std::borrow::Cow;

use super::fields::{Fields, Slot};
use crate::scan;

/// The fields of a line in one of the three formats.
pub(super) fn read(line: &str) -> Option<Fields<'_>> {
    let line = line.trim_ascii();
    if line.starts_with("<request ") { xml(line) } else { clf(line).or_else(|| csv(line)) }
}

/// `IP CALLER USER [TIME]"METHOD PATH PROTOCOL" STATUS LENGTH ID`, and the extended id behind.
fn clf(line: &str) -> Option<Fields<'_>> {
    let (who, rest) = line.split_once(" [")?;
    let (time, rest) = rest.split_once(']')?;
    scan::clf_time(time.as_bytes(), 0)?;
    let client = who.split(' ').next()?;
    let rest = rest.trim_ascii_start().strip_prefix('"')?;
    let (request, rest) = rest.split_once("\" ")?;
    let mut words = rest.split(' ');
    let status = status(words.next()?)?;
    let length = words.next()?;
    let id = words.next()?;
    let extended = words.next();
    let plausible = words.next().is_none()
        && (length == "-" || length.bytes().all(|b| b.is_ascii_digit()))
        && is_id(id)
        && extended.is_none_or(|id| is_id(id) || id == "-");
    if !plausible {
        return None;
    }
    let mut fields = Fields::default();
    let (method, route) = request.split_once(' ')?;
    let route = route.rsplit_once(' ').map_or(route, |(route, _)| route);
    put(&mut fields, client, time, method, route, status, id);
    Some(fields)
}

/// `IP,CALLER,USER,TIME,METHOD,PATH,PROTOCOL,STATUS,LENGTH,ID`; HTTP APIs leave out caller and
/// user.
fn csv(line: &str) -> Option<Fields<'_>> {
    let cells: Vec<&str> = line.split(',').take(16).collect();
    let at = cells.iter().position(|cell| scan::clf_time(cell.as_bytes(), 0).is_some())?;
    let [time, method, route, protocol, status, length, id, rest @ ..] = cells.get(at..)? else {
        return None;
    };
    let plausible = (1..=3).contains(&at)
        && protocol.starts_with("HTTP/")
        && (*length == "-" || length.bytes().all(|b| b.is_ascii_digit()))
        && is_id(id)
        && rest.len() <= 1;
    let status = self::status(status)?;
    if !plausible {
        return None;
    }
    let mut fields = Fields::default();
    put(&mut fields, cells[0], time, method, route, status, id);
    Some(fields)
}

fn xml(line: &str) -> Option<Fields<'_>> {
    let rest = line.strip_prefix("<request id=\"")?.strip_suffix("</request>")?;
    let (id, mut rest) = rest.split_once("\">")?;
    let mut fields = Fields::default();
    fields.set("requestId", Cow::Borrowed(id));
    while let Some((name, after)) =
        rest.trim_ascii_start().strip_prefix('<').and_then(|tag| tag.split_once('>'))
    {
        let (value, after) = after.split_once("</")?;
        rest = after.strip_prefix(name)?.trim_ascii_start().strip_prefix('>')?;
        fields.set(name, Cow::Borrowed(value));
    }
    fields.are_plausible().then_some(fields)
}

fn put<'a>(
    fields: &mut Fields<'a>,
    client: &'a str,
    time: &'a str,
    method: &'a str,
    route: &'a str,
    status: &'a str,
    id: &'a str,
) {
    let values = [
        (Slot::Client, client),
        (Slot::Time, time),
        (Slot::Method, method),
        // HTTP APIs put the route key here, which has the method in it again.
        (if route.contains(' ') { Slot::RouteKey } else { Slot::ResourcePath }, route),
        (Slot::Status, status),
        (Slot::RequestId, id),
    ];
    for (slot, value) in values {
        fields.put(slot, Cow::Borrowed(value));
    }
}

fn status(text: &str) -> Option<&str> {
    (text == "-" || scan::status(text.as_bytes()).is_some()).then_some(text)
}

/// A UUID, or the hash that HTTP APIs and extended ids are: some 15 characters and a `=`.
fn is_id(text: &str) -> bool {
    let hash = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/');
    is_uuid(text)
        || text
            .strip_suffix('=')
            .is_some_and(|id| (11..=40).contains(&id.len()) && id.bytes().all(hash))
}

/// 8-4-4-4-12 hexadecimal digits.
pub(in crate::aws) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}
