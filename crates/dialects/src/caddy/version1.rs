//! Error lines of Caddy 1: `28/May/2018:04:15:17 +0000 [ERROR 502 /path]` and the error's text.
//!
//! Source: Caddy 1, `caddyhttp/errors/errors.go` (`[ERROR %d %s] %v` in a logger with the time of
//! the common log format).

use model::Timestamp;

use crate::scan;

/// One error line.
#[derive(Debug)]
pub(super) struct Line<'a> {
    pub(super) at: Timestamp,
    pub(super) status: u16,
    pub(super) path: &'a str,
    pub(super) message: &'a str,
}

/// Reads a line; `None` if it is not one.
pub(super) fn read(record: &str) -> Option<Line<'_>> {
    const STAMP: usize = "28/May/2018:04:15:17 +0000".len();
    let record = record.trim();
    let at = scan::clf_time(record.as_bytes().get(..STAMP)?, 0)?;
    let rest = record.get(STAMP..)?.strip_prefix(" [ERROR ")?;
    let (status, rest) = rest.split_once(' ')?;
    let status = scan::status(status.as_bytes())?;
    let (path, message) = rest.split_once("] ")?;
    path.starts_with('/').then_some(Line { at, status, path: scan::without_query(path), message })
}
