//! `location` blocks as links: where requests are passed on to, and the settings on the way.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Check, CheckKind, Key, Route, Setting, Settings, Value};

use super::FORM;
use super::families::{FAMILIES, Family};
use super::keep::{header, reuse};
use super::pools::Upstream;
use super::servers::body_limit;
use super::values::{
    Address, address, count_setting, flag_setting, is_loopback, is_name, name_servers,
    size_setting, text_setting, time_setting,
};
use crate::defaults::nginx::{HOST, RESOLVE_ONCE, TRIES};
use crate::directives::{Directive, Places, Scope};
use crate::draft::{Draft, DraftId, LinkDraft, Name, Reach};

/// Variables that begin with the path, and so end the host and port: `http://app$request_uri`.
const PATHS: &[&str] = &[
    "$request_uri",
    "${request_uri}",
    "$uri",
    "${uri}",
    "$document_uri",
    "$is_args",
    "$args",
    "$1",
];

/// Targets taken of one variable.
const MOST_OF_A_MAP: usize = 32;

/// What links of one server need to know.
pub(super) struct Routing<'r, 'd> {
    pub(super) places: Places<'d>,
    /// Names the configuration.
    pub(super) around: &'r str,
    pub(super) upstreams: &'r BTreeMap<&'d str, Upstream<'d>>,
    /// Ports that servers of the same configuration listen on.
    pub(super) ports: &'r BTreeSet<u16>,
    pub(super) from: DraftId,
    pub(super) hosts: Vec<String>,
    /// The limit of the server itself, to tell what a location says.
    pub(super) server_limit: Option<&'d Directive>,
}

/// Where one `…_pass` leads.
struct Target {
    to: Reach,
    port: u16,
    address: String,
    /// The host alone, as `$proxy_host` and the TLS handshake have it.
    host: String,
    /// `Host` when nobody sets it.
    host_field: String,
    tls: bool,
    /// `None` if no name is resolved, else whether only once.
    once: Option<bool>,
    upstream: Option<String>,
}

