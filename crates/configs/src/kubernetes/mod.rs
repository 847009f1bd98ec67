//! Kubernetes: manifests, what Helm and Kustomize put out, and what `kubectl get -o yaml` prints.
//!
//! A container becomes a hop, a Service a named set of targets, an Ingress or a Gateway the links of
//! the controller's hop. Objects refer to each other by names and labels within a namespace, across
//! files; so all of them are gathered first.

mod alb;
mod defaults;
mod endpoints;
mod gateway_api;
mod gke;
mod ingress;
mod ingress_nginx;
mod kustomize;
mod object;
mod patches;
mod policy;
mod probes;
mod scale;
mod services;
mod workloads;

use std::collections::BTreeMap;

use crate::document::Document;
use crate::draft::Draft;
use crate::readers::Reader;
use crate::tree::At;
use kustomize::is_kustomization;
use object::Object;

/// Objects that are read: more than one system's manifests hold.
const MOST_OBJECTS: usize = 5_000;

/// How deep lists of objects may lie in each other.
const MOST_LISTS_DEEP: usize = 3;

/// Kinds with the groups that have them: others use the same words for other things.
const KINDS: &[(&str, &str)] = &[
    ("ConfigMap", ""),
    ("DaemonSet", "apps"),
    ("DaemonSet", "extensions"),
    ("Deployment", "apps"),
    ("Deployment", "extensions"),
    ("EndpointSlice", "discovery.k8s.io"),
    ("Endpoints", ""),
    ("BackendConfig", "cloud.google.com"),
    ("FrontendConfig", "networking.gke.io"),
    ("GCPBackendPolicy", "networking.gke.io"),
    ("Gateway", "gateway.networking.k8s.io"),
    ("HTTPRoute", "gateway.networking.k8s.io"),
    ("GRPCRoute", "gateway.networking.k8s.io"),
    ("HealthCheckPolicy", "networking.gke.io"),
    ("HorizontalPodAutoscaler", "autoscaling"),
    ("Ingress", "extensions"),
    ("Ingress", "networking.k8s.io"),
    ("IngressClass", "networking.k8s.io"),
    ("NetworkPolicy", "networking.k8s.io"),
    ("Pod", ""),
    ("ReplicaSet", "apps"),
    ("ReplicationController", ""),
    ("ScaledObject", "keda.sh"),
    ("Secret", ""),
    ("Service", ""),
    ("StatefulSet", "apps"),
];

/// Reads manifests.
#[derive(Debug)]
pub(crate) struct Kubernetes;

impl Reader for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn takes(&self, document: &Document) -> bool {
        if is_kustomization(document) {
            return true;
        }
        let named = document.is_tree() && document.extension() != "template";
        let words = document.text.contains("apiVersion") && document.text.contains("kind");
        named && words && (is_template(document) || !objects(document).is_empty())
    }

    fn read_all(&self, documents: &[&Document], draft: &mut Draft) {
        read_all(documents, documents, draft);
    }

    /// A ConfigMap may hold what other files of the project say, so that all of them count.
    fn read(&self, documents: &[Document], draft: &mut Draft) {
        let mine: Vec<&Document> = documents.iter().filter(|doc| self.takes(doc)).collect();
        for document in &mine {
            draft.note_read(document.id, self.name());
        }
        if !mine.is_empty() {
            read_all(&mine, &documents.iter().collect::<Vec<_>>(), draft);
        }
    }
}

fn read_all(mine: &[&Document], files: &[&Document], draft: &mut Draft) {
    let (templates, plain): (Vec<&Document>, Vec<&Document>) =
        mine.iter().partition(|document| is_template(document));
    if let Some(first) = templates.first() {
        let says = match templates.len() {
            1 => "this is a template of manifests: it was left out, as only `helm template` can \
                  say what it becomes"
                .to_owned(),
            n => format!(
                "this file and {} more are templates of manifests: they were left out, as only \
                 `helm template` can say what they become",
                n - 1
            ),
        };
        draft.remark(first.span(0..0), says);
    }
    for document in &plain {
        if let Some((at, why)) = &document.tree().broken {
            let says = format!("the manifest is broken here ({why}): what comes before was read");
            draft.remark(document.span(*at..*at), says);
        }
    }
    let built = kustomize::build(files, draft);
    let plain: Vec<&Document> =
        plain.into_iter().filter(|document| !built.taken.contains(&document.id)).collect();
    let cluster = Cluster::new(&plain, &built, files, draft);
    let workloads = workloads::read(&cluster, draft);
    let services = services::read(&cluster, &workloads, draft);
    ingress::read(&cluster, &workloads, &services, draft);
    gateway_api::read(&cluster, &services, draft);
    policy::read(&cluster, &workloads, draft);
    services::complete_names(&services, draft);
    services::tell_apart(&services, draft);
}

