//! AWS Application Load Balancer access log: one line per request, fields by position; or one JSON
//! object per request, as a delivery through CloudWatch Logs or Firehose may write it.
//!
//! Format: "Access logs for your Application Load Balancer", AWS Elastic Load Balancing user guide.
//! AWS only ever appends fields (25 in 2018, 34 in 2025), so a line is read as far as it goes.

mod failure;
mod fields;
mod glance;

use std::borrow::Cow;

use model::{Author, Event, Failure, HopKind, Mechanism, Micros, Request, Role};

use super::words::{client, describe, sum};
use crate::{About, Context, Dialect, Marks, Quick, Understood, scan};
use fields::Fields;

/// AWS Application Load Balancer access log.
pub(crate) struct Alb;

/// First words of the record AWS writes into the bucket when access logs are switched on.
const CONTROL: &str = "Enable AccessLog for ELB";

impl Dialect for Alb {
    fn name(&self) -> &'static str {
        "aws-alb"
    }

    fn about(&self) -> &'static About {
        &super::about::ALB
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[
            CONTROL,
            "\"elb_status_code\"",
            "http ",
            "https ",
            "h2 ",
            "grpcs ",
            "ws ",
            "wss ",
        ]])
    }

    fn sniff(&self, record: &str) -> bool {
        record.starts_with(CONTROL) || Fields::read(record).is_some()
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
        if record.starts_with(CONTROL) {
            return Understood::Yes;
        }
        let Some(fields) = Fields::read(record) else { return Understood::No };
        out.push(request(&fields).into());
        Understood::Yes
    }
}

fn request<'a>(fields: &Fields<'a>) -> Request<'a> {
    let mut request = Request::new(fields.elb, HopKind::Edge, Role::Access);
    request.end = Some(fields.time);
    request.start = scan::iso(fields.created.as_bytes(), 0).filter(|start| *start <= fields.time);
    request.status = fields.status;
    request.upstream_status = scan::status(fields.target_status.as_bytes());
    request.author = match (request.status, request.upstream_status) {
        (None, _) => Author::Unknown,
        (status, behind) if status == behind => Author::Behind,
        _ => Author::ThisHop,
    };
    request.target = scan::present(fields.target).map(Cow::from);
    request.upstream = fields.target_group().map(Cow::from);
    request.timers.wait = fields.times[1];
    request.client = scan::present(fields.client).map(|c| client(c).into());
    request.id = fields.root_trace_id().map(Cow::from);
    describe(&mut request, fields.request.clone());
    request.host = request.host.or_else(|| scan::present(fields.domain).map(Cow::from));

    let healthy = fields
        .status
        .is_none_or(|status| failure::unremarkable(status, fields.target_status.as_bytes()));
    if healthy {
        request.timers.total = healthy_total(fields, &request);
    } else {
        request.complete_times();
        if request.timers.total.is_none() {
            request.timers.total = sum(fields.times);
            request.complete_times();
        }
        let found = failure::failure(fields, request.timers.total);
        request.token = Some(token(fields, &found));
        request.failure = Some(found);
    }
    request
}

/// The total of a healthy request is the sum of the three processing times and not, as for a
/// failing one, the span from creation to response: the creation time stands behind the fields a
/// quick look may read, and a quick look and a full parse must say the same.
fn healthy_total(fields: &Fields<'_>, request: &Request<'_>) -> Option<Micros> {
    match fields.times {
        // Answered by a rule of the load balancer: nothing behind it was asked.
        [None, None, None] if fields.target == "-" => None,
        times => sum(times).or_else(|| Some(request.end? - request.start?)),
    }
}

/// The reason AWS gives, or the two statuses where it gives none.
fn token<'a>(fields: &Fields<'a>, failure: &Failure) -> Cow<'a, str> {
    match scan::present(fields.error_reason) {
        Some(reason) => reason.into(),
        None if failure.mechanism == Mechanism::Denied && fields.fixed_response() => {
            Cow::Borrowed("fixed-response")
        }
        None => format!("{:03}/{}", fields.status.unwrap_or(0), fields.target_status).into(),
    }
}
