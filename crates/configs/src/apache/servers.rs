//! The main server and each `<VirtualHost>` as hops: what they listen on, their names, their
//! settings toward clients.

use model::config::{Hop, Key, Listen, Product, Setting, Settings, Task, Value};

use super::FORM;
use super::values::{flag, number_setting, text_setting, time, time_setting};
use crate::directives::{Directive, Places, Scope};
use crate::draft::{HopDraft, Name};

/// The hop of a server; `around` names the configuration it is part of, `block` is its
/// `<VirtualHost>`.
pub(super) fn hop(
    places: Places<'_>,
    around: &str,
    block: Option<&Directive>,
    scope: &Scope<'_>,
    main: &Scope<'_>,
    file: usize,
) -> HopDraft {
    let names = server_names(scope, block.is_some());
    let listens = listens(places, block, scope, main);
    let label = names.first().cloned().or_else(|| {
        block
            .map(|block| block.text(0).to_owned())
            .or_else(|| listens.first().map(|listen| format!(":{}", listen.port)))
    });
    let what = if block.is_some() { "VirtualHost" } else { "server" };
    let file = places.document(file).name();
    let name = format!("{file} {what} {}", label.unwrap_or_default());
    let mut hop = Hop::new(Task::Gateway, name.trim_end());
    hop.at = block.map(|block| places.directive(block));
    hop.products = vec![Product { name: "Apache httpd", ..Product::default() }];
    hop.settings = settings(places, scope, &names);
    let after = scope.own("servername").last().copied().or(block);
    if let Some(after) = after.filter(|_| scope.get("keepalivetimeout").is_none()) {
        hop.slots.push(places.slot(after, Key::ClientIdleTimeout, "KeepAliveTimeout", FORM));
    }
    let literal = |name: &&String| {
        !name.contains(['*', '?', '$', '{', '%']) && !matches!(name.as_str(), "localhost" | "")
    };
    let mut known: Vec<Name> = names.iter().filter(literal).map(|name| Name::host(name)).collect();
    known.extend(
        listens.iter().map(|listen| Name::id("apache listen", format!("{around} {}", listen.port))),
    );
    known.dedup();
    hop.listens = listens;
    HopDraft::new(hop, known)
}

/// The names, without scheme and port. A main server has a name of its own only.
pub(super) fn server_names(scope: &Scope<'_>, is_virtual: bool) -> Vec<String> {
    let all = |name: &str| match is_virtual {
        true => scope.own(name).to_vec(),
        false => scope.all(name).to_vec(),
    };
    let name = all("servername").last().map(|directive| bare(directive.text(0)));
    let aliases = all("serveralias").into_iter().flat_map(|directive| directive.args().to_vec());
    name.into_iter().chain(aliases.map(|word| word.text)).filter(|name| !name.is_empty()).collect()
}

fn bare(name: &str) -> String {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    match name.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host.to_owned(),
        _ => name.to_owned(),
    }
}

/// Address and port of `Listen` and `<VirtualHost>`: `80`, `*:80`, `[::1]:80`, `10.0.0.1`.
fn address(text: &str) -> Option<(String, Option<u16>)> {
    if let Ok(port) = text.parse() {
        return Some((String::new(), Some(port)));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, "*")) => (host, None),
        Some((host, port)) if !port.contains(']') => (host, Some(port.parse().ok()?)),
        _ => (text, None),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let any = matches!(host, "*" | "_default_");
    Some((if any { String::new() } else { host.to_owned() }, port))
}

