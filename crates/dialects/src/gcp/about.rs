//! The pages of the Google Cloud logs.

use crate::{About, Blind};

const EXPORT: &str =
    "A sink's files in Cloud Storage, or `gcloud logging read FILTER --format=json`.";

pub(super) static LB: About = About {
    title: "Google Cloud external and internal Application Load Balancer request log",
    source: "<https://cloud.google.com/load-balancing/docs/https/https-logging-monitoring>",
    from: EXPORT,
    time: "the moment the request was received, with zone; the end is that plus `latency`.",
    fields: &[
        ("httpRequest.status, latency", "status and total"),
        ("httpRequest.serverIp", "the backend instance"),
        ("httpRequest.requestMethod, requestUrl, remoteIp", "method, path, host, client"),
        ("jsonPayload.statusDetails", "what happened, in the classic and global products"),
        ("jsonPayload.proxyStatus", "what happened, in the Envoy-based products (RFC 9209)"),
        ("resource.labels.backend_service_name, backend_name", "the backend"),
        ("resource.labels.forwarding_rule_name, url_map_name", "the hop"),
        ("trace", "the id shared with Cloud Run and the application"),
    ],
    shows: &[
        "Whether the load balancer or the backend wrote a status.",
        "Failures to connect, timers that fired, connections that ended, clients that left.",
    ],
    blind: &[
        Blind {
            what: "Whether a failed connection was refused or timed out",
            how: "`latency` hints; firewall logs: `gcloud compute firewall-rules update RULE \
                  --enable-logging`.",
        },
        Blind {
            what: "Requests beyond the sample rate",
            how: "`gcloud compute backend-services update BACKEND --global --enable-logging \
                  --logging-sample-rate=1.0`.",
        },
        Blind {
            what: "Health checks",
            how: "`gcloud compute health-checks update http CHECK --enable-logging`.",
        },
    ],
    recommended: "gcloud compute backend-services update BACKEND --global \\\n  \
                  --enable-logging --logging-sample-rate=1.0",
};

pub(super) static RUN: About = About {
    title: "Google Cloud Run request log, system log and application output",
    source: "<https://cloud.google.com/run/docs/logging>",
    from: "`gcloud logging read 'resource.type=\"cloud_run_revision\"' --format=json`, or a sink.",
    time: "the moment the request was received; for other entries the moment of writing, with zone.",
    fields: &[
        ("httpRequest.status, latency, requestMethod, requestUrl", "the request"),
        ("textPayload", "the platform's reason for a status of its own; system messages"),
        (
            "resource.labels.service_name, revision_name, labels.instanceId",
            "service, revision, instance",
        ),
        ("trace", "the id shared with the load balancer and the application"),
        ("jsonPayload.message, textPayload of stdout and stderr", "read as the application's log"),
    ],
    shows: &[
        "Whether the platform or the application wrote a status, and the platform's reason.",
        "Starts and stops of instances and why, when a new one is ready, memory limits exceeded, exits, \
         failed probes.",
        "Errors of outward calls that the application printed.",
    ],
    blind: &[
        Blind {
            what: "The instance count and its limit",
            how: "`gcloud run services describe SERVICE --format=json`, metric \
                  `run.googleapis.com/container/instance_count`.",
        },
        Blind {
            what: "What an outward call waited for",
            how: "The NAT's log: `gcloud compute routers nats update NAT --router=ROUTER \
                  --enable-logging --log-filter=ALL`.",
        },
        Blind { what: "Who deployed", how: "The audit log (`gcp-audit`)." },
    ],
    recommended: "gcloud logging read 'resource.type=\"cloud_run_revision\" AND (logName:\"requests\" OR\n  \
                  logName:\"varlog%2Fsystem\" OR logName:\"stderr\")' --freshness=1d --format=json > run.json",
};

pub(super) static NAT: About = About {
    title: "Google Cloud NAT log",
    source: "<https://cloud.google.com/nat/docs/monitoring>",
    from: "`gcloud logging read 'resource.type=\"nat_gateway\"' --format=json`, or a sink.",
    time: "the moment of the allocation or the drop, with zone.",
    fields: &[
        ("jsonPayload.allocation_status", "`OK` or `DROPPED`"),
        ("jsonPayload.connection", "source, destination, protocol; the source port joins retries"),
        (
            "jsonPayload.endpoint.vm_name, gateway_identifiers.gateway_name",
            "who, and through which NAT",
        ),
    ],
    shows: &[
        "Connection attempts that the NAT dropped for want of a port, and to which destination.",
        "Ports given out.",
    ],
    blind: &[
        Blind {
            what: "Everything beyond 50 to 100 entries a second and vCPU: no entry is no proof",
            how: "Metric `router.googleapis.com/nat/dropped_sent_packets_count`.",
        },
        Blind {
            what: "How many ports an instance has",
            how: "`gcloud compute routers nats describe NAT --router=ROUTER --region=REGION`.",
        },
    ],
    recommended: "gcloud compute routers nats update NAT --router=ROUTER --region=REGION \\\n  \
                  --enable-logging --log-filter=ALL",
};

pub(super) static AUDIT: About = About {
    title: "Google Cloud audit log of deploys",
    source: "<https://cloud.google.com/logging/docs/audit>",
    from: "`gcloud logging read 'logName:\"cloudaudit.googleapis.com\" AND \
           protoPayload.serviceName=\"run.googleapis.com\"' --format=json`.",
    time: "the moment of the call, with zone; a long operation has a first and a last entry.",
    fields: &[
        ("protoPayload.methodName, resourceName", "what was called, on which service"),
        ("protoPayload.response.status.latestCreatedRevisionName", "the new revision"),
        ("protoPayload.status", "a call that failed changes nothing"),
        ("operation.first, operation.last", "one deploy, not two"),
    ],
    shows: &["When a new revision was asked for or became ready, and which."],
    blind: &[Blind {
        what: "When traffic really moved",
        how: "The revision in the request log (`gcp-run`).",
    }],
    recommended: "",
};
