//! nginx access log, built-in and given formats.

use model::Event;

use crate::{Context, Dialect, Understood};

/// nginx access log, built-in and given formats.
pub(crate) struct NginxAccess;

impl Dialect for NginxAccess {
    fn name(&self) -> &'static str {
        "nginx-access"
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
