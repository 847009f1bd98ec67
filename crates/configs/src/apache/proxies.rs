//! What passes requests on, as links: `ProxyPass`, `ProxyPassMatch`, rewriting with `[P]`,
//! `SetHandler proxy:…`; and `balancer://` as sets of targets.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Key, Notation, Route, Setting, Settings, Slot, Value};

use super::FORM;
use super::values::{Url, flag, number_setting, text_setting, time_setting, url};
use super::workers::{Param, Way, check, param, protocol, settings};
use crate::defaults::apache::{ATTEMPTS, HOST};
use crate::directives::{Directive, Places, Scope};
use crate::draft::{Draft, DraftId, LinkDraft, Member, Name, Pool, Reach};

/// A balancer: its members with their parameters, and its own parameters.
#[derive(Debug, Default)]
pub(super) struct Balancer<'d> {
    members: Vec<(&'d Directive, Url, Vec<Param<'d>>)>,
    params: Vec<Param<'d>>,
    at: Option<&'d Directive>,
}

/// Balancers by name, and parameters that `ProxySet` gives a worker, by its URL.
#[derive(Debug, Default)]
pub(super) struct Proxies<'d> {
    balancers: BTreeMap<String, Balancer<'d>>,
    workers: BTreeMap<String, Vec<Param<'d>>>,
}

/// The name of a balancer in its URL.
fn balancer_name(text: &str) -> Option<String> {
    let start = text.get(..11).filter(|start| start.eq_ignore_ascii_case("balancer://"))?;
    let rest = &text[start.len()..];
    Some(rest.split('/').next().unwrap_or(rest).to_ascii_lowercase())
}

fn worker_name(text: &str) -> String {
    text.trim_end_matches('/').to_ascii_lowercase()
}

impl<'d> Proxies<'d> {
    /// Notes what the directives of a server define.
    pub(super) fn collect(&mut self, directives: &'d [Directive], around: Option<&'d Directive>) {
        for directive in directives {
            match directive.name() {
                "proxy" => self.collect(&directive.block, Some(directive)),
                // Servers have their own.
                "virtualhost" => {}
                "balancermember" => {
                    // Outside of `<Proxy>` the balancer comes first.
                    let named = balancer_name(directive.text(0));
                    let member = directive.text(usize::from(named.is_some()));
                    let inside = || around.and_then(|around| balancer_name(around.text(0)));
                    let Some(name) = named.or_else(inside) else { continue };
                    let Some(url) = url(member) else { continue };
                    let params = Param::of(directive).collect();
                    let balancer = self.balancers.entry(name).or_default();
                    balancer.at = balancer.at.or(around);
                    balancer.members.push((directive, url, params));
                }
                "proxyset" => {
                    let first = directive.text(0);
                    let named = if first.contains("://") {
                        Some(first)
                    } else {
                        around.map(|around| around.text(0))
                    };
                    let Some(named) = named else { continue };
                    let params = Param::of(directive);
                    match balancer_name(named) {
                        Some(name) => self.balancers.entry(name).or_default().params.extend(params),
                        None => {
                            self.workers.entry(worker_name(named)).or_default().extend(params);
                        }
                    }
                }
                _ if directive.opens.is_some() => self.collect(&directive.block, around),
                _ => {}
            }
        }
    }

    /// The balancers as sets of targets; `around` names the server they belong to.
    pub(super) fn pools(&self, places: Places<'_>, around: &str) -> Vec<Pool> {
        let pool = |(name, balancer): (&String, &Balancer<'d>)| {
            let mut checks = Vec::new();
            let members = balancer.members.iter().map(|(directive, url, params)| {
                let found = check(places, params);
                // Members are checked alike as a rule; the first one's check stands for all.
                if checks.is_empty() {
                    checks.extend(found);
                }
                let mut settings = settings(places, params, url, Way::Worker);
                target_settings(places, directive, url, &mut settings);
                let (to, port) = reach(url, None);
                let at = Some(places.directive(directive));
                Member { to, port, address: shown(url), at, settings }
            });
            let members: Vec<Member> = members.collect();
            Pool {
                names: vec![Name::id("apache balancer", format!("{around} {name}"))],
                members,
                checks,
                at: balancer.at.map(|at| places.directive(at)),
                ..Pool::default()
            }
        };
        self.balancers.iter().map(pool).collect()
    }
}

