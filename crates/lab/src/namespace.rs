//! Leaving and entering the kernel's namespaces, and taking over an inherited descriptor: the one
//! module with `unsafe`. The system call that leaves namespaces can also split the table of open
//! files between threads, which is never asked for here; a descriptor's number says nothing about
//! its owner, so the one function that takes one may be called once per number.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::thread;

use rustix::thread::{LinkNameSpaceType, UnshareFlags, move_into_link_name_space};

/// Leaves namespaces of the calling thread (or, in a process with one thread, of the process).
///
/// # Errors
///
/// What the kernel said: usually that this user may not.
fn leave(flags: UnshareFlags) -> io::Result<()> {
    assert!(!flags.contains(UnshareFlags::FILES), "would hide files from other threads");
    // SAFETY: the call is unsafe only for FILES, which is excluded on the line above.
    unsafe { rustix::thread::unshare_unsafe(flags) }.map_err(io::Error::from)
}

/// Leaves the user, process, mount, network, IPC and host name spaces and becomes root in the new
/// ones. The calling process must have one thread; its *next children* live in the new process
/// namespace.
///
/// # Errors
///
/// What the kernel said.
pub(crate) fn leave_everything() -> io::Result<()> {
    let uid = rustix::process::getuid().as_raw();
    let gid = rustix::process::getgid().as_raw();
    leave(
        UnshareFlags::NEWUSER
            | UnshareFlags::NEWPID
            | UnshareFlags::NEWNS
            | UnshareFlags::NEWNET
            | UnshareFlags::NEWIPC
            | UnshareFlags::NEWUTS,
    )?;
    map_ids(0, uid, gid)
}

/// Enters a further user namespace in which the calling process is the given ordinary user, for
/// programs that refuse to run as root.
///
/// # Errors
///
/// What the kernel said.
pub(crate) fn become_ordinary(id: u32) -> io::Result<()> {
    leave(UnshareFlags::NEWUSER)?;
    map_ids(id, 0, 0)
}

/// A mount namespace and a host name of its own for the calling process.
///
/// # Errors
///
/// What the kernel said.
pub(crate) fn own_mounts_and_name(host: &str) -> io::Result<()> {
    leave(UnshareFlags::NEWNS | UnshareFlags::NEWUTS)?;
    rustix::system::sethostname(host.as_bytes()).map_err(io::Error::from)
}

/// `inside` is the user and group in the new user namespace that stands for the ones outside.
fn map_ids(inside: u32, uid: u32, gid: u32) -> io::Result<()> {
    std::fs::write("/proc/self/setgroups", "deny")?;
    std::fs::write("/proc/self/uid_map", format!("{inside} {uid} 1"))?;
    std::fs::write("/proc/self/gid_map", format!("{inside} {gid} 1"))
}

/// A network namespace, alive as long as this value or a process in it.
#[derive(Debug)]
pub(crate) struct NetSpace(OwnedFd);

impl NetSpace {
    /// A new one, empty but for a loopback interface that is down.
    ///
    /// # Errors
    ///
    /// What the kernel said.
    pub(crate) fn new() -> io::Result<NetSpace> {
        // A thread of its own makes it, so that the caller stays where it is.
        thread::spawn(|| {
            leave(UnshareFlags::NEWNET)?;
            File::open("/proc/thread-self/ns/net").map(|file| NetSpace(OwnedFd::from(file)))
        })
        .join()
        .unwrap_or_else(|_| Err(io::Error::other("the thread that makes a namespace ended")))
    }

    /// The one the calling thread is in.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub(crate) fn current() -> io::Result<NetSpace> {
        File::open("/proc/thread-self/ns/net").map(|file| NetSpace(OwnedFd::from(file)))
    }

    /// Moves the calling thread into it, for good.
    ///
    /// # Errors
    ///
    /// What the kernel said.
    pub(crate) fn enter(&self) -> io::Result<()> {
        enter(&self.0)
    }

    /// Runs something in it, on a thread of its own.
    ///
    /// # Errors
    ///
    /// What the kernel said about entering.
    pub(crate) fn within<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        thread::scope(|scope| {
            scope
                .spawn(|| self.enter().map(|()| work()))
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the thread inside a host ended")))
        })
    }

    /// A further handle of the same namespace.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub(crate) fn try_clone(&self) -> io::Result<NetSpace> {
        self.0.try_clone().map(NetSpace)
    }

    /// The descriptor's number, for the kernel's own use in moving interfaces.
    pub(crate) fn raw(&self) -> i32 {
        self.0.as_raw_fd()
    }

    /// Where another process of the lab finds it while this one runs.
    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), self.raw()))
    }
}

/// The file behind a descriptor that the parent left open for this process.
pub(crate) fn inherited(number: i32) -> File {
    use std::os::fd::FromRawFd as _;
    // SAFETY: the holder opened it for this process alone and nothing else here knows the number;
    // the only caller asks once.
    unsafe { File::from_raw_fd(number) }
}

/// Moves the calling thread into the network namespace behind a descriptor.
///
/// # Errors
///
/// What the kernel said.
pub(crate) fn enter(space: &impl AsFd) -> io::Result<()> {
    move_into_link_name_space(space.as_fd(), Some(LinkNameSpaceType::Network))
        .map_err(io::Error::from)
}
