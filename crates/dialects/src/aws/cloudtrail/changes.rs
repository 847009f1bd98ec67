//! Which calls change what requests depend on, and how.

use std::borrow::Cow;

use model::{Occurrence, OccurrenceKind as K};

use super::super::names::{cut, short};
use super::{Call, essence};
use crate::json::Json;

/// Things named by one event of CloudTrail at most: a call may name hundreds of targets.
const MOST: usize = 20;

/// What one call changed.
pub(super) fn of(call: &Call<'_, '_>) -> Vec<Occurrence<'static>> {
    match (call.service, call.name) {
        ("elasticloadbalancing", "RegisterTargets") => targets(call, K::InstanceStart),
        ("elasticloadbalancing", "DeregisterTargets") => targets(call, K::InstanceStop),
        ("elasticloadbalancing", "RegisterInstancesWithLoadBalancer") => {
            instances(call, K::InstanceStart, "loadBalancerName", "instances")
        }
        ("elasticloadbalancing", "DeregisterInstancesFromLoadBalancer") => {
            instances(call, K::InstanceStop, "loadBalancerName", "instances")
        }
        ("ec2", "TerminateInstances" | "StopInstances" | "RebootInstances") => {
            instances(call, K::InstanceStop, "", "instancesSet")
        }
        ("ec2", "StartInstances") => instances(call, K::InstanceStart, "", "instancesSet"),
        ("autoscaling", "DetachInstances" | "EnterStandby") => {
            instances(call, K::InstanceStop, "autoScalingGroupName", "instanceIds")
        }
        ("autoscaling", "TerminateInstanceInAutoScalingGroup") => {
            instances(call, K::InstanceStop, "", "instanceId")
        }
        ("ec2", "RunInstances") => started(call),
        ("ecs", "StopTask") => vec![task(call)],
        ("ecs", "RunTask" | "StartTask") => tasks(call),
        ("route53", "ChangeResourceRecordSets") => records(call),
        _ => deploy(call).or_else(|| change(call)).into_iter().collect(),
    }
}

/// Targets registered or taken out: `targets` of the request.
fn targets(call: &Call<'_, '_>, kind: K) -> Vec<Occurrence<'static>> {
    let group = name_of(call, &["targetGroupArn"]).unwrap_or_default();
    let items = call.asked("targets").map(items).unwrap_or_default();
    let target = |item: &Json<'_>| {
        let id = item.word("id")?.into_owned();
        let port = item.get("port").and_then(Json::integer);
        Some(port.map_or_else(|| id.clone(), |port| format!("{id}:{port}")))
    };
    items
        .iter()
        .take(MOST)
        .filter_map(target)
        .map(|target| said(call, kind, group.clone(), Some(target)))
        .collect()
}

/// Instances named in the request, of a group or on their own.
fn instances(call: &Call<'_, '_>, kind: K, group: &str, list: &str) -> Vec<Occurrence<'static>> {
    let Some(list) = call.asked(list) else { return Vec::new() };
    let group = name_of(call, &[group]);
    let id = |item: &Json<'_>| match item {
        Json::Text(id) => Some(id.clone().into_owned()),
        item => item.word("instanceId").map(Cow::into_owned),
    };
    let ids: Vec<String> = match list {
        Json::Text(id) => vec![id.clone().into_owned()],
        list => items(list).iter().take(MOST).filter_map(id).collect(),
    };
    of_instances(call, kind, group.as_deref(), ids)
}

/// Instances that a call made.
fn started(call: &Call<'_, '_>) -> Vec<Occurrence<'static>> {
    let made = call.get(&["responseElements", "instancesSet"]).map(items).unwrap_or_default();
    let ids = made.iter().take(MOST).filter_map(|item| Some(item.word("instanceId")?.into_owned()));
    of_instances(call, K::InstanceStart, None, ids.collect())
}

fn of_instances(
    call: &Call<'_, '_>,
    kind: K,
    group: Option<&str>,
    ids: Vec<String>,
) -> Vec<Occurrence<'static>> {
    ids.into_iter().map(|id| said(call, kind, group.unwrap_or(&id).to_owned(), Some(id))).collect()
}

/// A task that someone stopped; its service, if the answer names it.
fn task(call: &Call<'_, '_>) -> Occurrence<'static> {
    let group = call.text(&["responseElements", "task", "group"]);
    let subject = group.as_deref().map(group_name).or_else(|| name_of(call, &["cluster"]));
    let subject = subject.unwrap_or_else(|| "task".to_owned());
    let mut stop = said(call, K::InstanceStop, subject, name_of(call, &["task"]));
    if let Some(reason) = call.text(&["requestParameters", "reason"]) {
        stop.detail = Some(format!("{}: {}", call.name, cut(&reason, 100)).into());
    }
    stop
}

/// Tasks that a call started.
fn tasks(call: &Call<'_, '_>) -> Vec<Occurrence<'static>> {
    let started = call.get(&["responseElements", "tasks"]).map(items).unwrap_or_default();
    let one = |task: &Json<'_>| {
        let group = task.word("group").map(|group| group_name(&group));
        let subject = group.or_else(|| name_of(call, &["taskDefinition"]))?;
        let id = task.word("taskArn").map(|arn| short(&arn).to_owned());
        Some(said(call, K::InstanceStart, subject, id))
    };
    started.iter().take(MOST).filter_map(one).collect()
}

/// The service or family of a task's group: `service:shop-api`, `family:shop-migrate`.
fn group_name(group: &str) -> String {
    group.split_once(':').map_or(group, |(_, name)| name).to_owned()
}

