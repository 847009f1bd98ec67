//! Failing requests: exact counts per class, and a sample of each class for everything else.

use model::{Author, Band, Failure, HopKind, Micros, Phase, Request, Role, Timestamp};

use super::bounded::{Merge, Sample};
use super::excerpt::cited;
use super::series::Series;
use super::{Place, short};
use crate::hash;

/// Records kept per class without their text.
pub(crate) const RECORDS: usize = 2048;
/// Records kept per class with their text.
const CITED: usize = 256;

/// What failing requests are counted by. Slow healthy requests have classes too, without failure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClassKey {
    pub(crate) dialect: &'static str,
    pub(crate) hop: Box<str>,
    pub(crate) kind: HopKind,
    pub(crate) role: Role,
    pub(crate) status: u16,
    pub(crate) author: Author,
    pub(crate) failure: Option<Failure>,
    pub(crate) band: Band,
}

impl ClassKey {
    pub(crate) fn of(dialect: &'static str, request: &Request<'_>) -> ClassKey {
        ClassKey {
            dialect,
            hop: short(&request.hop, 120),
            kind: request.kind,
            role: request.role,
            status: request.status.unwrap_or(0),
            author: request.author,
            failure: request.failure,
            band: Band::of(waited(request).or(request.timers.total)),
        }
    }
}

/// How long the phase took in which the request failed: connecting, where that was it, or waiting
/// for the response.
fn waited(request: &Request<'_>) -> Option<Micros> {
    match request.failure.and_then(|failure| failure.phase) {
        Some(Phase::Connect) => request.timers.connect.or(request.timers.wait),
        _ => request.timers.wait,
    }
}

/// One failing request, as far as later steps need it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
    pub(crate) total: Option<Micros>,
    pub(crate) wait: Option<Micros>,
    pub(crate) target: Option<Box<str>>,
    pub(crate) upstream: Option<Box<str>>,
    pub(crate) revision: Option<Box<str>>,
    pub(crate) method: Option<Box<str>>,
    pub(crate) path: Option<Box<str>>,
    pub(crate) host: Option<Box<str>>,
    pub(crate) client: Option<Box<str>>,
    pub(crate) id: Option<Box<str>>,
    pub(crate) token: Option<Box<str>>,
}

impl Record {
    fn of(request: &Request<'_>) -> Record {
        let text = |value: &Option<std::borrow::Cow<'_, str>>| {
            value.as_deref().map(|value| short(value, 160))
        };
        Record {
            start: request.start,
            end: request.end,
            total: request.timers.total,
            wait: waited(request),
            target: text(&request.target),
            upstream: text(&request.upstream),
            revision: text(&request.revision),
            method: text(&request.method),
            path: text(&request.path),
            host: text(&request.host),
            client: text(&request.client),
            id: text(&request.id),
            token: text(&request.token),
        }
    }
}

/// Requests that failed in the same way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Class {
    pub(crate) count: u64,
    pub(crate) slots: Series<u64, 4096>,
    pub(crate) records: Sample<Record, RECORDS>,
    pub(crate) texts: Sample<Box<str>, CITED>,
}

impl Class {
    pub(crate) fn add(&mut self, request: &Request<'_>, place: Place, text: &str) {
        self.count += 1;
        if let Some(at) = request.at() {
            *self.slots.slot(at) += 1;
        }
        // By id where there is one: then every hop keeps the same requests and they can be joined.
        // Otherwise by the time and the text: blocks, and so places, are others when the file is
        // compressed, and a text may be the same all day.
        let by_text = || hash::of(&(place.source, request.start, request.end, text));
        let priority = request.id.as_deref().map_or_else(by_text, |id| hash::of(&id));
        self.records.offer(priority, place, || Record::of(request));
        self.texts.offer(priority, place, || {
            let token = request.token.as_deref().unwrap_or("");
            // Application errors are told by their text, access entries in JSON by their status.
            let telling: [&str; 4] = match request.role {
                Role::Explanation => ["textPayload", "message", token, ""],
                Role::Access => [request.path.as_deref().unwrap_or(""), "\"status\"", "", ""],
            };
            cited(text, if text.starts_with('{') { &telling } else { &[] })
        });
    }
}

impl Merge for Class {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.slots.merge(other.slots);
        self.records.merge(other.records);
        self.texts.merge(other.texts);
    }
}
