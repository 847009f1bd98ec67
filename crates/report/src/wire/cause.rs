//! Causes on the wire: identity and place, in a diagnosis and in the list of all causes.

use model::{Cause, Remedy};
use serde::Serialize;

use super::SCHEMA_VERSION;
use super::text::WireText;

/// All causes, as `why502 causes --format json` prints them.
#[derive(Debug, Serialize)]
pub(crate) struct CauseList {
    schema_version: &'static str,
    causes: Vec<WireCause>,
}

impl CauseList {
    pub(crate) fn new(causes: &[&'static Cause]) -> CauseList {
        CauseList {
            schema_version: SCHEMA_VERSION,
            causes: causes.iter().map(|cause| WireCause::from(*cause)).collect(),
        }
    }
}

/// Who a cause is.
#[derive(Debug, Serialize)]
pub(crate) struct WireCause {
    pub(crate) slug: &'static str,
    title: WireText,
    explanation: WireText,
    place: &'static str,
    attributes: Attributes,
    leads_to: &'static [&'static str],
}

/// Attributes of the requests a cause can surface in, under OpenTelemetry's names.
#[derive(Debug, Serialize)]
struct Attributes {
    #[serde(rename = "http.response.status_code")]
    status_code: &'static [u16],
}

impl From<&'static Cause> for WireCause {
    fn from(cause: &'static Cause) -> WireCause {
        WireCause {
            slug: cause.slug,
            title: cause.title.into(),
            explanation: cause.explanation.into(),
            place: cause.place.as_str(),
            attributes: Attributes { status_code: cause.statuses },
            leads_to: cause.leads_to,
        }
    }
}

/// One step against a cause.
#[derive(Debug, Serialize)]
pub(crate) struct WireRemedy {
    product: &'static str,
    action: WireText,
    setting: Option<&'static str>,
    direction: &'static str,
    snippet: Option<&'static str>,
    verify: WireText,
    arithmetic: Option<WireText>,
}

impl WireRemedy {
    /// The remedy with the sentences the figures were filled into.
    pub(crate) fn new(
        remedy: &Remedy,
        action: WireText,
        verify: WireText,
        arithmetic: Option<WireText>,
    ) -> WireRemedy {
        let given = |text: &'static str| (!text.is_empty()).then_some(text);
        WireRemedy {
            product: remedy.product,
            action,
            setting: given(remedy.setting),
            direction: remedy.direction.as_str(),
            snippet: given(remedy.snippet),
            verify,
            arithmetic,
        }
    }
}
