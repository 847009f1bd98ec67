//! AWS Classic Load Balancer access log: one line per request, or per connection of a TCP or SSL
//! listener.
//!
//! The time stamp is when the request was received. Format: "Access logs for your Classic Load
//! Balancer", AWS Elastic Load Balancing user guide; lines before 2015 end with the request.

mod about;
mod failure;
mod glance;

use std::borrow::Cow;

use model::{Author, Event, HopKind, Micros, Request, Role, Timestamp};

use super::words::{self, Rest, client, describe};
use crate::{About, Context, Dialect, Marks, Quick, Understood, scan};

/// AWS Classic Load Balancer access log.
pub(crate) struct Clb;

impl Dialect for Clb {
    fn name(&self) -> &'static str {
        "aws-clb"
    }

    fn about(&self) -> &'static About {
        &about::PAGE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["Z "]])
    }

    fn sniff(&self, record: &str) -> bool {
        Fields::split(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        glance::glance(line).map_or(Quick::Full, Quick::Tally)
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(fields) = Fields::split(record) else { return Understood::No };
        out.push(request(&fields).into());
        Understood::Yes
    }
}

/// The fields that say something about a failure, as logged.
struct Fields<'a> {
    /// When the request was received, or the connection opened (field 1).
    time: Timestamp,
    /// Name of the load balancer (field 2).
    elb: &'a str,
    /// Client address and port (field 3).
    client: &'a str,
    /// Address and port of the registered instance, `-` if none was reached (field 4).
    backend: &'a str,
    /// Request, backend and response processing time; `None` where logged as -1 (fields 5 to 7).
    times: [Option<Micros>; 3],
    /// Status sent to the client; `None` for the connections of a TCP or SSL listener (field 8).
    status: Option<u16>,
    /// Status received from the instance; `None` for `-` and for 0 (field 9).
    behind: Option<u16>,
    /// The request line with an absolute target (field 12).
    request: &'a str,
}

impl<'a> Fields<'a> {
    /// Cuts a line that has at least the 12 fields up to the request; `None` for any other text.
    fn split(record: &'a str) -> Option<Fields<'a>> {
        let mut rest = Rest(record);
        let time = stamp(rest.word()?)?;
        let elb = rest.word().filter(|elb| is_name(elb.as_bytes()))?;
        let client = rest.word().filter(|address| has_port(address))?;
        let backend = rest.word().filter(|address| *address == "-" || has_port(address))?;
        let times = [rest.time()?, rest.time()?, rest.time()?];
        let status = status(rest.word()?)?;
        let behind = self::status(rest.word()?)?;
        rest.size()?;
        rest.size()?;
        let request = match rest.0.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            Some(whole) if !whole.contains("\" \"") => whole,
            // A line cut inside the request still says how it ended.
            _ if rest.0.starts_with('"') => rest.request_line().unwrap_or(""),
            _ => return None,
        };
        Some(Fields { time, elb, client, backend, times, status, behind, request })
    }
}

/// The time as the load balancer writes it, with the `Z`; other logs begin with times as well.
fn stamp(word: &str) -> Option<Timestamp> {
    if word.as_bytes().get(10) != Some(&b'T') || !word.ends_with('Z') {
        return None;
    }
    scan::iso(word.as_bytes(), 0)
}

/// A status: `None` inside for the `-` and the `0` of a request that has none.
fn status(word: &str) -> Option<Option<u16>> {
    match word {
        "-" | "0" => Some(None),
        code => scan::status(code.as_bytes()).map(Some),
    }
}

/// A name as the load balancer's has to be: letters, digits and hyphens, at most 32 (API reference,
/// `CreateLoadBalancer`).
fn is_name(word: &[u8]) -> bool {
    (1..=32).contains(&word.len()) && word.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
}

fn has_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
    })
}

fn request<'a>(fields: &Fields<'a>) -> Request<'a> {
    let mut request = Request::new(fields.elb, HopKind::Edge, Role::Access);
    request.start = Some(fields.time);
    request.status = fields.status;
    request.upstream_status = fields.behind;
    request.author = match (fields.status, fields.behind) {
        (None, _) => Author::Unknown,
        (status, behind) if status == behind => Author::Behind,
        _ => Author::ThisHop,
    };
    request.target = scan::present(fields.backend).map(Cow::from);
    request.timers.wait = fields.times[1];
    request.timers.total = match fields.times {
        // The instance's answer never began: what was measured until then is all there is.
        [Some(before), Some(wait), None] if fields.behind.is_none() => {
            words::sum([Some(before), Some(wait), Some(Micros(0))])
        }
        times => words::sum(times),
    };
    request.client = scan::present(fields.client).map(|address| client(address).into());
    describe(&mut request, Cow::Borrowed(fields.request));
    request.complete_times();
    if let Some(status) = fields.status
        && !failure::unremarkable(status, fields.behind.is_some())
    {
        request.failure = Some(failure::failure(status, fields.behind));
        let behind = fields.behind.map_or(Cow::Borrowed("-"), |code| format!("{code:03}").into());
        request.token = Some(format!("{status:03}/{behind}").into());
    }
    request
}
