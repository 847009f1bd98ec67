//! Who sends, as a filter sees it.

use model::config::{Cidr, FilterId, HopId, Peer, Task};

use super::around::Around;

/// Where the load balancers and health checks of Google Cloud come from (Google Cloud, "Firewall
/// rules for load balancers").
const GOOGLE: [&str; 2] = ["130.211.0.0/22", "35.191.0.0/16"];

/// Who sends, as a filter sees it.
pub(super) struct Sender {
    /// Filters that it carries.
    groups: Vec<FilterId>,
    /// Blocks that its addresses are in; empty if they are not known.
    blocks: Vec<Cidr>,
    /// True if it comes from public addresses that the files do not tell.
    public: bool,
}

impl Sender {
    /// What the files tell of a hop.
    pub(super) fn of(around: &Around<'_>, id: HopId) -> Sender {
        let system = around.system;
        let hop = system.hop(id);
        // A network load balancer may hand on its clients' addresses (client IP preservation).
        if hop.runs("AWS NLB") {
            return Sender { groups: Vec::new(), blocks: Vec::new(), public: false };
        }
        let google = hop.products.iter().any(|product| product.name.starts_with("Google Cloud"));
        let mut blocks: Vec<Cidr> = if google && hop.task == Task::LoadBalancer {
            GOOGLE.iter().filter_map(|block| Cidr::parse(block)).collect()
        } else {
            around.blocks(id).unwrap_or_default()
        };
        blocks.sort_unstable();
        let public = blocks.is_empty() && matches!(hop.task, Task::Cdn | Task::Client);
        Sender { groups: around.filters(id).to_vec(), blocks, public }
    }

    /// Whether a rule's peers hold it: `None` if the files do not tell.
    pub(super) fn is_among(&self, peers: &[Peer]) -> Option<bool> {
        let mut unknown = false;
        for peer in peers {
            match self.is(peer) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            }
        }
        if unknown { None } else { Some(false) }
    }

    fn is(&self, peer: &Peer) -> Option<bool> {
        match peer {
            Peer::Unknown(_) => None,
            Peer::Group(group) if self.public => Some(self.groups.contains(group)),
            Peer::Group(_) if self.groups.is_empty() => None,
            Peer::Group(group) => Some(self.groups.contains(group)),
            Peer::Block(block) if block.length == 0 => Some(true),
            Peer::Block(block) if self.public => {
                if is_private(*block) {
                    Some(false)
                } else {
                    None
                }
            }
            Peer::Block(_) if self.blocks.is_empty() => None,
            Peer::Block(block) => {
                if self.blocks.iter().all(|own| own.within(*block)) {
                    Some(true)
                } else if self.blocks.iter().any(|own| own.overlaps(*block)) {
                    None
                } else {
                    Some(false)
                }
            }
        }
    }
}

/// True for a block of private addresses of IPv4 (RFC 1918).
fn is_private(block: Cidr) -> bool {
    ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]
        .iter()
        .filter_map(|text| Cidr::parse(text))
        .any(|private| block.within(private))
}
