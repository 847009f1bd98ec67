//! The shipping quotes: an API Gateway with a Lambda function behind it, their access log,
//! execution log and function log.

use serde_json::{Value, json};

use super::super::File;
use super::{END, SEED, START, WRONG_SHAPE, at, json, text, within};
use crate::clock::Time;
use crate::generate::world::client_address;
use crate::random::Random;

const API: &str = "q7w3e9r1t5";
/// The function's log was exported around the incident alone.
const EXPORTED: (i64, i64) = (at(14, 15, 0), at(14, 47, 0));

/// Collects what the three logs say.
#[derive(Default)]
struct Logs {
    access: Vec<(Time, String)>,
    execution: Vec<(Time, String)>,
    function: Vec<(Time, String)>,
}

/// The three files.
pub(super) fn files() -> Vec<File> {
    let mut random = Random::part(SEED, "quote");
    let mut logs = Logs::default();
    let mut time = START;
    loop {
        time = time.plus((random.exponential(4.2) * 1e6) as i64 + 1);
        if time >= END {
            break;
        }
        quote(time, &mut logs, &mut random);
    }
    logs.access.sort_by_key(|(at, _)| *at);
    let access: String = logs.access.into_iter().map(|(_, line)| line + "\n").collect();
    let group = format!("API-Gateway-Execution-Logs_{API}/prod");
    vec![
        text("quote-access.jsonl.gz", access),
        json("quote-execution.json", &exported(logs.execution, &group, &mut random)),
        json("quote-function.json", &exported(logs.function, "2026/11/17/[$LATEST]", &mut random)),
    ]
}

fn id(random: &mut Random) -> String {
    let (a, b) = (random.next(), random.next());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        (b >> 48) & 0xfff,
        b & 0xffff_ffff_ffff
    )
}

fn quote(time: Time, logs: &mut Logs, random: &mut Random) {
    let wrong = within(time, WRONG_SHAPE);
    let (request, invocation) = (id(random), id(random));
    let took = random.service_time(38_000).min(2_900_000);
    let latency = took / 1_000 + random.between(6, 19);
    let end = time.plus(latency as i64 * 1_000);
    let status = if wrong { "502" } else { "200" };
    let line = json!({
        "requestId": request,
        "ip": client_address(random),
        "requestTime": clf(time),
        "requestTimeEpoch": (time.0 / 1_000).to_string(),
        "httpMethod": "POST",
        "resourcePath": "/quotes",
        "path": "/prod/quotes",
        "status": status,
        "protocol": "HTTP/1.1",
        "responseLength": if wrong { "36" } else { "214" },
        "domainName": "api.shop.example.com",
        "apiId": API,
        "stage": "prod",
        "responseLatency": latency.to_string(),
        "integrationLatency": (latency - 4).to_string(),
        "integrationStatus": "200",
        "integrationErrorMessage": "-",
        "errorMessage": if wrong { "Internal server error" } else { "-" },
    });
    logs.access.push((end, line.to_string()));
    if wrong {
        for said in [
            "Endpoint response body before transformations: {\"quote\":{\"currency\":\"EUR\",\"cents\":490}}",
            "Execution failed due to configuration error: Malformed Lambda proxy response",
            "Method completed with status: 502",
        ] {
            logs.execution.push((end, format!("({request}) {said}")));
        }
    }
    if within(time, EXPORTED) {
        let (spent, billed) = (took as f64 / 1e3, took.div_ceil(1_000));
        let used = random.between(71, 79);
        for said in [
            format!("START RequestId: {invocation} Version: $LATEST\n"),
            format!("END RequestId: {invocation}\n"),
            format!(
                "REPORT RequestId: {invocation}\tDuration: {spent:.2} ms\tBilled Duration: \
                 {billed} ms\tMemory Size: 256 MB\tMax Memory Used: {used} MB\t\n"
            ),
        ] {
            logs.function.push((time.plus(took as i64), said));
        }
    }
}

/// `17/Nov/2026:12:30:00 +0000`.
fn clf(time: Time) -> String {
    let mut out = Vec::new();
    time.push_common_log(&mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// What `aws logs filter-log-events` prints.
fn exported(mut said: Vec<(Time, String)>, stream: &str, random: &mut Random) -> Value {
    said.sort_by_key(|(at, _)| *at);
    let events: Vec<Value> = said
        .into_iter()
        .map(|(at, message)| {
            json!({
                "logStreamName": stream,
                "timestamp": at.0 / 1_000,
                "message": message,
                "ingestionTime": at.0 / 1_000 + random.between(300, 2_000) as i64,
                "eventId": format!("38{:054}", random.next()),
            })
        })
        .collect();
    json!({ "events": events, "searchedLogStreams": [] })
}

/// When the function's new code and the old code again came, for the record of changes.
pub(super) const UPLOADS: [i64; 2] = [WRONG_SHAPE.0 - 8, WRONG_SHAPE.1 - 4];

#[cfg(test)]
mod tests {
    use super::super::moment;
    use super::*;

    #[test]
    fn uploads_lie_in_the_afternoon() {
        assert!(UPLOADS.iter().all(|&at| moment(at) > START && moment(at) < END));
    }
}
