//! Envoy and Istio access log as JSON.

use model::Event;

use crate::{Context, Dialect, Understood};

/// Envoy and Istio access log as JSON.
pub(crate) struct EnvoyJson;

impl Dialect for EnvoyJson {
    fn name(&self) -> &'static str {
        "envoy-json"
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
