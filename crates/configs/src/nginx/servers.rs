//! `server` blocks as hops: what they listen on, the names they answer for, their settings toward
//! clients.

use model::config::{Hop, Key, Listen, Product, Setting, Settings, Task, Value};

use super::FORM;
use super::values::{
    Address, address, count_setting, size, size_setting, text_setting, time, time_setting,
};
use crate::defaults::nginx::WORKERS;
use crate::directives::{Directive, Places, Scope};
use crate::draft::{HopDraft, Name};

/// The hop of a server; `around` names the configuration it is part of.
pub(super) fn hop(
    places: Places<'_>,
    around: &str,
    block: &Directive,
    scope: &Scope<'_>,
    is_stream: bool,
) -> HopDraft {
    let names = server_names(scope);
    let listens = listens(places, scope, is_stream);
    let label = names.iter().find(|name| !matches!(name.as_str(), "_" | "")).cloned();
    let label = label.or_else(|| {
        listens.first().map(|listen| match listen.port {
            0 => listen.address.clone(),
            port => format!(":{port}"),
        })
    });
    let file = places.document(block.file).name();
    let label = label.unwrap_or_default();
    let mut hop = Hop::new(Task::Gateway, format!("{file} server {label}").trim_end());
    hop.at = Some(places.directive(block));
    hop.products = vec![Product { name: "nginx", ..Product::default() }];
    hop.settings = settings(places, scope, is_stream);
    if !is_stream && hop.settings.get(Key::ClientIdleTimeout).is_none() {
        let after = ["server_name", "listen"].iter().find_map(|name| scope.own(name).last());
        let after = after.copied().unwrap_or(block);
        let slot = places.slot(after, Key::ClientIdleTimeout, "keepalive_timeout", FORM);
        hop.slots.push(slot);
    }
    let mut known: Vec<Name> =
        names.iter().filter(|name| is_literal(name)).map(|name| Name::host(name)).collect();
    for listen in &listens {
        known.push(match listen.port {
            0 => Name::id("unix socket", listen.address.clone()),
            port => Name::id("nginx listen", format!("{around} {port}")),
        });
    }
    known.dedup();
    hop.listens = listens;
    HopDraft::new(hop, known)
}

/// The names as written.
pub(super) fn server_names(scope: &Scope<'_>) -> Vec<String> {
    let directives = scope.own("server_name").iter();
    directives.flat_map(|directive| directive.args()).map(|word| word.text.clone()).collect()
}

/// True if the name is the name of one host, by which others may speak of it.
fn is_literal(name: &str) -> bool {
    !name.is_empty()
        && !matches!(name, "_" | "localhost")
        && !name.contains(['*', '$', '~', '{', '('])
        && !name.starts_with('.')
}

fn listens(places: Places<'_>, scope: &Scope<'_>, is_stream: bool) -> Vec<Listen> {
    let all_tls = scope.get("ssl").is_some_and(|ssl| ssl.text(0) == "on");
    let mut listens = Vec::new();
    for directive in scope.own("listen") {
        let text = directive.text(0);
        let tls = all_tls
            || directive.args().iter().any(|word| matches!(word.text.as_str(), "ssl" | "quic"));
        let (address, port) = match text.parse::<u16>() {
            Ok(port) => (String::new(), port),
            Err(_) => match address(text) {
                Address::Socket(path) => (path, 0),
                Address::Host(host, port) => (host, if port == 0 { 80 } else { port }),
                // A port that only the environment knows.
                Address::Variable(..) => continue,
            },
        };
        let address = if address == "*" { String::new() } else { address };
        let at = Some(places.value(directive, 0));
        // `listen 443 ssl` and `listen 443 quic` are one place to ask for.
        let had = |listen: &Listen| listen.address == address && listen.port == port;
        if !listens.iter().any(had) {
            listens.push(Listen { address, port, tls, at });
        }
    }
    if scope.own("listen").is_empty() && !is_stream {
        listens.push(Listen { address: String::new(), port: 80, tls: all_tls, at: None });
    }
    listens
}

