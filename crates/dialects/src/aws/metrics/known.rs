//! The metrics that tell of a failure by themselves, with what their documentation says of them.

use std::borrow::Cow;

use model::OccurrenceKind as K;

use crate::metric::{FULL, Reading};

/// A metric that is read.
#[derive(Debug)]
pub(super) struct Known {
    /// Namespaces that have it.
    namespaces: &'static [&'static str],
    pub(super) name: &'static str,
    pub(super) reading: Reading,
    /// Whose it is, where nothing names it.
    pub(super) whose: &'static str,
    /// The name is a common word: a label has to be nothing but it.
    common: bool,
}

const fn known(
    namespaces: &'static [&'static str],
    name: &'static str,
    reading: Reading,
    whose: &'static str,
) -> Known {
    Known { namespaces, name, reading, whose, common: false }
}

const BALANCERS: &[&str] = &["AWS/ApplicationELB", "AWS/NetworkELB", "AWS/GatewayELB", "AWS/ELB"];

/// Sources: the pages "CloudWatch metrics for …" of the services' guides.
static METRICS: &[Known] = &[
    // Connections for which the gateway had no source port left.
    known(&["AWS/NATGateway"], "ErrorPortAllocation", Reading::Counts(K::NatDrop), "NAT gateway"),
    // Connections that were not closed and saw nothing for 350 s; what comes later is reset.
    known(&["AWS/NATGateway"], "IdleTimeoutCount", Reading::Counts(K::FlowDrop), "NAT gateway"),
    // Resets that the load balancer itself sent: to flows it no longer knows, above all.
    known(
        &["AWS/NetworkELB"],
        "TCP_ELB_Reset_Count",
        Reading::Counts(K::FlowDrop),
        "load balancer",
    ),
    known(BALANCERS, "HealthyHostCount", Reading::Nothing(K::NoServerLeft), "target group"),
    known(BALANCERS, "UnHealthyHostCount", Reading::Above(K::HealthDown), "target group"),
    // Connections refused because the load balancer had reached its maximum.
    known(
        &["AWS/ApplicationELB"],
        "RejectedConnectionCount",
        Reading::Counts(K::ResourceSaturated),
        "load balancer",
    ),
    known(
        &["AWS/ApplicationELB"],
        "LambdaUserError",
        Reading::Counts(K::FunctionError),
        "target group",
    ),
    // Requests refused because the surge queue was full; it holds 1024.
    known(&["AWS/ELB"], "SpilloverCount", Reading::Counts(K::ResourceSaturated), "load balancer"),
    known(&["AWS/ELB"], "SurgeQueueLength", Reading::UsedUp(1024.0), "load balancer"),
    // Connections for which the load balancer had no port towards the target left.
    known(
        &["AWS/NetworkELB", "AWS/GatewayELB"],
        "PortAllocationErrorCount",
        Reading::Counts(K::ResourceSaturated),
        "load balancer",
    ),
    Known {
        namespaces: &["AWS/Lambda"],
        name: "Throttles",
        reading: Reading::Counts(K::Throttle),
        whose: "function",
        common: true,
    },
    Known {
        namespaces: &["AWS/Lambda"],
        name: "Errors",
        reading: Reading::Counts(K::FunctionError),
        whose: "function",
        common: true,
    },
    known(&["AWS/DynamoDB"], "ThrottledRequests", Reading::Counts(K::Throttle), "table"),
    known(&["AWS/DynamoDB"], "ReadThrottleEvents", Reading::Counts(K::Throttle), "table"),
    known(&["AWS/DynamoDB"], "WriteThrottleEvents", Reading::Counts(K::Throttle), "table"),
    known(
        &["AWS/EC2", "AWS/ECS", "AWS/RDS", "AWS/ElastiCache", "AWS/DocDB"],
        "CPUUtilization",
        Reading::UsedUp(FULL),
        "instance or service",
    ),
    known(&["AWS/ECS"], "MemoryUtilization", Reading::UsedUp(FULL), "service"),
    known(&["CWAgent"], "mem_used_percent", Reading::UsedUp(FULL), "instance"),
    known(&["AWS/ElastiCache"], "EngineCPUUtilization", Reading::UsedUp(FULL), "cache"),
    known(&["AWS/ElastiCache"], "DatabaseMemoryUsagePercentage", Reading::UsedUp(FULL), "cache"),
    known(&["AWS/EFS"], "PercentIOLimit", Reading::UsedUp(FULL), "file system"),
    // Credits of the volume: with none left it falls back to its base rate.
    known(&["AWS/EBS", "AWS/RDS"], "BurstBalance", Reading::Gone(0.0), "volume"),
    known(&["AWS/EC2"], "StatusCheckFailed", Reading::Above(K::CheckFailed), "instance"),
];

/// The dimensions that name whose a metric is, the narrowest first.
pub(super) const DIMENSIONS: &[&str] = &[
    "TargetGroup",
    "LoadBalancer",
    "LoadBalancerName",
    "NatGatewayId",
    "FunctionName",
    "TableName",
    "ServiceName",
    "DBInstanceIdentifier",
    "DBClusterIdentifier",
    "CacheClusterId",
    "InstanceId",
    "AutoScalingGroupName",
    "FileSystemId",
    "VolumeId",
    "ClusterName",
];

impl Known {
    /// The metric of a namespace.
    pub(super) fn named(namespace: &str, name: &str) -> Option<&'static Known> {
        METRICS.iter().find(|m| m.name == name && m.namespaces.contains(&namespace))
    }

    /// The metric whose name a label is or contains as a word, and what else the label says.
    pub(super) fn labelled(label: &str) -> Option<(&'static Known, Cow<'static, str>)> {
        let label = label.trim();
        let found = METRICS.iter().find_map(|metric| {
            let rest = without(label, metric.name)?;
            (rest.is_empty() || !metric.common).then_some((metric, rest))
        });
        let (metric, rest) = found?;
        let subject = if rest.is_empty() { Cow::Borrowed(metric.whose) } else { Cow::Owned(rest) };
        Some((metric, subject))
    }
}

/// The label without the name, if the name stands in it as a word.
fn without(label: &str, name: &str) -> Option<String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    label.match_indices(name).find_map(|(at, _)| {
        let (before, after) = (label.get(..at)?, label.get(at + name.len()..)?);
        let alone = !before.ends_with(part) && !after.starts_with(part);
        let edge: &[char] = &[' ', ':', '-', '/', '(', ')', '|', ',', '.', '='];
        alone.then(|| {
            let words = [before.trim_matches(edge), after.trim_matches(edge)];
            let rest: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
            super::super::names::cut(&rest.join(" "), 100)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_by_their_labels() {
        let of = |label| Known::labelled(label).map(|(m, subject)| (m.name, subject.into_owned()));
        let some = |name, subject: &str| Some((name, subject.to_owned()));
        assert_eq!(of("HealthyHostCount"), some("HealthyHostCount", "target group"));
        assert_eq!(of("UnHealthyHostCount"), some("UnHealthyHostCount", "target group"));
        assert_eq!(of("shop-api HealthyHostCount"), some("HealthyHostCount", "shop-api"));
        assert_eq!(of("NAT: ErrorPortAllocation (a)"), some("ErrorPortAllocation", "NAT a"));
        assert_eq!(of("Errors"), some("Errors", "function"));
        assert_eq!(of("4xx Errors"), None);
        assert_eq!(of("MyCPUUtilization"), None);
        assert_eq!(of("requests"), None);
        assert_eq!(of(""), None);
    }
}
