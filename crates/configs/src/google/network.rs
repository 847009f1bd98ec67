//! Subnets with their routes, Cloud NAT, and connectors of Serverless VPC Access.
//!
//! Google's NAT is no machine on the way but a property of the subnets it serves: a subnet that a NAT
//! serves gets a route to everywhere via it. A subnet that none serves has the route that every
//! network has, to the internet, which only what has an address of its own can use: Cloud Run has
//! none. What has a public address of its own does not use the NAT.
//! <https://docs.cloud.google.com/nat/docs/overview>

use std::collections::BTreeSet;

use model::config::{Cidr, Key, Notation, RouteEntry, Settings, Task, Value, Via};

use super::{Cloud, Placed, defaults as known, hop_of, policy};
use crate::draft::{Draft, Name, SubnetDraft};
use crate::part::{Part, put};
use crate::resources::Tongue;

/// A NAT and what it serves.
struct Nat<'r> {
    part: Part<'r>,
    title: String,
    network: Option<Name>,
    region: Option<String>,
    /// The subnets it serves; `None` for all of its network and region.
    listed: Option<BTreeSet<Name>>,
}

fn listed(cloud: &Cloud<'_>, part: Part<'_>) -> Option<BTreeSet<Name>> {
    let which = ("source_subnetwork_ip_ranges_to_nat", "sourceSubnetworkIpRangesToNat");
    let list = part.get(which).word() == "list_of_subnetworks";
    list.then(|| {
        let named = |one: Part<'_>| {
            let name = one.get(("name", "name"));
            [cloud.refer(name, &super::SUBNETS), cloud.canonical(name, &super::SUBNETS)]
        };
        let all = part.each(("subnetwork", "subnetworks")).into_iter();
        all.flat_map(named).flatten().collect()
    })
}

/// A subnet as a part names it: its canonical name, and what people call it.
pub(super) fn subnet_named(cloud: &Cloud<'_>, part: Part<'_>) -> Option<(Name, String)> {
    let name = cloud.canonical(part, &super::SUBNETS)?;
    let text = part.written();
    let last = text.rsplit('/').next().unwrap_or(&text).to_owned();
    Some((name, if part.at.reference().is_some() { text } else { last }))
}

/// Reads NATs and subnets; subnets that are only named, too.
pub(super) fn read(cloud: &Cloud<'_>, placed: &[Placed], draft: &mut Draft) {
    let nats = nats(cloud, draft);
    let mut known: BTreeSet<Name> = BTreeSet::new();
    for part in cloud.all(&super::SUBNETS) {
        if part.resource.kind.starts_with("data.") {
            continue;
        }
        let range = part.get(("ip_cidr_range", "ipCidrRange"));
        let block = range.text().and_then(Cidr::parse);
        let mut routes = Vec::new();
        if let Some(to) = block {
            routes.push(RouteEntry { to, via: Via::Local, at: Some(range.span()) });
        }
        let network = cloud.canonical(part.get(("network", "network")), &super::NETWORKS);
        let region = region(part);
        let names = cloud.names(part);
        let nat = nats.iter().find(|nat| nat.serves(&names, network.as_ref(), region.as_deref()));
        routes.push(outward(nat, part.resource.at));
        let name = super::title(part);
        draft.subnets.push(SubnetDraft { names, name, block, routes, at: Some(part.resource.at) });
    }
    // Files of another tool may describe it.
    known.extend(draft.subnets.iter().flat_map(|subnet| subnet.names.iter().cloned()));
    for place in placed {
        let Some((name, title)) = &place.subnet else { continue };
        if !known.insert(name.clone()) {
            continue;
        }
        let names = vec![name.clone()];
        let nat = nats.iter().find(|nat| nat.serves(&names, place.network.as_ref(), None));
        // Whether another NAT serves it is not known: it is described elsewhere.
        let routes = nat.map(|nat| outward(Some(nat), nat.part.resource.at));
        let routes = routes.into_iter().collect();
        draft.subnets.push(SubnetDraft {
            names,
            name: title.clone(),
            block: None,
            routes,
            at: None,
        });
    }
}

fn outward(nat: Option<&Nat<'_>>, at: model::config::Span) -> RouteEntry {
    let to = Cidr::ANY_V4;
    match nat {
        Some(nat) => {
            let at = Some(nat.part.span());
            RouteEntry { to, via: Via::Nat(nat.title.clone()), at }
        }
        None => RouteEntry { to, via: Via::Internet, at: Some(at) },
    }
}

