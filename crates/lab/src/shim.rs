//! The step between the lab and a server: goes to its host, takes its limits, becomes the server.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::namespace;

/// Where the order stands: in the environment, because the arguments are visible to everyone.
pub(crate) const ORDER: &str = "WHY502_LAB_ORDER";

/// What the shim has to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The host's network namespace.
    pub(crate) network: PathBuf,
    /// The host's name.
    pub(crate) host: String,
    /// Files of this host that stand in for the machine's own: (ours, the machine's).
    pub(crate) instead: Vec<(PathBuf, PathBuf)>,
    /// Folder to start in.
    pub(crate) folder: PathBuf,
    /// Folders of control groups to join.
    pub(crate) groups: Vec<PathBuf>,
    /// Most open files.
    pub(crate) files: Option<u64>,
    /// Most bytes of writable memory, where control groups cannot limit it.
    pub(crate) data: Option<u64>,
    /// Become an ordinary user.
    pub(crate) ordinary: bool,
    /// The program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Its environment, beyond a plain one.
    pub(crate) environment: BTreeMap<String, String>,
}

/// The user as which programs run that refuse to be root.
const ORDINARY: u32 = 1000;

/// Does what the order in the environment says; returns only if that failed.
#[must_use]
pub fn run() -> ExitCode {
    let order = std::env::var(ORDER)
        .map_err(io::Error::other)
        .and_then(|text| serde_json::from_str::<Order>(&text).map_err(io::Error::other));
    let failed = match order {
        Ok(order) => match place(&order) {
            Ok(()) => become_server(&order),
            Err(why) => io::Error::other(format!("{}: {why}", order.host)),
        },
        Err(why) => why,
    };
    // Standard error is the server's log here, which is where its author looks first.
    eprintln!("why502: the lab could not start this server: {failed}");
    ExitCode::from(127)
}

fn place(order: &Order) -> io::Result<()> {
    for group in &order.groups {
        fs::write(group.join("cgroup.procs"), "0")?;
    }
    namespace::enter(&File::open(&order.network)?)?;
    namespace::own_mounts_and_name(&order.host)?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)?;
    for (ours, theirs) in &order.instead {
        if let Ok(theirs) = theirs.canonicalize() {
            mount_bind(ours, &theirs)?;
        }
    }
    let most = rustix::process::getrlimit(Resource::Nofile).maximum;
    let files = order.files.or(most);
    setrlimit(Resource::Nofile, Rlimit { current: files, maximum: files.min(most).or(most) })?;
    if let Some(bytes) = order.data {
        setrlimit(Resource::Data, Rlimit { current: Some(bytes), maximum: Some(bytes) })?;
    }
    std::env::set_current_dir(&order.folder)?;
    if order.ordinary {
        namespace::become_ordinary(ORDINARY)?;
    }
    Ok(())
}

fn become_server(order: &Order) -> io::Error {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
    Command::new(&order.program)
        .args(&order.arguments)
        .env_clear()
        .env("PATH", path)
        .env("HOME", &order.folder)
        .env("TMPDIR", temporary(&order.folder))
        .env("TZ", "UTC")
        .env("LANG", "C.UTF-8")
        .envs(&order.environment)
        .exec()
}

fn temporary(folder: &Path) -> PathBuf {
    let folder = folder.join("tmp");
    // Without it programs fall back to a folder of their own choice, which is their log's affair.
    let _ = fs::create_dir_all(&folder);
    folder
}
