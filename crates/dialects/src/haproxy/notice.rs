//! HAProxy server-state notices.

use model::Event;

use crate::{Context, Dialect, Understood};

/// HAProxy server-state notices.
pub(crate) struct HaproxyNotice;

impl Dialect for HaproxyNotice {
    fn name(&self) -> &'static str {
        "haproxy-notice"
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
