//! The quick look at the rows of healthy requests.

use model::{HopKind, Tally};

use super::UNNAMED;
use super::columns::Field;
use super::judge::Outcome;
use super::rows::{self, Row};
use crate::{Context, SLOW};

/// The counters of a healthy row; `None` if it needs a full parse.
pub(super) fn glance<'a>(line: &'a [u8], context: &Context) -> Option<Tally<'a>> {
    let row = match line.first()? {
        b'{' => rows::members(line)?,
        _ => rows::line(line, context)?,
    };
    let outcome = row.outcome()?;
    if outcome.failure().is_some() || outcome.taken.is_some_and(|taken| taken >= SLOW) {
        return None;
    }
    let hop = row.value(row.hop());
    Some(Tally {
        at: row.end()?,
        hop: if hop.is_empty() { UNNAMED.as_bytes() } else { hop },
        kind: HopKind::Cdn,
        status: outcome.status,
        target: b"",
        elapsed: outcome.taken,
    })
}

impl<T: AsRef<[u8]>> Row<T> {
    /// How the request ended; `None` for a row without a status.
    pub(super) fn outcome(&self) -> Option<Outcome<'_>> {
        Some(Outcome {
            status: self.status()?,
            result: self.get(Field::Result),
            response_result: self.get(Field::ResponseResult),
            detailed: self.get(Field::Detailed),
            taken: self.seconds(Field::Taken),
            origin_began: self.seconds(Field::OriginFirstByte).is_some(),
        })
    }
}
