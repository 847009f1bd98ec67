//! What the load balancers' lines have in common: words and quoted fields by position, processing
//! times, addresses, request lines.

use std::borrow::Cow;

use model::{Micros, Request};

use crate::scan;

/// What is left of a line.
pub(super) struct Rest<'a>(pub(super) &'a str);

impl<'a> Rest<'a> {
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let (word, rest) = scan::word(self.0);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }

    /// Seconds with decimals, or -1.
    pub(super) fn time(&mut self) -> Option<Option<Micros>> {
        time(self.word()?)
    }

    /// A number of bytes.
    pub(super) fn size(&mut self) -> Option<()> {
        self.word()?.bytes().all(|b| b.is_ascii_digit()).then_some(())
    }

    /// The request line: a quoted field that has a user agent behind it, or nothing.
    pub(super) fn request_line(&mut self) -> Option<&'a str> {
        let text = self.0.strip_prefix('"')?;
        // It ends before the user agent does: quoted fields far behind it may look like its end.
        let until = text.match_indices("\" ").find(|(at, _)| tls_follows(&text[at + 2..]));
        let until = until.map_or(text.len(), |(at, _)| at);
        self.closed_by("\" \"", until, ends_like_a_request)
    }

    /// The user agent: a quoted field with cipher and protocol behind it.
    pub(super) fn user_agent(&mut self) -> Option<&'a str> {
        self.closed_by("\" ", usize::MAX, |_, after| tls_follows(after))
    }

    /// A quoted field that ends where `close` stands and `fits(field, after)` holds, within the
    /// first `until` bytes, or at the first `close` if it holds nowhere: AWS does not say how a
    /// quote inside a field is written.
    fn closed_by(
        &mut self,
        close: &str,
        until: usize,
        fits: impl Fn(&str, &str) -> bool,
    ) -> Option<&'a str> {
        let text = self.0.strip_prefix('"')?;
        let cut = |at: usize| Some((text.get(..at)?, text.get(at + 2..)?));
        let (field, after) = text
            .match_indices(close)
            .take_while(|(at, _)| *at < until)
            .filter_map(|(at, _)| cut(at))
            .find(|(field, after)| fits(field, after))
            .or_else(|| cut(text.find(close)?))?;
        self.0 = after;
        Some(field)
    }

    /// A quoted field that holds no quote followed by a space; a bare word is taken as it is.
    pub(super) fn quoted(&mut self) -> Option<&'a str> {
        let Some(text) = self.0.strip_prefix('"') else { return self.word() };
        if let Some((field, after)) = text.split_once("\" ") {
            self.0 = after;
            return Some(field);
        }
        self.0 = "";
        text.strip_suffix('"')
    }

    /// The certificate's ARN holds no quote, and the field behind it sometimes follows without a
    /// space (a sample line in AWS's own guide does).
    pub(super) fn certificate(&mut self) {
        match self.0.strip_prefix('"').and_then(|text| text.split_once('"')) {
            Some((_, after)) => self.0 = after.strip_prefix(' ').unwrap_or(after),
            None => drop(self.word()),
        }
    }
}

/// A request field ends with a protocol, or with the placeholder of a request without one.
fn ends_like_a_request(field: &str, _after: &str) -> bool {
    field.ends_with([' ', '-']) || field.rsplit(' ').next().is_some_and(|p| p.starts_with("HTTP/"))
}

/// Behind the user agent stand cipher and protocol, unquoted.
fn tls_follows(after: &str) -> bool {
    let (cipher, rest) = scan::word(after);
    let (protocol, _) = scan::word(rest);
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !cipher.is_empty()
        && cipher.bytes().all(plain)
        && (matches!(protocol, "" | "-") || protocol.starts_with("TLS"))
}

/// A processing time: seconds, or `None` inside for -1.
pub(super) fn time(word: &str) -> Option<Option<Micros>> {
    match word {
        "-1" => Some(None),
        text => scan::seconds(text.as_bytes()).map(Some),
    }
}

/// Sum of the three processing times; `None` if one of them is -1.
pub(super) fn sum(times: [Option<Micros>; 3]) -> Option<Micros> {
    times.into_iter().try_fold(Micros(0), |sum, time| Some(Micros(sum.0.checked_add(time?.0)?)))
}

/// A client's address without its port; IPv6 addresses come with brackets and without.
pub(super) fn client(address: &str) -> &str {
    let host = scan::without_port(address);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Method, path and host out of the request field. For a request the load balancer could not
/// read, the field is a skeleton such as `- http://HOST:80- -`, of which only the host is real.
pub(super) fn describe<'a>(request: &mut Request<'a>, line: Cow<'a, str>) {
    match line {
        Cow::Borrowed(line) => request_parts(request, line, Cow::Borrowed),
        Cow::Owned(line) => request_parts(request, &line, |part| Cow::Owned(part.to_owned())),
    }
}

fn request_parts<'t, 'a>(
    request: &mut Request<'a>,
    line: &'t str,
    keep: impl Fn(&'t str) -> Cow<'a, str>,
) {
    let Some((method, target)) = scan::request_line(line) else { return };
    let (path, authority) = scan::path_and_host(target.trim());
    request.method = scan::present(method).map(&keep);
    request.host =
        authority.map(|host| keep(scan::without_port(host.trim_end_matches(['-', ' ']))));
    if request.method.is_some() {
        request.path = scan::present(path).map(&keep);
    }
}

/// The quick look's word: up to the next space, and what follows it.
#[inline]
pub(super) fn quick_word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = scan::space(text)?;
    Some((&text[..end], &text[end + 1..]))
}

/// The quick look's processing time in microseconds (`None` for -1) and what follows its space.
#[inline]
pub(super) fn quick_time(text: &[u8]) -> Option<(Option<i64>, &[u8])> {
    if let Some(time) = scan::short_seconds(text) {
        return Some((Some(time.0), &text[6..]));
    }
    let (word, rest) = quick_word(text)?;
    match word {
        b"-1" => Some((None, rest)),
        // Longer than any sum that is not slow anyway would be; keeps the sum from overflowing.
        _ if word.len() > 12 => None,
        _ => Some((Some(scan::seconds(word)?.0), rest)),
    }
}
