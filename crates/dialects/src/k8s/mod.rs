//! Kubernetes: events and the state of pods, as `kubectl` and the API print them.
//!
//! Events are kept for one hour unless something exports them, so that an absent event proves
//! nothing.
mod describe;
mod event;
mod name;
mod pod;
mod reason;
mod tables;

use model::{Event, Occurrence};

use crate::json::Json;
use crate::{About, Blind, Context, Dialect, Marks, Understood, scan};

/// Events and pods of Kubernetes.
pub(crate) struct Kubernetes;

/// What a record tells; `None` where it is not of the form that was tried.
type Told<'a> = Option<Vec<Occurrence<'a>>>;

impl Dialect for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[
            &[
                "\"involvedObject\"",
                "\"regarding\"",
                "\"containerStatuses\"",
                "Containers:",
                "Events:",
                "LAST",
                "READY",
                "Reason",
                "Normal",
                "Warning",
            ],
            scan::DIGIT_SLASH,
        ])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

fn read<'a>(record: &'a str, context: &Context) -> Told<'a> {
    let text = record.trim_end();
    if text.trim_start().starts_with('{') {
        let bytes = text.as_bytes();
        let has = |word: &[u8]| memchr::memmem::find(bytes, word).is_some();
        // Without one of these members it is neither an event nor a pod.
        if !has(b"\"involvedObject\"") && !has(b"\"regarding\"") && !has(b"\"containerStatuses\"") {
            return None;
        }
        let object = Json::object(text)?;
        return event::read(&object).or_else(|| pod::read(&object));
    }
    if text.contains('\n') {
        return describe::read(text, context);
    }
    tables::read(text, context)
}

static ABOUT: About = About {
    title: "Kubernetes events and pods",
    source: "https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ and https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/",
    from: "kubectl get events -A -o json; kubectl get events -A --sort-by=.lastTimestamp; kubectl get pods -A -o json; kubectl describe pod NAME; GKE: log name events of Cloud Logging",
    time: "JSON: the event's last time, UTC; the moment a container ended. Tables print ages only: those records have no time",
    fields: &[
        ("reason", "what happened"),
        ("message, note", "the probe's kind and status, the container, the replica set"),
        ("involvedObject, regarding", "the pod, and by its name the workload it belongs to"),
        ("count, series.count, (x5 over 34m)", "how often"),
        ("lastTimestamp, eventTime", "when last"),
        ("containerStatuses[].state, lastState", "how and when a container ended or started"),
        ("conditions[Ready].lastTransitionTime", "since when a pod is not ready"),
        ("metadata.deletionTimestamp", "when a pod was told to stop, less its grace period"),
    ],
    shows: &[
        "Failed probes with the status or the error of the probe.",
        "Containers killed for their memory, ended by themselves, started and stopped.",
        "New replica sets: the beginning of a roll-out.",
        "Pods that could not be scheduled, pulled or created.",
        "Nodes that were not ready or short of memory, disk or process numbers.",
    ],
    blind: &[
        Blind {
            what: "Anything older than an hour: the API server deletes events",
            how: "export them: GKE does to Cloud Logging; elsewhere kubernetes-event-exporter or the collector's k8s_events receiver",
        },
        Blind { what: "When an event of a table happened", how: "kubectl get events -A -o json" },
        Blind {
            what: "Which of a service's addresses received traffic when",
            how: "the proxy's own log, and kubectl get endpointslices -o json --watch",
        },
        Blind {
            what: "Why a container ended with its exit code",
            how: "kubectl logs NAME --previous",
        },
    ],
    recommended: "kubectl get events -A -o json > events.json; kubectl get pods -A -o json > pods.json",
};
