//! Ingresses: which controller serves them, and the links from it that their rules make.

use std::collections::BTreeMap;

use model::config::{
    Check, Hop, Key, Listen, Product, Route, Setting, Settings, Slot, Task, Value,
};

use super::object::Object;
use super::services::Services;
use super::workloads::Workload;
use super::{Cluster, alb, gke, ingress_nginx};
use crate::draft::{Draft, DraftId, HopDraft, LinkDraft, Name};
use crate::tree::At;

/// Rules, and paths of a rule, that are read.
const MOST_RULES: usize = 500;

/// Which controller serves an Ingress.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Controller {
    /// ingress-nginx.
    Nginx,
    /// The AWS Load Balancer Controller.
    Alb,
    /// Google's.
    Gke,
    /// Another one, by the name of the class; empty if none is named.
    Other(String),
}

/// What every link of an Ingress carries.
#[derive(Clone, Debug, Default)]
pub(super) struct Carried {
    /// Settings of the link.
    pub(super) settings: Settings,
    /// Checks of the targets.
    pub(super) checks: Vec<Check>,
    /// Where settings can be added.
    pub(super) slots: Vec<Slot>,
}

/// Reads Ingresses.
pub(super) fn read(
    cluster: &Cluster<'_>,
    workloads: &[Workload],
    services: &Services<'_>,
    draft: &mut Draft,
) {
    let classes: BTreeMap<&str, &str> = cluster
        .all(&["IngressClass"])
        .into_iter()
        .filter_map(|class| Some((class.name, class.spec("controller").text()?)))
        .collect();
    let mut hops: BTreeMap<(Controller, String), DraftId> = BTreeMap::new();
    let nginx = ingress_nginx::Global::new(cluster);
    for object in cluster.all(&["Ingress"]) {
        let controller = match controller(&object, &classes) {
            Controller::Other(class) if class.is_empty() && leads_to_google(&object, services) => {
                Controller::Gke
            }
            known => known,
        };
        let group = match &controller {
            // One load balancer serves an Ingress, or a group of them.
            Controller::Alb => match object.annotation(alb::GROUP).text() {
                Some(group) => format!("group {group}"),
                None => object.key(),
            },
            Controller::Gke => object.key(),
            Controller::Nginx | Controller::Other(_) => String::new(),
        };
        let made = hops.entry((controller.clone(), group)).or_insert_with(|| match &controller {
            Controller::Nginx => ingress_nginx::hop(&object, workloads, &nginx, draft),
            Controller::Alb => alb::hop(&object, draft),
            Controller::Gke => gke::hop(cluster, &object, draft),
            Controller::Other(class) => other(&object, class, draft),
        });
        let hop = *made;
        if controller == Controller::Alb {
            alb::complete(&object, &mut draft.hop_mut(hop).hop);
        }
        draft.hop_mut(hop).names.extend(alb::addresses(&object));
        fronted(&object, &mut draft.hop_mut(hop).hop, &controller);
        let rules = Rules { object, services, controller, hop };
        rules.read(cluster, &nginx, draft);
    }
}

/// By the class that is named, else by the annotations that only one controller knows.
fn controller(object: &Object<'_>, classes: &BTreeMap<&str, &str>) -> Controller {
    let annotation = object.annotation("kubernetes.io/ingress.class");
    let class = annotation.text().or_else(|| object.spec("ingressClassName").text());
    let word = class.map(|class| classes.get(class).copied().unwrap_or(class));
    match word {
        Some("k8s.io/ingress-nginx" | "nginx") => Controller::Nginx,
        Some("ingress.k8s.aws/alb" | "eks.amazonaws.com/alb" | "alb") => Controller::Alb,
        Some("gce" | "gce-internal") => Controller::Gke,
        Some(other)
            if object.has_annotations(ingress_nginx::ANNOTATION) && other.contains("nginx") =>
        {
            Controller::Nginx
        }
        Some(_) => Controller::Other(class.unwrap_or_default().to_owned()),
        None if object.has_annotations(ingress_nginx::ANNOTATION) => Controller::Nginx,
        None if object.has_annotations(alb::ANNOTATION) => Controller::Alb,
        None if object.has_annotations("networking.gke.io/")
            || object.has_annotations("kubernetes.io/ingress.global-static-ip-name") =>
        {
            Controller::Gke
        }
        None => match classes.values().next() {
            Some(&"k8s.io/ingress-nginx") if classes.len() == 1 => Controller::Nginx,
            Some(&"ingress.k8s.aws/alb") if classes.len() == 1 => Controller::Alb,
            _ => Controller::Other(String::new()),
        },
    }
}

/// True if a Service that the Ingress leads to says how Google's controller is to reach it: without a
/// class, that controller serves the Ingress.
/// <https://cloud.google.com/kubernetes-engine/docs/how-to/container-native-load-balancing>
fn leads_to_google(object: &Object<'_>, services: &Services<'_>) -> bool {
    let said = |backend: At<'_>| {
        let name = backend.at("service.name").text().or(backend.get("serviceName").text())?;
        let service = services.find(object.namespace(), name)?.object;
        let exposed = service.annotation("cloud.google.com/neg").text();
        let neg = exposed.is_some_and(|text| {
            let tree = crate::tree::json(text);
            tree.roots().next().and_then(|root| root.get("ingress").flag()) == Some(true)
        });
        let config = ["cloud.google.com/backend-config", "beta.cloud.google.com/backend-config"];
        Some(neg || config.iter().any(|name| service.annotation(name).there().is_some()))
    };
    let whole = ["defaultBackend", "backend"].map(|name| object.spec(name));
    let rules = object.spec("rules").items().take(MOST_RULES);
    let paths = rules.flat_map(|rule| rule.at("http.paths").items().take(MOST_RULES));
    let backends = whole.into_iter().chain(paths.map(|path| path.get("backend")));
    backends.take(MOST_RULES).any(|backend| said(backend) == Some(true))
}

