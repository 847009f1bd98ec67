//! Amazon API Gateway access logs of REST, HTTP and WebSocket APIs, in whatever template the user
//! wrote, and the answers API Gateway makes itself.
//!
//! The time is that of the request's arrival (`$context.requestTime`). Source: "Set up logging for
//! REST APIs" and "Configure logging for HTTP APIs", Amazon API Gateway developer guide.

mod about;
mod body;
mod fields;
pub(super) mod says;
mod templates;

use std::borrow::Cow;

use model::{
    Author, Event, Failure, HopKind, Mechanism, Micros, Request, Role, Side, Tally, Timestamp,
};

use crate::about::About;
use crate::{Context, Dialect, Marks, Quick, SLOW, Understood, scan};
use fields::{Fields, Slot};
pub(super) use templates::is_uuid;

/// Name of the hop where an entry names no API.
pub(super) const UNNAMED: &str = "API Gateway";

/// Longest entry that is looked at; templates may have 3 KB, and values their own length.
const LONGEST: usize = 64 << 10;

/// Amazon API Gateway access log.
pub(crate) struct ApiGateway;

impl Dialect for ApiGateway {
    fn name(&self) -> &'static str {
        "aws-api-gateway"
    }

    fn about(&self) -> &'static About {
        &about::ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["<request ", "\"message\"", "equest", "EQUEST"], scan::DATE_MONTHS])
    }

    fn sniff(&self, record: &str) -> bool {
        entry(record).is_some() || body::read(record, &Context::default()).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &'a Context) -> Quick<'a> {
        glance(line, context).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let event = match entry(record) {
            Some(fields) => Event::from(request(&fields, context)),
            None => match body::read(record, context) {
                Some(event) => event,
                None => return Understood::No,
            },
        };
        out.push(event);
        Understood::Yes
    }
}

/// The fields of an access log entry, if it is one.
fn entry(record: &str) -> Option<Fields<'_>> {
    if record.len() > LONGEST {
        return None;
    }
    let record = record.trim_ascii();
    if !record.starts_with('{') {
        return templates::read(record);
    }
    // An object that is whole is what it says; only a broken one is pieced together.
    let fields = Fields::plain(record)
        .or_else(|| Fields::json(record))
        .or_else(|| Fields::broken(record))?;
    fields.are_plausible().then_some(fields)
}

fn glance<'a>(line: &'a [u8], context: &'a Context) -> Option<Tally<'a>> {
    if line.first() != Some(&b'{') || line.len() > LONGEST {
        return None;
    }
    let fields = Fields::plain(std::str::from_utf8(line).ok()?)?;
    let status = status(&fields, Slot::Status)?;
    let elapsed = span(&fields, Slot::Latency);
    let healthy = (100..500).contains(&status)
        && fields.are_plausible()
        && failure(&fields, status).is_none()
        && elapsed.is_none_or(|elapsed| elapsed < SLOW);
    let at = match (start(&fields), elapsed) {
        (Some(start), Some(elapsed)) => start + elapsed,
        (Some(start), None) => start,
        (None, _) => context.prefix_time?,
    };
    let hop = match fields.get(Slot::Domain).or_else(|| fields.get(Slot::ApiId)) {
        Some(Cow::Borrowed(name)) => name.as_bytes(),
        Some(Cow::Owned(_)) => return None,
        None => context.around("logGroup").unwrap_or(UNNAMED).as_bytes(),
    };
    healthy.then_some(Tally { at, hop, kind: HopKind::Edge, status, target: b"", elapsed })
}

fn request<'a>(fields: &Fields<'a>, context: &Context) -> Request<'a> {
    let get = |slot| fields.get(slot).cloned();
    let hop = get(Slot::Domain)
        .or_else(|| get(Slot::ApiId))
        .or_else(|| context.around("logGroup").map(|name| Cow::Owned(name.to_owned())))
        .unwrap_or(Cow::Borrowed(UNNAMED));
    let mut request = Request::new(hop, HopKind::Edge, Role::Access);
    request.start = start(fields);
    request.timers.total = span(fields, Slot::Latency);
    request.timers.wait = span(fields, Slot::IntegrationLatency);
    if request.start.is_none() {
        request.end = context.prefix_time;
    }
    request.complete_times();
    request.status = status(fields, Slot::Status);
    request.upstream_status = answered(fields);
    request.host = get(Slot::Domain);
    request.client = get(Slot::Client);
    let (method, path) = route(fields);
    request.method = get(Slot::Method).or(method);
    request.path = get(Slot::Path).or_else(|| get(Slot::ResourcePath)).or(path).map(path_only);
    let status = request.status.unwrap_or(0);
    request.failure = failure(fields, status);
    request.author = author(fields, status);
    // What an entry does not explain, the function's log may: it knows this id alone.
    let behind = request.failure.is_some_and(|failure| {
        matches!(failure.mechanism, Mechanism::Unspecified | Mechanism::StatusFromUpstream)
    });
    request.id = get(Slot::EndpointRequestId)
        .filter(|_| behind)
        .or_else(|| get(Slot::RequestId))
        .or_else(|| get(Slot::ExtendedRequestId));
    if request.failure.is_some() {
        let said = [Slot::ErrorType, Slot::IntegrationError, Slot::ErrorMessage];
        request.token = said.iter().find_map(|slot| get(*slot)).map(short);
    }
    request
}

/// The message is the client's answer and may quote anything; its beginning is enough.
fn short(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.char_indices().nth(120) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => text,
    }
}

