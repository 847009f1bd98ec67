//! Where a request has got to, written by the exchange and read by whoever cuts it short.

use std::cell::Cell;

use model::Phase;

/// The progress of one request.
pub(super) struct Trace {
    phase: Cell<Phase>,
    reused: Cell<bool>,
    unprocessed: Cell<bool>,
}

impl Trace {
    pub(super) fn new() -> Trace {
        Trace {
            phase: Cell::new(Phase::Connect),
            reused: Cell::new(false),
            unprocessed: Cell::new(false),
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Notes that the connection had carried a request before, or not.
    pub(super) fn on_reused(&self, reused: bool) {
        self.reused.set(reused);
    }

    /// Notes that the server said it had not looked at the request.
    pub(super) fn unprocessed(&self) {
        self.unprocessed.set(true);
    }

    /// Whether the server said so since this was last asked.
    pub(super) fn take_unprocessed(&self) -> bool {
        self.unprocessed.take()
    }

    pub(super) fn reused(&self) -> bool {
        self.reused.get()
    }
}

/// A complete response.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body_bytes: u64,
}