/// The address as people write it.
fn shown(url: &Url) -> String {
    match &url.socket {
        Some(path) => format!("unix:{path}"),
        None => url.authority.clone(),
    }
}

/// Where a URL leads; `own` are the ports of this configuration and the name of it.
fn reach(url: &Url, own: Option<(&str, &BTreeSet<u16>)>) -> (Reach, u16) {
    if let Some(path) = &url.socket {
        return (Reach::Name(Name::id("unix socket", path.clone())), 0);
    }
    let loops = url.host == "localhost"
        || url.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if let Some((around, ports)) = own
        && loops
        && ports.contains(&url.port)
    {
        let name = format!("{around} {}", url.port);
        return (Reach::Name(Name::id("apache listen", name)), url.port);
    }
    (Reach::Name(Name::host(&url.host)), url.port)
}

fn is_tls(url: &Url) -> bool {
    matches!(url.scheme.as_str(), "https" | "wss" | "h2")
}

/// Settings that follow from the URL.
fn target_settings(places: Places<'_>, directive: &Directive, url: &Url, settings: &mut Settings) {
    let at = places.directive(directive);
    let name = match directive.name() {
        "balancermember" => "BalancerMember",
        "sethandler" => "SetHandler",
        "rewriterule" => "RewriteRule",
        "proxypassmatch" => "ProxyPassMatch",
        _ => "ProxyPass",
    };
    if let Some(protocol) = protocol(url) {
        settings.set(text_setting(Key::UpstreamProtocol, name, protocol, at));
    }
    if is_tls(url) {
        let on = Value::Flag(true);
        settings.set(Setting::written(Key::UpstreamTls, on, name, at));
    }
    if !matches!(url.scheme.as_str(), "http" | "https" | "ws" | "wss" | "h2" | "h2c") {
        return;
    }
    let default = |key: Key, text: &str, name: &'static str| {
        Setting::default(key, Value::Text(text.to_owned()), name, &HOST, None)
    };
    settings.set(default(Key::UpstreamHost, &url.authority, "ProxyPreserveHost"));
    if is_tls(url) {
        settings.set(default(Key::UpstreamSni, &url.host, "ProxyPreserveHost"));
        settings.set(default(Key::UpstreamVerifyName, &url.host, "SSLProxyCheckPeerName"));
    }
}

/// What the server that sends says of the `Host` field and of certificates.
fn sender_settings(places: Places<'_>, scope: &Scope<'_>, tls: bool, settings: &mut Settings) {
    if tls && let Some(found) = scope.get("sslproxyverify") {
        let on = Value::Flag(!found.text(0).eq_ignore_ascii_case("none"));
        let at = places.value(found, 0);
        settings.set(Setting::written(Key::UpstreamVerify, on, "SSLProxyVerify", at));
    }
    let off = |directive: &&&Directive| flag(directive.text(0)) == Some(false);
    if tls && let Some(found) = scope.get("sslproxycheckpeername").as_ref().filter(off) {
        let (name, at) = ("SSLProxyCheckPeerName", places.value(found, 0));
        let none = Value::Flag(false);
        settings.set(Setting::written(Key::UpstreamVerifyName, none, name, at));
    }
    let on = |directive: &&&Directive| flag(directive.text(0)) == Some(true);
    if let Some(found) = scope.get("proxypreservehost").as_ref().filter(on) {
        let at = places.value(found, 0);
        let keys: &[Key] =
            if tls { &[Key::UpstreamHost, Key::UpstreamSni] } else { &[Key::UpstreamHost] };
        for key in keys {
            settings.set(text_setting(*key, "ProxyPreserveHost", "%{HTTP_HOST}", at));
        }
    }
    let set_host = scope.all("requestheader").iter().rev().find(|directive| {
        directive.text(0).eq_ignore_ascii_case("set")
            && directive.text(1).eq_ignore_ascii_case("host")
    });
    if let Some(found) = set_host {
        let at = places.value(found, 2);
        settings.set(text_setting(Key::UpstreamHost, "RequestHeader", found.text(2), at));
    }
}

