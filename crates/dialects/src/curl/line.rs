//! What one line of a transcript is.

use model::{HopKind, Micros};

use super::body::{self, Stated};
use super::reason::{self, Reason};
use crate::{Marks, scan};

/// The server that answered, as it names itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) name: &'static str,
    pub(super) kind: HopKind,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `HTTP/1.1 502 Bad Gateway`.
    Status(u16),
    /// `> GET /path HTTP/1.1`: method and target.
    Request(&'a str, &'a str),
    /// A header field: name and value, and whether the server sent it.
    Field { name: &'a str, value: &'a str, response: bool },
    /// What curl says went wrong: its own last word (with a number), or a remark on the way.
    Failed { reason: Option<Reason<'a>>, last: bool },
    /// A line of the answer's body that states something.
    Body(Stated),
    /// The time of day's `real`, from the shell.
    Real(Micros),
    /// Another line of such a transcript.
    Other,
}

/// Words of which one is in the first line of every transcript.
pub(super) const MARKS: Marks = Marks::any_of(&[
    // curl's own, a head's, and those of the shell's `time`.
    &["curl: (", " bytes data]", "< ", "> ", "* ", "HTTP/", "real\t", "user\t", "sys\t"],
    // A body's.
    &[
        "upstream",
        "DNS resolution failure",
        "Dns resolution failure",
        "RBAC: access denied",
        "local_rate_limited",
        "<title>",
        "The server ",
        "No server ",
        "The gateway did not ",
        "The proxy server ",
        "no available server",
    ],
]);

/// Reads a line; `None` if nothing about it shows that it is of a transcript.
pub(super) fn read(line: &str) -> Option<Line<'_>> {
    let line = untimed(line.trim_end());
    if let Some((number, words)) = reason::numbered(line) {
        return Some(Line::Failed { reason: reason::of_number(number, words), last: true });
    }
    if is_count(line) {
        return Some(Line::Other);
    }
    if let Some(rest) = line.strip_prefix("< ") {
        return received(rest);
    }
    if let Some(rest) = line.strip_prefix("> ") {
        return sent(rest);
    }
    if let Some(rest) = line.strip_prefix("* ") {
        return remark(rest.trim());
    }
    if let Some(status) = status_line(line) {
        return Some(Line::Status(status));
    }
    if let Some(real) = elapsed(line) {
        return Some(real);
    }
    body::read(line).map(Line::Body)
}

/// The line without the time of day that `--trace-time` puts before it: `03:04:05.123456 `.
fn untimed(line: &str) -> &str {
    let digits = |text: &str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
    match line.split_at_checked(16) {
        Some((stamp, rest))
            if crate::node::clock(stamp.as_bytes().get(..8).unwrap_or(b"")).is_some()
                && stamp.get(9..15).is_some_and(digits) =>
        {
            rest
        }
        _ => line,
    }
}

/// `{ [5 bytes data]`: how much came or went, as curl counts it beside a file it writes to.
fn is_count(line: &str) -> bool {
    let inside = line.strip_prefix("{ [").or(line.strip_prefix("} ["));
    let number = inside.and_then(|inside| inside.strip_suffix(" bytes data]"));
    number.is_some_and(|number| scan::digits(number.as_bytes()).is_some())
}

/// A field of a response's head that is printed without curl's signs (`curl -i`).
pub(super) fn bare_field(text: &str) -> Option<Line<'_>> {
    let (name, value) = field(text)?;
    Some(Line::Field { name, value, response: true })
}

fn received(text: &str) -> Option<Line<'_>> {
    if let Some(status) = status_line(text) {
        return Some(Line::Status(status));
    }
    let (name, value) = field(text)?;
    Some(Line::Field { name, value, response: true })
}

fn sent(text: &str) -> Option<Line<'_>> {
    if let Some((rest, protocol)) = text.rsplit_once(' ')
        && (protocol.starts_with("HTTP/1.") || matches!(protocol, "HTTP/2" | "HTTP/3"))
        && let Some((method, target, _)) = scan::method_and_path(rest)
    {
        return Some(Line::Request(method, target));
    }
    let (name, value) = field(text)?;
    Some(Line::Field { name, value, response: false })
}

/// `HTTP/1.1 502 Bad Gateway`, `HTTP/2 504`.
fn status_line(text: &str) -> Option<u16> {
    let (version, rest) = text.split_once(' ')?;
    if !matches!(version, "HTTP/1.0" | "HTTP/1.1" | "HTTP/2" | "HTTP/2.0" | "HTTP/3") {
        return None;
    }
    let (status, reason) = scan::word(rest);
    let plain = reason.len() <= 60
        && reason.bytes().all(|b| b.is_ascii_alphanumeric() || b" -'".contains(&b));
    scan::status(status.as_bytes()).filter(|status| plain && (100..600).contains(status))
}