/// Records of a zone.
fn records(call: &Call<'_, '_>) -> Vec<Occurrence<'static>> {
    let batch = call.asked("changeBatch").and_then(|batch| batch.get("changes"));
    let changes = batch.map(items).unwrap_or_default();
    let one = |change: &Json<'_>| {
        let set = change.get("resourceRecordSet")?;
        let (name, kind) = (set.word("name")?, set.word("type")?);
        let mut said = said(call, K::ConfigChange, format!("record {name} {kind}"), {
            essence::record_values(set)
        });
        if let Some(action) = change.word("action") {
            said.detail = Some(format!("{} {action}", call.name).into());
        }
        Some(said)
    };
    changes.iter().take(MOST).filter_map(one).collect()
}

/// A new version that was asked for.
fn deploy(call: &Call<'_, '_>) -> Option<Occurrence<'static>> {
    let answered = |path: &[&str]| {
        let path: Vec<&str> = ["responseElements"].iter().chain(path).copied().collect();
        call.text(&path).map(|text| short(&text).to_owned())
    };
    let (subject, object) = match (call.service, call.name) {
        ("ecs", "UpdateService") => {
            let version = name_of(call, &["taskDefinition"]);
            let forced = matches!(call.asked("forceNewDeployment"), Some(Json::Bool(true)));
            let version = version.or_else(|| forced.then(|| "new deployment".to_owned()));
            (name_of(call, &["service"])?, Some(version?))
        }
        ("ecs", "CreateService") => {
            (name_of(call, &["serviceName"])?, name_of(call, &["taskDefinition"]))
        }
        ("ecs", "CreateTaskSet") => {
            (name_of(call, &["service"])?, name_of(call, &["taskDefinition"]))
        }
        ("ecs", "UpdateServicePrimaryTaskSet") => {
            (name_of(call, &["service"])?, name_of(call, &["primaryTaskSet"]))
        }
        ("lambda", "UpdateFunctionCode" | "PublishVersion" | "CreateFunction") => {
            // The version of an unpublished change is always $LATEST.
            let digest = || answered(&["codeSha256"]);
            let version = answered(&["version"]).filter(|version| version != "$LATEST");
            (name_of(call, &["functionName"])?, version.or_else(digest))
        }
        ("lambda", "UpdateAlias" | "CreateAlias") => {
            let version = call.text(&["requestParameters", "functionVersion"]);
            let version =
                version.or_else(|| call.text(&["responseElements", "functionVersion"]))?;
            (name_of(call, &["functionName"])?, Some(version.into_owned()))
        }
        ("codedeploy", "CreateDeployment") => {
            (name_of(call, &["applicationName"])?, answered(&["deploymentId"]))
        }
        ("apigateway", "CreateDeployment") => (
            name_of(call, &["restApiId", "apiId"])?,
            answered(&["id"])
                .or_else(|| answered(&["deploymentId"]))
                .or_else(|| nested(call, "createDeploymentInput", "stageName")),
        ),
        ("elasticbeanstalk", "UpdateEnvironment" | "CreateEnvironment") => (
            name_of(call, &["environmentName", "environmentId"])?,
            Some(name_of(call, &["versionLabel"])?),
        ),
        ("elasticbeanstalk", "SwapEnvironmentCNAMEs") => (
            name_of(call, &["sourceEnvironmentName", "sourceEnvironmentId"])?,
            name_of(call, &["destinationEnvironmentName", "destinationEnvironmentId"]),
        ),
        ("autoscaling", "StartInstanceRefresh") => {
            (name_of(call, &["autoScalingGroupName"])?, answered(&["instanceRefreshId"]))
        }
        ("apprunner", "StartDeployment") => {
            (name_of(call, &["serviceArn"])?, answered(&["operationId"]))
        }
        _ => return None,
    };
    Some(said(call, K::Deploy, subject, object))
}

fn nested(call: &Call<'_, '_>, outer: &str, key: &str) -> Option<String> {
    Some(call.asked(outer)?.word(key)?.into_owned())
}

/// A setting that was changed.
fn change(call: &Call<'_, '_>) -> Option<Occurrence<'static>> {
    let (noun, keys) = essence::subject(call.service, call.name)?;
    let id = name_of(call, keys);
    let subject = match &id {
        Some(id) => format!("{noun} {id}"),
        None => noun.to_owned(),
    };
    Some(said(call, K::ConfigChange, subject, essence::of(call, keys)))
}

/// The occurrence, with the call and what it was about as its words.
fn said(
    call: &Call<'_, '_>,
    kind: K,
    subject: String,
    object: Option<String>,
) -> Occurrence<'static> {
    let mut said = Occurrence::new(kind, call.at, subject);
    said.detail = Some(
        match &object {
            Some(object) if kind == K::ConfigChange => cut(&format!("{} {object}", call.name), 150),
            _ => call.name.to_owned(),
        }
        .into(),
    );
    said.object = object.map(|object| cut(&object, 110).into());
    said
}

/// The short name in the first of these members of the request that is a text.
pub(super) fn name_of(call: &Call<'_, '_>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| {
        let value = call.asked(key)?;
        let text = match value {
            Json::Text(text) => text.as_ref(),
            list => items(list).first()?.text()?.as_ref(),
        };
        (!text.is_empty()).then(|| short(text).to_owned())
    })
}

/// The elements of a list, which EC2 wraps in `items`.
pub(super) fn items<'e, 'a>(list: &'e Json<'a>) -> &'e [Json<'a>] {
    match list.get("items") {
        Some(inner) => inner.items(),
        None => list.items(),
    }
}