/// What links of one server need to know.
pub(super) struct Routing<'r, 'd> {
    pub(super) places: Places<'d>,
    /// Names the configuration.
    pub(super) around: &'r str,
    /// Names the server, for its balancers, then the main server, for those it inherits.
    pub(super) owners: Vec<(String, &'r Proxies<'d>)>,
    /// Ports that servers of the same configuration listen on.
    pub(super) ports: &'r BTreeSet<u16>,
    pub(super) from: DraftId,
    pub(super) hosts: Vec<String>,
}

/// Something that passes requests on.
struct Pass<'d> {
    directive: &'d Directive,
    url: String,
    path: String,
    way: Way,
    in_location: bool,
}

impl<'d> Routing<'_, 'd> {
    /// Adds the links of a server's directives. `scope` is that of the block they are in. Nesting is
    /// bounded by the parser.
    pub(super) fn links(
        &self,
        directives: &'d [Directive],
        scope: &Scope<'d>,
        path: Option<&str>,
        draft: &mut Draft,
    ) {
        for directive in directives {
            if directive.opens.is_some() {
                if directive.name() == "virtualhost" {
                    continue;
                }
                let inner = match directive.name() {
                    "location" | "locationmatch" | "files" | "filesmatch" => {
                        let words: Vec<&str> =
                            directive.args().iter().map(|word| word.text.as_str()).collect();
                        Some(words.join(" "))
                    }
                    _ => path.map(str::to_owned),
                };
                let within = Scope::new(&directive.block, Some(scope));
                self.links(&directive.block, &within, inner.as_deref(), draft);
            } else if let Some(pass) = pass(directive, path) {
                self.link(&pass, scope, draft);
            }
        }
    }

    fn link(&self, pass: &Pass<'d>, scope: &Scope<'d>, draft: &mut Draft) {
        let places = self.places;
        let params: Vec<Param<'d>> = Param::of(pass.directive).collect();
        let mut link;
        let mut slots = Vec::new();
        if let Some(name) = balancer_name(&pass.url) {
            let owner = self.owners.iter().find(|(_, p)| p.balancers.contains_key(&name));
            let to = match owner {
                Some((owner, _)) => {
                    Reach::Name(Name::id("apache balancer", format!("{owner} {name}")))
                }
                None => {
                    let says = format!("`balancer://{name}` has no members among the files");
                    draft.remark(places.directive(pass.directive), says);
                    Reach::Unsaid
                }
            };
            link = LinkDraft::new(self.from, to, format!("balancer://{name}"));
            let balancer = owner.and_then(|(_, proxies)| proxies.balancers.get(&name));
            attempts(places, &params, balancer, &mut link.settings);
            let tls = balancer.is_some_and(|b| b.members.iter().any(|(_, url, _)| is_tls(url)));
            sender_settings(places, scope, tls, &mut link.settings);
            if scope.get("proxytimeout").is_none() && !pass.in_location {
                for key in [Key::ResponseTimeout, Key::SendTimeout] {
                    slots.push(places.slot(pass.directive, key, "ProxyTimeout", FORM));
                }
            }
        } else {
            let Some(url) = url(&pass.url) else { return };
            let set = self.owners.iter().find_map(|(_, p)| p.workers.get(&worker_name(&pass.url)));
            let params: Vec<Param<'d>> = set.into_iter().flatten().copied().chain(params).collect();
            // `<Proxy>` with the same URL makes a worker of its own.
            let way = if set.is_some() { Way::Worker } else { pass.way };
            let (to, port) = reach(&url, Some((self.around, self.ports)));
            link = LinkDraft::new(self.from, to, shown(&url));
            link.port = port;
            link.settings = settings(places, &params, &url, way);
            target_settings(places, pass.directive, &url, &mut link.settings);
            if protocol(&url).is_none_or(|protocol| protocol.starts_with("h2")) {
                sender_settings(places, scope, is_tls(&url), &mut link.settings);
            }
            if pass.way == Way::Worker {
                slots = self.worker_slots(pass.directive, &params);
            }
        }
        timeouts(places, scope, &mut link.settings);
        closes(places, scope, &mut link.settings);
        link.slots = slots;
        link.at = Some(places.directive(pass.directive));
        link.route = Route { hosts: self.hosts.clone(), path: pass.path.clone() };
        draft.links.push(link);
    }

    /// Parameters that can be added at the end of the line.
    fn worker_slots(&self, directive: &Directive, params: &[Param<'_>]) -> Vec<Slot> {
        let document = self.places.document(directive.file);
        // What is added after a quotation mark that is never closed would be part of its text.
        let line = document.text.get(directive.at.clone()).unwrap_or_default();
        if line.matches('"').count() % 2 == 1 {
            return Vec::new();
        }
        let at = document.span(directive.at.end..directive.at.end);
        let slot = |key, name: &'static str| Slot {
            key,
            name,
            file: at.file,
            at: at.start,
            text: format!(" {name}={{}}"),
            notation: Notation::Seconds,
        };
        [
            (Key::ResponseTimeout, "timeout"),
            (Key::ConnectTimeout, "connectiontimeout"),
            (Key::UpstreamIdleTimeout, "ttl"),
        ]
        .into_iter()
        .filter(|(_, name)| param(params, name).is_none())
        .map(|(key, name)| slot(key, name))
        .collect()
    }
}

