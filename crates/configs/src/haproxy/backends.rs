//! `backend` and `listen` sections as sets of targets.

use std::collections::BTreeSet;

use model::config::{Key, Notation, Setting, Settings, Value};

use super::fronts::head_limit;
use super::proxies::{Closes, Proxy};
use super::values::{limit_setting, text_setting};
use super::{checks, servers};
use crate::defaults::haproxy::SERVER_TCP;
use crate::draft::{Draft, Pool};
use crate::part::put;

/// What sends a request again after the server got it: the work may be done twice.
const AFTER_SENDING: &[&str] = &[
    "all-retryable-errors",
    "empty-response",
    "junk-response",
    "response-timeout",
    "401",
    "403",
    "404",
    "408",
    "421",
    "425",
    "429",
    "500",
    "501",
    "502",
    "503",
    "504",
];

/// The servers of a section; `ports` are those that sections of the same HAProxy listen on.
pub(super) fn pool(proxy: &Proxy<'_>, ports: &BTreeSet<u16>, draft: &mut Draft) -> Pool {
    let servers = servers::servers(proxy);
    let mut pool = Pool {
        names: vec![proxy.id()],
        members: servers.iter().map(|server| server.member(proxy, ports, draft)).collect(),
        settings: settings(proxy),
        at: Some(proxy.places().line(&proxy.section.head)),
        ..Pool::default()
    };
    pool.checks.extend(checks::check(proxy, &servers));
    for (key, name) in
        [(Key::ConnectTimeout, "timeout connect"), (Key::ResponseTimeout, "timeout server")]
    {
        if pool.settings.get(key).is_none() {
            pool.slots.push(proxy.slot(key, name, ""));
        }
    }
    let is_pooled = pool.settings.flag(Key::UpstreamKeepAlive) != Some(false)
        && pool.settings.get(Key::UpstreamPool).is_none();
    let is_free = |server: &servers::Server<'_>| {
        server.param("pool-purge-delay").is_none() && server.param("pool-max-conn").is_none()
    };
    if proxy.is_http() && is_pooled && servers.iter().all(is_free) {
        let key = Key::UpstreamIdleTimeout;
        pool.slots.push(proxy.slot(key, "pool-purge-delay", "default-server "));
    }
    pool
}

fn settings(proxy: &Proxy<'_>) -> Settings {
    let mut settings = Settings::new();
    for (key, name) in [
        (Key::ConnectTimeout, "timeout connect"),
        (Key::QueueTimeout, "timeout queue"),
        (Key::TunnelTimeout, "timeout tunnel"),
    ] {
        put(&mut settings, proxy.timeout(key, name));
    }
    retries(proxy, &mut settings);
    if !proxy.is_http() {
        settings.set(proxy.tcp(&SERVER_TCP));
        put(&mut settings, proxy.timeout(Key::ResponseTimeout, "timeout server"));
        return settings;
    }
    if let Some(timeout) = proxy.timeout(Key::ResponseTimeout, "timeout server") {
        // One timer for both directions: an edit of either is an edit of the response's.
        settings.set(Setting { key: Key::SendTimeout, notation: None, ..timeout.clone() });
        settings.set(timeout);
    }
    put(&mut settings, keep_alive(proxy));
    if let Some(line) = proxy.get(&["http-reuse"]).filter(|line| line.text(1) == "never") {
        let at = proxy.places().value(line, 1);
        settings.set(Setting::written(Key::UpstreamPool, Value::Count(0), "http-reuse", at));
    }
    put(&mut settings, head_limit(proxy, Key::MaxResponseHeader));
    put(&mut settings, host(proxy));
    settings
}

/// That connections to servers are closed after each response, if an option of the section says so.
pub(super) fn keep_alive(proxy: &Proxy<'_>) -> Option<Setting> {
    let (closes, line) = proxy.closes();
    let line = line?;
    let at = proxy.places().value(line, 1);
    let name = match (closes, line.text(1)) {
        (Closes::Nothing, _) => "option http-keep-alive",
        (Closes::Server, _) => "option http-server-close",
        (Closes::Both, _) => "option httpclose",
    };
    let on = Value::Flag(closes == Closes::Nothing);
    Some(Setting::written(Key::UpstreamKeepAlive, on, name, at))
}

/// The `Host` field that servers get, if it is changed for every request.
pub(super) fn host(proxy: &Proxy<'_>) -> Option<Setting> {
    let is_host = |line: &&super::lex::Line| line.text(2).eq_ignore_ascii_case("host");
    let always = |line: &&super::lex::Line| line.words.len() == 4;
    let line = proxy.own(&["http-request", "set-header"]).filter(is_host).filter(always).last()?;
    let at = proxy.places().value(line, 3);
    Some(text_setting(Key::UpstreamHost, "http-request set-header", line.text(3), at))
}

fn retries(proxy: &Proxy<'_>, settings: &mut Settings) {
    let places = proxy.places();
    if let Some(line) = proxy.get(&["retries"]) {
        let at = places.value(line, 1);
        let text = line.text(1);
        settings.set(match text.parse() {
            Ok(n) => Setting::written(Key::Retries, Value::Count(n), "retries", at)
                .as_written_in(Notation::Count),
            Err(_) => limit_setting(Key::Retries, "retries", text, at),
        });
    }
    let Some(line) = proxy.get(&["retry-on"]).filter(|_| proxy.is_http()) else { return };
    let words: Vec<&str> = line.words.iter().skip(1).map(|word| word.text.as_str()).collect();
    let at = places.value(line, 1);
    settings.set(text_setting(Key::RetryOn, "retry-on", &words.join(" "), at));
    if words.contains(&"none") {
        settings.set(Setting::written(Key::Retries, Value::Count(0), "retry-on", at));
    } else if words.iter().any(|word| AFTER_SENDING.contains(word)) {
        // Methods are told apart by a rule only.
        let off = proxy.get(&["http-request", "disable-l7-retry"]);
        let (at, name) = match off {
            Some(rule) => (places.line(rule), "http-request disable-l7-retry"),
            None => (at, "retry-on"),
        };
        let on = Value::Flag(off.is_none());
        settings.set(Setting::written(Key::RetryNonIdempotent, on, name, at));
    }
}
