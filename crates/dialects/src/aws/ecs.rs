//! Amazon ECS: what a service reports of itself, and tasks with the reason why they stopped.
//!
//! One element of `events` of `aws ecs describe-services`, one task of `aws ecs describe-tasks`, or
//! one event that ECS sends to EventBridge. Sources: Amazon ECS developer guide, "Service event
//! messages", "Stopped tasks error codes" and "Amazon ECS events".

mod about;
mod message;
mod task;

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind as K, Timestamp};

use super::names::{cut, short};
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// Amazon ECS events and tasks.
pub(crate) struct Ecs;

impl Dialect for Ecs {
    fn name(&self) -> &'static str {
        "aws-ecs"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["(service ", "\"service ", "ecs"]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record), out)
    }
}

/// Words without which a record is none of these.
const WORDS: [&[u8]; 3] = [b"(service ", b"\"service ", b"ecs"];

fn read(record: &str) -> Option<Vec<Occurrence<'static>>> {
    let bytes = record.as_bytes();
    WORDS.iter().find(|word| memmem::find(bytes, word).is_some())?;
    let root = Json::object(record)?;
    if root.get("source").and_then(Json::text).is_some_and(|source| source == "aws.ecs") {
        return event(&root);
    }
    if root.get("taskArn").is_some() {
        return task::read(&root, None);
    }
    let text = root.get("message")?.text()?;
    let stated = root.get("id").is_some() && root.get("createdAt").is_some();
    let at = root.get("createdAt").and_then(time);
    if stated { message::read(text, at) } else { None }
}

/// An event that ECS sent to EventBridge.
fn event(root: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let kind = root.get("detail-type")?.text()?;
    let detail = root.get("detail")?;
    let sent = root.get("time").and_then(time);
    match kind.as_ref() {
        "ECS Task State Change" => task::read(detail, sent),
        "ECS Service Action" | "ECS Deployment State Change" => {
            let at = ["createdAt", "updatedAt"].iter().find_map(|key| detail.get(key));
            let at = at.and_then(time).or(sent);
            Some(action(root, detail, at).into_iter().collect())
        }
        // Other events of ECS, of container instances mostly, say nothing of requests. Calls of
        // its API are CloudTrail's.
        kind if kind.starts_with("ECS ") => Some(Vec::new()),
        _ => None,
    }
}

/// What a service did, or how its deployment goes. Source: Amazon ECS developer guide, "Amazon ECS
/// service action events" and "Amazon ECS service deployment state change events".
fn action(
    root: &Json<'_>,
    detail: &Json<'_>,
    at: Option<Timestamp>,
) -> Option<Occurrence<'static>> {
    let name = detail.word("eventName")?;
    let kind = match name.as_ref() {
        "SERVICE_TASK_PLACEMENT_FAILURE"
        | "SERVICE_TASK_CONFIGURATION_FAILURE"
        | "SERVICE_TASK_START_IMPAIRED" => K::ScaleLimit,
        // An alarm may have ended it as well.
        "SERVICE_DEPLOYMENT_FAILED"
            if detail.word("reason").is_some_and(|why| why.contains("tasks failed to start")) =>
        {
            K::ScaleLimit
        }
        "SERVICE_DEPLOYMENT_IN_PROGRESS" | "SERVICE_DEPLOYMENT_COMPLETED" => K::Deploy,
        "SERVICE_DISCOVERY_INSTANCE_UNHEALTHY" | "VPC_LATTICE_TARGET_UNHEALTHY" => K::HealthDown,
        "SERVICE_DISCOVERY_OPERATION_THROTTLED" | "ECS_OPERATION_THROTTLED" => K::Throttle,
        _ => return None,
    };
    let service = root.get("resources").map(Json::items).unwrap_or_default().first()?.text()?;
    let mut said = Occurrence::new(kind, at, short(service).to_owned());
    said.object = detail.word("deploymentId").map(owned);
    let reason = detail.word("reason").map(|reason| cut(&reason, 120));
    said.detail = Some(reason.map_or_else(|| owned(name), Cow::Owned));
    Some(said)
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// A time: ISO text with its zone, or seconds since 1970 with a fraction.
fn time(value: &Json<'_>) -> Option<Timestamp> {
    let seconds = match value {
        Json::Text(text) => return scan::iso(text.as_bytes(), 0),
        Json::Int(seconds) => *seconds as f64,
        Json::Float(seconds) => *seconds,
        _ => return None,
    };
    (0.0..1e11).contains(&seconds).then(|| Timestamp((seconds * 1e3).round() as i64 * 1_000))
}
