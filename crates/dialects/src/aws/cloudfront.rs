//! Amazon CloudFront access logs: standard (tab-separated with `#Fields`, or JSON) and real-time.
//!
//! The time stamp is when the response was finished. Format: "Standard logging reference" and "Use
//! real-time access logs", Amazon CloudFront developer guide.

mod about;
mod columns;
mod glance;
mod judge;
pub(crate) mod page;
mod rows;

use std::borrow::Cow;

use model::{Author, Event, HopKind, Request, Role};

use crate::{About, Context, Dialect, Quick, Understood};
use columns::Field;
use rows::{Row, Text};

/// Amazon CloudFront access logs.
pub(crate) struct CloudFront;

/// The hop where a log does not name the distribution.
const UNNAMED: &str = "cloudfront";

impl Dialect for CloudFront {
    fn name(&self) -> &'static str {
        "aws-cloudfront"
    }

    fn about(&self) -> &'static About {
        &about::LOG
    }

    fn sniff(&self, record: &str) -> bool {
        self.sniff_in(record, &Context::default())
    }

    fn sniff_in(&self, record: &str, context: &Context) -> bool {
        rows::read(record, context).and_then(request).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        glance::glance(line, context).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let row = rows::read(record, context);
        let Some(request) = row.and_then(request) else { return Understood::No };
        out.push(request.into());
        Understood::Yes
    }
}

fn request(row: Row<Text<'_>>) -> Option<Request<'_>> {
    let outcome = row.outcome()?;
    let hop = row.text(row.hop()).unwrap_or(Cow::Borrowed(UNNAMED));
    let mut request = Request::new(hop, HopKind::Cdn, Role::Access);
    request.failure = outcome.failure();
    request.end = row.end();
    request.status = Some(outcome.status);
    request.author = outcome.author(request.failure.as_ref());
    request.upstream_status = request.status.filter(|_| request.author == Author::Behind);
    request.timers.total = outcome.taken;
    request.timers.wait = row.seconds(Field::OriginFirstByte);
    request.method = row.text(Field::Method);
    request.path = row.text(Field::Path).map(decoded);
    request.host = row.text(Field::Host).or_else(|| row.text(Field::Domain));
    request.client = row.text(Field::Client);
    request.id = row.text(Field::RequestId);
    if request.failure.is_some() {
        request.token = row.text(Field::Detailed).or_else(|| row.text(Field::Result));
    }
    request.complete_times();
    Some(request)
}

/// A path without the log's own percent-encoding, so that it reads as the other hops log it: an
/// encoding that the viewer sent was encoded once more (`%2520`). Control characters stay encoded.
fn decoded(path: Cow<'_, str>) -> Cow<'_, str> {
    if !path.contains('%') {
        return path;
    }
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.first_chunk::<2>().filter(|_| *first == b'%');
        let byte = hex
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .filter(|hex| !hex.starts_with('+'))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|byte| !byte.is_ascii_control());
        match byte {
            Some(byte) => {
                out.push(byte);
                rest = after.get(2..).unwrap_or(b"");
            }
            None => {
                out.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(out).map_or(path, Cow::Owned)
}
