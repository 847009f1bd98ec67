//! The lab while it runs: its hosts, its servers, its router, and what can be done to them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use model::{Network, Part, Rollout};
use rustix::process::Signal;

use crate::audit::Audit;
use crate::error::{Error, Result};
use crate::inside::Inside;
use crate::layout;
use crate::namespace::NetSpace;
use crate::nat;
use crate::parts::Tools;
use crate::parts::authority::Authority;
use crate::process::{Process, RESTART_PAUSE, write};
use crate::router;
use crate::schedule::signal_of;
use crate::shim::Order;
use crate::supervisor::Supervisor;
use crate::tap::Taps;
use crate::topology::{Node, ROUTER, ROUTER_PRIVATE, ROUTER_PUBLIC, Topology, prefix};
use crate::wire::{self, Cable};

/// A host that runs.
#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) node: Node,
    pub(crate) space: NetSpace,
    pub(crate) processes: Vec<Process>,
}

/// The lab.
pub(crate) struct Lab {
    pub(crate) inside: Inside,
    pub(crate) topology: Topology,
    pub(crate) tools: Tools,
    pub(crate) machines: BTreeMap<String, Machine>,
    pub(crate) router: Option<NetSpace>,
    pub(crate) taps: Taps,
    pub(crate) audit: Audit,
    pub(crate) supervisor: Supervisor,
    /// What was done to the system and when, for people; never evidence.
    pub(crate) journal: Vec<String>,
    began: Instant,
    home: NetSpace,
    authority: Authority,
    cables: u32,
}

/// The bridge of a network.
fn bridge(network: Network) -> String {
    format!("br-{network}")
}

impl Lab {
    /// An empty lab with its networks.
    ///
    /// # Errors
    ///
    /// If the kernel refuses a step.
    pub(crate) fn new(inside: Inside, topology: Topology, tools: Tools) -> Result<Lab> {
        let home = NetSpace::current().map_err(|why| Error::network("the lab", why))?;
        wire::loopback(&home)?;
        wire::bridge(&home, &bridge(Network::Private))?;
        if topology.routed() {
            wire::bridge(&home, &bridge(Network::Public))?;
        }
        let mut lab = Lab {
            inside,
            topology,
            tools,
            machines: BTreeMap::new(),
            router: None,
            taps: Taps::default(),
            audit: Audit::default(),
            supervisor: Supervisor::default(),
            journal: Vec::new(),
            began: Instant::now(),
            home,
            authority: Authority::new().map_err(|why| Error::Data(why.to_string()))?,
            cables: 0,
        };
        lab.add_router()?;
        Ok(lab)
    }

    /// Notes what was done, with the time since the lab's start.
    pub(crate) fn note(&mut self, what: &str) {
        self.journal.push(format!("{:8.3} s  {what}", self.began.elapsed().as_secs_f64()));
    }

    /// A folder of the lab that belongs to no part.
    pub(crate) fn own(&self, name: &str) -> PathBuf {
        self.inside.folder.join("lab").join(name)
    }

    fn cable(&mut self, space: &NetSpace, cable: Cable<'_>) -> Result<()> {
        self.cables += 1;
        wire::connect(&self.home, space, &Cable { number: self.cables, ..cable })
    }

    fn add_router(&mut self) -> Result<()> {
        let Some(router) = &self.topology.scenario.router else { return Ok(()) };
        let space = NetSpace::new().map_err(|why| Error::network(ROUTER, why))?;
        wire::loopback(&space)?;
        for (network, inside, address) in [
            (Network::Private, "private", ROUTER_PRIVATE),
            (Network::Public, "public", ROUTER_PUBLIC),
        ] {
            let bridge = bridge(network);
            let prefix = prefix(network);
            let cable =
                Cable { bridge: &bridge, number: 0, inside, address, prefix, gateway: None };
            self.cable(&space, cable)?;
        }
        sysctl(&space, "net.ipv4.ip_forward", "1")?;
        for (name, value) in router.sysctls {
            sysctl(&space, name, &self.topology.fill(value)?)?;
        }
        self.router = Some(space);
        Ok(())
    }

