//! Envoy and Istio access log as text.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Envoy and Istio access log as text.
pub(crate) struct EnvoyText;

impl Dialect for EnvoyText {
    fn name(&self) -> &'static str {
        "envoy-text"
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
