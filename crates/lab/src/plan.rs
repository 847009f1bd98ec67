//! What a run would do, as something to read and to type by hand.

use std::path::Path;

use model::{Action, Network, Part, Router, Scenario, Step};

use crate::error::{Error, Result};
use crate::layout;
use crate::nat::{self, Settings};
use crate::parts::{Reload, Source, Tools};
use crate::router;
use crate::run;
use crate::topology::{
    CLIENT, Node, PLATFORM_PUBLIC, ROUTER, ROUTER_PRIVATE, ROUTER_PUBLIC, Topology, Variant, prefix,
};

/// The topology and the equivalent shell commands of a run. What the lab does by system calls is
/// written as the command that does the same.
///
/// # Errors
///
/// If the drill's data does not fit together, or a server it needs is missing here: its command
/// line depends on where it is.
pub fn dry_run(scenario: &'static Scenario, variant: Variant) -> Result<String> {
    let topology = Topology::new(scenario, variant, &[], Path::new("/mnt"))?;
    let mut script = Script { topology, tools: Tools::find(), text: String::new(), cables: 0 };
    script.head();
    script.room()?;
    script.router()?;
    for node in script.topology.nodes.clone() {
        script.host(&node)?;
    }
    for node in script.topology.nodes.clone() {
        for part in node.host.parts.iter().filter(|part| variant.has(part.when)) {
            script.part(&node, part)?;
        }
    }
    script.load()?;
    for step in scenario.steps.iter().filter(|step| variant.has(step.when)) {
        script.step(step)?;
    }
    script.say("\n# What the logs say, to somebody who knows nothing else");
    script.say("why502 diagnose /mnt/*/*/logs");
    script.say(ROOM);
    Ok(script.text)
}

struct Script {
    topology: Topology,
    tools: Tools,
    text: String,
    cables: u32,
}

/// The end mark of what happens in the room. Everything stands between two of them, so that not one
/// command reaches the machine itself, whether the script is typed, piped or run as a file.
const ROOM: &str = "END_OF_LAB";
/// The end mark of a text in the script; no configuration has such a line.
const END: &str = "END_OF_FILE";

impl Script {
    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn file(&mut self, command: &str, text: &str) {
        self.say(&format!("{command} <<'{END}'\n{}\n{END}", text.trim_end()));
    }

    fn head(&mut self) {
        let scenario = self.topology.scenario;
        self.say(&format!("# {}", scenario.happens.en));
        if self.topology.variant == Variant::Remedy {
            self.say(&format!("# With the remedy: {}", scenario.cure.en));
        }
        self.say("#");
        let mut nodes: Vec<(String, String, String)> = Vec::new();
        if self.topology.routed() {
            let translates = scenario.router.is_some_and(|router| router.nat.is_some());
            let what = if translates { "forwards and translates" } else { "forwards" };
            nodes.push((
                ROUTER.to_owned(),
                format!("{ROUTER_PRIVATE} {ROUTER_PUBLIC}"),
                what.to_owned(),
            ));
        }
        for node in &self.topology.nodes {
            let parts: Vec<String> = node
                .host
                .parts
                .iter()
                .filter(|part| self.topology.variant.has(part.when))
                .map(|part| match part.port {
                    0 => part.server.to_string(),
                    port => format!("{} on {port}", part.server),
                })
                .collect();
            let what = if node.name == CLIENT { "sends the load".into() } else { parts.join(", ") };
            let place = match node.public {
                Some(public) => format!("{} {public}", node.address),
                None => format!("{} ({})", node.address, node.host.network),
            };
            nodes.push((node.name.clone(), place, what));
        }
        for (name, place, what) in nodes {
            self.say(&format!("#   {name:<12} {place:<26} {what}"));
        }
    }

    fn room(&mut self) -> Result<()> {
        self.say("\n# A room of its own, gone with its shell");
        self.say(&format!(
            "unshare --user --map-root-user --pid --fork --kill-child --mount-proc --net --mount \
             bash <<'{ROOM}'"
        ));
        self.say("mount -t tmpfs lab /mnt; mount -t tmpfs run /run; mkdir /run/netns");
        let hosts = self.topology.hosts_file();
        self.file("cat >/mnt/hosts", &hosts);
        self.say("mount --bind /mnt/hosts /etc/hosts");
        self.say("ip link set lo up");
        let networks: &[Network] =
            if self.topology.routed() { Network::ALL } else { &[Network::Private] };
        for network in networks {
            self.say(&format!("ip link add br-{network} type bridge; ip link set br-{network} up"));
        }
        Ok(())
    }

