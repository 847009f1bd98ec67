//! A task: when it started, and why it stopped.

use model::{Occurrence, OccurrenceKind as K, Timestamp};

use super::super::names::{cut, short};
use super::time;
use crate::json::Json;

/// Exit code of a process that SIGKILL ended: 128 + 9.
const SIGKILL: i64 = 137;
/// Exit code of a process that SIGTERM ended: 128 + 15.
const SIGTERM: i64 = 143;

/// What a task tells; `None` if it is none. `sent` is when an event about it was sent, if it is one:
/// its start has had an event of its own then.
pub(super) fn read(task: &Json<'_>, sent: Option<Timestamp>) -> Option<Vec<Occurrence<'static>>> {
    let arn = task.get("taskArn")?.text()?;
    let status = task.get("lastStatus")?.text()?;
    if !arn.starts_with("arn:") || !arn.contains(":ecs:") {
        return None;
    }
    let task = Task { task, id: short(arn).to_owned() };
    let mut out = Vec::new();
    let starts = match sent {
        Some(_) => status == "RUNNING" && task.text("desiredStatus") == Some("RUNNING"),
        None => true,
    };
    if starts && let Some(at) = task.at(&["startedAt"]) {
        out.push(task.said(K::InstanceStart, Some(at)).detail(task.revision()));
    }
    if status == "STOPPED" {
        task.stopped(sent, &mut out);
    }
    Some(out)
}

struct Task<'e, 'a> {
    task: &'e Json<'a>,
    id: String,
}

impl Task<'_, '_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.task.get(key)?.text().map(AsRef::as_ref).filter(|text: &&str| !text.is_empty())
    }

    /// The first of these times that the task states.
    fn at(&self, keys: &[&str]) -> Option<Timestamp> {
        keys.iter().find_map(|key| time(self.task.get(key)?))
    }

    /// The service the task is of, or its family where it was run on its own.
    fn service(&self) -> String {
        let group = self.text("group").map(|group| group.split_once(':').map_or(group, |g| g.1));
        let revision = self.text("taskDefinitionArn").map(short);
        let family = revision.map(|revision| revision.split(':').next().unwrap_or(revision));
        group.or(family).unwrap_or("task").to_owned()
    }

    fn is_of_service(&self) -> bool {
        self.text("group").is_some_and(|group| group.starts_with("service:"))
    }

    fn revision(&self) -> String {
        self.text("taskDefinitionArn").map(short).unwrap_or_default().to_owned()
    }

    fn said(&self, kind: K, at: Option<Timestamp>) -> Occurrence<'static> {
        Occurrence::new(kind, at, self.service()).object(self.id.clone())
    }

    fn stopped(&self, sent: Option<Timestamp>, out: &mut Vec<Occurrence<'static>>) {
        let told = self.at(&["stoppingAt", "stoppedAt"]).or(sent);
        let ended = self.at(&["executionStoppedAt", "stoppedAt"]).or(sent);
        let reason = self.text("stoppedReason").unwrap_or("");
        let code = self.text("stopCode").unwrap_or("");
        let containers = self.task.get("containers").map(Json::items).unwrap_or_default();
        let killed = containers.iter().find(|container| {
            container.word("reason").is_some_and(|reason| reason.starts_with("OutOfMemory"))
        });
        if killed.is_some() || reason.starts_with("OutOfMemory") {
            let name = killed.and_then(|container| container.word("name"));
            let name = name.map_or_else(String::new, |name| format!("container {name}: "));
            let kill = self.said(K::OomKill, ended);
            out.push(kill.detail(format!("{name}OutOfMemoryError: killed due to memory usage")));
        } else if self.never_started(code, reason, containers) {
            // The container's reason is the closer one.
            let why = containers.iter().find_map(|container| container.word("reason"));
            let why = why.as_deref().unwrap_or(if reason.is_empty() { code } else { reason });
            out.push(self.said(K::ScaleLimit, told).detail(cut(why, 140)));
        } else if code == "EssentialContainerExited" || reason.starts_with("Essential container") {
            out.extend(self.exit(ended, containers));
        } else {
            self.ordered(told, reason, code, out);
        }
    }

    /// Whether the platform could not bring the task up.
    fn never_started(&self, code: &str, reason: &str, containers: &[Json<'_>]) -> bool {
        let is_start = |text: &str| {
            text.starts_with("Cannot")
                || text.starts_with("ResourceInitializationError")
                || text.starts_with("TaskFailedToStart")
        };
        code == "TaskFailedToStart"
            || is_start(reason)
            || (self.task.get("startedAt").is_none()
                && containers.iter().any(|c| c.word("reason").is_some_and(|r| is_start(&r))))
    }

    /// The process of a container the task cannot do without ended by itself. Which container it
    /// was is not said: the others are stopped for it, with SIGTERM and SIGKILL.
    fn exit(&self, at: Option<Timestamp>, containers: &[Json<'_>]) -> Option<Occurrence<'static>> {
        let codes: Vec<(String, i64)> = containers
            .iter()
            .filter_map(|container| {
                let name = container.word("name").unwrap_or_default().into_owned();
                Some((name, container.get("exitCode")?.integer()?))
            })
            .collect();
        let own = |code: i64| code != 0 && code != SIGKILL && code != SIGTERM;
        let first = codes
            .iter()
            .find(|(_, code)| own(*code))
            .or_else(|| codes.iter().find(|(_, code)| *code != 0))
            .or_else(|| codes.first());
        let (_, code) = first?;
        // A task on its own, a migration say, ends when it is done.
        if *code == 0 && !self.is_of_service() {
            return None;
        }
        let said: Vec<String> =
            codes.iter().take(5).map(|(name, code)| format!("{name} exit code {code}")).collect();
        let exit = Occurrence::new(K::ProcessExit, at, self.service()).object(code.to_string());
        Some(exit.detail(format!("task {}: {}", self.id, said.join(", "))))
    }

    /// The task was told to stop.
    fn ordered(
        &self,
        at: Option<Timestamp>,
        reason: &str,
        code: &str,
        out: &mut Vec<Occurrence<'static>>,
    ) {
        let why = if reason.is_empty() { code } else { reason };
        if reason.starts_with("Task failed ELB health checks") {
            let group = reason.split_once("target-group ").map(|(_, rest)| rest);
            let group = group.and_then(|rest| rest.split([' ', ')']).next()).map(short);
            let group = group.map_or_else(|| self.service(), str::to_owned);
            let down = Occurrence::new(K::HealthDown, at, group).object(self.id.clone());
            out.push(down.detail("Task failed ELB health checks"));
        } else if reason.contains("health check") {
            out.push(self.said(K::CheckFailed, at).detail(cut(why, 140)));
        }
        let stop = self.said(K::InstanceStop, at);
        out.push(if why.is_empty() { stop } else { stop.detail(cut(why, 140)) });
    }
}
