//! Cloud Monitoring metrics: the values that tell of a failure by themselves.
//!
//! One element of `timeSeries` (`projects.timeSeries.list`, `gcloud monitoring time-series list`).
//! Sources: Cloud Monitoring API reference, `TimeSeries`; "Google Cloud metrics"; Cloud NAT, "Logs
//! and metrics".

mod known;

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, Timestamp};

use crate::json::Json;
use crate::metric::{self, Reading};
use crate::{About, Blind, Context, Dialect, Marks, Understood, scan};
use known::Known;

/// Cloud Monitoring metrics.
pub(crate) struct CloudMonitoring;

impl Dialect for CloudMonitoring {
    fn name(&self) -> &'static str {
        "gcp-metrics"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"points\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record), out)
    }
}

fn read(record: &str) -> Option<Vec<Occurrence<'static>>> {
    memmem::find(record.as_bytes(), b"\"points\"")?;
    let root = Json::object(record)?;
    let name = root.path(&["metric", "type"])?.text()?;
    let Json::Array(points) = root.get("points")? else { return None };
    root.path(&["resource", "type"])?;
    let Some(known) = Known::of(name, root.path(&["metric", "labels"])) else {
        return Some(Vec::new());
    };
    // A running total says nothing by itself.
    let total = root.get("metricKind").and_then(Json::text).is_some_and(|k| k == "CUMULATIVE");
    if total && matches!(known.reading, Reading::Counts(_)) {
        return Some(Vec::new());
    }
    let subject = known::LABELS.iter().find_map(|label| {
        let of = |part| root.path(&[part, "labels"]).and_then(|labels| labels.word(label));
        of("resource").or_else(|| of("metric"))
    });
    let subject = subject.map_or(Cow::Borrowed(known.whose), |s| Cow::Owned(s.into_owned()));
    let said = points.iter().filter_map(|point| {
        let value = value(point.get("value")?)?;
        metric::occurrence(known.short, known.reading, value, time(point), subject.clone())
    });
    Some(said.collect())
}

/// The beginning of a point's interval; gauges may have an end alone.
fn time(point: &Json<'_>) -> Option<Timestamp> {
    let interval = point.get("interval")?;
    let text = interval.word("startTime").or_else(|| interval.word("endTime"))?;
    scan::iso(text.as_bytes(), 0)
}

/// A value as one number: of a distribution, its mean.
fn value(value: &Json<'_>) -> Option<f64> {
    let number = |value: &Json<'_>| match value {
        Json::Float(n) => Some(*n),
        Json::Bool(flag) => Some(f64::from(u8::from(*flag))),
        other => other.integer().map(|n| n as f64),
    };
    let plain = ["int64Value", "doubleValue", "boolValue"].iter().find_map(|key| value.get(key));
    match plain {
        Some(plain) => number(plain),
        None => number(value.path(&["distributionValue", "mean"])?),
    }
}

const ABOUT: About = About {
    title: "Google Cloud Monitoring metrics",
    source: "Cloud Monitoring API reference, “TimeSeries” \
             (https://docs.cloud.google.com/monitoring/api/ref_v3/rest/v3/TimeSeries); “Google Cloud \
             metrics”",
    from: "`gcloud monitoring time-series list --filter='metric.type=…' --interval-start-time=… \
           --format=json`, or `projects.timeSeries.list` of the API.",
    time: "`interval.startTime`: the beginning of the interval (60 seconds mostly) that a value sums \
           up, UTC; `endTime` where it is alone.",
    fields: &[
        ("metric.type, metric.labels", "which metric; why packets were dropped"),
        ("resource.labels", "whose it is"),
        ("points[].interval, points[].value", "when, and how much; of distributions the mean"),
    ],
    shows: &[
        "Packets that Cloud NAT dropped for want of a port, and addresses it could not allocate: \
         nat/dropped_sent_packets_count, nat/nat_allocation_failed.",
        "Processors, memories and disks at 95 % and more, of Cloud Run, Compute Engine, GKE, Cloud \
         SQL and Memorystore.",
        "Functions in error and quotas exceeded.",
    ],
    blind: &[
        Blind {
            what: "Which connections were dropped, and to where",
            how: "Cloud NAT's log: `gcloud compute routers nats update NAT --router=ROUTER \
                  --enable-logging --log-filter=ERRORS_ONLY`.",
        },
        Blind {
            what: "How near nat/port_usage is to nat/allocated_ports, instance_count to the maximum, \
                   connections to theirs: each is a series of its own",
            how: "compare them in Metrics Explorer; `gcloud run services describe` for the maximum.",
        },
        Blind { what: "What lasted less than the interval", how: "the logs of the service." },
    ],
    recommended: "gcloud monitoring time-series list \
                  --filter='metric.type=\"router.googleapis.com/nat/dropped_sent_packets_count\"' \
                  --interval-start-time=2026-11-19T13:00:00Z \
                  --interval-end-time=2026-11-19T14:00:00Z --format=json",
};
