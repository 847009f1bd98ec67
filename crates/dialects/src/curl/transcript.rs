//! One request as its client saw it: curl's last word, its verbose transcript, a response's head and
//! body. A record is one such line, or several of one transcript.
//!
//! Source: <https://curl.se/docs/manpage.html> (`--verbose`: `>` is sent, `<` received, `*` said by
//! curl) and <https://everything.curl.dev/usingcurl/verbose/>.

use std::borrow::Cow;

use memchr::memmem;
use model::{Author, Event, Failure, HopKind, Mechanism, Micros, Phase, ProxyError, Request, Role};

use super::about;
use super::body::Stated;
use super::line::{self, Line, Server};
use super::reason::Reason;
use crate::aws::api_gateway::ApiGateway;
use crate::aws::cloudfront::page::ErrorPage;
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// What a client saw.
pub(crate) struct Curl;

impl Dialect for Curl {
    fn name(&self) -> &'static str {
        "curl"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        line::MARKS
    }

    fn sniff(&self, record: &str) -> bool {
        gather(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(seen) = gather(record) else { return Understood::No };
        // CloudFront's page says more than its status, and has a reader of its own.
        if let Some(page) = page(record)
            && ErrorPage.parse(page, context, out) == Understood::Yes
        {
            return Understood::Yes;
        }
        // So does an answer of API Gateway.
        let last = record.lines().next_back().unwrap_or("");
        if record.len() > last.len()
            && ApiGateway.sniff(last)
            && ApiGateway.parse(last, context, out) == Understood::Yes
        {
            return Understood::Yes;
        }
        out.extend(super::certificate::problem(record).map(Event::Occurrence));
        out.extend(seen.into_request(context).map(Event::from));
        Understood::Yes
    }
}

/// The page in HTML that CloudFront answered with, if the transcript holds one.
fn page(record: &str) -> Option<&str> {
    memmem::find(record.as_bytes(), b"loudfront")?;
    ["\n<!DOCTYPE ", "\n<HTML>", "\n<html>"]
        .iter()
        .filter_map(|start| record.find(start))
        .min()
        .and_then(|at| record.get(at + 1..))
}

/// Lines of a record that are looked at: a transcript with its certificates has fewer.
const LINES: usize = 2_000;

/// What the lines of a record state together.
#[derive(Default)]
struct Seen<'a> {
    status: Option<u16>,
    server: Option<Server>,
    stated: Option<Stated>,
    remark: Option<Reason<'a>>,
    last: Option<Reason<'a>>,
    request: Option<(&'a str, &'a str)>,
    host: Option<&'a str>,
    id: Option<&'a str>,
    real: Option<Micros>,
}

/// Reads all lines; `None` if the first is of no transcript.
fn gather(record: &str) -> Option<Seen<'_>> {
    let mut seen = Seen::default();
    let mut lines = record.lines().filter(|line| !line.trim().is_empty()).take(LINES);
    seen.take(line::read(lines.next()?)?);
    for line in lines {
        if let Some(line) = line::read(line).or_else(|| line::bare_field(line)) {
            seen.take(line);
        }
    }
    Some(seen)
}

impl<'a> Seen<'a> {
    fn take(&mut self, line: Line<'a>) {
        match line {
            // Of several responses (100 Continue, redirects) the last is the answer.
            Line::Status(status) => {
                self.status = Some(status);
                self.server = None;
            }
            Line::Request(method, target) => self.request = Some((method, target)),
            Line::Field { name, value, response: true } => {
                if name.eq_ignore_ascii_case("server") {
                    self.server = line::server(value);
                } else if name.eq_ignore_ascii_case("x-request-id") {
                    self.id = scan::present(value);
                }
            }
            Line::Field { name, value, response: false } => {
                if name.eq_ignore_ascii_case("host") {
                    self.host = scan::present(scan::without_port(value));
                }
            }
            Line::Failed { reason, last: true } => self.last = reason.or(self.last),
            // The first remark is nearest to the cause; what follows draws conclusions.
            Line::Failed { reason, last: false } => self.remark = self.remark.or(reason),
            Line::Body(stated) => {
                let says_more = self.stated.as_ref().is_none_or(|old| old.failure.is_none());
                if says_more {
                    self.stated = Some(stated);
                }
            }
            Line::Real(real) => self.real = Some(real),
            Line::Other => {}
        }
    }

