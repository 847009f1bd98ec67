//! The page of the Application Load Balancer's health check log.

use crate::{About, Blind};

pub(super) static PAGE: About = About {
    title: "AWS Application Load Balancer health check log",
    source: "<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-health-check-logs.html>",
    from: "`s3://BUCKET/PREFIX/AWSLogs/ACCOUNT/elasticloadbalancing/REGION/YYYY/MM/DD/health_check_log_*.log.gz`, \
           a file per node and five minutes; or CloudWatch Logs and Firehose, also as JSON.",
    time: "the moment the check was begun, UTC, microseconds; what failed is dated `latency` later.",
    fields: &[
        ("time, latency", "when the check failed"),
        ("target_addr", "the target, or the Lambda function"),
        ("target_group_id", "the target group"),
        ("status", "whether it failed"),
        ("status_code, reason_code", "why"),
    ],
    shows: &[
        "Checks that failed, for each target: timed out while connecting or waiting, reset, answered \
         with another status or text than configured.",
    ],
    blind: &[
        Blind {
            what: "Whether a target was marked unhealthy: that takes as many failed checks in a row as \
                   the threshold says, at each node for itself",
            how: "`aws elbv2 describe-target-health --target-group-arn ARN`; CloudWatch \
                  `UnHealthyHostCount` of `AWS/ApplicationELB`.",
        },
        Blind {
            what: "What the target was doing when it did not answer",
            how: "The target's own log at that moment.",
        },
    ],
    recommended: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \\\n  \
                  --attributes Key=health_check_logs.s3.enabled,Value=true \
                  Key=health_check_logs.s3.bucket,Value=BUCKET",
};