    /// Makes a host and the folders of its parts; nothing runs on it yet.
    ///
    /// # Errors
    ///
    /// If the kernel refuses a step or the data does not fit.
    pub(crate) fn add_host(&mut self, node: &Node) -> Result<()> {
        let space = NetSpace::new().map_err(|why| Error::network(&node.name, why))?;
        wire::loopback(&space)?;
        // Without a router both networks are one cable, on which everyone is a neighbour.
        let routed = self.topology.routed();
        let network = if routed { node.host.network } else { Network::Private };
        let gateway = routed.then_some(match network {
            Network::Private => ROUTER_PRIVATE,
            Network::Public => ROUTER_PUBLIC,
        });
        let (near, public) = (bridge(network), bridge(Network::Public));
        let cable = Cable {
            bridge: &near,
            number: 0,
            inside: "eth0",
            address: node.address,
            prefix: prefix(node.host.network),
            gateway,
        };
        self.cable(&space, cable)?;
        if !routed {
            wire::neighbours(&space, "eth0")?;
        }
        if let (Some(address), true) = (node.public, routed) {
            let cable = Cable {
                bridge: &public,
                number: 0,
                inside: "eth1",
                address,
                prefix: prefix(Network::Public),
                gateway: None,
            };
            self.cable(&space, cable)?;
        }
        // Servers that refuse to run as root are ordinary users here, DNS on port 53 among them.
        sysctl(&space, "net.ipv4.ip_unprivileged_port_start", "0")?;
        for (name, value) in node.host.sysctls {
            sysctl(&space, name, &self.topology.fill(value)?)?;
        }
        if !node.host.firewall.is_empty() {
            let rules = self.topology.fill(node.host.firewall)?;
            self.taps.firewall(&node.name, &space, &rules)?;
            nft(&space, &node.name, &rules)?;
        }
        self.machines.insert(
            node.name.clone(),
            Machine { node: node.clone(), space, processes: Vec::new() },
        );
        self.write_hosts_files()?;
        let variant = self.topology.variant;
        for part in node.host.parts.iter().filter(|part| variant.has(part.when)) {
            let process = self.lay_out(node, part)?;
            if let Some(machine) = self.machines.get_mut(&node.name) {
                machine.processes.push(process);
            }
        }
        Ok(())
    }

    /// Starts the parts of a host one after the other, waiting for each where `wait` is true.
    ///
    /// # Errors
    ///
    /// If a server does not come up.
    pub(crate) fn start_host(&mut self, name: &str, wait: bool) -> Result<()> {
        let Machine { node, space, processes } = self.machine(name)?;
        let mut supervised = Vec::new();
        for process in processes.iter_mut().filter(|process| !process.part.stopped) {
            process.start()?;
            supervised.extend(process.part.restarts.then_some(process.part.name));
            if wait {
                process.wait_until_ready(node, space)?;
            }
        }
        let host = node.name.clone();
        for part in supervised {
            self.supervisor.started(&host, part);
        }
        self.note(&format!("{name} started"));
        Ok(())
    }