    fn into_request(self, context: &Context) -> Option<Request<'a>> {
        let answered = self.status.filter(|status| *status >= 200);
        let mut request = match self.reason() {
            Some(reason) if reason.status.is_none() => self.broken_off(reason, answered),
            reason => {
                let status = answered.or(reason.and_then(|reason| reason.status));
                self.answer(status)?
            }
        };
        request.end = context.prefix_time;
        if request.timers.total.is_none() {
            request.timers.total = self.real;
        }
        if let Some((method, target)) = self.request {
            request.method = Some(Cow::Borrowed(method));
            request.path = Some(Cow::Borrowed(target));
        }
        request.host = request.host.or(self.host.map(Cow::Borrowed));
        request.id = self.id.map(Cow::Borrowed);
        Some(request)
    }

    /// curl's last word, unless a remark before it says more.
    fn reason(&self) -> Option<Reason<'a>> {
        match (self.last, self.remark) {
            (Some(last), Some(remark)) if last.mechanism == Mechanism::ConnectFailed => {
                Some(remark)
            }
            (last, remark) => last.or(remark),
        }
    }

    /// A request that got no whole answer: the client tells of its own connection.
    fn broken_off(&self, reason: Reason<'a>, answered: Option<u16>) -> Request<'a> {
        let mut request = Request::new("curl", HopKind::Application, Role::Explanation);
        let begun = answered.is_some();
        let mechanism = match reason.mechanism {
            Mechanism::ResetBeforeResponse
            | Mechanism::ClosedBeforeResponse
            | Mechanism::EndedBeforeResponse
                if begun =>
            {
                Mechanism::ResponseTruncated
            }
            other => other,
        };
        let mut failure = Failure::of(mechanism);
        match mechanism {
            // curl's timer runs from the start of the transfer: which phase it caught is not said.
            Mechanism::ResponseTimeout => failure.phase = None,
            Mechanism::RequestDeadline => failure.phase = Some(Phase::ResponseBody),
            Mechanism::NameLookupFailed if reason.waited.is_none() => {
                failure.error = Some(ProxyError::DnsError);
            }
            Mechanism::ConnectTimeout => request.timers.connect = reason.waited,
            _ => {}
        }
        request.failure = Some(failure);
        request.timers.total = reason.waited;
        request.target = reason.peer.map(|(host, port)| match host.contains(':') {
            true => Cow::Owned(format!("[{host}]:{port}")),
            false => Cow::Owned(format!("{host}:{port}")),
        });
        request.target = request.target.or(reason.name.map(Cow::Borrowed));
        request
    }

    /// An answer with an error status: what the gateway says of itself.
    fn answer(&self, status: Option<u16>) -> Option<Request<'a>> {
        let stated = self.stated.as_ref();
        let status = status.or(stated.map(|stated| stated.status)).filter(|s| *s >= 500)?;
        // A page fits the answer only if it tells of the same status.
        let stated = stated.filter(|stated| stated.status == status);
        let server = self.server.or(stated.and_then(|stated| stated.server));
        let server = server.unwrap_or(Server { name: "gateway", kind: HopKind::Edge });
        let mut request = Request::new(server.name, server.kind, Role::Explanation);
        request.status = Some(status);
        let failure = stated.and_then(|stated| stated.failure);
        if failure.is_some() {
            request.author = Author::ThisHop;
        }
        request.failure = Some(failure.unwrap_or(Failure::of(Mechanism::Unspecified)));
        request.token = stated.and_then(|stated| stated.words.clone()).map(Cow::Owned);
        Some(request)
    }
}