fn settings(places: Places<'_>, scope: &Scope<'_>, is_stream: bool) -> Settings {
    let mut settings = Settings::new();
    if is_stream {
        let udp = scope.own("listen").iter().any(|d| d.args().iter().any(|w| w.text == "udp"));
        let protocol = if udp { "udp" } else { "tcp" };
        if let Some(directive) = scope.own("listen").first() {
            let at = places.directive(directive);
            settings.set(text_setting(Key::ServedProtocol, "listen", protocol, at));
        }
        if let Some(directive) = scope.get("proxy_timeout") {
            let at = places.value(directive, 0);
            let text = directive.text(0);
            settings.set(time_setting(Key::FlowIdleTimeout, "proxy_timeout", text, at));
        }
        return settings;
    }
    let names = scope.own("server_name");
    if let Some(first) = names.iter().find(|directive| !directive.args().is_empty()) {
        let names = server_names(scope);
        let is_open = |name: &String| name.contains("${") || name.contains("{{");
        let list = match names.iter().any(is_open) {
            true => Value::Unknown(names.join(" ")),
            false => Value::Names(names),
        };
        let at = places.value(first, 0);
        settings.set(Setting::written(Key::ServerNames, list, "server_name", at));
    }
    if let Some(directive) = scope.get("keepalive_timeout") {
        let at = places.value(directive, 0);
        let text = directive.text(0);
        if time(text).is_some_and(|time| time.0 == 0) {
            let off =
                Setting::written(Key::ClientKeepAlive, Value::Flag(false), "keepalive_timeout", at);
            settings.set(off);
            // No timer runs: the connection ends with its response.
            let none = Value::Unlimited;
            settings.set(Setting::written(Key::ClientIdleTimeout, none, "keepalive_timeout", at));
        } else {
            settings.set(time_setting(Key::ClientIdleTimeout, "keepalive_timeout", text, at));
        }
    }
    if let Some(directive) = scope.get("keepalive_requests") {
        let at = places.value(directive, 0);
        let key = Key::ClientKeepAliveRequests;
        settings.set(count_setting(key, "keepalive_requests", directive.text(0), at));
    }
    for (key, name) in [
        (Key::ClientHeaderTimeout, "client_header_timeout"),
        (Key::ClientBodyTimeout, "client_body_timeout"),
    ] {
        if let Some(directive) = scope.get(name) {
            let at = places.value(directive, 0);
            settings.set(time_setting(key, name, directive.text(0), at));
        }
    }
    if let Some(limit) = body_limit(places, scope.get("client_max_body_size")) {
        settings.set(limit);
    }
    if let Some(directive) = scope.get("large_client_header_buffers") {
        let at = places.document(directive.file).span(directive.at.clone());
        let (number, each) = (directive.text(0).parse::<u64>().ok(), size(directive.text(1)));
        let value = match (number, each) {
            (Some(number), Some(each)) => Value::Bytes(number.saturating_mul(each)),
            _ => Value::Unknown(format!("{} {}", directive.text(0), directive.text(1))),
        };
        let name = "large_client_header_buffers";
        settings.set(Setting::written(Key::MaxRequestHeader, value, name, at));
    }
    if let Some(directive) = scope.get("ssl_certificate") {
        let at = places.value(directive, 0);
        let text = directive.text(0);
        settings.set(text_setting(Key::CertificateFile, "ssl_certificate", text, at));
    }
    for directive in scope.own("listen") {
        for word in directive.args() {
            if let Some(backlog) = word.text.strip_prefix("backlog=") {
                let at = places.part(directive, word, "backlog=".len());
                settings.set(count_setting(Key::Backlog, "backlog", backlog, at));
            }
        }
    }
    settings.extend_with(rate(places, scope));
    settings.extend_with(resolver(places, scope));
    settings.extend_with(connections(places, scope));
    settings
}

