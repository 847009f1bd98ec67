//! `use_backend` and `default_backend` as links: which backend gets which hosts and paths, as far as
//! the conditions tell.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Listen, Route, Span};

use super::backends::{host, keep_alive};
use super::lex::Line;
use super::proxies::{Closes, Proxy};
use super::values::is_variable;
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};

/// Routes taken of one line: an alternative is a route of its own.
const MOST_ALTERNATIVES: usize = 16;

/// Backends taken of a name that only the request decides.
const MOST_DYNAMIC: usize = 64;

/// That some requests of a section go to a backend.
#[derive(Debug)]
pub(super) struct Way {
    to: Name,
    address: String,
    route: Route,
    at: Span,
}

impl Way {
    /// The link, with what the section in front says of connections to servers.
    pub(super) fn link(self, front: &Proxy<'_>, from: DraftId, listens: &[Listen]) -> LinkDraft {
        let mut link = LinkDraft::new(from, Reach::Name(self.to), self.address);
        link.route = self.route;
        link.at = Some(self.at);
        // A server without a port is asked at the port that the client asked.
        let ports: BTreeSet<u16> = listens.iter().map(|listen| listen.port).collect();
        if let (Some(port), 1) = (ports.first(), ports.len()) {
            link.port = *port;
        }
        if front.is_http() {
            // Either section can close connections; neither can keep what the other closes.
            if front.closes().0 != Closes::Nothing
                && let Some(setting) = keep_alive(front)
            {
                link.settings.set(setting);
            }
            if let Some(setting) = host(front) {
                link.settings.set(setting);
            }
        }
        link
    }
}

/// Where a section's requests go.
pub(super) fn routes(
    front: &Proxy<'_>,
    backs: &BTreeMap<&str, &Proxy<'_>>,
    draft: &mut Draft,
) -> Vec<Way> {
    let mut ways = Vec::new();
    let named: BTreeSet<&str> = front.own(&["use_backend"]).map(|line| line.text(1)).collect();
    for line in front.own(&["use_backend"]).filter(|line| line.words.len() > 1) {
        let name = line.text(1);
        let at = front.places().line(line);
        let targets = match is_variable(name) {
            true => dynamic(name, backs, &named),
            false => backs.get(name).copied().into_iter().collect(),
        };
        if targets.is_empty() && !is_variable(name) {
            let says = format!("no backend is named `{name}`; requests to it were left out");
            draft.remark(at, says);
        }
        for target in targets {
            for route in conditions(front, line) {
                let address = target.section.name().to_owned();
                ways.push(Way { to: target.id(), address, route, at });
            }
        }
    }
    if let Some(line) = front.get(&["default_backend"]) {
        let at = front.places().line(line);
        match backs.get(line.text(1)) {
            Some(back) => {
                let address = back.section.name().to_owned();
                ways.push(Way { to: back.id(), address, route: Route::default(), at });
            }
            None if is_variable(line.text(1)) => {}
            None => {
                let name = line.text(1);
                let says = format!("no backend is named `{name}`; requests to it were left out");
                draft.remark(at, says);
            }
        }
    }
    let own = front.has(&["server"]) || front.has(&["server-template"]);
    if front.is_back() && own {
        let at = front.places().line(&front.section.head);
        let address = front.section.name().to_owned();
        ways.push(Way { to: front.id(), address, route: Route::default(), at });
    }
    ways
}

/// The backends that a name with an expression can mean: those that begin as it does and that no
/// line names itself.
fn dynamic<'p>(
    name: &str,
    backs: &BTreeMap<&str, &'p Proxy<'p>>,
    named: &BTreeSet<&str>,
) -> Vec<&'p Proxy<'p>> {
    let fixed = name.split(['$', '%', '{']).next().unwrap_or("");
    backs
        .iter()
        .filter(|(back, proxy)| {
            back.starts_with(fixed) && !named.contains(**back) && proxy.section.kind() == "backend"
        })
        .map(|(_, proxy)| *proxy)
        .take(MOST_DYNAMIC)
        .collect()
}

/// The requests for which a line holds: one route for each alternative.
fn conditions(front: &Proxy<'_>, line: &Line) -> Vec<Route> {
    let mut words = line.words.iter().map(|word| word.text.as_str()).skip(2);
    // What holds unless something does is not told by hosts and paths.
    if words.next() != Some("if") {
        return vec![Route::default()];
    }
    let words: Vec<&str> = words.collect();
    let mut routes: Vec<Route> = Vec::new();
    for term in words.split(|word| matches!(*word, "or" | "||")) {
        let mut route = Route::default();
        let mut at = 0;
        while let Some(word) = term.get(at) {
            at += 1;
            match *word {
                "{" => {
                    let end = term[at..].iter().position(|word| *word == "}");
                    let end = end.map_or(term.len(), |end| at + end);
                    criterion(&term[at..end], &mut route);
                    at = end + 1;
                }
                "!" => at += 1,
                name if name.starts_with('!') => {}
                name => {
                    for acl in acls(front, name) {
                        let words: Vec<&str> =
                            acl.words.iter().skip(2).map(|word| word.text.as_str()).collect();
                        criterion(&words, &mut route);
                    }
                }
            }
        }
        if !routes.contains(&route) {
            routes.push(route);
        }
    }
    routes.truncate(MOST_ALTERNATIVES);
    routes
}

/// The lines of an ACL: any of them may hold.
fn acls<'c>(front: &Proxy<'c>, name: &str) -> Vec<&'c Line> {
    front.section.lines.iter().filter(|line| line.begins(&["acl", name])).collect()
}

/// What a criterion says of the host or the path.
fn criterion(words: &[&str], route: &mut Route) {
    let Some(sample) = words.first() else { return };
    let sample = sample.to_ascii_lowercase();
    let mut values: Vec<&str> = Vec::new();
    let mut at = 1;
    while let Some(word) = words.get(at) {
        at += 1;
        match *word {
            "-m" | "-f" | "-M" | "-u" => at += 1,
            "-i" | "-n" | "--" | "eq" => {}
            value => values.push(value),
        }
    }
    let of_host = ["hdr", "req.hdr", "req.fhdr"].iter().any(|hdr| {
        let rest = sample.strip_prefix(hdr).unwrap_or("");
        rest.starts_with(['(', '_']) && rest.contains("(host")
    });
    let of_name = sample.starts_with("ssl_fc_sni")
        || sample.starts_with("req.ssl_sni")
        || sample.starts_with("req_ssl_sni");
    let of_path = sample.starts_with("path")
        || sample.starts_with("url")
        || sample.starts_with("capture.req.uri");
    if of_host || of_name {
        route.hosts.extend(values.into_iter().map(str::to_owned));
    } else if of_path && !values.is_empty() {
        if !route.path.is_empty() {
            route.path.push(' ');
        }
        route.path.push_str(&values.join(" "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(text: &str) -> Route {
        let mut route = Route::default();
        criterion(&text.split(' ').collect::<Vec<_>>(), &mut route);
        route
    }

    #[test]
    fn criteria_tell_hosts_and_paths() {
        assert_eq!(route("hdr(host) -i shop.example www.shop.example").hosts.len(), 2);
        assert_eq!(route("req.hdr(Host),lower api.example").hosts, ["api.example"]);
        assert_eq!(route("path_beg -i /api /v1").path, "/api /v1");
        assert_eq!(route("path -m beg /api").path, "/api");
        assert_eq!(route("req.hdr(x-host) a"), Route::default());
        assert_eq!(route("src 10.0.0.0/8"), Route::default());
    }
}
