//! What CloudWatch metrics show and what they do not.

use crate::{About, Blind};

/// The page of the dialect.
pub(super) const ABOUT: About = About {
    title: "Amazon CloudWatch metrics",
    source: "Amazon CloudWatch API reference, “GetMetricData” and “GetMetricStatistics” \
             (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/)",
    from: "`aws cloudwatch get-metric-data` or `get-metric-statistics`, as JSON; a metric stream \
           with the output format JSON.",
    time: "The beginning of the interval (60 seconds or the period asked for) that a value sums \
           up, with zone, or in seconds or milliseconds since 1970.",
    fields: &[
        ("Label", "names the metric: its own name has to stand in it"),
        ("Timestamps, Values", "when, and how much"),
        ("Datapoints[].Timestamp, Sum, Average, Maximum, Minimum", "the same, one by one"),
        ("namespace, metric_name, dimensions, timestamp, value", "the same in a metric stream"),
    ],
    shows: &[
        "Connections for which a NAT gateway had no port: ErrorPortAllocation.",
        "Idle connections that a NAT gateway gave up, and resets that a Network Load Balancer sent by \
         itself: IdleTimeoutCount, TCP_ELB_Reset_Count.",
        "Groups without a healthy target, and targets that are unhealthy: HealthyHostCount, \
         UnHealthyHostCount.",
        "Load balancers at a limit: RejectedConnectionCount, SpilloverCount, SurgeQueueLength of \
         1024, PortAllocationErrorCount.",
        "Functions throttled or in error, and tables throttled: Throttles, Errors, LambdaUserError, \
         ThrottledRequests.",
        "Processors and memories at 95 % and more: CPUUtilization, MemoryUtilization and others.",
    ],
    blind: &[
        Blind {
            what: "Which requests, targets and connections it was",
            how: "the access log of the load balancer; the VPC flow log.",
        },
        Blind {
            what: "How near a metric without a known limit is to it: DatabaseConnections, \
                   ConcurrentExecutions",
            how: "`SHOW max_connections` in the database; `aws lambda get-account-settings`.",
        },
        Blind {
            what: "Which statistic the values of get-metric-data are, and a metric that the label \
                   does not name",
            how: "keep the label: `\"Label\": \"shop-api HealthyHostCount\"`; ask for Sum of counts, \
                  Average of percentages, Minimum of HealthyHostCount.",
        },
        Blind {
            what: "What lasted less than the period",
            how: "a period of 60 seconds, and the logs.",
        },
    ],
    recommended: "aws cloudwatch get-metric-data --start-time 2026-11-19T13:00:00Z \
                  --end-time 2026-11-19T14:00:00Z --metric-data-queries '[{\"Id\":\"m1\",\
                  \"Label\":\"shop-api HealthyHostCount\",\"MetricStat\":{\"Period\":60,\"Stat\":\
                  \"Minimum\",\"Metric\":{\"Namespace\":\"AWS/ApplicationELB\",\"MetricName\":\
                  \"HealthyHostCount\",\"Dimensions\":[{\"Name\":\"TargetGroup\",\"Value\":\
                  \"targetgroup/shop-api/ID\"},{\"Name\":\"LoadBalancer\",\"Value\":\
                  \"app/shop/ID\"}]}}}]' --output json",
};
