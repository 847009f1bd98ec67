//! `reverse_proxy`, `php_fastcgi` and `forward_auth` as links, with their transport, retries and
//! passive checks.
//!
//! <https://caddyserver.com/docs/caddyfile/directives/reverse_proxy>.

use std::collections::BTreeSet;

use model::config::{Key, Notation, Route, Setting, Settings, Slot, Value};

use super::checks::check;
use super::lex::{Line, Word, is_variable};
use super::sites::listen_name;
use super::values::{Upstream, count_setting, size_setting, text_setting, time_setting, upstreams};
use crate::defaults::caddy::IDLE;
use crate::draft::{DraftId, LinkDraft, Name, Reach};
use crate::part::put;
use crate::programs::duration;

/// Targets of one proxy.
const MOST_TARGETS: usize = 256;

/// Methods that may be sent again without harm (RFC 9110, 9.2.2).
const IDEMPOTENT: &[&str] = &["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/// A directive that sends requests on.
#[derive(Debug)]
pub(super) struct Proxy<'l> {
    /// Its line.
    pub(super) line: &'l Line,
    /// Where its upstreams begin.
    pub(super) from: usize,
    /// The requests it gets.
    pub(super) route: Route,
    /// What holds for them from around.
    pub(super) settings: Settings,
    /// How many blocks it stands in.
    pub(super) depth: usize,
}

/// Where links begin: the hop, the configuration, and the ports that its sites listen on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start<'s> {
    pub(super) hop: DraftId,
    pub(super) by: &'s str,
    pub(super) ports: &'s BTreeSet<u16>,
}

impl<'l> Proxy<'l> {
    /// Its links, one for each target.
    pub(super) fn links(&self, start: Start<'_>) -> Vec<LinkDraft> {
        let transport = self.line.get("transport");
        let fastcgi = self.line.name() == "php_fastcgi"
            || transport.is_some_and(|line| line.text(1) == "fastcgi");
        let mut settings = self.settings.clone();
        if fastcgi {
            fastcgi_transport(self.line, transport, &mut settings);
        } else {
            http_transport(transport, &mut settings);
        }
        self.retries(&mut settings);
        self.failures(&mut settings);
        put(&mut settings, self.host());
        let slots = if fastcgi { Vec::new() } else { self.slots(transport) };
        let mut links = Vec::new();
        for word in self.targets() {
            for upstream in upstreams(&word.text) {
                let mut link =
                    LinkDraft::new(start.hop, reach(&upstream, start), address(&upstream));
                link.port = upstream.port;
                link.route = self.route.clone();
                link.at = Some(word.at);
                link.settings = settings.clone();
                if !fastcgi {
                    scheme(&upstream, word, &mut link.settings);
                }
                let kept = link.settings.flag(Key::UpstreamKeepAlive) != Some(false);
                let free = |slot: &&Slot| {
                    link.settings.get(slot.key).is_none()
                        && (kept || slot.key != Key::UpstreamIdleTimeout)
                };
                link.slots.extend(slots.iter().filter(free).cloned());
                let tls = link.settings.flag(Key::UpstreamTls) == Some(true);
                link.checks.extend(check(self.line, tls));
                links.push(link);
            }
        }
        links.extend(self.dynamic(start, &settings));
        links
    }

