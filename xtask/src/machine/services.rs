//! Installs servers without starting them: for as long as a package is being installed, the
//! machine's policy is that no service starts.

use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Asked by `invoke-rc.d` before each start; 101 forbids it.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Read by `pg_createcluster` when a server's package is installed (`include_dir` in the
/// `createcluster.conf` of `postgresql-common`): no cluster is made.
const CLUSTERS: &str = "/etc/postgresql-common/createcluster.d/why502.conf";

/// Keeps services from starting until it is dropped.
pub(super) struct Held {
    /// Files that are ours to remove.
    made: Vec<PathBuf>,
}

impl Held {
    /// Files that are there already are somebody else's policy and stay, unless a run of ours
    /// that was killed left them.
    pub(super) fn hold() -> Held {
        let files = [
            (
                POLICY,
                "#!/bin/sh\n# Left by cargo xtask of why502; may be removed.\nexit 101\n",
                0o755,
            ),
            (
                CLUSTERS,
                "# Left by cargo xtask of why502; may be removed.\ncreate_main_cluster = false\n",
                0o644,
            ),
        ];
        let made = files
            .into_iter()
            .filter(|(path, text, mode)| make(Path::new(path), text, *mode))
            .map(|(path, ..)| PathBuf::from(path));
        Held { made: made.collect() }
    }
}

/// Whether the file was made.
fn make(path: &Path, text: &str, mode: u32) -> bool {
    if let Some(folder) = path.parent() {
        let _ = std::fs::create_dir_all(folder);
    }
    if std::fs::read(path).is_ok_and(|there| there == text.as_bytes()) {
        return true;
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.is_ok_and(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()).is_ok())
}

impl Drop for Held {
    fn drop(&mut self) {
        for path in &self.made {
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_file_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (own, other) = (folder.path().join("a/own"), folder.path().join("other"));
        std::fs::write(&other, "mine").unwrap();
        let made = || {
            let made = [&own, &other].into_iter().filter(|path| make(path, "text", 0o644));
            Held { made: made.cloned().collect() }
        };
        std::mem::forget(made());
        assert_eq!(std::fs::read_to_string(&own).unwrap(), "text");
        // As if killed before it could clean up; the next one does.
        drop(made());
        assert!(!own.exists());
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "mine");
    }
}
