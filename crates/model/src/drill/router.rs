//! What stands between the two networks of a drill.

/// The machine between the private and the public network.
#[derive(Clone, Copy, Debug)]
pub struct Router {
    /// Address translation for everything that leaves the private network; without it, plain
    /// forwarding.
    pub nat: Option<Nat>,
    /// Further rules in the grammar of `nft`, templated; empty for none.
    pub firewall: &'static str,
    /// Kernel settings of its namespace, values templated.
    pub sysctls: &'static [(&'static str, &'static str)],
}

/// Address translation in the manner of Google Cloud NAT. All values templated.
#[derive(Clone, Copy, Debug)]
pub struct Nat {
    /// Ports each instance may use towards one destination (`minPortsPerVm`; 64 by default).
    pub ports: &'static str,
    /// Seconds for which the port of a closed connection stays taken
    /// (`tcpTimeWaitTimeoutSec`; 120 by default).
    pub time_wait: &'static str,
    /// Dynamic allocation: the most ports an instance can come to (`maxPortsPerVm`); empty for
    /// static allocation.
    pub max_ports: &'static str,
    /// Seconds after which the mapping of an idle connection is forgotten
    /// (`tcpEstablishedIdleTimeoutSec`; 1200 by default).
    pub idle: &'static str,
    /// What uses it, in the words of Cloud Run's `vpc-egress`: `all-traffic`, or
    /// `private-ranges-only`, with which public destinations are reached past it, from an address
    /// of the platform's own and without a limit of ports.
    pub egress: &'static str,
}

impl Nat {
    /// Static allocation with the defaults of Cloud NAT.
    pub const STATIC: Nat =
        Nat { ports: "64", time_wait: "120", max_ports: "", idle: "1200", egress: "all-traffic" };
}
