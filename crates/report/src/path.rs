//! The path that configuration describes, as text, for Graphviz, and as a drawing.

mod dot;
mod layout;
mod svg;

use std::fmt::Write as _;

use model::config::{Found, HopId, Link, System, Task};

pub use dot::dot;
pub use svg::svg;

/// The path as a tree of hops from where requests come in; a hop that was shown before is named and
/// not followed again.
#[must_use]
pub fn text(system: &System) -> String {
    let mut out = String::new();
    let mut shown = vec![false; system.hops.len()];
    for entry in entries(system) {
        write_hop(system, entry, "", &mut shown, &mut out);
    }
    if out.is_empty() {
        out.push_str("No hop was found in these files.\n");
    }
    out
}

/// Where requests come in: hops that nothing sends to; then, for circles, whatever is left.
pub(crate) fn entries(system: &System) -> Vec<HopId> {
    let mut order: Vec<HopId> = system
        .hops()
        .map(|(id, _)| id)
        .filter(|&id| system.links_to(id).next().is_none())
        .collect();
    let mut reached = vec![false; system.hops.len()];
    let mut left: Vec<HopId> = order.clone();
    let mut rest = system.hops().map(|(id, _)| id);
    loop {
        while let Some(id) = left.pop() {
            if !std::mem::replace(&mut reached[id.0 as usize], true) {
                left.extend(system.links_from(id).map(|(_, link)| link.to));
            }
        }
        match rest.find(|id| !reached[id.0 as usize]) {
            Some(id) => {
                order.push(id);
                left.push(id);
            }
            None => return order,
        }
    }
}

/// How deep the tree is followed, in bytes of what stands before a hop; nobody reads further.
const DEEPEST: usize = 32 * "│  ".len();

fn write_hop(system: &System, id: HopId, before: &str, shown: &mut [bool], out: &mut String) {
    let hop = system.hop(id);
    let again = std::mem::replace(&mut shown[id.0 as usize], true);
    let products: Vec<String> = hop
        .products
        .iter()
        .map(|product| format!("{} {}", product.name, product.version).trim_end().to_owned())
        .collect();
    let _ = write!(out, "{} ({}", hop.name, hop.task);
    if !products.is_empty() {
        let _ = write!(out, ": {}", products.join(", "));
    }
    out.push(')');
    if let (Some(at), true) = (hop.at, hop.task != Task::External) {
        let _ = write!(out, " {}", system.place(at));
    }
    if again {
        out.push_str(" (see above)\n");
        return;
    }
    out.push('\n');
    let mut links = system.links_from(id).peekable();
    while let Some((_, link)) = links.next() {
        let (branch, below) =
            if links.peek().is_some() { ("├─", "│  ") } else { ("└─", "   ") };
        let _ = write!(out, "{before}{branch} ");
        if let Some(label) = label(link) {
            let _ = write!(out, "{label} ");
        }
        let _ = write!(out, "→ ");
        if before.len() < DEEPEST {
            write_hop(system, link.to, &format!("{before}{below}"), shown, out);
        } else {
            out.push_str("…\n");
        }
    }
}

/// What a link is for and how it is known, if there is something to say.
pub(crate) fn label(link: &Link) -> Option<String> {
    let mut parts = Vec::new();
    let route = format!("{}{}", link.route.hosts.join(","), link.route.path);
    if !route.is_empty() {
        parts.push(route);
    }
    if link.port != 0 {
        parts.push(format!(":{}", link.port));
    }
    match link.found {
        Found::Stated | Found::Declared => {}
        Found::ByPort(_) => parts.push("(known by the port)".to_owned()),
        Found::ByElimination => parts.push("(assumed: the only two left)".to_owned()),
    }
    (!parts.is_empty()).then(|| parts.join(" "))
}
