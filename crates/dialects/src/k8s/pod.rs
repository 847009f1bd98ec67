//! One pod as JSON: how and when its containers ended and started.

use model::{Micros, Occurrence, OccurrenceKind, Timestamp};

use super::name;
use crate::json::Json;
use crate::scan;

/// Reasons for which a container waits without ever having run.
const NEVER_RAN: [&str; 7] = [
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// Reads a pod; `None` if the object is none.
pub(super) fn read(object: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let statuses = object.path(&["status", "containerStatuses"])?;
    let pod = object.path(&["metadata", "name"])?.text()?;
    if object.word("kind").is_some_and(|kind| kind != "Pod") {
        return None;
    }
    let mut told = Vec::new();
    for status in statuses.items() {
        container(pod, status, &mut told);
    }
    ready(pod, object, &mut told);
    stop(pod, object, &mut told);
    Some(told)
}

fn event(kind: OccurrenceKind, at: Option<Timestamp>, pod: &str) -> Occurrence<'static> {
    let service = name::workload(pod);
    let told = Occurrence::new(kind, at, service.to_owned());
    if service == pod { told } else { told.object(pod.to_owned()) }
}

fn time(value: Option<&Json<'_>>) -> Option<Timestamp> {
    scan::iso(value?.text()?.as_bytes(), 0)
}

fn container(pod: &str, status: &Json<'_>, told: &mut Vec<Occurrence<'static>>) {
    let label = status.word("name").unwrap_or_default();
    for state in ["lastState", "state"] {
        let Some(end) = status.path(&[state, "terminated"]) else { continue };
        let code = end.get("exitCode").and_then(Json::integer);
        told.extend(ended(
            pod,
            &label,
            end.word("reason").as_deref(),
            code,
            time(end.get("finishedAt")),
        ));
    }
    if let Some(since) = time(status.path(&["state", "running", "startedAt"])) {
        let start = event(OccurrenceKind::InstanceStart, Some(since), pod);
        told.push(start.detail(format!("container {label}")));
    }
    let waiting = status.path(&["state", "waiting", "reason"]).and_then(Json::text);
    if let Some(reason) = waiting.filter(|reason| NEVER_RAN.contains(&reason.as_ref())) {
        let limit = event(OccurrenceKind::ScaleLimit, None, pod);
        told.push(limit.detail(format!("container {label}: {reason}")));
    }
}

/// How a container ended, if that was not in order.
pub(super) fn ended(
    pod: &str,
    label: &str,
    reason: Option<&str>,
    code: Option<i64>,
    at: Option<Timestamp>,
) -> Option<Occurrence<'static>> {
    let code = code.map_or_else(String::new, |code| format!("exit {code}"));
    if reason == Some("OOMKilled") {
        let kill = event(OccurrenceKind::OomKill, at, pod);
        let detail = format!("container {label}: OOMKilled, {code}");
        return Some(kill.detail(detail.trim_end_matches([',', ' ']).to_owned()));
    }
    // 143 is SIGTERM obeyed.
    if matches!(code.as_str(), "" | "exit 0" | "exit 143") {
        return None;
    }
    let mut exit = event(OccurrenceKind::ProcessExit, at, pod);
    exit.object = Some(code.into());
    Some(exit.detail(format!("container {label}: {}", reason.unwrap_or("terminated"))))
}

/// A pod that is not ready, since when.
fn ready(pod: &str, object: &Json<'_>, told: &mut Vec<Occurrence<'static>>) {
    let Some(conditions) = object.path(&["status", "conditions"]) else { return };
    let is = |condition: &Json<'_>, key, value: &str| {
        condition.word(key).is_some_and(|found| found == value)
    };
    let down = conditions
        .items()
        .iter()
        .find(|condition| is(condition, "type", "Ready") && is(condition, "status", "False"));
    let Some(down) = down.filter(|down| !is(down, "reason", "PodCompleted")) else { return };
    let mut health = event(OccurrenceKind::HealthDown, time(down.get("lastTransitionTime")), pod);
    health.detail =
        down.word("message").or_else(|| down.word("reason")).map(|m| m.into_owned().into());
    told.push(health);
}

/// A pod that was told to stop: the deletion's time stamp is when its grace period ends.
fn stop(pod: &str, object: &Json<'_>, told: &mut Vec<Occurrence<'static>>) {
    let end = time(object.path(&["metadata", "deletionTimestamp"]));
    let grace = object.path(&["metadata", "deletionGracePeriodSeconds"]).and_then(Json::integer);
    if let (Some(end), Some(grace @ 0..=86_400)) = (end, grace) {
        let stop = event(OccurrenceKind::InstanceStop, Some(end - Micros::from_secs(grace)), pod);
        told.push(stop.detail("deleted"));
    } else if object
        .path(&["status", "reason"])
        .and_then(Json::text)
        .is_some_and(|r| r == "Evicted")
    {
        told.push(event(OccurrenceKind::InstanceStop, None, pod).detail("Evicted"));
    }
}
