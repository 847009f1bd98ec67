//! Google Cloud HTTP(S) load balancer log entries.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Google Cloud HTTP(S) load balancer log entries.
pub(crate) struct LoadBalancer;

impl Dialect for LoadBalancer {
    fn name(&self) -> &'static str {
        "gcp-lb"
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
