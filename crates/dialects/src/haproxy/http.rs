//! HAProxy's HTTP log (`option httplog`, `httpslog`, the variant in the manner of Apache httpd),
//! custom formats that keep its timers and termination state, and its TCP log.

use std::borrow::Cow;

use model::{Author, Event, HopKind, Micros, Request, Role, Tally};

use super::line::{self, Line, Timers};
use super::{clf, custom, flags};
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, scan};

/// HAProxy HTTP log.
pub(crate) struct HaproxyHttp;

impl Dialect for HaproxyHttp {
    fn name(&self) -> &'static str {
        "haproxy-http"
    }

    fn about(&self) -> &'static About {
        &super::about::HTTP
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[
            &["Connect from ", "--"],
            &[
                ": SSL handshake",
                ": Connection ",
                ": Received something",
                ": Timeout during",
                ": Stopped a",
            ],
            scan::DIGIT_SLASH,
        ])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record, 0).is_some() || is_connection_line(record)
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        glance(line, context.offset_east).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(line) = read(record, context.offset_east) else {
            return if is_connection_line(record) { Understood::Yes } else { Understood::No };
        };
        // A TCP session that carried data has no request to count.
        if line.status.is_some() || flags::session_failed(line.tsc) {
            out.push(request(line, context).into());
        }
        Understood::Yes
    }
}

fn read(record: &str, offset_east: i32) -> Option<Line<'_>> {
    line::native(record, offset_east)
        .or_else(|| clf::clf(record, offset_east))
        .or_else(|| custom::custom(record, offset_east))
}

/// Lines about a client's connection rather than a request: `IP:PORT [date] frontend/bind: SSL
/// handshake failure`, `Connect from IP:PORT to IP:PORT (frontend/MODE)`.
fn is_connection_line(record: &str) -> bool {
    if let Some((open, close)) = line::date_brackets(record.as_bytes()) {
        let client = record.get(..open).map_or("", str::trim_end).rsplit(' ').next();
        let after = record.get(close + 1..).unwrap_or("").trim_start();
        let (bind, message) = scan::word(after);
        return client.is_some_and(|client| client.contains(':'))
            && bind.strip_suffix(':').is_some_and(|bind| bind.contains('/'))
            && [
                "SSL handshake",
                "Connection ",
                "Received something",
                "Timeout during",
                "Stopped a",
            ]
            .iter()
            .any(|start| message.starts_with(start));
    }
    let Some((_, rest)) = record.split_once("Connect from ") else { return false };
    let mut words = rest.split(' ');
    let address = |word: Option<&str>| word.is_some_and(|word| word.contains(':'));
    address(words.next())
        && words.next() == Some("to")
        && address(words.next())
        && words.next().is_some_and(|proxy| {
            proxy.starts_with('(') && (proxy.ends_with("/HTTP)") || proxy.ends_with("/TCP)"))
        })
}

fn request<'a>(line: Line<'a>, context: &Context) -> Request<'a> {
    let hop: Cow<'a, str> = match line.frontend {
        Some(frontend) => frontend.into(),
        None => context.hop.clone().map_or(Cow::Borrowed("haproxy"), Cow::Owned),
    };
    let mut request = Request::new(hop, HopKind::Proxy, Role::Access);
    request.start = line.at;
    if line.at.is_none() {
        // A format without a date: the collector's time is when the line was written.
        request.end = context.prefix_time;
    }
    request.status = line.status;
    request.author = if line.status.is_some() { flags::author(&line) } else { Author::Unknown };
    request.upstream_status = line.status.filter(|_| request.author == Author::Behind);
    request.failure = flags::failure(&line);
    request.target = line.target.map(Cow::from).or_else(|| match (line.backend, line.server) {
        (Some(backend), Some(server)) if !server.starts_with('<') => {
            Some(format!("{backend}/{server}").into())
        }
        _ => None,
    });
    // Whoever is still in the queue has not been sent to the server that its line names.
    if request.target.is_some() && line.tsc.as_bytes().get(1) != Some(&b'Q') {
        request.attempts = line.retries.saturating_add(1);
    }
    spans(&line, &mut request);
    request.complete_times();
    request.upstream = line.backend.and_then(scan::present).map(Cow::from);
    request.client = line.client.map(|client| scan::without_port(client).into());
    if let Some((method, target)) = line.request.and_then(scan::request_line) {
        request.method = Some(method.into());
        // The target of CONNECT is an authority, not a path.
        if method == "CONNECT" {
            request.host = scan::present(target).map(|host| scan::without_port(host).into());
        } else {
            let (path, host) = scan::path_and_host(target);
            request.path = scan::present(path).map(Cow::from);
            request.host = host.map(|host| scan::without_port(host).into());
        }
    }
    if request.failure.is_some() {
        request.token = Some(line.tsc.into());
    }
    request
}

