//! Gives rules to the `nft` program, in the network namespace of the calling thread.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

/// Why rules are not in force.
#[derive(Debug, thiserror::Error)]
pub enum NftError {
    /// `nft` did not run.
    #[error("nft could not be started ({0}): install the package nftables")]
    Start(io::Error),
    /// `nft` refused.
    #[error("nft refused the rules: {0}")]
    Refused(String),
}

/// Loads rules in the grammar of `nft`, in one transaction: all of them or none.
///
/// # Errors
///
/// `nft` is missing, or says that a rule is wrong or not supported by the kernel.
pub fn load(rules: &str) -> Result<(), NftError> {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(NftError::Start)?;
    if let Some(mut input) = child.stdin.take() {
        // nft reads all of its input before it says anything; if it died, its exit status tells.
        let _ = input.write_all(rules.as_bytes());
    }
    let output = child.wait_with_output().map_err(NftError::Start)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(NftError::Refused(said.lines().next().unwrap_or("no reason given").to_owned()))
}