/// A header field by names that servers and curl really send: quotations begin with the same signs.
fn field(text: &str) -> Option<(&str, &str)> {
    const NAMES: [&str; 44] = [
        "accept",
        "accept-encoding",
        "accept-language",
        "accept-ranges",
        "access-control-allow-origin",
        "age",
        "allow",
        "alt-svc",
        "authorization",
        "cache-control",
        "cf-ray",
        "cf-cache-status",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "etag",
        "expires",
        "host",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "origin",
        "pragma",
        "proxy-connection",
        "proxy-status",
        "referer",
        "referrer-policy",
        "retry-after",
        "server",
        "server-timing",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "vary",
        "via",
        "www-authenticate",
        "apigw-requestid",
    ];
    let (name, value) = text.split_once(':')?;
    let lower = name.to_ascii_lowercase();
    let own = lower.starts_with("x-")
        && lower.len() <= 60
        && lower.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    (own || NAMES.contains(&lower.as_str())).then_some((name, value.trim()))
}

/// What follows `* ` in curl's verbose output. A list in Markdown begins so too.
fn remark(text: &str) -> Option<Line<'_>> {
    if let Some(reason) = reason::of_words(text) {
        return Some(Line::Failed { reason: Some(reason), last: false });
    }
    const STARTS: [&str; 34] = [
        "Trying ",
        "Connected to ",
        "Connection #",
        "Closing connection",
        "Host ",
        "IPv4: ",
        "IPv6: ",
        "ALPN",
        "TLSv1.",
        "SSLv3",
        "SSL connection using ",
        "Server certificate:",
        "subject: ",
        "start date: ",
        "expire date: ",
        "subjectAltName: ",
        "issuer: ",
        "SSL certificate verify ",
        "successfully set certificate verify locations",
        "CAfile: ",
        "CApath: ",
        "Using HTTP",
        "using HTTP",
        "Using Stream ID",
        "[HTTP/2] ",
        "h2h3 [",
        "Request completely sent off",
        "upload completely sent off",
        "Mark bundle as not supporting multiuse",
        "Re-using existing connection",
        "old SSL session ID is stale",
        "TCP_NODELAY set",
        "Rebuilt URL to: ",
        "We are completely uploaded and fine",
    ];
    let known = STARTS.iter().any(|start| text.starts_with(start));
    // Words that begin sentences as well need something of curl's after them.
    let plausible = !text.starts_with("Host ") || text.contains(" was resolved");
    let plausible = plausible && (!text.starts_with("Trying ") || text.ends_with("..."));
    let plausible = plausible && (!text.starts_with("Connected to ") || text.contains(" port "));
    (known && plausible).then_some(Line::Other)
}

/// `real`, a tab and `0m15.655s`, as the shell's `time` prints it; the decimal point is the locale's.
fn elapsed(line: &str) -> Option<Line<'_>> {
    let (word, span) = line.split_once('\t')?;
    let (minutes, seconds) = span.strip_suffix('s')?.split_once('m')?;
    let minutes = i64::from(scan::digits(minutes.as_bytes())?);
    let seconds = scan::seconds(seconds.replace(',', ".").as_bytes())?;
    match word {
        "real" => Some(Line::Real(Micros(minutes * 60_000_000 + seconds.0))),
        "user" | "sys" => Some(Line::Other),
        _ => None,
    }
}

/// The server a `server:` field names.
pub(super) fn server(value: &str) -> Option<Server> {
    let lower = value.to_ascii_lowercase();
    let known: [(&str, &str, HopKind); 12] = [
        ("envoy", "envoy", HopKind::Proxy),
        ("istio-envoy", "envoy", HopKind::Proxy),
        ("nginx", "nginx", HopKind::Proxy),
        ("openresty", "nginx", HopKind::Proxy),
        ("apache", "httpd", HopKind::Proxy),
        ("caddy", "caddy", HopKind::Proxy),
        ("awselb", "AWS ALB", HopKind::Edge),
        ("cloudfront", "CloudFront", HopKind::Cdn),
        ("cloudflare", "Cloudflare", HopKind::Cdn),
        ("google frontend", "Google Front End", HopKind::Edge),
        ("microsoft-azure-application-gateway", "Azure Application Gateway", HopKind::Edge),
        ("akamaighost", "Akamai", HopKind::Cdn),
    ];
    let found = known.iter().find(|(start, _, _)| lower.starts_with(start));
    found.map(|(_, name, kind)| Server { name, kind: *kind })
}
