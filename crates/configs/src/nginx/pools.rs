//! `upstream` blocks as sets of targets.

use std::collections::BTreeMap;

use model::config::{Key, Setting, Settings, Value};

use super::FORM;
use super::values::{Address, address, count_setting, is_name, name_servers, time_setting};
use crate::defaults::nginx::{FAIL_TIMEOUT, MAX_FAILS, RESOLVE_ONCE};
use crate::directives::{Directive, Places, Scope};
use crate::draft::{Member, Name, Pool, Reach};

/// One `upstream` block.
pub(super) struct Upstream<'d> {
    /// The name by which links speak of it.
    pub(super) id: Name,
    /// What it holds.
    pub(super) scope: Scope<'d>,
    /// Its servers, other than those marked `down`.
    pub(super) servers: usize,
    block: &'d Directive,
}

/// The blocks of a configuration by name, the first of each.
pub(super) fn upstreams<'d>(
    around: &str,
    tool: &'static str,
    scope: &Scope<'d>,
) -> BTreeMap<&'d str, Upstream<'d>> {
    let mut found = BTreeMap::new();
    for &block in scope.own("upstream").iter().filter(|block| block.opens.is_some()) {
        let name = block.text(0);
        let inner = Scope::new(&block.block, None);
        let servers = inner.own("server").iter().filter(|server| !is_down(server)).count();
        let id = Name::id(tool, format!("{around} {name}"));
        found.entry(name).or_insert(Upstream { id, scope: inner, servers, block });
    }
    found
}

fn is_down(server: &Directive) -> bool {
    server.args().iter().skip(1).any(|word| word.text == "down")
}

/// The block as a set of targets.
pub(super) fn pool(places: Places<'_>, upstream: &Upstream<'_>, around: &Scope<'_>) -> Pool {
    let scope = &upstream.scope;
    let servers = scope.own("server").iter().filter(|server| !is_down(server));
    let resolver = scope.get("resolver").or_else(|| around.get("resolver"));
    let has_others = upstream.servers > 1;
    let members = servers.map(|server| member(places, server, has_others, resolver)).collect();
    let mut settings = Settings::new();
    if let Some(directive) = scope.get("keepalive").filter(|directive| directive.text(0) != "0") {
        let at = places.value(directive, 0);
        settings.set(count_setting(Key::UpstreamPool, "keepalive", directive.text(0), at));
    }
    if let Some(directive) = scope.get("keepalive_timeout") {
        let at = places.value(directive, 0);
        let text = directive.text(0);
        settings.set(time_setting(Key::UpstreamIdleTimeout, "keepalive_timeout", text, at));
    }
    if let Some(directive) = scope.get("keepalive_requests") {
        let at = places.value(directive, 0);
        let key = Key::UpstreamKeepAliveRequests;
        settings.set(count_setting(key, "keepalive_requests", directive.text(0), at));
    }
    let mut slots = Vec::new();
    if scope.get("keepalive_timeout").is_none() {
        // A directive that an include put here stands in another file, perhaps for other blocks too.
        let own = upstream.block.block.iter().rev().find(|d| d.file == upstream.block.file);
        let after = own.unwrap_or(upstream.block);
        slots.push(places.slot(after, Key::UpstreamIdleTimeout, "keepalive_timeout", FORM));
    }
    Pool {
        names: vec![upstream.id.clone()],
        members,
        ports: Vec::new(),
        settings,
        checks: Vec::new(),
        slots,
        at: Some(places.directive(upstream.block)),
    }
}

fn member(
    places: Places<'_>,
    server: &Directive,
    has_others: bool,
    resolver: Option<&Directive>,
) -> Member {
    let text = server.text(0);
    let mut settings = Settings::new();
    let mut resolves = false;
    for word in server.args().iter().skip(1) {
        let (name, value) = word.text.split_once('=').unwrap_or((&word.text, ""));
        let at = places.part(server, word, name.len() + 1);
        match name {
            // Of a single server nginx ignores both.
            "max_fails" if has_others && value == "0" => {
                let none = Value::Unlimited;
                settings.set(Setting::written(Key::MaxFails, none, "max_fails", at));
            }
            "max_fails" if has_others => {
                settings.set(count_setting(Key::MaxFails, "max_fails", value, at));
            }
            "fail_timeout" if has_others => {
                settings.set(time_setting(Key::FailTimeout, "fail_timeout", value, at));
            }
            "max_conns" if value != "0" => {
                let key = Key::UpstreamMaxConnections;
                settings.set(count_setting(key, "max_conns", value, at));
            }
            "resolve" => {
                resolves = true;
                let at = places.word(server, word);
                let off = Value::Flag(false);
                settings.set(Setting::written(Key::ResolveOnce, off, "resolve", at));
                settings.set(name_servers(places, resolver));
            }
            _ => {}
        }
    }
    if has_others {
        settings.set(MAX_FAILS.stated());
        settings.set(FAIL_TIMEOUT.stated());
    }
    let (to, port) = match address(text) {
        Address::Socket(path) => (Reach::Name(Name::id("unix socket", path)), 0),
        Address::Variable(host, port) => (Reach::Name(Name::host(&host)), port),
        Address::Host(host, port) => {
            if is_name(&host) && !resolves {
                settings.set(RESOLVE_ONCE.stated());
            }
            (Reach::Name(Name::host(&host)), if port == 0 { 80 } else { port })
        }
    };
    let at = Some(places.directive(server));
    Member { to, port, address: text.to_owned(), at, settings }
}
