//! Deployments and whatever else runs Pods: a hop for each container.

use std::collections::BTreeMap;

use model::config::{Hop, Key, Listen, Notation, Product, Settings, Span, Task};

use super::object::{Object, port};
use super::{Cluster, defaults as known, probes, scale};
use crate::compose::is_worker;
use crate::draft::{Draft, DraftId, HopDraft, Labels, Name, Variable};
use crate::part::put;
use crate::programs::{Word, image_contains, image_product, join, run_command};
use crate::tree::At;

/// Containers of a Pod that are read.
const MOST_CONTAINERS: usize = 20;

/// Variables, ports, volumes of a container that are read: aliases may repeat long lists.
const MOST_ITEMS: usize = 200;

/// Pods of a StatefulSet that get a name of their own.
const MOST_NAMED_PODS: u64 = 10;

/// The tool of the names of Pods.
pub(super) const POD: &str = "kubernetes pod";

/// What runs Pods of one kind.
pub(super) struct Workload {
    /// Its Pods' labels.
    pub(super) labels: Labels,
    /// The name by which Services reach its Pods.
    pub(super) name: Name,
    /// Its containers.
    pub(super) containers: Vec<Container>,
}

/// A container of a workload.
pub(super) struct Container {
    /// Its hop.
    pub(super) hop: DraftId,
    /// Its ports with their names.
    pub(super) ports: Vec<(String, u16)>,
    /// Its image.
    pub(super) image: String,
    /// Where its image is written.
    pub(super) image_at: Option<Span>,
    /// True if the platform asks it whether it is ready.
    pub(super) is_asked: bool,
}

impl Workload {
    /// The port of this name.
    pub(super) fn port(&self, name: &str) -> Option<u16> {
        let ports = self.containers.iter().flat_map(|container| &container.ports);
        ports.into_iter().find(|(own, _)| own == name).map(|(_, port)| *port)
    }

    /// True if its Pods carry these labels.
    pub(super) fn carries(&self, namespace: &str, wanted: &[(String, String)]) -> bool {
        self.labels.0 == namespace && wanted.iter().all(|label| self.labels.1.contains(label))
    }
}

/// Reads whatever runs Pods.
pub(super) fn read(cluster: &Cluster<'_>, draft: &mut Draft) -> Vec<Workload> {
    let scalers = scale::scalers(cluster);
    let files = Files::new(cluster);
    let kinds =
        &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod"];
    let mut owners = std::collections::BTreeSet::new();
    let mut workloads: Vec<Workload> = Vec::new();
    // What runs the others comes first, so that they can be told from what stands alone.
    let (owned, own): (Vec<Object<'_>>, Vec<Object<'_>>) =
        cluster.all(kinds).into_iter().partition(|object| owner(object).is_some());
    for object in own.iter().chain(&owned) {
        let pod = pod_of(object);
        let labels = object.labels(pod.at("metadata.labels"));
        if let Some(owner) = owner(object) {
            let described = workloads.iter().any(|had| {
                had.labels.0 == labels.0 && had.labels.1.iter().all(|l| labels.1.contains(l))
            });
            let finished = object.spec("replicas").number() == Some(0);
            if described || finished || !owners.insert((object.namespace(), owner)) {
                continue;
            }
        }
        let workload =
            Reading { cluster, files: &files, object, pod, labels }.read(&scalers, draft);
        workloads.extend(workload);
    }
    workloads
}

/// The workload that made the object, if another did.
fn owner<'d>(object: &Object<'d>) -> Option<&'d str> {
    let owners = object.at.at("metadata.ownerReferences");
    owners.items().find_map(|owner| owner.get("name").text())
}

/// What a Pod of the object looks like.
fn pod_of<'d>(object: &Object<'d>) -> At<'d> {
    if object.kind == "Pod" { object.at } else { object.spec("template") }
}

struct Reading<'r, 'd> {
    cluster: &'r Cluster<'d>,
    files: &'r Files,
    object: &'r Object<'d>,
    pod: At<'d>,
    labels: Labels,
}

