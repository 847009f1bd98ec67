//! Calls that an application made outward and that failed, as Node.js clients report them: fetch
//! (undici), node-fetch, axios, `http`, `net`, `tls`, database clients on top of them.

use std::borrow::Cow;

use memchr::memmem;
use model::{
    Author, Event, Failure, HopKind, Mechanism, Occurrence, OccurrenceKind, Request, Role,
    Timestamp,
};

use super::head::{self, Head, Says};
use super::{codes, databases, details, json, lifecycle, source_code, stamp};
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Understood, appserver};

/// Longest text of one record that is looked at: a client that prints its whole configuration
/// with an error has said what happened long before.
const LONGEST: usize = 64 * 1024;

/// Words of which one is in every text that is understood here.
const WORDS: [&str; 22] = [
    "rror",
    "fetch failed",
    "istening",
    "SIGTERM",
    "timed out",
    "too many clients",
    "oo many connections",
    "connection slots",
    "heap out of memory",
    "ELIFECYCLE",
    "onnection pool",
    "max_client_conn",
    "locked for ",
    "heartbeat has been running",
    "clock leap detected",
    "Executing <",
    "onnection is not available",
    "obtain a connection",
    "obtaining a connection",
    "Connection acquisition",
    "trying to connect",
    "checking out a connection",
];

/// Node.js and undici errors in application logs.
pub(crate) struct NodeErrors;

/// Who printed a text, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'o> {
    /// The application.
    pub(crate) hop: &'o str,
    /// When.
    pub(crate) at: Option<Timestamp>,
}

impl Dialect for NodeErrors {
    fn name(&self) -> &'static str {
        "node"
    }

    fn about(&self) -> &'static About {
        &super::about::NODE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&WORDS])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, &Context::default()).is_some()
    }

    fn is_carried(&self) -> bool {
        true
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

fn read(record: &str, context: &Context) -> Option<Vec<Event<'static>>> {
    if !promising(record.as_bytes()) {
        return None;
    }
    let hop = context.hop.as_deref().unwrap_or("application");
    if let Some(line) = Json::object(record) {
        let at = json::time(&line, context.offset_east).or(context.prefix_time);
        let text = json::printed(&line);
        return if text.is_empty() { None } else { own(&unfolded(&text), &Origin { hop, at }) };
    }
    let first = record.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let (at, _) = stamp::leading(first, context.offset_east);
    let record = &record[..record.floor_char_boundary(LONGEST)];
    own(&unfolded(record), &Origin { hop, at: at.or(context.prefix_time) })
}

/// Whether a record has any of the words without which nothing here is understood.
fn promising(record: &[u8]) -> bool {
    WORDS.iter().any(|word| memmem::find(record, word.as_bytes()).is_some())
}

/// What a JSON log line says, if it is about a failed call or about the application's process.
pub(crate) fn read_json(line: &Json<'_>, origin: &Origin<'_>) -> Option<Vec<Event<'static>>> {
    let text = json::printed(line);
    if text.is_empty() { None } else { read_text(&text, origin) }
}

/// What a printed text says, if it is about a failed call, about the application's process or about
/// the server it runs in.
pub(crate) fn read_text(text: &str, origin: &Origin<'_>) -> Option<Vec<Event<'static>>> {
    if source_code::begins_code(text) {
        return None;
    }
    let text = unfolded(&text[..text.floor_char_boundary(LONGEST)]);
    if let Some(occurrence) = appserver::read(&text, origin.at) {
        return Some(occurrence.map(Event::from).into_iter().collect());
    }
    own(&text, origin)
}

/// The same without the words of application servers, which are dialects of their own.
fn own(text: &str, origin: &Origin<'_>) -> Option<Vec<Event<'static>>> {
    if let Some(occurrence) = databases::read(text, origin) {
        return Some(occurrence.map(Event::from).into_iter().collect());
    }
    let mut events = Vec::new();
    if let Some(occurrence) = lifecycle::instead_of_a_call(text, origin) {
        return Some(vec![Event::from(occurrence)]);
    }
    if let Some(request) = failed_call(text, origin) {
        events.push(request.into());
    } else if head::is_unhandled(stamp::leading(text, 0).1) && head::heads(text).next().is_some() {
        let error = Occurrence::new(OccurrenceKind::ApplicationError, origin.at, owned(origin.hop))
            .detail(head::short(text));
        events.push(error.into());
    }
    if let Some(exit) = lifecycle::died(text, origin) {
        events.push(exit.into());
    }
    (!events.is_empty()).then_some(events)
}

pub(super) fn owned(text: &str) -> Cow<'static, str> {
    Cow::Owned(text.to_owned())
}

/// The text with its line breaks, where a logger has escaped them, and with the errors of a JSON
/// object at its end written out.
fn unfolded(text: &str) -> Cow<'_, str> {
    if let Some(at) = memmem::find(text.as_bytes(), b"{\"")
        && let Some(object) = Json::object(&text[at..])
    {
        return Cow::Owned(format!("{}\n{}", text[..at].trim_end(), json::printed(&object)));
    }
    if !text.contains("\\n") || text.trim_end().contains('\n') {
        return Cow::Borrowed(text);
    }
    let bare = text.trim();
    let bare = bare.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(bare);
    Cow::Owned(bare.replace("\\n", "\n").replace("\\\"", "\"").replace("\\t", "\t"))
}