/// The name by which other readers speak of a Service.
pub(crate) fn service_name(namespace: &str, name: &str) -> crate::draft::Name {
    services::name(namespace, name)
}

/// True if the file becomes manifests only once its `{{ … }}` are filled in. Such marks within
/// quotation marks and blocks of text are no one's business.
fn is_template(document: &Document) -> bool {
    if !document.text.contains("{{") {
        return false;
    }
    let broken = document.tree().broken.is_some();
    let unnamed = |root: At<'_>| {
        root.get("apiVersion").kind().is_some()
            && (root.at("metadata.name").text().is_none()
                || root.at("metadata.name").text().is_some_and(|name| name.contains("{{")))
            && root.get("items").kind().is_none()
    };
    broken || document.tree().roots().any(unnamed)
}

/// The objects of a file that are of a known kind.
fn objects(document: &Document) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    for root in document.tree().roots() {
        gather(document, root, MOST_LISTS_DEEP, &mut found);
        if found.len() > MOST_OBJECTS {
            break;
        }
    }
    found
}

fn gather<'d>(document: &'d Document, at: At<'d>, depth: usize, found: &mut Vec<Object<'d>>) {
    let list = at.get("kind").text().is_some_and(|kind| kind.ends_with("List"));
    if list && depth > 0 {
        for item in at.get("items").items().take(MOST_OBJECTS) {
            gather(document, item, depth - 1, found);
        }
    } else if let Some(object) = Object::new(document, at)
        && KINDS.contains(&(object.kind, object.group()))
    {
        found.push(object);
    }
}

/// Every object, by kind and by name.
pub(super) struct Cluster<'d> {
    objects: Vec<Object<'d>>,
    by_name: BTreeMap<(&'d str, String), usize>,
    files: Vec<&'d Document>,
}

impl<'d> Cluster<'d> {
    fn new(
        documents: &[&'d Document],
        built: &'d kustomize::Built<'d>,
        files: &[&'d Document],
        draft: &mut Draft,
    ) -> Cluster<'d> {
        let mut all: Vec<Object<'d>> =
            documents.iter().flat_map(|document| objects(document)).collect();
        for made in &built.made {
            gather(made.document, built.tree.part(made.id), MOST_LISTS_DEEP, &mut all);
        }
        if all.len() > MOST_OBJECTS {
            let at = all[MOST_OBJECTS].here();
            draft.remark(at, "there are too many objects: this one and the rest were left out");
            all.truncate(MOST_OBJECTS);
        }
        let mut by_name: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for (at, object) in all.iter().enumerate() {
            let key = (object.kind, object.key());
            let Some(&had) = by_name.get(&key) else {
                by_name.insert(key, at);
                continue;
            };
            // What changes an object has only a part of it.
            let (kept, left) = if size(&all[had]) >= size(object) { (had, at) } else { (at, had) };
            by_name.insert(key, kept);
            let says = format!(
                "{} {} is described in {}, too: that description was read, and this one was not",
                object.kind, object.name, all[kept].document.path
            );
            draft.remark(all[left].here(), says);
        }
        Cluster { objects: all, by_name, files: files.to_vec() }
    }

    /// The objects of these kinds, in the order of the files.
    fn all(&self, kinds: &'static [&'static str]) -> Vec<Object<'d>> {
        let used = self.objects.iter().enumerate().filter(|(at, object)| {
            kinds.contains(&object.kind)
                && self.by_name.get(&(object.kind, object.key())) == Some(at)
        });
        used.map(|(_, object)| *object).collect()
    }

    /// The object of this kind, namespace and name.
    fn find(&self, kind: &'static str, namespace: &str, name: &str) -> Option<Object<'d>> {
        let at = *self.by_name.get(&(kind, format!("{namespace}/{name}")))?;
        self.objects.get(at).copied()
    }

    /// All files of the project.
    fn files(&self) -> &[&'d Document] {
        &self.files
    }
}

/// How much an object says of itself: containers with an image count, then everything at its top.
fn size(object: &Object<'_>) -> (usize, usize) {
    let containers = object.spec("template.spec.containers");
    let images = containers.items().filter(|container| container.get("image").text().is_some());
    (images.take(100).count(), object.spec("").entries().take(100).count())
}