/// The pause before a refused connection is tried again on the same server: one second, or
/// `timeout connect` where that is shorter (HAProxy configuration manual, `retries`).
const PAUSE: Micros = Micros(1_000_000);

/// The stated timers. Where the server was being connected to (`xC`) or waited for (`xH`) when
/// the session ended, that phase has no timer of its own: it is what the others leave of the total.
/// A connect phase so computed covers all retries; of those that were refused, without the pauses
/// between them.
fn spans(line: &Line<'_>, request: &mut Request<'_>) {
    let Timers { request: read, queue, connect, response, total } = line.timers;
    request.timers.total = total;
    request.timers.queue = queue;
    request.timers.connect = connect;
    request.timers.wait = response;
    match line.tsc.as_bytes().get(1) {
        Some(b'C') if connect.is_none() && request.attempts > 0 => {
            let all = line.timers.remainder([read, queue]);
            let pauses = match line.tsc.as_bytes().first() {
                Some(b'S') => i64::from(line.retries) * PAUSE.0,
                _ => 0,
            };
            request.timers.connect = all.map(|all| Micros((all.0 - pauses).max(0)));
        }
        Some(b'H') if response.is_none() && connect.is_some() => {
            request.timers.wait = line.timers.remainder([read, queue, connect]);
        }
        _ => {}
    }
}

/// The counters of a healthy line of the native layout; `None` if it needs a full parse.
fn glance(line: &[u8], offset_east: i32) -> Option<Tally<'_>> {
    let (open, close) = line::date_brackets(line)?;
    let at = scan::clf_time(&line[open + 1..close], offset_east)?;
    let rest = line[close + 1..].strip_prefix(b" ")?;
    let mut words = Words(rest);
    let frontend = words.next()?;
    let hop = frontend.strip_suffix(b"~").unwrap_or(frontend);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_.".contains(b);
    if hop.is_empty() || !hop.iter().all(plain) {
        return None;
    }
    let ends = words.next()?;
    let slash = memchr::memchr(b'/', ends)?;
    let target = if ends.get(slash + 1)? == &b'<' { &[][..] } else { ends };
    let (timers, 5) = Timers::read(words.next()?)? else { return None };
    let status = scan::status(words.next()?)?;
    let (bytes, _request_cookie, _response_cookie) = (words.next()?, words.next()?, words.next()?);
    let size = bytes.strip_prefix(b"+").unwrap_or(bytes);
    let state = words.next()?;
    // `--`: served by the server. `LR`: answered by a rule, a redirect mostly.
    let served = match state.get(..2)? {
        b"--" => (100..500).contains(&status),
        b"LR" => (100..400).contains(&status),
        _ => false,
    };
    let whole = state.len() == 4
        && line::is_termination(state)
        && !size.is_empty()
        && size.iter().all(u8::is_ascii_digit)
        && timers.total.is_none_or(|total| total < SLOW);
    // The counts behind the state are what tells it from a cookie's value.
    (served && whole && line::retries(words.next()?).is_some()).then_some(Tally {
        at,
        hop,
        kind: HopKind::Proxy,
        status,
        target,
        elapsed: timers.total,
    })
}

/// Words that a space follows.
struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let end = scan::space(self.0)?;
        let (word, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(word)
    }
}