    fn cable(&mut self, host: &str, network: Network, interface: &str, address: &str) {
        self.cables += 1;
        let near = format!("h{}", self.cables);
        self.say(&format!(
            "ip link add {near} type veth peer name {interface} netns {host}; \
             ip link set {near} master br-{network} up"
        ));
        self.say(&format!(
            "ip -n {host} address add {address} dev {interface}; \
             ip -n {host} link set {interface} up"
        ));
    }

    fn space(&mut self, host: &str, sysctls: &[(&str, &str)]) -> Result<()> {
        self.say(&format!("ip netns add {host}; ip -n {host} link set lo up"));
        for (name, value) in sysctls {
            let value = self.topology.fill(value)?;
            self.say(&format!("ip netns exec {host} sysctl -qw {name}='{value}'"));
        }
        Ok(())
    }

    fn router(&mut self) -> Result<()> {
        let Some(Router { nat, firewall, sysctls }) = self.topology.scenario.router else {
            return Ok(());
        };
        self.say("\n# The router");
        self.space(ROUTER, sysctls)?;
        for (network, address) in
            [(Network::Private, ROUTER_PRIVATE), (Network::Public, ROUTER_PUBLIC)]
        {
            let address = format!("{address}/{}", prefix(network));
            self.cable(ROUTER, network, network.as_str(), &address);
        }
        self.say(&format!("ip netns exec {ROUTER} sysctl -qw net.ipv4.ip_forward=1"));
        if let Some(nat) = nat
            && router::past_the_nat(&self.topology.fill(nat.egress)?)?
        {
            let address = format!("{PLATFORM_PUBLIC}/{}", prefix(Network::Public));
            self.say(&format!("ip -n {ROUTER} address add {address} dev public"));
            self.file(&format!("ip netns exec {ROUTER} nft -f -"), &router::platform_egress());
        } else if let Some(nat) = nat {
            let fill = |text| self.topology.fill(text);
            let settings = Settings::read(
                &fill(nat.ports)?,
                &fill(nat.time_wait)?,
                &fill(nat.max_ports)?,
                &fill(nat.idle)?,
            )
            .map_err(|why| Error::Data(why.to_string()))?
            .for_pairs(self.pairs());
            for (name, value) in nat::sysctls(&settings) {
                self.say(&format!("ip netns exec {ROUTER} sysctl -qw {name}={value}"));
            }
            for rules in nat::rules(&settings) {
                self.file(&format!("ip netns exec {ROUTER} nft -f -"), &rules);
            }
        }
        let firewall = self.topology.fill(firewall)?;
        if !firewall.is_empty() {
            self.file(&format!("ip netns exec {ROUTER} nft -f -"), &firewall);
        }
        Ok(())
    }

    /// Pairs of an instance and a destination that can occur.
    fn pairs(&self) -> u32 {
        let nodes = &self.topology.nodes;
        let inside = nodes.iter().filter(|node| node.host.network == Network::Private);
        let outside = nodes.iter().filter(|node| node.host.network == Network::Public);
        let instances = inside.filter(|node| node.name != CLIENT).count();
        let destinations: usize = outside.map(|node| node.host.parts.len()).sum();
        u32::try_from(instances * destinations).unwrap_or(u32::MAX)
    }

