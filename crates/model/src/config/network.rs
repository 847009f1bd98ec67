//! What lets packets through and where they go: filters, subnets and routes.

use std::net::{IpAddr, Ipv4Addr};

use super::{HopId, Span};
use crate::names::vocabulary;

/// A filter: its position in [`System::filters`](super::System::filters).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilterId(pub u32);

/// A subnet: its position in [`System::subnets`](super::System::subnets).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubnetId(pub u32);

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    /// An address of the block.
    pub address: IpAddr,
    /// Leading bits that are fixed.
    pub length: u8,
}

impl Cidr {
    /// Every IPv4 address.
    pub const ANY_V4: Cidr = Cidr { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), length: 0 };

    /// Reads `10.0.0.0/16`; an address alone is a block of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.trim().parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = if length.is_empty() { most } else { length.trim().parse().ok()? };
        (length <= most).then_some(Cidr { address, length })
    }

    /// True if the address lies in the block.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        Cidr { address, length: if address.is_ipv4() { 32 } else { 128 } }.within(self)
    }

    /// True if every address of this block lies in the other.
    #[must_use]
    pub fn within(self, other: Cidr) -> bool {
        self.length >= other.length && self.shared_bits(other).is_some_and(|n| n >= other.length)
    }

    /// True if they have an address in common.
    #[must_use]
    pub fn overlaps(self, other: Cidr) -> bool {
        self.shared_bits(other).is_some_and(|n| n >= self.length.min(other.length))
    }

    /// Number of addresses in the block; beyond 2^63 the largest number.
    #[must_use]
    pub fn size(self) -> u64 {
        let bits = if self.address.is_ipv4() { 32 } else { 128 } - u32::from(self.length);
        1u64.checked_shl(bits).unwrap_or(u64::MAX)
    }

    fn shared_bits(self, other: Cidr) -> Option<u8> {
        let bits = match (self.address, other.address) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros(),
            _ => return None,
        };
        u8::try_from(bits).ok()
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

vocabulary! {
    /// What kind of filter: it decides whether answers need a rule of their own.
    pub enum FilterKind {
        /// A security group of AWS: allows only, remembers flows.
        SecurityGroup = "security-group",
        /// A network ACL of AWS: numbered rules, remembers nothing, so that answers need a rule.
        NetworkAcl = "network-acl",
        /// A firewall of a VPC network of Google Cloud: priorities, remembers flows.
        VpcFirewall = "vpc-firewall",
        /// A network policy of Kubernetes: allows only, remembers flows.
        NetworkPolicy = "network-policy",
    }
}

vocabulary! {
    /// Which way packets go, seen from what the filter protects.
    pub enum Direction {
        /// Toward it.
        Ingress = "ingress",
        /// Away from it.
        Egress = "egress",
    }
}

/// The other end that a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A block of addresses.
    Block(Cidr),
    /// Whatever carries this filter.
    Group(FilterId),
    /// Named in a way the files do not resolve: a prefix list, a variable, a tag.
    Unknown(String),
}

/// One rule of a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterRule {
    /// Which way.
    pub direction: Direction,
    /// Whether it lets through.
    pub allow: bool,
    /// Protocol: `tcp`, `udp`, `icmp`, `-1` for all; as written otherwise.
    pub protocol: String,
    /// First port, of the destination.
    pub from_port: u16,
    /// Last port, of the destination.
    pub to_port: u16,
    /// Who is at the other end; any of these.
    pub peers: Vec<Peer>,
    /// Order among the rules: lower goes first; 0 where order does not matter.
    pub priority: u32,
    /// Where it is written.
    pub at: Option<Span>,
}

impl FilterRule {
    /// A rule that lets through, of nobody yet.
    #[must_use]
    pub fn allows(
        direction: Direction,
        protocol: &str,
        (from_port, to_port): (u16, u16),
        at: Option<Span>,
    ) -> FilterRule {
        FilterRule {
            direction,
            allow: true,
            protocol: protocol.to_owned(),
            from_port,
            to_port,
            peers: Vec::new(),
            priority: 0,
            at,
        }
    }

    /// True if it speaks of TCP and this port.
    #[must_use]
    pub fn covers_tcp(&self, port: u16) -> bool {
        matches!(self.protocol.as_str(), "tcp" | "6" | "-1" | "all")
            && (self.from_port..=self.to_port).contains(&port)
    }
}

/// A filter with its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// What kind.
    pub kind: FilterKind,
    /// Its name or address in the files.
    pub name: String,
    /// Where it is described.
    pub at: Option<Span>,
    /// Its rules, complete as far as the files tell.
    pub rules: Vec<FilterRule>,
    /// True if rules may exist that the files do not show (a module, a data source).
    pub partial: bool,
    /// Hops it protects.
    pub hops: Vec<HopId>,
    /// Subnets it protects.
    pub subnets: Vec<SubnetId>,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Within the network.
    Local,
    /// The internet, with the sender's own public address.
    Internet,
    /// A NAT, by its name in the files.
    Nat(String),
    /// Another network: peering, transit, VPN, endpoint; as written.
    Other(String),
    /// Nowhere.
    Blackhole,
}

/// One route of a subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteEntry {
    /// Which destinations.
    pub to: Cidr,
    /// Where they are sent.
    pub via: Via,
    /// Where it is written.
    pub at: Option<Span>,
}

/// A subnet with its routes and who is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Its name or address in the files.
    pub name: String,
    /// Its block, if known.
    pub block: Option<Cidr>,
    /// Its routes as far as the files tell.
    pub routes: Vec<RouteEntry>,
    /// Hops that have addresses there.
    pub hops: Vec<HopId>,
    /// Where it is described.
    pub at: Option<Span>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_contain_and_overlap() {
        let block = |text| Cidr::parse(text).unwrap();
        assert!(block("10.0.1.0/24").within(block("10.0.0.0/16")));
        assert!(!block("10.0.0.0/16").within(block("10.0.1.0/24")));
        assert!(block("10.0.0.0/16").overlaps(block("10.0.1.0/24")));
        assert!(block("0.0.0.0/0").contains("203.0.113.9".parse().unwrap()));
        assert!(!block("10.0.0.0/8").contains("11.0.0.1".parse().unwrap()));
        assert_eq!(block("10.0.0.0/28").size(), 16);
        assert_eq!(block("::/0").size(), u64::MAX);
        assert!(!block("::/0").overlaps(Cidr::ANY_V4));
        assert_eq!(Cidr::parse("10.0.0.0/33"), None);
        assert_eq!(Cidr::parse("web"), None);
    }
}
