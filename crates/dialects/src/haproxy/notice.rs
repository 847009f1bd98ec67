//! What HAProxy says about its servers and itself, as it reaches syslog (`Server b/s is DOWN,
//! reason: …`) and the console (`[WARNING] 124/210930 (59014) : Server b/s is DOWN, …`).

use std::borrow::Cow;

use model::{
    Event, Failure, HopKind, Mechanism, Micros, Occurrence, OccurrenceKind, Request, Role,
    Timestamp,
};

use crate::kernel::syslog_header;
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// HAProxy server-state notices.
pub(crate) struct HaproxyNotice;

impl Dialect for HaproxyNotice {
    fn name(&self) -> &'static str {
        "haproxy-notice"
    }

    fn about(&self) -> &'static About {
        &super::about::NOTICE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[
            "Server ",
            "Health check for ",
            " has no server available!",
            "Connect() failed for backend ",
            "Proxy ",
            "Stopping ",
            "New worker ",
            "Loading success",
            "Reloading HAProxy",
            "Initializing new worker",
            " exited with code ",
        ]])
    }

    fn sniff(&self, record: &str) -> bool {
        let envelope = open(record);
        match read(envelope.message) {
            // Words that other programs use too are HAProxy's only behind its name.
            Some(Notice::Section { .. } | Notice::Quiet) => envelope.signed,
            found => found.is_some(),
        }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let envelope = open(record);
        let Some(notice) = read(envelope.message) else { return Understood::No };
        let at = envelope.clock.and_then(|clock| console_time(clock, context));
        let at = at.or(context.prefix_time).or_else(|| syslog_header(envelope.head, context).0);
        out.extend(event(notice, at, context));
        Understood::Yes
    }
}

/// A notice and how it was sent.
struct Envelope<'a> {
    message: &'a str,
    /// What syslog wrote before HAProxy's name.
    head: &'a str,
    /// `124/210930`: day of the year and local time, as the console form has it.
    clock: Option<&'a str>,
    /// Whether HAProxy's name or its console prefix stood before the message.
    signed: bool,
}

fn open(record: &str) -> Envelope<'_> {
    let bare = Envelope { message: record, head: "", clock: None, signed: false };
    let (head, text) = match record.split_once("haproxy[") {
        Some((head, text)) => match text.split_once("]: ") {
            Some((_, message)) => (head, message),
            None => return bare,
        },
        None => ("", record),
    };
    let signed = text.len() != record.len();
    let Some((level, rest)) = text.strip_prefix('[').and_then(|text| text.split_once(']')) else {
        return Envelope { message: text, head, clock: None, signed };
    };
    if !matches!(level, "NOTICE" | "WARNING" | "ALERT" | "INFO" | "DIAG") {
        return bare;
    }
    let Some((head, message)) = rest.split_once(" : ") else { return bare };
    let clock = head.split(' ').find(|word| word.contains('/'));
    Envelope { message, head, clock, signed: true }
}

/// `124/210930` in the year and zone of the context. Days count from 0 (`tm_yday`, HAProxy
/// `src/errors.c`).
fn console_time(clock: &str, context: &Context) -> Option<Timestamp> {
    let (day, time) = clock.split_once('/')?;
    let day = scan::digits(day.as_bytes()).filter(|day| *day < 366)?;
    let (hour, rest) = time.as_bytes().split_at_checked(2)?;
    let (minute, second) = rest.split_at_checked(2)?;
    let time = (scan::digits(hour)?, scan::digits(minute)?, scan::digits(second)?);
    let first = Timestamp::from_civil((context.year?, 1, 1), time, 0, context.offset_east)?;
    Some(first + Micros::from_secs(i64::from(day) * 86_400))
}

enum Notice<'a> {
    /// A server changed its state; the reason as given.
    Server { up: bool, backend: &'a str, target: &'a str, reason: &'a str },
    /// A backend has no server left.
    Empty { backend: &'a str },
    /// A section of the configuration was started or stopped.
    Section { name: &'a str, what: &'static str },
    /// A connection could not be opened for want of a local port.
    NoPort { backend: &'a str, reason: &'a str },
    /// A process of HAProxy ended other than in order.
    Exit { code: &'a str },
    /// HAProxy's own, with nothing to tell.
    Quiet,
}

fn read(message: &str) -> Option<Notice<'_>> {
    let message = message.trim_end();
    let server = message.strip_prefix("Backup ").unwrap_or(message).strip_prefix("Server ");
    if let Some(rest) = server {
        return server_state(rest);
    }
    if let Some(rest) = message.strip_prefix("Health check for ") {
        return health_check(rest);
    }
    if let Some(rest) = message.strip_prefix("backend ").or(message.strip_prefix("proxy ")) {
        let backend = rest.strip_suffix(" has no server available!")?;
        return one_word(unquoted(backend)).map(|backend| Notice::Empty { backend });
    }
    if let Some(rest) = message.strip_prefix("Connect() failed for backend ") {
        let (backend, reason) = rest.split_once(": ")?;
        let reason = reason.strip_suffix('.').unwrap_or(reason);
        let backend = one_word(unquoted(backend))?;
        return Some(match reason {
            "no free ports" | "local address already in use" => Notice::NoPort { backend, reason },
            _ => Notice::Quiet,
        });
    }
    section(message).or_else(|| process(message))
}

/// `b/s is DOWN, reason: …`, `b/s is UP/READY (leaving forced maintenance).`, `b/s is going DOWN
/// for maintenance (…)`, with `('address')` or similar between name and verb in some versions.
fn server_state(rest: &str) -> Option<Notice<'_>> {
    let (target, rest) = scan::word(rest);
    let (backend, server) = target.split_once('/')?;
    if backend.is_empty() || server.is_empty() {
        return None;
    }
    let rest = match rest.strip_prefix('(') {
        Some(inside) => inside.split_once(") ")?.1,
        None => rest,
    };
    let state = rest.strip_prefix("is ")?;
    let state = state.strip_prefix("going ").unwrap_or(state);
    let (up, tail) = match (state.strip_prefix("UP"), state.strip_prefix("DOWN")) {
        (Some(tail), _) => (true, tail),
        (_, Some(tail)) => (false, tail),
        // `is stopping for maintenance`: still serving what it has.
        _ => return state.starts_with("stopping").then_some(Notice::Quiet),
    };
    if !(tail.is_empty() || tail.starts_with([',', '/', '.', ' '])) {
        return None;
    }
    if tail.starts_with("/DRAIN") {
        return Some(Notice::Quiet);
    }
    Some(Notice::Server { up, backend, target, reason: reason(tail) })
}

