//! The holder: makes the namespaces, starts the lab process in them, and sees to it that nothing
//! is left when either side ends.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open};

use crate::error::{Error, Result};
use crate::group::{self, Groups};
use crate::message::Message;
use crate::namespace;
use crate::reexec::{Role, again};

/// What the holder hands on to the lab process, by descriptor number or path.
pub(crate) const JOB: &str = "WHY502_LAB_JOB";
pub(crate) const KEEP: &str = "WHY502_LAB_KEEP";
pub(crate) const KERNEL_LOG: &str = "WHY502_LAB_KERNEL_LOG";
pub(crate) const GROUP: &str = "WHY502_LAB_GROUP";
/// Set for the holder if the lab limits memory: only then is there a control group.
const LIMITS: &str = "WHY502_LAB_LIMITS";

/// The job of a lab that is made only to see whether it can be.
const NOTHING: &str = "null";

/// A lab that runs, as the process that asked for it sees it. When it is dropped, or this process
/// ends in whatever way, the lab ends.
#[derive(Debug)]
pub struct Held {
    child: Child,
    group: String,
}

impl Held {
    /// Starts a lab. `job` reaches the lab process as it is; `keep` is a folder that the lab may
    /// write evidence to; with `limits` it gets a control group in which servers can be limited.
    ///
    /// # Errors
    ///
    /// If the program cannot be started again or the folder cannot be opened.
    pub fn start(job: &str, keep: Option<&Path>, limits: bool) -> Result<Held> {
        Groups::sweep();
        let mut command = again(Role::Holder)?;
        command.env(JOB, job).stdin(Stdio::piped()).stdout(Stdio::piped());
        match limits {
            true => command.env(LIMITS, "1"),
            false => command.env_remove(LIMITS),
        };
        let keep = keep.map(open_folder).transpose()?;
        pass(&mut command, KEEP, keep.as_ref())?;
        let child = command.spawn().map_err(|why| Error::Start {
            program: "the lab's holder".to_owned(),
            host: "this machine".to_owned(),
            why: why.to_string(),
        })?;
        let group = group::name(child.id());
        Ok(Held { child, group })
    }

    /// What the lab process prints, to be read once.
    pub fn output(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// What the system said.
    pub fn wait(&mut self) -> Result<bool> {
        self.child
            .wait()
            .map(|status| status.success())
            .map_err(|why| Error::Ended(why.to_string()))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // The holder takes the end of its input as the order to end the lab.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
        for root in ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"] {
            let folder = Path::new(root).join(&self.group);
            if folder.exists() {
                Groups::at(folder).remove();
            }
        }
    }
}

/// Why this user cannot have a lab on this machine, one sentence with what to do; `None` if one can
/// be made. Makes an empty one and ends it, which takes a few hundredths of a second.
#[must_use]
pub fn forbidden() -> Option<String> {
    let said = Held::start(NOTHING, None, false).and_then(|mut held| {
        let output = held.output().map(io::read_to_string);
        output.unwrap_or_else(|| Ok(String::new())).map_err(|why| Error::Ended(why.to_string()))
    });
    let said = match said {
        Ok(said) => said,
        Err(why) => return Some(why.to_string()),
    };
    match said.lines().last().map(serde_json::from_str) {
        Some(Ok(Message::Done { .. })) => None,
        Some(Ok(Message::Failed { why, .. })) => Some(why),
        _ => Some("the lab ended without a word".to_owned()),
    }
}

fn open_folder(path: &Path) -> Result<OwnedFd> {
    std::fs::create_dir_all(path).map_err(|why| Error::file(path, why))?;
    File::open(path).map(OwnedFd::from).map_err(|why| Error::file(path, why))
}

/// Lets a child inherit a descriptor and tells it the number.
fn pass(command: &mut Command, name: &str, file: Option<&impl AsFd>) -> Result<()> {
    let Some(file) = file else {
        command.env_remove(name);
        return Ok(());
    };
    fcntl_setfd(file, FdFlags::empty())
        .map_err(|why| Error::Ended(format!("a descriptor could not be handed on: {why}")))?;
    command.env(name, file.as_fd().as_raw_fd().to_string());
    Ok(())
}

/// The holder's life: called in a process of its own, with one thread.
#[must_use]
pub fn hold() -> ExitCode {
    // Away from the terminal's Ctrl-C, which is for the parent: the holder has to clean up.
    let _ = rustix::process::setsid();
    match held() {
        Ok(code) => code,
        Err(error) => {
            crate::message::fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn held() -> Result<ExitCode> {
    let limits = std::env::var_os(LIMITS).is_some();
    let groups = limits.then(|| Groups::make(&group::name(std::process::id()))).flatten();
    let result = start_lab(groups.as_ref()).and_then(|mut lab| watch(&mut lab));
    if let Some(groups) = groups {
        groups.remove();
    }
    result
}

fn start_lab(groups: Option<&Groups>) -> Result<Child> {
    // Both must be opened out here: inside, this user is nobody to the rest of the machine.
    let kernel_log = File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open("/dev/kmsg")
        .ok();
    let mut command = again(Role::Lab)?;
    namespace::leave_everything().map_err(|why| not_allowed("making namespaces", &why))?;
    let (lifeline, kept) = rustix::pipe::pipe().map_err(|why| Error::Ended(why.to_string()))?;
    fcntl_setfd(&kept, FdFlags::CLOEXEC).map_err(|why| Error::Ended(why.to_string()))?;
    pass(&mut command, KERNEL_LOG, kernel_log.as_ref())?;
    match groups {
        Some(groups) => command.env(GROUP, groups.folder()),
        None => command.env_remove(GROUP),
    };
    let lab = command.stdin(Stdio::from(lifeline)).spawn().map_err(|why| Error::Start {
        program: "the lab process".to_owned(),
        host: "this machine".to_owned(),
        why: why.to_string(),
    })?;
    // Open as long as this process lives: its end is the lab's.
    std::mem::forget(kept);
    Ok(lab)
}

/// Waits until the lab process ends by itself or the parent goes away.
fn watch(lab: &mut Child) -> Result<ExitCode> {
    let failed = |why: rustix::io::Errno| Error::Ended(why.to_string());
    let pid = Pid::from_child(lab);
    let process = pidfd_open(pid, PidfdFlags::empty()).map_err(failed)?;
    let input = io::stdin();
    loop {
        let mut watched =
            [PollFd::new(&process, PollFlags::IN), PollFd::new(&input, PollFlags::IN)];
        match poll(&mut watched, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(why) => return Err(failed(why)),
        }
        if !watched[1].revents().is_empty() {
            // Killing process 1 of a namespace kills everything in it.
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        let status = lab.wait().map_err(|why| Error::Ended(why.to_string()))?;
        return Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
}

/// What to do where the system forbids it.
pub(crate) fn not_allowed(what: &str, why: &io::Error) -> Error {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let cure = if read("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        "run it as root, or allow it with `sysctl -w kernel.unprivileged_userns_clone=1`"
    } else if read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        "run it as root, or allow it with \
         `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
    } else if read("/proc/sys/user/max_user_namespaces") == "0" {
        "allow it with `sysctl -w user.max_user_namespaces=10000`"
    } else {
        "run it as root; in a container, start the container with --privileged"
    };
    Error::NotAllowed(format!("{what} is not allowed on this system ({why}): {cure}"))
}

/// A descriptor handed on by [`pass`].
pub(crate) fn handed(name: &str) -> Option<RawFd> {
    std::env::var(name).ok()?.parse().ok()
}
