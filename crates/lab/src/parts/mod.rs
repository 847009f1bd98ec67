//! How each server program is laid out, started, waited for and read.
//!
//! A drill gives the piece of configuration that matters ([`model::Server`] says which);
//! the part adds everything around it: where logs, sockets and process ids go (below the part's
//! folder and nowhere else), the foreground, and a log format that people have. Nothing here
//! starts a process; [`Launch`] says what the lab has to do.

mod apache;
pub mod authority;
mod dns;
mod envoy;
mod gunicorn;
mod haproxy;
mod launch;
mod members;
mod nginx;
mod node;
mod options;
mod postgres;
mod tools;
mod uvicorn;

pub use launch::{File, Launch, Log, Reload, Source};
pub use members::{Member, members};
pub use node::POSTGRES_CLIENT_JS;
pub use tools::{Command, Tools};

use std::path::Path;

use model::{Part, Server};

/// Why a part cannot be laid out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The program is not on this machine; the sentence says how to install it.
    #[error("{0}")]
    Missing(String),
    /// The folder's name would have to be quoted differently in every grammar.
    #[error(
        "the folder {0} cannot hold servers: its name has a space, a quote or another character \
         that means something in their configurations; choose another with TMPDIR"
    )]
    Folder(String),
    /// An option or a piece of configuration cannot be used.
    #[error("part {part}: {what}")]
    Config {
        /// The part's name.
        part: String,
        /// What is wrong with it.
        what: String,
    },
}

/// What the lab has to do to run `part` in the folder `dir`.
///
/// `config` and `options` are the part's own with their placeholders filled in. Options of the
/// form `NAME=value` are environment variables; empty ones are left out. Calling it again with
/// another `config` gives the files of the changed part; [`Launch::reload`] says how the running
/// server takes them over.
///
/// # Errors
///
/// If the program is missing, or the folder or the configuration cannot be used.
pub fn lay_out(
    part: &Part,
    config: &str,
    options: &[String],
    dir: &Path,
    tools: &Tools,
) -> Result<Launch, Error> {
    let folder = dir.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if !dir.is_absolute() || !folder.chars().all(plain) {
        return Err(Error::Folder(folder.into_owned()));
    }
    let command = tools.command(part.server).ok_or_else(|| {
        Error::Missing(tools.missing(part.server).unwrap_or_else(|| "not installed".to_owned()))
    })?;
    let (env, args) = options::split(options);
    let task = Task { part, config, options: &args, dir: &folder };
    let mut launch = match part.server {
        Server::Nginx => nginx::lay_out(&task, command),
        Server::HAProxy => haproxy::lay_out(&task, command),
        Server::Envoy => envoy::lay_out(&task, command)?,
        Server::Apache => apache::lay_out(&task, command),
        Server::Node => node::lay_out(&task, command),
        Server::Gunicorn => gunicorn::lay_out(&task, command),
        Server::Uvicorn => uvicorn::lay_out(&task, command),
        Server::Postgres => postgres::lay_out(&task, command),
        Server::Dns => dns::lay_out(&task, command),
    };
    // Stamps without a zone are read as UTC, and nothing may be kept in a real home.
    let common = [("TZ", "UTC".to_owned()), ("HOME", folder.to_string())];
    let common = common.map(|(name, value)| (name.to_owned(), value));
    launch.env = common.into_iter().chain(launch.env).chain(env).collect();
    Ok(launch)
}

/// What a part is made of, for the files of the single servers.
struct Task<'a> {
    part: &'a Part,
    config: &'a str,
    /// Options that are not environment variables.
    options: &'a [String],
    /// The part's folder, free of characters that would need quotes.
    dir: &'a str,
}
