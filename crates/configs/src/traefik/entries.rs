//! Entry points of the static configuration as hops, and the transport that holds for every service
//! without one of its own.

use model::config::{Hop, Key, Listen, Product, Settings, Slot, Task, Value};

use super::field::Field;
use crate::draft::{HopDraft, Name};
use crate::part::put;

/// The entry point of a configuration that names none.
const USUAL: &str = "http";

/// The entry point of Traefik's own pages.
const INTERNAL: &str = "traefik";

/// An entry point.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name, in lower case.
    pub(super) name: String,
    /// Its hop.
    pub(super) hop: HopDraft,
    /// True if routers that name no entry point are reached by it.
    pub(super) is_default: bool,
    /// Middlewares that all its requests pass.
    pub(super) middlewares: Vec<String>,
}

/// The entry points; `label` is what people call the configuration, `by` what names it.
pub(super) fn entries(
    root: Field<'_>,
    label: &str,
    by: &str,
    source: Option<(&str, bool)>,
) -> Vec<Entry> {
    let written: Vec<(&str, Field<'_>)> = root.get("entryPoints").entries().collect();
    let some_default = written.iter().any(|(_, entry)| entry.get("asDefault").flag() == Some(true));
    let mut entries: Vec<Entry> = written
        .into_iter()
        .filter(|(_, entry)| !is_udp(*entry))
        .map(|(name, entry)| {
            let is_default = match entry.get("asDefault").flag() {
                Some(on) => on,
                // The one for the dashboard is none, and redirected requests reach no router.
                None => {
                    !some_default
                        && !name.eq_ignore_ascii_case(INTERNAL)
                        && !entry.get("http.redirections.entryPoint.to").there()
                }
            };
            Entry {
                name: name.to_ascii_lowercase(),
                hop: hop(name, entry, label, by, source),
                is_default,
                middlewares: entry.get("http.middlewares").words(),
            }
        })
        .collect();
    entries.extend(internal(root, label, by, &entries));
    if entries.iter().all(|entry| entry.name == INTERNAL) {
        let mut hop = bare(USUAL, label, by);
        hop.hop.products = product();
        hop.hop.at = Some(root.span());
        let listen = Listen { address: String::new(), port: 80, tls: false, at: None };
        hop.hop.listens.push(listen);
        let name = USUAL.to_owned();
        entries.push(Entry { name, hop, is_default: true, middlewares: Vec::new() });
    }
    entries
}

/// The entry point of Traefik's own pages, which it makes where they are asked for.
/// <https://doc.traefik.io/traefik/operations/ping/>
fn internal(root: Field<'_>, label: &str, by: &str, entries: &[Entry]) -> Option<Entry> {
    let ping = root.get("ping");
    let pages = [ping, root.get("api.insecure"), root.get("metrics.prometheus")];
    let asked = pages.into_iter().find(|page| page.there() && page.flag() != Some(false))?;
    if entries.iter().any(|entry| entry.name == INTERNAL) {
        return None;
    }
    let mut hop = bare(INTERNAL, label, by);
    hop.configured_by = Some(by.to_owned());
    hop.listens_known = true;
    hop.hop.products = product();
    hop.hop.at = Some(asked.span());
    let listen = Listen { address: String::new(), port: 8080, tls: false, at: None };
    hop.hop.listens.push(listen);
    let name = INTERNAL.to_owned();
    Some(Entry { name, hop, is_default: false, middlewares: Vec::new() })
}

/// An entry point of which only the name is known.
pub(super) fn bare(name: &str, label: &str, by: &str) -> HopDraft {
    let hop = Hop::new(Task::Gateway, format!("{label} entry point {name}"));
    let names = vec![Name::id("traefik entry point", format!("{by} {}", name.to_lowercase()))];
    HopDraft::new(hop, names)
}

fn product() -> Vec<Product> {
    vec![Product { name: "Traefik", ..Product::default() }]
}

fn is_udp(entry: Field<'_>) -> bool {
    entry.get("address").text().is_some_and(|text| text.ends_with("/udp"))
}

fn hop(
    name: &str,
    entry: Field<'_>,
    label: &str,
    by: &str,
    source: Option<(&str, bool)>,
) -> HopDraft {
    let mut draft = bare(name, label, by);
    draft.configured_by = Some(by.to_owned());
    draft.listens_known = true;
    let hop = &mut draft.hop;
    hop.products = product();
    let address = entry.get("address");
    hop.at = Some(address.some().unwrap_or(entry).span());
    let text = address.text().unwrap_or("");
    let place = text.split('/').next().unwrap_or("");
    if let Some((host, port)) = place.rsplit_once(':')
        && let Ok(port @ 1..) = port.parse::<u16>()
    {
        let host = if matches!(host, "0.0.0.0" | "[::]") { "" } else { host };
        let tls = entry.get("http.tls").there() || port == 443;
        let at = Some(address.span());
        hop.listens.push(Listen { address: host.to_owned(), port, tls, at });
    }
    hop.settings = settings(entry);
    if hop.get(Key::ClientIdleTimeout).is_none()
        && let Some((text, is_toml)) = source
    {
        hop.slots.extend(slot(entry, text, is_toml));
    }
    draft
}

fn settings(entry: Field<'_>) -> Settings {
    let mut settings = Settings::new();
    let transport = entry.get("transport");
    let times = transport.get("respondingTimeouts");
    for (key, name) in [
        (Key::ClientIdleTimeout, "idleTimeout"),
        (Key::ClientBodyTimeout, "readTimeout"),
        (Key::RequestTimeout, "writeTimeout"),
    ] {
        put(&mut settings, times.get(name).time(key, name));
    }
    // Without a timer of its own an idle connection has that for reading.
    if let Some(idle) = settings.get(Key::ClientIdleTimeout)
        && idle.value == Value::Unlimited
    {
        let value = Value::Unknown("0".to_owned());
        let unknown = model::config::Setting { value, ..idle.clone() };
        settings.set(unknown);
    }
    let cycle = transport.get("lifeCycle");
    for (key, name) in
        [(Key::ShutdownTimeout, "graceTimeOut"), (Key::PreStopDelay, "requestAcceptGraceTimeout")]
    {
        let written = cycle.get(name).time(key, name);
        put(&mut settings, written.filter(|setting| setting.value != Value::Unlimited));
    }
    let (key, name) = (Key::ClientMaxLifetime, "keepAliveMaxTime");
    put(&mut settings, transport.get(name).time(key, name));
    let (key, name) = (Key::ClientKeepAliveRequests, "keepAliveMaxRequests");
    put(&mut settings, transport.get(name).count(key, name));
    let (key, name) = (Key::MaxRequestHeader, "maxHeaderBytes");
    put(&mut settings, entry.get("http").get(name).bytes(key, name));
    settings
}

fn slot(entry: Field<'_>, text: &str, is_toml: bool) -> Option<Slot> {
    let about = (Key::ClientIdleTimeout, "idleTimeout");
    let times = entry.get("transport.respondingTimeouts");
    if times.there() {
        let line = if is_toml { "idleTimeout = {}" } else { "idleTimeout: {}" };
        return times.slot(text, is_toml, about, line);
    }
    if entry.get("transport").there() {
        let line = match is_toml {
            true => "respondingTimeouts.idleTimeout = {}",
            false => "respondingTimeouts: {idleTimeout: {}}",
        };
        return entry.get("transport").slot(text, is_toml, about, line);
    }
    let line = match is_toml {
        true => "transport.respondingTimeouts.idleTimeout = {}",
        false => "transport: {respondingTimeouts: {idleTimeout: {}}}",
    };
    entry.slot(text, is_toml, about, line)
}

/// What a transport says of connections to servers.
pub(super) fn transport(transport: Field<'_>) -> Settings {
    let mut settings = Settings::new();
    let times = transport.get("forwardingTimeouts");
    for (key, name) in [
        (Key::ConnectTimeout, "dialTimeout"),
        (Key::ResponseTimeout, "responseHeaderTimeout"),
        (Key::UpstreamIdleTimeout, "idleConnTimeout"),
    ] {
        put(&mut settings, times.get(name).time(key, name));
    }
    let pool = transport.get("maxIdleConnsPerHost");
    match pool.number() {
        // Less than none: no connection is kept.
        None if pool.text().is_some_and(|text| text.starts_with('-')) => {
            let off = Value::Flag(false);
            settings.set(pool.setting(Key::UpstreamKeepAlive, "maxIdleConnsPerHost", off));
        }
        Some(1..) => put(&mut settings, pool.count(Key::UpstreamPool, "maxIdleConnsPerHost")),
        _ => {}
    }
    for key in [Key::UpstreamSni, Key::UpstreamVerifyName] {
        put(&mut settings, transport.get("serverName").word(key, "serverName"));
    }
    let skip = transport.get("insecureSkipVerify");
    if skip.flag() == Some(true) {
        let off = Value::Flag(false);
        settings.set(skip.setting(Key::UpstreamVerify, "insecureSkipVerify", off));
    }
    settings
}

/// Where the time that idle connections to servers are kept can be written into a static
/// configuration.
pub(super) fn transport_slot(root: Field<'_>, text: &str, is_toml: bool) -> Option<Slot> {
    let about = (Key::UpstreamIdleTimeout, "idleConnTimeout");
    let own = root.get("serversTransport");
    let times = own.get("forwardingTimeouts");
    if times.get("idleConnTimeout").there() {
        return None;
    }
    if times.there() {
        let line = if is_toml { "idleConnTimeout = {}" } else { "idleConnTimeout: {}" };
        return times.slot(text, is_toml, about, line);
    }
    if own.there() {
        let line = match is_toml {
            true => "forwardingTimeouts.idleConnTimeout = {}",
            false => "forwardingTimeouts: {idleConnTimeout: {}}",
        };
        return own.slot(text, is_toml, about, line);
    }
    if is_toml {
        let end = u32::try_from(text.len()).ok()?;
        return Some(Slot {
            key: about.0,
            name: about.1,
            file: root.file,
            at: end,
            text: "\n[serversTransport.forwardingTimeouts]\nidleConnTimeout = {}\n".to_owned(),
            notation: model::config::Notation::QuotedSecondsUnit,
        });
    }
    root.slot(text, false, about, "serversTransport: {forwardingTimeouts: {idleConnTimeout: {}}}")
}
