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

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(server: Server, config: &str, options: &[&str]) -> Result<Launch, Error> {
        let tools = Tools::only(server, "/opt/server");
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let part = Part::new(server, "gw", 8080, "");
        lay_out(&part, config, &options, Path::new("/lab/edge/gw"), &tools)
    }

    fn text<'a>(launch: &'a Launch, path: &str) -> &'a str {
        &launch.files.iter().find(|file| file.path == path).unwrap().text
    }

    #[test]
    fn every_server_says_where_its_logs_are_and_stays_in_its_folder() {
        for server in Server::ALL {
            let launch = laid_out(*server, "", &["POOL=4", ""]).unwrap();
            assert!(launch.logs.iter().any(|log| log.path.starts_with("logs/")), "{server:?}");
            assert!(launch.env.contains(&("POOL".into(), "4".into())), "{server:?}");
            let words = launch.args.iter().chain(launch.prepare.iter().flatten());
            assert!(words.clone().all(|word| !word.is_empty()), "{server:?}");
            let texts = launch.files.iter().filter(|file| !file.path.ends_with(".js"));
            let words = texts
                .flat_map(|file| file.text.split_whitespace())
                .chain(words.flat_map(|word| word.split('=')));
            for word in words.filter(|word| word.starts_with('/')) {
                let inside = word.starts_with("/lab/edge/gw");
                let program = word.starts_with("/usr/lib") || word.starts_with("/opt/");
                assert!(inside || program || word == "/dev/null", "{server:?}: {word}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let tools = Tools::only(Server::Nginx, "/opt/nginx");
        let part = Part::new(Server::Envoy, "gw", 8080, "");
        let error = lay_out(&part, "", &[], Path::new("/lab/edge/gw"), &tools).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("Envoy is not installed: ") && said.contains("pip"), "{said}");
        assert_eq!(tools.missing(Server::Nginx), None);
    }

    #[test]
    fn folders_that_would_need_quotes() {
        let tools = Tools::only(Server::Nginx, "/opt/nginx");
        let part = Part::new(Server::Nginx, "gw", 8080, "");
        for folder in ["/lab/a b", "/lab/a;b", "/lab/{x}", "lab"] {
            let error = lay_out(&part, "", &[], Path::new(folder), &tools).unwrap_err();
            assert!(matches!(error, Error::Folder(_)), "{folder}");
        }
    }

    #[test]
    fn envoy_reads_its_members_from_a_file_of_their_own() {
        let config = "  clusters:\n  - name: api\n    members: [{endpoint: {}}]\n    \
                      connect_timeout: 1s\n  - {{access_log}}\n";
        let launch = laid_out(Server::Envoy, config, &[]).unwrap();
        let main = text(&launch, "envoy.yaml");
        assert!(
            main.contains("\n    type: EDS\n    eds_cluster_config: {service_name: members-1,")
        );
        assert!(!main.contains("    members:") && !main.contains("{{access_log}}"), "{main}");
        assert!(main.contains("path: /lab/edge/gw/logs/access.json"), "{main}");
        let members = text(&launch, "members-1.yaml");
        assert!(members.contains("cluster_name: members-1\n"), "{members}");
        assert!(members.contains("lb_endpoints: [{endpoint: {}}]"), "{members}");

        let error = laid_out(Server::Envoy, "  members: api\n", &[]).unwrap_err().to_string();
        assert_eq!(error, "part gw: after `members:` stands a list in brackets, not `api`");
    }

    #[test]
    fn what_the_options_bind_is_not_bound_again() {
        let bound =
            |server, options: &[&str]| laid_out(server, "", options).unwrap().args.join(" ");
        assert!(bound(Server::Gunicorn, &["--workers 2"]).contains("--bind 0.0.0.0:8080"));
        for option in ["--bind unix:app.sock", "--bind=unix:app.sock", "-b unix:app.sock"] {
            assert!(!bound(Server::Gunicorn, &[option]).contains("0.0.0.0"));
        }
        assert!(bound(Server::Uvicorn, &[]).contains("--host 0.0.0.0 --port 8080"));
        assert!(bound(Server::Uvicorn, &["--host ::1"]).ends_with("--port 8080 --host ::1"));
        assert!(!bound(Server::Uvicorn, &["--uds app.sock"]).contains("--port"));
    }

    #[test]
    fn names_for_dnsmasq_are_told_from_its_settings() {
        let launch = laid_out(Server::Dns, "10.50.0.2 a\nlocal-ttl=1\nfd00::1 a\n", &[]).unwrap();
        assert_eq!(text(&launch, "hosts"), "10.50.0.2 a\nfd00::1 a\n");
        assert!(text(&launch, "dnsmasq.conf").ends_with("\nlocal-ttl=1\n"));
    }
}
