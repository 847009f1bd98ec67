//! `frontend` and `listen` sections as hops: what they listen on, and their settings toward clients.

use model::Micros;
use model::config::{Hop, Key, Listen, Product, Setting, Settings, Task, Value};

use super::lex::Line;
use super::proxies::{Closes, Proxy};
use super::values::{Address, addresses, limit_setting, size, text_setting, time, time_setting};
use crate::defaults::haproxy::{BUFFER, CLIENT_TCP, REWRITE};
use crate::draft::{HopDraft, Name};
use crate::part::put;

/// Addresses taken of one section.
const MOST_LISTENS: usize = 256;

/// The hop of a section.
pub(super) fn hop(proxy: &Proxy<'_>) -> HopDraft {
    let places = proxy.places();
    let head = &proxy.section.head;
    let file = places.documents[head.document].name();
    let (kind, name) = (proxy.section.kind(), proxy.section.name());
    let mut hop = Hop::new(Task::Gateway, format!("{file} {kind} {name}").trim_end());
    hop.at = Some(places.line(head));
    hop.products = vec![Product { name: "HAProxy", ..Product::default() }];
    hop.listens = listens(proxy);
    hop.settings = settings(proxy);
    if proxy.is_http() {
        for (key, name) in [
            (Key::ClientIdleTimeout, "timeout http-keep-alive"),
            (Key::ClientHeaderTimeout, "timeout http-request"),
        ] {
            if hop.get(key).is_none_or(|setting| setting.name != name) {
                hop.slots.push(proxy.slot(key, name, ""));
            }
        }
    }
    let by = &proxy.configuration.by;
    let names = hop.listens.iter().map(|listen| match listen.port {
        0 => Name::id("unix socket", listen.address.clone()),
        port => Name::id("haproxy listen", format!("{by} {port}")),
    });
    let mut names: Vec<Name> = names.collect();
    names.dedup();
    let mut hop = HopDraft::new(hop, names);
    hop.configured_by = Some(by.clone());
    hop
}

/// What it listens on.
pub(super) fn listens(proxy: &Proxy<'_>) -> Vec<Listen> {
    let places = proxy.places();
    let mut listens: Vec<Listen> = Vec::new();
    if !proxy.is_front() {
        return listens;
    }
    // Before 1.7 the address could stand in the section's own line.
    let head = &proxy.section.head;
    let in_head = proxy.section.head.words.get(2).filter(|word| word.text.contains(':'));
    let binds = proxy.own(&["bind"]).filter_map(|line| Some((line, line.words.get(1)?)));
    for (line, word) in in_head.map(|word| (head, word)).into_iter().chain(binds) {
        let is_quic = word.text.starts_with("quic");
        let tls = is_quic || line.words.iter().skip(2).any(|word| word.text == "ssl");
        for address in addresses(&word.text) {
            let (address, port) = match address {
                Address::Socket(path) => (path, 0),
                Address::Host(host, port) if port != 0 => (host, port),
                // Where it listens is known to the environment only.
                Address::Variable(_, port) if port != 0 => (String::new(), port),
                Address::Host(..) | Address::Variable(..) => continue,
            };
            // QUIC and TCP at one port are one place to ask for.
            let had = listens.iter().any(|had| had.address == address && had.port == port);
            if !had && listens.len() < MOST_LISTENS {
                let at = Some(places.word(line, word));
                listens.push(Listen { address, port, tls, at });
            }
        }
    }
    listens
}

fn settings(proxy: &Proxy<'_>) -> Settings {
    let mut settings = Settings::new();
    let places = proxy.places();
    let configuration = proxy.configuration;
    if proxy.is_http() {
        client(proxy, &mut settings);
        put(&mut settings, head_limit(proxy, Key::MaxRequestHeader));
        put(&mut settings, rate(proxy));
    } else {
        settings.set(proxy.tcp(&CLIENT_TCP));
        let idle = proxy.timeout(Key::FlowIdleTimeout, "timeout tunnel");
        put(&mut settings, idle.or_else(|| proxy.timeout(Key::FlowIdleTimeout, "timeout client")));
    }
    let limit = proxy.get(&["maxconn"]).or_else(|| configuration.global(&["maxconn"]));
    if let Some(line) = limit {
        let at = places.value(line, 1);
        settings.set(limit_setting(Key::MaxConnections, "maxconn", line.text(1), at));
    }
    if let Some(line) = proxy.get(&["backlog"]) {
        let at = places.value(line, 1);
        settings.set(limit_setting(Key::Backlog, "backlog", line.text(1), at));
    }
    if let Some(line) = configuration.global(&["hard-stop-after"]) {
        let at = places.value(line, 1);
        let key = Key::ShutdownTimeout;
        settings.set(time_setting(key, "hard-stop-after", line.text(1), at));
    }
    for line in proxy.own(&["bind"]) {
        let crt = line.words.iter().position(|word| word.text == "crt");
        if let Some(word) = crt.and_then(|at| line.words.get(at + 1)) {
            let at = places.word(line, word);
            settings.set(text_setting(Key::CertificateFile, "crt", &word.text, at));
        }
    }
    settings
}

