//! The sentences in which a service reports what it did: `(service shop-api) has started 1 tasks:
//! (task 0f1e…).`, in older accounts without the parentheses.

use model::{Occurrence, OccurrenceKind as K, Timestamp};

use super::super::names::{cut, short};

/// Tasks named by one message at most.
const MOST: usize = 20;

/// What a message says; `None` if it is none of a service's.
pub(super) fn read(text: &str, at: Option<Timestamp>) -> Option<Vec<Occurrence<'static>>> {
    let (service, said) = service(text)?;
    let one = |kind| Occurrence::new(kind, at, service.to_owned());
    let found = if let Some(tasks) = said.strip_prefix("has started ") {
        each(tasks, &one(K::InstanceStart), "has started")
    } else if let Some(tasks) = said.strip_prefix("has stopped ") {
        each(tasks, &one(K::InstanceStop), "has stopped")
    } else if let Some(tasks) = said.strip_prefix("has begun draining connections on ") {
        each(tasks, &one(K::InstanceStop), "has begun draining connections")
    } else if let Some(rest) = said.strip_prefix("registered ") {
        group(one(K::InstanceStart), rest, "registered targets").into_iter().collect()
    } else if let Some(rest) = said.strip_prefix("deregistered ") {
        group(one(K::InstanceStop), rest, "deregistered targets").into_iter().collect()
    } else if let Some((target, rest)) = said.split_once("is unhealthy in ") {
        vec![unhealthy(target, rest, at)]
    } else if let Some((task, _)) = said.split_once("failed container health checks") {
        let check = one(K::CheckFailed).detail("failed container health checks");
        vec![match parenthesis(task, "task ") {
            Some(task) => check.object(task.to_owned()),
            None => check,
        }]
    } else if said.starts_with("was unable to place a task")
        || said.starts_with("is unable to consistently start tasks")
        || said.starts_with("was unable to start a task")
    {
        vec![one(K::ScaleLimit).detail(cut(said, 140))]
    } else if said.contains("deployment failed: tasks failed to start") {
        let failed = one(K::ScaleLimit).detail("deployment failed: tasks failed to start");
        vec![deployment(failed, said)]
    } else if said.starts_with("rolling back to deployment ") {
        vec![deployment(one(K::Deploy).detail("rolling back"), said)]
    } else if said.contains("deployment completed") {
        vec![deployment(one(K::Deploy).detail("deployment completed"), said)]
    } else if said.contains("operations are being throttled") {
        vec![one(K::Throttle).detail(cut(said, 140))]
    } else {
        // A steady state, a changed number of tasks, and whatever AWS may add.
        Vec::new()
    };
    Some(found)
}

/// The service's name and what is said of it.
fn service(text: &str) -> Option<(&str, &str)> {
    let (name, said) = match text.strip_prefix("(service ") {
        Some(rest) => {
            let (inside, said) = rest.split_once(')')?;
            (inside.split(',').next().unwrap_or(inside), said)
        }
        None => {
            let (name, said) = text.strip_prefix("service ")?.split_once(' ')?;
            // Prose about some service is no message: the known ones go on with these words.
            let known = [
                "(instance ",
                "(port ",
                "(task ",
                "has started ",
                "has stopped ",
                "has begun draining ",
                "has reached a steady state",
                "was unable to ",
                "is unable to consistently ",
                "is unhealthy in ",
                "registered ",
                "deregistered ",
                "operations are being throttled",
            ];
            if !known.iter().any(|word| said.starts_with(word)) {
                return None;
            }
            (name, said)
        }
    };
    let plain = !name.is_empty()
        && name.len() <= 255
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    plain.then(|| (name, said.trim_start()))
}

/// One occurrence for each of the tasks named behind their number; one for all if none is named.
fn each(rest: &str, like: &Occurrence<'static>, words: &'static str) -> Vec<Occurrence<'static>> {
    let named: Vec<Occurrence<'static>> = rest
        .match_indices("task ")
        .take(MOST)
        .filter_map(|(at, found)| {
            let id = rest.get(at + found.len()..)?;
            let id = id.split([')', ' ', '.', ',']).next().filter(|id| id.len() >= 8)?;
            Some(like.clone().object(id.to_owned()).detail(words))
        })
        .collect();
    if named.is_empty() {
        let count = rest.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(1);
        return vec![like.clone().detail(words).times(count)];
    }
    named
}

/// `1 targets in (target-group arn:…)`: that many, of this group.
fn group(
    said: Occurrence<'static>,
    rest: &str,
    words: &'static str,
) -> Option<Occurrence<'static>> {
    let count = rest.split(' ').next()?.parse().ok()?;
    let said = said.detail(words).times(count);
    Some(match target_group(rest) {
        Some(group) => said.object(group.to_owned()),
        None => said,
    })
}

/// `(task ID) (instance ID) (port 8080) is unhealthy in (target-group arn:…) due to (reason …)`.
fn unhealthy(target: &str, rest: &str, at: Option<Timestamp>) -> Occurrence<'static> {
    let group = target_group(rest)
        .or_else(|| parenthesis(rest, "elb "))
        .unwrap_or("target group")
        .to_owned();
    let mut down = Occurrence::new(K::HealthDown, at, group);
    let host = parenthesis(target, "task ").or_else(|| parenthesis(target, "instance "));
    let port = parenthesis(target, "port ");
    down.object = match (host, port) {
        (Some(host), Some(port)) => Some(format!("{host}:{port}").into()),
        (Some(host), None) => Some(host.to_owned().into()),
        (None, Some(port)) => Some(format!("port {port}").into()),
        (None, None) => None,
    };
    if let Some((_, reason)) = rest.split_once("(reason ") {
        let reason = reason.trim_end().trim_end_matches('.');
        down.detail = Some(cut(reason.strip_suffix(')').unwrap_or(reason), 140).into());
    }
    down
}

/// The name of the target group a message speaks of.
fn target_group(text: &str) -> Option<&str> {
    let group = match parenthesis(text, "target-group ") {
        Some(group) => group,
        None => text.split_once("target-group ")?.1.split([' ', ')']).next()?,
    };
    Some(short(group)).filter(|group| !group.is_empty())
}

/// Puts the deployment's id to what is said of it.
fn deployment(said: Occurrence<'static>, text: &str) -> Occurrence<'static> {
    let Some((_, rest)) = text.split_once("ecs-svc/") else { return said };
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    match rest.get(..end) {
        Some(id) if !id.is_empty() => said.object(format!("ecs-svc/{id}")),
        _ => said,
    }
}

/// What stands in `(word …)`.
fn parenthesis<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let inside = text.match_indices('(').find_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        rest.strip_prefix(word)
    })?;
    inside.split(')').next().map(str::trim).filter(|inside| !inside.is_empty())
}