/// The failed call a text reports, if it does.
fn failed_call(text: &str, origin: &Origin<'_>) -> Option<Request<'static>> {
    let call = Call::find(text)?;
    let region = &text[call.start..];
    let mut details = details::read(region);
    if details.target.is_none() && details.host.is_none() {
        // The library named no address; the application's own message around it may.
        let own = head::heads(text).next().filter(|head| head.start < call.start);
        let named = own.map(|head| details::of_url(head.message)).unwrap_or_default();
        details = details::Details { timer: details.timer, ..named };
    }
    let mut request = Request::new(owned(origin.hop), HopKind::Application, Role::Explanation);
    request.end = origin.at;
    let mut failure = Failure::of(call.mechanism).outward();
    if call.mechanism == Mechanism::ResponseTimeout && !call.waited_for_response {
        // The client's timer runs from the start of the call: which phase it caught is not said.
        failure.phase = None;
    }
    let by_timer = matches!(
        call.mechanism,
        Mechanism::ConnectTimeout | Mechanism::ResponseTimeout | Mechanism::ResponseStalled
    );
    request.timers.wait = details.timer.filter(|_| by_timer);
    request.failure = Some(failure);
    request.target = details.target.map(Cow::Owned);
    request.host = details.host.map(Cow::Owned);
    request.token = call.code.map(Cow::Owned);
    if let Some(status) = call.status {
        request.author = Author::Behind;
        request.upstream_status = Some(status);
    }
    Some(request)
}

/// A failed call found in a text.
struct Call {
    start: usize,
    mechanism: Mechanism,
    /// Whether a timeout is known to have hit the wait for the response.
    waited_for_response: bool,
    code: Option<String>,
    status: Option<u16>,
}

impl Call {
    fn find(text: &str) -> Option<Call> {
        let mut wrapper: Option<(Head<'_>, Says)> = None;
        let mut first: Option<Head<'_>> = None;
        let mut cause: Option<(Head<'_>, Says)> = None;
        for head in head::heads(text).take(64) {
            first.get_or_insert(head);
            match head.says() {
                Some(says @ (Says::FetchFailed | Says::Terminated)) => {
                    wrapper.get_or_insert((head, says));
                }
                Some(says) => {
                    cause = Some((head, says));
                    break;
                }
                None => {}
            }
        }
        let (start, message) = match (wrapper, cause, first) {
            (Some((head, _)), ..) | (None, Some((head, _)), _) => (head.start, head.message),
            (None, None, Some(head)) => (head.start, head.message),
            (None, None, None) => (bare_fetch_failed(text)?, ""),
        };
        let region = &text[start..];
        let code = codes::field(region)
            .or_else(|| cause.and_then(|(head, _)| head.bracket))
            .or_else(|| cause.and_then(|(head, _)| codes::first(head.message)));
        let by_code = code.and_then(|code| codes::mechanism(code, region));
        let mut status = None;
        let mechanism = match (cause, wrapper) {
            (Some((_, Says::Mechanism(mechanism))), _) => mechanism,
            (Some((_, Says::Status(code))), _) => {
                status = Some(code);
                Mechanism::StatusFromUpstream
            }
            (_, Some((_, Says::Terminated))) => by_code.unwrap_or(Mechanism::ResponseTruncated),
            (_, Some(_)) => by_code.unwrap_or(Mechanism::Unspecified),
            // An error of the application's own wording counts if a code says what it is.
            (_, None) => by_code?,
        };
        let terminated = matches!(wrapper, Some((_, Says::Terminated)));
        let mechanism = match mechanism {
            // The response had begun: `terminated` is what reading its body fails with.
            Mechanism::ClosedBeforeResponse
            | Mechanism::ResetBeforeResponse
            | Mechanism::EndedBeforeResponse
                if terminated =>
            {
                Mechanism::ResponseTruncated
            }
            other => other,
        };
        let waited = code == Some("UND_ERR_HEADERS_TIMEOUT")
            || region.contains("Headers Timeout Error")
            || message.contains("Headers Timeout Error");
        Some(Call {
            start,
            mechanism,
            waited_for_response: waited,
            code: code.map(str::to_owned),
            status,
        })
    }
}

/// `fetch failed` outside an error's head counts where the record names the cause's code.
fn bare_fetch_failed(text: &str) -> Option<usize> {
    let at = memmem::find(text.as_bytes(), b"fetch failed")?;
    codes::field(&text[at..])?;
    let before = text[..at].trim_end();
    let own_words = before.is_empty() || before.ends_with([':', ']', '-', '|', '>']);
    own_words.then_some(at)
}