fn path_only(path: Cow<'_, str>) -> Cow<'_, str> {
    match path {
        Cow::Borrowed(path) => Cow::Borrowed(scan::without_query(path)),
        Cow::Owned(path) => Cow::Owned(scan::without_query(&path).to_owned()),
    }
}

/// Method and path of a route key `GET /pets/{id}`; `$default` has neither.
fn route<'a>(fields: &Fields<'a>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
    match fields.get(Slot::RouteKey) {
        Some(Cow::Borrowed(key)) => match key.split_once(' ') {
            Some(("ANY", path)) => (None, Some(Cow::Borrowed(path))),
            Some((method, path)) => (Some(Cow::Borrowed(method)), Some(Cow::Borrowed(path))),
            None => (None, None),
        },
        _ => (None, None),
    }
}

fn start(fields: &Fields<'_>) -> Option<Timestamp> {
    let epoch = fields.get(Slot::Epoch).and_then(|text| text.parse::<i64>().ok());
    // In milliseconds.
    if let Some(millis) =
        epoch.filter(|millis| (100_000_000_000..100_000_000_000_000).contains(millis))
    {
        return Some(Timestamp(millis * 1000));
    }
    let text = fields.get(Slot::Time)?.as_bytes();
    scan::clf_time(text, 0).or_else(|| scan::iso(text, 0))
}

fn status(fields: &Fields<'_>, slot: Slot) -> Option<u16> {
    scan::status(fields.get(slot)?.as_bytes())
}

fn span(fields: &Fields<'_>, slot: Slot) -> Option<Micros> {
    scan::millis(fields.get(slot)?)
}

/// What went wrong. Statuses below 500 are answers unless API Gateway says that it refused.
fn failure(fields: &Fields<'_>, status: u16) -> Option<Failure> {
    let stated = fields.get(Slot::ErrorType).and_then(|name| says::response_type(name));
    if status < 500 {
        return stated.filter(|failure| {
            status >= 400
                && (failure.side == Side::Client || failure.mechanism == Mechanism::Throttled)
        });
    }
    // A message says more than the type it comes with.
    message(fields)
        .or(stated)
        .or_else(|| passed_on(fields, status).then(|| Failure::of(Mechanism::StatusFromUpstream)))
        .or_else(|| Some(Failure::of(Mechanism::Unspecified)))
}

fn message(fields: &Fields<'_>) -> Option<Failure> {
    [Slot::IntegrationError, Slot::ErrorMessage, Slot::AuthorizerError]
        .iter()
        .find_map(|slot| says::message(fields.get(*slot)?))
}

/// Whether the integration answered with the status that the client got.
fn passed_on(fields: &Fields<'_>, status: u16) -> bool {
    let behind = [Slot::BackendStatus, Slot::IntegrationStatus];
    behind.iter().any(|slot| self::status(fields, *slot) == Some(status))
}

/// The status from behind. Where the template has that of the function's own code, the Lambda
/// service's is no answer.
fn answered(fields: &Fields<'_>) -> Option<u16> {
    let own = fields.has(Slot::BackendStatus);
    status(fields, if own { Slot::BackendStatus } else { Slot::IntegrationStatus })
}

fn author(fields: &Fields<'_>, status: u16) -> Author {
    let logged = fields.has(Slot::BackendStatus) || fields.has(Slot::IntegrationStatus);
    if fields.get(Slot::ErrorType).is_some() || (status >= 500 && message(fields).is_some()) {
        Author::ThisHop
    } else if passed_on(fields, status) {
        Author::Behind
    } else if status >= 500 && logged && answered(fields).is_none() {
        // The template has it and there was none.
        Author::ThisHop
    } else {
        Author::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "{\"requestId\":\"5a1b2c3d-0000-4000-8000-000000000001\",\
        \"requestTimeEpoch\":\"1793588645123\",\"domainName\":\"api.example.com\",\
        \"httpMethod\":\"GET\",\"path\":\"/prod/orders\",\"status\":\"200\",\
        \"responseLatency\":\"45\",\"integrationStatus\":\"200\",\"integrationLatency\":\"40\",\
        \"error.responseType\":\"-\",\"error.message\":\"-\",\"ip\":\"192.0.2.7\",\
        \"userAgent\":\"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/115.0\"}";

    #[test]
    fn only_unremarkable_requests_are_tallied() {
        let quickly = |line: &str| {
            matches!(ApiGateway.quick(line.as_bytes(), &Context::default()), Quick::Tally(_))
        };
        assert!(quickly(LINE));
        assert!(quickly(&LINE.replace("\"200\"", "\"404\"")));
        assert!(!quickly(&LINE.replace("\"200\"", "\"502\"")));
        assert!(!quickly(&LINE.replace("\"45\"", "\"5000\"")));
        assert!(!quickly(
            &LINE
                .replace("\"200\"", "\"429\"")
                .replace("responseType\":\"-", "responseType\":\"THROTTLED")
        ));
        assert!(!quickly(&LINE.replace("Mozilla/5.0", "a \"quoted\" agent")));
        assert!(!quickly(&LINE.replace("requestTimeEpoch", "when")));
    }

    /// `cargo test --release -p why502-dialects --lib -- --ignored --nocapture throughput`
    #[test]
    #[ignore = "a measurement, not a check"]
    fn throughput() {
        let context = Context::default();
        let begin = std::time::Instant::now();
        let rounds = 500_000_u32;
        for _ in 0..rounds {
            let line = std::hint::black_box(LINE.as_bytes());
            assert!(matches!(ApiGateway.quick(line, &context), Quick::Tally(_)));
        }
        let bytes = f64::from(rounds) * LINE.len() as f64;
        println!("{:.0} MB/s", bytes / begin.elapsed().as_secs_f64() / 1e6);
    }
}
