//! Virtual machines behind load balancers: one hop per group.

use std::collections::BTreeSet;

use model::config::{Key, Listen, Task, Value};

use super::{Cloud, Placed, hop_of};
use crate::draft::{Draft, HopDraft, Name};
use crate::part::{Names, Part, put};

const INTERFACE: Names = ("network_interface", "properties.networkInterfaces|networkInterfaces");

/// Reads groups of machines, and machines that belong to groups without a manager.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) -> Vec<Placed> {
    let mut placed = Vec::new();
    for part in cloud.all(&super::MANAGERS) {
        let mut hop = hop_of(cloud, part, Task::App, "");
        // Backends name the group that the manager makes, which has the manager's name.
        let name = part.get(("name", "name")).text();
        hop.names.extend(name.map(|name| super::own_name(&super::MACHINE_GROUPS, name)));
        let set = &mut hop.hop.settings;
        put(set, part.get(("target_size", "targetSize")).count(Key::MinInstances));
        let surge = part.get(("update_policy.max_surge_fixed", "updatePolicy.maxSurge.fixed"));
        put(set, surge.count(Key::MaxSurge));
        let missing = ("update_policy.max_unavailable_fixed", "updatePolicy.maxUnavailable.fixed");
        put(set, part.get(missing).count(Key::MaxUnavailable));
        ports(part, &mut hop);
        let template = part.get((
            "version.instance_template|instance_template",
            "instanceTemplate|versions.instanceTemplate",
        ));
        let template = cloud.follow(template, &super::TEMPLATES);
        placed.push(place(cloud, template, part, &mut hop));
        draft.add_hop(hop);
    }
    let managed: BTreeSet<Name> =
        draft.hops.iter().flat_map(|hop| hop.names.iter().cloned()).collect();
    for part in cloud.all(&super::MACHINE_GROUPS) {
        let mut hop = hop_of(cloud, part, Task::App, "");
        // The command line shows a manager's group beside the manager.
        let known = hop.names.iter().any(|name| managed.contains(name));
        if known {
            continue;
        }
        ports(part, &mut hop);
        let machines = part.each(("instances", ""));
        let first = machines.first().and_then(|one| cloud.follow(*one, &super::MACHINES));
        if !machines.is_empty() {
            let count = Value::Count(machines.len() as u64);
            let list = part.get(("instances", ""));
            hop.hop.settings.set(list.meaning(Key::MinInstances, count));
        }
        placed.push(place(cloud, first, part, &mut hop));
        draft.add_hop(hop);
    }
    placed
}

fn ports(part: Part<'_>, hop: &mut HopDraft) {
    for port in part.each(("named_port", "namedPorts")) {
        let number = port.get(("port", "port"));
        if number.port() != 0 {
            let at = Some(number.span());
            let (address, port) = (String::new(), number.port());
            hop.hop.listens.push(Listen { address, port, tls: false, at });
        }
    }
}

/// Where a machine, or what machines are made from, has its addresses.
fn place(
    cloud: &Cloud<'_>,
    machine: Option<Part<'_>>,
    group: Part<'_>,
    hop: &mut HopDraft,
) -> Placed {
    let own = cloud.key(group);
    let Some(machine) = machine else {
        let network = cloud.canonical(group.get(("network", "network")), &super::NETWORKS);
        return Placed { hop: own, network, subnet: None, tags: Vec::new(), leaves_only: false };
    };
    let interface = machine.get(INTERFACE);
    let network = interface.get(("network", "network"));
    let subnet = interface.get(("subnetwork", "subnetwork"));
    let subnet = subnet.there().and_then(|part| super::network::subnet_named(cloud, part));
    hop.subnets.extend(subnet.iter().map(|(name, _)| name.clone()));
    let outside = interface.get(("access_config", "accessConfigs"));
    if outside.there().is_some() {
        hop.hop.settings.set(outside.meaning(Key::PublicAddress, Value::Flag(true)));
    }
    let tags = machine.each(("tags", "properties.tags.items|tags.items"));
    let tags = tags.into_iter().map(Part::written).collect();
    let network = network.there().and_then(|part| cloud.canonical(part, &super::NETWORKS));
    Placed { hop: own, network, subnet, tags, leaves_only: false }
}
