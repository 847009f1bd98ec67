//! The quick look: the one path every healthy line takes, so it reads ten fields and stops.

use model::{HopKind, Micros, Tally, Timestamp};

use super::super::flat;
use super::super::words::{quick_time as span, quick_word as word};
use super::failure::unremarkable;
use crate::{SLOW, scan};

/// The counters of a healthy line; `None` if the line needs a full parse.
pub(super) fn glance(line: &[u8]) -> Option<Tally<'_>> {
    if line.first() == Some(&b'{') {
        return named(line);
    }
    let rest = after_type(line)?;
    let (stamp, rest) = rest.split_first_chunk::<27>()?;
    let at = scan::iso_micros_utc(stamp)?;
    let (hop, rest) = word(rest.strip_prefix(b" ")?)?;
    let (_client, rest) = word(rest)?;
    let (target, rest) = word(rest)?;
    let (request, rest) = span(rest)?;
    let (target_span, rest) = span(rest)?;
    let (response, rest) = span(rest)?;
    let [a, b, c, b' ', rest @ ..] = rest else { return None };
    let status = scan::status(&[*a, *b, *c])?;
    let behind = match rest {
        [b'-', b' ', ..] => &rest[..1],
        [_, _, _, b' ', ..] => &rest[..3],
        _ => return None,
    };
    tally(at, hop, target, [request, target_span, response], status, behind)
}

/// The counters of a healthy object.
fn named(line: &[u8]) -> Option<Tally<'_>> {
    let (mut at, mut hop, mut target) = (None, &b""[..], &b""[..]);
    let (mut status, mut behind, mut times) = (None, &b"-"[..], [None; 3]);
    let mut members = flat::members(line);
    for (key, value) in members.by_ref() {
        match key {
            b"type" if !is_type(value) => return None,
            b"time" => at = Some(scan::iso_micros_utc(value.first_chunk::<27>()?)?),
            b"elb" => hop = value,
            b"target:port" | b"target_port" => target = value,
            b"request_processing_time" => times[0] = Some(time(value)?),
            b"target_processing_time" => times[1] = Some(time(value)?),
            b"response_processing_time" => times[2] = Some(time(value)?),
            b"elb_status_code" => status = Some(scan::status(value)?),
            b"target_status_code" => behind = value,
            _ => {}
        }
    }
    let plain = members.is_whole() && hop.contains(&b'/') && !hop.contains(&b'\\');
    if !plain || target.is_empty() || target.contains(&b'\\') {
        return None;
    }
    let [Some(request), Some(wait), Some(response)] = times else { return None };
    tally(at?, hop, target, [request, wait, response], status?, behind)
}

fn tally<'a>(
    at: Timestamp,
    hop: &'a [u8],
    target: &'a [u8],
    times: [Option<i64>; 3],
    status: u16,
    behind: &[u8],
) -> Option<Tally<'a>> {
    if !unremarkable(status, behind) {
        return None;
    }
    let target = if target == b"-" { &[][..] } else { target };
    let elapsed = match times {
        [Some(a), Some(b), Some(c)] => Some(Micros(a + b + c)).filter(|sum| *sum < SLOW)?.into(),
        [None, None, None] if target.is_empty() => None,
        _ => return None,
    };
    Some(Tally { at, hop, kind: HopKind::Edge, status, target, elapsed })
}

/// A processing time in microseconds, `None` inside for -1.
fn time(value: &[u8]) -> Option<Option<i64>> {
    match value {
        b"-1" => Some(None),
        _ if value.len() > 12 => None,
        _ => Some(Some(scan::seconds(value)?.0)),
    }
}

fn is_type(value: &[u8]) -> bool {
    matches!(value, b"http" | b"https" | b"h2" | b"grpcs" | b"ws" | b"wss")
}

/// What follows the connection type.
#[inline]
fn after_type(line: &[u8]) -> Option<&[u8]> {
    match line {
        [b'h', b't', b't', b'p', b's', b' ', rest @ ..]
        | [b'h', b't', b't', b'p', b' ', rest @ ..]
        | [b'h', b'2', b' ', rest @ ..]
        | [b'g', b'r', b'p', b'c', b's', b' ', rest @ ..]
        | [b'w', b's', b' ', rest @ ..]
        | [b'w', b's', b's', b' ', rest @ ..] => Some(rest),
        _ => None,
    }
}
