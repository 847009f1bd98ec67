//! `wrk`: a mix of requests over HTTP/1.1 by a script, as fast as answers come.

use std::fmt::Write as _;

use model::Protocol;

use super::super::outcome::Outcome;
use super::super::plan::Plan;
use super::super::report::{Latency, Report};
use super::output::{Tally, after, number};
use super::{Client, ClientError, Command, connections, seconds, turn, unfit};

/// What the script does after the requests are declared. `wrk` runs `request` and `response` in a
/// thread's own state and `done` in the main one, which reads numbers out of the first.
const SCRIPT: &str = r#"
local sent = 0
local threads = {}
function setup(thread) table.insert(threads, thread) end
function request()
  local ask = asks[turn[sent % #turn + 1]]
  sent = sent + 1
  local headers = ask.headers
  if ids then headers["x-request-id"] = ids .. "-" .. sent end
  local body = nil
  if ask.bytes > 0 then body = string.rep("x", ask.bytes) end
  return wrk.format(ask.method, ask.path, headers, body)
end
function response(status, headers, body)
  local name = "status" .. status
  _G[name] = (_G[name] or 0) + 1
end
function done(summary, latency, requests)
  for status = 100, 999 do
    local count = 0
    for _, thread in ipairs(threads) do
      count = count + (thread:get("status" .. status) or 0)
    end
    if count > 0 then print("why502 status " .. status .. " " .. count) end
  end
  local errors = summary.errors
  print("why502 connect " .. errors.connect)
  print("why502 read " .. errors.read)
  print("why502 write " .. errors.write)
  print("why502 timeout " .. errors.timeout)
  print("why502 requests " .. summary.requests)
  print("why502 bytes " .. summary.bytes)
  print("why502 duration " .. summary.duration)
  for _, p in ipairs({50, 90, 99, 99.9}) do
    print(string.format("why502 p%s %d", p, latency:percentile(p)))
  end
  print(string.format("why502 min %d", latency.min))
  print(string.format("why502 mean %d", latency.mean))
  print(string.format("why502 max %d", latency.max))
end
"#;

pub(super) fn command(plan: &Plan, command: &mut Command) -> Result<(), ClientError> {
    if plan.protocol == Protocol::Http2 {
        return Err(unfit(Client::Wrk, "it does not speak HTTP/2"));
    }
    if plan.requests.iter().any(super::Ask::chunked) {
        return Err(unfit(Client::Wrk, "it cannot send content in chunks"));
    }
    command.notes.push(
        "wrk holds neither a rate nor a number: it sends the next request when an answer has \
         come, for as long as the plan lasts"
            .to_owned(),
    );
    command.files.push(("load.lua".to_owned(), script(plan).into_bytes()));
    let option = |name: &str, value: String| [name.to_owned(), value];
    let args = &mut command.args;
    args.extend(option("-t", "1".to_owned()));
    args.extend(option("-c", connections(plan).to_string()));
    args.extend(option("-d", format!("{}s", seconds(plan.lasts))));
    args.extend(option("--timeout", format!("{}s", seconds(plan.patience))));
    args.extend(option("-s", "load.lua".to_owned()));
    args.push(format!("http://{}/", plan.target));
    Ok(())
}

fn script(plan: &Plan) -> String {
    let mut script = String::from("asks = {\n");
    for ask in &plan.requests {
        let mut headers = vec![];
        if ask.header("host").is_none() {
            headers.push(("Host", plan.authority.as_str()));
        }
        if !plan.keep_alive && ask.header("connection").is_none() {
            headers.push(("Connection", "close"));
        }
        headers.extend(ask.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let headers: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("[{}] = {}", quoted(name), quoted(value)))
            .collect();
        let _ = writeln!(
            script,
            "  {{ method = {}, path = {}, bytes = {}, headers = {{ {} }} }},",
            quoted(&ask.method),
            quoted(&ask.path),
            ask.body_bytes,
            headers.join(", ")
        );
    }
    let turn: Vec<String> = turn(plan).iter().map(|index| (index + 1).to_string()).collect();
    let ids = plan.request_ids.as_deref().map_or("nil".to_owned(), quoted);
    let _ = write!(script, "}}\nturn = {{ {} }}\nids = {ids}\n{SCRIPT}", turn.join(", "));
    script
}

/// A string of Lua. All of it is printable, or the plan would have been refused, but for bytes
/// above ASCII, which stand for themselves.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\t', "\\t"))
}

pub(super) fn read(stdout: &str, stderr: &str) -> Option<Report> {
    // It tries one connection first and sends nothing if that fails.
    if let Some(said) = after(stderr, "unable to connect to ") {
        let mut tally = Tally::new("wrk");
        tally.ended(
            match said {
                said if said.ends_with("Connection refused") => Outcome::ConnectionRefused,
                said if said.ends_with("timed out") => Outcome::ConnectionTimeout,
                said if said.ends_with("unreachable") || said.ends_with("No route to host") => {
                    Outcome::DestinationIpUnroutable
                }
                _ => Outcome::ConnectFailed,
            },
            1,
        );
        tally.note(&format!("wrk gave up before the first request: unable to connect to {said}"));
        return Some(tally.finish());
    }
    let value =
        |name: &str| after(stdout, &format!("why502 {name} ")).and_then(number::<u64>).unwrap_or(0);
    after(stdout, "why502 requests ")?;
    let mut tally = Tally::new("wrk");
    for line in stdout.lines() {
        if let Some((status, count)) =
            line.strip_prefix("why502 status ").and_then(|rest| rest.split_once(' '))
        {
            tally.answered(status.parse().ok()?, number(count)?);
        }
    }
    tally.ended(Outcome::ConnectFailed, value("connect"));
    tally.ended(Outcome::NoResponse, value("read"));
    tally.ended(Outcome::ConnectionTerminated, value("write"));
    if value("timeout") > 0 {
        tally.ended(Outcome::ResponseHeadTimeout, value("timeout"));
        tally.note("wrk counts a request that waits each time it looks at its timer");
    }
    tally.note("wrk's times are those of all responses together");
    let mut report = tally.finish();
    report.lasted = value("duration");
    report.latency = Latency {
        count: value("requests"),
        min: value("min"),
        mean: value("mean"),
        p50: value("p50"),
        p90: value("p90"),
        p99: value("p99"),
        p999: value("p99.9"),
        max: value("max"),
        histogram: Vec::new(),
    };
    if report.latency.count == 0 {
        report.latency = Latency::default();
    }
    Some(report)
}
