//! What our events carry, under names of our own, and how it is held against another parser's value.

use std::sync::OnceLock;

use dialects::reader::{self, Options, Profile, Sink};
use dialects::{Context, Dialect, Understood, scan};
use model::{Event, Micros, Role, Tally, Timestamp};

/// A value of our events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    Status,
    UpstreamStatus,
    Start,
    End,
    /// Start or end: whichever the record states.
    Logged,
    Client,
    Method,
    Path,
    Host,
    Target,
    Upstream,
    Hop,
    Total,
    Queue,
    Connect,
    Wait,
    Id,
    Token,
}

/// How the other parser writes it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum As {
    /// The same text.
    Text,
    /// The same text where the other parser has one; ours may say more.
    TextIfAny,
    /// A number, however many zeros are before it.
    Number,
    /// A status; 0 where no handler set one, which Go then answers with 200.
    GoStatus,
    /// A moment in any of the usual forms, to its own precision.
    Moment,
    /// A span in decimal seconds.
    Seconds,
    /// A span in milliseconds; a `+` says that it was cut short.
    Millis,
    /// An address with or without a port; ours without.
    Host,
    /// An address without a port; ours may have one.
    Address,
    /// An address as a URL or with a scheme in front; ours bare.
    Authority,
    /// A URL or a path with its query.
    Url,
    /// `METHOD target HTTP/1.1`, or whatever a client sent instead.
    RequestLine,
    /// `Root=1-…;Parent=…`: ours is the root's id.
    Root,
    /// A frontend that marks TLS with `~`.
    Frontend,
    /// A server; ours with its backend in front.
    Server,
}

/// Their name, our value, and how it is written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mapping {
    pub(crate) theirs: &'static str,
    pub(crate) ours: Ours,
    pub(crate) how: As,
}

/// What the reader made of a record.
#[derive(Default)]
pub(crate) struct Read {
    /// The dialect that understood it, if exactly one did and nothing was left over.
    pub(crate) dialect: Option<&'static str>,
    left_over: bool,
    events: Vec<Event<'static>>,
}

/// Result of one comparison.
pub(crate) enum Verdict {
    Agrees,
    /// Ours, as text.
    Differs(String),
    /// No event carries the value.
    Untold,
}

/// A dialect that parses everything in full: a tally would not show its fields.
struct Full(&'static dyn Dialect);

impl Dialect for Full {
    fn name(&self) -> &'static str {
        self.0.name()
    }
    fn sniff(&self, record: &str) -> bool {
        self.0.sniff(record)
    }
    fn sniff_in(&self, record: &str, context: &Context) -> bool {
        self.0.sniff_in(record, context)
    }
    fn is_carried(&self) -> bool {
        self.0.is_carried()
    }
    fn parse<'a>(&self, record: &'a str, c: &Context, out: &mut Vec<Event<'a>>) -> Understood {
        self.0.parse(record, c, out)
    }
}

fn in_full() -> &'static [&'static dyn Dialect] {
    static ALL: OnceLock<&'static [&'static dyn Dialect]> = OnceLock::new();
    ALL.get_or_init(|| {
        let full = |dialect: &&'static dyn Dialect| -> &'static dyn Dialect {
            Box::leak(Box::new(Full(*dialect)))
        };
        Box::leak(dialects::ALL.iter().map(full).collect())
    })
}

impl Sink for Read {
    fn tally(&mut self, dialect: &'static str, _: &Tally<'_>) {
        self.dialect = Some(dialect);
    }
    fn event(&mut self, dialect: &'static str, event: &Event<'_>, _: u32, _: &str) {
        self.dialect = Some(dialect);
        self.events.push(owned(event));
    }
    fn understood(&mut self, dialect: &'static str, _: u64) {
        self.dialect = Some(dialect);
    }
    fn unread(&mut self, _: u32, _: &str) {
        self.left_over = true;
    }
}