fn listens(
    places: Places<'_>,
    block: Option<&Directive>,
    scope: &Scope<'_>,
    main: &Scope<'_>,
) -> Vec<Listen> {
    let engine = scope.get("sslengine");
    let tls = engine.is_some_and(|directive| !directive.text(0).eq_ignore_ascii_case("off"));
    let everywhere = || -> Vec<Listen> {
        let each = main.own("listen").iter().filter_map(|directive| {
            let (address, port) = address(directive.text(0))?;
            let at = Some(places.value(directive, 0));
            Some(Listen { address, port: port?, tls, at })
        });
        each.collect()
    };
    let Some(block) = block else { return everywhere() };
    let mut listens: Vec<Listen> = Vec::new();
    for (number, word) in block.args().iter().enumerate() {
        let Some((host, port)) = address(&word.text) else { continue };
        let at = Some(places.value(block, number));
        match port {
            Some(port) => listens.push(Listen { address: host, port, tls, at }),
            None => listens.extend(everywhere()),
        }
    }
    let mut seen: Vec<(String, u16)> = Vec::new();
    listens.retain(|listen| {
        let key = (listen.address.clone(), listen.port);
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    listens
}

fn settings(places: Places<'_>, scope: &Scope<'_>, names: &[String]) -> Settings {
    let mut settings = Settings::new();
    let named = ["servername", "serveralias"].iter().find_map(|name| scope.own(name).last());
    if let Some(directive) = named.filter(|_| !names.is_empty()) {
        let at = places.value(directive, 0);
        let list = match names.iter().any(|name| name.contains("${") || name.contains("{{")) {
            true => Value::Unknown(names.join(" ")),
            false => Value::Names(names.to_vec()),
        };
        settings.set(Setting::written(Key::ServerNames, list, "ServerName", at));
    }
    if let Some(directive) = scope.get("keepalive") {
        let at = places.value(directive, 0);
        if let Some(on) = flag(directive.text(0)) {
            let value = Value::Flag(on);
            settings.set(Setting::written(Key::ClientKeepAlive, value, "KeepAlive", at));
            if !on {
                // No timer runs: the connection ends with its response.
                let none = Value::Unlimited;
                settings.set(Setting::written(Key::ClientIdleTimeout, none, "KeepAlive", at));
            }
        }
    }
    let keeps = settings.flag(Key::ClientKeepAlive) != Some(false);
    for (key, name, directive) in [
        (Key::ClientIdleTimeout, "KeepAliveTimeout", "keepalivetimeout"),
        (Key::ClientBodyTimeout, "Timeout", "timeout"),
        (Key::ShutdownTimeout, "GracefulShutdownTimeout", "gracefulshutdowntimeout"),
    ] {
        let Some(found) = scope.get(directive) else { continue };
        if key == Key::ClientIdleTimeout && !keeps {
            continue;
        }
        let at = places.value(found, 0);
        let setting = time_setting(key, name, found.text(0), at);
        // 0 waits for all requests, however long they take.
        settings.set(match (key, setting.time()) {
            (Key::ShutdownTimeout, Some(time)) if time.0 == 0 => {
                Setting::written(key, Value::Unlimited, name, at)
            }
            _ => setting,
        });
    }
    for (key, name, directive, unlimited_at_zero) in [
        (Key::ClientKeepAliveRequests, "MaxKeepAliveRequests", "maxkeepaliverequests", true),
        (Key::Concurrency, "MaxClients", "maxclients", false),
        (Key::Concurrency, "MaxRequestWorkers", "maxrequestworkers", false),
        (Key::Threads, "ThreadsPerChild", "threadsperchild", false),
        (Key::Backlog, "ListenBackLog", "listenbacklog", false),
    ] {
        if let Some(found) = scope.get(directive) {
            let at = places.value(found, 0);
            settings.set(number_setting(
                (key, name, at),
                found.text(0),
                Value::Count,
                unlimited_at_zero,
            ));
        }
    }
    for (key, name, directive, unlimited_at_zero) in [
        (Key::MaxRequestBody, "LimitRequestBody", "limitrequestbody", true),
        (Key::MaxRequestHeader, "LimitRequestFieldSize", "limitrequestfieldsize", false),
    ] {
        if let Some(found) = scope.get(directive) {
            let at = places.value(found, 0);
            settings.set(number_setting(
                (key, name, at),
                found.text(0),
                Value::Bytes,
                unlimited_at_zero,
            ));
        }
    }
    if let Some(found) = scope.get("sslcertificatefile") {
        let at = places.value(found, 0);
        let text = found.text(0);
        settings.set(text_setting(Key::CertificateFile, "SSLCertificateFile", text, at));
    }
    for directive in scope.all("requestreadtimeout") {
        read_timeout(places, directive, &mut settings);
    }
    settings
}

/// `RequestReadTimeout header=20-40,MinRate=500 body=20,MinRate=500`: the first number, or where
/// data that arrives extends it the second; without a second it has no end.
fn read_timeout(places: Places<'_>, directive: &Directive, settings: &mut Settings) {
    for word in directive.args() {
        let Some((kind, value)) = word.text.split_once('=') else { continue };
        let (key, name) = match kind.to_ascii_lowercase().as_str() {
            "header" => (Key::ClientHeaderTimeout, "RequestReadTimeout header"),
            "body" => (Key::ClientBodyTimeout, "RequestReadTimeout body"),
            _ => continue,
        };
        let (span, rate) = value.split_once(',').unwrap_or((value, ""));
        let at = places.part(directive, word, kind.len() + 1);
        let setting = match (span.split_once('-'), rate.is_empty()) {
            (Some((_, most)), _) => Value::Time(time(most).unwrap_or_default()),
            // The body may take as long as it comes; a pause in it is bounded by `Timeout`.
            (None, false) if key == Key::ClientBodyTimeout => continue,
            (None, false) => Value::Unlimited,
            (None, true) if span == "0" => Value::Unlimited,
            (None, true) => match time(span) {
                Some(time) => Value::Time(time),
                None => Value::Unknown(value.to_owned()),
            },
        };
        settings.set(Setting::written(key, setting, name, at));
    }
}
