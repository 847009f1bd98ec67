//! The causes of gateway errors that why502 knows: one file per cause, listed here once.
//!
//! A cause is data (see [`model::Cause`]); nothing in this crate reads logs or prints.

#![forbid(unsafe_code)]

pub mod causes;
pub mod judge;
mod visibility;

use model::Cause;

/// Every cause, from the client's edge to the release.
pub static ALL: &[&Cause] = &[
    &causes::client_abort::CAUSE,
    &causes::origin_dns_failure::CAUSE,
    &causes::sni_host_mismatch::CAUSE,
    &causes::upstream_tls_negotiation::CAUSE,
    &causes::no_registered_targets::CAUSE,
    &causes::no_healthy_targets::CAUSE,
    &causes::passive_ejection_cascade::CAUSE,
    &causes::target_connect_refused::CAUSE,
    &causes::target_connect_timeout::CAUSE,
    &causes::ephemeral_port_exhaustion::CAUSE,
    &causes::keepalive_race::CAUSE,
    &causes::target_response_timeout::CAUSE,
    &causes::timeout_ladder_inversion::CAUSE,
    &causes::response_header_too_large::CAUSE,
    &causes::malformed_response::CAUSE,
    &causes::app_crash::CAUSE,
    &causes::oom_kill::CAUSE,
    &causes::app_not_listening::CAUSE,
    &causes::backend_own_5xx::CAUSE,
    &causes::worker_pool_saturated::CAUSE,
    &causes::nat_port_exhaustion::CAUSE,
    &causes::deploy_without_drain::CAUSE,
    &causes::deploy_surge::CAUSE,
    &causes::bad_release::CAUSE,
];

/// The cause of that name, or `None` if the catalogue lacks it.
#[must_use]
pub fn by_slug(slug: &str) -> Option<&'static Cause> {
    ALL.iter().copied().find(|cause| cause.slug == slug)
}
