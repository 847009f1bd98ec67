//! Apache httpd error log, mod_proxy above all.

use std::borrow::Cow;

use model::{Author, Event, Failure, HopKind, Occurrence, OccurrenceKind, Request, Role};

use super::error_line::{self, Line};
use super::error_reading::{self, Reading, bracketed};
use crate::nginx::error::{is_php_remark, short};
use crate::{About, Context, Dialect, Marks, Understood};

/// Apache httpd error log, mod_proxy above all.
pub(crate) struct ApacheError;

impl Dialect for ApacheError {
    fn name(&self) -> &'static str {
        "apache-error"
    }

    fn about(&self) -> &'static About {
        &super::about::ERROR
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[
            "[emerg", ":emerg", "[alert", ":alert", "[crit", ":crit", "[error", ":error", "[warn",
            ":warn", "[notice", ":notice", "[info", ":info", "[debug", ":debug", "[trace",
            ":trace", "AH0", "AH1", "AH2", "AH3", "AH4", "AH5", "AH6", "AH7", "AH8", "AH9",
        ]])
    }

    fn sniff(&self, record: &str) -> bool {
        error_line::read(record, &Context::default()).is_some()
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(line) = error_line::read(record, context) else { return Understood::No };
        if let Some(occurrence) = occurrence(&line, context) {
            out.push(occurrence.into());
        } else if let Some(reading) = error_reading::read(&line) {
            out.push(request(&line, reading, context).into());
        }
        Understood::Yes
    }
}

fn hop<'a>(context: &Context) -> Cow<'a, str> {
    context.hop.as_ref().map_or(Cow::Borrowed("httpd"), |hop| Cow::Owned(hop.clone()))
}

fn request<'a>(line: &Line<'a>, reading: Reading<'a>, context: &Context) -> Request<'a> {
    let mut request = Request::new(hop(context), HopKind::Proxy, Role::Explanation);
    request.end = line.at.or(context.prefix_time);
    request.status = reading.status;
    request.author = Author::ThisHop;
    let mut failure = Failure::of(reading.mechanism);
    failure.phase = reading.phase.or(failure.phase);
    request.failure = Some(failure);
    request.target = reading.target.or(line.remote).map(|target| match target.starts_with('/') {
        true => Cow::Owned(format!("unix:{target}")),
        false => Cow::Borrowed(target),
    });
    request.upstream = reading.balancer.map(Cow::Borrowed);
    request.client = line.client.map(Cow::Borrowed);
    request.path = path(line.message).map(Cow::Borrowed);
    request.token = token(line);
    request
}

/// `AH00957 (111)`; without a code the words themselves.
fn token<'a>(line: &Line<'a>) -> Option<Cow<'a, str>> {
    Some(match (line.code, line.errno) {
        (Some(code), Some(errno)) => Cow::Owned(format!("AH{code:05} ({errno})")),
        (Some(code), None) => Cow::Owned(format!("AH{code:05}")),
        (None, Some(errno)) => Cow::Owned(format!("({errno})")),
        (None, None) => Cow::Borrowed(short(line.message)),
    })
}

/// The path after `returned by`, which the method may follow in parentheses.
fn path(message: &str) -> Option<&str> {
    let (_, path) = message.rsplit_once(" returned by ")?;
    let method = |word: &str| word.bytes().all(|b| b.is_ascii_uppercase());
    let path = match path.strip_suffix(')').and_then(|path| path.rsplit_once(" (")) {
        Some((path, word)) if method(word) => path,
        _ => path,
    };
    path.starts_with('/').then(|| crate::scan::without_query(path))
}

/// Messages that tell of something other than one request.
fn occurrence<'a>(line: &Line<'a>, context: &Context) -> Option<Occurrence<'a>> {
    let at = line.at.or(context.prefix_time);
    let message = line.message;
    let has = |words: &str| message.contains(words);
    let about_httpd = |kind| Occurrence::new(kind, at, hop(context));
    // Codes and words alike: the same message has another code under each MPM, and none in 2.2.
    if line.code == Some(959) || has("disabling worker for (") {
        let occurrence = about_httpd(OccurrenceKind::TargetEjected).detail(short(message));
        return Some(match bracketed(message, "disabling worker for (") {
            Some(target) => occurrence.object(target),
            None => occurrence,
        });
    }
    // mod_proxy_hcheck tells of its verdicts at level info: `AH03303: Threaded Health check
    // DISABLING http://10.0.0.11:8080`, `AH03302: … ENABLING …`.
    for (words, kind) in [
        ("Health check DISABLING ", OccurrenceKind::HealthDown),
        ("Health check ENABLING ", OccurrenceKind::HealthUp),
    ] {
        if let Some(target) = error_reading::after(message, words) {
            let target = target.split_once("://").map_or(target, |(_, target)| target);
            return Some(about_httpd(kind).object(target).detail(short(message)));
        }
    }
    let saturated = ["server reached MaxRequestWorkers", "server reached MaxClients"]
        .iter()
        .any(|words| message.starts_with(words));
    if saturated || matches!(line.code, Some(161 | 484 | 3490 | 10_159)) {
        return Some(about_httpd(OccurrenceKind::PoolSaturated).detail(short(message)));
    }
    if message.starts_with("child pid ")
        && let Some((_, signal)) = message.split_once(" exit signal ")
    {
        let signal = signal.split(',').next().unwrap_or(signal);
        return Some(
            about_httpd(OccurrenceKind::ProcessExit).object(signal).detail("child process"),
        );
    }
    if line.code == Some(1071) || message.starts_with("Got error 'PHP message: ") {
        let words = message.strip_prefix("Got error '").unwrap_or(message).trim_end_matches('\'');
        return application_error(line, context, words);
    }
    if message.starts_with("PHP Fatal error") || message.starts_with("PHP Parse error") {
        return application_error(line, context, message);
    }
    if message.starts_with("Premature end of script headers") {
        return application_error(line, context, message);
    }
    if has("resuming normal operations") {
        return Some(
            about_httpd(OccurrenceKind::InstanceStart).detail("resuming normal operations"),
        );
    }
    let restarts = ["Graceful restart requested", "SIGUSR1 received", "SIGHUP received"]
        .iter()
        .any(|words| message.starts_with(words));
    if restarts {
        return Some(about_httpd(OccurrenceKind::Reload).detail(short(message)));
    }
    if message.starts_with("caught SIG") && has("shutting down") {
        return Some(about_httpd(OccurrenceKind::InstanceStop).detail(short(message)));
    }
    if message.starts_with("could not bind to address ")
        || has("could not bind to address ") && has("make_sock")
    {
        let address = error_reading::after(message, "could not bind to address ");
        let occurrence = about_httpd(OccurrenceKind::ListenFailed).detail("could not bind");
        return Some(match address {
            Some(address) => occurrence.object(address),
            None => occurrence,
        });
    }
    None
}

fn application_error<'a>(
    line: &Line<'a>,
    context: &Context,
    words: &'a str,
) -> Option<Occurrence<'a>> {
    let words = words.strip_prefix("PHP message: ").unwrap_or(words);
    if is_php_remark(words) {
        return None;
    }
    let subject = if line.module.is_empty() { hop(context) } else { Cow::Borrowed(line.module) };
    let at = line.at.or(context.prefix_time);
    Some(Occurrence::new(OccurrenceKind::ApplicationError, at, subject).detail(short(words)))
}
