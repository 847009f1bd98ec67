//! Today's date, for comments that ask for silence until a day.

use std::time::{SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// Today in UTC as `2026-11-22`.
pub(crate) fn today() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_unix_seconds(i64::try_from(now.as_secs()).unwrap_or(0));
    now.to_string().chars().take(10).collect()
}
