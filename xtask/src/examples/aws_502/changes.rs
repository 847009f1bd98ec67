//! CloudTrail: everything that somebody changed that afternoon, the five steps that matter among
//! the rest.
//!
//! Record format: AWS CloudTrail user guide, "CloudTrail record contents".

use serde_json::{Value, json};

use super::super::File;
use super::quote::UPLOADS;
use super::shop::{CHECKOUT, NEW, OLD};
use super::{ACCOUNT, CLOSED, EXPORT, RELEASE, SEED, STOPS, at, iso, text};
use crate::random::Random;

const CHECKOUT_GROUP: &str = "sg-0c4e7c2a91b3d5f06";
const BALANCER_GROUP: &str = "sg-0a1b2c3d4e5f60718";
const BASTION_GROUP: &str = "sg-0b7a58d2be9914c3e";

/// Who did it.
#[derive(Clone, Copy)]
enum Actor {
    Person(&'static str),
    Role(&'static str),
    Service(&'static str),
}

/// One record: when, by whom, of which service, which call, with what.
type Change = (i64, Actor, &'static str, &'static str, Value);

/// The file, as CloudTrail puts it into its bucket.
pub(super) fn file() -> File {
    let mut random = Random::part(SEED, "changes");
    let mut changes = all();
    changes.sort_by_key(|change| change.0);
    let records: Vec<Value> =
        changes.into_iter().map(|change| record(change, &mut random)).collect();
    let path = format!(
        "cloudtrail/{ACCOUNT}_CloudTrail_eu-central-1_20261117T1650Z_b7Q2mXk9TzR4wVn8.json.gz"
    );
    text(&path, json!({ "Records": records }).to_string())
}

fn all() -> Vec<Change> {
    let mut changes = rules();
    changes.extend(releases());
    changes.extend(others());
    changes
}

fn permission(group: &str, from: Value, port: u16) -> Value {
    json!({
        "groupId": group,
        "ipPermissions": {"items": [{
            "ipProtocol": "tcp", "fromPort": port, "toPort": port,
            "groups": from.get("groups").cloned().unwrap_or(json!({})),
            "ipRanges": from.get("ranges").cloned().unwrap_or(json!({})),
            "ipv6Ranges": {}, "prefixListIds": {},
        }]},
    })
}

/// Firewall rules: that of the checkout service, and that of a bastion which nobody's requests pass.
fn rules() -> Vec<Change> {
    let jane = Actor::Person("jane.roe");
    let balancer = || json!({"groups": {"items": [{"groupId": BALANCER_GROUP}]}});
    let office = json!({"ranges": {"items": [{"cidrIp": "198.51.100.0/28"}]}});
    vec![
        (
            at(12, 33, 5),
            jane,
            "ec2",
            "AuthorizeSecurityGroupIngress",
            permission(BASTION_GROUP, office, 22),
        ),
        (
            CLOSED.0,
            jane,
            "ec2",
            "RevokeSecurityGroupIngress",
            permission(CHECKOUT_GROUP, balancer(), 8080),
        ),
        (
            CLOSED.1,
            jane,
            "ec2",
            "AuthorizeSecurityGroupIngress",
            permission(CHECKOUT_GROUP, balancer(), 8080),
        ),
    ]
}

fn service(name: &str, revision: u32) -> Value {
    json!({
        "cluster": "shop",
        "service": name,
        "taskDefinition": format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/{name}:{revision}"),
        "desiredCount": 4,
        "forceNewDeployment": false,
    })
}

fn target_group(name: &str, id: &str) -> String {
    format!("arn:aws:elasticloadbalancing:eu-central-1:{ACCOUNT}:targetgroup/{name}/{id}")
}

/// The release that drops requests, one of another service that does not, and the two versions of
/// the function.
fn releases() -> Vec<Change> {
    let pipeline = Actor::Role("deploy-pipeline");
    let ecs = Actor::Service("ecs.amazonaws.com");
    let web = target_group("web", "73e2d6bc24d8a067");
    let mut changes = vec![
        (RELEASE, pipeline, "ecs", "UpdateService", service("shop-web", 88)),
        (at(14, 52, 20), pipeline, "ecs", "UpdateService", service("shop-admin", 41)),
    ];
    for (slot, stop) in STOPS.into_iter().enumerate() {
        let targets =
            |ip: &str| json!({"targetGroupArn": web, "targets": [{"id": ip, "port": 8080}]});
        changes.push((
            stop - 25,
            ecs,
            "elasticloadbalancing",
            "RegisterTargets",
            targets(NEW[slot]),
        ));
        // Too late: the task has been stopped already.
        changes.push((
            stop + 19,
            ecs,
            "elasticloadbalancing",
            "DeregisterTargets",
            targets(OLD[slot]),
        ));
    }
    for (upload, digest) in UPLOADS.into_iter().zip(["p1Vf0Q", "9xKc2L"]) {
        let parameters = json!({
            "functionName": "quote", "s3Bucket": "shop-artifacts", "s3Key": format!("quote/{digest}.zip"),
            "publish": false,
        });
        changes.push((upload, pipeline, "lambda", "UpdateFunctionCode20150331v2", parameters));
    }
    changes
}

/// The job whose schedule was moved, and what has nothing to do with anything.
fn others() -> Vec<Change> {
    let (john, jane) = (Actor::Person("john.doe"), Actor::Person("jane.roe"));
    let scheduler = Actor::Service("scheduler.amazonaws.com");
    let scaling = Actor::Service("autoscaling.amazonaws.com");
    let checkout = target_group("checkout", "1f0c3ba8d2e94c77");
    vec![
        (at(12, 48, 0), john, "ec2", "DescribeSecurityGroups", json!({"groupIdSet": {}})),
        (
            at(12, 52, 30),
            john,
            "elasticloadbalancing",
            "DescribeTargetHealth",
            json!({"targetGroupArn": checkout}),
        ),
        (
            at(13, 12, 44),
            john,
            "cloudfront",
            "CreateInvalidation",
            json!({"distributionId": "E2A7SHOPEXAMPL"}),
        ),
        (
            at(13, 20, 8),
            jane,
            "ssm",
            "PutParameter",
            json!({"name": "/shop/banner", "type": "String"}),
        ),
        (
            at(13, 58, 31),
            jane,
            "lambda",
            "UpdateFunctionConfiguration20150331v2",
            json!({"functionName": "thumbnail", "memorySize": 512}),
        ),
        (
            at(14, 35, 2),
            scaling,
            "ecs",
            "UpdateService",
            json!({"cluster": "shop", "service": "shop-checkout", "desiredCount": 3}),
        ),
        (
            at(15, 2, 17),
            john,
            "rds",
            "CreateDBSnapshot",
            json!({"dBInstanceIdentifier": "shop-db"}),
        ),
        (
            at(15, 30, 45),
            john,
            "scheduler",
            "UpdateSchedule",
            json!({"name": "nightly-export", "scheduleExpression": "cron(58 15 * * ? *)"}),
        ),
        (
            EXPORT.0,
            scheduler,
            "ecs",
            "RunTask",
            json!({
                "cluster": "shop",
                "taskDefinition": format!("arn:aws:ecs:eu-central-1:{ACCOUNT}:task-definition/nightly-export:12"),
                "count": 6, "launchType": "EC2",
            }),
        ),
        (
            at(16, 31, 9),
            jane,
            "elasticloadbalancing",
            "AddTags",
            json!({"resourceArns": [checkout]}),
        ),
        (
            CLOSED.0 + 95,
            Actor::Service("elasticloadbalancing.amazonaws.com"),
            "ec2",
            "DescribeNetworkInterfaces",
            json!({"filterSet": {"items": [{"name": "addresses.private-ip-address", "valueSet": {"items": [{"value": CHECKOUT[0]}]}}]}}),
        ),
    ]
}

fn record((when, actor, source, name, parameters): Change, random: &mut Random) -> Value {
    let (identity, address) = match actor {
        Actor::Person(user) => (
            json!({
                "type": "IAMUser", "principalId": "AIDAEXAMPLEEXAMPLE01", "userName": user,
                "arn": format!("arn:aws:iam::{ACCOUNT}:user/{user}"), "accountId": ACCOUNT,
            }),
            "198.51.100.7",
        ),
        Actor::Role(role) => (
            json!({
                "type": "AssumedRole", "principalId": format!("AROAEXAMPLEEXAMPLE02:{role}"),
                "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/build-1881"), "accountId": ACCOUNT,
            }),
            "198.51.100.40",
        ),
        Actor::Service(service) => (json!({"type": "AWSService", "invokedBy": service}), service),
    };
    let reads = name.starts_with("Describe");
    let mut id = || {
        format!(
            "{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}",
            random.next() >> 32,
            random.below(1 << 16),
            random.below(1 << 12),
            random.below(1 << 12),
            random.below(1 << 48)
        )
    };
    json!({
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": iso(when),
        "eventSource": format!("{source}.amazonaws.com"),
        "eventName": name,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": address,
        "userAgent": if address == "198.51.100.7" { "aws-cli/2.31.2" } else { address },
        "requestParameters": parameters,
        "responseElements": if reads { Value::Null } else { json!({"_return": true}) },
        "requestID": id(),
        "eventID": id(),
        "readOnly": reads,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    })
}
