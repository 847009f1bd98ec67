//! What the lab process tells the process that asked for it: one JSON object per line.

use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One line from the lab.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Message {
    /// What is being done, for the live line.
    Doing {
        /// A short sentence without a full stop.
        what: String,
    },
    /// How the load goes.
    Load {
        /// Seconds since its start.
        elapsed: f64,
        /// Seconds in all.
        of: f64,
        /// Requests sent.
        sent: u64,
        /// Requests that failed.
        failed: u64,
    },
    /// The result of a run.
    Done {
        /// The result, as the caller's own type writes it.
        result: serde_json::Value,
    },
    /// The lab could not do it.
    Failed {
        /// Why, one sentence.
        why: String,
        /// True if a program or a permission is missing on this machine, rather than broken.
        missing: bool,
    },
}

/// Sends a line. If nobody listens any more the lab is about to end anyway.
pub(crate) fn send(message: &Message) {
    if let Ok(mut line) = serde_json::to_vec(message) {
        line.push(b'\n');
        let _ = io::stdout().lock().write_all(&line);
    }
}

/// Says that it could not be done.
pub(crate) fn fail(error: &Error) {
    let missing = matches!(error, Error::NotAllowed(_) | Error::Missing(_));
    send(&Message::Failed { why: error.to_string(), missing });
}
