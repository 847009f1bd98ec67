//! Node.js and undici errors in application logs.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Node.js and undici errors in application logs.
pub(crate) struct NodeErrors;

impl Dialect for NodeErrors {
    fn name(&self) -> &'static str {
        "node"
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
