//! A scenario with its values filled in: which hosts there are, with which addresses, and what
//! every `{{…}}` stands for. Pure data; nothing runs yet.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use model::{Host, Network, Part, Scenario, When};

use crate::error::{Error, Result};
use crate::template;

/// Which of the two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Variant {
    /// With the fault.
    Fault,
    /// With the remedy.
    Remedy,
}

impl Variant {
    /// Whether something is there in this run.
    pub(crate) fn has(self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Fault => self == Variant::Fault,
            When::Remedy => self == Variant::Remedy,
        }
    }

    /// The word in file names and on screen.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Variant::Fault => "fault",
            Variant::Remedy => "remedy",
        }
    }
}

/// The host from which the load comes; every scenario has it.
pub(crate) const CLIENT: &str = "client";
/// The machine between the networks.
pub(crate) const ROUTER: &str = "router";
/// Its address on the private network.
pub(crate) const ROUTER_PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 50, 0, 1);
/// Its address on the public network, which is also the translated address.
pub(crate) const ROUTER_PUBLIC: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// The address with which traffic leaves that goes past the NAT.
pub(crate) const PLATFORM_PUBLIC: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);

/// Length of a network's prefix.
pub(crate) const fn prefix(network: Network) -> u8 {
    match network {
        Network::Private => 16,
        Network::Public => 24,
    }
}

/// One machine of the lab.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its own name: that of the host, with a number where there are several.
    pub name: String,
    /// The host it is an instance of.
    pub host: &'static Host,
    /// Its address.
    pub address: Ipv4Addr,
    /// Its address on the public network, if it is attached to both.
    pub public: Option<Ipv4Addr>,
}

/// A scenario in one of its variants.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The data.
    pub scenario: &'static Scenario,
    /// Which run.
    pub variant: Variant,
    /// Values that stand in for those of the variant.
    values: BTreeMap<String, String>,
    /// The lab's folder.
    pub folder: PathBuf,
    /// The machines, in the order in which they start, without client and router.
    pub nodes: Vec<Node>,
    /// The instances that gateways know of, where that is not all of them.
    pub(crate) members: BTreeMap<&'static str, Vec<String>>,
    /// Numbers handed out so far, per host and per network.
    next: BTreeMap<&'static str, u16>,
}

/// The client's host, where the scenario does not bring one.
static CLIENT_HOST: Host = Host::new(CLIENT, &[]);

impl Topology {
    /// Fills a scenario in.
    ///
    /// # Errors
    ///
    /// If the data does not fit together.
    pub fn new(
        scenario: &'static Scenario,
        variant: Variant,
        values: &[(String, String)],
        folder: &Path,
    ) -> Result<Topology> {
        if let Some((name, _)) =
            values.iter().find(|(name, _)| !scenario.knobs.iter().any(|knob| knob.name == name))
        {
            return Err(Error::Data(format!("there is no knob {name}")));
        }
        let mut topology = Topology {
            scenario,
            variant,
            values: values.iter().cloned().collect(),
            folder: folder.to_owned(),
            nodes: Vec::new(),
            members: BTreeMap::new(),
            next: BTreeMap::new(),
        };
        if !scenario.hosts.iter().any(|host| host.name == CLIENT) {
            let client = topology.node(&CLIENT_HOST, CLIENT.to_owned());
            topology.nodes.push(client);
        }
        for host in scenario.hosts.iter().filter(|host| variant.has(host.when)) {
            if host.instances.is_empty() {
                let node = topology.node(host, host.name.to_owned());
                topology.nodes.push(node);
                continue;
            }
            let count: u16 = topology.number(host.instances)?;
            for _ in 0..count {
                topology.add_instance(host);
            }
        }
        Ok(topology)
    }

    /// A further instance of a host; its number goes on from the last one's.
    pub(crate) fn add_instance(&mut self, host: &'static Host) -> Node {
        let made = self.next.entry(host.name).or_insert(0);
        *made += 1;
        let name = format!("{}-{made}", host.name);
        let node = self.node(host, name);
        self.nodes.push(node.clone());
        node
    }

    fn node(&mut self, host: &'static Host, name: String) -> Node {
        let address = self.next_address(host.network);
        let public = host.both.then(|| self.next_address(Network::Public));
        Node { name, host, address, public }
    }

