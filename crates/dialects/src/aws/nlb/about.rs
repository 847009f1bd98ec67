//! The page of the Network Load Balancer's access log.

use crate::{About, Blind};

pub(super) static PAGE: About = About {
    title: "AWS Network Load Balancer access log",
    source: "<https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-access-logs.html>",
    from: "`s3://BUCKET/PREFIX/AWSLogs/ACCOUNT/elasticloadbalancing/REGION/YYYY/MM/DD/*_net.*.log.gz`, \
           a file per node and five minutes. Only TLS listeners write it.",
    time: "the moment the connection ended, UTC, to the second and without a zone.",
    fields: &[
        ("time, tls_connection_creation_time", "end and start of a connection that failed"),
        ("elb", "the hop"),
        ("client:port", "the client"),
        ("tls_handshake_time", "whether the client's handshake succeeded"),
        ("incoming_tls_alert", "the alert with which the client ended it"),
        ("domain_name", "the server name the client asked for"),
    ],
    shows: &["Clients whose TLS handshake failed."],
    blind: &[
        Blind {
            what: "Requests and their statuses: the load balancer sees connections",
            how: "The access log of the target behind it.",
        },
        Blind {
            what: "Which target a connection went to: the destination is the listener",
            how: "VPC flow logs of the targets: `aws ec2 create-flow-logs`.",
        },
        Blind {
            what: "Connections to targets that were refused, reset or timed out",
            how: "CloudWatch `TCP_Target_Reset_Count`, `TCP_ELB_Reset_Count` and \
                  `PortAllocationErrorCount` of `AWS/NetworkELB`; VPC flow logs of the targets.",
        },
        Blind {
            what: "TCP and UDP listeners: they write no access log",
            how: "VPC flow logs: `aws ec2 create-flow-logs`.",
        },
        Blind {
            what: "Health checks",
            how: "`aws elbv2 describe-target-health --target-group-arn ARN`; CloudWatch \
                  `UnHealthyHostCount` of `AWS/NetworkELB`.",
        },
    ],
    recommended: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \\\n  \
                  --attributes Key=access_logs.s3.enabled,Value=true Key=access_logs.s3.bucket,Value=BUCKET",
};