/// The timers toward clients: what is not written follows from a more general one.
fn client(proxy: &Proxy<'_>, settings: &mut Settings) {
    let follow = |key: Key, names: &[&'static str]| {
        let found = names
            .iter()
            .enumerate()
            .find_map(|(rank, name)| proxy.timeout(key, name).map(|setting| (rank, setting)));
        found.map(|(rank, mut setting)| {
            // Changing a general timer here would change what others follow from it.
            if rank > 0 || key == Key::ClientBodyTimeout {
                setting.notation = None;
            }
            setting
        })
    };
    let (closes, line) = proxy.closes();
    match line.filter(|_| closes == Closes::Both) {
        Some(line) => {
            let at = proxy.places().value(line, 1);
            let off = Value::Flag(false);
            settings.set(Setting::written(Key::ClientKeepAlive, off, "option httpclose", at));
            // No timer runs: the connection ends with its response.
            let none = Value::Unlimited;
            settings.set(Setting::written(Key::ClientIdleTimeout, none, "option httpclose", at));
        }
        None => {
            let names = ["timeout http-keep-alive", "timeout http-request", "timeout client"];
            put(settings, follow(Key::ClientIdleTimeout, &names));
        }
    }
    let names = ["timeout http-request", "timeout client"];
    put(settings, follow(Key::ClientHeaderTimeout, &names));
    put(settings, follow(Key::ClientBodyTimeout, &["timeout client"]));
}

/// What the head of a message may fill of a buffer, if anybody sets it.
pub(super) fn head_limit(proxy: &Proxy<'_>, key: Key) -> Option<Setting> {
    let global = |name: &str| proxy.configuration.global(&[name]);
    let (buffer, rewrite) = (global("tune.bufsize"), global("tune.maxrewrite"));
    let line = buffer.or(rewrite)?;
    let number = |line: Option<&Line>, otherwise: u64| match line {
        Some(line) => size(line.text(1)),
        None => Some(otherwise),
    };
    let value = match (number(buffer, BUFFER), number(rewrite, REWRITE)) {
        // More than half a buffer is never kept free.
        (Some(buffer), Some(rewrite)) => Value::Bytes(buffer - rewrite.min(buffer / 2)),
        _ => Value::Unknown(line.text(1).to_owned()),
    };
    let name = if buffer.is_some() { "tune.bufsize" } else { "tune.maxrewrite" };
    Some(Setting::written(key, value, name, proxy.places().value(line, 1)))
}

/// The rate above which `http-request deny` refuses, counted by a stick table.
fn rate(proxy: &Proxy<'_>) -> Option<Setting> {
    let refuses = |line: &&Line| {
        let action = line.text(1);
        line.begins(&["http-request"]) && matches!(action, "deny" | "reject" | "tarpit")
    };
    let is_rate = |word: &str| word.contains("http_req_rate");
    for line in proxy.section.lines.iter().filter(refuses) {
        let named = |word: &str| {
            let is =
                |acl: &&Line| acl.text(1) == word && acl.words.iter().any(|w| is_rate(&w.text));
            proxy.own(&["acl"]).find(is)
        };
        let with_rate = match line.words.iter().any(|word| is_rate(&word.text)) {
            true => Some(line),
            false => line.words.iter().find_map(|word| named(&word.text)),
        };
        let Some(line) = with_rate else { continue };
        let above = line.words.iter().position(|word| matches!(word.text.as_str(), "gt" | "ge"));
        let Some(word) = above.and_then(|at| line.words.get(at + 1)) else { continue };
        let at = proxy.places().word(line, word);
        let value = match (word.text.parse::<u64>(), period(proxy)) {
            (Ok(n), Some(Micros(1_000_000))) => Value::Count(n),
            (Ok(n), Some(Micros(us))) if us > 0 => Value::Text(format!("{n} in {} ms", us / 1_000)),
            _ => Value::Unknown(word.text.clone()),
        };
        return Some(Setting::written(Key::RateLimit, value, "http_req_rate", at));
    }
    None
}

/// The period over which the only stick table that is meant counts requests.
fn period(proxy: &Proxy<'_>) -> Option<Micros> {
    let own: Vec<&Line> = proxy.own(&["stick-table"]).collect();
    let tables = if own.is_empty() { &proxy.configuration.tables } else { &own };
    let periods = tables.iter().flat_map(|line| &line.words).filter_map(|word| {
        let rest = word.text.split("http_req_rate(").nth(1)?;
        time(rest.split(')').next()?)
    });
    let periods: Vec<Micros> = periods.collect();
    periods.first().copied().filter(|first| periods.iter().all(|other| other == first))
}
