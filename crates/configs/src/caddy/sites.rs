//! Sites as hops: where they listen, and what the global options say of their servers.

use model::config::{Hop, Key, Listen, Notation, Product, Setting, Settings, Slot, Task, Value};

use super::lex::{Line, Word, is_variable};
use super::values::{address, size_setting, text_setting, time_setting};
use crate::draft::{HopDraft, Name};
use crate::part::put;

/// Addresses taken of one site.
const MOST_ADDRESSES: usize = 256;

/// Where Caddy takes orders if nobody says otherwise.
pub(super) const ADMIN: &str = "localhost:2019";

/// The block of global options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Global<'l> {
    /// Its line, if there is one.
    pub(super) line: Option<&'l Line>,
    /// The beginning of the main file: where one can be put.
    pub(super) start: model::config::Span,
}

impl<'l> Global<'l> {
    fn get(&self, name: &str) -> Option<&'l Line> {
        self.line?.get(name)
    }

    /// Where Caddy takes orders, unless that is switched off: health checks of containers ask there.
    /// <https://caddyserver.com/docs/caddyfile/options#admin>
    fn admin(&self) -> Option<Listen> {
        let line = self.get("admin");
        let written = line.map_or("", |line| line.text(1));
        if written == "off" {
            return None;
        }
        let found = address(if written.is_empty() { ADMIN } else { written });
        let port = found.port.parse().ok()?;
        let at = line.map(Line::span);
        Some(Listen { address: found.host, port, tls: false, at })
    }

    fn port(&self, name: &str, usual: u16) -> u16 {
        self.get(name).and_then(|line| line.text(1).parse().ok()).unwrap_or(usual)
    }

    /// The ports for HTTP and for HTTPS.
    pub(super) fn ports(&self) -> (u16, u16) {
        (self.port("http_port", 80), self.port("https_port", 443))
    }

    /// The options of the server that listens there: those for its address, else those for all.
    fn server(&self, listens: &[Listen]) -> Option<&'l Line> {
        let servers = self.line?.lines().iter().filter(|line| line.name() == "servers");
        let (named, plain): (Vec<&Line>, Vec<&Line>) =
            servers.partition(|line| line.words.len() > 1);
        let own = |line: &&&Line| {
            let at = address(line.text(1));
            listens.iter().any(|listen| {
                at.port.parse() == Ok(listen.port) && listen.address.eq_ignore_ascii_case(&at.host)
            })
        };
        named.iter().find(own).or(plain.last()).copied()
    }

    /// Where the time that idle connections of clients are kept can be written.
    fn slot(&self, server: Option<&Line>) -> Option<Slot> {
        let (at, text) = match (self.line, server) {
            (_, Some(server)) => match server.get("timeouts") {
                Some(timeouts) => (timeouts.block.as_ref()?.opens, "\n\t\t\tidle {}"),
                None => (server.block.as_ref()?.opens, "\n\t\ttimeouts {\n\t\t\tidle {}\n\t\t}"),
            },
            (Some(line), None) => (
                line.block.as_ref()?.opens,
                "\n\tservers {\n\t\ttimeouts {\n\t\t\tidle {}\n\t\t}\n\t}",
            ),
            (None, None) => {
                (self.start, "{\n\tservers {\n\t\ttimeouts {\n\t\t\tidle {}\n\t\t}\n\t}\n}\n\n")
            }
        };
        Some(Slot {
            key: Key::ClientIdleTimeout,
            name: "idle",
            file: at.file,
            at: at.start,
            text: text.to_owned(),
            notation: Notation::SecondsUnit,
        })
    }
}

/// The addresses of a site.
pub(super) fn addresses(site: &Line) -> Vec<Word> {
    let words = site.words.iter().filter(|word| !word.text.is_empty());
    let parts = words.flat_map(|word| {
        let parts = word.text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(|part| Word {
            text: part.to_owned(),
            at: word.at,
            plain: false,
            quoted: word.quoted,
        })
    });
    parts.take(MOST_ADDRESSES).collect()
}

/// The names a site answers for.
pub(super) fn hosts(site: &Line) -> Vec<String> {
    let mut hosts: Vec<String> =
        addresses(site).iter().map(|word| address(&word.text).host).collect();
    // A site that answers for any name, or for one that only the environment knows, is not bound to
    // the others.
    if hosts.iter().any(|host| host.is_empty() || is_variable(host)) {
        hosts.clear();
    }
    hosts.dedup();
    hosts
}

