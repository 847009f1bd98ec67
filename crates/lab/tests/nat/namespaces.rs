//! Network namespaces for the tests of the NAT: the test runs itself again as the first process of
//! its own user, PID, mount and network namespace, where it is the router; hosts are network
//! namespaces held by a sleeping process. All of it ends with that first process.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use lab::nat::{PRIVATE, PUBLIC, Settings, load, rules, sysctls};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

const INSIDE: &str = "WHY502_NAT_TEST";

/// Runs `body` in namespaces of its own, or says why it cannot. True outside of them if it ran and
/// measured something.
pub(crate) fn in_namespaces(test: &str, body: impl FnOnce()) -> bool {
    if std::env::var(INSIDE).is_ok_and(|inside| inside == test) {
        body();
        return false;
    }
    if let Some(why) = missing() {
        eprintln!("{test} is skipped: {why}");
        return false;
    }
    let output = Command::new("timeout")
        .args(["-k", "1", "60", "unshare", "-Urnpfm", "--mount-proc", "--kill-child"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, test)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{test} failed in its namespaces:\n{said}");
    assert!(said.contains("1 passed"), "{test} did not run:\n{said}");
    for line in said.lines().filter(|line| line.starts_with("measured: ")) {
        eprintln!("{test}: {line}");
    }
    said.contains("measured: ")
}

fn missing() -> Option<String> {
    let runs = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !runs("unshare", &["-Urnpfm", "--mount-proc", "--kill-child", "true"]) {
        return Some("user namespaces cannot be made here".to_owned());
    }
    let tools = [("nft", "--version"), ("ip", "-V"), ("timeout", "--version")];
    let absent = tools.iter().find(|(program, version)| !runs(program, &[version]))?;
    Some(format!("{} is not installed", absent.0))
}

/// The router, and the hosts behind and before it.
pub(crate) struct Hosts(Vec<(&'static str, Ipv4Addr, Child, File)>);

impl Hosts {
    /// Two instances on the private network and two destinations on the public one.
    pub(crate) fn new() -> Hosts {
        ip("link set lo up");
        for (bridge, address) in [(PRIVATE, "10.50.0.1/16"), (PUBLIC, "203.0.113.1/24")] {
            ip(&format!("link add {bridge} type bridge"));
            ip(&format!("link set {bridge} up"));
            ip(&format!("addr add {address} dev {bridge}"));
        }
        fs::write("/proc/sys/net/ipv4/ip_forward", "1").unwrap();
        let mut hosts = Hosts(Vec::new());
        for (name, address) in [("front-1", [10, 50, 0, 11]), ("front-2", [10, 50, 0, 12])] {
            hosts.add(name, Ipv4Addr::from(address), 16, PRIVATE, "10.50.0.1");
        }
        for (name, address) in [("api", [203, 0, 113, 10]), ("other", [203, 0, 113, 11])] {
            hosts.add(name, Ipv4Addr::from(address), 24, PUBLIC, "203.0.113.1");
        }
        hosts
    }

    fn add(
        &mut self,
        name: &'static str,
        address: Ipv4Addr,
        prefix: u8,
        bridge: &str,
        router: &str,
    ) {
        let own = fs::read_link("/proc/self/ns/net").unwrap();
        let holder = Command::new("unshare").args(["-n", "sleep", "120"]).spawn().unwrap();
        let pid = holder.id();
        let path = format!("/proc/{pid}/ns/net");
        while fs::read_link(&path).is_ok_and(|link| link == own) {
            thread::sleep(Duration::from_millis(2));
        }
        ip(&format!("link add {name} type veth peer name eth0 netns {pid}"));
        ip(&format!("link set {name} up master {bridge}"));
        let namespace = File::open(path).unwrap();
        self.0.push((name, address, holder, namespace));
        self.on(name, || {
            ip("link set lo up");
            ip("link set eth0 up");
            ip(&format!("addr add {address}/{prefix} dev eth0"));
            ip(&format!("route add default via {router}"));
        });
    }

    /// Runs something on a host.
    pub(crate) fn on<T: Send>(&self, host: &str, run: impl FnOnce() -> T + Send) -> T {
        let (.., namespace) = self.0.iter().find(|(name, ..)| *name == host).unwrap();
        thread::scope(|scope| {
            let entered = scope.spawn(|| {
                let network = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(namespace.as_fd(), network).unwrap();
                run()
            });
            entered.join().unwrap()
        })
    }

    /// The name of a host by its address.
    pub(crate) fn name(&self, address: Ipv4Addr) -> Option<String> {
        let found = self.0.iter().find(|(_, its, ..)| *its == address)?;
        Some(found.0.to_owned())
    }

    /// Answers every byte with itself on these ports of a host, until the test ends.
    pub(crate) fn serve(&self, host: &str, ports: &[u16]) {
        for &port in ports {
            let listener = self.on(host, || TcpListener::bind(("0.0.0.0", port)).unwrap());
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    thread::spawn(move || echo(stream));
                }
            });
        }
    }

    /// How many of so many connections, opened at once and closed after one byte and its answer,
    /// succeed within that time.
    pub(crate) fn short(&self, host: &str, to: SocketAddrV4, count: usize) -> usize {
        self.on(host, || {
            let once = move || {
                let mut stream = connect(to)?;
                // The connection is there: a busy machine may take its time to answer.
                stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
                exchange(&mut stream)
            };
            let all: Vec<_> = (0..count).map(|_| thread::spawn(once)).collect();
            all.into_iter().filter_map(|one| one.join().unwrap()).count()
        })
    }
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for (_, _, holder, _) in &mut self.0 {
            let _ = holder.kill();
            let _ = holder.wait();
        }
    }
}

/// A connection that gives up after 700 ms, before the first SYN is sent again.
pub(crate) fn connect(to: SocketAddrV4) -> Option<TcpStream> {
    let patience = Duration::from_millis(700);
    let stream = TcpStream::connect_timeout(&to.into(), patience).ok()?;
    stream.set_read_timeout(Some(patience)).ok()?;
    Some(stream)
}

/// Sends a byte and waits for its answer.
pub(crate) fn exchange(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(b"x").ok()?;
    stream.read_exact(&mut [0]).ok()
}

fn echo(mut stream: TcpStream) {
    let mut byte = [0];
    while stream.read_exact(&mut byte).is_ok() && stream.write_all(&byte).is_ok() {}
}

/// Puts the NAT's rules and settings in force.
pub(crate) fn translate(settings: &Settings) {
    let start = Instant::now();
    for (name, value) in sysctls(settings) {
        fs::write(format!("/proc/sys/{}", name.replace('.', "/")), value).unwrap();
    }
    for batch in rules(settings) {
        load(&batch).unwrap();
    }
    println!("measured: rules loaded in {:?}", start.elapsed());
}

/// Waits until `done` or, at most, that long; says which.
pub(crate) fn eventually(within: Duration, mut done: impl FnMut() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < within {
        if done() {
            return true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    false
}

fn ip(arguments: &str) {
    let status = Command::new("ip").args(arguments.split(' ')).status().unwrap();
    assert!(status.success(), "ip {arguments}");
}