impl<'d> Reading<'_, 'd> {
    fn read(self, scalers: &scale::Scalers<'_>, draft: &mut Draft) -> Option<Workload> {
        let object = self.object;
        let list = self.pod.at("spec.containers");
        let containers: Vec<At<'d>> =
            list.items().filter(|at| at.entries().next().is_some()).take(MOST_CONTAINERS).collect();
        let alone = containers.len() == 1;
        let declares = containers.iter().any(|at| at.get("ports").items().next().is_some());
        let name = Name::id(POD, format!("{}/{}", object.kind, object.key()));
        let mut shared = Settings::new();
        scale::read(object, scalers, &mut shared);
        self.grace(&mut shared);
        let mut made = Vec::new();
        for (number, container) in containers.into_iter().enumerate() {
            let (mut hop, container_made) = self.container(container, alone);
            hop.hop.settings.inherit(&shared);
            // Requests go to the containers with ports; to the first where none has any.
            let serves = if declares { !container_made.1.is_empty() } else { number == 0 };
            if serves {
                hop.names.push(name.clone());
                hop.names.extend(self.pod_names());
            } else {
                hop.is_worker = true;
            }
            let image = container_made.0;
            let is_asked = container.get("readinessProbe").there().is_some();
            let ports = container_made.1;
            let image_at = container.get("image").there().map(|at| object.span(at));
            made.push(Container { hop: draft.add_hop(hop), ports, image, image_at, is_asked });
        }
        (!made.is_empty()).then_some(Workload { labels: self.labels, name, containers: made })
    }

    fn grace(&self, settings: &mut Settings) {
        let name = "terminationGracePeriodSeconds";
        let spec = self.pod.get("spec");
        put(settings, self.object.seconds(spec.get(name), Key::TerminationGrace, name));
        settings.set(known::seconds(Key::TerminationGrace, 30, name, &known::POD));
    }

    /// Names that Pods of a StatefulSet have in the name service.
    /// <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-network-id>
    fn pod_names(&self) -> Vec<Name> {
        let service = self.object.spec("serviceName");
        let (Some(service), "StatefulSet") = (service.text(), self.object.kind) else {
            return Vec::new();
        };
        let number = self.object.spec("replicas").number().unwrap_or(1).min(MOST_NAMED_PODS);
        let namespace = self.object.namespace();
        let names = (0..number).flat_map(|n| {
            let short = format!("{}-{n}.{service}", self.object.name);
            let inner = format!("{short}.{namespace}");
            let whole = format!("{inner}.svc.cluster.local");
            [short, format!("{inner}.svc"), inner, whole]
        });
        names.map(|name| Name::host(&name)).collect()
    }

    /// The hop of a container, its image and its ports.
    fn container(&self, at: At<'d>, alone: bool) -> (HopDraft, (String, Vec<(String, u16)>)) {
        let object = self.object;
        let own = at.get("name").text().unwrap_or(object.name);
        let name = owner(object).unwrap_or(object.name);
        let title = if alone { name.to_owned() } else { format!("{name}/{own}") };
        let mut draft = HopDraft::new(Hop::new(Task::App, title), Vec::new());
        draft.labels = Some(self.labels.clone());
        let place = if alone { object.at.at("metadata.name") } else { at.get("name") };
        draft.hop.at = Some(object.span(place.there().unwrap_or(at)));
        let image = at.get("image").text().unwrap_or_default().to_owned();
        self.image(at, &mut draft);
        let ports = self.ports(at, &mut draft);
        let port_of = |name: &str| ports.iter().find(|(own, _)| own == name).map(|(_, port)| *port);
        draft.hop.checks = probes::checks(object, at, &port_of);
        self.lifetime(at, &mut draft);
        draft.environment = self.environment(at);
        draft.given = self.given(at);
        let words: Vec<Word> =
            self.words(at.get("command")).into_iter().chain(self.words(at.get("args"))).collect();
        run_command(&words, object.document, &mut draft);
        draft.is_worker = is_worker(&words) && draft.hop.listens.is_empty();
        draft.hop.products.push(Product { name: "Kubernetes", ..Product::default() });
        (draft, (image, ports))
    }

    fn image(&self, at: At<'_>, draft: &mut HopDraft) {
        let image = at.get("image");
        let Some(text) = image.text() else { return };
        if let Some(product) = image_product(text, Some(self.object.span(image))) {
            image_contains(&mut draft.hop, product);
        }
        draft.image = Some(text.to_owned());
    }

    fn ports(&self, at: At<'_>, draft: &mut HopDraft) -> Vec<(String, u16)> {
        let mut ports = Vec::new();
        for item in at.get("ports").items().take(MOST_ITEMS) {
            let number = port(item.get("containerPort"));
            let tcp = item.get("protocol").text().is_none_or(|word| word == "TCP");
            if number == 0 || !tcp {
                continue;
            }
            let at = Some(self.object.span(item.get("containerPort")));
            ports.push((item.get("name").text().unwrap_or_default().to_owned(), number));
            let listen = Listen { address: String::new(), port: number, tls: false, at };
            draft.hop.listens.push(listen);
        }
        ports
    }

    fn lifetime(&self, at: At<'_>, draft: &mut HopDraft) {
        let (object, hop) = (self.object, &mut draft.hop);
        probes::pre_stop(object, at, &mut hop.settings);
        hop.slots.extend(probes::pre_stop_slot(object, at));
        let name = "terminationGracePeriodSeconds";
        let spec = self.pod.get("spec");
        if spec.get(name).kind().is_none() {
            let about = (Key::TerminationGrace, name);
            hop.slots.extend(object.slot(spec, about, Notation::Seconds));
        }
        let memory = at.at("resources.limits.memory");
        let name = "resources.limits.memory";
        put(&mut hop.settings, object.bytes(memory, Key::MemoryLimit, name));
    }

    /// The variables of the container, those of ConfigMaps as well.
    fn environment(&self, at: At<'d>) -> Vec<Variable> {
        let (object, mut found) = (self.object, Vec::new());
        let namespace = object.namespace();
        for source in at.get("envFrom").items().take(MOST_ITEMS) {
            let prefix = source.get("prefix").text().unwrap_or_default();
            let (kind, part, list) = match source.at("configMapRef.name").text() {
                Some(name) => ("ConfigMap", name, "data"),
                None => match source.at("secretRef.name").text() {
                    Some(name) => ("Secret", name, "stringData"),
                    None => continue,
                },
            };
            let Some(map) = self.cluster.find(kind, namespace, part) else { continue };
            for (entry, value) in map.at.get(list).entries().take(MOST_ITEMS) {
                let Some(text) = value.text() else { continue };
                let name = format!("{prefix}{}", entry.key);
                found.push(Variable {
                    name,
                    value: text.to_owned(),
                    at: map.span(value),
                    of: None,
                });
            }
        }
        for item in at.get("env").items().take(MOST_ITEMS) {
            let Some(name) = item.get("name").text() else { continue };
            let variable = match item.get("value").text() {
                Some(value) => Some((expand(value, &found), object.span(item.get("value")))),
                None => self.value_elsewhere(item.get("valueFrom"), namespace),
            };
            if let Some((value, at)) = variable {
                found.retain(|had: &Variable| had.name != name);
                found.push(Variable { name: name.to_owned(), value, at, of: None });
            }
        }
        found
    }

    fn value_elsewhere(&self, source: At<'_>, namespace: &str) -> Option<(String, Span)> {
        let (reference, kind, list) = match source.get("configMapKeyRef").there() {
            Some(reference) => (reference, "ConfigMap", "data"),
            None => (source.get("secretKeyRef").there()?, "Secret", "stringData"),
        };
        let map = self.cluster.find(kind, namespace, reference.get("name").text()?)?;
        let value = map.at.get(list).get(reference.get("key").text()?);
        Some((value.text()?.to_owned(), map.span(value)))
    }

    /// Files of the project that the container is given: those that a ConfigMap it mounts is made of,
    /// or holds word for word.
    fn given(&self, at: At<'_>) -> Vec<String> {
        let mounted = |name: &str| {
            at.get("volumeMounts")
                .items()
                .take(MOST_ITEMS)
                .any(|mount| mount.get("name").text() == Some(name))
        };
        let mut given = Vec::new();
        for volume in self.pod.at("spec.volumes").items().take(MOST_ITEMS) {
            let (Some(name), Some(map)) =
                (volume.get("name").text(), volume.at("configMap.name").text())
            else {
                continue;
            };
            if mounted(name) {
                given.extend(self.files.of(self.cluster, self.object.namespace(), map));
            }
        }
        given
    }

    /// The words of a command, each with its place without quotation marks.
    fn words(&self, list: At<'_>) -> Vec<Word> {
        let word = |item: At<'_>| {
            let text = item.text()?.to_owned();
            let inner = self.object.stretch(item, 0..text.len());
            // What another file says has no place in this one.
            let here = self.object.span(item).file == self.object.document.id;
            let at = inner.map_or_else(|| if here { item.range() } else { 0..0 }, Span::range);
            Some(Word { text, at })
        };
        list.items().take(MOST_ITEMS).filter_map(word).collect()
    }
}

