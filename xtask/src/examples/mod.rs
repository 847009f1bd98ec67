//! `cargo xtask examples`: placeholder
use anyhow::Result;
/// Arguments
#[derive(clap::Args)]
pub(crate) struct Options {}
pub(crate) fn run(_: &Options) -> Result<()> {
    Ok(())
}
