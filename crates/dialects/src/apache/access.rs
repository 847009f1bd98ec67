//! Apache httpd access log.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Apache httpd access log.
pub(crate) struct ApacheAccess;

impl Dialect for ApacheAccess {
    fn name(&self) -> &'static str {
        "apache-access"
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