/// The value with the variables before it: `$(HOST):80`.
/// <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>
fn expand(value: &str, known: &[Variable]) -> String {
    let mut text = value.to_owned();
    for variable in known {
        let reference = format!("$({})", variable.name);
        if text.contains(&reference) && text.len() < 10_000 {
            text = text.replace(&reference, &variable.value);
        }
    }
    text
}

/// Files of the project that ConfigMaps are made of.
struct Files {
    made_of: BTreeMap<String, Vec<String>>,
}

impl Files {
    /// Files that Kustomize makes ConfigMaps of.
    /// <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/kustomization/#configmapgenerator>
    fn new(cluster: &Cluster<'_>) -> Files {
        let mut made_of: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for document in cluster.files().iter().filter(|document| super::is_kustomization(document))
        {
            for root in document.tree().roots() {
                for map in root.get("configMapGenerator").items().take(MOST_ITEMS) {
                    let Some(name) = map.get("name").text() else { continue };
                    let files = map.get("files").items().take(MOST_ITEMS).filter_map(At::text);
                    let files = files.map(|file| {
                        let file = file.split_once('=').map_or(file, |(_, file)| file);
                        join(document.folder(), file)
                    });
                    made_of.entry(name.to_owned()).or_default().extend(files);
                }
            }
        }
        Files { made_of }
    }

    /// The files that a ConfigMap is made of, or that say the same word for word.
    fn of(&self, cluster: &Cluster<'_>, namespace: &str, name: &str) -> Vec<String> {
        let mut files = self.made_of.get(name).cloned().unwrap_or_default();
        let Some(map) = cluster.find("ConfigMap", namespace, name) else { return files };
        for (entry, value) in map.at.get("data").entries().take(MOST_ITEMS) {
            let Some(text) = value.text().map(str::trim).filter(|text| !text.is_empty()) else {
                continue;
            };
            let same = |file: &&&crate::document::Document| {
                file.name() == entry.key && file.text.trim() == text
            };
            files.extend(cluster.files().iter().filter(same).map(|file| file.path.clone()));
        }
        files
    }
}
