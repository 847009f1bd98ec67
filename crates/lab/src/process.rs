//! One server on one host: laid out, started, watched, signalled, started again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use model::Part;
use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Error, Result};
use crate::namespace::NetSpace;
use crate::parts::{Launch, Reload, Source};
use crate::reexec::{Role, again};
use crate::schedule::signal_of;
use crate::shim::{ORDER, Order};
use crate::topology::Node;

/// Longest time a server may take to accept connections. PostgreSQL on a busy machine is the
/// slowest.
const PATIENCE: Duration = Duration::from_secs(30);
/// Pause before a supervised server is started again, as systemd's `RestartSec` is by default.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_millis(100);

/// A server that was laid out on a host.
#[derive(Debug)]
pub(crate) struct Process {
    /// The data.
    pub(crate) part: &'static Part,
    /// How it runs.
    pub(crate) launch: Launch,
    /// The order to its shim.
    order: Order,
    /// Its folder.
    pub(crate) dir: PathBuf,
    child: Option<Child>,
    /// When it was found dead and is to be started again.
    pub(crate) restart_at: Option<Instant>,
    /// True once a step ended it.
    pub(crate) ended: bool,
}

impl Process {
    /// Writes the files of a part and prepares it; it does not run yet.
    ///
    /// # Errors
    ///
    /// If a file cannot be written or a preparing command fails.
    pub(crate) fn lay_out(
        part: &'static Part,
        launch: Launch,
        dir: PathBuf,
        order: Order,
    ) -> Result<Process> {
        launch.write(&dir).map_err(|why| Error::file(&dir, why))?;
        let order = Order {
            folder: dir.clone(),
            ordinary: launch.not_root,
            program: launch.program.clone(),
            arguments: launch.args.clone(),
            environment: launch.env.iter().cloned().collect::<BTreeMap<_, _>>(),
            ..order
        };
        let process =
            Process { part, launch, order, dir, child: None, restart_at: None, ended: false };
        for command in process.launch.prepare.iter().chain(&process.launch.check) {
            process.prepare(command)?;
        }
        Ok(process)
    }

    fn prepare(&self, command: &[String]) -> Result<()> {
        let Some((program, arguments)) = command.split_first() else { return Ok(()) };
        let order = Order {
            program: program.into(),
            arguments: arguments.to_vec(),
            groups: Vec::new(),
            ..self.order.clone()
        };
        let output = shim(&order)?.output().map_err(|why| self.not_started(&why.to_string()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(self.not_started(said.trim().lines().last().unwrap_or("it failed without a word")))
    }

    /// `host/part`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.order.host, self.part.name)
    }

    /// Starts it.
    ///
    /// # Errors
    ///
    /// If the shim cannot be started or a log file not be opened.
    pub(crate) fn start(&mut self) -> Result<()> {
        let mut command = shim(&self.order)?;
        let mut output = [None, None];
        for log in &self.launch.logs {
            let path = self.dir.join(&log.path);
            let open = || File::options().create(true).append(true).open(&path);
            let take = match log.source {
                Source::File => [false, false],
                Source::Stdout => [true, false],
                Source::Stderr => [false, true],
                Source::Both => [true, true],
            };
            for (slot, wanted) in output.iter_mut().zip(take) {
                if wanted {
                    *slot = Some(open().map_err(|why| Error::file(&path, why))?);
                }
            }
        }
        // What no log takes is kept beside the logs: it explains a server that does not start.
        let console = self.dir.join("console");
        let [stdout, stderr] = output.map(|file| match file {
            Some(file) => Ok(file),
            None => File::options().create(true).append(true).open(&console),
        });
        command
            .stdin(Stdio::null())
            .stdout(stdout.map_err(|why| Error::file(&console, why))?)
            .stderr(stderr.map_err(|why| Error::file(&console, why))?);
        let child = command.spawn().map_err(|why| self.not_started(&why.to_string()))?;
        self.child = Some(child);
        self.restart_at = None;
        self.ended = false;
        Ok(())
    }

    /// Waits until it accepts connections.
    ///
    /// # Errors
    ///
    /// If it ends before that or takes too long; the error holds the last lines of its logs.
    pub(crate) fn wait_until_ready(&mut self, node: &Node, space: &NetSpace) -> Result<()> {
        if self.part.port == 0 {
            thread::sleep(Duration::from_millis(150));
            return match self.is_running() {
                true => Ok(()),
                false => Err(self.not_ready("it ended at once")),
            };
        }
        let until = Instant::now() + PATIENCE;
        loop {
            if self.accepts(node, space) {
                return Ok(());
            }
            if !self.is_running() {
                return Err(self.not_ready("it ended"));
            }
            if Instant::now() > until {
                return Err(self.not_ready(&format!(
                    "nothing accepts connections on port {} after {} s",
                    self.part.port,
                    PATIENCE.as_secs()
                )));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it accepts a connection on the host's address or on its loopback.
    pub(crate) fn accepts(&self, node: &Node, space: &NetSpace) -> bool {
        let port = self.part.port;
        let places = [
            SocketAddr::from((node.address, port)),
            SocketAddr::from(([127, 0, 0, 1], port)),
            SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, port)),
        ];
        space
            .within(|| {
                places.iter().any(|place| {
                    TcpStream::connect_timeout(place, Duration::from_millis(300)).is_ok()
                })
            })
            .unwrap_or(false)
    }

    /// Whether the process exists.
    pub(crate) fn is_running(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => false,
        }
    }

    /// How it ended, once it has.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().ok().flatten()
    }

