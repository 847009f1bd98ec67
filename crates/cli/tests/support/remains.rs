//! What a lab leaves behind: processes, namespaces, mounts, interfaces, control groups. Labs that
//! run beside it are not counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Set, with a value of its own, for the command whose lab is watched.
pub(crate) const MARK: &str = "WHY502_TEST_MARK";

/// How long a lab may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// The machine as it was before.
#[derive(Debug)]
pub(crate) struct Before {
    mark: String,
    mounts: BTreeSet<String>,
    interfaces: BTreeSet<String>,
}

/// A lab that runs. Its namespaces are held open by this value, so that their numbers are not given
/// to others meanwhile.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The process that holds the lab.
    pub(crate) holder: u32,
    /// The lab's first process.
    pub(crate) lab: u32,
    /// The processes in it, by the name of their program.
    pub(crate) inside: BTreeMap<u32, String>,
    processes: (u64, File),
    networks: BTreeMap<u64, File>,
}

impl Before {
    /// Looks; `mark` is what the command to be watched gets in [`MARK`].
    pub(crate) fn look(mark: &str) -> Before {
        Before { mark: mark.to_owned(), mounts: mounts(), interfaces: interfaces() }
    }

    /// Waits until the lab runs this program and has had a moment to get going.
    pub(crate) fn wait_for(&self, program: &str) -> Seen {
        let until = Instant::now() + Duration::from_secs(40);
        loop {
            if let Some(seen) = self.see()
                && seen.inside.values().any(|name| name == program)
            {
                thread::sleep(Duration::from_millis(400));
                return self.see().expect("the lab still runs");
            }
            assert!(Instant::now() < until, "{program} did not come up in the lab");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn see(&self) -> Option<Seen> {
        let marked = self.marked();
        let in_role =
            |role: &str| marked.iter().copied().find(|pid| words(*pid).any(|word| word == role));
        let (holder, lab) = (in_role("lab-holder")?, in_role("lab-process")?);
        let processes = namespace(Path::new(&format!("/proc/{lab}/ns/pid")))?;
        let own = fs::metadata("/proc/self/ns/pid").ok()?.ino();
        if processes.0 == own {
            return None;
        }
        let inside: BTreeMap<u32, String> = pids()
            .filter(|pid| number(&format!("/proc/{pid}/ns/pid")) == Some(processes.0))
            .map(|pid| (pid, name(pid)))
            .collect();
        let mut networks = BTreeMap::new();
        let home = number("/proc/self/ns/net");
        for pid in inside.keys() {
            let held = descriptors(*pid).filter(|path| network(path).is_some());
            for path in held.chain([PathBuf::from(format!("/proc/{pid}/ns/net"))]) {
                networks.extend(namespace(&path).filter(|(number, _)| Some(*number) != home));
            }
        }
        Some(Seen { holder, lab, inside, processes, networks })
    }

    fn marked(&self) -> Vec<u32> {
        let wanted = format!("{MARK}={}", self.mark).into_bytes();
        pids()
            .filter(|pid| {
                fs::read(format!("/proc/{pid}/environ"))
                    .is_ok_and(|text| text.split(|byte| *byte == 0).any(|pair| pair == wanted))
            })
            .collect()
    }

    /// Waits until nothing of the lab is there any more; says what stays.
    pub(crate) fn gone(&self, seen: Option<&Seen>, files: impl Fn() -> Vec<String>) -> Vec<String> {
        self.gone_but(seen, &[], files)
    }

    /// The same, without what begins with one of these words.
    pub(crate) fn gone_but(
        &self,
        seen: Option<&Seen>,
        but: &[&str],
        files: impl Fn() -> Vec<String>,
    ) -> Vec<String> {
        let until = Instant::now() + GONE_WITHIN;
        loop {
            let mut left = self.left(seen);
            left.extend(files());
            left.retain(|what| !but.iter().any(|word| what.starts_with(word)));
            if left.is_empty() || Instant::now() > until {
                return left;
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn left(&self, seen: Option<&Seen>) -> Vec<String> {
        let mut left: Vec<String> =
            self.marked().into_iter().map(|pid| format!("process {pid} ({})", name(pid))).collect();
        left.extend(mounts().difference(&self.mounts).map(|mount| format!("mount {mount}")));
        left.extend(interfaces().difference(&self.interfaces).map(|i| format!("interface {i}")));
        let Some(seen) = seen else { return left };
        left.extend(group_of(seen.holder).map(|path| format!("control group {}", path.display())));
        let me = std::process::id();
        for pid in pids().filter(|pid| *pid != me) {
            if number(&format!("/proc/{pid}/ns/pid")) == Some(seen.processes.0) {
                left.push(format!("process {pid} ({}) of the lab", name(pid)));
            }
            let own = number(&format!("/proc/{pid}/ns/net"));
            let held = descriptors(pid).filter_map(|path| network(&path));
            for number in own.into_iter().chain(held) {
                if seen.networks.contains_key(&number) {
                    left.push(format!("a host's network, by process {pid} ({})", name(pid)));
                }
            }
        }
        left
    }
}

/// The control group of the lab that this process holds, if there is one.
pub(crate) fn group_of(holder: u32) -> Option<PathBuf> {
    ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"]
        .map(|root| Path::new(root).join(format!("why502-lab-{holder}")))
        .into_iter()
        .find(|folder| folder.exists())
}

fn pids() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").expect("/proc is there").flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn words(pid: u32) -> impl Iterator<Item = String> {
    let text = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words: Vec<String> =
        text.split(|byte| *byte == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    words.into_iter()
}

fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

fn descriptors(pid: u32) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path())
}

/// The number of the network namespace behind a descriptor, if it is one.
fn network(path: &Path) -> Option<u64> {
    let target = fs::read_link(path).ok()?;
    target.to_str()?.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

fn namespace(path: &Path) -> Option<(u64, File)> {
    let file = File::open(path).ok()?;
    Some((file.metadata().ok()?.ino(), file))
}

fn number(path: &str) -> Option<u64> {
    fs::metadata(path).ok().map(|found| found.ino())
}

fn mounts() -> BTreeSet<String> {
    let text = fs::read_to_string("/proc/self/mounts").expect("the mounts can be read");
    text.lines().map(str::to_owned).collect()
}

fn interfaces() -> BTreeSet<String> {
    let text = fs::read_to_string("/proc/net/dev").expect("the interfaces can be read");
    text.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned())).collect()
}