    /// The words that name targets.
    fn targets(&self) -> Vec<&'l Word> {
        let own = self.line.words.iter().skip(self.from);
        let to = self.line.lines().iter().filter(|line| line.name() == "to");
        own.chain(to.flat_map(|line| line.words.iter().skip(1)))
            .filter(|word| !word.text.is_empty() && !word.text.contains(char::is_whitespace))
            .take(MOST_TARGETS)
            .collect()
    }

    /// `dynamic a name port` and `dynamic srv name`: targets that the name service tells.
    fn dynamic(&self, start: Start<'_>, settings: &Settings) -> Option<LinkDraft> {
        let line = self.line.get("dynamic")?;
        let kind = line.text(1);
        let inner = |name: &str, at: usize| {
            let own = line.words.get(at);
            own.or_else(|| line.get(name).and_then(|line| line.words.get(1)))
        };
        let name = inner("name", 2).filter(|_| matches!(kind, "a" | "srv"))?;
        let port = inner("port", 3).filter(|_| kind == "a");
        let port = port.and_then(|word| word.text.parse().ok()).unwrap_or(0);
        let host = Name::host(&name.text);
        let mut link = LinkDraft::new(start.hop, Reach::Name(host), name.text.clone());
        link.port = port;
        link.route = self.route.clone();
        link.at = Some(name.at);
        link.settings = settings.clone();
        Some(link)
    }

    /// `lb_retries` counts attempts, `lb_try_duration` bounds them by time.
    fn retries(&self, settings: &mut Settings) {
        let word = |name: &str| self.line.get(name).and_then(|line| line.words.get(1));
        let retries = word("lb_retries");
        put(settings, retries.and_then(|w| count_setting(Key::Retries, "lb_retries", w)));
        let time = word("lb_try_duration").filter(|w| duration(&w.text).is_none_or(|t| t.0 > 0));
        if let Some(word) = time {
            put(settings, time_setting(Key::QueueTimeout, "lb_try_duration", word));
            if settings.get(Key::Retries).is_none() {
                let none = Value::Unlimited;
                settings.set(Setting::written(Key::Retries, none, "lb_try_duration", word.at));
            }
        }
        let mut matches = self.line.lines().iter().filter(|l| l.name() == "lb_retry_match");
        if let (true, Some(unsafe_one)) =
            (settings.get(Key::Retries).is_some(), matches.find(|line| !is_idempotent(line)))
        {
            let (key, at) = (Key::RetryNonIdempotent, unsafe_one.span());
            settings.set(Setting::written(key, Value::Flag(true), "lb_retry_match", at));
        }
    }

    /// Passive checks are off without `fail_duration`.
    fn failures(&self, settings: &mut Settings) {
        let word = |name: &str| self.line.get(name).and_then(|line| line.words.get(1));
        let out = word("fail_duration");
        let out = out.and_then(|w| time_setting(Key::FailTimeout, "fail_duration", w));
        if out.is_some() {
            let fails = word("max_fails");
            put(settings, fails.and_then(|w| count_setting(Key::MaxFails, "max_fails", w)));
        }
        put(settings, out);
        let name = "unhealthy_request_count";
        let limit = word(name).and_then(|w| count_setting(Key::UpstreamMaxConnections, name, w));
        if settings.get(Key::UpstreamMaxConnections).is_none() {
            put(settings, limit);
        }
    }

    /// The `Host` field that targets get, if it is changed.
    fn host(&self) -> Option<Setting> {
        let is_host = |line: &&Line| {
            line.name() == "header_up"
                && line.text(1).eq_ignore_ascii_case("host")
                && line.words.len() == 3
        };
        let line = self.line.lines().iter().rfind(is_host)?;
        Some(text_setting(Key::UpstreamHost, "header_up", line.text(2), line.at(2)))
    }

    /// Where timers of the transport can be written.
    fn slots(&self, transport: Option<&Line>) -> Vec<Slot> {
        let indent = "\t".repeat(self.depth + 1);
        let of = |key, name, at: model::config::Span, text: String| Slot {
            key,
            name,
            file: at.file,
            at: at.start,
            text,
            notation: Notation::SecondsUnit,
        };
        if let Some(line) = transport {
            let Some(block) = &line.block else { return Vec::new() };
            let one = |(key, name): &(Key, &'static str)| {
                of(*key, name, block.opens, format!("\n{indent}\t{name} {{}}"))
            };
            return TIMES.iter().map(one).collect();
        }
        // Only one of them, as two would open two blocks.
        let (key, name) = (Key::UpstreamIdleTimeout, "keepalive");
        let inner = format!("\n{indent}transport http {{\n{indent}\t{name} {{}}\n{indent}}}");
        match &self.line.block {
            Some(block) => vec![of(key, name, block.opens, inner)],
            None => {
                // Where a word in quotation marks or of an import ends is not where the line does.
                let own = self.line.words.first().map(|word| word.at.file);
                let last = self.line.words.last();
                let Some(last) = last.filter(|l| l.plain && !l.quoted && own == Some(l.at.file))
                else {
                    return Vec::new();
                };
                let at = model::config::Span { start: last.at.end, ..last.at };
                let outer = "\t".repeat(self.depth);
                vec![of(key, name, at, format!(" {{{inner}\n{outer}}}"))]
            }
        }
    }
}

