//! What can go wrong in the lab, each as one sentence: what failed, where, what to do.

use std::io;
use std::path::PathBuf;

/// A failure of the lab itself, as opposed to the failures it makes happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system does not let this user make namespaces.
    #[error("{0}")]
    NotAllowed(String),
    /// A program the drill needs is not on this machine.
    #[error("{0}")]
    Missing(String),
    /// A step of building the network failed.
    #[error("the lab's network could not be built: {what}: {why}")]
    Network {
        /// Which step.
        what: String,
        /// What the kernel said.
        why: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A program could not be started.
    #[error("{program} could not be started on {host}: {why}")]
    Start {
        /// The program.
        program: String,
        /// The host.
        host: String,
        /// What the system said.
        why: String,
    },
    /// A server did not come up.
    #[error("{part} did not come up: {why}")]
    NotReady {
        /// `host/part`.
        part: String,
        /// What is known, with the last lines of its log.
        why: String,
    },
    /// The drill's own data does not fit together.
    #[error("the drill's data is wrong: {0}")]
    Data(String),
    /// The run ended without a result.
    #[error("the lab ended before it had a result: {0}")]
    Ended(String),
}

impl Error {
    /// An error about a file.
    pub(crate) fn file(path: impl Into<PathBuf>, why: io::Error) -> Error {
        Error::File { path: path.into(), why }
    }

    /// An error of the network's construction.
    pub(crate) fn network(what: impl Into<String>, why: impl ToString) -> Error {
        Error::Network { what: what.into(), why: why.to_string() }
    }
}

/// The result of a step of the lab.
pub type Result<T> = std::result::Result<T, Error>;
