//! A view of the file system that only one test has: fresh folders where programs like to leave
//! things, so that whatever appears in them was left by what the test ran.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where programs leave things.
const FOLDERS: &str = "/tmp /run /var/log /mnt /media /srv";

/// Mounts an empty file system on each of those, puts the program into one, and stays until its
/// input ends.
const SCRIPT: &str = r#"
for folder in $1; do if [ -d $folder ]; then shown="$shown $folder"; fi; done
mount -t tmpfs -o mode=755 room /srv && cp "$0" /srv/why502 || exit
for folder in $shown; do
    if [ $folder != /srv ]; then mount -t tmpfs -o mode=1777 room $folder || exit; fi
done
echo ready
exec cat
"#;

/// The program, inside.
pub(crate) const PROGRAM: &str = "/srv/why502";

/// The view; gone with this value.
#[derive(Debug)]
pub(crate) struct Room {
    keeper: Child,
    before: BTreeSet<PathBuf>,
    root: bool,
}

impl Room {
    /// A new one.
    pub(crate) fn new() -> Room {
        let root = rustix::process::geteuid().is_root();
        let own: &[&str] = if root { &[] } else { &["--user", "--map-root-user"] };
        let mut keeper = Command::new("unshare")
            .args(own)
            .args(["--mount", "sh", "-c", SCRIPT, env!("CARGO_BIN_EXE_why502"), FOLDERS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare starts");
        let mut said = String::new();
        let output = keeper.stdout.take().expect("a pipe");
        BufReader::new(output).read_line(&mut said).expect("the room answers");
        assert_eq!(said, "ready\n", "the test's own folders could not be mounted");
        let mut room = Room { keeper, before: BTreeSet::new(), root };
        room.before = room.files();
        room
    }

    /// A command that runs inside, as its own process and no child of another.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let own = format!("/proc/{}/ns/", self.keeper.id());
        let mut command = Command::new("nsenter");
        if !self.root {
            command.arg(format!("--user={own}user")).arg("--preserve-credentials");
        }
        command.arg(format!("--mount={own}mnt"));
        // A test runner in the background, or under nohup, ignores these and hands that down.
        command.args(["env", "--default-signal=INT,HUP"]).args(words);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Puts a file beside the program; it does not count as left behind.
    pub(crate) fn write(&mut self, name: &str, text: &str) {
        let path = self.outside(Path::new("/srv")).join(name);
        fs::write(path, text).expect("the file is written");
        self.before = self.files();
    }

    /// What has been added since.
    pub(crate) fn left(&self) -> Vec<String> {
        self.files().difference(&self.before).map(|path| path.display().to_string()).collect()
    }

    fn outside(&self, path: &Path) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(path.strip_prefix("/").unwrap_or(path))
    }

    fn files(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        let mut folders: Vec<PathBuf> = FOLDERS.split(' ').map(PathBuf::from).collect();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.outside(&folder)).into_iter().flatten().flatten() {
                let path = folder.join(entry.file_name());
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path.clone());
                }
                found.insert(path);
            }
        }
        found
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}
