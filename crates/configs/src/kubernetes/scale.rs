//! How many Pods there are, and how many come and go at a roll-out.

use std::collections::BTreeMap;

use model::config::{Key, KnownDefault, Setting, Settings, Value};

use super::Cluster;
use super::defaults as known;
use super::object::Object;
use crate::part::put;

/// Autoscalers by what they scale: kind, namespace and name.
pub(super) type Scalers<'d> = BTreeMap<(String, String), Object<'d>>;

/// Every autoscaler: those of Kubernetes, and those of KEDA.
pub(super) fn scalers<'d>(cluster: &Cluster<'d>) -> Scalers<'d> {
    let all = cluster.all(&["HorizontalPodAutoscaler", "ScaledObject"]).into_iter();
    all.filter_map(|object| {
        let target = object.spec("scaleTargetRef");
        let kind = target.get("kind").text().unwrap_or("Deployment");
        let name = target.get("name").text()?;
        Some(((kind.to_owned(), format!("{}/{name}", object.namespace())), object))
    })
    .collect()
}

/// Instances at least and at most, and those of a roll-out.
pub(super) fn read(object: &Object<'_>, scalers: &Scalers<'_>, settings: &mut Settings) {
    let scaler = scalers.get(&(object.kind.to_owned(), object.key()));
    match scaler {
        Some(scaler) => scaled(scaler, settings),
        None => replicas(object, settings),
    }
    rollout(object, settings);
}

fn scaled(scaler: &Object<'_>, settings: &mut Settings) {
    let (least, most) = match scaler.kind {
        "ScaledObject" => ("minReplicaCount", "maxReplicaCount"),
        _ => ("minReplicas", "maxReplicas"),
    };
    put(settings, scaler.count(scaler.spec(least), Key::MinInstances, least));
    put(settings, scaler.count(scaler.spec(most), Key::MaxInstances, most));
    if scaler.kind == "HorizontalPodAutoscaler" {
        settings.set(known::count(Key::MinInstances, 1, least, &known::AUTOSCALER));
    }
}

fn replicas(object: &Object<'_>, settings: &mut Settings) {
    let known: &KnownDefault = match object.kind {
        "Deployment" => &known::DEPLOYMENT,
        "StatefulSet" => &known::STATEFUL_SET,
        "ReplicaSet" => &known::REPLICA_SET,
        // As many as there are nodes; a Pod alone is one.
        _ => return,
    };
    for key in [Key::MinInstances, Key::MaxInstances] {
        put(settings, object.count(object.spec("replicas"), key, "replicas"));
        settings.set(known::count(key, 1, "replicas", known));
    }
}

/// Shares are of the replicas; a surge is rounded up and what may be missing is rounded down.
fn rollout(object: &Object<'_>, settings: &mut Settings) {
    let path = match object.kind {
        "Deployment" => "strategy",
        "DaemonSet" | "StatefulSet" => "updateStrategy",
        _ => return,
    };
    let strategy = object.spec(path);
    let kind = strategy.get("type");
    match kind.text() {
        Some("Recreate") => {
            let written = |key, value| Setting::written(key, value, "Recreate", object.span(kind));
            settings.set(written(Key::MaxSurge, Value::Count(0)));
            settings.set(written(Key::MaxUnavailable, Value::Share(1.0)));
            return;
        }
        // Pods are replaced when somebody deletes them.
        Some("OnDelete") => return,
        _ => {}
    }
    let rolling = strategy.get("rollingUpdate");
    let surge = rolling.get("maxSurge");
    put(settings, object.share(surge, Key::MaxSurge, "maxSurge"));
    let missing = rolling.get("maxUnavailable");
    put(settings, object.share(missing, Key::MaxUnavailable, "maxUnavailable"));
    let (surge, missing, from) = match object.kind {
        "Deployment" => (Value::Share(0.25), Value::Share(0.25), &known::DEPLOYMENT),
        "DaemonSet" => (Value::Count(0), Value::Count(1), &known::DAEMON_SET),
        _ => (Value::Count(0), Value::Count(1), &known::STATEFUL_SET),
    };
    settings.set(known::stated(Key::MaxSurge, surge, "maxSurge", from));
    settings.set(known::stated(Key::MaxUnavailable, missing, "maxUnavailable", from));
}
