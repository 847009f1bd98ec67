//! CloudWatch: what `aws cloudwatch get-metric-data` printed for the dashboards of that afternoon,
//! a value a minute.

use serde_json::{Value, json};

use super::super::File;
use super::{CLOSED, END, EXPORT, SEED, START, aws_time, json, moment};
use crate::clock::SECOND;
use crate::random::Random;

/// The file.
pub(super) fn file() -> File {
    let mut random = Random::part(SEED, "metrics");
    let during = |minute: i64, span: (i64, i64)| minute + 60 > span.0 && minute < span.1;
    let web = series("cpu_web", "shop-web CPUUtilization", |minute| {
        let busy = during(minute, (EXPORT.0 + 60, EXPORT.1));
        if busy { 98.6 + random.unit() * 1.4 } else { 31.0 + random.unit() * 9.0 }
    });
    let database = series("cpu_db", "shop-db CPUUtilization", |minute| {
        let busy = during(minute, (EXPORT.0 + 60, EXPORT.1));
        (if busy { 61.0 } else { 18.0 }) + random.unit() * 6.0
    });
    let unhealthy = series("unhealthy", "checkout UnHealthyHostCount", |minute| {
        f64::from(u8::from(during(minute, (CLOSED.0 + 70, CLOSED.1 + 50)))) * 2.0
    });
    let throttles = series("throttles", "quote Throttles", |_| 0.0);
    json(
        "metrics.json",
        &json!({
            "MetricDataResults": [web, database, unhealthy, throttles],
            "Messages": [],
        }),
    )
}

fn series(id: &str, label: &str, mut value: impl FnMut(i64) -> f64) -> Value {
    let minutes = (START.0 / SECOND..END.0 / SECOND).step_by(60);
    let (mut times, mut values) = (Vec::new(), Vec::new());
    for minute in minutes {
        times.push(aws_time(moment(minute)).replace(".000000", ""));
        values.push((value(minute) * 100.0).round() / 100.0);
    }
    json!({
        "Id": id,
        "Label": label,
        "Timestamps": times,
        "Values": values,
        "StatusCode": "Complete",
    })
}
