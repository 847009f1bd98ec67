//! Amazon API Gateway execution log: what the gateway did with a request, line by line, as written
//! to CloudWatch Logs, shown by the console's test, or pasted without the request's id.
//!
//! Source: "Set up CloudWatch logging for REST APIs in API Gateway", Amazon API Gateway developer
//! guide. Lines that only accompany the one that names the failure tell of nothing by themselves.

use std::borrow::Cow;

use model::{Author, Event, Failure, HopKind, Mechanism, Request, Role, Side, Timestamp};

use super::api_gateway::{UNNAMED, is_uuid, says};
use crate::about::{About, Blind};
use crate::{Context, Dialect, Marks, Understood, scan};

/// Amazon API Gateway execution log.
pub(crate) struct ApiGatewayExecution;

/// Group of the log, before the id of the API and the stage.
const GROUP: &str = "API-Gateway-Execution-Logs_";

/// How the lines begin that name a failure; no other program writes them.
const FAILED: [&str; 6] = [
    "Execution failed due to configuration error",
    "Execution failed due to a timeout error",
    "Execution failed due to a network error",
    "Execution failed due to an internal error",
    "Lambda execution failed with status",
    "Lambda invocation failed with status:",
];

/// How the other lines begin that are known by themselves.
const KNOWN: [&str; 3] = [
    "Method completed with status: ",
    "Endpoint response body before transformations:",
    "Gateway response type: ",
];

/// How lines begin that are known by the request's id or the console's time before them.
const OTHERS: [&str; 28] = [
    "AWS Integration Endpoint RequestId",
    "API Key",
    "Authorizer",
    "Endpoint request ",
    "Endpoint response ",
    "Execution failed",
    "Execution log for request",
    "Extended Request Id",
    "Gateway response ",
    "HTTP Method: ",
    "Incoming identity",
    "Integration response",
    "Method completed with status",
    "Method request ",
    "Method response ",
    "Received response. ",
    "Request body does not match",
    "Request validated",
    "Sending request to ",
    "Stage",
    "Starting authorizer",
    "Starting execution for request",
    "Successfully completed execution",
    "Unauthorized request",
    "Usage Plan",
    "Using valid authorizer",
    "Verifying Usage Plan",
    "X-ray Tracing ID",
];

static ABOUT: About = About {
    title: "Amazon API Gateway execution log",
    source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
    from: "Log group API-Gateway-Execution-Logs_APIID/STAGE (REST and WebSocket APIs; HTTP APIs have \
           none): `aws logs filter-log-events --log-group-name API-Gateway-Execution-Logs_APIID/STAGE \
           --filter-pattern '\"failed\"' > execution.json`, `aws logs tail`, the console's Test tab, or \
           a pasted line.",
    time: "When the line was written, from CloudWatch Logs around it; the console's test prints its \
           own in UTC. A pasted line has none.",
    fields: &[
        ("(REQUESTID)", "joins the line with the access log's entry"),
        ("Execution failed due to …", "why API Gateway answered itself"),
        (
            "Lambda execution failed, Lambda invocation failed",
            "an error of the function, or why it could not be called",
        ),
        (
            "Received response. Status, Integration latency",
            "what the backend answered, and after how long",
        ),
        ("Gateway response type", "requests that were refused before they reached the integration"),
    ],
    shows: &[
        "That a Lambda function's answer had the wrong shape, that it raised an error, timed out, was throttled or could not be called for want of permission.",
        "That the integration took longer than API Gateway waits (29 s by default), or that the endpoint could not be reached, with the network's or TLS's own words where API Gateway prints them.",
        "That the API's own mapping or endpoint setting cannot work.",
        "That the backend itself answered with a status of 500 or more.",
    ],
    blind: &[
        Blind {
            what: "How many requests there were: at level ERROR only failing ones are logged",
            how: "the access log: `aws apigateway update-stage --rest-api-id ID --stage-name STAGE --patch-operations op=replace,path=/accessLogSettings/destinationArn,value=ARN`",
        },
        Blind {
            what: "Path, client and status of the request on the line that names the failure",
            how: "the access log's entry with the same `$context.requestId`",
        },
        Blind {
            what: "What went wrong inside the function",
            how: "its log group /aws/lambda/NAME, at the Lambda request id that the line ends with",
        },
        Blind {
            what: "HTTP APIs, which have no execution log",
            how: "`$context.integrationErrorMessage` in the access log's format",
        },
    ],
    recommended: "aws apigateway update-stage --rest-api-id ID --stage-name STAGE --patch-operations \
                  op=replace,path=/*/*/logging/loglevel,value=INFO",
};

impl Dialect for ApiGatewayExecution {
    fn name(&self) -> &'static str {
        "aws-api-gateway-execution"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&FAILED, &KNOWN, &OTHERS])
    }

    fn sniff(&self, record: &str) -> bool {
        Line::read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(line) = Line::read(record) else { return Understood::No };
        if let Some(request) = request(&line, context) {
            out.push(request.into());
        }
        Understood::Yes
    }
}

