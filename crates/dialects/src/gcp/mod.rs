//! Google Cloud: entries of Cloud Logging, one JSON object each.
pub(crate) mod audit;
mod entry;
mod glance;
pub(crate) mod json;
pub(crate) mod lb;
pub(crate) mod nat;
mod proxy_status;
pub(crate) mod run;
mod run_system;
mod status_details;
