//! ingress-nginx: settings of its ConfigMap, and the annotations that change them for an Ingress.
//! <https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations/>

use model::config::{Hop, Key, Notation, Product, Setting, Settings, Task, Value};

use super::ingress::{Carried, ingress_name};
use super::object::Object;
use super::workloads::Workload;
use super::{Cluster, defaults as known};
use crate::draft::{Draft, DraftId, HopDraft};
use crate::part::put;
use crate::programs::duration;
use crate::tree::At;

/// The beginning of the annotations of ingress-nginx.
pub(super) const ANNOTATION: &str = "nginx.ingress.kubernetes.io/";

/// The name that people know the controller by.
const PRODUCT: &str = "ingress-nginx";

/// The kind of a value.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// Whole seconds in quotation marks; in some settings with a unit.
    Seconds,
    Count,
    /// A size as nginx writes it.
    Size,
    Word,
}

/// Settings of links: each may stand in the ConfigMap, and in an annotation of the same name.
const OF_LINKS: &[(Key, &str, Kind)] = &[
    (Key::ConnectTimeout, "proxy-connect-timeout", Kind::Seconds),
    (Key::SendTimeout, "proxy-send-timeout", Kind::Seconds),
    (Key::ResponseTimeout, "proxy-read-timeout", Kind::Seconds),
    (Key::MaxRequestBody, "proxy-body-size", Kind::Size),
    (Key::MaxResponseHeader, "proxy-buffer-size", Kind::Size),
    (Key::RetryOn, "proxy-next-upstream", Kind::Word),
];

/// Settings of the ConfigMap alone that are about links.
const OF_ALL_LINKS: &[(Key, &str, Kind)] = &[
    (Key::UpstreamPool, "upstream-keepalive-connections", Kind::Count),
    (Key::UpstreamIdleTimeout, "upstream-keepalive-timeout", Kind::Seconds),
    (Key::UpstreamKeepAliveRequests, "upstream-keepalive-requests", Kind::Count),
];

/// Settings of the ConfigMap that are about clients and the controller itself.
const OF_HOP: &[(Key, &str, Kind)] = &[
    (Key::ClientIdleTimeout, "keep-alive", Kind::Seconds),
    (Key::ClientKeepAliveRequests, "keep-alive-requests", Kind::Count),
    (Key::ClientHeaderTimeout, "client-header-timeout", Kind::Seconds),
    (Key::ClientBodyTimeout, "client-body-timeout", Kind::Seconds),
    (Key::ShutdownTimeout, "worker-shutdown-timeout", Kind::Seconds),
];

/// The ConfigMap of the controller, if these files hold it.
pub(super) struct Global<'d> {
    map: Option<Object<'d>>,
}

impl<'d> Global<'d> {
    /// The only ConfigMap that is the controller's by its labels or its name.
    pub(super) fn new(cluster: &Cluster<'d>) -> Global<'d> {
        let is_own = |object: &Object<'_>| {
            let label = object.at.at("metadata.labels").get("app.kubernetes.io/name");
            let named = ["ingress-nginx-controller", "nginx-configuration"].contains(&object.name);
            named || (label.text() == Some(PRODUCT) && object.name.ends_with("controller"))
        };
        let mut found = cluster.all(&["ConfigMap"]).into_iter().filter(is_own);
        let first = found.next();
        Global { map: first.filter(|_| found.next().is_none()) }
    }

