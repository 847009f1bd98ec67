//! nginx error log.

use std::borrow::Cow;

use model::{
    Author, Event, Failure, HopKind, Mechanism, Occurrence, OccurrenceKind, ProxyError, Request,
    Role, Side,
};

use super::error_line::{self, Line};
use super::error_reading::{self, Reading};
use super::fields::is_address;
use crate::{About, Context, Dialect, Marks, Understood, scan};

/// nginx error log.
pub(crate) struct NginxError;

/// Words of an application are quoted up to this many characters.
const DETAIL: usize = 160;

impl Dialect for NginxError {
    fn name(&self) -> &'static str {
        "nginx-error"
    }

    fn about(&self) -> &'static About {
        &super::about::ERROR
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&[
            "[emerg]",
            "[alert]",
            "[crit]",
            "[error]",
            "[warn]",
            "[notice]",
            "[info]",
            "[debug]",
            "upstream",
            ", client: ",
        ]])
    }

    fn sniff(&self, record: &str) -> bool {
        error_line::read(record, &Context::default()).is_some_and(|line| is_ours(&line))
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        let Some(line) = error_line::read(record, context).filter(is_ours) else {
            return Understood::No;
        };
        if let Some(occurrence) = occurrence(&line, context) {
            out.push(occurrence.into());
        } else if let Some(reading) =
            error_reading::read(line.message, line.level, line.client.is_some())
        {
            out.push(request(&line, reading, context).into());
        }
        Understood::Yes
    }
}

/// Without the frame of time, level and process, the message itself has to be nginx's.
fn is_ours(line: &Line<'_>) -> bool {
    line.framed
        || error_reading::unmistakable(line.message)
        || (line.client.is_some()
            && line.server.is_some()
            && error_reading::read(line.message, None, true).is_some())
}

fn hop<'a>(context: &Context) -> Cow<'a, str> {
    context.hop.as_ref().map_or(Cow::Borrowed("nginx"), |hop| Cow::Owned(hop.clone()))
}

fn request<'a>(line: &Line<'a>, reading: Reading<'a>, context: &Context) -> Request<'a> {
    let mut request = Request::new(hop(context), HopKind::Proxy, Role::Explanation);
    request.end = line.at.or(context.prefix_time);
    request.status = reading.status.filter(|_| !line.stream);
    request.author = Author::ThisHop;
    let mut failure = Failure::of(reading.mechanism);
    failure.phase = reading.phase.or(failure.phase);
    if failure.mechanism == Mechanism::Unspecified {
        failure.side = Side::Upstream;
    }
    if failure.mechanism == Mechanism::NameLookupFailed && !reading.token.contains("timed out") {
        failure.error = Some(match reading.token.starts_with("no resolver") {
            true => ProxyError::ProxyConfigurationError,
            false => ProxyError::DnsError,
        });
    }
    request.failure = Some(failure);
    request.token = Some(reading.token);
    request.client = line.client.map(Cow::Borrowed);
    request.host = line.host.map(|host| Cow::Borrowed(scan::without_port(host)));
    match line.target() {
        // Without a port it is the name of the group: nginx had no peer to name.
        Some(target) if !is_address(target.as_bytes()) => {
            request.upstream = Some(Cow::Borrowed(target));
        }
        target => request.target = target.map(Cow::Borrowed),
    }
    if request.target.is_none() {
        request.target = reading.name.map(Cow::Borrowed);
    }
    if let Some((method, path, host)) = line.request.and_then(scan::method_and_path) {
        request.method = Some(Cow::Borrowed(method));
        request.path = Some(Cow::Borrowed(path));
        request.host = request.host.or(host.map(Cow::Borrowed));
    }
    request
}

/// Messages that tell of something other than one request.
fn occurrence<'a>(line: &Line<'a>, context: &Context) -> Option<Occurrence<'a>> {
    let at = line.at.or(context.prefix_time);
    let message = line.message;
    let about_nginx = |kind| Occurrence::new(kind, at, hop(context));
    if message.starts_with("upstream server temporarily disabled") {
        let target = line.target();
        let subject = line.server.or(target).map_or_else(|| hop(context), Cow::Borrowed);
        let occurrence = Occurrence::new(OccurrenceKind::TargetEjected, at, subject)
            .detail("upstream server temporarily disabled");
        return Some(match target {
            Some(target) => occurrence.object(target),
            None => occurrence,
        });
    }
    if let Some(words) = message.strip_prefix("FastCGI sent in stderr: \"") {
        let words = words.strip_prefix("PHP message: ").unwrap_or(words);
        if is_php_remark(words) {
            return None;
        }
        let subject = line.target().map_or(Cow::Borrowed("fastcgi"), Cow::Borrowed);
        return Some(
            Occurrence::new(OccurrenceKind::ApplicationError, at, subject).detail(short(words)),
        );
    }
    if message == "reconfiguring" {
        return Some(about_nginx(OccurrenceKind::Reload).detail(message));
    }
    if message == "start worker processes" {
        return Some(about_nginx(OccurrenceKind::InstanceStart).detail(message));
    }
    // `gracefully shutting down` and `exiting` alone are also said by the old workers of a reload;
    // the signal that ends the master is not.
    let ends = (message.contains("(SIGQUIT) received") && message.ends_with("shutting down"))
        || (message.contains("(SIGTERM) received") && message.ends_with("exiting"));
    if message.starts_with("signal ") && ends {
        return Some(about_nginx(OccurrenceKind::InstanceStop).detail(message));
    }
    if let Some((_, how)) = message.split_once(" exited ")
        && (message.starts_with("worker process ") || message.starts_with("cache manager process "))
    {
        let how = how.strip_prefix("on ").or_else(|| how.strip_prefix("with "))?;
        return (how != "code 0").then(|| {
            about_nginx(OccurrenceKind::ProcessExit).object(how).detail("worker process")
        });
    }
    if let Some(rest) = message.strip_prefix("bind() to ")
        && let Some((address, _)) = rest.split_once(" failed (")
        && line.client.is_none()
    {
        return Some(
            about_nginx(OccurrenceKind::ListenFailed).object(address).detail("bind() failed"),
        );
    }
    None
}

/// PHP's notices, warnings and deprecations: the script went on.
pub(crate) fn is_php_remark(words: &str) -> bool {
    ["PHP Notice", "PHP Warning", "PHP Deprecated", "PHP Strict"]
        .iter()
        .any(|level| words.starts_with(level))
}

/// The first line of a text, cut at a length fit for a report.
pub(crate) fn short(text: &str) -> &str {
    let line = text.split(['\n', '\r']).next().unwrap_or(text);
    let line = line.split("\" while reading").next().unwrap_or(line);
    let end = line.char_indices().nth(DETAIL).map_or(line.len(), |(at, _)| at);
    line[..end].trim_end_matches(['"', ' ']).trim_end_matches("\\n")
}