fn region(part: Part<'_>) -> Option<String> {
    let text = part.get(("region", "region")).text()?;
    Some(text.rsplit('/').next().unwrap_or(text).to_owned())
}

impl Nat<'_> {
    fn serves(&self, subnet: &[Name], network: Option<&Name>, region: Option<&str>) -> bool {
        if let Some(listed) = &self.listed {
            return subnet.iter().any(|name| listed.contains(name));
        }
        let same_network = match (&self.network, network) {
            (Some(own), Some(other)) => own == other,
            // Printed without its router a NAT does not say for which network it is.
            _ => true,
        };
        let same_region = match (self.region.as_deref(), region) {
            (Some(own), Some(other)) => own == other,
            _ => true,
        };
        same_network && same_region
    }
}

fn nats<'r>(cloud: &Cloud<'r>, draft: &mut Draft) -> Vec<Nat<'r>> {
    let mut made = Vec::new();
    for part in cloud.all(&super::NATS) {
        if part.get(("type", "type")).word() == "private" {
            continue;
        }
        let router = cloud.follow(part.get(("router", "router")), &super::ROUTERS);
        let network = router.map(|router| router.get(("network", "network")));
        let network = network.and_then(|network| cloud.canonical(network, &super::NETWORKS));
        let region = region(part).or_else(|| router.and_then(region));
        let title = super::title(part);
        nat(cloud, part, title.clone(), draft);
        made.push(Nat { part, title, network, region, listed: listed(cloud, part) });
    }
    // The command line prints NATs as parts of their router.
    for router in cloud.all(&super::ROUTERS) {
        for part in router.each(("", "nats")) {
            let name = part.get(("", "name")).text().unwrap_or("nat").to_owned();
            let network = cloud.canonical(router.get(("", "network")), &super::NETWORKS);
            nat(cloud, part, name.clone(), draft);
            made.push(Nat {
                part,
                title: name,
                network,
                region: region(router),
                listed: listed(cloud, part),
            });
        }
    }
    made
}

/// The hop of a NAT. <https://docs.cloud.google.com/nat/docs/ports-and-addresses>
fn nat(cloud: &Cloud<'_>, part: Part<'_>, title: String, draft: &mut Draft) {
    let mut hop = hop_of(cloud, part, Task::Nat, "Cloud NAT");
    hop.hop.at = Some(part.span());
    let within = part.at.id() != Some(part.resource.body);
    if within {
        // Its own name, not that of its router.
        hop.names = vec![super::own_name(&super::NATS, &title)];
    } else {
        hop.hop.at = Some(part.resource.at);
    }
    hop.hop.name = title;
    let from = &known::NAT;
    let set = &mut hop.hop.settings;
    let dynamic = part.get(("enable_dynamic_port_allocation", "enableDynamicPortAllocation"));
    put(set, dynamic.switch(Key::NatDynamicPorts));
    let name = "enable_dynamic_port_allocation";
    set.set(known::flag(Key::NatDynamicPorts, false, name, from));
    let by_need = match set.get(Key::NatDynamicPorts).map(|setting| &setting.value) {
        Some(Value::Flag(on)) => Some(*on),
        _ => None,
    };
    let least = part.get(("min_ports_per_vm", "minPortsPerVm"));
    put(set, least.count(Key::NatMinPorts));
    if let Some(by_need) = by_need {
        let usual = if by_need { 32 } else { 64 };
        set.set(known::count(Key::NatMinPorts, usual, "min_ports_per_vm", from));
        if by_need {
            put(set, part.get(("max_ports_per_vm", "maxPortsPerVm")).count(Key::NatMaxPorts));
            set.set(known::count(Key::NatMaxPorts, 65536, "max_ports_per_vm", from));
        }
    }
    addresses(cloud, part, set);
    put(
        set,
        part.get(("tcp_time_wait_timeout_sec", "tcpTimeWaitTimeoutSec")).seconds(Key::NatTimeWait),
    );
    set.set(known::seconds(Key::NatTimeWait, 120, "tcp_time_wait_timeout_sec", from));
    let idle = part.get(("tcp_established_idle_timeout_sec", "tcpEstablishedIdleTimeoutSec"));
    put(set, idle.seconds(Key::FlowIdleTimeout));
    let name = "tcp_established_idle_timeout_sec";
    set.set(known::seconds(Key::FlowIdleTimeout, 1200, name, from));
    if least.there().is_none() {
        let name = (Key::NatMinPorts, "min_ports_per_vm");
        hop.hop.slots.extend(cloud.slot(part, name, Notation::Count));
    }
    draft.add_hop(hop);
}

