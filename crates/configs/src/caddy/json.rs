//! Caddy's own notation, JSON: servers become hops, `reverse_proxy` handlers links.
//!
//! <https://caddyserver.com/docs/json/>.

use std::collections::BTreeSet;

use model::Micros;
use model::config::{
    Check, CheckKind, Hop, Key, Listen, Notation, Product, Route, Setting, Settings, Task, Value,
};

use super::lex::is_variable;
use super::sites::{ADMIN, listen_name};
use super::values::{address, text_setting, upstreams};
use crate::document::Document;
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name, Reach};
use crate::part::put;
use crate::programs::duration;
use crate::tree::{At, Entry};

/// Servers, addresses, routes of one list.
const MOST_OF_A_LIST: usize = 5_000;

/// Links of one file.
const MOST_LINKS: usize = 50_000;

/// Hosts or paths taken of one route.
const MOST_NAMES: usize = 64;

/// How deep routes lie in each other.
const MOST_DEEP: usize = 32;

/// Nanoseconds of a microsecond: a time without a unit counts nanoseconds.
const NANOSECONDS: u64 = 1_000;

/// True if the file is a configuration of Caddy.
pub(super) fn is_caddy(document: &Document) -> bool {
    document.extension() == "json"
        && document.text.contains("\"apps\"")
        && document.text.contains("\"servers\"")
        && !servers(document).is_empty()
}

fn app(document: &Document) -> Option<At<'_>> {
    document.tree().roots().next().map(|root| root.at("apps.http"))
}

fn servers(document: &Document) -> Vec<(&Entry, At<'_>)> {
    let servers = app(document).map(|app| app.get("servers"));
    servers.into_iter().flat_map(At::entries).take(MOST_OF_A_LIST).collect()
}

/// Reads a file.
pub(super) fn read(document: &Document, draft: &mut Draft) {
    let all = servers(document);
    let mut reading = Reading { document, ports: BTreeSet::new(), left: MOST_LINKS };
    for (_, server) in &all {
        reading.ports.extend(reading.listens(*server).iter().map(|listen| listen.port));
    }
    for (entry, server) in all {
        let hop = draft.add_hop(reading.hop(&entry.key, entry.key_at.clone(), server));
        reading.routes(hop, server.get("routes"), &Route::default(), MOST_DEEP, draft);
    }
}

struct Reading<'d> {
    document: &'d Document,
    ports: BTreeSet<u16>,
    left: usize,
}

impl<'d> Reading<'d> {
    fn setting(&self, at: At<'_>, key: Key, name: &'static str, value: Value) -> Setting {
        Setting::written(key, value, name, at.span(self.document.id))
    }

    /// A time: `"5s"`, or nanoseconds; 0 is what nobody wrote.
    fn time(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let text = at.there()?.text()?;
        let time = match (at.is_quoted(), at.number()) {
            (false, Some(n)) => i64::try_from(n / NANOSECONDS).ok().map(Micros),
            _ => duration(text),
        };
        let Some(time) = time else {
            return Some(self.setting(at, key, name, Value::Unknown(text.to_owned())));
        };
        let setting = self.setting(at, key, name, Value::Time(time));
        let setting = match at.is_quoted() {
            true => setting.as_written_in(Notation::QuotedSecondsUnit),
            false => setting,
        };
        (time.0 != 0).then_some(setting)
    }

    fn count(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let n = at.number().filter(|n| *n != 0)?;
        let setting = self.setting(at, key, name, Value::Count(n));
        Some(if at.is_quoted() { setting } else { setting.as_written_in(Notation::Count) })
    }

    fn bytes(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        let n = at.number().filter(|n| *n != 0)?;
        Some(self.setting(at, key, name, Value::Bytes(n)))
    }

    fn word(&self, at: At<'_>, key: Key, name: &'static str) -> Option<Setting> {
        Some(text_setting(key, name, at.text()?, at.span(self.document.id)))
    }

    fn listens(&self, server: At<'_>) -> Vec<Listen> {
        let own = app(self.document);
        let https = own.and_then(|app| app.get("https_port").number()).unwrap_or(443);
        let tls = server.get("tls_connection_policies").there().is_some();
        let addresses = server.get("listen").items().take(MOST_OF_A_LIST);
        let listens = addresses.filter_map(|at| {
            let text = at.text()?;
            let text = text.split_once('/').map_or(text, |(_, rest)| rest);
            let (host, port) = text.rsplit_once(':')?;
            let port = port.split('-').next()?.parse::<u16>().ok()?;
            let host = if matches!(host, "0.0.0.0" | "[::]") { "" } else { host };
            let tls = tls || u64::from(port) == https;
            let at = Some(at.span(self.document.id));
            Some(Listen { address: host.to_owned(), port, tls, at })
        });
        listens.collect()
    }