    fn host(&mut self, node: &Node) -> Result<()> {
        let name = &node.name;
        self.say(&format!("\n# Host {name}"));
        self.space(name, node.host.sysctls)?;
        let routed = self.topology.routed();
        let network = if routed { node.host.network } else { Network::Private };
        let address = format!("{}/{}", node.address, prefix(node.host.network));
        self.cable(name, network, "eth0", &address);
        let way = match (routed, network) {
            (false, _) => "dev eth0".to_owned(),
            (true, Network::Private) => format!("via {ROUTER_PRIVATE}"),
            (true, Network::Public) => format!("via {ROUTER_PUBLIC}"),
        };
        self.say(&format!("ip -n {name} route add default {way}"));
        if let (Some(address), true) = (node.public, routed) {
            let address = format!("{address}/{}", prefix(Network::Public));
            self.cable(name, Network::Public, "eth1", &address);
        }
        for (file, text) in [("hosts", node.host.hosts_file), ("resolv.conf", node.host.resolver)] {
            let text = self.topology.fill(text)?;
            if !text.is_empty() {
                let text = if file == "hosts" { text } else { format!("nameserver {text}") };
                self.say(&format!("mkdir -p /etc/netns/{name}"));
                self.file(&format!("cat >/etc/netns/{name}/{file}"), &text);
            }
        }
        let firewall = self.topology.fill(node.host.firewall)?;
        if !firewall.is_empty() {
            self.file(&format!("ip netns exec {name} nft -f -"), &firewall);
        }
        Ok(())
    }

    fn part(&mut self, node: &Node, part: &'static Part) -> Result<()> {
        let launch = layout::launch(&self.topology, &self.tools, node, part)?;
        let dir = self.topology.dir(&node.name, part.name);
        let dir = dir.display();
        self.say(&format!("\n# {} on {}", part.server, node.name));
        self.say(&format!("mkdir -p {dir}; cd {dir}; mkdir -p {}", launch.folders.join(" ")));
        let names = layout::fill(&self.topology, part.certificate.names, &node.name, part)?;
        if !names.is_empty() {
            let days = self.topology.fill(part.certificate.days)?;
            self.say(&format!(
                "# cert.pem and key.pem for {names}, good for {days} days, and ca.pem that signed it"
            ));
        }
        for file in &launch.files {
            self.file(&format!("cat >{}", file.path), &file.text);
        }
        let user = if launch.not_root { "unshare --user --map-user=1000 " } else { "" };
        let environment: Vec<String> =
            launch.env.iter().map(|(name, value)| format!("{name}={}", quoted(value))).collect();
        let inside = format!("ip netns exec {} env {} {user}", node.name, environment.join(" "));
        for command in &launch.prepare {
            let words: Vec<String> = command.iter().map(|word| quoted(word)).collect();
            self.say(&format!("{inside}{}", words.join(" ")));
        }
        let memory = self.topology.fill(part.memory)?;
        if !memory.is_empty() {
            self.say(&format!("# in a control group with memory.max = {memory}"));
        }
        let files = self.topology.fill(part.files)?;
        if !files.is_empty() {
            self.say(&format!("ulimit -n {files}"));
        }
        let words: Vec<String> = [launch.program.display().to_string()]
            .iter()
            .chain(&launch.args)
            .map(|word| quoted(word))
            .collect();
        let mut output = String::new();
        for log in &launch.logs {
            match log.source {
                Source::File => {}
                Source::Stdout => output.push_str(&format!(" >>{}", log.path)),
                Source::Stderr => output.push_str(&format!(" 2>>{}", log.path)),
                Source::Both => output.push_str(&format!(" >>{} 2>&1", log.path)),
            }
        }
        let start = format!("{inside}{}{output}", words.join(" "));
        let variable = variable(&node.name, part.name);
        if part.stopped {
            self.say(&format!("# not started yet: {start} &"));
        } else if part.restarts {
            self.say(&format!("(while :; do {start}; sleep 0.1; done) & {variable}=$!"));
        } else {
            self.say(&format!("{start} & {variable}=$!"));
        }
        if part.port != 0 && !part.stopped {
            let (name, port) = (&node.name, part.port);
            let place = |address: &str| format!(": >/dev/tcp/{address}/{port}");
            let places = [place(&node.address.to_string()), place("127.0.0.1"), place("::1")];
            self.say(&format!(
                "timeout 30 ip netns exec {name} bash -c 'until {}; do sleep 0.1; done' 2>/dev/null",
                places.join(" || ")
            ));
        }
        if let Reload::Signal(signal) = launch.reload {
            self.say(&format!("# takes changed files over by: kill -{signal} ${variable}"));
        }
        Ok(())
    }