    /// Its process number, while it runs.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// If it does not run.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        let pid = self.child.as_ref().map(Pid::from_child);
        if matches!(signal, Signal::TERM | Signal::KILL | Signal::INT | Signal::QUIT) {
            self.ended = true;
        }
        let Some(pid) = pid.filter(|_| self.is_running()) else {
            return Ok(());
        };
        kill_process(pid, signal)
            .map_err(|why| Error::Data(format!("{} could not be signalled: {why}", self.name())))
    }

    /// Lets it take over files that were written anew.
    ///
    /// # Errors
    ///
    /// If it cannot be told.
    pub(crate) fn reload(&mut self) -> Result<()> {
        match self.launch.reload {
            Reload::Signal(name) => self.signal(signal_of(name)?),
            Reload::Watches => Ok(()),
            Reload::Restart => {
                self.signal(signal_of(self.launch.stop)?)?;
                if let Some(child) = &mut self.child {
                    let _ = child.wait();
                }
                self.start()
            }
        }
    }

    /// The changed environment of a later start.
    pub(crate) fn set_environment(&mut self, name: &str, value: &str) {
        self.order.environment.insert(name.to_owned(), value.to_owned());
    }

    fn not_started(&self, why: &str) -> Error {
        Error::Start {
            program: self.order.program.display().to_string(),
            host: self.order.host.clone(),
            why: why.to_owned(),
        }
    }

    fn not_ready(&self, why: &str) -> Error {
        let mut said = why.to_owned();
        let logs = self.launch.logs.iter().map(|log| self.dir.join(&log.path));
        for path in logs.chain([self.dir.join("console")]) {
            let tail = tail(&path);
            if !tail.is_empty() {
                said.push_str("; its last words: ");
                said.push_str(&tail);
            }
        }
        Error::NotReady { part: self.name(), why: said }
    }
}

fn shim(order: &Order) -> Result<std::process::Command> {
    let mut command = again(Role::Shim)?;
    let text = serde_json::to_string(order).map_err(|why| Error::Data(why.to_string()))?;
    command.env(ORDER, text);
    Ok(command)
}

/// Writes a file with its folders.
///
/// # Errors
///
/// What the system said, with the path.
pub(crate) fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|why| Error::file(folder, why))?;
    }
    fs::write(path, text).map_err(|why| Error::file(path, why))?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .map_err(|why| Error::file(path, why))
}

/// The last lines of a file, on one line.
fn tail(path: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(600)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_default();
    let lines: Vec<&str> = text.trim().lines().rev().take(4).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