    /// Where Caddy takes orders, unless that is switched off.
    fn admin(&self) -> Option<Listen> {
        let admin = self.document.tree().roots().next()?.get("admin");
        if admin.get("disabled").flag() == Some(true) {
            return None;
        }
        let listen = admin.get("listen");
        let found = address(listen.text().unwrap_or(ADMIN));
        let at = listen.there().map(|at| at.span(self.document.id));
        let port = found.port.parse().ok()?;
        Some(Listen { address: found.host, port, tls: false, at })
    }

    fn hop(&self, name: &str, at: std::ops::Range<usize>, server: At<'_>) -> HopDraft {
        let document = self.document;
        let label = format!("{} server {name}", document.name());
        let mut hop = Hop::new(Task::Gateway, label);
        hop.at = Some(document.span(at));
        hop.products = vec![Product { name: "Caddy", ..Product::default() }];
        hop.listens = self.listens(server);
        hop.listens.extend(self.admin());
        for (key, name) in [
            (Key::ClientIdleTimeout, "idle_timeout"),
            (Key::ClientHeaderTimeout, "read_header_timeout"),
            (Key::ClientBodyTimeout, "read_timeout"),
        ] {
            put(&mut hop.settings, self.time(server.get(name), key, name));
        }
        let (key, name) = (Key::MaxRequestHeader, "max_header_bytes");
        put(&mut hop.settings, self.bytes(server.get(name), key, name));
        if let Some(app) = app(document) {
            for (key, name) in
                [(Key::ShutdownTimeout, "grace_period"), (Key::PreStopDelay, "shutdown_delay")]
            {
                put(&mut hop.settings, self.time(app.get(name), key, name));
            }
        }
        let by = &document.path;
        let names = hop.listens.iter().map(|listen| listen_name(by, listen.port)).collect();
        let mut hop = HopDraft::new(hop, names);
        hop.configured_by = Some(by.clone());
        hop.listens_known = true;
        hop
    }

    /// Routes and those within them.
    fn routes(
        &mut self,
        hop: DraftId,
        routes: At<'d>,
        around: &Route,
        depth: usize,
        draft: &mut Draft,
    ) {
        if depth == 0 {
            return;
        }
        for route in routes.items().take(MOST_OF_A_LIST) {
            let inner = narrow(around, route.get("match"));
            for handler in route.get("handle").items().take(MOST_OF_A_LIST) {
                match handler.get("handler").text() {
                    Some("subroute") => {
                        self.routes(hop, handler.get("routes"), &inner, depth - 1, draft);
                    }
                    Some("reverse_proxy") => self.proxy(hop, handler, &inner, draft),
                    _ => {}
                }
            }
        }
    }

    fn proxy(&mut self, hop: DraftId, proxy: At<'d>, route: &Route, draft: &mut Draft) {
        let settings = self.settings(proxy);
        let check = self.check(proxy, settings.flag(Key::UpstreamTls) == Some(true));
        for upstream in proxy.get("upstreams").items().take(MOST_OF_A_LIST) {
            let dial = upstream.get("dial");
            let Some(text) = dial.text() else { continue };
            for target in upstreams(text) {
                if self.left == 0 {
                    return;
                }
                self.left -= 1;
                let local = target.host == "localhost" || target.host.starts_with("127.");
                let name = match (target.is_socket, local && self.ports.contains(&target.port)) {
                    (true, _) => Name::id("unix socket", target.host.clone()),
                    (false, true) => listen_name(&self.document.path, target.port),
                    (false, false) => Name::host(&target.host),
                };
                let mut link = LinkDraft::new(hop, Reach::Name(name), text);
                link.port = target.port;
                link.route = route.clone();
                link.at = Some(dial.span(self.document.id));
                link.settings = settings.clone();
                link.checks.extend(check.clone());
                draft.links.push(link);
            }
        }
    }

