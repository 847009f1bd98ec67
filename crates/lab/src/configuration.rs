//! The configuration of a drill's system as the team that runs it would have it: a folder per host
//! with the files of its servers, and a `why502.toml` that says which hosts there are. Made from the
//! drill's data; nothing runs.
//!
//! What only the lab knows (which run it is, what goes wrong, the load) is not in it.

mod declaration;
mod image;

use std::path::Path;

use model::{Host, Network, Part, Scenario, Server};

use crate::error::{Error, Result};
use crate::layout;
use crate::parts::Tools;
use crate::parts::authority::Authority;
use crate::topology::{CLIENT, Node, ROUTER, Topology, Variant};

/// A file of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configured {
    /// Its path below the system's folder, parted by `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Where the servers of the system lie on their hosts.
const HOME: &str = "/srv";

/// What one server is laid out from.
struct Place<'t> {
    topology: &'t Topology,
    node: &'t Node,
    part: &'static Part,
    tools: &'t Tools,
}

/// The files of a run. Servers that `tools` does not have are taken as those of
/// [`Tools::recorded`].
///
/// # Errors
///
/// If the drill's data does not fit together.
pub fn configuration(
    scenario: &'static Scenario,
    variant: Variant,
    values: &[(String, String)],
    tools: &Tools,
) -> Result<Vec<Configured>> {
    let topology = Topology::new(scenario, variant, values, Path::new(HOME))?;
    let recorded = Tools::recorded();
    let mut files = Vec::new();
    let mut places = Vec::new();
    for host in hosts(&topology) {
        let node = topology.find(host.name)?;
        for part in host.parts.iter().filter(|part| variant.has(part.when)) {
            let tools = if tools.command(part.server).is_some() { tools } else { &recorded };
            places.push(Place { topology: &topology, node, part, tools });
        }
        files.extend(of_host(&topology, host)?);
    }
    for place in places.iter().filter(|place| !place.is_outside()) {
        files.extend(place.files()?);
    }
    if let Some(router) = scenario.router {
        let text = topology.fill(router.firewall)?;
        files.extend(file(&format!("{ROUTER}/nftables.conf"), text));
    }
    files.push(Configured {
        path: "why502.toml".to_owned(),
        text: declaration::write(&topology, &places)?,
    });
    Ok(files)
}

/// The hosts of the run, each once however many instances it has.
fn hosts(topology: &Topology) -> Vec<&'static Host> {
    let mut hosts: Vec<&'static Host> = Vec::new();
    for node in topology.nodes.iter().filter(|node| node.host.name != CLIENT) {
        if hosts.iter().all(|host| host.name != node.host.name) {
            hosts.push(node.host);
        }
    }
    hosts
}

/// A file, unless it would be empty.
fn file(path: &str, text: String) -> Option<Configured> {
    (!text.trim().is_empty()).then(|| Configured { path: path.to_owned(), text })
}

/// What is set on the machine itself.
fn of_host(topology: &Topology, host: &Host) -> Result<Vec<Configured>> {
    let path = |name: &str| format!("{}/etc/{name}", host.name);
    let mut files = Vec::new();
    files.extend(file(&path("nftables.conf"), topology.fill(host.firewall)?));
    files.extend(file(&path("hosts"), topology.fill(host.hosts_file)?));
    let resolver = topology.fill(host.resolver)?;
    if !resolver.is_empty() {
        files.extend(file(&path("resolv.conf"), format!("nameserver {resolver}\n")));
    }
    let mut sysctls = String::new();
    for (name, value) in host.sysctls {
        sysctls.push_str(&format!("{name} = {}\n", topology.fill(value)?));
    }
    files.extend(file(&path("sysctl.conf"), sysctls));
    Ok(files)
}

impl Place<'_> {
    /// Its folder below the system's.
    fn folder(&self) -> String {
        format!("{}/{}", self.node.host.name, self.part.name)
    }

    /// True if it is somebody else's: it is reached through the router, and its files are not to be had.
    fn is_outside(&self) -> bool {
        self.topology.routed() && self.node.host.network == Network::Public
    }

    /// The product with its version, as the program states it.
    fn version(&self) -> Option<String> {
        self.tools.version(self.part.server)
    }

    fn files(&self) -> Result<Vec<Configured>> {
        let launch = layout::launch(self.topology, self.tools, self.node, self.part)?;
        let folder = self.folder();
        let mut files: Vec<Configured> = launch
            .files
            .iter()
            .filter_map(|one| file(&format!("{folder}/{}", one.path), one.text.clone()))
            .collect();
        let names =
            layout::fill(self.topology, self.part.certificate.names, &self.node.name, self.part)?;
        if !names.trim().is_empty() {
            let days = self.topology.number(self.part.certificate.days)?;
            let failed = |why: crate::parts::authority::Error| Error::Data(why.to_string());
            let issued = Authority::new().and_then(|authority| authority.issue(&names, days));
            files.extend(file(&format!("{folder}/cert.pem"), issued.map_err(failed)?.cert));
        }
        if matches!(self.part.server, Server::Node | Server::Gunicorn | Server::Uvicorn) {
            let version = self.version().unwrap_or_default();
            files.extend(file(&format!("{folder}/Dockerfile"), image::write(&launch, &version)));
        }
        Ok(files)
    }
}
