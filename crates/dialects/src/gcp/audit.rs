//! Cloud Audit log entries that record a deploy.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Cloud Audit log entries that record a deploy.
pub(crate) struct CloudAudit;

impl Dialect for CloudAudit {
    fn name(&self) -> &'static str {
        "gcp-audit"
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
