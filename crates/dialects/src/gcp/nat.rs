//! Cloud NAT log entries.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Cloud NAT log entries.
pub(crate) struct CloudNat;

impl Dialect for CloudNat {
    fn name(&self) -> &'static str {
        "gcp-nat"
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
