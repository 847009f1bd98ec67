//! nginx access log, built-in and given formats.

use std::borrow::Cow;

use model::{Event, HopKind, Micros, Request, Reuse, Role, Tally, Timestamp};

use super::fields::{Fields, Var, is_address, tries};
use super::{clf, judge, manager, tail};
use crate::{About, Context, Dialect, Marks, Quick, SLOW, Understood, probe, scan};

/// nginx access log, built-in and given formats.
pub(crate) struct NginxAccess;

/// One line, read as far as is needed to tell a healthy request.
struct Entry<'a> {
    fields: Fields<'a>,
    status: u16,
    end: Option<Timestamp>,
    total: Option<Micros>,
}

impl<'a> Entry<'a> {
    /// The last target tried, if it is an address.
    fn target(&self) -> Option<&'a [u8]> {
        self.fields.last(Var::UpstreamAddr).filter(|target| is_address(target))
    }
}

impl Dialect for NginxAccess {
    fn name(&self) -> &'static str {
        "nginx-access"
    }

    fn about(&self) -> &'static About {
        &super::about::ACCESS
    }

    fn marks(&self) -> Marks {
        Marks::any_of(&[&["] \"", "[Client "]]).unless_told()
    }

    fn sniff(&self, record: &str) -> bool {
        let line = record.trim_end();
        !line.contains('\n') && entry(line.as_bytes(), &Context::default()).is_some()
    }

    fn sniff_in(&self, record: &str, context: &Context) -> bool {
        let line = record.trim_end();
        !line.contains('\n') && entry(line.as_bytes(), context).is_some()
    }

    fn quick<'a>(&self, line: &'a [u8], context: &Context) -> Quick<'a> {
        // A tally borrows its hop from the line, so a name from outside cannot be given here.
        if context.hop.is_some() {
            return Quick::Full;
        }
        match entry(line, context) {
            Some(Entry { ref fields, status: status @ 100..500, end: Some(at), total })
                if status != 499
                    && total.is_none_or(|total| total < SLOW)
                    && !probe::is_refused(line, status) =>
            {
                let target = fields.last(Var::UpstreamAddr).filter(|target| is_address(target));
                Quick::Tally(Tally {
                    at,
                    hop: b"nginx",
                    kind: HopKind::Proxy,
                    status,
                    target: target.unwrap_or(b""),
                    elapsed: total,
                })
            }
            _ => Quick::Full,
        }
    }

    fn parse<'a>(
        &self,
        record: &'a str,
        context: &Context,
        out: &mut Vec<Event<'a>>,
    ) -> Understood {
        match entry(record.as_bytes(), context) {
            Some(entry) => {
                let request = request(&entry, context);
                let check = probe::check(record.as_bytes(), &request);
                out.push(Event::Request(Box::new(request)));
                out.extend(check);
                Understood::Yes
            }
            None => Understood::No,
        }
    }
}

fn entry<'a>(line: &'a [u8], context: &Context) -> Option<Entry<'a>> {
    let line = line.trim_ascii_end();
    context
        .nginx_formats
        .iter()
        .find_map(|format| given(format.read(line)?, context))
        .or_else(|| given(manager::read(line)?, context))
        .or_else(|| combined(line, context.combined_is_apache))
}

/// An entry of a format the context gives.
fn given<'a>(fields: Fields<'a>, context: &Context) -> Option<Entry<'a>> {
    let status = scan::status(fields.value(Var::Status)?)?;
    let end = fields
        .value(Var::TimeLocal)
        .and_then(|time| scan::clf_time(time, 0))
        .or_else(|| fields.value(Var::TimeIso).and_then(|time| scan::iso(time, 0)))
        .or_else(|| fields.value(Var::Msec).and_then(scan::seconds).map(|t| Timestamp(t.0)))
        .or(context.prefix_time);
    let total = fields.value(Var::RequestTime).and_then(scan::seconds);
    Some(Entry { fields, status, end, total })
}

/// An entry of the combined format, with whatever stands after it.
fn combined(line: &[u8], is_apache: bool) -> Option<Entry<'_>> {
    let read = clf::read(line)?;
    if read.only_apache {
        return None;
    }
    let tail = tail::read(read.tail)?;
    if is_apache && !tail.only_nginx {
        return None;
    }
    let mut fields = tail.fields;
    fields.set(Var::RemoteAddr, read.client);
    fields.set(Var::Request, read.request);
    if let Some(host) = read.vhost {
        fields.set(Var::Host, host);
    }
    let total = fields.value(Var::RequestTime).and_then(scan::seconds);
    Some(Entry { fields, status: read.status?, end: Some(read.time), total })
}

