//! nginx error log.

use model::Event;

use crate::{Context, Dialect, Understood};

/// nginx error log.
pub(crate) struct NginxError;

impl Dialect for NginxError {
    fn name(&self) -> &'static str {
        "nginx-error"
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