    fn load(&mut self) -> Result<()> {
        let plan = run::plan(&self.topology)?;
        self.say("\n# The load, by the clock and whatever the answers");
        let every = match plan.arrivals {
            crate::load::Arrivals::Constant { rate } => {
                format!("# {rate} requests per second for {} s", plan.lasts.as_secs_f64())
            }
            crate::load::Arrivals::Bursts { size, gap, step } => format!(
                "# bursts of {size} requests for {} s: the first gap {} ms, each further one {} ms \
                 longer",
                plan.lasts.as_secs_f64(),
                gap.as_secs_f64() * 1e3,
                step.as_secs_f64() * 1e3
            ),
        };
        self.say(&every);
        for ask in &plan.requests {
            let mut command = format!(
                "ip netns exec {CLIENT} curl -sS -o /dev/null -m {} -X {}",
                plan.patience.as_secs_f64(),
                ask.method
            );
            for (name, value) in &ask.headers {
                command.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
            }
            if ask.body_bytes > 0 {
                command.push_str(&format!(
                    " --data-binary \"$(head -c {} /dev/zero | tr '\\0' x)\"",
                    ask.body_bytes
                ));
            }
            self.say(&format!(
                "{command} {}",
                quoted(&format!("http://{}{}", plan.target, ask.path))
            ));
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<()> {
        let at = self.topology.fill(step.at)?;
        self.say(&format!("\n# {at} ms after the load has begun"));
        match step.does {
            Action::Signal { part, signal } => {
                let signal = self.topology.fill(signal)?;
                let (host, part) = part.split_once('/').unwrap_or((part, ""));
                self.say(&format!("kill -{signal} ${}", variable(host, part)));
            }
            Action::Start { part } => {
                self.say(&format!("# {part} starts: its command stands above"));
            }
            Action::Firewall { host, rules } => {
                let rules = self.topology.fill(rules)?;
                self.say(&format!("ip netns exec {host} nft flush ruleset"));
                if !rules.is_empty() {
                    self.file(&format!("ip netns exec {host} nft -f -"), &rules);
                }
            }
            Action::Rewrite { part, file, text } => {
                let (host, name) = part.split_once('/').unwrap_or((part, ""));
                let node = self.topology.find(host)?.clone();
                let known = node.host.parts.iter().find(|part| part.name == name);
                let known = known.ok_or_else(|| Error::Data(format!("there is no part {part}")))?;
                let text = layout::fill(&self.topology, text, &node.name, known)?;
                let dir = self.topology.dir(&node.name, name);
                self.file(&format!("cat >{}", dir.join(file).display()), &text);
                self.say(&format!("# {part} takes it over"));
            }
            Action::Run { host, command } => {
                let command = self.topology.fill(command)?;
                self.say(&format!("ip netns exec {host} sh -c {}", quoted(&command)));
            }
            Action::FillConnectionTable { host, spare, .. } => {
                let spare = self.topology.fill(spare)?;
                self.say(&format!(
                    "# {host}: entries are made by ctnetlink until only {spare} of nf_conntrack_max \
                     are free"
                ));
            }
            Action::Rollout(rollout) => {
                let fill = |text| self.topology.fill(text);
                let pace = fill(rollout.pace)?;
                let (ready, drain) = (fill(rollout.ready)?, fill(rollout.drain)?);
                let grace = fill(rollout.grace)?;
                let ready = match ready.as_str() {
                    "" => "they accept connections".to_owned(),
                    time => format!("{time} ms have passed"),
                };
                let stop = match drain.strip_prefix('-') {
                    Some(early) => format!("{early} ms before traffic moves"),
                    None => format!("{drain} ms after traffic has moved"),
                };
                self.say(&format!(
                    "# as many new instances of {} start, {pace} ms apart, each like the first ones\n\
                     # when {ready}, {} get the new list of members\n\
                     # the old instances get TERM {stop}, and KILL {grace} ms later",
                    rollout.host,
                    rollout.gateways.join(" and ")
                ));
            }
        }
        Ok(())
    }
}

fn variable(host: &str, part: &str) -> String {
    format!("{host}_{part}").replace(['-', '.'], "_")
}

/// A word as the shell takes it literally.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_the_shell() {
        assert_eq!(quoted("a-b=c"), "a-b=c");
        assert_eq!(quoted("it's $5"), r"'it'\''s $5'");
        assert_eq!(quoted(""), "''");
    }
}
