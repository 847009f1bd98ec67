//! Apache httpd error log, mod_proxy above all.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Apache httpd error log, mod_proxy above all.
pub(crate) struct ApacheError;

impl Dialect for ApacheError {
    fn name(&self) -> &'static str {
        "apache-error"
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
