//! The program starts itself again in other roles: the holder, the lab process, the step between
//! the lab and a server.
//!
//! ```text
//! why502 drill ──► holder (own session; new namespaces; watches both sides)
//!                    └─► lab process (process 1 of its namespace; runs the drill)
//!                          └─► shim ──exec──► server, inside one host
//! ```

use std::path::PathBuf;
use std::process::Command;

use crate::error::{Error, Result};

/// What this process was started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Makes the namespaces, holds the lab process and cleans up after it.
    Holder,
    /// Runs drills as process 1 of the lab.
    Lab,
    /// Goes to its place on a host and becomes a server.
    Shim,
}

impl Role {
    const ALL: [Role; 3] = [Role::Holder, Role::Lab, Role::Shim];

    /// The word that stands for it on the command line.
    pub(crate) const fn argument(self) -> &'static str {
        match self {
            Role::Holder => "lab-holder",
            Role::Lab => "lab-process",
            Role::Shim => "lab-shim",
        }
    }
}

/// The role this process was started in, if it was started by the lab: to be asked first thing in
/// `main`, while the process has one thread.
#[must_use]
pub fn role() -> Option<Role> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    // Without the variable the words are ordinary, wrong arguments of a user.
    std::env::var_os(MARK)?;
    Role::ALL.into_iter().find(|role| first == role.argument())
}

/// Set for every process that the lab starts from this program.
const MARK: &str = "WHY502_LAB";

/// This program, in another role.
///
/// # Errors
///
/// If the program's own file cannot be found.
pub(crate) fn again(role: Role) -> Result<Command> {
    let mut command = Command::new(program()?);
    command.arg(role.argument()).env(MARK, "1");
    Ok(command)
}

/// The file of this program.
///
/// # Errors
///
/// If the system does not say.
pub(crate) fn program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|why| Error::Start {
        program: "why502".to_owned(),
        host: "this machine".to_owned(),
        why: why.to_string(),
    })
}
