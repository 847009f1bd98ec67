//! What CloudTrail events show and what they do not.

use crate::{About, Blind};

/// The page of the dialect.
pub(super) const ABOUT: About = About {
    title: "AWS CloudTrail event",
    source: "AWS CloudTrail user guide, “CloudTrail record contents” \
             (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/\
             cloudtrail-event-reference-record-contents.html)",
    from: "The trail's S3 bucket, AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/*.json.gz; without a \
           trail `aws cloudtrail lookup-events --start-time … --end-time …` (90 days); the events \
           of EventBridge with detail-type “AWS API Call via CloudTrail”.",
    time: "`eventTime`: when the call was finished, UTC, in whole seconds. Files arrive about five \
           and up to 15 minutes later.",
    fields: &[
        ("eventSource, eventName", "which service was asked for what"),
        ("eventTime", "when"),
        ("requestParameters", "what was changed, and the new value"),
        ("responseElements", "the version, deployment or task that came of it"),
        ("errorCode", "a call that failed changed nothing; that it was throttled is kept"),
        ("readOnly, eventType", "passes over calls that change nothing"),
    ],
    shows: &[
        "Releases: new task definitions, function versions, deployments of CodeDeploy, API Gateway \
         and Elastic Beanstalk.",
        "Changes of security groups, network ACLs, routes, NAT gateways, load balancers, target \
         groups, distributions, functions, databases, DNS records, certificates, secrets and roles.",
        "Targets registered and deregistered, tasks and instances that someone started or stopped.",
        "Calls that AWS refused for their rate.",
    ],
    blind: &[
        Blind {
            what: "What came of it: whether a release got healthy",
            how: "aws ecs describe-services (its events), aws elbv2 describe-target-health, the \
                  access log.",
        },
        Blind {
            what: "What AWS does by itself: instances that fail, tasks that exit, scaling by alarms",
            how: "EventBridge events of the service (ECS Task State Change), aws autoscaling \
                  describe-scaling-activities.",
        },
        Blind {
            what: "Changes inside the instance or the container, and in the Kubernetes API",
            how: "the deployment tool's log; the EKS control plane's audit log.",
        },
        Blind {
            what: "Events of other regions and accounts",
            how: "aws cloudtrail describe-trails: IsMultiRegionTrail and IsOrganizationTrail.",
        },
    ],
    recommended: "aws cloudtrail create-trail --name all --s3-bucket-name BUCKET \
                  --is-multi-region-trail && aws cloudtrail start-logging --name all",
};
