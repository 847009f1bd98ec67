//! The quick look: the one path every healthy line takes, so it reads ten fields and stops.

use model::{HopKind, Micros, Tally};

use super::failure::unremarkable;
use crate::{SLOW, scan};

/// The counters of a healthy line; `None` if the line needs a full parse.
pub(super) fn glance(line: &[u8]) -> Option<Tally<'_>> {
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
    if !unremarkable(status, behind) {
        return None;
    }
    let target = if target == b"-" { &[][..] } else { target };
    let elapsed = match (request, target_span, response) {
        (Some(a), Some(b), Some(c)) => Some(Micros(a + b + c)).filter(|sum| *sum < SLOW)?.into(),
        (None, None, None) if target.is_empty() => None,
        _ => return None,
    };
    Some(Tally { at, hop, kind: HopKind::Edge, status, target, elapsed })
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

#[inline]
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = scan::space(text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// A processing time in microseconds (`None` for -1) and what follows its space. AWS writes three
/// decimals; anything else is left to the full parse.
#[inline]
fn span(text: &[u8]) -> Option<(Option<i64>, &[u8])> {
    if let Some(time) = scan::short_seconds(text) {
        return Some((Some(time.0), &text[6..]));
    }
    let (word, rest) = word(text)?;
    match word {
        b"-1" => Some((None, rest)),
        // Longer than any sum that is not slow anyway would be; keeps the sum from overflowing.
        _ if word.len() > 12 => None,
        _ => Some((Some(scan::seconds(word)?.0), rest)),
    }
}
