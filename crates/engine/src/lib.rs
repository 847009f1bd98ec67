//! Events to findings: digest, signals, attribution, verdicts.
//!
//! Pure: no IO, no clock, no randomness. The causes come in as a parameter; this crate knows none
//! of them by name.

#![forbid(unsafe_code)]

mod alike;
mod attribution;
mod diagnose;
mod digest;
mod figures;
mod findings;
mod fronts;
mod hash;
mod incidents;
mod joins;
mod measure;
mod seen;
mod told;
mod traits;
mod view;
mod windows;

pub use diagnose::diagnose;
pub use digest::{Digest, Place};
