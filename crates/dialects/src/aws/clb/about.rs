//! The page of the Classic Load Balancer's access log.

use crate::{About, Blind};

pub(super) static PAGE: About = About {
    title: "AWS Classic Load Balancer access log",
    source: "<https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html>",
    from: "`s3://BUCKET/PREFIX/AWSLogs/ACCOUNT/elasticloadbalancing/REGION/YYYY/MM/DD/*.log`, not \
           compressed, every 5 or 60 minutes; the time in the name is the end of the interval.",
    time: "the moment the request was received (not, as with the Application Load Balancer, when the \
           response was made), UTC, microseconds.",
    fields: &[
        ("time", "the start of the request"),
        ("elb", "the hop"),
        ("client:port", "the client's address"),
        ("backend:port", "the instance"),
        (
            "request_processing_time, backend_processing_time, response_processing_time",
            "the duration of a request that did not fail, and how long the instance took",
        ),
        ("elb_status_code, backend_status_code", "the status and who wrote it"),
        ("\"request\"", "method, path, host"),
    ],
    shows: &[
        "Whether the load balancer or the instance wrote a status.",
        "That an instance's answer could not be read (502), that none could be had (503), that none \
         came (504).",
        "Requests that clients did not finish in time (408).",
    ],
    blind: &[
        Blind {
            what: "How long a failing request took: the times are -1, and the only stamp is its \
                   arrival",
            how: "CloudWatch `Latency` of `AWS/ELB` per load balancer; the instance's own log.",
        },
        Blind {
            what: "Whether a 504 is a slow instance or one that closed a kept-alive connection",
            how: "The instance's own log: the slow request is in it, the other is not. An Application \
                  Load Balancer answers the second with a 502.",
        },
        Blind {
            what: "Whether a 503 is a group without healthy instances or a full surge queue",
            how: "CloudWatch `HealthyHostCount`, `SurgeQueueLength` and `SpilloverCount` of \
                  `AWS/ELB`.",
        },
        Blind {
            what: "What happens inside the connections of TCP and SSL listeners: they have no status",
            how: "The instance's own log, or an HTTP or HTTPS listener.",
        },
    ],
    recommended: "aws elb modify-load-balancer-attributes --load-balancer-name NAME \\\n  \
                  --load-balancer-attributes \
                  'AccessLog={Enabled=true,S3BucketName=BUCKET,EmitInterval=5}'",
};