/// `client_max_body_size`; 0 is no limit.
pub(super) fn body_limit(places: Places<'_>, directive: Option<&Directive>) -> Option<Setting> {
    let directive = directive?;
    let at = places.value(directive, 0);
    let name = "client_max_body_size";
    Some(match size(directive.text(0)) {
        Some(0) => Setting::written(Key::MaxRequestBody, Value::Unlimited, name, at),
        _ => size_setting(Key::MaxRequestBody, name, directive.text(0), at),
    })
}

/// The rate of the zone that `limit_req` names.
fn rate(places: Places<'_>, scope: &Scope<'_>) -> Option<Setting> {
    let limit = scope.get("limit_req")?;
    let zone = limit.args().iter().find_map(|word| word.text.strip_prefix("zone="))?;
    let is_zone = |word: &&crate::directives::Word| {
        let name = word.text.strip_prefix("zone=").and_then(|rest| rest.split(':').next());
        name == Some(zone)
    };
    let zones = scope.all("limit_req_zone");
    let directive = zones.iter().find(|directive| directive.args().iter().any(|w| is_zone(&w)))?;
    let word = directive.args().iter().find(|word| word.text.starts_with("rate="))?;
    let text = &word.text["rate=".len()..];
    let value = match text.strip_suffix("r/s").map(str::parse) {
        Some(Ok(n)) => Value::Count(n),
        _ => Value::Text(text.to_owned()),
    };
    let at = places.part(directive, word, "rate=".len());
    Some(Setting::written(Key::RateLimit, value, "limit_req_zone rate", at))
}

/// How long answers of name servers are kept, if that is said.
fn resolver(places: Places<'_>, scope: &Scope<'_>) -> Option<Setting> {
    let directive = scope.get("resolver")?;
    let word = directive.args().iter().find(|word| word.text.starts_with("valid="))?;
    let at = places.part(directive, word, "valid=".len());
    Some(time_setting(Key::DnsTtl, "resolver valid", &word.text["valid=".len()..], at))
}

/// Connections of all worker processes together.
fn connections(places: Places<'_>, scope: &Scope<'_>) -> Option<Setting> {
    let workers = scope.get("worker_processes");
    let each = scope.get("events").and_then(|events| {
        events.block.iter().rev().find(|inner| inner.name() == "worker_connections")
    });
    let name = "worker_connections";
    let number = |directive: Option<&Directive>, otherwise: u64| match directive {
        Some(directive) => directive.text(0).parse().ok(),
        None => Some(otherwise),
    };
    let value = match (number(workers, 1), number(each, 512)) {
        (Some(workers), Some(each)) => Value::Count(each.saturating_mul(workers)),
        (_, each) => {
            let each = each.map_or_else(|| "?".to_owned(), |each| each.to_string());
            let workers = workers.map_or("1", |directive| directive.text(0));
            Value::Unknown(format!("{each} for each of worker_processes {workers}"))
        }
    };
    match (each, workers) {
        (Some(at), _) => {
            let at = places.value(at, 0);
            Some(Setting::written(Key::MaxConnections, value, name, at))
        }
        (None, Some(at)) if value != Value::Count(512) => {
            let at = places.value(at, 0);
            Some(Setting::written(Key::MaxConnections, value, "worker_processes", at))
        }
        // Known only where the main file is among the files.
        (None, Some(_)) => Some(Setting::default(Key::MaxConnections, value, name, &WORKERS, None)),
        (None, None) => None,
    }
}

/// Settings that may be missing.
trait Extend {
    fn extend_with(&mut self, setting: Option<Setting>);
}

impl Extend for Settings {
    fn extend_with(&mut self, setting: Option<Setting>) {
        if let Some(setting) = setting {
            self.set(setting);
        }
    }
}