/// The timers of a transport that can be added to it.
const TIMES: &[(Key, &str)] = &[
    (Key::UpstreamIdleTimeout, "keepalive"),
    (Key::ConnectTimeout, "dial_timeout"),
    (Key::ResponseTimeout, "response_header_timeout"),
];

fn reach(upstream: &Upstream, start: Start<'_>) -> Reach {
    if upstream.is_socket {
        return Reach::Name(Name::id("unix socket", upstream.host.clone()));
    }
    let own = is_loopback(&upstream.host) && start.ports.contains(&upstream.port);
    Reach::Name(match own {
        true => listen_name(start.by, upstream.port),
        false => Name::host(&upstream.host),
    })
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn address(upstream: &Upstream) -> String {
    let Upstream { scheme, host, port, is_socket } = upstream;
    let place = match (is_socket, port) {
        (true, _) => format!("unix:{host}"),
        (false, 0) => host.clone(),
        (false, _) if host.contains(':') => format!("[{host}]:{port}"),
        (false, _) => format!("{host}:{port}"),
    };
    if scheme == "https" { format!("https://{place}") } else { place }
}

/// What the scheme of a target, or its port, says of the connection.
fn scheme(upstream: &Upstream, word: &Word, settings: &mut Settings) {
    let tls = upstream.scheme == "https" || (upstream.scheme.is_empty() && upstream.port == 443);
    if tls && settings.get(Key::UpstreamTls).is_none() {
        let on = Value::Flag(true);
        settings.set(Setting::written(Key::UpstreamTls, on, "reverse_proxy", word.at));
    }
    if upstream.scheme == "h2c" && settings.get(Key::UpstreamProtocol).is_none() {
        let h2c = Value::Text("h2c".to_owned());
        settings.set(Setting::written(Key::UpstreamProtocol, h2c, "reverse_proxy", word.at));
    }
}

/// True if a matcher of requests to try again names idempotent methods only.
fn is_idempotent(line: &Line) -> bool {
    let own = line.words.get(1..).unwrap_or_default();
    let inner = line.lines().iter().map(|line| line.words.as_slice());
    let mut methods = std::iter::once(own)
        .chain(inner)
        .filter(|words| words.first().is_some_and(|word| word.text == "method") && words.len() > 1);
    methods.any(|words| {
        words
            .iter()
            .skip(1)
            .all(|word| IDEMPOTENT.contains(&word.text.as_str()) || is_variable(&word.text))
    })
}

fn http_transport(transport: Option<&Line>, settings: &mut Settings) {
    let Some(transport) = transport.filter(|line| line.text(1) == "http") else { return };
    let word = |name: &str| transport.get(name).and_then(|line| line.words.get(1));
    for (key, name) in [
        (Key::ConnectTimeout, "dial_timeout"),
        (Key::ResponseTimeout, "response_header_timeout"),
        (Key::SendTimeout, "write_timeout"),
    ] {
        put(settings, word(name).and_then(|word| time_setting(key, name, word)));
    }
    match word("keepalive") {
        Some(word) if word.text == "off" => {
            let off = Value::Flag(false);
            settings.set(Setting::written(Key::UpstreamKeepAlive, off, "keepalive", word.at));
        }
        Some(word) => {
            put(settings, time_setting(Key::UpstreamIdleTimeout, "keepalive", word));
        }
        None => {}
    }
    if let Some(word) = word("read_timeout") {
        reads(word, settings);
    }
    let name = "keepalive_idle_conns_per_host";
    put(settings, word(name).and_then(|w| count_setting(Key::UpstreamPool, name, w)));
    let (key, name) = (Key::UpstreamMaxConnections, "max_conns_per_host");
    put(settings, word(name).and_then(|w| count_setting(key, name, w)));
    let (key, name) = (Key::MaxResponseHeader, "max_response_header");
    put(settings, word(name).and_then(|w| size_setting(key, name, w)));
    if let Some(line) = transport.get("versions") {
        let versions: Vec<&str> = line.words.iter().skip(1).map(|w| w.text.as_str()).collect();
        let spoken = match versions[..] {
            ["1.1"] => Some("http/1.1"),
            ["2"] => Some("h2"),
            _ => versions.contains(&"h2c").then_some("h2c"),
        };
        if let Some(spoken) = spoken {
            let key = Key::UpstreamProtocol;
            settings.set(text_setting(key, "versions", spoken, line.at(1)));
        }
    }
    tls(transport, settings);
}

/// `read_timeout` bounds every wait for the target's next bytes: those of a response, and those of a
/// connection that is idle.
fn reads(word: &Word, settings: &mut Settings) {
    let Some(setting) = time_setting(Key::ResponseTimeout, "read_timeout", word) else { return };
    let shorter = |than: Option<&Setting>| match (setting.time(), than.and_then(Setting::time)) {
        (Some(own), Some(other)) => own < other,
        _ => than.is_none_or(|than| than.time().is_some()),
    };
    if shorter(settings.get(Key::ResponseTimeout)) {
        settings.set(setting.clone());
    }
    let idle = settings.get(Key::UpstreamIdleTimeout).cloned().unwrap_or_else(|| IDLE.stated());
    if shorter(Some(&idle)) && settings.flag(Key::UpstreamKeepAlive) != Some(false) {
        settings.set(Setting { key: Key::UpstreamIdleTimeout, notation: None, ..setting });
    }
}

fn tls(transport: &Line, settings: &mut Settings) {
    let names = ["tls", "tls_server_name", "tls_insecure_skip_verify", "tls_trust_pool"];
    let older = ["tls_trusted_ca_certs", "tls_client_auth"];
    let on = transport
        .lines()
        .iter()
        .find(|line| names.contains(&line.name()) || older.contains(&line.name()));
    let Some(on) = on else { return };
    let flag = |key, name, on: bool, line: &Line| {
        Setting::written(key, Value::Flag(on), name, line.span())
    };
    settings.set(flag(Key::UpstreamTls, "tls", true, on));
    if let Some(line) = transport.get("tls_insecure_skip_verify") {
        settings.set(flag(Key::UpstreamVerify, "tls_insecure_skip_verify", false, line));
    }
    if let Some(line) = transport.get("tls_server_name") {
        for key in [Key::UpstreamSni, Key::UpstreamVerifyName] {
            settings.set(text_setting(key, "tls_server_name", line.text(1), line.at(1)));
        }
    }
}

/// The lines of a FastCGI transport stand in `php_fastcgi` itself, too.
fn fastcgi_transport(proxy: &Line, transport: Option<&Line>, settings: &mut Settings) {
    let scope = transport.unwrap_or(proxy);
    let protocol = Value::Text("fastcgi".to_owned());
    let at = transport.map_or(proxy.at(0), |line| line.at(1));
    let name = if transport.is_some() { "transport" } else { "php_fastcgi" };
    settings.set(Setting::written(Key::UpstreamProtocol, protocol, name, at));
    for (key, name) in [
        (Key::ConnectTimeout, "dial_timeout"),
        (Key::ResponseTimeout, "read_timeout"),
        (Key::SendTimeout, "write_timeout"),
    ] {
        let word = scope.get(name).and_then(|line| line.words.get(1));
        put(settings, word.and_then(|word| time_setting(key, name, word)));
    }
}
