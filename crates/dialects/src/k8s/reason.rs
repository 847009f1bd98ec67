//! What the reasons of events state.
//!
//! Sources: Kubernetes `pkg/kubelet/events/event.go`, `pkg/controller/events.go`,
//! `pkg/controller/deployment/sync.go`, `pkg/scheduler`, node-problem-detector, ingress-nginx.

use model::{Occurrence, OccurrenceKind, Timestamp};

use super::name;
use crate::node::short;

/// An event, whatever it was printed in.
pub(super) struct Happening<'e> {
    /// When last.
    pub(super) at: Option<Timestamp>,
    /// `Unhealthy`, `Killing`, …
    pub(super) reason: &'e str,
    /// `Pod`, `Node`, … in any case; empty where it is not said.
    pub(super) kind: &'e str,
    /// Name of the object; empty where it is not said.
    pub(super) name: &'e str,
    /// The message.
    pub(super) message: &'e str,
    /// How often, at least 1.
    pub(super) count: u32,
}

/// What the event tells; `None` if nothing of interest.
pub(super) fn read(happening: &Happening<'_>) -> Option<Occurrence<'static>> {
    use OccurrenceKind as K;
    let Happening { at, reason, name, message, count, .. } = *happening;
    let is_node = happening.kind.eq_ignore_ascii_case("node");
    let about = |kind: K| {
        let subject = if name.is_empty() { container(message).unwrap_or("pod") } else { name };
        let subject = if is_node { subject } else { name::workload(subject) };
        let mut told = Occurrence::new(kind, at, subject.to_owned()).detail(short(message));
        // A process that ended has its exit code there, which events do not say.
        if !name.is_empty() && name != subject && kind != K::ProcessExit {
            told.object = Some(name.to_owned().into());
        }
        told
    };
    let node = |kind: K, what: &'static str| {
        Some(Occurrence::new(kind, at, name.to_owned()).object(what).detail(short(message)))
    };
    Some(match reason {
        "Unhealthy" if message.contains(" probe ") => about(K::CheckFailed).times(count),
        "Killing" | "Preempted" | "TaintManagerEviction" => about(K::InstanceStop),
        "Evicted" if !is_node => about(K::InstanceStop),
        "Started"
            if message.starts_with("Started container")
                || message.starts_with("Container started") =>
        {
            about(K::InstanceStart)
        }
        // Told again and again while the platform waits; the container failed at least once.
        "BackOff" if message.starts_with("Back-off restarting failed container") => {
            about(K::ProcessExit)
        }
        "OOMKilling" | "SystemOOM" => oom(about(K::OomKill), message),
        "BackOff"
        | "ErrImagePull"
        | "ImagePullBackOff"
        | "FailedScheduling"
        | "FailedCreate"
        | "FailedCreatePodSandBox"
        | "FailedMount"
        | "FailedAttachVolume"
        | "InspectFailed"
        | "ErrImageNeverPull"
        | "NetworkNotReady" => about(K::ScaleLimit),
        "Failed"
            if message.starts_with("Failed to pull image") || message.starts_with("Error: ") =>
        {
            about(K::ScaleLimit)
        }
        "ScalingReplicaSet" => {
            let set = new_replica_set(message)?;
            let mut deploy = about(K::Deploy);
            deploy.object = Some(set.to_owned().into());
            deploy
        }
        "RELOAD" => Occurrence::new(K::Reload, at, "ingress-nginx").detail(short(message)),
        "NodeNotReady" if is_node => Occurrence::new(K::HealthDown, at, "nodes")
            .object(name.to_owned())
            .detail(short(message)),
        "NodeReady" if is_node => {
            Occurrence::new(K::HealthUp, at, "nodes").object(name.to_owned()).detail(short(message))
        }
        "NodeNotReady" => about(K::HealthDown),
        "NodeHasInsufficientMemory" | "EvictionThresholdMet" if is_node => {
            return node(K::ResourceSaturated, "memory")
                .filter(|_| reason == "NodeHasInsufficientMemory" || message.contains("memory"));
        }
        "NodeHasDiskPressure" if is_node => return node(K::ResourceSaturated, "disk"),
        "NodeHasInsufficientPID" if is_node => return node(K::ResourceSaturated, "processes"),
        _ => return None,
    })
}

/// The process, where the message names it: `Killed process 1154 (node) total-vm:…`, `System OOM
/// encountered, victim process: node, pid: 1154`.
fn oom(mut told: Occurrence<'static>, message: &str) -> Occurrence<'static> {
    let of_kernel = message.split_once("Killed process ").and_then(|(_, rest)| {
        let (pid, rest) = rest.split_once(" (")?;
        Some((rest.split(')').next()?, pid))
    });
    let of_kubelet = || {
        let (_, rest) = message.split_once("victim process: ")?;
        rest.split_once(", pid: ")
    };
    if let Some((process, pid)) = of_kernel.or_else(of_kubelet) {
        told.subject = process.to_owned().into();
        told.object = Some(pid.trim().to_owned().into());
    }
    told
}

/// The container that a message names: `Stopping container api`, `Container api failed liveness
/// probe, will be restarted`, `Back-off restarting failed container api in pod …`.
fn container(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("ontainer ")?;
    let word = rest.split([' ', ',']).next()?;
    name::is_name(word).then_some(word)
}

/// The replica set that is new: scaled up from none. `Scaled up replica set api-7d9c5b7f4 to 1`,
/// newer with `from 0`; without it only a step to 1 must have begun at none.
fn new_replica_set(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("Scaled up replica set ")?;
    let (set, rest) = rest.split_once(" to ")?;
    let new = match rest.split_once(" from ") {
        Some((_, from)) => from.trim() == "0",
        None => rest.trim() == "1",
    };
    (new && name::is_name(set)).then_some(set)
}