/// A line of the log, its id and its time taken off.
struct Line<'a> {
    id: Option<&'a str>,
    time: Option<Timestamp>,
    text: &'a str,
}

impl<'a> Line<'a> {
    fn read(record: &'a str) -> Option<Line<'a>> {
        let record = record.trim_ascii();
        let begins = |text: &str, with: &[&str]| with.iter().any(|words| text.starts_with(words));
        let tagged = record.strip_prefix('(').and_then(|rest| rest.split_once(") "));
        if let Some((id, text)) = tagged
            && is_uuid(id)
        {
            let text = text.trim_ascii_start();
            let known = begins(text, &FAILED) || begins(text, &OTHERS);
            return known.then_some(Line { id: Some(id), time: None, text });
        }
        if let Some((stamp, text)) = record.split_once(" : ")
            && let Some(time) = console_time(stamp)
        {
            let known = begins(text, &FAILED) || begins(text, &OTHERS);
            return known.then_some(Line { id: None, time: Some(time), text });
        }
        let known = begins(record, &FAILED) || begins(record, &KNOWN);
        known.then_some(Line { id: None, time: None, text: record })
    }
}

/// `Wed Nov 02 10:19:35 UTC 2022`.
fn console_time(stamp: &str) -> Option<Timestamp> {
    let mut words = stamp.split(' ');
    let (_weekday, month, day) = (words.next()?, words.next()?, words.next()?);
    let (clock, zone, year) = (words.next()?, words.next()?, words.next()?);
    if words.next().is_some() || stamp.len() != 28 {
        return None;
    }
    let date = scan::digits(year.as_bytes())?;
    let month = scan::month(month.as_bytes())?;
    let day = scan::digits(day.as_bytes())?;
    let mut parts = clock.split(':').map(|part| scan::digits(part.as_bytes()));
    let clock = (parts.next()??, parts.next()??, parts.next()??);
    let date = (i32::try_from(date).ok()?, month, day);
    Timestamp::from_civil(date, clock, 0, scan::offset(zone.as_bytes())?)
}

fn request<'a>(line: &Line<'a>, context: &Context) -> Option<Request<'a>> {
    let received = received(line.text);
    let failure = match received {
        Some((500.., _)) => Failure::of(Mechanism::StatusFromUpstream),
        Some(_) => return None,
        None => stated(line.text)?,
    };
    let mut request = Request::new(hop(context), HopKind::Edge, Role::Explanation);
    request.end = line.time.or(context.prefix_time);
    request.failure = Some(failure);
    request.author = Author::ThisHop;
    if let Some((status, wait)) = received {
        request.author = Author::Behind;
        request.upstream_status = Some(status);
        request.timers.wait = wait;
    }
    request.id = line.id.or_else(|| lambda_id(line.text)).map(Cow::from);
    request.token = Some(Cow::from(said(line.text)));
    Some(request)
}

fn stated(text: &str) -> Option<Failure> {
    if let Some(rest) = text.strip_prefix("Gateway response type: ") {
        // The others stand beside a line that says more.
        return says::response_type(scan::word(rest).0).filter(|failure| {
            failure.side == Side::Client || failure.mechanism == Mechanism::Throttled
        });
    }
    if !FAILED.iter().any(|words| text.starts_with(words)) {
        return None;
    }
    let first = text.lines().next().unwrap_or(text);
    says::message(text).or_else(|| {
        Some(match first {
            line if line.starts_with("Lambda execution") => Failure::of(Mechanism::FunctionError),
            line if line.starts_with("Lambda invocation") => {
                Failure { side: Side::Upstream, ..Failure::of(Mechanism::Unspecified) }
            }
            _ => says::misconfigured(),
        })
    })
}

/// `Received response. Status: 502, Integration latency: 45 ms`.
fn received(text: &str) -> Option<(u16, Option<model::Micros>)> {
    let rest = text.strip_prefix("Received response. Status: ")?;
    let (status, rest) = rest.split_at_checked(3)?;
    let wait = rest
        .split_once("Integration latency: ")
        .and_then(|(_, wait)| scan::millis(scan::word(wait.trim_ascii()).0));
    Some((scan::status(status.as_bytes())?, wait))
}

/// `Lambda request id: UUID` at the end of a line about a function.
fn lambda_id(text: &str) -> Option<&str> {
    let (_, id) = text.split_once("Lambda request id: ")?;
    id.get(..36).filter(|id| is_uuid(id))
}

/// The API and stage of the log group.
fn hop(context: &Context) -> String {
    let named = [context.around("logGroup"), context.hop.as_deref()];
    let name = named.into_iter().flatten().next().unwrap_or(UNNAMED);
    name.strip_prefix(GROUP).unwrap_or(name).to_owned()
}

/// The line without what varies: the function's own words and the ids at the end.
fn said(text: &str) -> String {
    const OWN: &str = "customer function error";
    let line = text.lines().next().unwrap_or(text);
    let line = line.split(" Lambda request id: ").next().unwrap_or(line);
    let line = line.find(OWN).map_or(line, |at| &line[..at + OWN.len()]);
    line.chars().take(120).collect()
}
