//! The causes of gateway errors that why502 knows: one file per cause, listed here once.
//!
//! A cause is data (see [`model::Cause`]); nothing in this crate reads logs or prints.
//!
//! # When an observation is independent
//!
//! A test is marked `independent` if what it observes comes from other evidence than the records
//! of the failing requests, and speaks for the cause:
//!
//! - it is: the log of deploys, of a NAT, of the kernel, of the platform or a supervisor about
//!   processes and instances, notices of health checks and ejections, reports of a pool or a
//!   database, the log of another hop about the same requests, the application's own errors, and
//!   where the failing requests lie relative to any of these;
//! - it is not: anything counted in the log that holds the failing requests, healthy ones
//!   included (successes of a target, targets that appear or vanish, load, latency, recovery), nor
//!   outward calls where the cause claims them, for then they are the failing records;
//! - it is not either: a need that only leaves room for the cause (a deploy within half an hour, no
//!   process that ended), since that would make support of a coincidence.
//!
//! A sentence that stands in several tests of a cause has the same mark in all of them.

#![forbid(unsafe_code)]

pub mod causes;
mod drills;
pub mod judge;
mod rules;
mod sentences;
pub mod stories;

mod visibility;

pub use drills::{UNFORESEEN, Unforeseen};

use model::Cause;

/// Every cause, from the client's edge to the release.
pub static ALL: &[&Cause] = &[
    &causes::client_abort::CAUSE,
    &causes::client_tls_failure::CAUSE,
    &causes::request_too_large::CAUSE,
    &causes::origin_dns_failure::CAUSE,
    &causes::stale_upstream_address::CAUSE,
    &causes::sni_host_mismatch::CAUSE,
    &causes::upstream_cert_invalid::CAUSE,
    &causes::upstream_tls_negotiation::CAUSE,
    &causes::no_registered_targets::CAUSE,
    &causes::route_missing::CAUSE,
    &causes::no_healthy_targets::CAUSE,
    &causes::health_check_misconfigured::CAUSE,
    &causes::health_check_lag::CAUSE,
    &causes::passive_ejection_cascade::CAUSE,
    &causes::gateway_quota_throttle::CAUSE,
    &causes::target_connect_refused::CAUSE,
    &causes::localhost_resolves_to_ipv6::CAUSE,
    &causes::target_connect_timeout::CAUSE,
    &causes::target_unreachable::CAUSE,
    &causes::connect_permission_denied::CAUSE,
    &causes::listen_backlog_overflow::CAUSE,
    &causes::unix_socket_upstream::CAUSE,
    &causes::security_group_block::CAUSE,
    &causes::nacl_return_path_block::CAUSE,
    &causes::origin_blocks_edge::CAUSE,
    &causes::conntrack_table_full::CAUSE,
    &causes::ephemeral_port_exhaustion::CAUSE,
    &causes::proxy_connection_limit::CAUSE,
    &causes::keepalive_race::CAUSE,
    &causes::idle_flow_dropped::CAUSE,
    &causes::target_response_timeout::CAUSE,
    &causes::timeout_ladder_inversion::CAUSE,
    &causes::api_gateway_integration_timeout::CAUSE,
    &causes::response_header_too_large::CAUSE,
    &causes::malformed_response::CAUSE,
    &causes::protocol_version_mismatch::CAUSE,
    &causes::response_body_truncated::CAUSE,
    &causes::lambda_malformed_response::CAUSE,
    &causes::lambda_payload_limit::CAUSE,
    &causes::app_crash::CAUSE,
    &causes::oom_kill::CAUSE,
    &causes::worker_timeout_kill::CAUSE,
    &causes::cpu_or_eventloop_stall::CAUSE,
    &causes::app_not_listening::CAUSE,
    &causes::backend_own_5xx::CAUSE,
    &causes::lambda_function_error::CAUSE,
    &causes::lambda_throttled_or_denied::CAUSE,
    &causes::worker_pool_saturated::CAUSE,
    &causes::instance_limit_or_scale_lag::CAUSE,
    &causes::db_connection_limit::CAUSE,
    &causes::db_pool_exhausted::CAUSE,
    &causes::nat_port_exhaustion::CAUSE,
    &causes::external_dependency_outage::CAUSE,
    &causes::deploy_without_drain::CAUSE,
    &causes::drain_too_short::CAUSE,
    &causes::deploy_surge::CAUSE,
    &causes::bad_release::CAUSE,
    &causes::config_change_regression::CAUSE,
    &causes::slow_startup::CAUSE,
];

/// The cause of that name, or `None` if the catalogue lacks it.
#[must_use]
pub fn by_slug(slug: &str) -> Option<&'static Cause> {
    ALL.iter().copied().find(|cause| cause.slug == slug)
}
