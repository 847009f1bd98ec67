//! Health checks: what servers say of them, and what `option httpchk` and `http-check` ask for.

use model::config::{Check, CheckKind, Key, Setting, Settings, Value};

use super::proxies::Proxy;
use super::servers::Server;
use super::values::{limit_setting, text_setting, time_setting};
use crate::defaults::haproxy::CHECK_TCP;
use crate::part::put;

/// Options that say how a server is asked whether it is well.
const KINDS: &[&str] = &[
    "httpchk",
    "tcp-check",
    "mysql-check",
    "pgsql-check",
    "redis-check",
    "smtpchk",
    "ldap-check",
    "ssl-hello-chk",
    "spop-check",
    "external-check",
];

/// The check of a section's servers: that of the first server that has one.
pub(super) fn check(proxy: &Proxy<'_>, servers: &[Server<'_>]) -> Option<Check> {
    let server = servers.iter().find(|server| server.param("check").is_some())?;
    let places = proxy.places();
    let mut settings = Settings::new();
    let kind = proxy.option(KINDS);
    let over_tls = server.param("check-ssl").is_some() || server.param("ssl").is_some();
    let protocol = match kind.map(|line| line.text(1)) {
        None => "",
        Some("httpchk") if over_tls && server.param("port").is_none() => "https",
        Some("httpchk") => "http",
        Some("tcp-check") => "tcp",
        Some("mysql-check") => "mysql",
        Some("pgsql-check") => "postgresql",
        Some("redis-check") => "redis",
        Some("smtpchk") => "smtp",
        Some("ldap-check") => "ldap",
        Some("ssl-hello-chk") => "tls",
        Some("spop-check") => "spop",
        Some(_) => "a program",
    };
    match kind {
        Some(line) => {
            let at = places.value(line, 1);
            settings.set(text_setting(Key::CheckProtocol, "option", protocol, at));
        }
        None => settings.set(CHECK_TCP.stated()),
    }
    if protocol.starts_with("http") {
        http(proxy, kind, &mut settings);
    }
    for (key, name) in [
        (Key::CheckHealthyThreshold, "rise"),
        (Key::CheckUnhealthyThreshold, "fall"),
        (Key::CheckPort, "port"),
    ] {
        if let Some((word, line)) = server.param(name) {
            let at = places.word(line, word);
            settings.set(limit_setting(key, name, &word.text, at));
        }
    }
    let inter = server.param("inter").map(|(word, line)| {
        time_setting(Key::CheckInterval, "inter", &word.text, places.word(line, word))
    });
    // Without `timeout check` a check has to be over when the next one begins.
    let within =
        inter.clone().map(|inter| Setting { key: Key::CheckTimeout, notation: None, ..inter });
    put(&mut settings, inter);
    put(&mut settings, proxy.timeout(Key::CheckTimeout, "timeout check").or(within));
    let at = server.param("check").map(|(word, line)| places.word(line, word));
    Some(Check { kind: CheckKind::Balancer, at, settings })
}

/// `option httpchk [METHOD] [PATH] [VERSION]`, `http-check send`, `http-check expect`.
fn http(proxy: &Proxy<'_>, option: Option<&super::lex::Line>, settings: &mut Settings) {
    let places = proxy.places();
    if let Some(line) = option {
        // One word alone is the path; fields could follow the version before `http-check send`.
        let path = if line.words.len() == 3 { 2 } else { 3 };
        if let Some(word) = line.words.get(path) {
            let at = places.word(line, word);
            settings.set(text_setting(Key::CheckPath, "option httpchk", &word.text, at));
        }
        if let Some(word) = line.words.get(4) {
            let fields = line.words.iter().skip(4).map(|word| word.text.as_str());
            let fields = fields.collect::<Vec<&str>>().join(" ");
            let host = fields.split("\r\n").find_map(|field| {
                let (name, value) = field.split_once(':')?;
                name.trim().eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
            });
            if let Some(host) = host {
                let at = places.word(line, word);
                settings.set(text_setting(Key::CheckHost, "option httpchk", &host, at));
            }
        }
    }
    if let Some(line) = proxy.get(&["http-check", "send"]) {
        for (at, word) in line.words.iter().enumerate().skip(2) {
            let value = line.words.get(at + 1);
            match (word.text.as_str(), value) {
                ("uri", Some(value)) => {
                    let at = places.word(line, value);
                    let setting = text_setting(Key::CheckPath, "http-check send", &value.text, at);
                    settings.set(setting);
                }
                ("hdr", Some(name)) if name.text.eq_ignore_ascii_case("host") => {
                    if let Some(value) = line.words.get(at + 2) {
                        let at = places.word(line, value);
                        let key = Key::CheckHost;
                        settings.set(text_setting(key, "http-check send", &value.text, at));
                    }
                }
                _ => {}
            }
        }
    }
    if let Some(line) = proxy.get(&["http-check", "expect"]) {
        let words = line.words.iter().skip(2).map(|word| word.text.as_str());
        let text = words.collect::<Vec<&str>>().join(" ");
        let text = text.strip_prefix("status ").map_or(text.clone(), str::to_owned);
        let value = Value::Text(text);
        let at = places.value(line, 2);
        settings.set(Setting::written(Key::CheckMatcher, value, "http-check expect", at));
    }
}