fn request<'a>(entry: &Entry<'a>, context: &Context) -> Request<'a> {
    let fields = &entry.fields;
    let hop: Cow<'a, str> = match &context.hop {
        Some(hop) => Cow::Owned(hop.clone()),
        None => Cow::Borrowed("nginx"),
    };
    let judgement = judge::judge(entry.status, fields);
    let mut request = Request::new(hop, HopKind::Proxy, Role::Access);
    request.end = entry.end;
    request.status = Some(entry.status);
    request.upstream_status = fields.last(Var::UpstreamStatus).and_then(scan::status);
    request.author = judgement.author;
    request.timers.total = entry.total;
    request.timers.connect = fields.last_span(Var::UpstreamConnectTime);
    request.failure = judgement.failure.map(|failure| failure.on(reuse(request.timers.connect)));
    request.timers.wait = wait(fields, request.timers.connect);
    request.attempts = attempts(fields);
    request.target = entry.target().map(String::from_utf8_lossy);
    request.upstream = fields.text(Var::Group).or_else(|| {
        let name = fields.last(Var::UpstreamAddr).filter(|target| !is_address(target));
        name.map(String::from_utf8_lossy)
    });
    request.host = fields.text(Var::Host).map(|host| match host {
        Cow::Borrowed(host) => Cow::Borrowed(scan::without_port(host)),
        Cow::Owned(host) => Cow::Owned(scan::without_port(&host).to_owned()),
    });
    request.client = fields.text(Var::RemoteAddr);
    request.id = fields
        .value(Var::Trace)
        .map(trace_id)
        .or_else(|| fields.value(Var::RequestId))
        .map(String::from_utf8_lossy);
    describe(&mut request, fields);
    request.complete_times();
    request
}

/// A pooled connection is used in the same turn of the event loop in which it is taken, so that
/// its connect time is zero by nginx's clock (`ngx_http_upstream_connect`). Zero itself tells
/// nothing: a neighbour answers a SYN within the millisecond.
fn reuse(connect: Option<Micros>) -> Reuse {
    if connect.is_some_and(|span| span > Micros(0)) { Reuse::Fresh } else { Reuse::Unknown }
}

/// `$upstream_header_time` and `$upstream_response_time` count from the beginning of the try, so
/// the time spent connecting is taken off.
fn wait(fields: &Fields<'_>, connect: Option<Micros>) -> Option<Micros> {
    let span = fields
        .last_span(Var::UpstreamHeaderTime)
        .or_else(|| fields.last_span(Var::UpstreamResponseTime))?;
    Some(Micros((span.0 - connect.unwrap_or_default().0).max(0)))
}

fn attempts(fields: &Fields<'_>) -> u16 {
    let list = fields.value(Var::UpstreamAddr).or_else(|| fields.value(Var::UpstreamStatus));
    list.map_or(0, |list| u16::try_from(tries(list).count()).unwrap_or(u16::MAX))
}

/// Method, path and, from an absolute URI, host.
fn describe<'a>(request: &mut Request<'a>, fields: &Fields<'a>) {
    if let Some(line) = fields.value(Var::Request).and_then(|line| std::str::from_utf8(line).ok())
        && let Some(parts) = scan::method_and_path(line)
    {
        request.method = Some(Cow::Borrowed(parts.0));
        request.path = Some(Cow::Borrowed(parts.1));
        if request.host.is_none() {
            request.host = parts.2.map(Cow::Borrowed);
        }
    }
    if request.method.is_none() {
        request.method = fields.text(Var::Method);
    }
    if request.path.is_none() {
        let uri = fields.value(Var::Uri).and_then(|uri| std::str::from_utf8(uri).ok());
        request.path = uri.map(|uri| Cow::Borrowed(scan::without_query(uri)));
    }
}

