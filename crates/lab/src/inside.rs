//! The first moments of the lab process: its own view of processes, files and network.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::thread;

use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_change, mount_remount};
use rustix::process::{
    Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit,
};

use crate::error::{Error, Result};
use crate::group::Groups;
use crate::hold::{GROUP, KEEP, KERNEL_LOG, handed, not_allowed};
use crate::namespace;

/// What the lab process has to work with.
#[derive(Debug)]
pub struct Inside {
    /// The lab's folder: in memory, seen by no other process of the machine, gone with the lab.
    pub(crate) folder: PathBuf,
    /// Where evidence is to be kept, if anywhere.
    pub(crate) keep: Option<PathBuf>,
    /// The kernel's messages from now on, where this user may read them.
    pub(crate) kernel_log: Option<File>,
    /// The control group, where there is one.
    pub(crate) groups: Option<Groups>,
}

/// Folders of which one exists everywhere and is needed by no server.
const PLACES: [&str; 4] = ["/mnt", "/media", "/srv", "/tmp"];

impl Inside {
    /// Sets the lab process up: called once, at its start.
    ///
    /// # Errors
    ///
    /// If the system does not allow a step, with what to do about it.
    pub fn enter() -> Result<Inside> {
        let refused = |why: rustix::io::Errno| not_allowed("mounting in a namespace", &why.into());
        let _ = set_parent_process_death_signal(Some(Signal::KILL));
        follow_the_holder();
        mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
            .map_err(refused)?;
        mount(
            "proc",
            "/proc",
            "proc",
            MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC,
            None,
        )
        .map_err(refused)?;
        // The load may need thousands of connections at once.
        let most = getrlimit(Resource::Nofile).maximum;
        let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
        let folder = place()?;
        mount("why502", &folder, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, c"mode=755")
            .map_err(refused)?;
        // Shared memory outlives processes: Apache's balancers and PostgreSQL keep some there.
        let _ = mount("shm", "/dev/shm", "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, None);
        // Nothing in the lab has business outside its folder; where the system does not allow the
        // lock, the servers' own settings keep them inside.
        let _ = mount_remount("/", MountFlags::BIND | MountFlags::RDONLY, c"");
        Ok(Inside {
            folder,
            // By path and not by descriptor: a folder is not read but walked.
            keep: handed(KEEP).map(|n| PathBuf::from(format!("/proc/self/fd/{n}"))),
            kernel_log: handed(KERNEL_LOG).map(namespace::inherited),
            groups: std::env::var_os(GROUP).map(|path| Groups::at(path.into())),
        })
    }
}

/// The folder the lab's own file system is mounted on: an empty one if there is one.
fn place() -> Result<PathBuf> {
    let empty = |path: &&str| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let exists = |path: &&str| Path::new(path).is_dir();
    PLACES
        .iter()
        .find(|path| empty(path))
        .or_else(|| PLACES.iter().rev().find(|path| exists(path)))
        .map(PathBuf::from)
        .ok_or_else(|| Error::file("/tmp", io::Error::from(io::ErrorKind::NotFound)))
}

/// Ends this process, and with it the lab, when the holder ends in whatever way.
fn follow_the_holder() {
    // Standard input is a pipe whose other end only the holder has.
    thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
}
