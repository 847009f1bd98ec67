//! Listening to the kernel: packets that firewalls and the NAT drop, and the kernel's own messages.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::kernel_log::{self, Concern};
use crate::lab::Lab;
use crate::namespace::NetSpace;
use crate::nat::{
    self, Allocator, CloudLog, DropLog, FIREWALL_GROUP, GROWTH_DELAY, Gateway, Logged, NAT_GROUP,
    Settings, log_line, syslog_line,
};
use crate::process::write;
use crate::router;
use crate::topology::ROUTER;

/// Longest wait for the next packet before a listener looks whether it is still wanted.
const WAIT: Duration = Duration::from_millis(100);

/// What one host's firewall logged.
struct Tap {
    host: String,
    group: u16,
    logged: Arc<Mutex<Vec<Logged>>>,
    lost: Arc<AtomicU64>,
}

/// All listeners of a lab.
#[derive(Default)]
pub(crate) struct Taps {
    taps: Vec<Tap>,
    ended: Arc<AtomicBool>,
}

impl fmt::Debug for Taps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.taps.iter().map(|tap| &tap.host)).finish()
    }
}

impl Drop for Taps {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
    }
}

impl Taps {
    /// Listens to a host's firewall if its rules log anything; once per host.
    ///
    /// # Errors
    ///
    /// If the kernel has no log groups.
    pub(crate) fn firewall(&mut self, host: &str, space: &NetSpace, rules: &str) -> Result<()> {
        let logs = rules.contains("log ");
        if !logs || self.taps.iter().any(|t| t.host == host && t.group == FIREWALL_GROUP) {
            return Ok(());
        }
        self.listen(host, space, FIREWALL_GROUP)
    }

    /// Listens to a log group of a host.
    ///
    /// # Errors
    ///
    /// If the kernel has no log groups.
    pub(crate) fn listen(&mut self, host: &str, space: &NetSpace, group: u16) -> Result<()> {
        let failed = |why: std::io::Error| Error::network(format!("the log group of {host}"), why);
        let space = space.try_clone().map_err(failed)?;
        let logged = Arc::new(Mutex::new(Vec::new()));
        let (sender, opened) = mpsc::channel();
        let lost = Arc::new(AtomicU64::new(0));
        let (sink, ended) = (Arc::clone(&logged), Arc::clone(&self.ended));
        let gone = Arc::clone(&lost);
        thread::spawn(move || {
            let mut log = match space.enter().and_then(|()| DropLog::open(&[group])) {
                Ok(log) => {
                    let _ = sender.send(Ok(()));
                    log
                }
                Err(why) => {
                    let _ = sender.send(Err(why));
                    return;
                }
            };
            while !ended.load(Ordering::Relaxed) {
                let Ok(more) = log.wait(WAIT) else { return };
                sink.lock().unwrap_or_else(PoisonError::into_inner).extend(more);
                gone.store(log.lost(), Ordering::Relaxed);
            }
        });
        opened
            .recv()
            .unwrap_or_else(|_| Err(std::io::Error::other("the listener ended")))
            .map_err(failed)?;
        self.taps.push(Tap { host: host.to_owned(), group, logged, lost });
        Ok(())
    }

    /// Lets the NAT hand out more ports while the run lasts, as dynamic allocation does.
    ///
    /// # Errors
    ///
    /// If the system refuses a further handle of the router.
    pub(crate) fn allocate(&mut self, space: &NetSpace, settings: Settings) -> Result<()> {
        let space = space.try_clone().map_err(|why| Error::network(ROUTER, why))?;
        let ended = Arc::clone(&self.ended);
        thread::spawn(move || {
            let mut allocator = Allocator::new(settings.clone(), GROWTH_DELAY);
            if space.enter().is_err() {
                return;
            }
            while !ended.load(Ordering::Relaxed) {
                // A table that cannot be read this time is read the next time; without growth the
                // NAT drops, which its log shows.
                if let Ok(usage) = nat::usage(&settings)
                    && let Some(rules) = allocator.step(Instant::now(), &usage)
                {
                    let _ = nat::load(&rules);
                }
                thread::sleep(WAIT);
            }
        });
        Ok(())
    }

    fn of(&self, group: u16) -> impl Iterator<Item = (&str, Vec<Logged>)> {
        self.taps.iter().filter(move |tap| tap.group == group).map(|tap| {
            let logged = tap.logged.lock().unwrap_or_else(PoisonError::into_inner);
            (tap.host.as_str(), logged.clone())
        })
    }
}

impl Lab {
    /// Starts what listens from the beginning of the run: the NAT's drops and the kernel.
    ///
    /// # Errors
    ///
    /// If the router's rules are not accepted.
    pub(crate) fn start_taps(&mut self) -> Result<()> {
        router::start(self)?;
        // What the kernel said before the run is nobody's business.
        if let Some(log) = &mut self.inside.kernel_log {
            kernel_log::skip(log);
        }
        Ok(())
    }

    /// Writes what the listeners heard as evidence.
    ///
    /// # Errors
    ///
    /// If a file cannot be written.
    pub(crate) fn write_taps(&mut self, evidence: &Path) -> Result<()> {
        // A packet dropped in the last moment is still on its way to the listener.
        thread::sleep(WAIT);
        let lost: Vec<String> = self
            .taps
            .taps
            .iter()
            .map(|tap| (tap, tap.lost.load(Ordering::Relaxed)))
            .filter(|(_, lost)| *lost > 0)
            .map(|(tap, lost)| format!("{lost} dropped packets of {} were not logged", tap.host))
            .collect();
        for text in lost {
            self.note(&text);
        }
        for (host, logged) in self.taps.of(FIREWALL_GROUP).filter(|(_, l)| !l.is_empty()) {
            let text: String = logged
                .iter()
                .map(|entry| syslog_line(entry.time, host, &log_line(entry)) + "\n")
                .collect();
            write(&evidence.join(host).join("kern.log"), &text, 0o644)?;
        }
        let mut cloud = CloudLog::new(Gateway::default());
        let instance = |address| {
            self.topology.nodes.iter().find(|n| n.address == address).map(|n| n.name.clone())
        };
        let mut text = String::new();
        for (_, logged) in self.taps.of(NAT_GROUP) {
            for entry in logged.iter().filter_map(|entry| cloud.entry(entry, instance)) {
                text.push_str(&entry);
                text.push('\n');
            }
        }
        if !text.is_empty() {
            write(&evidence.join("nat/nat-flows.json"), &text, 0o644)?;
        }
        let concern = self.concern();
        let mut text = String::new();
        if let Some(log) = &mut self.inside.kernel_log {
            text = kernel_log::read(log, &concern);
        }
        if !text.is_empty() {
            write(&evidence.join("machine/kern.log"), &text, 0o644)?;
        }
        Ok(())
    }
}

impl Lab {
    fn concern(&self) -> Concern {
        let groups = self.inside.groups.as_ref();
        let group = groups.and_then(|g| g.folder().file_name()?.to_str().map(str::to_owned));
        let processes = self.machines.values().flat_map(|machine| &machine.processes);
        let steps = self.topology.scenario.steps;
        Concern {
            group,
            ports: processes.map(|process| process.part.port).collect(),
            connection_table: steps
                .iter()
                .any(|step| matches!(step.does, model::Action::FillConnectionTable { .. })),
        }
    }
}

/// Reads a file that never ends until it would block.
pub(crate) fn read_available(file: &mut File, mut record: impl FnMut(&[u8])) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(length @ 1..) => record(&buffer[..length]),
            // Messages were overwritten before they were read: the next read goes on behind.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
            Ok(_) | Err(_) => return,
        }
    }
}
