//! The metrics that tell of a failure by themselves, with what "Google Cloud metrics" says of them.

use model::OccurrenceKind as K;

use crate::json::Json;
use crate::metric::{FULL, Reading};

/// A metric that is read.
pub(super) struct Known {
    /// The metric's type without its service.
    pub(super) short: &'static str,
    service: &'static str,
    pub(super) reading: Reading,
    /// Whose it is, where no label names it.
    pub(super) whose: &'static str,
    /// A label that has to have one of these values.
    only: Option<(&'static str, &'static [&'static str])>,
}

const fn known(
    service: &'static str,
    short: &'static str,
    reading: Reading,
    whose: &'static str,
) -> Known {
    Known { short, service, reading, whose, only: None }
}

/// A share from 0 to 1.
const FULL_SHARE: Reading = Reading::UsedUp(FULL / 100.0);

/// `ENDPOINT_INDEPENDENCE_CONFLICT` is no want of ports: "Cloud NAT, Logs and metrics".
const WANT_OF_PORTS: Option<(&str, &[&str])> = Some(("reason", &["OUT_OF_RESOURCES"]));

static METRICS: &[Known] = &[
    Known {
        only: WANT_OF_PORTS,
        ..known(
            "router.googleapis.com",
            "nat/dropped_sent_packets_count",
            Reading::Counts(K::NatDrop),
            "NAT gateway",
        )
    },
    Known {
        only: WANT_OF_PORTS,
        ..known(
            "compute.googleapis.com",
            "nat/dropped_sent_packets_count",
            Reading::Counts(K::NatDrop),
            "VM",
        )
    },
    known(
        "router.googleapis.com",
        "nat/nat_allocation_failed",
        Reading::UsedUp(1.0),
        "NAT gateway",
    ),
    known("run.googleapis.com", "container/cpu/utilizations", FULL_SHARE, "service"),
    known("run.googleapis.com", "container/memory/utilizations", FULL_SHARE, "service"),
    known("compute.googleapis.com", "instance/cpu/utilization", FULL_SHARE, "VM"),
    Known {
        only: Some(("state", &["used"])),
        ..known("agent.googleapis.com", "memory/percent_used", Reading::UsedUp(FULL), "VM")
    },
    known("kubernetes.io", "container/cpu/limit_utilization", FULL_SHARE, "container"),
    Known {
        only: Some(("memory_type", &["non-evictable"])),
        ..known("kubernetes.io", "container/memory/limit_utilization", FULL_SHARE, "container")
    },
    known("kubernetes.io", "node/cpu/allocatable_utilization", FULL_SHARE, "node"),
    known("cloudsql.googleapis.com", "database/cpu/utilization", FULL_SHARE, "database"),
    known("cloudsql.googleapis.com", "database/memory/utilization", FULL_SHARE, "database"),
    known("cloudsql.googleapis.com", "database/disk/utilization", FULL_SHARE, "database"),
    known("redis.googleapis.com", "stats/memory/usage_ratio", FULL_SHARE, "Redis"),
    Known {
        only: Some(("status", &["error", "crash"])),
        ..known(
            "cloudfunctions.googleapis.com",
            "function/execution_count",
            Reading::Counts(K::FunctionError),
            "function",
        )
    },
    known(
        "serviceruntime.googleapis.com",
        "quota/exceeded",
        Reading::Above(K::Throttle),
        "project",
    ),
];

/// The labels that name whose a metric is, the narrowest first.
pub(super) const LABELS: &[&str] = &[
    "container_name",
    "service_name",
    "function_name",
    "database_id",
    "instance_name",
    "instance_id",
    "gateway_name",
    "nat_gateway_name",
    "node_name",
    "quota_metric",
];

impl Known {
    /// The metric of a type and its labels. Where aggregation has taken away the label that
    /// decides, nothing can be told.
    pub(super) fn of(name: &str, labels: Option<&Json<'_>>) -> Option<&'static Known> {
        let (service, short) = name.split_once('/')?;
        let metric = METRICS.iter().find(|m| m.service == service && m.short == short)?;
        let fits = metric.only.is_none_or(|(label, values)| {
            labels.and_then(|labels| labels.word(label)).is_some_and(|v| values.contains(&&*v))
        });
        fits.then_some(metric)
    }
}
