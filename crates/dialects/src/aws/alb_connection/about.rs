//! The page of the Application Load Balancer's connection log.

use crate::{About, Blind};

pub(super) static PAGE: About = About {
    title: "AWS Application Load Balancer connection log",
    source: "<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-connection-logs.html>",
    from: "`s3://BUCKET/PREFIX/AWSLogs/ACCOUNT/elasticloadbalancing/REGION/YYYY/MM/DD/conn_log.*.log.gz`, \
           a file per node and five minutes; or CloudWatch Logs and Firehose, also as JSON.",
    time: "the moment the connection was established or failed, UTC, microseconds.",
    fields: &[
        ("timestamp", "when"),
        ("client_ip", "the client"),
        ("tls_verify_status", "whether the connection was refused, and why"),
        ("tls_protocol, tls_handshake_latency", "a handshake that was begun and did not succeed"),
        ("conn_trace_id", "the connection's id"),
        ("elb", "the hop, in records delivered as JSON"),
    ],
    shows: &[
        "Clients whose TLS handshake failed or whose certificate was refused: they get no status, and \
         the access log has nothing of them.",
    ],
    blind: &[
        Blind {
            what: "Which load balancer it was: lines do not name it",
            how: "The name of the file has it; records delivered as JSON name it in `elb`.",
        },
        Blind {
            what: "Why an `UnmappedConnectionError` came about",
            how: "The client's own message; `openssl s_client -connect HOST:443 -servername HOST` and \
                  the listener's security policy.",
        },
        Blind {
            what: "What happens behind the load balancer",
            how: "The access log and the health check log: attributes `access_logs.s3.enabled` and \
                  `health_check_logs.s3.enabled`.",
        },
    ],
    recommended: "aws elbv2 modify-load-balancer-attributes --load-balancer-arn ARN \\\n  \
                  --attributes Key=connection_logs.s3.enabled,Value=true \
                  Key=connection_logs.s3.bucket,Value=BUCKET",
};
