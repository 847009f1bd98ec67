//! `server` and `server-template` lines as members of a set of targets, with what `default-server`
//! lines say of all that follow.

use std::collections::{BTreeMap, BTreeSet};

use model::config::{Key, Notation, Setting, Settings, Span, Value};

use super::lex::Line;
use super::proxies::{Places, Proxy};
use super::values::{
    Address, address, is_loopback, is_name, limit_setting, text_setting, time_setting,
};
use crate::defaults::haproxy::RESOLVE_ONCE;
use crate::directives::Word;
use crate::draft::{Draft, Member, Name, Reach};
use crate::part::put;

/// Parameters that are followed by a value.
const VALUED: &[&str] = &[
    "addr",
    "agent-addr",
    "agent-inter",
    "agent-port",
    "agent-send",
    "alpn",
    "ca-file",
    "check-alpn",
    "check-pool-conn-name",
    "check-proto",
    "check-sni",
    "check-via-socks4",
    "ciphers",
    "ciphersuites",
    "client-sigalgs",
    "cookie",
    "crl-file",
    "crt",
    "curves",
    "downinter",
    "error-limit",
    "fall",
    "fastinter",
    "force-persist",
    "guid",
    "hash-key",
    "id",
    "init-addr",
    "init-state",
    "inter",
    "log-bufsize",
    "log-proto",
    "maxconn",
    "maxqueue",
    "max-reuse",
    "minconn",
    "namespace",
    "observe",
    "on-error",
    "on-marked-down",
    "on-marked-up",
    "pool-conn-name",
    "pool-low-conn",
    "pool-max-conn",
    "pool-purge-delay",
    "port",
    "proto",
    "redir",
    "resolve-net",
    "resolve-opts",
    "resolve-prefer",
    "resolvers",
    "rise",
    "send-proxy-v2-options",
    "set-proxy-v2-tlv-fmt",
    "shard",
    "sigalgs",
    "slowstart",
    "sni",
    "socks4",
    "source",
    "ssl-max-ver",
    "ssl-min-ver",
    "tcp-ut",
    "track",
    "usesrc",
    "verify",
    "verifyhost",
    "weight",
    "ws",
];

/// A parameter: its value, or the word itself where it has none, and the line it stands in.
type Param<'c> = (&'c Word, &'c Line);

/// A server with the parameters that hold for it.
#[derive(Clone, Debug)]
pub(super) struct Server<'c> {
    /// Its line.
    pub(super) line: &'c Line,
    address: &'c Word,
    params: BTreeMap<&'c str, Param<'c>>,
}

/// The servers of a section, other than those that are disabled.
pub(super) fn servers<'c>(proxy: &Proxy<'c>) -> Vec<Server<'c>> {
    let mut common: BTreeMap<&str, Param<'c>> = BTreeMap::new();
    let mut servers = Vec::new();
    for outer in proxy.scopes.iter().skip(1).rev() {
        for line in outer.lines.iter().filter(|line| line.begins(&["default-server"])) {
            take(line, 1, &mut common);
        }
    }
    for line in &proxy.section.lines {
        let from = match line.text(0) {
            "default-server" => {
                take(line, 1, &mut common);
                continue;
            }
            "server" => 2,
            "server-template" => 3,
            _ => continue,
        };
        let Some(address) = line.words.get(from) else { continue };
        let mut params = common.clone();
        take(line, from + 1, &mut params);
        if !params.contains_key("disabled") {
            servers.push(Server { line, address, params });
        }
    }
    servers
}

/// Reads parameters; later ones replace earlier ones, `no-…` takes one back.
fn take<'c>(line: &'c Line, from: usize, params: &mut BTreeMap<&'c str, Param<'c>>) {
    let mut at = from;
    while let Some(word) = line.words.get(at) {
        let name = word.text.as_str();
        at += 1;
        let mut value = word;
        if VALUED.contains(&name) {
            let Some(next) = line.words.get(at) else { return };
            value = next;
            at += 1;
        }
        match name {
            "enabled" => params.remove("disabled"),
            _ => match name.strip_prefix("no-") {
                Some(taken) => params.remove(taken),
                None => params.insert(name, (value, line)),
            },
        };
    }
}

