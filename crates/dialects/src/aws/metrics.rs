//! CloudWatch metrics: the values that tell of a failure by themselves.
//!
//! One element of `MetricDataResults` (`aws cloudwatch get-metric-data`), one of `Datapoints`
//! (`get-metric-statistics`, whose metric only the document around it names), or one record of a
//! metric stream in JSON. Sources: Amazon CloudWatch API reference, `MetricDataResult` and
//! `Datapoint`; Amazon CloudWatch user guide, "Metric streams JSON output format".

mod about;
mod known;

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Occurrence, Timestamp};

use super::names::short;
use crate::json::Json;
use crate::metric::{self, Reading};
use crate::{About, Context, Dialect, Marks, Understood, scan};
use known::Known;

/// CloudWatch metrics.
pub(crate) struct CloudWatchMetrics;

impl Dialect for CloudWatchMetrics {
    fn name(&self) -> &'static str {
        "aws-metrics"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::in_objects(&[&["\"Timestamps\"", "\"Timestamp\"", "\"metric_stream_name\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        crate::tell(read(record, context), out)
    }
}

fn read(record: &str, context: &Context) -> Option<Vec<Occurrence<'static>>> {
    let bytes = record.as_bytes();
    let words: [&[u8]; 3] = [b"\"Timestamps\"", b"\"Timestamp\"", b"\"metric_stream_name\""];
    words.iter().find(|word| memmem::find(bytes, word).is_some())?;
    let root = Json::object(record)?;
    results(&root).or_else(|| datapoint(&root, context)).or_else(|| streamed(&root))
}

/// An element of `MetricDataResults`. Its label is the metric's name unless the user chose another.
fn results(root: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    let label = root.get("Label")?.text()?;
    let (Json::Array(times), Json::Array(values)) = (root.get("Timestamps")?, root.get("Values")?)
    else {
        return None;
    };
    let Some((known, subject)) = Known::labelled(label) else { return Some(Vec::new()) };
    let said = times.iter().zip(values).filter_map(|(at, value)| {
        metric::occurrence(known.name, known.reading, number(value)?, time(at), subject.clone())
    });
    Some(said.collect())
}

/// An element of `Datapoints`.
fn datapoint(root: &Json<'_>, context: &Context) -> Option<Vec<Occurrence<'static>>> {
    const STATISTICS: [&str; 5] = ["Sum", "Average", "Maximum", "Minimum", "SampleCount"];
    let at = time(root.get("Timestamp")?)?;
    let Json::Object(members) = root else { return None };
    let ours = |key: &str| {
        STATISTICS.contains(&key) || matches!(key, "Timestamp" | "Unit" | "ExtendedStatistics")
    };
    let has = |key: &str| members.iter().any(|(k, _)| k == key);
    let stated = has("ExtendedStatistics") || STATISTICS.iter().any(|key| has(key));
    if !stated || !members.iter().all(|(key, _)| ours(key)) {
        return None;
    }
    let label = context.around("Label");
    let Some((known, subject)) = label.and_then(Known::labelled) else { return Some(Vec::new()) };
    let value = statistic(known.reading, |name| root.get(name).and_then(number));
    let said = value
        .and_then(|value| metric::occurrence(known.name, known.reading, value, Some(at), subject));
    Some(said.into_iter().collect())
}

/// A record of a metric stream.
fn streamed(root: &Json<'_>) -> Option<Vec<Occurrence<'static>>> {
    root.get("metric_stream_name")?;
    let (namespace, name) = (root.get("namespace")?.text()?, root.get("metric_name")?.text()?);
    let value = root.get("value")?;
    let Some(known) = Known::named(namespace, name) else { return Some(Vec::new()) };
    let dimensions = root.get("dimensions")?;
    let subject = known::DIMENSIONS.iter().find_map(|key| dimensions.word(key));
    let subject = subject.map_or(Cow::Borrowed(known.whose), |id| Cow::Owned(group(&id)));
    let part = |key| value.get(key).and_then(number);
    let value = statistic(known.reading, |name| match name {
        "Sum" => part("sum"),
        "Average" => Some(part("sum")? / part("count").filter(|count| *count > 0.0)?),
        "Maximum" => part("max"),
        "Minimum" => part("min"),
        _ => None,
    });
    let at = root.get("timestamp").and_then(time);
    let said =
        value.and_then(|value| metric::occurrence(known.name, known.reading, value, at, subject));
    Some(said.into_iter().collect())
}

/// The statistic that fits the reading best among those that are there.
fn statistic(reading: Reading, of: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let order = match reading {
        Reading::Counts(_) => ["Sum", "Maximum", "Average"],
        Reading::Above(_) => ["Maximum", "Average", "Sum"],
        Reading::Nothing(_) => ["Minimum", "Average", "Maximum"],
        Reading::UsedUp(_) => ["Average", "Maximum", "Minimum"],
        Reading::Gone(_) => ["Average", "Minimum", "Maximum"],
    };
    order.into_iter().find_map(of)
}

/// The name of a target group or load balancer in a dimension: `targetgroup/shop-api/0a1b`.
fn group(dimension: &str) -> String {
    match dimension.strip_prefix("targetgroup/") {
        Some(rest) => rest.split('/').next().unwrap_or(rest).to_owned(),
        None => short(dimension).to_owned(),
    }
}

fn number(value: &Json<'_>) -> Option<f64> {
    match value {
        Json::Int(n) => Some(*n as f64),
        Json::Float(n) => Some(*n),
        _ => None,
    }
}

/// ISO text with its zone, seconds since 1970 with or without a fraction, or milliseconds.
fn time(value: &Json<'_>) -> Option<Timestamp> {
    if let Json::Text(text) = value {
        return scan::iso(text.as_bytes(), 0);
    }
    let seconds = match number(value)? {
        n if (1e11..1e14).contains(&n) => n / 1e3,
        n if (0.0..1e11).contains(&n) => n,
        _ => return None,
    };
    Some(Timestamp((seconds * 1e3).round() as i64 * 1_000))
}
