//! AWS Application Load Balancer access log.

use model::Event;

use crate::{Context, Dialect, Understood};

/// AWS Application Load Balancer access log.
pub(crate) struct Alb;

impl Dialect for Alb {
    fn name(&self) -> &'static str {
        "aws-alb"
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
