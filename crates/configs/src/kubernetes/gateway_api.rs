//! The Gateway API: Gateways with their listeners, and the routes that join them to Services.
//! <https://gateway-api.sigs.k8s.io/reference/spec/>

use std::collections::BTreeMap;

use model::config::{Hop, Key, Listen, Product, Route, Setting, Settings, Task, Value};

use super::object::{Object, port};
use super::services::Services;
use super::{Cluster, gke};
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name};
use crate::part::put;
use crate::tree::At;

/// Rules, matches, backends, listeners that are read.
const MOST_ITEMS: usize = 200;

/// Links that one rule makes at most: paths and backends multiply.
const MOST_LINKS: usize = 400;

/// A Gateway: its hop, and whether Google makes its load balancer.
#[derive(Clone, Copy)]
struct Gateway {
    hop: DraftId,
    google: bool,
}

/// Reads Gateways and their routes.
pub(super) fn read(cluster: &Cluster<'_>, services: &Services<'_>, draft: &mut Draft) {
    let mut gateways: BTreeMap<String, Gateway> = BTreeMap::new();
    for object in cluster.all(&["Gateway"]) {
        gateways.insert(object.key(), gateway(&object, draft));
    }
    for object in cluster.all(&["HTTPRoute", "GRPCRoute"]) {
        for parent in object.spec("parentRefs").items().take(MOST_ITEMS) {
            let kind = parent.get("kind").text().unwrap_or("Gateway");
            let Some(name) = parent.get("name").text().filter(|_| kind == "Gateway") else {
                continue;
            };
            let namespace = parent.get("namespace").text().unwrap_or(object.namespace());
            let key = format!("{namespace}/{name}");
            let gateway = *gateways.entry(key.clone()).or_insert_with(|| {
                // A Gateway that another team describes.
                let mut hop = Hop::new(Task::Gateway, format!("Gateway {name}"));
                hop.at = Some(object.span(parent));
                let names = vec![Name::id("kubernetes gateway", key.clone())];
                Gateway { hop: draft.add_hop(HopDraft::new(hop, names)), google: false }
            });
            routes(cluster, &object, services, gateway, draft);
        }
    }
}

fn gateway(object: &Object<'_>, draft: &mut Draft) -> Gateway {
    let class = object.spec("gatewayClassName").text().unwrap_or_default();
    let google = class.starts_with("gke-l7");
    let task = if google { Task::LoadBalancer } else { Task::Gateway };
    let mut hop = Hop::new(task, format!("Gateway {}", object.name));
    hop.at = Some(object.here());
    if google {
        gke::balancer(&mut hop);
    } else {
        hop.products.extend(inner_class(class));
    }
    let mut hosts = Vec::new();
    let listeners = object.spec("listeners");
    for listener in listeners.items().take(MOST_ITEMS) {
        hosts.extend(listener.get("hostname").text().map(str::to_ascii_lowercase));
        let number = port(listener.get("port"));
        let tls = matches!(listener.get("protocol").text(), Some("HTTPS" | "TLS"));
        if number != 0 && !hop.listens.iter().any(|listen| listen.port == number) {
            let at = Some(object.span(listener.get("port")));
            hop.listens.push(Listen { address: String::new(), port: number, tls, at });
        }
    }
    if !hosts.is_empty() {
        hosts.sort();
        hosts.dedup();
        let at = object.span(listeners);
        hop.settings.set(Setting::written(Key::ServerNames, Value::Names(hosts), "hostname", at));
    }
    let mut names = vec![Name::id("kubernetes gateway", object.key())];
    let given = object.at.at("status.addresses").items().take(10);
    names.extend(given.filter_map(|address| address.get("value").text()).map(Name::host));
    Gateway { hop: draft.add_hop(HopDraft::new(hop, names)), google }
}

/// The controller of a class that people call by the name of a proxy that runs in the cluster.
fn inner_class(class: &str) -> Option<Product> {
    const INNER: &[&str] = &[
        "apisix", "cilium", "contour", "envoy", "haproxy", "istio", "kgateway", "kong", "linkerd",
        "nginx", "traefik",
    ];
    let class = class.to_ascii_lowercase();
    INNER
        .iter()
        .any(|name| class.contains(name))
        .then(|| Product { name: "Gateway controller", ..Product::default() })
}

fn routes(
    cluster: &Cluster<'_>,
    object: &Object<'_>,
    services: &Services<'_>,
    gateway: Gateway,
    draft: &mut Draft,
) {
    let hosts: Vec<String> = object
        .spec("hostnames")
        .items()
        .take(MOST_ITEMS)
        .filter_map(|host| host.text().map(str::to_owned))
        .collect();
    for rule in object.spec("rules").items().take(MOST_ITEMS) {
        let mut paths: Vec<String> = rule
            .get("matches")
            .items()
            .take(MOST_ITEMS)
            .map(|one| one.at("path.value").text().unwrap_or_default().to_owned())
            .collect();
        if paths.is_empty() {
            paths.push(String::new());
        }
        let settings = timeouts(object, rule, gateway);
        let mut made = 0;
        for backend in rule.get("backendRefs").items().take(MOST_ITEMS) {
            for path in &paths {
                made += 1;
                if made > MOST_LINKS {
                    return;
                }
                let route = Route { hosts: hosts.clone(), path: path.clone() };
                let link = link(object, services, gateway, backend, route);
                let Some(mut link) = link else { continue };
                link.settings = settings.clone();
                if gateway.google {
                    let namespace = backend.get("namespace").text().unwrap_or(object.namespace());
                    let name = backend.get("name").text().unwrap_or_default();
                    gke::policies(cluster, namespace, name, &mut link);
                }
                draft.links.push(link);
            }
        }
    }
}

/// The bound on the whole exchange, and on one attempt of it. A time of zero is no bound.
fn timeouts(object: &Object<'_>, rule: At<'_>, gateway: Gateway) -> Settings {
    let mut settings = Settings::new();
    for (key, name, path) in [
        (Key::TotalTimeout, "timeouts.request", "timeouts.request"),
        (Key::AttemptTimeout, "timeouts.backendRequest", "timeouts.backendRequest"),
    ] {
        let setting = object.duration(rule.at(path), key, name).map(|mut setting| {
            if setting.time().is_some_and(|time| time.0 == 0) {
                setting.value = Value::Unlimited;
                setting.notation = None;
            }
            setting
        });
        put(&mut settings, setting);
    }
    if gateway.google {
        settings.inherit(&gke::carried(gke::Maker::Gateway).settings);
    }
    settings
}

fn link(
    object: &Object<'_>,
    services: &Services<'_>,
    gateway: Gateway,
    backend: At<'_>,
    route: Route,
) -> Option<LinkDraft> {
    let service = backend.get("name").text()?;
    let kind = backend.get("kind").text().unwrap_or("Service");
    if kind != "Service" || backend.get("weight").number() == Some(0) {
        return None;
    }
    let namespace = backend.get("namespace").text().unwrap_or(object.namespace());
    let (to, number) = services.reach(namespace, service, backend.get("port"));
    let mut link = LinkDraft::new(gateway.hop, to, format!("{service}:{number}"));
    link.port = number;
    link.route = route;
    link.at = Some(object.span(backend.get("name")));
    Some(link)
}
