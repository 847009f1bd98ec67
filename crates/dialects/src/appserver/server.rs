//! One application server as a dialect: how its lines are read, and what they become.

use std::borrow::Cow;

use model::{Event, Occurrence, OccurrenceKind, Request, Tally, Timestamp};

use super::{about, gunicorn, php_fpm, puma, uvicorn, uwsgi, uwsgi_request};
use crate::node::{leading_stamp, short};
use crate::{About, Context, Dialect, Marks, Quick, Understood};

/// What a line of a server says: nothing of its own if it only accompanies another.
pub(super) type Said = Option<Occurrence<'static>>;

/// Lines of one record that are looked at: a traceback says at its head what it is.
const LINES: usize = 40;

/// Reads a line about one request.
type ReadRequest = for<'a> fn(&'a str, &Context) -> Option<Request<'a>>;

/// Looks at a line about one request only as far as its counters.
type Glance = for<'a> fn(&'a [u8], &Context) -> Option<Tally<'a>>;

/// An application server.
pub(crate) struct Server {
    name: &'static str,
    about: &'static About,
    /// Words of which one is in every record that is read.
    marks: &'static [&'static [&'static str]],
    /// Reads one line; `None` if it is not the server's. The whole record comes with it.
    line: fn(&str, &str, Option<Timestamp>) -> Option<Said>,
    /// Reads a line about one request, where the server logs them in the same place.
    request: Option<ReadRequest>,
    /// The quick look at such a line.
    glance: Option<Glance>,
}

/// gunicorn's error log.
pub(crate) static GUNICORN: Server = Server {
    name: "gunicorn",
    about: &about::GUNICORN,
    marks: &[&gunicorn::WORDS],
    line: gunicorn::line,
    request: None,
    glance: None,
};

/// uvicorn's log.
pub(crate) static UVICORN: Server = Server {
    name: "uvicorn",
    about: &about::UVICORN,
    marks: &[&uvicorn::WORDS],
    line: uvicorn::line,
    request: Some(uvicorn::request),
    glance: Some(uvicorn::glance),
};

/// uWSGI's log.
pub(crate) static UWSGI: Server = Server {
    name: "uwsgi",
    about: &about::UWSGI,
    marks: &[&uwsgi::WORDS],
    line: uwsgi::line,
    request: Some(uwsgi_request::request),
    glance: Some(uwsgi_request::glance),
};

/// PHP-FPM's error log and slow log.
pub(crate) static PHP_FPM: Server = Server {
    name: "php-fpm",
    about: &about::PHP_FPM,
    marks: &[&php_fpm::WORDS],
    line: php_fpm::line,
    request: None,
    glance: None,
};

/// Puma's log.
pub(crate) static PUMA: Server = Server {
    name: "puma",
    about: &about::PUMA,
    marks: &[&puma::WORDS],
    line: puma::line,
    request: None,
    glance: None,
};

/// What a text printed by an application says, if it is one of these servers' words.
pub(crate) fn read(text: &str, at: Option<Timestamp>) -> Option<Said> {
    [&GUNICORN, &UVICORN, &UWSGI, &PHP_FPM, &PUMA].iter().find_map(|server| server.said(text, at))
}

impl Server {
    fn said(&self, text: &str, at: Option<Timestamp>) -> Option<Said> {
        text.lines().take(LINES).find_map(|line| (self.line)(line.trim_end(), text, at))
    }
}

impl Dialect for Server {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static About {
        self.about
    }

    fn is_carried(&self) -> bool {
        true
    }

    fn marks(&self) -> Marks {
        Marks::any_of(self.marks)
    }

    fn sniff(&self, record: &str) -> bool {
        let request = self.request.is_some_and(|read| read(record, &Context::default()).is_some());
        request || self.said(record, None).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A tally borrows its hop from the line, so a name from outside cannot be given here.
        let glance = self.glance.filter(|_| context.hop.is_none());
        glance.and_then(|glance| glance(line, context)).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        if let Some(request) = self.request.and_then(|read| read(record, context)) {
            out.push(request.into());
            return Understood::Yes;
        }
        let first = record.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        let (at, _) = leading_stamp(first, context.offset_east);
        let Some(said) = self.said(record, at.or(context.prefix_time)) else {
            return Understood::No;
        };
        out.extend(said.map(Event::from));
        Understood::Yes
    }
}

/// An occurrence with its message.
pub(super) fn event(
    kind: OccurrenceKind,
    at: Option<Timestamp>,
    subject: &str,
    object: Option<&str>,
    message: &str,
) -> Option<Said> {
    let message = match leading_stamp(message, 0) {
        (Some(_), message) => message,
        _ => message,
    };
    let mut occurrence = Occurrence::new(kind, at, subject.to_owned());
    occurrence.object = object.map(|object| object.to_owned().into());
    Some(Some(occurrence.detail(short(message))))
}

/// An error of the application that its server caught: the exception is what the record's last
/// line names, where the traceback came with it.
pub(super) fn caught(
    at: Option<Timestamp>,
    subject: &str,
    message: &str,
    record: &str,
) -> Option<Said> {
    let last = record.trim_end().lines().next_back().unwrap_or(message);
    let named = last.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && last.split([':', ' ']).next().is_some_and(|class| {
            class.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_'))
        });
    let words = if named && record.trim_end().contains('\n') { last } else { message };
    event(OccurrenceKind::ApplicationError, at, subject, None, words)
}

/// The name of the hop that logs requests: from outside, or the server's own.
pub(super) fn hop<'a>(context: &Context, own: &'static str) -> Cow<'a, str> {
    context.hop.as_ref().map_or(Cow::Borrowed(own), |hop| Cow::Owned(hop.clone()))
}

pub(super) fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    text.split_once(words).map(|(_, rest)| rest)
}

/// The digits a text begins with.
pub(super) fn digits(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len())]
}

/// The port of `http://0.0.0.0:8000 (7)`, `('0.0.0.0', 8000)`, `127.0.0.1:9000`: the digits behind
/// the last colon or comma.
pub(super) fn port(address: &str) -> Option<&str> {
    let (_, rest) = address.rsplit_once([':', ','])?;
    let port = digits(rest);
    (1..=5).contains(&port.len()).then_some(port)
}