/// True if the directive passes requests on.
pub(super) fn passes(directive: &Directive) -> bool {
    pass(directive, None).is_some()
}

/// What a directive passes on, if it does.
fn pass<'d>(directive: &'d Directive, path: Option<&str>) -> Option<Pass<'d>> {
    let in_location = path.is_some();
    let made = |url: &str, path: &str, way| {
        Some(Pass { directive, url: url.to_owned(), path: path.to_owned(), way, in_location })
    };
    match directive.name() {
        "proxypass" | "proxypassmatch" => {
            // In a section for a path the path is not repeated.
            let first = directive.text(0);
            let (path, url) = match (path, first.contains("://") || first.starts_with("unix:")) {
                (path, true) => (path.unwrap_or(""), first),
                (_, false) => (first, directive.text(1)),
            };
            made(url, path, Way::Worker).filter(|pass| !matches!(pass.url.as_str(), "!" | ""))
        }
        "rewriterule" => {
            let flags = directive.text(2).trim_matches(['[', ']']);
            let passes = flags.split(',').any(|f| matches!(f.trim(), "P" | "proxy"));
            let url = directive.text(1);
            let is_url = url.contains("://") || url.starts_with("unix:");
            (passes && is_url).then(|| made(url, directive.text(0), Way::Reverse))?
        }
        "sethandler" => {
            let url = directive.text(0).strip_prefix("proxy:")?;
            made(url, path.unwrap_or(""), Way::Reverse)
        }
        _ => None,
    }
}

/// `ProxyTimeout`, else `Timeout`, where the worker has no timeout of its own.
fn timeouts(places: Places<'_>, scope: &Scope<'_>, settings: &mut Settings) {
    let found = [("proxytimeout", "ProxyTimeout"), ("timeout", "Timeout")]
        .into_iter()
        .find_map(|(key, name)| Some((name, scope.get(key)?)));
    let Some((name, directive)) = found else { return };
    let at = places.value(directive, 0);
    for key in [Key::ResponseTimeout, Key::SendTimeout, Key::ConnectTimeout] {
        if settings.get(key).is_none() {
            settings.set(time_setting(key, name, directive.text(0), at));
        }
    }
}

/// Variables of the environment that end each connection with its response.
fn closes(places: Places<'_>, scope: &Scope<'_>, settings: &mut Settings) {
    let names = ["proxy-nokeepalive", "force-proxy-request-1.0"];
    let set = scope.all("setenv").iter().find(|directive| names.contains(&directive.text(0)));
    if let Some(directive) = set {
        let at = places.value(directive, 0);
        let off = Value::Flag(false);
        settings.set(Setting::written(Key::UpstreamKeepAlive, off, "SetEnv", at));
    }
}

/// Further members of a balancer that are tried after the first.
fn attempts(
    places: Places<'_>,
    params: &[Param<'_>],
    balancer: Option<&Balancer<'_>>,
    settings: &mut Settings,
) {
    let own = balancer.map_or(&[][..], |balancer| &balancer.params);
    let written = param(params, "maxattempts").or_else(|| param(own, "maxattempts"));
    if let Some(param) = written {
        let at = param.span(places);
        let stands = (Key::Retries, "maxattempts", at);
        settings.set(number_setting(stands, param.value(), Value::Count, false));
        return;
    }
    let members = balancer.map_or(0, |balancer| balancer.members.len() as u64);
    if members > 1 {
        let value = Value::Count(members - 1);
        settings.set(Setting::default(Key::Retries, value, "maxattempts", &ATTEMPTS, None));
    }
}
