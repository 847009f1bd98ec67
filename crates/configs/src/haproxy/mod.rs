//! HAProxy: `frontend` and `listen` sections become hops, `use_backend` and `default_backend` links,
//! `backend` and `listen` sections sets of targets.
//!
//! [`lex`] reads the grammar, [`proxies`] knows which line holds for a section, [`fronts`],
//! [`routes`], [`backends`], [`servers`] and [`checks`] what the lines mean.

mod backends;
mod checks;
mod fronts;
mod lex;
mod proxies;
mod routes;
mod servers;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::directives;
use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use lex::Section;
use proxies::{Configuration, Proxy};

/// Reads HAProxy.
#[derive(Debug)]
pub(crate) struct HaProxy;

impl Reader for HaProxy {
    fn name(&self) -> &'static str {
        "HAProxy"
    }

    fn takes(&self, document: &Document) -> bool {
        !directives::is_other(document) && looks_like_haproxy(directives::head(&document.text))
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        let mut parsed: Vec<Vec<Section>> = Vec::new();
        for (number, document) in documents.iter().enumerate() {
            let (sections, faults) = lex::sections(&document.text, number);
            for fault in faults {
                draft.remark(document.span(fault.at), fault.says);
            }
            parsed.push(sections);
        }
        for (by, members) in groups(documents, &parsed) {
            let sections: Vec<&Section> = members.iter().flat_map(|&at| &parsed[at]).collect();
            let places = proxies::Places { documents };
            read(&Configuration::new(places, by, sections), draft);
        }
    }
}

/// Keywords of lines that other files with sections of these names do not have.
const KEYWORDS: &[&str] = &[
    "bind",
    "mode",
    "balance",
    "server",
    "timeout",
    "default_backend",
    "use_backend",
    "option",
    "maxconn",
    "retries",
    "stats",
    "nbthread",
    "http-request",
    "server-template",
    "default-server",
];

/// True if a section is followed by lines that HAProxy has, and nothing is another format's.
fn looks_like_haproxy(text: &str) -> bool {
    let mut inside = false;
    let mut found = false;
    for line in text.lines() {
        let code = line.split(" #").next().unwrap_or(line).trim();
        if code.is_empty() || code.starts_with(['#', '{']) {
            continue;
        }
        if code.ends_with([';', '{', ':']) || (code.starts_with(['<', '[']) && !code.contains(' '))
        {
            return false;
        }
        let mut words = code.split_ascii_whitespace();
        let first = words.next().unwrap_or("");
        if lex::is_section(first) {
            inside = match (first, words.next()) {
                ("global", name) => name.is_none(),
                ("defaults", _) => true,
                (_, name) => name.is_some(),
            };
        } else {
            found |= inside && KEYWORDS.contains(&first) && words.next().is_some();
        }
    }
    found
}

/// Files that one HAProxy reads together: those of a folder, if one of them at most has a `global`
/// section; that file first, then the others by their names. With the name of the configuration.
fn groups(documents: &[&Document], parsed: &[Vec<Section>]) -> Vec<(String, Vec<usize>)> {
    let mut folders: BTreeMap<(&str, bool), Vec<usize>> = BTreeMap::new();
    for (at, document) in documents.iter().enumerate() {
        let folder = document.folder();
        let folder = match folder.rsplit_once('/') {
            Some((outer, "conf.d")) => outer,
            _ => folder,
        };
        // What a template becomes is read instead of it, not beside it.
        let is_template = !matches!(document.extension().as_str(), "cfg" | "conf");
        folders.entry((folder, is_template)).or_default().push(at);
    }
    let is_main = |at: &usize| parsed[*at].iter().any(|section| section.kind() == "global");
    let mut groups = Vec::new();
    for ((folder, is_template), mut members) in folders {
        let mains = members.iter().filter(|at| is_main(at)).count();
        if members.len() > 1 && mains == 1 && !is_template {
            members.sort_by_key(|at| !is_main(at));
            let by = match folder {
                "" => documents[members[0]].path.clone(),
                folder => folder.to_owned(),
            };
            groups.push((by, members));
        } else {
            groups.extend(members.into_iter().map(|at| (documents[at].path.clone(), vec![at])));
        }
    }
    groups
}

fn read(configuration: &Configuration<'_>, draft: &mut Draft) {
    let proxies = configuration.proxies();
    let mut ports: BTreeSet<u16> = BTreeSet::new();
    for proxy in &proxies {
        ports.extend(fronts::listens(proxy).iter().map(|listen| listen.port));
    }
    ports.remove(&0);
    for proxy in proxies.iter().filter(|proxy| proxy.is_back()) {
        let pool = backends::pool(proxy, &ports, draft);
        draft.pools.push(pool);
    }
    let backs: BTreeMap<&str, &Proxy<'_>> = {
        let backs = proxies.iter().filter(|proxy| proxy.is_back());
        backs.map(|proxy| (proxy.section.name(), proxy)).collect()
    };
    for proxy in proxies.iter().filter(|proxy| proxy.is_front()) {
        let routes = routes::routes(proxy, &backs, draft);
        if routes.is_empty() && proxy.has(&["stats"]) {
            continue;
        }
        let from = draft.add_hop(fronts::hop(proxy));
        for route in routes {
            draft.links.push(route.link(proxy, from, &draft.hops[from.0].hop.listens));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_others_are_left_alone() {
        assert!(looks_like_haproxy("defaults\n  timeout client 5s\n"));
        assert!(looks_like_haproxy("# x\nfrontend web\n\tbind :80 # all\n"));
        assert!(!looks_like_haproxy("global:\n  mode: x\nbackend:\n  server: y\n"));
        assert!(!looks_like_haproxy("[global]\nmode = x\n"));
        assert!(!looks_like_haproxy("upstream a {\n server b;\n}\n"));
        assert!(!looks_like_haproxy("global warming\nserver room\n"));
        assert!(!looks_like_haproxy("backend\nserver a\n"));
    }
}
