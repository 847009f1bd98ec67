//! Servers as children of a test: started as the lab starts them but without namespaces, ended
//! whatever becomes of the test.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use dialects::reader::{self, Options, Profile, Sink};
use lab::parts::{Launch, Reload, Source, Tools, lay_out};
use model::{Event, Part, Server, Tally, Timestamp};

/// The ordinary user a server runs as that refuses to be root.
const NOBODY: u32 = 65534;

/// A server that runs until it is stopped or dropped.
pub(crate) struct Running {
    child: Option<Child>,
    launch: Launch,
    part: Part,
    options: Vec<String>,
    // The temporary folder is removed after the child is gone.
    root: tempfile::TempDir,
    started: SystemTime,
}

/// A port nobody listens on at the moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// True as soon as `done` is, false after so many seconds.
pub(crate) fn within(seconds: u64, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(seconds);
    loop {
        if done() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Lays a part out in a folder of its own; `None`, with a word about it, if the program is
/// missing.
pub(crate) fn launch(
    part: Part,
    config: &str,
    options: &[&str],
) -> Option<(Launch, tempfile::TempDir)> {
    let tools = Tools::find();
    if let Some(missing) = tools.missing(part.server) {
        println!("skipped: {missing}");
        return None;
    }
    let root = tempfile::tempdir().unwrap();
    let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let dir = root.path().join(part.name);
    let launch = lay_out(&part, config, &options, &dir, &tools).unwrap();
    launch.write(&dir).unwrap();
    Some((launch, root))
}

/// Starts a part and waits until its port answers.
pub(crate) fn run(part: Part, config: &str, options: &[&str]) -> Option<Running> {
    run_with(part, config, options, &[])
}

/// Starts a part with further files in its folder.
pub(crate) fn run_with(
    part: Part,
    config: &str,
    options: &[&str],
    files: &[(&str, &str)],
) -> Option<Running> {
    let started = SystemTime::now();
    let (launch, root) = launch(part, config, options)?;
    let dir = root.path().join(part.name);
    for (name, text) in files {
        std::fs::write(dir.join(name), text).unwrap();
    }
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    let mut running = Running { child: None, launch, part, options, root, started };
    running.give_away();
    for prepare in &running.launch.prepare {
        let output = running.command(&prepare[0], &prepare[1..]).output().unwrap();
        assert!(output.status.success(), "{prepare:?}: {}", all(&output));
    }
    if let Some(check) = &running.launch.check {
        let output = running.command(&check[0], &check[1..]).output().unwrap();
        assert!(output.status.success(), "{check:?}: {}", all(&output));
    }
    running.start();
    Some(running)
}

/// What the program says about a configuration it does not accept; `None` if it is missing.
pub(crate) fn check(server: Server, config: &str) -> Option<String> {
    let part = Part::new(server, "part", 1, "");
    let (launch, root) = launch(part, config, &[])?;
    let started = SystemTime::now();
    let running = Running { child: None, launch, part, options: vec![], root, started };
    running.give_away();
    for prepare in &running.launch.prepare {
        let output = running.command(&prepare[0], &prepare[1..]).output().unwrap();
        assert!(output.status.success(), "{prepare:?}: {}", all(&output));
    }
    let check = running.launch.check.as_ref().expect("a command that checks");
    let output = running.command(&check[0], &check[1..]).output().unwrap();
    assert!(!output.status.success(), "{server:?} accepts it: {}", all(&output));
    Some(String::from_utf8_lossy(&output.stderr).into_owned())
}

fn all(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

impl Running {
    pub(crate) fn folder(&self) -> PathBuf {
        self.root.path().join(self.part.name)
    }

    fn is_root() -> bool {
        std::fs::metadata("/proc/self")
            .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
    }

    fn drops(&self) -> bool {
        self.launch.not_root && Running::is_root()
    }

    /// Gives the folder to the ordinary user the server will run as.
    fn give_away(&self) {
        if self.drops() {
            std::fs::set_permissions(
                self.root.path(),
                std::os::unix::fs::PermissionsExt::from_mode(0o755),
            )
            .unwrap();
            give(&self.folder());
        }
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, args: &[String]) -> Command {
        let mut command = if self.drops() {
            let mut command = Command::new("setpriv");
            let id = NOBODY.to_string();
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups"]);
            command.args(["--pdeathsig", "KILL"]).arg(program);
            command
        } else {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL"]).arg(program);
            command
        };
        command
            .args(args)
            .current_dir(self.folder())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.launch.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    fn start(&mut self) {
        let out = |source: &[Source]| -> Stdio {
            let log = self.launch.logs.iter().find(|log| source.contains(&log.source));
            log.map_or_else(Stdio::null, |log| {
                let path = self.folder().join(&log.path);
                std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap().into()
            })
        };
        let child = self
            .command(&self.launch.program, &self.launch.args)
            .stdout(out(&[Source::Stdout, Source::Both]))
            .stderr(out(&[Source::Stderr, Source::Both]))
            .spawn()
            .unwrap();
        self.child = Some(child);
        let port = self.part.port;
        let ready = within(30, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        assert!(ready, "{:?} does not answer\n{}", self.part.server, self.told());
    }

    /// Writes the files of another configuration and has the server take them over.
    pub(crate) fn change(&mut self, config: &str) {
        let tools = Tools::find();
        let dir = self.folder();
        let launch = lay_out(&self.part, config, &self.options, &dir, &tools).unwrap();
        launch.write(&dir).unwrap();
        match launch.reload {
            Reload::Signal(name) => self.signal(name),
            Reload::Watches => {}
            Reload::Restart => {
                self.stop();
                self.start();
            }
        }
    }

    fn signal(&self, name: &str) {
        let Some(child) = &self.child else { return };
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it the way its packages do.
    pub(crate) fn stop(&mut self) {
        self.signal(self.launch.stop);
        let Some(child) = &mut self.child else { return };
        let ended = within(15, || child.try_wait().unwrap().is_some());
        assert!(ended, "{:?} does not end by SIG{}", self.part.server, self.launch.stop);
        self.child = None;
    }

    /// Everything in its logs.
    pub(crate) fn told(&self) -> String {
        let mut told = String::new();
        for log in &self.launch.logs {
            let text = std::fs::read(self.folder().join(&log.path)).unwrap_or_default();
            told += &format!("== {}\n{}", log.path, String::from_utf8_lossy(&text));
        }
        told
    }

    /// Everything in its logs that is evidence.
    pub(crate) fn evidence(&self) -> String {
        let logs = self.launch.logs.iter().filter(|log| log.path.starts_with("logs/"));
        let read = |log: &lab::parts::Log| std::fs::read(self.folder().join(&log.path));
        logs.map(|log| String::from_utf8_lossy(&read(log).unwrap_or_default()).into_owned())
            .collect()
    }

    /// No file of the user it ran as is left in the folders where servers like to leave some.
    /// Only told apart where the server has a user of its own. Waits for a while: another test's
    /// `initdb` tries shared memory for a moment.
    pub(crate) fn assert_nothing_elsewhere(&self) {
        if self.drops() && !within(10, || self.left().is_empty()) {
            panic!("{:?} left {:?}", self.part.server, self.left());
        }
    }

    fn left(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        for folder in ["/run", "/var/run", "/var/log", "/var/lib", "/dev/shm", "/tmp", "/var/tmp"] {
            let Ok(entries) = std::fs::read_dir(folder) else { continue };
            for entry in entries.flatten() {
                let Ok(meta) = std::fs::symlink_metadata(entry.path()) else { continue };
                let new = meta.modified().is_ok_and(|modified| modified >= self.started);
                if new && std::os::unix::fs::MetadataExt::uid(&meta) == NOBODY {
                    left.push(entry.path());
                }
            }
        }
        left
    }
}

fn give(path: &Path) {
    chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(child) = &mut self.child else { return };
        // A master is asked first: killed at once, it could not end its workers.
        let id = child.id().to_string();
        let _ = Command::new("kill").args(["-s", "TERM", &id]).status();
        if !within(3, || child.try_wait().is_ok_and(|ended| ended.is_some())) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Status and body of one request on a connection of its own; 0 if there was no response.
pub(crate) fn get(port: u16, path: &str) -> (u16, String) {
    let mut answer = Vec::new();
    let asked = || -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")?;
        Ok(stream)
    };
    let Ok(mut stream) = asked() else { return (0, String::new()) };
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    let status = text.get(9..12).and_then(|status| status.parse().ok()).unwrap_or(0);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or(("", ""));
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { body.split("\r\n").nth(1).unwrap_or("") } else { body };
    (status, body.to_owned())
}

/// Response code and addresses with their time to live of a name's A records.
pub(crate) fn resolve(port: u16, name: &str) -> (u8, Vec<([u8; 4], u32)>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut query = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend(label.bytes());
    }
    query.extend([0, 0, 1, 0, 1]);
    socket.send_to(&query, (Ipv4Addr::LOCALHOST, port)).unwrap();
    let mut answer = [0; 512];
    let Ok(length) = socket.recv(&mut answer) else { return (255, vec![]) };
    let code = answer[3] & 15;
    // Answers point back to the question's name: 2 bytes, then type, class, TTL, length, address.
    let records = answer[query.len()..length].chunks_exact(16).take(usize::from(answer[7]));
    let read =
        |r: &[u8]| ([r[12], r[13], r[14], r[15]], u32::from_be_bytes([r[6], r[7], r[8], r[9]]));
    (code, records.map(read).collect())
}

/// What the dialects made of the evidence of a part.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Records by dialect.
    records: std::collections::BTreeMap<&'static str, u64>,
    /// Requests with a failure.
    pub(crate) failures: u64,
    /// Events without a time.
    pub(crate) undated: u64,
    /// Lines nobody understood.
    pub(crate) unread: Vec<String>,
}

impl Reading {
    pub(crate) fn by_dialect(&self, name: &str) -> u64 {
        self.records.get(name).copied().unwrap_or(0)
    }
}

impl Sink for Reading {
    fn tally(&mut self, dialect: &'static str, _: &Tally<'_>) {
        *self.records.entry(dialect).or_default() += 1;
    }

    fn event(&mut self, dialect: &'static str, event: &Event<'_>, _: u32, _: &str) {
        *self.records.entry(dialect).or_default() += 1;
        let dated = match event {
            Event::Request(request) => {
                self.failures += u64::from(request.failure.is_some());
                request.end.or(request.start).is_some()
            }
            Event::Occurrence(occurrence) => occurrence.at.is_some(),
        };
        self.undated += u64::from(!dated);
    }

    fn understood(&mut self, dialect: &'static str, records: u64) {
        *self.records.entry(dialect).or_default() += records;
    }

    fn unread(&mut self, _: u32, text: &str) {
        self.unread.push(text.to_owned());
    }
}

/// Reads the logs below `logs/` as the command line does: with the hint of their names.
pub(crate) fn read_logs(running: &Running) -> Reading {
    let mut read = Reading::default();
    for log in running.launch.logs.iter().filter(|log| log.path.starts_with("logs/")) {
        let path = running.folder().join(&log.path);
        let bytes = std::fs::read(&path).unwrap_or_else(|_| panic!("no {}", log.path));
        let newest = std::fs::metadata(&path).unwrap().modified().unwrap();
        let newest = newest.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        let mut options = Options {
            newest: Some(Timestamp::from_unix_seconds(newest as i64)),
            ..Options::default()
        };
        options.context.combined_is_apache =
            log.path.contains("apache") || log.path.contains("httpd");
        let profile = Profile::of(&bytes, &options);
        reader::read_block(&profile, &bytes, &mut read);
    }
    read
}
