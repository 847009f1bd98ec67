//! Cloud Run request, system and application log entries.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Cloud Run request, system and application log entries.
pub(crate) struct CloudRun;

impl Dialect for CloudRun {
    fn name(&self) -> &'static str {
        "gcp-run"
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
