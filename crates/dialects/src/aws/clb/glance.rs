//! The quick look at the lines of healthy requests.

use model::{HopKind, Micros, Tally};

use super::super::words::{quick_time, quick_word};
use super::failure::unremarkable;
use super::is_name;
use crate::{SLOW, scan};

/// The counters of a healthy line; `None` if the line needs a full parse.
pub(super) fn glance(line: &[u8]) -> Option<Tally<'_>> {
    let (stamp, rest) = line.split_first_chunk::<27>()?;
    let start = scan::iso_micros_utc(stamp)?;
    let (hop, rest) = quick_word(rest.strip_prefix(b" ")?)?;
    let (client, rest) = quick_word(rest)?;
    let (target, rest) = quick_word(rest)?;
    if !is_name(hop) || !client.contains(&b':') || !target.contains(&b':') {
        return None;
    }
    let (request, rest) = quick_time(rest)?;
    let (wait, rest) = quick_time(rest)?;
    let (response, rest) = quick_time(rest)?;
    let elapsed = Micros(request? + wait? + response?);
    let [a, b, c, b' ', x, y, z, b' ', rest @ ..] = rest else { return None };
    let status = scan::status(&[*a, *b, *c])?;
    scan::status(&[*x, *y, *z])?;
    if elapsed >= SLOW || !unremarkable(status, true) || !rest.first()?.is_ascii_digit() {
        return None;
    }
    Some(Tally {
        at: start + elapsed,
        hop,
        kind: HopKind::Edge,
        status,
        target,
        elapsed: Some(elapsed),
    })
}