/// The trace id alone out of `traceparent` (W3C Trace Context section 3.2), `X-Amzn-Trace-Id`
/// (`Root=…`) or `X-Cloud-Trace-Context` (`ID/SPAN;o=1`).
fn trace_id(value: &[u8]) -> &[u8] {
    let until = |text: &'_ [u8], stop: u8| memchr::memchr(stop, text).unwrap_or(text.len());
    if let Some(at) = memchr::memmem::find(value, b"Root=") {
        let rest = &value[at + 5..];
        return &rest[..until(rest, b';')];
    }
    if let [_, _, b'-', rest @ ..] = value {
        return &rest[..until(rest, b'-')];
    }
    &value[..until(value, b'/')]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nginx::error::NginxError;

    const HEALTHY: &str = "192.0.2.7 - - [02/Nov/2026:14:03:07 +0900] \"GET /items?id=1&sort=asc \
        HTTP/1.1\" 200 5316 \"https://www.example.com/items\" \"Mozilla/5.0 (X11; Linux x86_64) \
        AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36\"";

    fn parsed<'a>(line: &'a str, context: &Context) -> Vec<Event<'a>> {
        let mut out = Vec::new();
        NginxAccess.parse(line, context, &mut out);
        out
    }

    #[test]
    fn a_line_end_that_was_left_on() {
        let context = Context::default();
        for end in ["\r\n", "\r", "\n", " "] {
            let line = format!("{HEALTHY}{end}");
            assert_eq!(parsed(&line, &context), parsed(HEALTHY, &context));
            assert!(matches!(NginxAccess.quick(line.as_bytes(), &context), Quick::Tally(_)));
        }
    }

    #[test]
    fn what_the_context_says() {
        let apache = Context { combined_is_apache: true, ..Context::default() };
        assert!(parsed(HEALTHY, &apache).is_empty());
        assert_eq!(NginxAccess.quick(HEALTHY.as_bytes(), &apache), Quick::Full);
        let timed = format!("{HEALTHY} rt=0.003 us=\"200\"");
        assert_eq!(parsed(&timed, &apache).len(), 1);

        let named = Context { hop: Some("edge-1".into()), ..Context::default() };
        assert_eq!(NginxAccess.quick(HEALTHY.as_bytes(), &named), Quick::Full);
        let [Event::Request(request)] = &parsed(HEALTHY, &named)[..] else { panic!() };
        assert_eq!(request.hop, "edge-1");

        let format = crate::LogFormat::compile("$status $request_time").unwrap();
        let at = Timestamp::from_unix_seconds(1_793_628_187);
        let context =
            Context { nginx_formats: vec![format], prefix_time: Some(at), ..Context::default() };
        let [Event::Request(request)] = &parsed("504 60.001", &context)[..] else { panic!() };
        assert_eq!((request.end, request.status), (Some(at), Some(504)));
    }

    #[test]
    fn invalid_utf8_is_tallied_all_the_same() {
        let line = [HEALTHY.as_bytes(), b" \"\xff\xfe\""].concat();
        assert!(matches!(NginxAccess.quick(&line, &Context::default()), Quick::Tally(_)));
    }

    #[test]
    fn slow_and_unknown_statuses_are_not_tallied() {
        let quick = |tail: &str| {
            let line = format!("{HEALTHY}{tail}");
            matches!(NginxAccess.quick(line.as_bytes(), &Context::default()), Quick::Tally(_))
        };
        assert!(quick(" rt=4.999"));
        assert!(!quick(" rt=5.000"));
    }

    /// Every sample cut at every place: nothing panics, and the two ways of reading agree.
    #[test]
    fn samples_cut_anywhere() {
        let samples = [
            include_str!("../../tests/nginx-access.txt"),
            include_str!("../../tests/nginx-error.txt"),
            include_str!("../../tests/apache-access.txt"),
            include_str!("../../tests/apache-error.txt"),
        ];
        let dialects: [&dyn Dialect; 4] = [
            &NginxAccess,
            &NginxError,
            &crate::apache::access::ApacheAccess,
            &crate::apache::error::ApacheError,
        ];
        let format = crate::LogFormat::compile("$remote_addr $status $request").unwrap();
        let context = Context { nginx_formats: vec![format], ..Context::default() };
        for line in samples.iter().flat_map(|text| text.lines()) {
            for end in (0..=line.len()).filter(|end| line.is_char_boundary(*end)) {
                for dialect in dialects {
                    let (head, tail) = line.split_at(end);
                    for part in [head, tail] {
                        let mut out = Vec::new();
                        let understood = dialect.parse(part, &context, &mut out);
                        assert!(understood == Understood::Yes || out.is_empty());
                        if let Quick::Tally(tally) = dialect.quick(part.as_bytes(), &context) {
                            let [Event::Request(request)] = &out[..] else { panic!("{part}") };
                            assert_eq!(request.status, Some(tally.status), "{part}");
                            assert_eq!(request.failure, None, "{part}");
                        }
                    }
                }
            }
        }
    }

    /// `cargo test --release -p why502-dialects --lib -- --ignored --nocapture throughput`
    #[test]
    #[ignore = "a measurement, not a check"]
    fn throughput() {
        let context = Context::default();
        let ingress = format!(
            "{HEALTHY} 462 0.050 [shop-web-9000] [] 192.0.2.80:9000 19437 0.049 200 752178adb1"
        );
        let timed = format!(
            "{HEALTHY} \"-\" rt=0.012 uct=\"0.001\" uht=\"0.011\" urt=\"0.012\" \
             ua=\"192.0.2.80:9000\" us=\"200\""
        );
        for (name, line) in [("combined", HEALTHY), ("ingress", &ingress), ("timed", &timed)] {
            let begin = std::time::Instant::now();
            let rounds = 2_000_000_u32;
            let mut tallied = 0_u32;
            for _ in 0..rounds {
                let line = std::hint::black_box(line.as_bytes());
                if let Quick::Tally(t) = NginxAccess.quick(line, &context) {
                    tallied += u32::from(t.status == 200);
                }
            }
            assert_eq!(tallied, rounds);
            let bytes = f64::from(rounds) * line.len() as f64;
            let rate = bytes / begin.elapsed().as_secs_f64() / 1e6;
            println!("{name}: {rate:.0} MB/s, {} bytes a line", line.len());
        }
    }
}
