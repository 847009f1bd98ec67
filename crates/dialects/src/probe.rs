//! What health checkers were answered, as the target's own access log tells it.
//!
//! A checker names itself in `User-Agent`. In a whole line of a known access log its request is a
//! request like any other, and a check that failed besides; of a line that lacks its beginning, as
//! people cut it out and application servers write it, only the check is left.
//!
//! Sources: AWS, "Health checks for your target groups" (`ELB-HealthChecker/2.0`); Google Cloud,
//! "Health checks overview" (`GoogleHC/1.0`); Kubernetes `pkg/probe/http/request.go`
//! (`kube-probe/`); AWS, Route 53 health checkers.

use std::borrow::Cow;

use std::sync::LazyLock;

use memchr::memmem;
use model::{Event, Occurrence, OccurrenceKind, Request};

use crate::{About, Blind, Context, Dialect, Marks, Understood, scan};

/// How the checkers begin their `User-Agent`.
const CHECKERS: [&str; 4] =
    ["ELB-HealthChecker/", "GoogleHC/", "kube-probe/", "Amazon-Route53-Health-Check-Service"];
/// Longer lines are no access log's.
const LONGEST: usize = 4_096;

/// Whether an access log's line is of a check that was answered with neither a success nor a server
/// error: the target is there, and does not serve what was asked for.
pub(crate) fn is_refused(line: &[u8], status: u16) -> bool {
    // 304 says that what was asked for is there.
    matches!(status, 300..500) && status != 304 && checker(line).is_some()
}

fn checker(line: &[u8]) -> Option<&'static str> {
    // Built once: every redirect and every 404 of a log is searched.
    static FINDERS: LazyLock<Vec<(&'static str, memmem::Finder<'static>)>> = LazyLock::new(|| {
        CHECKERS.into_iter().map(|name| (name, memmem::Finder::new(name))).collect()
    });
    FINDERS.iter().find(|(_, finder)| finder.find(line).is_some()).map(|(name, _)| *name)
}

/// What a request in an access log was besides: a check that [`is_refused`].
pub(crate) fn check<'a>(line: &[u8], request: &Request<'a>) -> Option<Event<'a>> {
    let status = request.status.filter(|status| is_refused(line, *status))?;
    let mut check = failed(line, status, request.hop.clone());
    check.at = request.at();
    check.object = request.path.clone();
    Some(Event::from(check))
}

fn failed<'a>(line: &[u8], status: u16, hop: Cow<'a, str>) -> Occurrence<'a> {
    let checker = checker(line).unwrap_or("a checker").trim_end_matches('/');
    Occurrence::new(OccurrenceKind::CheckFailed, None, hop)
        .detail(format!("{checker} was answered {status}"))
}

/// Lines of access logs without their beginning, where a checker asked.
pub(crate) struct HealthProbe;

/// Path and status of `… "GET /health HTTP/1.1" 400 272 "-" "ELB-HealthChecker/2.0"`.
fn read(record: &str) -> Option<(&str, u16)> {
    if record.len() > LONGEST || checker(record.as_bytes()).is_none() {
        return None;
    }
    let (before, after) = record.split_once(" HTTP/1.")?;
    let (_, request) = before.rsplit_once('"')?;
    let (method, path) = request.split_once(' ')?;
    let is_method = matches!(method, "GET" | "HEAD" | "POST" | "OPTIONS");
    let rest = after.strip_prefix(['0', '1'])?.strip_prefix('"')?.trim_start();
    let end = rest.find(' ').unwrap_or(rest.len());
    let status = scan::status(rest.get(..end)?.as_bytes())?;
    let names_itself =
        CHECKERS.iter().any(|name| rest.split('"').any(|quoted| quoted.starts_with(name)));
    (is_method && path.starts_with('/') && names_itself).then_some((path, status))
}

static ABOUT: About = About {
    title: "Requests of health checkers in access logs that lack their beginning",
    source: "<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>",
    from: "an application server's access log, or lines that were cut out of one.",
    time: "none of its own; that of a prefix, such as the container runtime's.",
    fields: &[
        ("the quoted request", "the path that the check asks for"),
        ("status", "what the target answered"),
        ("User-Agent", "who checks: ELB-HealthChecker, GoogleHC, kube-probe, Route 53"),
    ],
    shows: &["Checks that were answered with 300 to 599 (`check-failed`)."],
    blind: &[Blind {
        what: "Checks that never arrived",
        how: "`aws elbv2 describe-target-health --target-group-arn ARN`, or the gateway's own log.",
    }],
    recommended: "aws elbv2 describe-target-groups --target-group-arns ARN --query \\\n  \
                  'TargetGroups[].[HealthCheckPort,HealthCheckPath,Matcher.HttpCode]'",
};

impl Dialect for HealthProbe {
    fn name(&self) -> &'static str {
        "health-probe"
    }

    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&CHECKERS])
    }

    fn sniff(&self, record: &str) -> bool {
        read(record).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some((path, status)) = read(record) else { return Understood::No };
        if status >= 300 {
            let hop = context.hop.clone().unwrap_or_else(|| "target".to_owned());
            let mut check = failed(record.as_bytes(), status, hop.into());
            check.at = context.prefix_time;
            check.object = path.split(['?', '#']).next().map(Cow::Borrowed);
            out.push(check.into());
        }
        Understood::Yes
    }
}