/// What a site listens on.
pub(super) fn listens(site: &Line, global: Global<'_>) -> Vec<Listen> {
    let (http, https) = global.ports();
    let bind = site.get("bind").or_else(|| global.get("default_bind"));
    let bind = bind.map_or("", |line| line.text(1));
    let bind = match bind {
        "0.0.0.0" | "[::]" | "::" => "",
        other if is_variable(other) => "",
        other => other,
    };
    let automatic = global.get("auto_https").map_or("", |line| line.text(1));
    let redirects = !matches!(automatic, "off" | "disable_redirects");
    let has_tls = site.get("tls").is_some();
    let mut listens: Vec<Listen> = Vec::new();
    let mut add = |port: u16, tls: bool, word: &Word| {
        if port != 0 && !listens.iter().any(|listen| listen.port == port) {
            let at = Some(word.at);
            listens.push(Listen { address: bind.to_owned(), port, tls, at });
        }
    };
    for word in addresses(site) {
        let found = address(&word.text);
        // A variable may hold a port as well as a name.
        let is_unknown = is_variable(&word.text) && found.port.is_empty();
        let usual = match (found.scheme.as_str(), found.host.as_str()) {
            ("", _) if is_unknown => 0,
            ("http", _) => http,
            ("", "") if found.port.is_empty() => 0,
            _ => https,
        };
        let port =
            if found.port.is_empty() { usual } else { found.port.parse().unwrap_or_default() };
        let tls = found.scheme != "http"
            && port != http
            && (found.scheme == "https" || port == https || !found.host.is_empty() || has_tls);
        add(port, tls, &word);
        if tls && port != 0 && redirects && !found.host.is_empty() {
            add(http, false, &word);
        }
    }
    listens
}

/// The hop of a site; `file` is the name of its configuration's main file, `by` its path.
pub(super) fn hop(site: &Line, global: Global<'_>, file: &str, by: &str) -> HopDraft {
    let first = addresses(site).into_iter().next().map(|word| word.text).unwrap_or_default();
    let mut hop = Hop::new(Task::Gateway, format!("{file} site {first}").trim_end());
    hop.at = Some(site.span());
    hop.products = vec![Product { name: "Caddy", ..Product::default() }];
    hop.listens = listens(site, global);
    hop.listens.extend(global.admin());
    let server = global.server(&hop.listens);
    hop.settings = settings(site, global, server);
    if hop.get(Key::ClientIdleTimeout).is_none() {
        hop.slots.extend(global.slot(server));
    }
    let names = hop.listens.iter().map(|listen| listen_name(by, listen.port)).collect();
    let mut hop = HopDraft::new(hop, names);
    hop.configured_by = Some(by.to_owned());
    hop.listens_known = true;
    hop
}

/// The name by which sites of one configuration speak of each other.
pub(super) fn listen_name(by: &str, port: u16) -> Name {
    Name::id("caddy listen", format!("{by} {port}"))
}

fn settings(site: &Line, global: Global<'_>, server: Option<&Line>) -> Settings {
    let mut settings = Settings::new();
    let times = server.and_then(|server| server.get("timeouts"));
    for (key, name) in [
        (Key::ClientIdleTimeout, "idle"),
        (Key::ClientHeaderTimeout, "read_header"),
        (Key::ClientBodyTimeout, "read_body"),
    ] {
        let line = times.and_then(|times| times.get(name));
        let word = line.and_then(|line| line.words.get(1));
        put(&mut settings, word.and_then(|word| time_setting(key, name, word)));
    }
    let head = server.and_then(|server| server.get("max_header_size"));
    let head = head.and_then(|line| line.words.get(1));
    let name = "max_header_size";
    put(&mut settings, head.and_then(|word| size_setting(Key::MaxRequestHeader, name, word)));
    for (key, name) in
        [(Key::ShutdownTimeout, "grace_period"), (Key::PreStopDelay, "shutdown_delay")]
    {
        let word = global.get(name).and_then(|line| line.words.get(1));
        put(&mut settings, word.and_then(|word| time_setting(key, name, word)));
    }
    put(&mut settings, body_limit(site.lines()));
    let names = hosts(site);
    if !names.is_empty() {
        let at = site.span();
        settings.set(Setting::written(Key::ServerNames, Value::Names(names), "site address", at));
    }
    if let Some(line) = site.get("tls").filter(|line| line.words.len() == 3) {
        let key = Key::CertificateFile;
        settings.set(text_setting(key, "tls", line.text(1), line.at(1)));
    }
    settings
}

/// The largest body that these lines take for all their requests.
pub(super) fn body_limit(lines: &[Line]) -> Option<Setting> {
    let for_all = |line: &&Line| {
        line.name() == "request_body" && (line.words.len() == 1 || line.text(1) == "*")
    };
    let line = lines.iter().rfind(for_all)?.get("max_size")?;
    size_setting(Key::MaxRequestBody, "max_size", line.words.get(1)?)
}