impl<'d> Routing<'_, 'd> {
    /// Adds the links of a block and of the blocks in it. Nesting is bounded by the parser.
    pub(super) fn links(&self, scope: &Scope<'d>, path: &str, draft: &mut Draft) {
        for family in FAMILIES {
            if let Some(pass) = scope.own(family.pass).last() {
                self.pass(family, pass, scope, path, draft);
            }
        }
        for name in ["location", "if", "limit_except"] {
            for block in scope.own(name).iter().filter(|block| block.opens.is_some()) {
                let words: Vec<&str> = block.args().iter().map(|word| word.text.as_str()).collect();
                let words = words.join(" ");
                let path = if name == "location" { words.as_str() } else { path };
                let inner = Scope::new(&block.block, Some(scope));
                self.links(&inner, path, draft);
            }
        }
    }

    fn pass(
        &self,
        family: &Family,
        pass: &'d Directive,
        scope: &Scope<'d>,
        path: &str,
        draft: &mut Draft,
    ) {
        for text in texts(scope, pass.text(0)) {
            let mut target = self.target(family, &text);
            // With a variable anywhere in the address nginx asks a name server for each request,
            // even if the name itself is always the same.
            if target.once == Some(true) && has_own_variable(pass.text(0)) {
                target.once = Some(false);
            }
            let block = target.upstream.as_deref().and_then(|name| self.upstreams.get(name));
            let mut link = LinkDraft::new(self.from, target.to.clone(), target.address.clone());
            link.port = target.port;
            link.route = Route { hosts: self.hosts.clone(), path: path.to_owned() };
            link.at = Some(self.places.directive(pass));
            link.settings = self.settings(family, pass, scope, &target, block);
            link.slots = self.slots(family, pass, scope);
            link.checks.extend(self.check(scope));
            draft.links.push(link);
        }
    }

    /// A link of a server of the stream module.
    pub(super) fn stream(&self, pass: &'d Directive, scope: &Scope<'d>, draft: &mut Draft) {
        for text in texts(scope, pass.text(0)) {
            let target = self.target(&FAMILIES[0], &text);
            let mut link = LinkDraft::new(self.from, target.to.clone(), target.address.clone());
            link.port = target.port;
            link.at = Some(self.places.directive(pass));
            let udp = scope.own("listen").iter().any(|d| d.args().iter().any(|w| w.text == "udp"));
            let protocol = if udp { "udp" } else { "tcp" };
            let at = self.places.value(pass, 0);
            link.settings.set(text_setting(Key::UpstreamProtocol, "proxy_pass", protocol, at));
            if let Some(directive) = scope.get("proxy_connect_timeout") {
                let (name, key) = ("proxy_connect_timeout", Key::ConnectTimeout);
                link.settings.set(self.time(directive, key, name));
            } else {
                link.slots.push(self.places.slot(
                    pass,
                    Key::ConnectTimeout,
                    "proxy_connect_timeout",
                    FORM,
                ));
            }
            draft.links.push(link);
        }
    }

    fn target(&self, family: &Family, text: &str) -> Target {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let tls = matches!(scheme, "https" | "grpcs" | "suwsgi");
        let default_port = match family.protocol {
            "" | "grpc" if tls => 443,
            "" | "grpc" => 80,
            _ => 0,
        };
        let authority = match rest.strip_prefix("unix:") {
            Some(socket) => {
                let path = socket.split(':').next().unwrap_or(socket);
                format!("unix:{path}")
            }
            None => {
                let path = PATHS.iter().filter_map(|path| rest.find(path)).min();
                let rest = &rest[..path.unwrap_or(rest.len())];
                rest.split(['/', '?']).next().unwrap_or(rest).to_owned()
            }
        };
        let mut target = Target {
            to: Reach::Unsaid,
            port: 0,
            host: authority.clone(),
            host_field: authority.clone(),
            address: authority.clone(),
            tls,
            once: None,
            upstream: None,
        };
        if let Some(upstream) = self.upstreams.get(authority.as_str()) {
            target.to = Reach::Name(upstream.id.clone());
            target.upstream = Some(authority);
            return target;
        }
        match address(&authority) {
            Address::Variable(host, port) => {
                target.port = if port == 0 { default_port } else { port };
                target.to = Reach::Name(Name::host(&host));
                target.once = has_own_variable(&host).then_some(false);
            }
            Address::Socket(path) => {
                "localhost".clone_into(&mut target.host);
                "localhost".clone_into(&mut target.host_field);
                target.to = Reach::Name(Name::id("unix socket", path));
            }
            Address::Host(host, port) => {
                target.port = if port == 0 { default_port } else { port };
                if target.port == default_port {
                    target.host_field.clone_from(&host);
                }
                target.once = is_name(&host).then_some(true);
                let own = is_loopback(&host) && self.ports.contains(&target.port);
                target.to = Reach::Name(if own {
                    Name::id("nginx listen", format!("{} {}", self.around, target.port))
                } else {
                    Name::host(&host)
                });
                target.host = host;
            }
        }
        target
    }

    fn time(&self, directive: &Directive, key: Key, name: &'static str) -> Setting {
        time_setting(key, name, directive.text(0), self.places.value(directive, 0))
    }

    fn settings(
        &self,
        family: &Family,
        pass: &Directive,
        scope: &Scope<'_>,
        target: &Target,
        block: Option<&Upstream<'_>>,
    ) -> Settings {
        let places = self.places;
        let mut settings = Settings::new();
        let at_pass = places.value(pass, 0);
        if family.protocol.is_empty() {
            if let Some(directive) = scope.get("proxy_http_version") {
                let at = places.value(directive, 0);
                let version = match directive.text(0) {
                    "2" | "2.0" => "h2".to_owned(),
                    version => format!("http/{version}"),
                };
                let name = "proxy_http_version";
                settings.set(text_setting(Key::UpstreamProtocol, name, &version, at));
            }
        } else {
            let key = Key::UpstreamProtocol;
            settings.set(text_setting(key, family.pass, family.protocol, at_pass));
        }
        for (key, name) in [
            (Key::ConnectTimeout, family.connect),
            (Key::SendTimeout, family.send),
            (Key::ResponseTimeout, family.read),
        ] {
            if let Some(directive) = scope.get(name) {
                settings.set(self.time(directive, key, name));
            }
        }
        if let Some(directive) = scope.get(family.buffer) {
            let at = places.value(directive, 0);
            let key = Key::MaxResponseHeader;
            settings.set(size_setting(key, family.buffer, directive.text(0), at));
        }
        if let Some(setting) = reuse(places, family, scope, block.map(|block| &block.scope)) {
            settings.set(setting);
        }
        self.retries(family, scope, block, &mut settings);
        if target.tls {
            let on = Value::Flag(true);
            settings.set(Setting::written(Key::UpstreamTls, on, family.pass, at_pass));
            self.tls(family, scope, target, &mut settings);
        }
        if !family.header.is_empty() {
            settings.set(match header(family, scope, "host") {
                Some(directive) => {
                    let at = places.value(directive, 1);
                    text_setting(Key::UpstreamHost, family.header, directive.text(1), at)
                }
                None => {
                    let value = Value::Text(target.host_field.clone());
                    Setting::default(Key::UpstreamHost, value, family.header, &HOST, None)
                }
            });
        }
        let upgrade = header(family, scope, "upgrade").filter(|field| !field.text(1).is_empty());
        if let Some(directive) = upgrade {
            let at = places.value(directive, 1);
            let on = Value::Flag(true);
            settings.set(Setting::written(Key::Upgrades, on, family.header, at));
        }
        match target.once {
            Some(true) => settings.set(RESOLVE_ONCE.stated()),
            Some(false) => {
                let off = Value::Flag(false);
                settings.set(Setting::written(Key::ResolveOnce, off, family.pass, at_pass));
                settings.set(name_servers(places, scope.get("resolver")));
            }
            None => {}
        }
        let limit = scope.get("client_max_body_size");
        if limit.map(|limit| &limit.at) != self.server_limit.map(|limit| &limit.at)
            && let Some(limit) = body_limit(places, limit)
        {
            settings.set(limit);
        }
        settings
    }

    fn tls(&self, family: &Family, scope: &Scope<'_>, target: &Target, settings: &mut Settings) {
        let places = self.places;
        if family.verify.is_empty() {
            return;
        }
        let named = scope.get(family.ssl_name);
        let name = named.map_or(target.host.as_str(), |directive| directive.text(0));
        if let Some(directive) = scope.get(family.server_name) {
            let at = places.value(directive, 0);
            settings.set(match directive.text(0) {
                "on" => text_setting(Key::UpstreamSni, family.server_name, name, at),
                other => flag_setting(Key::UpstreamSni, family.server_name, other, at),
            });
        }
        if let Some(directive) = scope.get(family.verify) {
            let at = places.value(directive, 0);
            let key = Key::UpstreamVerify;
            settings.set(flag_setting(key, family.verify, directive.text(0), at));
            settings.set(match named {
                Some(named) => {
                    let at = places.value(named, 0);
                    text_setting(Key::UpstreamVerifyName, family.ssl_name, name, at)
                }
                None => {
                    let value = Value::Text(name.to_owned());
                    Setting::default(Key::UpstreamVerifyName, value, family.ssl_name, &HOST, None)
                }
            });
        }
    }

    fn retries(
        &self,
        family: &Family,
        scope: &Scope<'_>,
        block: Option<&Upstream<'_>>,
        settings: &mut Settings,
    ) {
        let places = self.places;
        let none = Value::Count(0);
        if let Some(directive) = scope.get(family.next) {
            let at = places.value(directive, 0);
            let words: Vec<&str> = directive.args().iter().map(|word| word.text.as_str()).collect();
            settings.set(text_setting(Key::RetryOn, family.next, &words.join(" "), at));
            if words.contains(&"off") {
                settings.set(Setting::written(Key::Retries, none, family.next, at));
                return;
            }
            if let Some(word) = directive.args().iter().find(|w| w.text == "non_idempotent") {
                let at = places.word(directive, word);
                let on = Value::Flag(true);
                settings.set(Setting::written(Key::RetryNonIdempotent, on, family.next, at));
            }
        }
        let tries = scope.get(family.tries);
        let number = tries.and_then(|directive| directive.text(0).parse::<u64>().ok());
        let servers = block.map(|block| block.servers as u64);
        match (tries, number, servers) {
            (Some(directive), Some(tries @ 1..), _) => {
                let at = places.value(directive, 0);
                let further = Value::Count(tries - 1);
                settings.set(Setting::written(Key::Retries, further, family.tries, at));
            }
            (_, _, Some(servers @ 2..)) => {
                let further = Value::Count(servers - 1);
                settings.set(Setting::default(Key::Retries, further, family.tries, &TRIES, None));
            }
            _ => {}
        }
    }

    fn slots(
        &self,
        family: &Family,
        pass: &Directive,
        scope: &Scope<'_>,
    ) -> Vec<model::config::Slot> {
        [
            (Key::ConnectTimeout, family.connect),
            (Key::SendTimeout, family.send),
            (Key::ResponseTimeout, family.read),
        ]
        .into_iter()
        .filter(|(_, name)| scope.get(name).is_none())
        .map(|(key, name)| self.places.slot(pass, key, name, FORM))
        .collect()
    }

    /// Health checks, which only the commercial version has.
    fn check(&self, scope: &Scope<'_>) -> Option<Check> {
        let directive = scope.own("health_check").last()?;
        let mut settings = Settings::new();
        for word in directive.args() {
            let Some((name, value)) = word.text.split_once('=') else { continue };
            let at = self.places.part(directive, word, name.len() + 1);
            settings.set(match name {
                "interval" => time_setting(Key::CheckInterval, "interval", value, at),
                "fails" => count_setting(Key::CheckUnhealthyThreshold, "fails", value, at),
                "passes" => count_setting(Key::CheckHealthyThreshold, "passes", value, at),
                "uri" => text_setting(Key::CheckPath, "uri", value, at),
                "port" => count_setting(Key::CheckPort, "port", value, at),
                "match" => text_setting(Key::CheckMatcher, "match", value, at),
                _ => continue,
            });
        }
        let at = Some(self.places.directive(directive));
        Some(Check { kind: CheckKind::Balancer, at, settings })
    }
}

/// True if the text has a variable that nginx fills in itself, for each request; those of templates
/// are filled in before it reads them, and have capitals.
fn has_own_variable(text: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let name = text[at + 1..].trim_start_matches('{');
        !name.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// What `…_pass` may say: as written, with variables that `set` gives a value put in, and once for
/// each value that a `map` can give.
fn texts(scope: &Scope<'_>, written: &str) -> Vec<String> {
    let text = scope.filled(written);
    let Some(at) = text.find('$') else { return vec![text] };
    let rest = &text[at + 1..];
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    let name = &text[at..at + 1 + end];
    let Some(map) = scope.all("map").iter().find(|map| map.text(1) == name) else {
        return vec![text];
    };
    let mut found: Vec<String> = map
        .block
        .iter()
        .filter(|entry| !matches!(entry.name(), "hostnames" | "volatile" | "include"))
        .map(|entry| entry.text(0))
        .filter(|value| !value.is_empty() && !value.contains('$'))
        .map(|value| format!("{}{value}{}", &text[..at], &text[at + 1 + end..]))
        .collect();
    found.sort();
    found.dedup();
    found.truncate(MOST_OF_A_MAP);
    if found.is_empty() { vec![text] } else { found }
}
