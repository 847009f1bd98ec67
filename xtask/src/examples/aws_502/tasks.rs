//! Amazon ECS: the events of two services and the tasks that stopped, as `aws ecs
//! describe-services` and `describe-tasks` print them.

use serde_json::{Value, json};

use super::super::File;
use super::shop::OLD;
use super::{ACCOUNT, RELEASE, SEED, STOPS, at, aws_time, json, moment};
use crate::random::Random;

const WEB_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/73e2d6bc24d8a067";
const ADMIN_GROUP: &str =
    "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/admin/9ad1e2b7c6f50812";

/// The two files.
pub(super) fn files() -> Vec<File> {
    let mut random = Random::part(SEED, "tasks");
    let ids: Vec<String> = (0..4).map(|_| task_id(&mut random)).collect();
    let services = json!({
        "services": [
            service("shop-web", web(&ids, &mut random)),
            service("shop-admin", admin(&mut random)),
        ],
        "failures": [],
    });
    let stopped: Vec<Value> = (0..4).map(|slot| stopped(&ids[slot], slot)).collect();
    vec![
        json("ecs-services.json", &services),
        json("ecs-stopped-tasks.json", &json!({ "tasks": stopped, "failures": [] })),
    ]
}

fn task_id(random: &mut Random) -> String {
    format!("{:016x}{:016x}", random.next(), random.next())
}

/// Newest first, as the API gives them.
fn service(name: &str, mut said: Vec<(i64, String)>) -> Value {
    let mut random = Random::part(SEED, name);
    said.sort_by_key(|(when, _)| -when);
    let events: Vec<Value> = said
        .into_iter()
        .map(|(when, message)| {
            json!({
                "id": format!("{:08x}-0000-4000-8000-{:012x}", random.below(1 << 32), random.below(1 << 48)),
                "createdAt": aws_time(moment(when).plus(random.below(1_000) as i64 * 1_000)),
                "message": format!("(service {name}) {message}"),
            })
        })
        .collect();
    json!({
        "serviceArn": format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:service/shop/{name}"),
        "serviceName": name,
        "clusterArn": format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:cluster/shop"),
        "status": "ACTIVE",
        "desiredCount": 4,
        "runningCount": 4,
        "pendingCount": 0,
        "events": events,
    })
}

/// The release: each old task is stopped before the load balancer has been told.
fn web(old: &[String], random: &mut Random) -> Vec<(i64, String)> {
    let mut said = vec![
        (at(12, 31, 10), "has reached a steady state.".to_owned()),
        (RELEASE + 12, format!("has started 4 tasks: (task {}).", task_id(random))),
    ];
    for (slot, stop) in STOPS.into_iter().enumerate() {
        said.push((stop - 24, format!("registered 1 targets in (target-group {WEB_GROUP})")));
        said.push((stop, format!("has stopped 1 running tasks: (task {}).", old[slot])));
        said.push((stop + 20, format!("deregistered 1 targets in (target-group {WEB_GROUP})")));
    }
    said.push((STOPS[3] + 55, "(deployment ecs-svc/6120437885) deployment completed.".to_owned()));
    said.push((STOPS[3] + 56, "has reached a steady state.".to_owned()));
    said
}

/// A release that drains first, and drops nothing.
fn admin(random: &mut Random) -> Vec<(i64, String)> {
    let (start, old) = (at(14, 52, 33), task_id(random));
    vec![
        (start, format!("has started 1 tasks: (task {}).", task_id(random))),
        (start + 41, format!("registered 1 targets in (target-group {ADMIN_GROUP})")),
        (start + 60, format!("deregistered 1 targets in (target-group {ADMIN_GROUP})")),
        (start + 61, "has begun draining connections on 1 tasks.".to_owned()),
        (start + 365, format!("has stopped 1 running tasks: (task {old}).")),
        (start + 400, "has reached a steady state.".to_owned()),
    ]
}

fn stopped(id: &str, slot: usize) -> Value {
    let stop = STOPS[slot];
    let time = |seconds: i64| aws_time(moment(seconds).plus(300_000));
    json!({
        "taskArn": format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:task/shop/{id}"),
        "taskDefinitionArn": format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/shop-web:87"),
        "group": "service:shop-web",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "stopCode": "ServiceSchedulerInitiated",
        "stoppedReason": "Scaling activity initiated by (deployment ecs-svc/6120437885)",
        "startedAt": time(at(9, 2, 0)),
        "stoppingAt": time(stop),
        "executionStoppedAt": time(stop),
        "stoppedAt": time(stop + 14),
        "containers": [{
            "name": "web",
            "exitCode": 0,
            "lastStatus": "STOPPED",
            "networkInterfaces": [{"privateIpv4Address": OLD[slot]}],
        }],
    })
}
