//! The page of the Application Load Balancer's access log.

use crate::{About, Blind};

pub(super) static ALB: About = About {
    title: "AWS Application Load Balancer access log",
    source: "<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>",
    from: "`s3://BUCKET/PREFIX/AWSLogs/ACCOUNT/elasticloadbalancing/REGION/YYYY/MM/DD/*.log.gz`, a \
           file per node and five minutes; the time in the name is the end of the interval.",
    time: "the moment the response was made, UTC, microseconds; the start is `request_creation_time`.",
    fields: &[
        ("time, request_creation_time", "end and start of a failing request"),
        ("elb", "the hop"),
        ("client:port", "the client's address"),
        ("target:port, target_group_arn", "the target and its group"),
        (
            "request_processing_time, target_processing_time, response_processing_time",
            "the phase: -1 where it was not reached; how long the target took",
        ),
        ("elb_status_code, target_status_code", "the status and who wrote it"),
        ("\"request\", domain_name", "method, path, host"),
        ("trace_id", "the id shared with the hops behind (`X-Amzn-Trace-Id`)"),
        ("actions_executed, error_reason", "refusals, Lambda and WAF errors"),
    ],
    shows: &[
        "Whether the load balancer or the target wrote a status.",
        "Connections that failed (-1 -1 -1), that the target ended before an answer (a b -1), timers \
         that fired.",
        "That a group had no target (503 without a target).",
        "Reasons of Lambda targets and of rules.",
    ],
    blind: &[
        Blind {
            what: "Whether a connection was refused, reset or could not do TLS: 502 with -1 -1 -1 is \
                   all of them",
            how: "The target's own log; `aws ec2 create-flow-logs --resource-type NetworkInterface \
                  --resource-ids ENI --traffic-type REJECT …`.",
        },
        Blind {
            what: "Whether a connection to the target was new or used again",
            how: "The target's log, or a packet capture at the target.",
        },
        Blind {
            what: "Health checks",
            how: "The health check log: `aws elbv2 modify-load-balancer-attributes \
                  --load-balancer-arn ARN --attributes Key=health_check_logs.s3.enabled,Value=true \
                  Key=health_check_logs.s3.bucket,Value=BUCKET`.",
        },
        Blind {
            what: "Connections that never became a request",
            how: "The connection log: attribute `connection_logs.s3.enabled`.",
        },
    ],
    recommended: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \\\n  \
                  --attributes Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=BUCKET",
};
