//! Traefik's objects of Kubernetes: `IngressRoute` with its routes, `Middleware`, `ServersTransport`.
//!
//! <https://doc.traefik.io/traefik/routing/providers/kubernetes-crd/>.

use model::config::Route;

use super::field::Field;
use super::rule::route;
use super::services::{Part, Server};
use crate::document::Document;
use crate::kubernetes::service_name;
use crate::tree::At;

/// The provider's name in references such as `shop-retry@kubernetescrd`.
pub(super) const PROVIDER: &str = "kubernetescrd";

/// Objects of one project that are read.
const MOST_OBJECTS: usize = 5_000;

/// Routes of one object, and Services or middlewares of one route, that are read.
const MOST_ROUTES: usize = 500;
const MOST_OF_A_ROUTE: usize = 32;

/// Groups of the objects, the older one before version 3.
const GROUPS: &[&str] = &["traefik.io/", "traefik.containo.us/"];

/// An object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object<'t> {
    /// Its kind.
    pub(super) kind: &'t str,
    /// Its name.
    pub(super) name: &'t str,
    /// What it asks for; with the namespace that it is in.
    pub(super) part: Part<'t>,
    /// The path of its file.
    pub(super) path: &'t str,
}

/// The objects of all files.
pub(super) fn objects(documents: &[Document]) -> Vec<Object<'_>> {
    let yaml = documents.iter().filter(|document| {
        matches!(document.extension().as_str(), "yml" | "yaml")
            && GROUPS.iter().any(|group| document.text.contains(group))
    });
    let all = yaml.flat_map(|document| {
        document.tree().roots().filter_map(move |root| object(document, root))
    });
    all.take(MOST_OBJECTS).collect()
}

fn object<'t>(document: &'t Document, root: At<'t>) -> Option<Object<'t>> {
    let version = root.get("apiVersion").text()?;
    GROUPS.iter().find(|group| version.starts_with(**group))?;
    let kind = root.get("kind").text()?;
    let name = root.at("metadata.name").text()?;
    let section = if kind.ends_with("TCP") { "tcp" } else { "http" };
    let namespace = root.at("metadata.namespace").text().unwrap_or("default");
    let root = Field { file: document.id, at: root.get("spec") };
    let part = Part { section, root, provider: PROVIDER, owner: None, namespace };
    Some(Object { kind, name, part, path: &document.path })
}

/// True for an object that has routes.
pub(super) fn is_route(object: &Object<'_>) -> bool {
    matches!(object.kind, "IngressRoute" | "IngressRouteTCP")
}

/// One route: which requests, the middlewares they pass, and the Services they reach.
pub(super) fn routes<'t>(part: &Part<'t>) -> Vec<(Route, Vec<String>, Vec<Server<'t>>)> {
    let own = part.namespace;
    let one = |item: Field<'t>| {
        let middlewares =
            item.get("middlewares").items().take(MOST_OF_A_ROUTE).filter_map(|middleware| {
                let name = middleware.get("name").text()?;
                let namespace = middleware.get("namespace").text().unwrap_or(own);
                Some(match name.contains('@') {
                    true => name.to_owned(),
                    false => format!("{namespace}-{name}@{PROVIDER}"),
                })
            });
        let middlewares = middlewares.collect();
        let services = item.get("services").items().take(MOST_OF_A_ROUTE);
        let servers = services.filter_map(|service| server(part, service)).collect();
        (route(item.get("match").text().unwrap_or("")), middlewares, servers)
    };
    part.root.get("routes").items().take(MOST_ROUTES).map(one).collect()
}

fn server<'t>(part: &Part<'t>, service: Field<'t>) -> Option<Server<'t>> {
    let name = service.get("name");
    let host = name.text()?;
    if service.get("kind").text().is_some_and(|kind| kind != "Service") || host.contains('@') {
        return None;
    }
    let namespace = service.get("namespace").text().unwrap_or(part.namespace);
    let port = service.get("port");
    let number = port.number().and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
    // By the number of the port, or by its name, where nothing else is said.
    let secure = number == 443 || port.text().is_some_and(|name| name.starts_with("https"));
    let usual = if secure && part.section == "http" { "https" } else { part.section };
    let scheme = service.get("scheme").text().unwrap_or(usual).to_lowercase();
    Some(Server {
        scheme,
        host: host.to_owned(),
        port: number,
        at: name.span(),
        balancer: Some(service),
        to: Some(service_name(namespace, host)),
    })
}
