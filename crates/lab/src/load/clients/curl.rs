//! `curl`: the very requests of the plan in their order, one after the other, at a rate as long as
//! answers come faster. Exit codes are those of libcurl's `curl.h`.

use std::fmt::Write as _;

use model::Protocol;

use super::super::outcome::Outcome;
use super::super::plan::Plan;
use super::super::report::Report;
use super::super::schedule::Mix;
use super::output::{Tally, micros, number};
use super::{Command, content, mean_rate};

/// One line for each transfer.
const LINE: &str = "why502 %{http_code} %{exitcode} %{num_connects} %{time_pretransfer} \
                    %{time_starttransfer} %{time_total} %{size_download} %{errormsg}\\n";

pub(super) fn command(plan: &Plan, command: &mut Command) {
    command.notes.push(
        "curl sends one request after the other: it holds the mean rate only while answers come \
         faster than that"
            .to_owned(),
    );
    let args = &mut command.args;
    // -q has to come first: no curlrc of whoever runs this.
    args.extend(["-q", "-sS", "--globoff", "--path-as-is", "--noproxy", "*"].map(str::to_owned));
    let per_hour = (mean_rate(plan) * 3600.0).ceil().clamp(1.0, 3_600_000.0);
    args.extend(["--rate".to_owned(), format!("{per_hour}/h")]);
    args.extend(["--config".to_owned(), "requests".to_owned()]);
    let kinds: Vec<String> = (0..plan.requests.len()).map(|index| section(plan, index)).collect();
    let mut mix = Mix::new(&plan.requests);
    let mut config = String::new();
    for number in 1..=plan.scheduled() {
        if number > 1 {
            config.push_str("next\n");
        }
        config.push_str(&kinds[mix.next()]);
        if let Some(run) = &plan.request_ids {
            let _ = writeln!(config, "header = \"x-request-id: {run}-{number}\"");
        }
    }
    command.files.push(("requests".to_owned(), config.into_bytes()));
    for (index, ask) in plan.requests.iter().enumerate() {
        if ask.body_bytes > 0 {
            command.files.push((format!("content-{index}"), content(ask)));
        }
    }
}

/// A request in the grammar of curl's configuration files.
fn section(plan: &Plan, index: usize) -> String {
    let ask = &plan.requests[index];
    let mut text = String::new();
    let mut option = |name: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "{name} = \"{value}\"");
    };
    option("url", &format!("http://{}{}", plan.authority, ask.path));
    option("connect-to", &format!("::{}", plan.target));
    option("output", "/dev/null");
    option("max-time", &plan.patience.as_secs_f64().to_string());
    for (name, value) in &ask.headers {
        // In curl's grammar a name with `;` is one without a value.
        let line = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        option("header", &line);
    }
    if !plan.keep_alive && ask.header("connection").is_none() {
        option("header", "Connection: close");
    }
    if ask.body_bytes > 0 {
        option("data-binary", &format!("@content-{index}"));
        if ask.header("content-type").is_none() {
            option("header", "Content-Type:");
        }
    }
    match (ask.method.as_str(), ask.body_bytes) {
        ("HEAD", 0) => text.push_str("head\n"),
        ("GET", 0) | ("POST", 1..) => {}
        (method, _) => {
            let _ = writeln!(text, "request = \"{method}\"");
        }
    }
    // `\n` belongs to the format and is the only backslash in it.
    let _ = writeln!(text, "write-out = \"{LINE}\"");
    text.push_str(match plan.protocol {
        Protocol::Http1 => "http1.1\n",
        Protocol::Http2 => "http2-prior-knowledge\n",
    });
    text
}

pub(super) fn read(stdout: &str) -> Option<Report> {
    let mut tally = Tally::new("curl");
    let (mut connections, mut lasted) = (0, 0);
    for line in stdout.lines() {
        let Some(transfer) = line.strip_prefix("why502 ").and_then(Transfer::read) else {
            continue;
        };
        let outcome = transfer.outcome();
        if transfer.exit == 0 {
            tally.answered(transfer.status, 1);
            tally.report.body_bytes += transfer.bytes;
        } else {
            tally.ended(outcome, 1);
        }
        if transfer.connects == 0 && transfer.prepared {
            *tally.report.on_reused.entry(outcome).or_default() += 1;
        }
        tally.took(outcome, transfer.took);
        connections += transfer.connects;
        lasted += transfer.took;
    }
    if tally.report.sent == 0 {
        return None;
    }
    tally.note("curl sends again by itself what fails on a connection it had used before");
    tally.report.connections = Some(connections);
    tally.report.lasted = lasted;
    Some(tally.finish())
}

/// One line of `LINE`.
struct Transfer<'a> {
    status: u16,
    exit: u8,
    connects: u64,
    /// It had a connection to send on.
    prepared: bool,
    begun: bool,
    took: u64,
    bytes: u64,
    message: &'a str,
}

impl<'a> Transfer<'a> {
    fn read(line: &'a str) -> Option<Transfer<'a>> {
        let mut words = line.splitn(8, ' ');
        let (status, exit) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let connects = words.next()?.parse().ok()?;
        let mut time = || Some(micros(number(words.next()?)?, 1e6));
        let (pretransfer, starttransfer, took) = (time()?, time()?, time()?);
        Some(Transfer {
            status,
            exit,
            connects,
            prepared: pretransfer > 0,
            begun: starttransfer > 0 && status != 0,
            took,
            bytes: number(words.next()?)?,
            message: words.next().unwrap_or_default(),
        })
    }

    fn outcome(&self) -> Outcome {
        let says = |words: &str| self.message.contains(words);
        match self.exit {
            0 => Outcome::of_status(self.status),
            7 if says("No route") || says("unreachable") => Outcome::DestinationIpUnroutable,
            7 if says("timed out") => Outcome::ConnectionTimeout,
            // Newer versions say no more than "Couldn't connect to server".
            7 if says("refused") => Outcome::ConnectionRefused,
            7 => Outcome::ConnectFailed,
            28 if !self.prepared => Outcome::ConnectionTimeout,
            28 if self.begun => Outcome::ResponseBodyTimeout,
            28 => Outcome::ResponseHeadTimeout,
            52 => Outcome::ClosedBeforeFirstByte,
            18 => Outcome::ClosedAfterFirstByte,
            55 | 56 if says("reset") || says("Broken pipe") => Outcome::reset(self.begun),
            56 if says("chunk") || says("encoding") => Outcome::HttpResponseTransferCoding,
            55 | 56 => Outcome::ConnectionTerminated,
            92 if says("REFUSED_STREAM") => Outcome::Http2StreamRefused,
            92 => Outcome::Http2StreamReset,
            1 | 8 | 16 => Outcome::HttpProtocolError,
            _ => Outcome::NoResponse,
        }
    }
}
