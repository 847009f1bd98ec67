//! The `why502.toml` of a drill's system: what its team knows and its other files do not say.

use model::{Action, Network, Server};

use super::Place;
use crate::error::Result;
use crate::layout;
use crate::topology::{Node, Topology};

/// Writes the declaration.
pub(super) fn write(topology: &Topology, places: &[Place<'_>]) -> Result<String> {
    let mut text = String::from("# What the other files do not say. docs/guide/why502-toml.md\n");
    // Name servers stand on no path of requests.
    for place in places.iter().filter(|place| place.part.server != Server::Dns) {
        text.push('\n');
        text.push_str(&hop(topology, place)?);
    }
    if let Some(nat) = nat(topology)? {
        text.push('\n');
        text.push_str(&nat);
    }
    Ok(text)
}

/// A text in quotation marks.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn hop(topology: &Topology, place: &Place<'_>) -> Result<String> {
    let host = place.node.host;
    let there = |part: &&model::Part| topology.variant.has(part.when);
    let name = match host.parts.iter().filter(there).count() {
        1 => host.name.to_owned(),
        _ => format!("{}-{}", host.name, place.part.name),
    };
    let nodes: Vec<&Node> =
        topology.nodes.iter().filter(|node| node.host.name == host.name).collect();
    let mut text = format!("[[hop]]\nname = {}\n", quoted(&name));
    if place.is_outside() {
        text.push_str("task = \"external\"\n");
    } else if let Some(version) = place.version() {
        text.push_str(&format!("product = {}\n", quoted(&version)));
    }
    if !place.is_outside() {
        text.push_str(&format!("files = {}\n", list([quoted(&place.folder())].into_iter())));
    }
    let mut hosts = vec![host.name.to_owned()];
    for node in &nodes {
        hosts.push(node.name.clone());
        hosts.push(node.address.to_string());
        hosts.extend(node.public.map(|address| address.to_string()));
    }
    hosts.dedup();
    text.push_str(&format!("hosts = {}\n", list(hosts.iter().map(|host| quoted(host)))));
    if place.part.port != 0 {
        text.push_str(&format!("ports = [{}]\n", place.part.port));
    }
    if !host.instances.is_empty() {
        text.push_str(&format!("instances = {}\n", nodes.len()));
    }
    let settings = if place.is_outside() {
        vec![("public-address", "true".to_owned())]
    } else {
        settings(topology, place)?
    };
    if !settings.is_empty() {
        text.push_str("\n[hop.settings]\n");
        for (name, value) in settings {
            text.push_str(&format!("{name} = {value}\n"));
        }
    }
    Ok(text)
}

fn settings(topology: &Topology, place: &Place<'_>) -> Result<Vec<(&'static str, String)>> {
    let host = place.node.host;
    let mut settings = Vec::new();
    settings.extend(certificate(topology, place)?);
    let memory = topology.fill(place.part.memory)?;
    if !memory.is_empty() {
        settings.push(("memory-limit", layout::bytes(&memory)?.to_string()));
    }
    // How the platform replaces instances is set once, for all releases.
    let steps = topology.scenario.steps.iter().filter(|step| topology.variant.has(step.when));
    for step in steps {
        let Action::Rollout(rollout) = step.does else { continue };
        if rollout.host != host.name {
            continue;
        }
        settings.push(("max-surge", quoted("100%")));
        let grace = topology.fill(rollout.grace)?;
        settings.push(("termination-grace", quoted(&format!("{grace}ms"))));
        let drain = topology.fill(rollout.drain)?;
        let delay = if drain.starts_with('-') { "0" } else { &drain };
        settings.push(("pre-stop-delay", quoted(&format!("{delay}ms"))));
    }
    if host.network == Network::Private
        && let Some(egress) = egress(topology)?
    {
        settings.push(("egress-mode", quoted(&egress)));
    }
    for (name, value) in host.known {
        let value = topology.fill(value)?;
        let plain = value.parse::<u64>().is_ok() || matches!(&*value, "true" | "false");
        settings.push((*name, if plain { value } else { quoted(&value) }));
    }
    Ok(settings)
}

/// What is known of a certificate that the server has: its names and its last day.
fn certificate(topology: &Topology, place: &Place<'_>) -> Result<Vec<(&'static str, String)>> {
    let names = place.part.certificate.names;
    let names = layout::fill(topology, names, &place.node.name, place.part)?;
    if names.trim().is_empty() {
        return Ok(Vec::new());
    }
    let days: i64 = topology.number(place.part.certificate.days)?;
    let last = time::OffsetDateTime::now_utc().date() + time::Duration::days(days);
    let names = list(names.split_ascii_whitespace().map(quoted));
    Ok(vec![
        ("certificate-names", names),
        ("certificate-not-after", format!("\"{last}T00:00:00Z\"")),
    ])
}

/// Seconds after which the router's firewall forgets an idle connection, where that is set.
fn forgets(topology: &Topology) -> Result<Option<String>> {
    const KERNEL: &str = "net.netfilter.nf_conntrack_tcp_timeout_established";
    let router = topology.scenario.router;
    let set = router.and_then(|router| router.sysctls.iter().find(|(name, _)| *name == KERNEL));
    set.map(|(_, value)| topology.fill(value)).transpose()
}

/// What leaves through the router.
fn egress(topology: &Topology) -> Result<Option<String>> {
    match topology.scenario.router.and_then(|router| router.nat) {
        Some(nat) => topology.fill(nat.egress).map(Some),
        None => Ok(forgets(topology)?.map(|_| "all-traffic".to_owned())),
    }
}

/// The NAT, in the words of Cloud NAT's own settings.
fn nat(topology: &Topology) -> Result<Option<String>> {
    let Some(nat) = topology.scenario.router.and_then(|router| router.nat) else {
        let forgets = forgets(topology)?.map(|seconds| {
            format!(
                "[[hop]]\nname = \"router\"\ntask = \"nat\"\n\n[hop.settings]\n\
                 flow-idle-timeout = \"{seconds}s\"\n"
            )
        });
        return Ok(forgets);
    };
    let fill = |text| topology.fill(text);
    let mut text = format!(
        "[[hop]]\nname = \"nat\"\nproduct = \"Cloud NAT\"\n\n[hop.settings]\n\
         nat-addresses = 1\nnat-min-ports = {}\nnat-time-wait = \"{}s\"\nflow-idle-timeout = \"{}s\"\n",
        fill(nat.ports)?,
        fill(nat.time_wait)?,
        fill(nat.idle)?,
    );
    let most = fill(nat.max_ports)?;
    text.push_str(&format!("nat-dynamic-ports = {}\n", !most.is_empty()));
    if !most.is_empty() {
        text.push_str(&format!("nat-max-ports = {most}\n"));
    }
    Ok(Some(text))
}