/// The reason without the counts that follow it in the same sentence.
fn reason(tail: &str) -> &str {
    let tail = tail.strip_prefix("/READY").unwrap_or(tail);
    let tail = tail.trim_start_matches([',', '.', ' ']);
    let text = tail.strip_prefix("reason: ").unwrap_or(tail);
    let end = [", check duration: ", ". "].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

/// `server b/s failed, reason: Layer7 wrong status, code: 404, …, status: 0/2 DOWN.`
fn health_check(rest: &str) -> Option<Notice<'_>> {
    let rest = rest.strip_prefix("backup ").unwrap_or(rest).strip_prefix("server ")?;
    let (target, rest) = scan::word(rest);
    let (backend, _) = target.split_once('/')?;
    let failed = rest.starts_with("failed");
    if !failed && !rest.starts_with("succeeded") && !rest.starts_with("conditionally succeeded") {
        return None;
    }
    let down = failed && rest.trim_end_matches('.').ends_with(" DOWN");
    if !down {
        return Some(Notice::Quiet);
    }
    let (_, reason_on) = rest.split_once(' ')?;
    Some(Notice::Server { up: false, backend, target, reason: reason(reason_on) })
}

/// `Proxy b started.`, `Proxy b stopped (cumulated conns: FE: 0, BE: 0).`
fn section(message: &str) -> Option<Notice<'_>> {
    if let Some(rest) = message.strip_prefix("Proxy ") {
        let (name, rest) = scan::word(rest);
        let what = match rest {
            "started." => "started",
            "stopped." => "stopped",
            _ if rest.starts_with("stopped (") => "stopped",
            _ if rest.starts_with("reached ") => return Some(Notice::Quiet),
            _ => return None,
        };
        return Some(Notice::Section { name, what });
    }
    let rest = message.strip_prefix("Stopping ")?;
    let rest = ["proxy ", "frontend ", "backend "].iter().find_map(|k| rest.strip_prefix(k))?;
    let (name, rest) = rest.split_once(" in ")?;
    rest.ends_with(" ms.").then_some(())?;
    one_word(unquoted(name)).map(|_| Notice::Quiet)
}

/// What the master says about its worker processes. Codes 0, 143 (SIGTERM) and 130 (SIGINT) are
/// orderly ends.
fn process(message: &str) -> Option<Notice<'_>> {
    for start in ["New worker ", "Loading success", "Reloading HAProxy", "Initializing new worker"]
    {
        if message.starts_with(start) {
            return Some(Notice::Quiet);
        }
    }
    let worker = message
        .strip_prefix("Former worker ")
        .or(message.strip_prefix("Current worker "))
        .or(message.strip_prefix("worker "))?;
    let (_, code) = worker.split_once(" exited with code ")?;
    let number = scan::word(code).0;
    scan::digits(number.as_bytes())?;
    Some(match number {
        "0" | "130" | "143" => Notice::Quiet,
        _ => Notice::Exit { code },
    })
}

fn one_word(text: &str) -> Option<&str> {
    (!text.is_empty() && !text.contains(' ')).then_some(text)
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text)
}

fn event<'a>(notice: Notice<'a>, at: Option<Timestamp>, context: &Context) -> Option<Event<'a>> {
    let hop = || context.hop.clone().map_or(Cow::Borrowed("haproxy"), Cow::Owned);
    let occurrence = match notice {
        Notice::Quiet => return None,
        Notice::Server { up, backend, target, reason } => {
            let kind = if up { OccurrenceKind::HealthUp } else { OccurrenceKind::HealthDown };
            // Named as the request log names the target, so that both can be joined.
            let occurrence = Occurrence::new(kind, at, backend).object(target);
            if reason.is_empty() { occurrence } else { occurrence.detail(reason) }
        }
        Notice::Empty { backend } => Occurrence::new(OccurrenceKind::NoServerLeft, at, backend),
        Notice::Section { name, what } => {
            Occurrence::new(OccurrenceKind::Reload, at, hop()).object(name).detail(what)
        }
        Notice::Exit { code } => {
            Occurrence::new(OccurrenceKind::ProcessExit, at, hop()).object(code)
        }
        Notice::NoPort { backend, reason } => {
            let mut request = Request::new(hop(), HopKind::Proxy, Role::Explanation);
            request.end = at;
            request.upstream = Some(backend.into());
            request.failure = Some(Failure::of(Mechanism::NoLocalPort));
            request.token = Some(reason.into());
            return Some(Event::from(request));
        }
    };
    Some(Event::from(occurrence))
}