/// The event with texts of its own.
fn owned(event: &Event<'_>) -> Event<'static> {
    let own = |text: &Option<std::borrow::Cow<'_, str>>| {
        text.as_ref().map(|text| text.clone().into_owned().into())
    };
    match event {
        Event::Request(request) => {
            let mut copy =
                model::Request::new(request.hop.clone().into_owned(), request.kind, request.role);
            copy.start = request.start;
            copy.end = request.end;
            copy.status = request.status;
            copy.upstream_status = request.upstream_status;
            copy.timers = request.timers;
            copy.target = own(&request.target);
            copy.upstream = own(&request.upstream);
            copy.method = own(&request.method);
            copy.path = own(&request.path);
            copy.host = own(&request.host);
            copy.client = own(&request.client);
            copy.id = own(&request.id);
            copy.token = own(&request.token);
            Event::Request(Box::new(copy))
        }
        Event::Occurrence(occurrence) => {
            let subject = occurrence.subject.clone().into_owned();
            let copy = model::Occurrence::new(occurrence.kind, occurrence.at, subject);
            Event::Occurrence(Box::new(copy))
        }
    }
}

/// Reads one record as a source of its own.
pub(crate) fn read(record: &str, context: &Context) -> Read {
    let options = Options {
        context: context.clone(),
        zone_is_given: true,
        dialects: in_full(),
        ..Options::default()
    };
    let mut read = Read::default();
    reader::read_block(&Profile::of(record.as_bytes(), &options), record.as_bytes(), &mut read);
    if read.left_over {
        read.dialect = None;
    }
    read
}

/// Our value of an event: text, or micros for moments and spans.
fn ours(event: &Event<'_>, ours: Ours) -> Option<String> {
    let moment = |time: Option<Timestamp>| time.map(|time| time.0.to_string());
    let span = |span: Option<Micros>| span.map(|span| span.0.to_string());
    let text = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
    let request = match event {
        Event::Request(request) => request,
        Event::Occurrence(occurrence) => {
            return match ours {
                Ours::Start | Ours::End | Ours::Logged => moment(occurrence.at),
                _ => None,
            };
        }
    };
    match ours {
        Ours::Status => request.status.map(|status| status.to_string()),
        Ours::UpstreamStatus => request.upstream_status.map(|status| status.to_string()),
        Ours::Start => moment(request.start),
        Ours::End => moment(request.end),
        Ours::Logged => moment(if request.role == Role::Access && request.timers.total.is_none() {
            request.start.or(request.end)
        } else {
            request.end.or(request.start)
        }),
        Ours::Client => text(&request.client),
        Ours::Method => text(&request.method),
        Ours::Path => text(&request.path),
        Ours::Host => text(&request.host),
        Ours::Target => text(&request.target),
        Ours::Upstream => text(&request.upstream),
        Ours::Hop => Some(request.hop.clone().into_owned()),
        Ours::Total => span(request.timers.total),
        Ours::Queue => span(request.timers.queue),
        Ours::Connect => span(request.timers.connect),
        Ours::Wait => span(request.timers.wait),
        Ours::Id => text(&request.id),
        Ours::Token => text(&request.token),
    }
}

/// Holds one of their values against ours.
pub(crate) fn compare(theirs: Option<&str>, mapping: &Mapping, read: &Read) -> Verdict {
    let Some(event) = read.events.first() else { return Verdict::Untold };
    let found = ours(event, mapping.ours);
    let theirs = theirs.map(str::to_owned).and_then(|value| expected(value, mapping));
    match (theirs, found) {
        (None, None) => Verdict::Agrees,
        (None, Some(_)) if matches!(mapping.how, As::TextIfAny) => Verdict::Untold,
        (None, Some(found)) => Verdict::Differs(found),
        (Some(_), None) if must_be_told(event, mapping.ours) => Verdict::Differs("(none)".into()),
        (Some(_), None) => Verdict::Untold,
        (Some(theirs), Some(found)) if same(&theirs, &found, mapping.how) => Verdict::Agrees,
        (Some(_), Some(found)) => Verdict::Differs(found),
    }
}

/// Whether a record of one request has to carry the value where the record states it.
fn must_be_told(event: &Event<'_>, ours: Ours) -> bool {
    let Event::Request(request) = event else { return false };
    let always = [Ours::Status, Ours::Client, Ours::Method, Ours::Path, Ours::Start, Ours::Logged];
    request.role == Role::Access && always.contains(&ours)
}

