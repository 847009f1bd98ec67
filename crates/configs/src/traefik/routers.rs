//! Routers as links from entry points to the servers of their services.

use std::collections::BTreeMap;

use model::config::{Key, Route, Settings, Slot, Value};

use super::containers::Static;
use super::crd::{self, Object};
use super::entries::{bare, entries, transport, transport_slot};
use super::field::Field;
use super::rule::route;
use super::services::{Definitions, Owner, Part, Server, check, passive};
use crate::document::Document;
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};

/// Links of one project.
const MOST_LINKS: usize = 50_000;

/// Services that Traefik has by itself.
const INTERNAL: &str = "@internal";

/// A static configuration.
pub(super) struct Source<'t> {
    root: Field<'t>,
    label: String,
    by: String,
    path: &'t str,
    /// The file's text, and whether it is TOML, if the tree is the file's own.
    text: Option<(&'t str, bool)>,
    slot: Option<Slot>,
}

impl<'t> Source<'t> {
    /// That of a file.
    pub(super) fn file(document: &'t Document, root: Field<'t>) -> Source<'t> {
        let is_toml = document.extension() == "toml";
        Source {
            root,
            label: document.name().to_owned(),
            by: document.path.clone(),
            path: &document.path,
            text: Some((&document.text, is_toml)),
            slot: transport_slot(root, &document.text, is_toml),
        }
    }

    /// That of flags.
    pub(super) fn flat(one: &'t Static, root: Field<'t>) -> Source<'t> {
        let (label, by) = (one.label.clone(), one.by.clone());
        Source { root, label, by, path: &one.path, text: None, slot: one.slot.clone() }
    }
}

/// One Traefik.
pub(super) struct Instance<'t> {
    /// Where its static configuration stands; empty if the files have none.
    path: &'t str,
    label: String,
    by: String,
    /// Its entry points: their hops, and the middlewares of each.
    entries: BTreeMap<String, (DraftId, Vec<String>)>,
    defaults: Vec<String>,
    transport: Settings,
    slot: Option<Slot>,
    known: bool,
}

impl<'t> Instance<'t> {
    /// The Traefik of a static configuration; its entry points are added as hops.
    pub(super) fn new(source: Source<'t>, draft: &mut Draft) -> Instance<'t> {
        let found = entries(source.root, &source.label, &source.by, source.text);
        let transport = transport(source.root.get("serversTransport"));
        let mut instance = Instance {
            path: source.path,
            label: source.label,
            by: source.by,
            entries: BTreeMap::new(),
            defaults: Vec::new(),
            slot: source.slot,
            transport,
            known: true,
        };
        for entry in found {
            if entry.is_default {
                instance.defaults.push(entry.name.clone());
            }
            let id = draft.add_hop(entry.hop);
            instance.entries.insert(entry.name, (id, entry.middlewares));
        }
        instance
    }

    /// A Traefik whose static configuration is not among the files.
    fn unknown() -> Instance<'t> {
        Instance {
            path: "",
            label: "Traefik".to_owned(),
            by: String::new(),
            entries: BTreeMap::new(),
            defaults: vec!["any".to_owned()],
            transport: Settings::new(),
            slot: None,
            known: false,
        }
    }

    /// How many folders its configuration shares with a file.
    fn nearness(&self, path: &str) -> usize {
        let own = self.path.split('/').zip(path.split('/'));
        own.take_while(|(own, other)| own == other).count()
    }

    /// The hop of an entry point. Of a Traefik whose configuration is not known one is made.
    fn entry(
        &mut self,
        name: &str,
        at: Option<model::config::Span>,
        draft: &mut Draft,
    ) -> Option<(DraftId, Vec<String>)> {
        let name = name.to_lowercase();
        if let Some((id, middlewares)) = self.entries.get(&name) {
            return Some((*id, middlewares.clone()));
        }
        if self.known {
            return None;
        }
        let mut hop = bare(&name, &self.label, &self.by);
        hop.hop.at = at;
        let id = draft.add_hop(hop);
        self.entries.insert(name, (id, Vec::new()));
        Some((id, Vec::new()))
    }
}

/// A router, as it is written or as a container without one has it.
struct Router<'t> {
    route: Route,
    entries: Vec<String>,
    middlewares: Vec<String>,
    servers: Vec<Server<'t>>,
}

/// Adds the links of all routers.
pub(super) fn read<'t>(
    parts: &[(Part<'t>, &'t str)],
    objects: &[Object<'t>],
    mut instances: Vec<Instance<'t>>,
    draft: &mut Draft,
) {
    if parts.is_empty() {
        return;
    }
    if instances.is_empty() {
        instances.push(Instance::unknown());
    }
    let all: Vec<Part<'t>> = parts.iter().map(|(part, _)| *part).collect();
    let mut definitions = Definitions::new(&all);
    objects.iter().for_each(|object| definitions.add(object));
    let mut left = MOST_LINKS;
    for (part, path) in parts {
        // Of several the nearest, and of those the first.
        let nearest = (0..instances.len()).rev().max_by_key(|at| instances[*at].nearness(path));
        let Some(instance) = nearest.and_then(|at| instances.get_mut(at)) else { continue };
        for router in routers(part, &definitions) {
            links(part, &definitions, &router, (instance, &mut left, draft));
        }
        if left == 0 {
            let at = part.root.span();
            draft.remark(at, "there are too many routers; the rest was left out");
            return;
        }
    }
}

