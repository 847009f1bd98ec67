//! AWS Application Load Balancer health check log: one line per check of one target by one node; or
//! one JSON object, as a delivery through CloudWatch Logs or Firehose may write it.
//!
//! A check that failed does not say whether the target was marked unhealthy for it: that takes as
//! many in a row as the target group's threshold. Format: "Health check logs", AWS Elastic Load
//! Balancing user guide.

mod about;

use std::borrow::Cow;

use memchr::memmem;
use model::{Event, Micros, Occurrence, OccurrenceKind, Timestamp};

use super::names;
use crate::json::Json;
use crate::{About, Context, Dialect, Marks, Quick, Understood, scan};

/// AWS Application Load Balancer health check log.
pub(crate) struct AlbHealth;

impl Dialect for AlbHealth {
    fn name(&self) -> &'static str {
        "aws-alb-health"
    }

    fn about(&self) -> &'static About {
        &about::PAGE
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[" PASS", " FAIL", "\"target_group_id\""]])
    }

    fn sniff(&self, record: &str) -> bool {
        Check::read(record).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], _context: &Context) -> Quick<'a> {
        let stated = std::str::from_utf8(line).ok().and_then(words).and_then(Stated::of);
        match stated {
            Some(Stated { failed: false, .. }) => Quick::Nothing,
            _ => Quick::Full,
        }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        _context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(check) = Check::read(record) else { return Understood::No };
        out.extend(check.failed().map(|failed| Event::Occurrence(Box::new(failed))));
        Understood::Yes
    }
}

/// The first eight words, cut at single spaces. Fields that were added behind them are passed over.
fn words(record: &str) -> Option<[&str; 8]> {
    let mut rest = Some(record.trim_end());
    let mut words = [""; 8];
    for word in &mut words {
        let text = rest?;
        (*word, rest) = match scan::space(text.as_bytes()) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
    }
    Some(words)
}

/// What the fields of a check state, if they are what they have to be.
struct Stated {
    time: Timestamp,
    latency: Option<Micros>,
    failed: bool,
}

impl Stated {
    fn of(fields: [&str; 8]) -> Option<Stated> {
        let [kind, time, latency, target, group, status, code, reason] = fields;
        if !matches!(kind, "http" | "https" | "h2" | "grpc" | "lambda") || !time.ends_with('Z') {
            return None;
        }
        let failed = match status {
            "PASS" => false,
            "FAIL" => true,
            _ => return None,
        };
        let addressed = target.contains(':') && !group.is_empty();
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if !(addressed && plain(code) && plain(reason)) {
            return None;
        }
        let latency = match latency {
            "-" => None,
            text => Some(scan::seconds(text.as_bytes())?),
        };
        let usual = <&[u8; 27]>::try_from(time.as_bytes()).ok().and_then(scan::iso_micros_utc);
        let time = usual.or_else(|| scan::iso(time.as_bytes(), 0))?;
        Some(Stated { time, latency, failed })
    }
}

/// One check.
struct Check<'a> {
    /// When it was begun.
    time: Timestamp,
    /// How long it took.
    latency: Option<Micros>,
    /// Address and port, or the ARN of a Lambda function.
    target: Cow<'a, str>,
    /// Name of the target group.
    group: Cow<'a, str>,
    failed: bool,
    /// Status of the answer, `-` if there was none.
    status: Cow<'a, str>,
    /// Why it failed, `-` if it did not.
    reason: Cow<'a, str>,
}

impl<'a> Check<'a> {
    fn read(record: &'a str) -> Option<Check<'a>> {
        if !record.trim_start().starts_with('{') {
            return Check::split(record);
        }
        memmem::find(record.as_bytes(), b"\"target_group_id\"")?;
        let object = Json::object(record)?;
        let word = |key: &str| object.get(key)?.written().filter(|text| !text.is_empty());
        let or_none = |key| word(key).unwrap_or(Cow::Borrowed("-"));
        Check::of([
            word("type")?,
            word("time")?,
            or_none("latency"),
            word("target_addr")?,
            word("target_group_id")?,
            word("status")?,
            or_none("status_code"),
            or_none("reason_code"),
        ])
    }

    fn split(record: &'a str) -> Option<Check<'a>> {
        Check::of(words(record)?.map(Cow::Borrowed))
    }

    fn of(fields: [Cow<'a, str>; 8]) -> Option<Check<'a>> {
        let Stated { time, latency, failed } = Stated::of(fields.each_ref().map(AsRef::as_ref))?;
        let [_, _, _, target, group, _, status, reason] = fields;
        Some(Check { time, latency, target, group, failed, status, reason })
    }

    /// What happened, if the check failed.
    fn failed(self) -> Option<Occurrence<'a>> {
        if !self.failed {
            return None;
        }
        let at = self.latency.map_or(self.time, |latency| self.time + latency);
        let kind = OccurrenceKind::CheckFailed;
        let failed = Occurrence::new(kind, Some(at), self.group).object(short(self.target));
        Some(match (scan::present(&self.reason), scan::present(&self.status)) {
            (Some(reason), Some(status)) => failed.detail(format!("{reason}, status {status}")),
            (Some(reason), None) => failed.detail(reason.to_owned()),
            (None, Some(status)) => failed.detail(format!("status {status}")),
            (None, None) => failed,
        })
    }
}

/// A function by its name.
fn short(target: Cow<'_, str>) -> Cow<'_, str> {
    match target {
        Cow::Borrowed(target) => Cow::Borrowed(names::short(target)),
        Cow::Owned(target) => Cow::Owned(names::short(&target).to_owned()),
    }
}