/// Their value as far as it states ours: `None` if there is none in it.
fn expected(value: String, mapping: &Mapping) -> Option<String> {
    let strip = |value: &str, prefix: &str| value.strip_prefix(prefix).unwrap_or(value).to_owned();
    match mapping.how {
        As::Text
        | As::TextIfAny
        | As::Moment
        | As::Seconds
        | As::Millis
        | As::Number
        | As::Address => Some(value),
        As::GoStatus => (value != "0").then_some(value),
        As::Host => Some(scan::without_port(&value).to_owned()),
        As::Authority => {
            let bare = value.split_once("://").map_or(&value[..], |(_, rest)| rest);
            if bare.starts_with("unix:") {
                return Some(bare.trim_end_matches(':').to_owned());
            }
            Some(bare.split('/').next().unwrap_or(bare).to_owned())
        }
        As::Url => part_of_url(&value, mapping.ours),
        As::RequestLine => {
            let (method, target) = value.split_once(' ')?;
            let is_method =
                !method.is_empty() && method.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
            is_method.then_some(())?;
            match mapping.ours {
                Ours::Method => Some(method.to_owned()),
                _ => {
                    let end = target.rfind(" HTTP/").unwrap_or(target.len());
                    part_of_url(&target[..end], mapping.ours)
                }
            }
        }
        As::Root => {
            let root = value.split(';').find_map(|part| part.strip_prefix("Root="))?;
            Some(root.to_owned())
        }
        As::Frontend => Some(value.trim_end_matches('~').to_owned()),
        As::Server => (!value.starts_with('<')).then(|| strip(&value, "")),
    }
}

/// Path without query, or host without port, of a URL or a path.
fn part_of_url(value: &str, ours: Ours) -> Option<String> {
    let (host, path) = match value.split_once("://") {
        Some((_, rest)) => {
            let slash = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..slash]), &rest[slash..])
        }
        None => (None, value),
    };
    match ours {
        // What a load balancer writes of a request it could not read ends in a dash.
        Ours::Host => host.map(|host| scan::without_port(host.trim_end_matches('-')).to_owned()),
        // Bytes of other protocols are no path.
        _ if path != "*" && !path.starts_with('/') => None,
        _ => path.split(['?', '#']).next().map(str::to_owned),
    }
}

fn same(theirs: &str, found: &str, how: As) -> bool {
    let span = |unit: f64| {
        let theirs = theirs.trim_start_matches('+').parse::<f64>();
        let found = found.parse::<f64>();
        // Logged spans are rounded to their unit.
        theirs.ok().zip(found.ok()).is_some_and(|(t, f)| (t * unit - f).abs() < 1.0)
    };
    match how {
        As::Number | As::GoStatus => theirs.parse::<u32>().ok() == found.parse::<u32>().ok(),
        As::Seconds => span(1_000_000.0),
        As::Millis => span(1_000.0),
        As::Moment => {
            let Some(moment) = moment(theirs) else { return false };
            let precise = if theirs.contains('.') { 1_000 } else { 1_000_000 };
            found.parse::<i64>().is_ok_and(|found| (found - moment.0).abs() < precise)
        }
        As::Address => found == theirs || scan::without_port(found) == theirs,
        As::Server => found.rsplit('/').next() == Some(theirs),
        _ => theirs == found,
    }
}

/// A moment in any of the forms that the tests write, UTC where none is stated.
fn moment(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let dashes = text.replacen('/', "-", 2).replace('\t', " ");
    scan::iso(bytes, 0)
        .or_else(|| scan::clf_time(bytes, 0))
        .or_else(|| scan::iso(dashes.as_bytes(), 0))
        .or_else(|| {
            // `Mon Aug 31 09:30:48.958285 2015`
            let words: Vec<&str> = text.split_ascii_whitespace().collect();
            let [_, month, day, clock, year] = words[..] else { return None };
            let month = scan::month(month.as_bytes())?;
            scan::iso(format!("{year}-{month:02}-{day:0>2} {clock}").as_bytes(), 0)
        })
}