    fn settings(&self, proxy: At<'_>) -> Settings {
        let mut settings = Settings::new();
        let transport = proxy.get("transport");
        let fastcgi = transport.get("protocol").text() == Some("fastcgi");
        if fastcgi {
            let word = Value::Text("fastcgi".to_owned());
            let at = transport.get("protocol");
            settings.set(self.setting(at, Key::UpstreamProtocol, "protocol", word));
        }
        let response = if fastcgi { "read_timeout" } else { "response_header_timeout" };
        for (key, name) in [
            (Key::ConnectTimeout, "dial_timeout"),
            (Key::ResponseTimeout, response),
            (Key::SendTimeout, "write_timeout"),
        ] {
            put(&mut settings, self.time(transport.get(name), key, name));
        }
        let kept = transport.get("keep_alive");
        if kept.get("enabled").flag() == Some(false) {
            let off = Value::Flag(false);
            settings.set(self.setting(kept, Key::UpstreamKeepAlive, "keep_alive", off));
        }
        let (key, name) = (Key::UpstreamIdleTimeout, "idle_timeout");
        put(&mut settings, self.time(kept.get(name), key, name));
        let (key, name) = (Key::UpstreamPool, "max_idle_conns_per_host");
        put(&mut settings, self.count(kept.get(name), key, name));
        let (key, name) = (Key::UpstreamMaxConnections, "max_conns_per_host");
        put(&mut settings, self.count(transport.get(name), key, name));
        let (key, name) = (Key::MaxResponseHeader, "max_response_header_size");
        put(&mut settings, self.bytes(transport.get(name), key, name));
        self.tls(transport.get("tls"), &mut settings);
        let balancing = proxy.get("load_balancing");
        put(&mut settings, self.count(balancing.get("retries"), Key::Retries, "retries"));
        let time = balancing.get("try_duration");
        let waits = self.time(time, Key::QueueTimeout, "try_duration");
        if waits.is_some() && settings.get(Key::Retries).is_none() {
            let none = Value::Unlimited;
            settings.set(self.setting(time, Key::Retries, "try_duration", none));
        }
        put(&mut settings, waits);
        let passive = proxy.at("health_checks.passive");
        let (key, name) = (Key::FailTimeout, "fail_duration");
        if let Some(out) = self.time(passive.get(name), key, name) {
            settings.set(out);
            put(&mut settings, self.count(passive.get("max_fails"), Key::MaxFails, "max_fails"));
        }
        let host = proxy.at("headers.request.set").get("Host");
        if let Some(first) = host.items().next() {
            put(&mut settings, self.word(first, Key::UpstreamHost, "headers.request.set.Host"));
        }
        settings
    }

    fn tls(&self, tls: At<'_>, settings: &mut Settings) {
        // An empty map switches it on as well.
        if tls.kind().is_none() {
            return;
        }
        settings.set(self.setting(tls, Key::UpstreamTls, "tls", Value::Flag(true)));
        for key in [Key::UpstreamSni, Key::UpstreamVerifyName] {
            put(settings, self.word(tls.get("server_name"), key, "server_name"));
        }
        let skip = tls.get("insecure_skip_verify");
        if skip.flag() == Some(true) {
            let off = Value::Flag(false);
            settings.set(self.setting(skip, Key::UpstreamVerify, "insecure_skip_verify", off));
        }
    }

    fn check(&self, proxy: At<'_>, tls: bool) -> Option<Check> {
        let active = proxy.at("health_checks.active").there()?;
        let mut settings = Settings::new();
        let protocol = Value::Text(if tls { "https" } else { "http" }.to_owned());
        settings.set(self.setting(active, Key::CheckProtocol, "active", protocol));
        for name in ["path", "uri"] {
            let at = active.get(name);
            if let Some(text) = at.text().and_then(|text| text.split('?').next()) {
                let at = at.span(self.document.id);
                settings.set(text_setting(Key::CheckPath, name, text, at));
            }
        }
        for (key, name) in [(Key::CheckInterval, "interval"), (Key::CheckTimeout, "timeout")] {
            put(&mut settings, self.time(active.get(name), key, name));
        }
        for (key, name) in [
            (Key::CheckPort, "port"),
            (Key::CheckHealthyThreshold, "passes"),
            (Key::CheckUnhealthyThreshold, "fails"),
        ] {
            put(&mut settings, self.count(active.get(name), key, name));
        }
        let status = active.get("expect_status");
        if let Some(n) = status.number() {
            let text = if n < 10 { format!("{n}00-{n}99") } else { n.to_string() };
            let value = Value::Text(text);
            settings.set(self.setting(status, Key::CheckMatcher, "expect_status", value));
        }
        let at = Some(active.span(self.document.id));
        Some(Check { kind: CheckKind::Balancer, at, settings })
    }
}

/// The requests that also match one of the sets.
fn narrow(around: &Route, matchers: At<'_>) -> Route {
    let mut route = around.clone();
    let texts = |name: &str| -> Vec<String> {
        let sets = matchers.items().take(MOST_OF_A_LIST);
        let values = sets.flat_map(|set| set.get(name).items().take(MOST_OF_A_LIST));
        values.filter_map(|at| at.text().map(str::to_owned)).take(MOST_NAMES).collect()
    };
    let hosts = texts("host");
    if !hosts.is_empty() {
        route.hosts = hosts.into_iter().filter(|host| !is_variable(host)).collect();
    }
    let paths = texts("path");
    if !paths.is_empty() {
        route.path = paths.join(" ");
    }
    route
}
