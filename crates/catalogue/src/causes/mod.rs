//! One module per cause; the module is the slug with underscores.

pub mod app_crash;
pub mod app_not_listening;
pub mod backend_own_5xx;
pub mod bad_release;
pub mod client_abort;
pub mod deploy_surge;
pub mod deploy_without_drain;
pub mod ephemeral_port_exhaustion;
pub mod external_dependency_outage;
pub mod keepalive_race;
pub mod malformed_response;
pub mod nat_port_exhaustion;
pub mod no_healthy_targets;
pub mod no_registered_targets;
pub mod oom_kill;
pub mod origin_dns_failure;
pub mod passive_ejection_cascade;
pub mod response_header_too_large;
pub mod sni_host_mismatch;
pub mod target_connect_refused;
pub mod target_connect_timeout;
pub mod target_response_timeout;
pub mod timeout_ladder_inversion;
pub mod upstream_tls_negotiation;
pub mod worker_pool_saturated;