    fn put(&self, list: &[(Key, &'static str, Kind)], settings: &mut Settings) {
        let Some(map) = &self.map else { return };
        for (key, name, kind) in list {
            put(settings, value(map, map.at.get("data").get(name), *key, name, *kind));
        }
    }
}

/// A setting of the ConfigMap or of an annotation.
fn value(
    object: &Object<'_>,
    at: At<'_>,
    key: Key,
    name: &'static str,
    kind: Kind,
) -> Option<Setting> {
    match kind {
        Kind::Count => object.count(at, key, name),
        Kind::Word => object.word(at, key, name),
        Kind::Size => object.setting(at, key, name, |at| match crate::nginx::size(at.text()?)? {
            0 if key == Key::MaxRequestBody => Some(Value::Unlimited),
            bytes => Some(Value::Bytes(bytes)),
        }),
        Kind::Seconds if at.number().is_some() => object.seconds(at, key, name),
        Kind::Seconds => object.setting(at, key, name, |at| duration(at.text()?).map(Value::Time)),
    }
}

/// The controller: the container that runs it if these files hold it, else a hop of its own.
pub(super) fn hop(
    object: &Object<'_>,
    workloads: &[Workload],
    global: &Global<'_>,
    draft: &mut Draft,
) -> DraftId {
    let containers = workloads.iter().flat_map(|workload| &workload.containers);
    let runs = |image: &str| {
        image.contains("ingress-nginx/controller") || image.contains("nginx-ingress-controller")
    };
    let running = containers.into_iter().find(|container| runs(&container.image));
    let id = match running {
        Some(container) => container.hop,
        None => {
            let mut hop = Hop::new(Task::Gateway, PRODUCT);
            hop.at = Some(object.here());
            draft.add_hop(HopDraft::new(hop, vec![ingress_name(object)]))
        }
    };
    let hop = &mut draft.hop_mut(id).hop;
    hop.task = Task::Gateway;
    let tag = running.and_then(|container| {
        let image = container.image.split('@').next().unwrap_or_default();
        image.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag.trim_start_matches('v'))
    });
    let version = tag.unwrap_or_default().to_owned();
    let version_at = running.and_then(|container| container.image_at);
    let version_at = version_at.filter(|_| !version.is_empty());
    hop.products.insert(0, Product { name: PRODUCT, version, version_at });
    global.put(OF_HOP, &mut hop.settings);
    let from = &known::INGRESS_NGINX;
    for (key, name, default) in [
        (Key::ClientIdleTimeout, "keep-alive", 75),
        (Key::ClientHeaderTimeout, "client-header-timeout", 60),
        (Key::ClientBodyTimeout, "client-body-timeout", 60),
        (Key::ShutdownTimeout, "worker-shutdown-timeout", 240),
    ] {
        hop.settings.set(known::seconds(key, default, name, from));
    }
    let header = Value::Bytes(4 * 8192);
    let name = "large-client-header-buffers";
    hop.settings.set(known::stated(Key::MaxRequestHeader, header, name, from));
    id
}

/// What the links of an Ingress carry. The controller sends to the Pods' addresses, which it is told
/// of when they change, so that no name is resolved.
pub(super) fn carried(object: &Object<'_>, global: &Global<'_>) -> Carried {
    let mut carried = Carried::default();
    let settings = &mut carried.settings;
    global.put(OF_LINKS, settings);
    global.put(OF_ALL_LINKS, settings);
    for (key, name, kind) in OF_LINKS {
        let annotation = object.annotation(&format!("{ANNOTATION}{name}"));
        put(settings, value(object, annotation, *key, name, *kind));
        if annotation.kind().is_none() && *kind == Kind::Seconds {
            let line = format!("{ANNOTATION}{name}: {{}}");
            let slot = object.annotation_slot((*key, name), &line, Notation::QuotedSeconds);
            carried.slots.extend(slot);
        }
    }
    retries(object, settings);
    protocol(object, settings);
    let from = &known::INGRESS_NGINX;
    for (key, name, default) in [
        (Key::ConnectTimeout, "proxy-connect-timeout", 5),
        (Key::SendTimeout, "proxy-send-timeout", 60),
        (Key::ResponseTimeout, "proxy-read-timeout", 60),
        (Key::UpstreamIdleTimeout, "upstream-keepalive-timeout", 60),
    ] {
        settings.set(known::seconds(key, default, name, from));
    }
    let sizes = [
        (Key::MaxRequestBody, 1 << 20, "proxy-body-size"),
        (Key::MaxResponseHeader, 4096, "proxy-buffer-size"),
    ];
    for (key, bytes, name) in sizes {
        settings.set(known::stated(key, Value::Bytes(bytes), name, from));
    }
    settings.set(known::word(Key::RetryOn, "error timeout", "proxy-next-upstream", from));
    settings.set(known::count(Key::Retries, 2, "proxy-next-upstream-tries", from));
    let never = Value::Flag(false);
    let name = "retry-non-idempotent";
    settings.set(known::stated(Key::RetryNonIdempotent, never, name, from));
    // A pool of none closes every connection after its request.
    let kept = settings.count(Key::UpstreamPool) != Some(0);
    let name = "upstream-keepalive-connections";
    settings.set(known::count(Key::UpstreamPool, 320, name, from));
    let keeps = Value::Flag(kept);
    let setting = match settings.get(Key::UpstreamPool) {
        Some(pool) if pool.is_written() => {
            pool.span().map(|at| Setting::written(Key::UpstreamKeepAlive, keeps, name, at))
        }
        _ => Some(known::stated(Key::UpstreamKeepAlive, keeps, name, from)),
    };
    put(settings, setting);
    let name = "upstream-keepalive-requests";
    settings.set(known::count(Key::UpstreamKeepAliveRequests, 10_000, name, from));
    carried
}

/// Attempts are written as all of them, the first one included; 0 is as many as there are Pods.
fn retries(object: &Object<'_>, settings: &mut Settings) {
    let name = "proxy-next-upstream-tries";
    let tries = object.annotation(&format!("{ANNOTATION}{name}"));
    put(
        settings,
        object.setting(tries, Key::Retries, name, |at| match at.number()? {
            0 => Some(Value::Unlimited),
            tries => Some(Value::Count(tries - 1)),
        }),
    );
    if settings.text(Key::RetryOn) == Some("off")
        && let Some(at) = settings.get(Key::RetryOn).and_then(Setting::span)
    {
        let none = Value::Count(0);
        settings.set(Setting::written(Key::Retries, none, "proxy-next-upstream", at));
    }
    if let Some(words) = settings.text(Key::RetryOn)
        && words.contains("non_idempotent")
        && let Some(at) = settings.get(Key::RetryOn).and_then(Setting::span)
    {
        let on = Value::Flag(true);
        settings.set(Setting::written(Key::RetryNonIdempotent, on, "proxy-next-upstream", at));
    }
}

fn protocol(object: &Object<'_>, settings: &mut Settings) {
    let name = "backend-protocol";
    let at = object.annotation(&format!("{ANNOTATION}{name}"));
    let word = match at.text() {
        Some("GRPC" | "GRPCS") => "grpc",
        Some("FCGI") => "fastcgi",
        _ => "http/1.1",
    };
    let tls = matches!(at.text(), Some("HTTPS" | "GRPCS"));
    let (word, tls) = (Value::Text(word.to_owned()), Value::Flag(tls));
    let from = &known::INGRESS_NGINX;
    if at.there().is_some() {
        let at = object.span(at);
        settings.set(Setting::written(Key::UpstreamProtocol, word, name, at));
        settings.set(Setting::written(Key::UpstreamTls, tls, name, at));
    } else {
        settings.set(known::stated(Key::UpstreamProtocol, word, name, from));
        settings.set(known::stated(Key::UpstreamTls, tls, name, from));
    }
    if at.text() == Some("HTTPS") {
        let verify = object.annotation(&format!("{ANNOTATION}proxy-ssl-verify"));
        let value = |at: At<'_>| Some(Value::Flag(at.text()? == "on"));
        put(settings, object.setting(verify, Key::UpstreamVerify, "proxy-ssl-verify", value));
        let off = Value::Flag(false);
        settings.set(known::stated(Key::UpstreamVerify, off, "proxy-ssl-verify", from));
    }
}
