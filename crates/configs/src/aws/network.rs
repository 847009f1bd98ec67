//! Subnets with their routes, and NAT gateways.

use std::collections::BTreeMap;

use model::config::{Cidr, Key, RouteEntry, Task, Via};

use super::{Cloud, defaults as known, hop_of};
use crate::draft::{Draft, Name, SubnetDraft};
use crate::part::{Names, Part};

const SUBNETS: &[&str] = &["aws_subnet", "aws_default_subnet", "AWS::EC2::Subnet"];
const VPCS: &[&str] = &["aws_vpc", "AWS::EC2::VPC"];
const TABLES: &[&str] = &["aws_route_table", "aws_default_route_table", "AWS::EC2::RouteTable"];
const ROUTES: &[&str] = &["aws_route", "AWS::EC2::Route"];
const ASSOCIATIONS: &[&str] =
    &["aws_route_table_association", "AWS::EC2::SubnetRouteTableAssociation"];
const MAINS: &[&str] = &["aws_main_route_table_association"];
const NATS: &[&str] = &["aws_nat_gateway", "AWS::EC2::NatGateway"];
const GATEWAYS: &[&str] = &["aws_internet_gateway", "AWS::EC2::InternetGateway"];

/// Reads subnets with their routes, and NAT gateways.
pub(super) fn read(cloud: &Cloud<'_>, draft: &mut Draft) {
    for part in cloud.all(NATS) {
        let subnet = ("subnet_id", "SubnetId");
        let mut hop = hop_of(cloud, part, Task::Nat, "AWS NAT gateway", (("", ""), subnet));
        let set = &mut hop.hop.settings;
        set.set(known::seconds(Key::FlowIdleTimeout, 350, "idle timeout", &known::NAT));
        let more = part.each(("secondary_allocation_ids", "SecondaryAllocationIds"));
        let shown = part.each(("", "NatGatewayAddresses")).len();
        let addresses = if shown > 0 { shown } else { 1 + more.len() } as u64;
        set.set(match more.first() {
            Some(first) => first.meaning(Key::NatAddresses, model::config::Value::Count(addresses)),
            None => known::count(Key::NatAddresses, addresses, "addresses", &known::NAT),
        });
        draft.add_hop(hop);
    }
    let tables = Tables::new(cloud);
    for part in cloud.all(SUBNETS) {
        let block = part.get(("cidr_block", "CidrBlock")).text().and_then(Cidr::parse);
        let names = cloud.names(part);
        let mut routes = Vec::new();
        let vpc = part.get(("vpc_id", "VpcId"));
        let own = cloud.follow(vpc, VPCS).map(|vpc| vpc.get(("cidr_block", "CidrBlock")));
        if let Some((own, to)) = own.and_then(|own| Some((own, own.text().and_then(Cidr::parse)?)))
        {
            routes.push(RouteEntry { to, via: Via::Local, at: Some(own.span()) });
        }
        if let Some(table) = tables.of(cloud, part, vpc) {
            routes.extend(table_routes(cloud, &tables, table));
        }
        let name = part.resource.address.clone();
        draft.subnets.push(SubnetDraft { names, name, block, routes, at: Some(part.resource.at) });
    }
}

/// Which route table a subnet has: its own, else the main one of its network.
struct Tables<'r> {
    of_subnet: BTreeMap<Name, Vec<Part<'r>>>,
    of_network: BTreeMap<Name, Vec<Part<'r>>>,
    routes: BTreeMap<Name, Vec<Part<'r>>>,
}

impl<'r> Tables<'r> {
    fn new(cloud: &Cloud<'r>) -> Tables<'r> {
        const TABLE: Names = ("route_table_id", "RouteTableId");
        let (mut subnets, mut networks) = (Vec::new(), Vec::new());
        for association in cloud.all(ASSOCIATIONS) {
            if let Some(table) = cloud.follow(association.get(TABLE), TABLES) {
                subnets.push((association.get(("subnet_id", "SubnetId")), table));
            }
        }
        for main in cloud.all(MAINS) {
            if let Some(table) = cloud.follow(main.get(TABLE), TABLES) {
                networks.push((main.get(("vpc_id", "")), table));
            }
        }
        for table in cloud.all(TABLES) {
            for association in table.each(("", "Associations")) {
                if association.get(("", "Main")).flag() == Some(true) {
                    networks.push((table.get(("vpc_id", "VpcId")), table));
                } else {
                    subnets.push((association.get(("", "SubnetId")), table));
                }
            }
        }
        let routes = cloud.all(ROUTES).into_iter().map(|route| (route.get(TABLE), route));
        Tables {
            of_subnet: cloud.by_target(subnets),
            of_network: cloud.by_target(networks),
            routes: cloud.by_target(routes),
        }
    }

    fn of(&self, cloud: &Cloud<'r>, subnet: Part<'r>, network: Part<'r>) -> Option<Part<'r>> {
        let own = self.of_subnet.get(&cloud.key(subnet));
        let network = || {
            let name = match cloud.follow(network, VPCS) {
                Some(found) => cloud.key(found),
                None => network.named()?,
            };
            self.of_network.get(&name)
        };
        own.or_else(network)?.first().copied()
    }
}

fn table_routes(cloud: &Cloud<'_>, tables: &Tables<'_>, table: Part<'_>) -> Vec<RouteEntry> {
    let apart = tables.routes.get(&cloud.key(table)).into_iter().flatten().copied();
    let within = table.each(("route", "Routes"));
    within.into_iter().chain(apart).filter_map(|route| entry(cloud, route)).collect()
}

fn entry(cloud: &Cloud<'_>, route: Part<'_>) -> Option<RouteEntry> {
    let to = route.get((
        "cidr_block|ipv6_cidr_block|destination_cidr_block|destination_ipv6_cidr_block",
        "DestinationCidrBlock|DestinationIpv6CidrBlock",
    ));
    let to = to.text().and_then(Cidr::parse)?;
    let at = Some(route.span());
    if route.get(("", "State")).word() == "blackhole" {
        return Some(RouteEntry { to, via: Via::Blackhole, at });
    }
    let nat = route.get(("nat_gateway_id", "NatGatewayId"));
    let gateway = route.get(("gateway_id", "GatewayId"));
    let via = if nat.there().is_some() {
        // The name that the hop of the gateway has.
        let name = cloud.follow(nat, NATS).map(|nat| nat.resource.address.clone());
        Via::Nat(name.unwrap_or_else(|| nat.written()))
    } else if gateway.there().is_some() {
        let text = gateway.written();
        if text == "local" {
            Via::Local
        } else if text.starts_with("igw-") || cloud.follow(gateway, GATEWAYS).is_some() {
            Via::Internet
        } else {
            Via::Other(text)
        }
    } else {
        let others = (
            "transit_gateway_id|vpc_peering_connection_id|vpc_endpoint_id|network_interface_id|egress_only_gateway_id|core_network_arn|local_gateway_id|instance_id",
            "TransitGatewayId|VpcPeeringConnectionId|VpcEndpointId|NetworkInterfaceId|InstanceId|EgressOnlyInternetGatewayId|CoreNetworkArn|LocalGatewayId",
        );
        Via::Other(route.get(others).written())
    };
    Some(RouteEntry { to, via, at })
}