impl<'c> Server<'c> {
    /// A parameter that holds for it.
    pub(super) fn param(&self, name: &str) -> Option<Param<'c>> {
        self.params.get(name).copied()
    }

    /// The target it stands for. The servers of a template are the addresses of one name: one target.
    pub(super) fn member(
        &self,
        proxy: &Proxy<'c>,
        ports: &BTreeSet<u16>,
        draft: &mut Draft,
    ) -> Member {
        let places = proxy.places();
        let mut settings = self.settings(proxy);
        let text = self.address.text.as_str();
        let (to, port) = match address(text) {
            Address::Socket(path) => (Reach::Name(Name::id("unix socket", path)), 0),
            Address::Variable(host, port) => (Reach::Name(Name::host(&host)), port),
            // The address that the client asked for.
            Address::Host(host, port) if host.is_empty() => (Reach::Unsaid, port),
            Address::Host(host, port) => {
                if is_name(&host) {
                    self.lookups(proxy, &mut settings, draft);
                }
                let own = is_loopback(&host) && ports.contains(&port);
                let name = match own {
                    true => {
                        Name::id("haproxy listen", format!("{} {port}", proxy.configuration.by))
                    }
                    false => Name::host(&host),
                };
                (Reach::Name(name), port)
            }
        };
        let at = Some(places.line(self.line));
        Member { to, port, address: text.to_owned(), at, settings }
    }

    fn at(&self, places: Places<'_>, (word, line): Param<'_>) -> Span {
        places.word(line, word)
    }

    fn settings(&self, proxy: &Proxy<'_>) -> Settings {
        let places = proxy.places();
        let mut settings = Settings::new();
        let limit = |key: Key, name: &'static str| {
            let param = self.param(name)?;
            Some(limit_setting(key, name, &param.0.text, self.at(places, param)))
        };
        let time = |key: Key, name: &'static str| {
            let param = self.param(name)?;
            Some(time_setting(key, name, &param.0.text, self.at(places, param)))
        };
        put(&mut settings, limit(Key::UpstreamMaxConnections, "maxconn"));
        put(&mut settings, limit(Key::UpstreamMaxPending, "maxqueue"));
        put(&mut settings, time(Key::SlowStart, "slowstart"));
        if self.param("observe").is_some() {
            put(&mut settings, limit(Key::MaxFails, "error-limit"));
        }
        if proxy.is_http() {
            put(&mut settings, time(Key::UpstreamIdleTimeout, "pool-purge-delay"));
            put(&mut settings, self.pool(places));
            put(&mut settings, self.reuse(places));
            put(&mut settings, self.protocol(places));
        }
        self.tls(proxy, &mut settings);
        settings
    }

    /// Idle connections kept: 0 keeps none, -1 any number.
    fn pool(&self, places: Places<'_>) -> Option<Setting> {
        let param = self.param("pool-max-conn")?;
        let at = self.at(places, param);
        Some(match param.0.text.as_str() {
            "0" => Setting::written(Key::UpstreamPool, Value::Count(0), "pool-max-conn", at)
                .as_written_in(Notation::Count),
            text => limit_setting(Key::UpstreamPool, "pool-max-conn", text, at),
        })
    }

    /// `max-reuse` counts the requests after the first.
    fn reuse(&self, places: Places<'_>) -> Option<Setting> {
        let param = self.param("max-reuse")?;
        let value = match param.0.text.parse::<i64>() {
            Ok(n) if n < 0 => Value::Unlimited,
            Ok(n) => Value::Count(n.unsigned_abs().saturating_add(1)),
            Err(_) => Value::Unknown(param.0.text.clone()),
        };
        let at = self.at(places, param);
        Some(Setting::written(Key::UpstreamKeepAliveRequests, value, "max-reuse", at))
    }

    fn protocol(&self, places: Places<'_>) -> Option<Setting> {
        let tls = self.param("ssl").is_some();
        let key = Key::UpstreamProtocol;
        if let Some(param) = self.param("proto") {
            let word = match param.0.text.as_str() {
                "h2" if !tls => "h2c",
                "h1" => "http/1.1",
                "fcgi" => "fastcgi",
                other => other,
            };
            return Some(text_setting(key, "proto", word, self.at(places, param)));
        }
        let param = self.param("alpn").filter(|_| tls)?;
        let first = param.0.text.split(',').next().unwrap_or("");
        Some(text_setting(key, "alpn", first, self.at(places, param)))
    }

    fn tls(&self, proxy: &Proxy<'_>, settings: &mut Settings) {
        let places = proxy.places();
        let Some(ssl) = self.param("ssl") else { return };
        let on = Value::Flag(true);
        settings.set(Setting::written(Key::UpstreamTls, on, "ssl", self.at(places, ssl)));
        if let Some(param) = self.param("sni") {
            let at = self.at(places, param);
            let text = param.0.text.as_str();
            // Any other expression is worked out for each request.
            let fixed = text.strip_prefix("str(").and_then(|rest| rest.strip_suffix(')'));
            let value = match fixed.filter(|name| !super::values::is_variable(name)) {
                Some(name) => Value::Text(name.to_owned()),
                None => Value::Unknown(text.to_owned()),
            };
            settings.set(Setting::written(Key::UpstreamSni, value, "sni", at));
        }
        let verify = self.param("verify").map(|param| (param, "verify"));
        let everywhere = proxy.configuration.global(&["ssl-server-verify"]);
        let everywhere = everywhere.and_then(|line| Some((line.words.get(1)?, line)));
        let verify = verify.or(everywhere.map(|param| (param, "ssl-server-verify")));
        if let Some((param, name)) = verify {
            let value = match param.0.text.as_str() {
                "none" => Value::Flag(false),
                "required" => Value::Flag(true),
                other => Value::Unknown(other.to_owned()),
            };
            let at = self.at(places, param);
            settings.set(Setting::written(Key::UpstreamVerify, value, name, at));
        }
        if let Some(param) = self.param("verifyhost") {
            let at = self.at(places, param);
            let key = Key::UpstreamVerifyName;
            settings.set(text_setting(key, "verifyhost", &param.0.text, at));
        }
    }

    /// When the name is looked up: at the start, or while requests are served by `resolvers`.
    fn lookups(&self, proxy: &Proxy<'_>, settings: &mut Settings, draft: &mut Draft) {
        let places = proxy.places();
        let Some(param) = self.param("resolvers") else {
            settings.set(RESOLVE_ONCE.stated());
            return;
        };
        let at = self.at(places, param);
        settings.set(Setting::written(Key::ResolveOnce, Value::Flag(false), "resolvers", at));
        let name = param.0.text.as_str();
        let Some(section) = proxy.configuration.section("resolvers", name) else {
            // HAProxy has a section of this name by itself, from the machine's own file.
            if name != "default" {
                let says = format!(
                    "no `resolvers` section is named `{name}`; its name servers are \
                                    not known"
                );
                draft.remark(at, says);
            }
            return;
        };
        let servers = section.lines.iter().filter(|line| line.begins(&["nameserver"]));
        let servers: Vec<String> = servers.map(|line| line.text(2).to_owned()).collect();
        if !servers.is_empty() {
            let value = Value::Names(servers);
            settings.set(Setting::written(Key::NameServers, value, "nameserver", at));
        }
    }
}