fn routers<'t>(part: &Part<'t>, definitions: &Definitions<'t>) -> Vec<Router<'t>> {
    if part.owner.is_some_and(|owner| owner.is_traefik) {
        return Vec::new();
    }
    if part.provider == crd::PROVIDER {
        let entries = part.root.get("entryPoints").words();
        let tls = part.root.get("tls").there();
        let all = crd::routes(part).into_iter();
        let kept = all.filter(|(_, passed, _)| tls || !definitions.redirects(part, passed));
        return kept
            .map(|(route, middlewares, servers)| Router {
                route,
                entries: entries.clone(),
                middlewares,
                servers,
            })
            .collect();
    }
    let written: Vec<(&str, Field<'t>)> = part.root.get("routers").entries().collect();
    let only = only_service(part);
    let mut found = Vec::new();
    for (_, router) in &written {
        let service = router.get("service").text().or(only.as_deref());
        if service.is_some_and(|name| name.ends_with(INTERNAL)) {
            continue;
        }
        let middlewares = router.get("middlewares").words();
        if !router.get("tls").there() && definitions.redirects(part, &middlewares) {
            continue;
        }
        let servers = match (service, part.owner) {
            (Some(name), _) => definitions.servers(part, name),
            (None, Some(owner)) => vec![container(owner, part)],
            (None, None) => Vec::new(),
        };
        found.push(Router {
            route: route(router.get("rule").text().unwrap_or("")),
            entries: router.get("entryPoints").words(),
            middlewares,
            servers,
        });
    }
    // A container has a router by itself; one for TCP it has only if it is written.
    if let Some(owner) = part.owner.filter(|_| written.is_empty() && part.section == "http") {
        let servers = match &only {
            Some(name) => definitions.servers(part, name),
            None if part.root.there() => Vec::new(),
            None => vec![container(owner, part)],
        };
        let (entries, middlewares) = (Vec::new(), Vec::new());
        found.push(Router { route: Route::default(), entries, middlewares, servers });
    }
    found
}

/// The name of the only service of a part: that of a router which names none.
fn only_service(part: &Part<'_>) -> Option<String> {
    let mut services = part.root.get("services").entries();
    let first = services.next()?.0.to_owned();
    (part.owner.is_some() && services.next().is_none()).then_some(first)
}

fn container<'t>(owner: &Owner, part: &Part<'t>) -> Server<'t> {
    let (host, at) = (owner.name.clone(), owner.at);
    Server { scheme: part.section.to_owned(), host, port: 0, at, balancer: None, to: None }
}

fn links<'t>(
    part: &Part<'t>,
    definitions: &Definitions<'t>,
    router: &Router<'t>,
    (instance, left, draft): (&mut Instance<'t>, &mut usize, &mut Draft),
) {
    let names = match router.entries.is_empty() {
        true => instance.defaults.clone(),
        false => router.entries.clone(),
    };
    for name in names {
        let at = router.servers.first().map(|server| server.at);
        let Some((from, before)) = instance.entry(&name, at, draft) else {
            let at = part.root.span();
            draft.remark(at, format!("no entry point is named `{name}`; it was left out"));
            continue;
        };
        let middlewares: Vec<String> = before.iter().chain(&router.middlewares).cloned().collect();
        let passed = definitions.pass(part, &middlewares);
        for server in &router.servers {
            if *left == 0 {
                return;
            }
            *left -= 1;
            draft.links.push(link(part, definitions, server, instance, (from, &passed, router)));
        }
    }
}

fn link<'t>(
    part: &Part<'t>,
    definitions: &Definitions<'t>,
    server: &Server<'t>,
    instance: &Instance<'t>,
    (from, passed, router): (DraftId, &Settings, &Router<'t>),
) -> LinkDraft {
    let Server { scheme, host, port, at, balancer, to } = server;
    let place = match (port, host.contains(':')) {
        (0, _) => host.clone(),
        (_, true) => format!("[{host}]:{port}"),
        (_, false) => format!("{host}:{port}"),
    };
    let address = if scheme == "https" { format!("https://{place}") } else { place };
    let name = to.clone().unwrap_or_else(|| Name::host(host));
    let mut link = LinkDraft::new(from, Reach::Name(name), address);
    link.port = *port;
    link.route = router.route.clone();
    link.at = Some(*at);
    link.settings = passed.clone();
    let written = |key: Key, value: Value, name: &'static str| {
        model::config::Setting::written(key, value, name, *at)
    };
    if part.section == "tcp" {
        let tcp = Value::Text("tcp".to_owned());
        link.settings.set(written(Key::UpstreamProtocol, tcp, "tcp"));
        return link;
    }
    match scheme.as_str() {
        "https" => link.settings.set(written(Key::UpstreamTls, Value::Flag(true), "url")),
        "h2c" => {
            let h2c = Value::Text("h2c".to_owned());
            link.settings.set(written(Key::UpstreamProtocol, h2c, "url"));
        }
        _ => {}
    }
    let named = balancer.and_then(|balancer| balancer.get("serversTransport").text());
    match named {
        // What a transport says that is not among the files is not known.
        Some(name) => match definitions.transport(part, name) {
            Some(found) => link.settings.inherit(&transport(found)),
            None => unknown_transport(&mut link.settings, name, *at),
        },
        None => {
            link.settings.inherit(&instance.transport);
            link.slots.extend(instance.slot.clone());
        }
    }
    if let Some(balancer) = balancer {
        passive(*balancer).into_iter().for_each(|setting| link.settings.set(setting));
        link.checks.extend(check(*balancer, scheme));
    }
    link
}

fn unknown_transport(settings: &mut Settings, name: &str, at: model::config::Span) {
    for key in [Key::ConnectTimeout, Key::ResponseTimeout, Key::UpstreamIdleTimeout] {
        let value = Value::Unknown(name.to_owned());
        settings.set(model::config::Setting::written(key, value, "serversTransport", at));
    }
}