/// A controller that runs in the cluster and knows of its Pods what Kubernetes says: any but those
/// that make load balancers of a cloud, which ask by themselves.
pub(super) fn inner_controller(class: &str) -> Option<Product> {
    const CLOUDS: &[&str] =
        &["azure", "alibaba", "gce", "gke", "alb", "nlb", "ibm", "oci", "cloud"];
    let class = class.to_ascii_lowercase();
    let inner = !class.is_empty() && !CLOUDS.iter().any(|word| class.contains(word));
    inner.then(|| Product { name: "Ingress controller", ..Product::default() })
}

fn other(object: &Object<'_>, class: &str, draft: &mut Draft) -> DraftId {
    let name = if class.is_empty() { "Ingress".to_owned() } else { format!("Ingress {class}") };
    let mut hop = Hop::new(Task::Gateway, name);
    hop.at = Some(object.here());
    hop.products.extend(inner_controller(class));
    draft.add_hop(HopDraft::new(hop, Vec::new()))
}

/// Names and ports at which the Ingress is served.
fn fronted(object: &Object<'_>, hop: &mut Hop, controller: &Controller) {
    let rules = object.spec("rules");
    let mut hosts: Vec<String> = match hop.get(Key::ServerNames).map(|setting| &setting.value) {
        Some(Value::Names(names)) => names.clone(),
        _ => Vec::new(),
    };
    let own = rules.items().take(MOST_RULES).filter_map(|rule| rule.get("host").text());
    hosts.extend(own.map(str::to_ascii_lowercase));
    hosts.sort();
    hosts.dedup();
    if !hosts.is_empty() {
        let at = object.span(rules);
        hop.settings.set(Setting::written(Key::ServerNames, Value::Names(hosts), "host", at));
    }
    if *controller == Controller::Alb {
        return;
    }
    let tls = object.spec("tls");
    let mut listens = vec![(80, false, rules)];
    // ingress-nginx has a certificate of its own for whom nobody gave one.
    let nginx = *controller == Controller::Nginx;
    if nginx
        || tls.items().next().is_some()
        || object.has_annotations("networking.gke.io/managed-cert")
    {
        listens.push((443, true, tls.there().unwrap_or(rules)));
    }
    for (port, tls, at) in listens {
        match hop.listens.iter_mut().find(|listen| listen.port == port) {
            Some(had) => had.tls |= tls,
            None => {
                let at = at.there().map_or_else(|| object.here(), |at| object.span(at));
                hop.listens.push(Listen { address: String::new(), port, tls, at: Some(at) });
            }
        }
    }
}

struct Rules<'r, 'd> {
    object: Object<'d>,
    services: &'r Services<'d>,
    controller: Controller,
    hop: DraftId,
}

impl Rules<'_, '_> {
    fn read(&self, cluster: &Cluster<'_>, nginx: &ingress_nginx::Global<'_>, draft: &mut Draft) {
        let carried = match self.controller {
            Controller::Nginx => ingress_nginx::carried(&self.object, nginx),
            Controller::Alb => alb::carried(&self.object),
            Controller::Gke => gke::carried(gke::Maker::Ingress),
            Controller::Other(_) => Carried::default(),
        };
        let whole = ["defaultBackend", "backend"].map(|name| self.object.spec(name));
        for backend in whole {
            self.link(cluster, backend, Route::default(), &carried, draft);
        }
        for rule in self.object.spec("rules").items().take(MOST_RULES) {
            let hosts: Vec<String> =
                rule.get("host").text().map(str::to_owned).into_iter().collect();
            for path in rule.at("http.paths").items().take(MOST_RULES) {
                let text = path.get("path").text().unwrap_or_default().to_owned();
                let route = Route { hosts: hosts.clone(), path: text };
                self.link(cluster, path.get("backend"), route, &carried, draft);
            }
        }
    }

    fn link(
        &self,
        cluster: &Cluster<'_>,
        backend: At<'_>,
        route: Route,
        carried: &Carried,
        draft: &mut Draft,
    ) {
        // The older form names the Service and its port beside each other.
        let (name, port) = match backend.at("service.name").there() {
            Some(name) => {
                let port = backend.at("service.port");
                (name, port.get("number").there().unwrap_or(port.get("name")))
            }
            None => (backend.get("serviceName"), backend.get("servicePort")),
        };
        let Some(service) = name.text() else { return };
        // The controller answers by itself, as an annotation says.
        if port.text() == Some("use-annotation") {
            return;
        }
        let namespace = self.object.namespace();
        let (to, number) = self.services.reach(namespace, service, port);
        let address = match port.text() {
            Some(port) => format!("{service}:{port}"),
            None => service.to_owned(),
        };
        let mut link = LinkDraft::new(self.hop, to, address);
        link.port = number;
        link.route = route;
        link.at = Some(self.object.span(name));
        link.settings = carried.settings.clone();
        link.checks.clone_from(&carried.checks);
        link.slots.clone_from(&carried.slots);
        if let Some(known) = self.services.find(namespace, service) {
            match self.controller {
                Controller::Alb => alb::of_service(&known.object, &mut link),
                Controller::Gke => gke::of_service(cluster, known, port, &mut link),
                Controller::Nginx | Controller::Other(_) => {}
            }
        }
        draft.links.push(link);
    }
}

/// The names of a controller's load balancer.
pub(super) fn ingress_name(object: &Object<'_>) -> Name {
    Name::id("kubernetes ingress", object.key())
}
