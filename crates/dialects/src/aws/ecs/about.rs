//! What ECS events and tasks show and what they do not.

use crate::{About, Blind};

/// The page of the dialect.
pub(super) const ABOUT: About = About {
    title: "Amazon ECS service events and tasks",
    source: "Amazon ECS developer guide, “Viewing Amazon ECS service event messages” and “Stopped \
             tasks error codes” (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/\
             service-event-messages.html)",
    from: "`aws ecs describe-services --cluster C --services S` (the last 100 events), `aws ecs \
           describe-tasks --cluster C --tasks …` (stopped tasks for about an hour), or the events \
           “ECS Task State Change”, “ECS Service Action” and “ECS Deployment State Change” of an \
           EventBridge rule.",
    time: "`createdAt` of a service's event; `startedAt`, `stoppingAt` and `executionStoppedAt` of a \
           task: when it was told to stop and when its containers had ended. With zone, or seconds \
           since 1970.",
    fields: &[
        ("createdAt, message", "what a service did, and to which task or target group"),
        ("group, taskDefinitionArn, taskArn", "service, revision and task"),
        ("lastStatus, startedAt, stoppingAt, executionStoppedAt, stoppedAt", "start and stop"),
        ("stopCode, stoppedReason", "why a task was stopped"),
        ("containers[].exitCode, containers[].reason", "how its processes ended"),
        ("detail.eventName, detail.reason", "placements that failed, deployments"),
    ],
    shows: &[
        "Tasks started, stopped and taken out of their target group.",
        "Targets that were marked unhealthy, with the reason of the health check.",
        "Tasks that could not be placed or started.",
        "Containers that ran out of memory, and processes that ended by themselves.",
        "Deployments that began, completed, failed or were rolled back.",
    ],
    blind: &[
        Blind {
            what: "Why a process ended: the exit code alone is there",
            how: "the container's own log (awslogs: `aws logs tail GROUP`).",
        },
        Blind {
            what: "An exit code of 137 without OutOfMemoryError: whether memory or the stop timeout \
                   was behind the SIGKILL",
            how: "MemoryUtilization of the service in CloudWatch (Container Insights), and the \
                  task's stoppedReason.",
        },
        Blind {
            what: "Tasks that stopped more than about an hour ago",
            how: "an EventBridge rule for “ECS Task State Change” to a log group.",
        },
        Blind {
            what: "Which requests a task was serving when it was stopped",
            how: "the load balancer's access log, by target:port.",
        },
    ],
    recommended: "aws events put-rule --name ecs --event-pattern '{\"source\":[\"aws.ecs\"]}' && aws \
                  events put-targets --rule ecs --targets Id=1,Arn=arn:aws:logs:REGION:ACCOUNT:\
                  log-group:/aws/events/ecs",
};
