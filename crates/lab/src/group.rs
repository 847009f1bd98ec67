//! Memory limits by control group, version 1 or 2, whichever the machine has.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::reexec::Role;

/// The control group of one lab; every limited server gets a group of its own below it.
#[derive(Clone, Debug)]
pub(crate) struct Groups {
    /// The lab's folder in the hierarchy.
    folder: PathBuf,
    version: u8,
}

/// Where version 1 has its memory controller, and version 2 everything.
const HIERARCHIES: [(&str, u8); 2] = [("/sys/fs/cgroup/memory", 1), ("/sys/fs/cgroup", 2)];

impl Groups {
    /// Makes the lab's group; `None` where this user may not or the kernel has no such thing.
    pub(crate) fn make(name: &str) -> Option<Groups> {
        let (root, version) = HIERARCHIES.into_iter().find(|(root, version)| {
            let mark = if *version == 1 { "memory.limit_in_bytes" } else { "cgroup.controllers" };
            Path::new(root).join(mark).exists()
        })?;
        let folder = Path::new(root).join(name);
        fs::create_dir(&folder).ok()?;
        let groups = Groups { folder, version };
        if version == 2 && groups.delegate(Path::new(root)).is_err() {
            groups.remove();
            return None;
        }
        Some(groups)
    }

    fn delegate(&self, root: &Path) -> io::Result<()> {
        fs::write(root.join("cgroup.subtree_control"), "+memory")?;
        fs::write(self.folder.join("cgroup.subtree_control"), "+memory")
    }

    /// A group made before, by its folder.
    pub(crate) fn at(folder: PathBuf) -> Groups {
        let version = if folder.starts_with(HIERARCHIES[0].0) { 1 } else { 2 };
        Groups { folder, version }
    }

    /// The lab's folder in the hierarchy.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A group with a limit of memory, swap included, for one server.
    ///
    /// # Errors
    ///
    /// What the kernel said.
    pub(crate) fn limited(&self, name: &str, bytes: u64) -> io::Result<PathBuf> {
        let folder = self.folder.join(name);
        if !folder.exists() {
            fs::create_dir(&folder)?;
        }
        if self.version == 1 {
            fs::write(folder.join("memory.limit_in_bytes"), bytes.to_string())?;
            // Without accounting of swap the file is absent, and so is the way around the limit.
            let _ = fs::write(folder.join("memory.memsw.limit_in_bytes"), bytes.to_string());
        } else {
            fs::write(folder.join("memory.max"), bytes.to_string())?;
            let _ = fs::write(folder.join("memory.swap.max"), "0");
        }
        Ok(folder)
    }

    /// Removes the group with everything below it. The servers in it must have been killed; the
    /// kernel may take a moment to let go of them.
    pub(crate) fn remove(&self) {
        for _ in 0..200 {
            for inner in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
                if inner.path().is_dir() {
                    let _ = fs::remove_dir(inner.path());
                }
            }
            match fs::remove_dir(&self.folder) {
                Ok(()) => return,
                Err(why) if why.kind() == io::ErrorKind::NotFound => return,
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Removes the groups of labs whose holder was killed before it could.
    pub(crate) fn sweep() {
        for (root, _) in HIERARCHIES {
            for entry in fs::read_dir(root).into_iter().flatten().flatten() {
                let name = entry.file_name();
                let Some(owner) = name.to_str().and_then(owner) else { continue };
                if !holds(owner) {
                    Groups::at(entry.path()).remove();
                }
            }
        }
    }
}

/// The name of a lab's group: the holder's process number tells whether it is still in use.
pub(crate) fn name(holder: u32) -> String {
    format!("why502-lab-{holder}")
}

/// Whether this process number is that of a holder. One that has ended, but whose parent has not
/// asked for it yet, has no words; the number may also be another program's by now.
fn holds(process: u32) -> bool {
    match fs::read(format!("/proc/{process}/cmdline")) {
        Ok(words) => {
            words.split(|byte| *byte == 0).any(|word| word == Role::Holder.argument().as_bytes())
        }
        Err(why) => why.kind() != io::ErrorKind::NotFound,
    }
}

fn owner(name: &str) -> Option<u32> {
    name.strip_prefix("why502-lab-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_labs_groups_are_swept() {
        assert_eq!(owner(&name(4711)), Some(4711));
        assert_eq!(owner("why502-lab-"), None);
        assert_eq!(owner("system.slice"), None);
        assert!(!holds(std::process::id()), "a process that is no holder has the number now");
        assert!(!holds(u32::MAX));
    }
}
