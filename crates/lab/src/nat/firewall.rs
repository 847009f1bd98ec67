//! Firewalls that do harm: rules in the grammar of `nft` that drills need more than once. All are
//! for the router (or any host that forwards); what they drop goes to the log group
//! [`super::FIREWALL_GROUP`].

use std::net::Ipv4Addr;

use super::FIREWALL_GROUP;

/// Drops what goes from one network or host to another, and lets the answers of the other
/// direction's connections die with it: SYNs arrive, SYN-ACKs never come back.
///
/// `from` and `to` are addresses or networks as nft writes them, such as `10.50.0.0/16`.
#[must_use]
pub fn one_way(from: &str, to: &str) -> String {
    chain(&format!("ip saddr {from} ip daddr {to} {} drop", log("one-way: ")))
}

/// An access list without state that has forgotten the ports answers come back to, as a network
/// ACL does: what comes from a server's port to a port of 1024 or above in `network` is dropped.
#[must_use]
pub fn return_ports_closed(network: &str) -> String {
    chain(&format!(
        "ip daddr {network} tcp sport < 1024 tcp dport 1024-65535 {} drop",
        log("acl-deny: ")
    ))
}

/// What a middlebox does with a packet of a connection it has forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    /// It swallows it, as most firewalls do.
    Dropped,
    /// It answers with a reset, as AWS NAT gateways and Network Load Balancers do.
    Reset,
}

/// A middlebox that tracks connections. With [`forgets_after`] it forgets those that are idle.
#[must_use]
pub fn stateful(forgotten: Forgotten) -> String {
    let verdict = match forgotten {
        Forgotten::Dropped => "drop",
        Forgotten::Reset => "reject with tcp reset",
    };
    chain(&format!("ct state invalid meta l4proto tcp {} {verdict}", log("forgotten: ")))
}

/// Kernel settings that make a tracker of connections forget a TCP connection after so many
/// seconds without a packet, and take none up in its middle.
#[must_use]
pub fn forgets_after(seconds: u32) -> Vec<(&'static str, String)> {
    vec![
        ("net.netfilter.nf_conntrack_tcp_loose", "0".to_owned()),
        ("net.netfilter.nf_conntrack_tcp_timeout_established", seconds.to_string()),
    ]
}

/// Drops the packets of new connections while `limit` connections are open: what a full
/// connection table does to a machine, without filling it. Closed connections do not count.
#[must_use]
pub fn connections_over(limit: u32) -> String {
    chain(&format!("ct state new ct count over {limit} {} drop", log("table full: ")))
}

/// Refuses packets to one port of a host, with an ICMP message or a reset.
#[must_use]
pub fn refuse(to: Ipv4Addr, port: u16, with: &str) -> String {
    chain(&format!("ip daddr {to} tcp dport {port} {} reject with {with}", log("refused: ")))
}

fn log(prefix: &str) -> String {
    format!("log prefix \"{prefix}\" group {FIREWALL_GROUP} queue-threshold 1")
}

fn chain(rule: &str) -> String {
    format!(
        "table ip why502_firewall {{\n\
         \tchain forward {{\n\
         \t\ttype filter hook forward priority filter - 5; policy accept;\n\
         \t\t{rule}\n\
         \t}}\n\
         }}\n"
    )
}
