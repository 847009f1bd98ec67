//! nghttp2's `h2load`: one kind of request at a rate per connection, over HTTP/1.1 or HTTP/2.

use model::Protocol;

use super::super::outcome::Outcome;
use super::super::plan::Plan;
use super::super::report::Report;
use super::output::{Tally, after, micros, number};
use super::{Command, connections, content, heaviest, mean_rate, seconds};

pub(super) fn command(plan: &Plan, command: &mut Command) {
    let ask = heaviest(plan, command);
    // Over HTTP/2 all requests share a connection, as they do from a browser.
    let clients = match plan.protocol {
        Protocol::Http1 => connections(plan),
        Protocol::Http2 => 1,
    };
    command.notes.push(
        "h2load holds the mean rate as long as its connections have room for one more request"
            .to_owned(),
    );
    if !plan.keep_alive {
        command.notes.push("h2load uses its connections again".to_owned());
    }
    if plan.request_ids.is_some() {
        command.notes.push("h2load cannot give each request an id".to_owned());
    }
    let method = if ask.body_bytes > 0 { "POST" } else { "GET" };
    if ask.method != method {
        command.notes.push(format!("h2load sends {method}, not {}", ask.method));
    }
    let args = &mut command.args;
    if plan.protocol == Protocol::Http1 {
        args.push("--h1".to_owned());
    }
    let mut option = |name: &str, value: String| args.push(format!("{name}={value}"));
    option("--requests", plan.scheduled().to_string());
    option("--clients", clients.to_string());
    option("--threads", "1".to_owned());
    #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
    let rate = mean_rate(plan) / clients as f64;
    option("--rps", format!("{rate:.3}"));
    if plan.protocol == Protocol::Http2 {
        option("--max-concurrent-streams", "100".to_owned());
    }
    option("--connection-inactivity-timeout", format!("{}s", seconds(plan.patience)));
    option("--connect-to", plan.target.to_string());
    // Each request on a line of its own; the summary follows.
    option("--log-file", "/dev/stdout".to_owned());
    for (name, value) in &ask.headers {
        option("--header", format!("{name}: {value}"));
    }
    if ask.body_bytes > 0 {
        option("--data", "content".to_owned());
        command.files.push(("content".to_owned(), content(ask)));
    }
    let authority = ask.header("host").unwrap_or(&plan.authority);
    args.push(format!("http://{authority}{}", ask.path));
}

pub(super) fn read(stdout: &str) -> Option<Report> {
    let requests = after(stdout, "requests:")?;
    // "requests: 12 total, 6 started, 4 done, 2 succeeded, 10 failed, 8 errored, 0 timeout"
    let count = |name: &str| {
        let mut parts = requests.split(", ");
        parts.find_map(|part| part.strip_suffix(name)?.trim().parse::<u64>().ok())
    };
    let total = count(" total")?;
    let mut tally = Tally::new("h2load");
    let mut first = None;
    for line in stdout.lines() {
        // Start in microseconds since 1970, status or -1, microseconds until the end.
        let mut words = line.split('\t');
        let (Some(Ok(started)), Some(status), Some(Ok(took)), None) = (
            words.next().map(str::parse::<i64>),
            words.next(),
            words.next().map(str::parse::<u64>),
            words.next(),
        ) else {
            continue;
        };
        first = Some(first.map_or(started, |first: i64| first.min(started)));
        let outcome = if let Ok(status) = status.parse::<u16>() {
            tally.answered(status, 1);
            Outcome::of_status(status)
        } else {
            tally.ended(Outcome::NoResponse, 1);
            Outcome::NoResponse
        };
        tally.took(outcome, took);
    }
    if first.is_none() {
        for (class, status) in [(" 2xx", 200), (" 3xx", 300), (" 4xx", 400), (" 5xx", 500)] {
            let counts = after(stdout, "status codes:").unwrap_or_default();
            let mut parts = counts.split(", ");
            let count = parts.find_map(|part| part.strip_suffix(class)?.trim().parse().ok());
            tally.answered(status, count.unwrap_or(0));
        }
        if tally.report.sent > 0 {
            tally.note("h2load gave classes of statuses only: 200 stands for 2xx and so on");
        }
    }
    let missing = total.saturating_sub(tally.report.sent);
    let timeouts = count(" timeout").unwrap_or(0).min(missing);
    tally.ended(Outcome::ResponseHeadTimeout, timeouts);
    tally.ended(Outcome::NoResponse, missing - timeouts);
    tally.report.started = first.unwrap_or_default();
    tally.report.lasted = duration(after(stdout, "finished in ").unwrap_or_default());
    Some(tally.finish())
}

/// Microseconds from a time as h2load prints it: `501us`, `403.40ms`, `1.20s`.
fn duration(text: &str) -> u64 {
    let time = text.split(',').next().unwrap_or_default();
    let value = number(time).unwrap_or_default();
    micros(
        value,
        if time.ends_with("us") {
            1.0
        } else if time.ends_with("ms") {
            1e3
        } else {
            1e6
        },
    )
}
