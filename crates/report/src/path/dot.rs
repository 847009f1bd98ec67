//! The path for Graphviz.

use std::fmt::Write as _;

use model::config::{Found, System, Task};

/// A digraph: hops as boxes, links as arrows, dashed where they were concluded.
#[must_use]
pub fn dot(system: &System) -> String {
    let mut out = String::from("digraph path {\n  rankdir=LR;\n  node [shape=box];\n");
    for (id, hop) in system.hops() {
        let shape = match hop.task {
            Task::Database => ", shape=cylinder",
            Task::External => ", style=dotted",
            _ => "",
        };
        let name = format!("{}\n{}", hop.name, hop.task);
        let _ = writeln!(out, "  h{} [label={}{shape}];", id.0, quoted(&name));
    }
    for (_, link) in system.links() {
        let label = super::label(link).unwrap_or_default();
        let style = match link.found {
            Found::Stated | Found::Declared => "",
            Found::ByPort(_) | Found::ByElimination => ", style=dashed",
        };
        let _ = writeln!(
            out,
            "  h{} -> h{} [label={}{style}];",
            link.from.0,
            link.to.0,
            quoted(&label)
        );
    }
    out.push_str("}\n");
    out
}

/// A string of the dot language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