    fn next_address(&mut self, network: Network) -> Ipv4Addr {
        let used = self.next.entry(network.as_str()).or_insert(9);
        *used += 1;
        let [high, low] = used.to_be_bytes();
        match network {
            Network::Private => Ipv4Addr::new(10, 50, high, low),
            Network::Public => Ipv4Addr::new(203, 0, 113, low),
        }
    }

    /// The machine of this name; of a host with several instances the first.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub(crate) fn find(&self, name: &str) -> Result<&Node> {
        self.nodes
            .iter()
            .find(|node| node.name == name)
            .or_else(|| self.nodes.iter().find(|node| node.host.name == name))
            .ok_or_else(|| Error::Data(format!("there is no host {name}")))
    }

    /// The instances of a host that gateways send traffic to.
    pub(crate) fn instances(&self, host: &str) -> Vec<&Node> {
        let members = self.members.get(host);
        self.nodes
            .iter()
            .filter(|node| node.host.name == host || node.name == host)
            .filter(|node| members.is_none_or(|names| names.contains(&node.name)))
            .collect()
    }

    /// The folder of a part.
    #[must_use]
    pub fn dir(&self, node: &str, part: &str) -> PathBuf {
        self.folder.join(node).join(part)
    }

    /// A text with everything filled in that does not depend on a part.
    ///
    /// # Errors
    ///
    /// If a name is not known.
    pub(crate) fn fill(&self, text: &str) -> Result<String> {
        template::fill(text, &|name| self.value(name))
    }

    /// A text of a part: `{{dir}}` is its folder and `{{members:…}}` in its own grammar. Names
    /// that `own` knows come first.
    ///
    /// # Errors
    ///
    /// If a name is not known.
    pub(crate) fn fill_part(
        &self,
        text: &str,
        node: &str,
        part: &Part,
        members: &dyn Fn(&str, &[&Node]) -> Option<String>,
        own: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String> {
        template::fill(text, &|name| {
            if name == "dir" {
                return Some(self.dir(node, part.name).display().to_string());
            }
            if name == "host" {
                return Some(node.to_owned());
            }
            if let Some(list) = name.strip_prefix("members:") {
                let host = list.split(':').next().unwrap_or(list);
                return members(list, &self.instances(host));
            }
            own(name).or_else(|| self.value(name))
        })
    }

    fn value(&self, name: &str) -> Option<String> {
        if let Some(host) = name.strip_prefix("ip:") {
            return match host {
                ROUTER => Some(ROUTER_PRIVATE.to_string()),
                "nat" => Some(ROUTER_PUBLIC.to_string()),
                _ => self.find(host).ok().map(|node| node.address.to_string()),
            };
        }
        if let Some(host) = name.strip_prefix("public:") {
            return self.find(host).ok()?.public.map(|address| address.to_string());
        }
        let knob = self.scenario.knobs.iter().find(|knob| knob.name == name)?;
        let value = match (self.values.get(name), self.variant) {
            (Some(value), _) => value,
            (None, Variant::Fault) => knob.fault,
            (None, Variant::Remedy) => knob.remedy,
        };
        // A knob may use addresses and other knobs; one that names itself is a mistake.
        if value.contains(&format!("{{{{{name}}}}}")) {
            return None;
        }
        self.fill(value).ok()
    }

    /// A templated number.
    ///
    /// # Errors
    ///
    /// If it is not one.
    pub(crate) fn number<T: std::str::FromStr>(&self, text: &str) -> Result<T> {
        let filled = self.fill(text)?;
        filled
            .trim()
            .parse()
            .map_err(|_| Error::Data(format!("`{filled}` (from `{text}`) is not a number")))
    }

    /// Whether the two networks are apart.
    pub(crate) fn routed(&self) -> bool {
        self.scenario.router.is_some()
    }

    /// `/etc/hosts` for every machine.
    pub(crate) fn hosts_file(&self) -> String {
        let mut text = String::from("127.0.0.1 localhost\n::1 localhost ip6-localhost\n");
        let mut named: Vec<&str> = Vec::new();
        for node in &self.nodes {
            text.push_str(&format!("{} {}", node.address, node.name));
            if node.host.name != node.name && !named.contains(&node.host.name) {
                named.push(node.host.name);
                text.push_str(&format!(" {}", node.host.name));
            }
            text.push('\n');
        }
        text
    }
}