    /// The host of this name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn machine(&mut self, name: &str) -> Result<&mut Machine> {
        let name = self.topology.find(name)?.name.clone();
        self.machines
            .get_mut(&name)
            .ok_or_else(|| Error::Data(format!("host {name} has not been made yet")))
    }

    /// The part called `host/part`.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn process(&mut self, path: &str) -> Result<(&Node, &NetSpace, &mut Process)> {
        let wrong = || Error::Data(format!("there is no part {path}"));
        let (host, part) = path.split_once('/').ok_or_else(wrong)?;
        let machine = self.machine(host)?;
        let process =
            machine.processes.iter_mut().find(|p| p.part.name == part).ok_or_else(wrong)?;
        Ok((&machine.node, &machine.space, process))
    }

    /// Starts supervised servers again that died, after their pause.
    ///
    /// # Errors
    ///
    /// If one cannot be started.
    pub(crate) fn supervise(&mut self) -> Result<()> {
        let mut notes = Vec::new();
        for machine in self.machines.values_mut() {
            for process in machine.processes.iter_mut().filter(|p| p.part.restarts && !p.ended) {
                if process.pid().is_none() || process.is_running() {
                    continue;
                }
                let (host, part) = (&machine.node.name, process.part.name);
                match process.restart_at {
                    None => {
                        if let Some(status) = process.exit_status() {
                            self.supervisor.exited(host, part, status);
                        }
                        process.restart_at = Some(Instant::now() + RESTART_PAUSE);
                    }
                    Some(at) if Instant::now() >= at => {
                        notes.push(format!("{} died and is started again", process.name()));
                        process.start()?;
                        self.supervisor.started(host, part);
                    }
                    Some(_) => {}
                }
            }
        }
        for text in notes {
            self.note(&text);
        }
        Ok(())
    }

    fn lay_out(&mut self, node: &Node, part: &'static Part) -> Result<Process> {
        let dir = self.topology.dir(&node.name, part.name);
        self.issue_certificate(part, &dir, node)?;
        let launch = layout::launch(&self.topology, &self.tools, node, part)?;
        let mut order = Order {
            network: self.machines[&node.name].space.path(),
            host: node.name.clone(),
            instead: self.instead(node),
            ..Order::default()
        };
        let files = self.topology.fill(part.files)?;
        if !files.is_empty() {
            order.files = Some(self.topology.number(part.files)?);
        }
        let memory = self.topology.fill(part.memory)?;
        if !memory.is_empty() {
            let bytes = layout::bytes(&memory)?;
            let group = format!("{}-{}", node.name, part.name);
            match &self.inside.groups {
                Some(groups) => order
                    .groups
                    .push(groups.limited(&group, bytes).map_err(|why| Error::file(&group, why))?),
                None => order.data = Some(bytes),
            }
        }
        Process::lay_out(part, launch, dir, order)
    }

    fn issue_certificate(&self, part: &Part, dir: &Path, node: &Node) -> Result<()> {
        let names = layout::fill(&self.topology, part.certificate.names, &node.name, part)?;
        write(&dir.join("ca.pem"), self.authority.pem(), 0o644)?;
        if names.trim().is_empty() {
            return Ok(());
        }
        let days = self.topology.number(part.certificate.days)?;
        let issued =
            self.authority.issue(&names, days).map_err(|why| Error::Data(why.to_string()))?;
        write(&dir.join("cert.pem"), &issued.cert, 0o644)?;
        write(&dir.join("key.pem"), &issued.key, 0o600)
    }

    /// Files of a host that stand in for the machine's own.
    fn instead(&self, node: &Node) -> Vec<(PathBuf, PathBuf)> {
        ["hosts", "resolv.conf", "nsswitch.conf"]
            .map(|name| (self.own(&node.name).join(name), Path::new("/etc").join(name)))
            .to_vec()
    }

    /// Writes what every host knows of names; called whenever a host is added. Files keep their
    /// identity, because running servers see them through a mount.
    fn write_hosts_files(&self) -> Result<()> {
        let all = self.topology.hosts_file();
        for machine in self.machines.values() {
            let folder = self.own(&machine.node.name);
            let host = machine.node.host;
            let hosts = match host.hosts_file {
                "" => all.clone(),
                own => self.topology.fill(own)?,
            };
            let resolver = match host.resolver {
                "" => String::new(),
                address => format!(
                    "nameserver {}\noptions timeout:1 attempts:2\n",
                    self.topology.fill(address)?
                ),
            };
            write(&folder.join("hosts"), &hosts, 0o644)?;
            write(&folder.join("resolv.conf"), &resolver, 0o644)?;
            write(&folder.join("nsswitch.conf"), "hosts: files dns\n", 0o644)?;
        }
        Ok(())
    }

    /// Writes a gateway's configuration again, with the members as they are now, and lets the
    /// gateway take it over.
    ///
    /// # Errors
    ///
    /// If the files cannot be written or the gateway not be told.
    pub(crate) fn refresh(&mut self, path: &str) -> Result<()> {
        let (node, _, process) = self.process(path)?;
        let (node, part) = (node.clone(), process.part);
        let fresh = layout::launch(&self.topology, &self.tools, &node, part)?;
        let (_, _, process) = self.process(path)?;
        fresh.write(&process.dir).map_err(|why| Error::file(&process.dir, why))?;
        process.launch = fresh;
        process.reload()
    }

    /// Writes a file into a part's folder and lets the part take it over.
    ///
    /// # Errors
    ///
    /// If it cannot be written or the part not be told.
    pub(crate) fn rewrite(&mut self, path: &str, file: &str, text: &str) -> Result<()> {
        let (node, _, process) = self.process(path)?;
        let (node, part) = (node.clone(), process.part);
        let text = layout::fill(&self.topology, text, &node.name, part)?;
        let (_, _, process) = self.process(path)?;
        write(&process.dir.join(file), &text, 0o644)?;
        process.reload()
    }

    /// The network namespace of a host or of the router.
    ///
    /// # Errors
    ///
    /// If there is none of this name.
    pub(crate) fn space(&mut self, host: &str) -> Result<NetSpace> {
        let space = match (host, &self.router) {
            (ROUTER, Some(space)) => space.try_clone(),
            _ => self.machine(host)?.space.try_clone(),
        };
        space.map_err(|why| Error::network(host, why))
    }

    /// Puts a firewall in force on a host, in place of the one it has.
    ///
    /// # Errors
    ///
    /// If the kernel or `nft` refuses it.
    pub(crate) fn firewall(&mut self, host: &str, rules: &str) -> Result<()> {
        let space = self.space(host)?;
        if host == ROUTER {
            return router::firewall(self, &space, rules);
        }
        let name = self.machine(host)?.node.name.clone();
        self.taps.firewall(&name, &space, rules)?;
        nft(&space, &name, &format!("flush ruleset\n{rules}"))
    }

    /// Runs a shell command on a host; what it says goes to the journal.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn run(&mut self, host: &str, command: &str) -> Result<()> {
        let folder = self.inside.folder.clone();
        let space = self.space(host)?;
        let shell = || Command::new("sh").args(["-c", command]).current_dir(&folder).output();
        let output = space.within(shell).and_then(std::convert::identity).map_err(|why| {
            Error::Start { program: "sh".to_owned(), host: host.to_owned(), why: why.to_string() }
        })?;
        for bytes in [&output.stdout, &output.stderr] {
            for line in String::from_utf8_lossy(bytes).lines() {
                self.note(&format!("  {line}"));
            }
        }
        Ok(())
    }

    /// Starts an instance of a new revision of a host; it is no member of any gateway yet.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub(crate) fn start_instance(&mut self, rollout: &Rollout) -> Result<String> {
        let host = self.topology.find(rollout.host)?.host;
        let node = self.topology.add_instance(host);
        self.add_host(&node)?;
        let environment = rollout
            .environment
            .iter()
            .map(|text| self.topology.fill(text))
            .collect::<Result<Vec<String>>>()?;
        for process in &mut self.machine(&node.name)?.processes {
            for pair in &environment {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                process.set_environment(name, value);
            }
        }
        self.start_host(&node.name, false)?;
        Ok(node.name)
    }

    /// Whether all of these accept connections.
    ///
    /// # Errors
    ///
    /// If one does not exist.
    pub(crate) fn accepting(&mut self, names: &[String]) -> Result<bool> {
        for name in names {
            let Machine { node, space, processes } = self.machine(name)?;
            let ready = processes
                .iter()
                .filter(|process| process.part.port != 0 && !process.part.stopped)
                .all(|process| process.accepts(node, space));
            if !ready {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Asks everything that runs on these hosts to stop, each server in its own way.
    ///
    /// # Errors
    ///
    /// If a host does not exist or the kernel refuses.
    pub(crate) fn stop_all(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            for process in &mut self.machine(name)?.processes {
                let signal = signal_of(process.launch.stop)?;
                process.ended = true;
                process.signal(signal)?;
            }
        }
        Ok(())
    }

    /// Sends a signal to everything that runs on these hosts.
    ///
    /// # Errors
    ///
    /// If a host does not exist or the kernel refuses.
    pub(crate) fn signal_all(&mut self, names: &[String], signal: Signal) -> Result<()> {
        for name in names {
            for process in &mut self.machine(name)?.processes {
                process.signal(signal)?;
            }
        }
        Ok(())
    }
}

/// Sets a kernel setting of a namespace.
///
/// # Errors
///
/// If the kernel does not have it or refuses the value.
pub(crate) fn sysctl(space: &NetSpace, name: &str, value: &str) -> Result<()> {
    let path = Path::new("/proc/sys").join(name.replace('.', "/"));
    space
        .within(|| std::fs::write(&path, value))
        .and_then(std::convert::identity)
        .map_err(|why| Error::network(format!("the kernel setting {name} = {value}"), why))
}

/// Loads rules into the firewall of a namespace, beside those it has.
///
/// # Errors
///
/// What `nft` says about them.
pub(crate) fn nft(space: &NetSpace, host: &str, rules: &str) -> Result<()> {
    let what = || format!("the firewall of {host}");
    space
        .within(|| nat::load(rules))
        .map_err(|why| Error::network(what(), why))?
        .map_err(|why| Error::network(what(), why))
}
