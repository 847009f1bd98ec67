//! One event as JSON: of the core API, of `events.k8s.io`, or wrapped by an exporter.

use model::{Occurrence, Timestamp};

use super::reason::{self, Happening};
use crate::json::Json;
use crate::scan;

/// Reads an event; `None` if the object is none.
pub(super) fn read(object: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let is_event = |object: &Json<'_>| {
        (object.get("involvedObject").is_some() || object.get("regarding").is_some())
            && object.word("reason").is_some()
    };
    // GKE's log entries and eventrouter put the event into a member.
    let event =
        [Some(object), object.get("jsonPayload"), object.get("event"), object.get("object")]
            .into_iter()
            .flatten()
            .find(|object| is_event(object))?;
    let about = event.get("involvedObject").or_else(|| event.get("regarding"))?;
    let (kind, name) =
        (about.word("kind").unwrap_or_default(), about.word("name").unwrap_or_default());
    let message = event.word("message").or_else(|| event.word("note")).unwrap_or_default();
    let count = [&["series", "count"][..], &["count"], &["deprecatedCount"]]
        .iter()
        .find_map(|path| event.path(path)?.integer())
        .and_then(|count| u32::try_from(count).ok())
        .unwrap_or(1);
    let told = reason::read(&Happening {
        at: time(event),
        reason: &event.word("reason")?,
        kind: &kind,
        name: &name,
        message: &message,
        count,
    });
    Some(told.into_iter().collect())
}

fn time(event: &Json<'_>) -> Option<Timestamp> {
    let paths: [&[&str]; 7] = [
        &["series", "lastObservedTime"],
        &["lastTimestamp"],
        &["deprecatedLastTimestamp"],
        &["eventTime"],
        &["firstTimestamp"],
        &["deprecatedFirstTimestamp"],
        &["metadata", "creationTimestamp"],
    ];
    paths.iter().find_map(|path| scan::iso(event.path(path)?.text()?.as_bytes(), 0))
}
