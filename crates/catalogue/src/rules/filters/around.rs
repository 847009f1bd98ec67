//! What stands around each hop: its filters and its subnets, looked up once for all links.

use model::config::{Cidr, Filter, FilterId, FilterKind, HopId, System};

/// The filters and subnets of every hop of a system.
pub(super) struct Around<'s> {
    pub(super) system: &'s System,
    /// The filters that each hop carries itself, in their order.
    filters: Vec<Vec<FilterId>>,
    /// The network ACLs of the subnets that each hop is in, in their order.
    acls: Vec<Vec<FilterId>>,
    /// The blocks of those subnets; `None` for one that is not known.
    blocks: Vec<Vec<Option<Cidr>>>,
}

impl<'s> Around<'s> {
    /// Looks through the system once.
    pub(super) fn new(system: &'s System) -> Around<'s> {
        let none = || vec![Vec::new(); system.hops.len()];
        let (mut filters, mut acls, mut blocks) =
            (none(), none(), vec![Vec::new(); system.hops.len()]);
        let put = |of: &mut Vec<Vec<FilterId>>, hop: HopId, id: FilterId| {
            if let Some(list) = of.get_mut(hop.0 as usize)
                && list.last() != Some(&id)
            {
                list.push(id);
            }
        };
        for (id, filter) in (0..).map(FilterId).zip(&system.filters) {
            for hop in &filter.hops {
                put(&mut filters, *hop, id);
            }
            if filter.kind != FilterKind::NetworkAcl {
                continue;
            }
            let subnets = filter.subnets.iter();
            for subnet in subnets.filter_map(|subnet| system.subnets.get(subnet.0 as usize)) {
                for hop in &subnet.hops {
                    put(&mut acls, *hop, id);
                }
            }
        }
        for subnet in &system.subnets {
            for hop in &subnet.hops {
                if let Some(list) = blocks.get_mut(hop.0 as usize) {
                    list.push(subnet.block);
                }
            }
        }
        Around { system, filters, acls, blocks }
    }

    /// The filters that a hop carries itself.
    pub(super) fn filters(&self, hop: HopId) -> &[FilterId] {
        self.filters.get(hop.0 as usize).map_or(&[], Vec::as_slice)
    }

    /// The network ACLs around a hop.
    pub(super) fn acls(&self, hop: HopId) -> impl Iterator<Item = &'s Filter> {
        let acls = self.acls.get(hop.0 as usize).map_or(&[][..], Vec::as_slice);
        acls.iter().filter_map(|id| self.system.filters.get(id.0 as usize))
    }

    /// The blocks of the subnets that a hop is in; `None` if it is in none, or in one without a block.
    pub(super) fn blocks(&self, hop: HopId) -> Option<Vec<Cidr>> {
        let blocks = self.blocks.get(hop.0 as usize).filter(|blocks| !blocks.is_empty())?;
        blocks.iter().copied().collect()
    }

    /// The filters of one hop that remember flows, of one kind at a time.
    pub(super) fn stateful(&self, hop: HopId) -> impl Iterator<Item = Vec<&'s Filter>> {
        let carried = self.filters(hop).iter();
        let all: Vec<&Filter> =
            carried.filter_map(|id| self.system.filters.get(id.0 as usize)).collect();
        [FilterKind::SecurityGroup, FilterKind::VpcFirewall, FilterKind::NetworkPolicy]
            .into_iter()
            .map(move |kind| all.iter().copied().filter(|filter| filter.kind == kind).collect())
    }
}