/// How many addresses it has; not known if it takes as many as it needs, or as many as a `count`
/// that is not known makes.
fn addresses(cloud: &Cloud<'_>, part: Part<'_>, set: &mut Settings) {
    let how = part.get(("nat_ip_allocate_option", "natIpAllocateOption"));
    if how.word() == "auto_only" {
        set.set(how.meaning(Key::NatAddresses, Value::Unknown(how.written())));
        return;
    }
    let list = part.get(("nat_ips", "natIps"));
    if list.there().is_none() {
        return;
    }
    let own = part.each(("nat_ips", "natIps")).into_iter().map(|one| policy::address(cloud, one));
    if let Some(own) = own.collect::<Option<Vec<String>>>() {
        set.set(list.meaning(Key::OutboundAddresses, Value::Names(own)));
    }
    let mut sum = 0u64;
    for one in part.each(("nat_ips", "natIps")) {
        let reference = one.at.reference();
        let many = reference.is_some_and(|text| text.contains('*') || !text.contains('['));
        let described = cloud.follow(one, &super::ADDRESSES);
        let counted = described.map(|found| found.get(("count|for_each", "")));
        let unknown = one.text().is_none() && reference.is_none()
            || reference.is_some() && described.is_none();
        let number = match counted.filter(|counted| many && counted.there().is_some()) {
            _ if unknown => None,
            None => Some(1),
            Some(counted) => counted.number(),
        };
        let Some(number) = number else {
            set.set(list.meaning(Key::NatAddresses, Value::Unknown(one.written())));
            return;
        };
        sum = sum.saturating_add(number);
    }
    set.set(list.meaning(Key::NatAddresses, Value::Count(sum)));
}

/// Reads connectors of Serverless VPC Access: machines in a subnet of their own, with the addresses
/// of which the traffic of many instances leaves.
pub(super) fn connectors(cloud: &Cloud<'_>, draft: &mut Draft) -> Vec<Placed> {
    let mut placed = Vec::new();
    for part in cloud.all(&super::CONNECTORS) {
        let mut hop = hop_of(cloud, part, Task::Nat, "Serverless VPC Access connector");
        let set = &mut hop.hop.settings;
        let from = &known::CONNECTOR;
        put(set, part.get(("min_instances", "minInstances")).count(Key::MinInstances));
        set.set(known::count(Key::MinInstances, 2, "min_instances", from));
        put(set, part.get(("max_instances", "maxInstances")).count(Key::MaxInstances));
        // Older connectors are bounded by their throughput: 100 Mbit/s per instance.
        let fast = part.get(("max_throughput", "maxThroughput"));
        let by_throughput = fast
            .setting(Key::MaxInstances, |fast| Some(Value::Count(fast.number()?.div_ceil(100))));
        if set.get(Key::MaxInstances).is_none() {
            put(set, by_throughput);
        }
        // `gcloud` asks for 10; a request that says nothing gets the 300 Mbit/s of three.
        let usual = if part.of.tongue == Tongue::Terraform { 3 } else { 10 };
        set.set(known::count(Key::MaxInstances, usual, "max_instances", from).assumed());
        let network = cloud.canonical(part.get(("network", "network")), &super::NETWORKS);
        let subnet = part.get(("subnet.name", "subnet.name"));
        let own = cloud.key(part);
        let subnet = match subnet.there() {
            Some(subnet) => subnet_named(cloud, subnet),
            // With a block of its own it is a subnet that nobody else uses.
            None => Some((Name::id(super::GOOGLE, format!("connector/{}", super::title(part))), {
                format!("subnet of {}", super::title(part))
            })),
        };
        hop.subnets.extend(subnet.iter().map(|(name, _)| name.clone()));
        draft.add_hop(hop);
        let tags = vec!["vpc-connector".to_owned()];
        placed.push(Placed { hop: own, network, subnet, tags, leaves_only: true });
    }
    placed
}
