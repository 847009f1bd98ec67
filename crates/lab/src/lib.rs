//! The lab: hosts as network namespaces, real servers, the kernel's own NAT, load, and the drills
//! that run on them.
//!
//! Three processes share the work ([`reexec`]): the one the user started asks and listens
//! ([`hold::Held`]), a holder makes the namespaces and cleans up, and the lab process inside them
//! runs one scenario ([`run`]) and ends. What the lab process writes is in memory and gone with it,
//! except for the folder it was given to keep.

mod audit;
mod client;
mod clock;
mod configuration;
mod error;
mod evidence;
mod group;
pub mod hold;
mod inside;
pub mod judge;
mod kernel_log;
mod lab;
mod layout;
pub mod load;
pub mod message;
mod namespace;
pub mod nat;
pub mod parts;
mod plan;
mod process;
pub mod reexec;
mod rollout;
mod router;
mod run;
mod schedule;
pub mod shim;
mod supervisor;
mod tap;
mod template;
mod topology;
mod wire;

pub use configuration::{Configured, configuration};
pub use error::{Error, Result};
pub use inside::Inside;
pub use plan::dry_run;
pub use run::{Job, Outcome, limits_memory, missing, run, try_out};
pub use topology::{Topology, Variant};

/// The job the holder handed to the lab process; `None` if it only has to [`try_out`] the machine.
///
/// # Errors
///
/// If there is none or it cannot be read.
pub fn job() -> Result<Option<Job>> {
    let text = std::env::var(hold::JOB).map_err(|_| Error::Data("there is no job".to_owned()))?;
    serde_json::from_str(&text).map_err(|why| Error::Data(format!("the job is not one: {why}")))
}

/// Tells the parent the result, or why there is none.
pub fn answer(result: &Result<impl serde::Serialize>) {
    match result {
        Ok(outcome) => {
            let result = serde_json::to_value(outcome).unwrap_or_default();
            message::send(&message::Message::Done { result });
        }
        Err(error) => message::fail(error),
    }
}
