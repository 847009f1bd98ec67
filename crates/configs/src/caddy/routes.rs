//! Which requests of a site reach which of its directives: matchers, and the blocks of `handle` and
//! `route`.
//!
//! <https://caddyserver.com/docs/caddyfile/matchers>.

use model::config::{Route, Settings};

use super::lex::Line;
use super::proxies::Proxy;
use super::sites::body_limit;

/// Proxies of one site.
const MOST_PROXIES: usize = 5_000;

/// Directives that send requests on.
const PROXIES: &[&str] = &["reverse_proxy", "php_fastcgi", "forward_auth"];

/// The proxies of a site whose addresses have these hosts, each with the requests it gets.
pub(super) fn proxies(site: &Line, hosts: Vec<String>) -> Vec<Proxy<'_>> {
    let mut found = Vec::new();
    let route = Route { hosts, path: String::new() };
    walk(site.lines(), &route, &Settings::new(), &mut Vec::new(), &mut found);
    found
}

fn walk<'l>(
    lines: &'l [Line],
    route: &Route,
    settings: &Settings,
    scopes: &mut Vec<&'l [Line]>,
    found: &mut Vec<Proxy<'l>>,
) {
    scopes.push(lines);
    let mut own = settings.clone();
    // The limit of the site itself is its hop's.
    if scopes.len() > 1
        && let Some(limit) = body_limit(lines)
    {
        own.set(limit);
    }
    for line in lines {
        if found.len() >= MOST_PROXIES {
            break;
        }
        let matcher = line.words.get(1).map(|word| word.text.as_str());
        let matcher = matcher.filter(|text| text.starts_with(['/', '@']) || *text == "*");
        let narrowed = || matcher.map_or(route.clone(), |text| narrow(route, text, scopes));
        if PROXIES.contains(&line.name()) {
            let from = if matcher.is_some() { 2 } else { 1 };
            let settings = own.clone();
            let depth = scopes.len();
            found.push(Proxy { line, from, route: narrowed(), settings, depth });
        } else if matches!(line.name(), "handle" | "handle_path" | "route") {
            let inner = narrowed();
            walk(line.lines(), &inner, &own, scopes, found);
        }
    }
    scopes.pop();
}

/// The requests that also match.
fn narrow(route: &Route, matcher: &str, scopes: &[&[Line]]) -> Route {
    let mut route = route.clone();
    if matcher.starts_with('/') {
        route.path = joined(&route.path, matcher);
        return route;
    }
    let named = |line: &&Line| line.name() == matcher;
    let definition = scopes.iter().rev().find_map(|lines| lines.iter().find(named));
    let Some(definition) = definition else { return route };
    let mut add = |words: &[super::lex::Word]| {
        let Some((kind, values)) = words.split_first() else { return };
        let values: Vec<&str> = values.iter().map(|word| word.text.as_str()).collect();
        match kind.text.as_str() {
            "path" => route.path = joined(&route.path, &values.join(" ")),
            "host" => route.hosts = values.into_iter().map(str::to_owned).collect(),
            _ => {}
        }
    };
    add(definition.words.get(1..).unwrap_or_default());
    for line in definition.lines() {
        add(&line.words);
    }
    route
}

/// A path within another; of the outer one what stands before its `*`.
fn joined(outer: &str, inner: &str) -> String {
    let outer = outer.trim_end_matches('*');
    match outer.is_empty() || inner.starts_with(outer) {
        true => inner.to_owned(),
        false => format!("{}{inner}", outer.trim_end_matches('/')),
    }
}
