//! Listeners as hops: where they listen, and the settings of their HTTP connection manager or TCP
//! proxy toward clients.

use model::config::{Hop, Key, Listen, Product, Settings, Task, Value};

use super::field::Field;
use crate::document::Document;
use crate::draft::{HopDraft, Name};
use crate::part::put;

/// A network filter that passes on what clients send.
#[derive(Clone, Copy, Debug)]
pub(super) enum Filter<'t> {
    /// `http_connection_manager`.
    Http(Field<'t>),
    /// `tcp_proxy`.
    Tcp(Field<'t>),
}

/// The port of a listener.
pub(super) fn port(listener: Field<'_>) -> Option<u16> {
    let port = listener.get("address.socket_address.port_value").number()?;
    u16::try_from(port).ok().filter(|port| *port != 0)
}

/// Filter chains of one listener, and filters of one chain, that are looked at.
const MOST_FILTERS: usize = 100;

fn chains(listener: Field<'_>) -> impl Iterator<Item = Field<'_>> {
    listener
        .get("filter_chains")
        .items()
        .take(MOST_FILTERS)
        .chain(listener.get("default_filter_chain").some())
}

/// The filters of all its chains that pass requests on.
pub(super) fn filters(listener: Field<'_>) -> Vec<Filter<'_>> {
    let filters =
        chains(listener).flat_map(|chain| chain.get("filters").items().take(MOST_FILTERS));
    filters
        .take(MOST_FILTERS)
        .filter_map(|filter| {
            // Before the third version of its interface the type stood in the name alone.
            let config = filter.get("typed_config");
            let config = config.some().unwrap_or(filter.get("config"));
            let kind = config.named("@type").text().or(filter.get("name").text())?;
            let kind = kind.to_ascii_lowercase().replace('_', "");
            if kind.contains("httpconnectionmanager") {
                Some(Filter::Http(config))
            } else {
                kind.contains("tcpproxy").then_some(Filter::Tcp(config))
            }
        })
        .collect()
}

/// The hop of a listener.
pub(super) fn hop(document: &Document, listener: Field<'_>, filters: &[Filter<'_>]) -> HopDraft {
    let port = port(listener);
    let name = listener.get("name").text();
    let label = name.map(str::to_owned).or(port.map(|port| format!(":{port}")));
    let label = label.unwrap_or_default();
    let mut hop =
        Hop::new(Task::Gateway, format!("{} listener {label}", document.name()).trim_end());
    hop.at = Some(listener.get("name").some().unwrap_or(listener).span());
    hop.products = vec![Product { name: "Envoy", ..Product::default() }];
    let mut names = Vec::new();
    let address = listener.get("address.socket_address");
    if let Some(port) = port {
        let host = address.get("address").text().unwrap_or("");
        let host = if matches!(host, "0.0.0.0" | "::") { "" } else { host };
        let tls = chains(listener).any(|chain| chain.get("transport_socket").there());
        let at = Some(address.get("port_value").span());
        hop.listens.push(Listen { address: host.to_owned(), port, tls, at });
        names.push(Name::id("envoy listen", format!("{} {port}", document.path)));
    } else if let Some(path) = listener.get("address.pipe.path").text() {
        let at = Some(listener.get("address.pipe.path").span());
        hop.listens.push(Listen { address: path.to_owned(), port: 0, tls: false, at });
        names.push(Name::id("unix socket", path));
    }
    match filters.first() {
        Some(Filter::Http(manager)) => {
            hop.settings = http(*manager);
            let options = manager.get("common_http_protocol_options");
            let (key, name) = (Key::ClientIdleTimeout, "idle_timeout");
            if hop.get(key).is_none() {
                let slot = match options.some() {
                    Some(options) => options.slot(key, name),
                    None => manager.slot(key, name).map(|mut slot| {
                        let inner = "common_http_protocol_options: {idle_timeout: {}}";
                        slot.text = slot.text.replacen("idle_timeout: {}", inner, 1);
                        slot
                    }),
                };
                hop.slots.extend(slot);
            }
        }
        Some(Filter::Tcp(proxy)) => {
            let tcp = Value::Text("tcp".to_owned());
            hop.settings.set(proxy.setting(Key::ServedProtocol, "tcp_proxy", tcp));
            let idle = proxy.get("idle_timeout");
            put(&mut hop.settings, idle.time(Key::FlowIdleTimeout, "idle_timeout", true));
        }
        // What other filters forward has none of the defaults of these two.
        None => hop.products.clear(),
    }
    let mut hop = HopDraft::new(hop, names);
    hop.configured_by = Some(document.path.clone());
    hop
}

fn http(manager: Field<'_>) -> Settings {
    let mut settings = Settings::new();
    let options = manager.get("common_http_protocol_options");
    for (key, of, name) in [
        (Key::ClientIdleTimeout, options, "idle_timeout"),
        (Key::ClientMaxLifetime, options, "max_connection_duration"),
        (Key::ClientHeaderTimeout, manager, "request_headers_timeout"),
        (Key::ClientBodyTimeout, manager, "request_timeout"),
    ] {
        put(&mut settings, of.get(name).time(key, name, true));
    }
    let requests = options.get("max_requests_per_connection");
    let key = Key::ClientKeepAliveRequests;
    put(&mut settings, requests.count(key, "max_requests_per_connection"));
    let head = manager.get("max_request_headers_kb");
    if let Some(kb) = head.number() {
        let value = Value::Bytes(kb.saturating_mul(1 << 10));
        settings.set(head.setting(Key::MaxRequestHeader, "max_request_headers_kb", value));
    }
    settings
}
