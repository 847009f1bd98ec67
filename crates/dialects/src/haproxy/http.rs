//! HAProxy HTTP log.

use model::Event;

use crate::{Context, Dialect, Understood};

/// HAProxy HTTP log.
pub(crate) struct HaproxyHttp;

impl Dialect for HaproxyHttp {
    fn name(&self) -> &'static str {
        "haproxy-http"
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
