//! Databases that refuse connections, the pools in front of them, and programs that report that they
//! stood still.
//!
//! Sources: PostgreSQL and MySQL error lists, PgBouncer, the words of connection pools, and what
//! [`stalled`] names.

use model::{Occurrence, OccurrenceKind};

use super::fetch::Origin;
use super::{head, source_code, stamp};
use crate::database::{Complaint, complaint};

/// What one line says: `None` if it is none of these.
pub(super) fn read(text: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    let mut lines = text.lines().take(40).filter(|line| !source_code::is_code(line));
    lines.find_map(|line| database(line, origin).or_else(|| stalled(line, origin)))
}

fn event(
    kind: OccurrenceKind,
    origin: &Origin<'_>,
    subject: &str,
    object: Option<&str>,
    line: &str,
) -> Option<Option<Occurrence<'static>>> {
    let (_, message) = stamp::leading(line, 0);
    let mut occurrence = Occurrence::new(kind, origin.at, subject.to_owned());
    occurrence.object = object.map(|object| object.to_owned().into());
    Some(Some(occurrence.detail(head::short(message))))
}

/// Refusals of databases and of the pools in front of them.
fn database(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    use OccurrenceKind as K;
    match complaint(line)? {
        Complaint::Refused(who) => event(K::DatabaseLimit, origin, who, None, line),
        Complaint::PoolEmpty => {
            event(K::ConnectionPoolEmpty, origin, "connection pool", None, line)
        }
    }
}

/// Programs that watch their own loop or their own pauses, in the words of Vert.x
/// (`BlockedThreadChecker`), Kestrel's heartbeat, HikariCP's housekeeper, asyncio in debug mode, the
/// npm package blocked-at, and what people write by hand.
fn stalled(line: &str, origin: &Origin<'_>) -> Option<Option<Occurrence<'static>>> {
    let figure = |words: &str| {
        after(line, words).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    let stalled = (line.contains(" has been blocked for ") && line.contains(" time limit is "))
        || figure("vent loop blocked for ")
        || figure("vent loop was blocked for ")
        || (line.contains("Blocked for ") && line.contains("ms, operation started here"))
        || (line.contains("the heartbeat has been running for ") && line.contains("longer than"))
        || line.contains("Thread starvation or clock leap detected (housekeeper delta=")
        || (line.contains("Executing <") && line.contains(" took ") && line.ends_with(" seconds"));
    stalled.then_some(())?;
    event(OccurrenceKind::Stall, origin, origin.hop, None, line)
}

fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    text.split_once(words).map(|(_, rest)| rest)
}
