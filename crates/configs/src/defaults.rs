//! What nobody wrote: the defaults of products, by version, with their sources.

use model::config::System;

/// Fills in the defaults of every hop and link whose product is known.
pub(crate) fn fill(system: &mut System) {
    let _ = system;
}
