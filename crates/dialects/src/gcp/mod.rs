//! Google Cloud.
pub(crate) mod audit;
pub(crate) mod lb;
pub(crate) mod nat;
pub(crate) mod run;
