//! Apache httpd's `ab`: one kind of request over HTTP/1.0, as fast as answers come. Its messages
//! are those of version 2.3 (support/ab.c in httpd 2.4).

use model::Protocol;

use super::super::outcome::Outcome;
use super::super::plan::Plan;
use super::super::report::{Latency, Report};
use super::output::{Tally, after, micros, number};
use super::{Client, ClientError, Command, connections, content, heaviest, seconds, unfit};

pub(super) fn command(plan: &Plan, command: &mut Command) -> Result<(), ClientError> {
    if plan.protocol == Protocol::Http2 {
        return Err(unfit(Client::Ab, "it does not speak HTTP/2"));
    }
    let ask = heaviest(plan, command);
    if ask.chunked() {
        return Err(unfit(Client::Ab, "it cannot send content in chunks"));
    }
    command.notes.push(
        "ab does not hold a rate: it sends the next request when an answer has come".to_owned(),
    );
    let args = &mut command.args;
    // Level 2 prints the status of each response; without -r the first reset ends the run, without
    // -l a page of another length is a failure.
    args.extend(["-q", "-l", "-r", "-v", "2"].map(str::to_owned));
    let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
    option("-n", plan.scheduled().to_string());
    option("-c", connections(plan).to_string());
    option("-s", seconds(plan.patience).to_string());
    if ask.header("host").is_none() {
        option("-H", format!("Host: {}", plan.authority));
    }
    for (name, value) in &ask.headers {
        match name.to_ascii_lowercase().as_str() {
            "content-type" if ask.body_bytes > 0 => option("-T", value.clone()),
            // It writes this one itself.
            "content-length" => {}
            _ => option("-H", format!("{name}: {value}")),
        }
    }
    let usual = if ask.body_bytes > 0 {
        option("-p", "content".to_owned());
        command.files.push(("content".to_owned(), content(ask)));
        "POST"
    } else {
        "GET"
    };
    if ask.method == "HEAD" {
        args.push("-i".to_owned());
    } else if ask.method != usual {
        args.extend(["-m".to_owned(), ask.method.clone()]);
    }
    if plan.keep_alive {
        args.push("-k".to_owned());
    }
    if plan.request_ids.is_some() {
        command.notes.push("ab cannot give each request an id".to_owned());
    }
    args.push(format!("http://{}{}", plan.target, ask.path));
    Ok(())
}

pub(super) fn read(stdout: &str, stderr: &str) -> Option<Report> {
    let mut tally = Tally::new("ab");
    let mut lines = stdout.lines();
    let mut heads = 0;
    while let Some(line) = lines.next() {
        if line == "LOG: header received:"
            && let Some(status) = lines.next().and_then(status)
        {
            tally.answered(status, 1);
            heads += 1;
        }
    }
    let mut told = 0;
    // The errors go to stderr; a caller that joins both has them in the same text.
    for line in stderr.lines().chain(stdout.lines()) {
        if let Some(outcome) = error(line) {
            tally.ended(outcome, 1);
            told += 1;
        }
    }
    let Some(complete) = after(stdout, "Complete requests:").and_then(number::<u64>) else {
        if heads + told == 0 {
            return None;
        }
        let last = stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        tally.note(&format!("ab gave up before the end: {}", last.trim()));
        return Some(tally.finish());
    };
    let requests = complete.max(heads + told);
    // Where it prints the request it was started with -v 2, and every response has its head.
    if !stdout.contains(" header == ") {
        // Else there is only a sum, which does not tell 404 from 502.
        let odd = after(stdout, "Non-2xx responses:").and_then(number::<u64>).unwrap_or(0);
        tally.answered(200, requests.saturating_sub(odd));
        tally.ended(Outcome::NoResponse, odd);
        tally.note("ab was not asked for statuses: those other than 2xx count as no response");
    } else {
        tally.ended(Outcome::NoResponse, requests - heads - told);
    }
    tally.note(
        "ab takes a response that ends early for complete, and its times are whole milliseconds \
         for all requests together",
    );
    let mut report = tally.finish();
    let taken = after(stdout, "Time taken for tests:").and_then(number::<f64>);
    report.lasted = micros(taken.unwrap_or_default(), 1e6);
    report.body_bytes = after(stdout, "HTML transferred:").and_then(number).unwrap_or_default();
    let reused = after(stdout, "Keep-Alive requests:").and_then(number::<u64>);
    report.connections = reused.is_none().then_some(report.sent);
    report.latency = latency(stdout, requests);
    Some(report)
}

/// The status in a status line.
fn status(line: &str) -> Option<u16> {
    number(line.strip_prefix("HTTP/")?.split(' ').nth(1)?)
}

/// What a message about a socket says: `apr_socket_recv: Connection refused (111)`.
fn error(line: &str) -> Option<Outcome> {
    // It follows what was printed without a line end: "Benchmarking … (be patient)...apr_…".
    let message = &line[line.find("apr_")?..];
    let (call, rest) = message.split_once(": ")?;
    let errno: i32 = number(rest.rsplit_once('(')?.1)?;
    // APR's own number for the end of a timer.
    if errno == 70007 {
        return Some(Outcome::ResponseHeadTimeout);
    }
    let error = std::io::Error::from_raw_os_error(errno);
    // Its first read tells how connecting went, so the number is clear whatever the call was.
    match Outcome::of_connect(&error) {
        Outcome::ConnectFailed if call.contains("connect") => Some(Outcome::ConnectFailed),
        Outcome::ConnectFailed => Some(Outcome::of_broken(&error, false)),
        outcome => Some(outcome),
    }
}

fn latency(stdout: &str, count: u64) -> Latency {
    let at = |label| micros(after(stdout, label).and_then(number::<f64>).unwrap_or_default(), 1e3);
    let total = after(stdout, "Total:").unwrap_or_default();
    let mut total = total.split_whitespace().map(|word| number::<f64>(word).unwrap_or_default());
    let (min, mean) = (total.next().unwrap_or_default(), total.next().unwrap_or_default());
    Latency {
        count,
        min: micros(min, 1e3),
        mean: micros(mean, 1e3),
        p50: at("50%"),
        p90: at("90%"),
        p99: at("99%"),
        // It prints none between these two.
        p999: at("100%"),
        max: at("100%"),
        histogram: Vec::new(),
    }
}
