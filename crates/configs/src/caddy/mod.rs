//! Caddy: sites of a Caddyfile and servers of its JSON become hops, `reverse_proxy` links.
//!
//! [`lex`] reads the grammar of the Caddyfile, [`expand`] puts imports in their places, [`sites`],
//! [`routes`], [`proxies`] and [`checks`] know what the lines mean, [`json`] reads the other notation.

mod checks;
mod expand;
mod json;
mod lex;
mod proxies;
mod routes;
mod sites;
mod values;

use std::collections::BTreeSet;

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use expand::{Expansion, Files, imports};
use lex::Line;
use proxies::Start;
use sites::Global;

/// Sites of one configuration.
const MOST_SITES: usize = 5_000;

/// Links of one configuration.
const MOST_LINKS: usize = 50_000;

/// Reads Caddy.
#[derive(Debug)]
pub(crate) struct Caddy;

impl Reader for Caddy {
    fn name(&self) -> &'static str {
        "Caddy"
    }

    fn takes(&self, document: &Document) -> bool {
        is_caddyfile(document) || json::is_caddy(document)
    }

    fn read_all(&self, _: &[&Document], _: &mut Draft) {}

    /// A Caddyfile imports files of any name.
    fn read(&self, documents: &[Document], draft: &mut Draft) {
        let mut files = Files::new(documents);
        let mut tops: Vec<usize> = Vec::new();
        for (at, document) in documents.iter().enumerate() {
            if json::is_caddy(document) {
                draft.note_read(document.id, self.name());
                json::read(document, draft);
            } else if is_caddyfile(document) {
                draft.note_read(document.id, self.name());
                tops.push(at);
            }
        }
        let imported = gather(&mut files, &tops, draft);
        for &at in imported.iter().filter(|at| !tops.contains(at)) {
            draft.note_read(documents[at].id, self.name());
        }
        let mains: Vec<usize> = tops.iter().copied().filter(|at| !imported.contains(at)).collect();
        // Files that import each other in a circle have no main file: the first stands for it.
        let mains = if mains.is_empty() { tops.into_iter().take(1).collect() } else { mains };
        for at in mains {
            read(&files, at, &documents[at], draft);
        }
    }
}

/// Reads the files that these import, and what those do; says which are imported.
fn gather(files: &mut Files<'_>, tops: &[usize], draft: &mut Draft) -> BTreeSet<usize> {
    let mut imported = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut open: Vec<(usize, usize)> = tops.iter().rev().map(|&at| (at, at)).collect();
    while let Some((main, at)) = open.pop() {
        if !seen.insert((main, at)) {
            continue;
        }
        files.open(at, draft);
        let patterns: BTreeSet<String> =
            imports(files.lines(at)).into_iter().map(str::to_owned).collect();
        for pattern in patterns {
            for found in files.meant(&pattern, main, at) {
                if found != main {
                    imported.insert(found);
                }
                open.push((main, found));
            }
        }
    }
    imported
}

fn is_caddyfile(document: &Document) -> bool {
    let name = document.name().to_ascii_lowercase();
    let template = [".tmpl", ".j2", ".tpl", ".gotmpl", ".ejs", ".md", ".go", ".js"];
    let named = name == "caddyfile"
        || name.starts_with("caddyfile.")
        || name.starts_with("caddyfile-")
        || name.ends_with(".caddyfile")
        || name.ends_with(".caddy");
    named && !template.iter().any(|end| name.ends_with(end))
}

/// The block of global options, and the sites.
fn parts(lines: &[Line]) -> (Option<&Line>, Vec<Line>) {
    let (global, rest) = match lines.split_first() {
        Some((first, rest)) if first.name().is_empty() && first.block.is_some() => {
            (Some(first), rest)
        }
        _ => (None, lines),
    };
    match rest.split_first() {
        // Braces are not needed around the only site.
        Some((first, body)) if first.block.is_none() => {
            let opens = first.at(first.words.len());
            let block = lex::Block { opens, lines: body.to_vec() };
            (global, vec![Line { words: first.words.clone(), block: Some(block) }])
        }
        _ => (global, rest.iter().filter(|line| line.block.is_some()).cloned().collect()),
    }
}

fn read(files: &Files<'_>, main: usize, document: &Document, draft: &mut Draft) {
    let lines = Expansion::of(files, main, draft);
    let (global, sites) = parts(&lines);
    let mut own_ports = BTreeSet::new();
    let global = Global { line: global, start: document.span(0..0) };
    for site in sites.iter().take(MOST_SITES) {
        own_ports.extend(sites::listens(site, global).iter().map(|listen| listen.port));
    }
    let mut left = MOST_LINKS;
    for site in sites.iter().take(MOST_SITES) {
        let hop = draft.add_hop(sites::hop(site, global, document.name(), &document.path));
        let start = Start { hop, by: &document.path, ports: &own_ports };
        for proxy in routes::proxies(site, sites::hosts(site)) {
            let mut links = proxy.links(start);
            links.truncate(left);
            left -= links.len();
            draft.links.extend(links);
        }
    }
    if sites.len() > MOST_SITES || left == 0 {
        let says = "there are too many sites or proxies; the rest was left out";
        draft.remark(document.span(0..0), says);
    }
}
