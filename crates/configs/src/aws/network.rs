//! Subnets with their routes, and NAT gateways.

use model::config::{Cidr, Key, RouteEntry, Task, Via};

use super::part::Part;
use super::{Cloud, defaults as known, hop_of};
use crate::draft::{Draft, Name, SubnetDraft};

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
        if let Some(table) = table(cloud, &names, vpc.named()) {
            routes.extend(table_routes(cloud, table));
        }
        let name = part.resource.address.clone();
        draft.subnets.push(SubnetDraft { names, name, block, routes, at: Some(part.resource.at) });
    }
}

/// The route table of a subnet: its own, else the main one of its network.
fn table<'r>(cloud: &Cloud<'r>, subnet: &[Name], vpc: Option<Name>) -> Option<Part<'r>> {
    let is_this = |part: Part<'_>| part.named().is_some_and(|name| subnet.contains(&name));
    for association in cloud.all(ASSOCIATIONS) {
        if is_this(association.get(("subnet_id", "SubnetId"))) {
            return cloud.follow(association.get(("route_table_id", "RouteTableId")), TABLES);
        }
    }
    let tables = cloud.all(TABLES);
    let own = tables.iter().find(|table| {
        let associations = table.each(("", "Associations"));
        associations.into_iter().any(|one| is_this(one.get(("", "SubnetId"))))
    });
    if let Some(own) = own {
        return Some(*own);
    }
    let vpc = vpc?;
    let main = cloud
        .all(MAINS)
        .into_iter()
        .find(|main| main.get(("vpc_id", "")).named().as_ref() == Some(&vpc));
    if let Some(main) = main {
        return cloud.follow(main.get(("route_table_id", "")), TABLES);
    }
    tables.into_iter().find(|table| {
        let of = table.get(("vpc_id", "VpcId")).named().as_ref() == Some(&vpc);
        let associations = table.each(("", "Associations"));
        of && associations.into_iter().any(|one| one.get(("", "Main")).flag() == Some(true))
    })
}

fn table_routes(cloud: &Cloud<'_>, table: Part<'_>) -> Vec<RouteEntry> {
    let names = cloud.names(table);
    let apart = cloud.all(ROUTES).into_iter().filter(|route| {
        let of = route.get(("route_table_id", "RouteTableId")).named();
        of.is_some_and(|of| names.contains(&of))
    });
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
