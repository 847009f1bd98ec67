//! The path as a drawing that stands alone: no script, no font, no request.

use std::fmt::Write as _;

use model::config::{Found, System, Task};

use super::layout::cells;

const BOX_WIDTH: usize = 190;
const BOX_HEIGHT: usize = 46;
const COLUMN: usize = 290;
const ROW: usize = 76;
const MARGIN: usize = 16;
/// Longest name that fits into a box, in characters.
const NAME: usize = 26;

/// An SVG document, light and dark.
#[must_use]
pub fn svg(system: &System) -> String {
    let cells = cells(system);
    let columns = cells.iter().map(|cell| cell.column + 1).max().unwrap_or(1);
    let rows = cells.iter().map(|cell| cell.row + 1).max().unwrap_or(1);
    let width = MARGIN * 2 + (columns - 1) * COLUMN + BOX_WIDTH;
    let height = MARGIN * 2 + (rows - 1) * ROW + BOX_HEIGHT;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"The path of requests\">\n\
         <style>\n\
         svg {{ font: 13px system-ui, sans-serif; color-scheme: light dark; }}\n\
         rect {{ fill: #f4f6f8; stroke: #475569; }}\n\
         .external rect {{ stroke-dasharray: 4 3; }}\n\
         text {{ fill: #0f172a; }}\n\
         .quiet {{ fill: #475569; font-size: 11px; }}\n\
         path {{ fill: none; stroke: #475569; }}\n\
         .assumed {{ stroke-dasharray: 5 4; }}\n\
         @media (prefers-color-scheme: dark) {{\n\
         rect {{ fill: #1e293b; stroke: #94a3b8; }} text {{ fill: #f1f5f9; }}\n\
         .quiet {{ fill: #cbd5e1; }} path {{ stroke: #94a3b8; }} }}\n\
         </style>\n\
         <defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto\"><path d=\"M0 0L8 4L0 8\"/></marker></defs>\n"
    );
    let corner = |at: usize| {
        let cell = cells[at];
        (MARGIN + cell.column * COLUMN, MARGIN + cell.row * ROW)
    };
    for (_, link) in system.links() {
        let (x1, y1) = corner(link.from.0 as usize);
        let (x2, y2) = corner(link.to.0 as usize);
        let (x1, y1, y2) = (x1 + BOX_WIDTH, y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2);
        let bend = COLUMN / 3;
        let class = match link.found {
            Found::Stated | Found::Declared => "",
            Found::ByPort(_) | Found::ByElimination => " class=\"assumed\"",
        };
        let back = x2.saturating_sub(bend);
        let _ = writeln!(
            out,
            "<path{class} marker-end=\"url(#tip)\" d=\"M{x1} {y1}C{} {y1} {back} {y2} {x2} {y2}\"/>",
            x1 + bend
        );
        if let Some(label) = super::label(link) {
            let (x, y) = (x1 + 6, (y1 + y2) / 2 - 5);
            let _ =
                writeln!(out, "<text class=\"quiet\" x=\"{x}\" y=\"{y}\">{}</text>", shown(&label));
        }
    }
    for (id, hop) in system.hops() {
        let (x, y) = corner(id.0 as usize);
        let class = if hop.task == Task::External { " class=\"external\"" } else { "" };
        let _ = writeln!(
            out,
            "<g{class}><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" \
             height=\"{BOX_HEIGHT}\" rx=\"6\"/><text x=\"{tx}\" y=\"{ty}\">{}</text><text \
             class=\"quiet\" x=\"{tx}\" y=\"{qy}\">{}</text></g>",
            escaped(&hop.name),
            shown(&hop.name),
            hop.task,
            tx = x + 10,
            ty = y + 20,
            qy = y + 36,
        );
    }
    out.push_str("</svg>\n");
    out
}

/// A name cut to the width of a box.
fn shown(text: &str) -> String {
    if text.chars().count() <= NAME {
        return escaped(text);
    }
    let cut: String = text.chars().take(NAME - 1).collect();
    format!("{}…", escaped(&cut))
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .collect::<String>()
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
