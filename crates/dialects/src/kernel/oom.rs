//! Kernel messages: OOM kills, connection table, listen queues.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Kernel messages: OOM kills, connection table, listen queues.
pub(crate) struct Kernel;

impl Dialect for Kernel {
    fn name(&self) -> &'static str {
        "kernel"
    }

    fn sniff(&self, _record: &str) -> bool {
        false
    }

    fn parse<'a>(
        &self,
        _record: &'a str,
        _context: &Context,
        _out: &mut Vec<Event<'a>>,
    ) -> Understood {
        Understood::No
    }
}
