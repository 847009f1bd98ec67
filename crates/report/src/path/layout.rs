//! Where hops stand in a drawing: columns by their distance from where requests come in, rows in the
//! order of the hops that send to them.

use std::collections::VecDeque;

use model::config::{HopId, System};

/// A hop's place, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) column: usize,
    pub(crate) row: usize,
}

/// The place of every hop. Each hop stands one column after the nearest hop that sends to it.
pub(crate) fn cells(system: &System) -> Vec<Cell> {
    let mut column: Vec<Option<usize>> = vec![None; system.hops.len()];
    let mut order: Vec<HopId> = Vec::new();
    let mut left: VecDeque<(HopId, usize)> =
        super::entries(system).into_iter().map(|id| (id, 0)).collect();
    while let Some((id, at)) = left.pop_front() {
        if column[id.0 as usize].is_some() {
            continue;
        }
        column[id.0 as usize] = Some(at);
        order.push(id);
        left.extend(system.links_from(id).map(|(_, link)| (link.to, at + 1)));
    }
    let mut cells = vec![Cell::default(); system.hops.len()];
    let mut used: Vec<usize> = Vec::new();
    for id in order {
        let column = column[id.0 as usize].unwrap_or(0);
        if used.len() <= column {
            used.resize(column + 1, 0);
        }
        cells[id.0 as usize] = Cell { column, row: used[column] };
        used[column] += 1;
    }
    cells
}
