//! Apache httpd access logs: `common` and `combined`.

use dialects::{Context, Quick};
use model::Event;

use super::{Format, Unusual, unusual};
use crate::line::{Civil, Form, Kind, Line};
use crate::ours::Ours;
use crate::pairs::{self, Pairs};
use crate::random::Random;
use crate::theirs::Values;
use crate::words;

pub(super) const COMMON: Format = Format {
    name: "apache-common",
    dialect: "apache-access",
    // What a file's first lines teach, or the user: the line alone may be nginx's.
    context: || Context { combined_is_apache: true, ..Context::default() },
    call: "parse_apache_log!(.line, format: \"common\")",
    ordinary: common,
    unusual: UNUSUAL,
    pairs: compare,
};

pub(super) const COMBINED: Format = Format {
    name: "apache-combined",
    call: "parse_apache_log!(.line, format: \"combined\")",
    ordinary: combined,
    unusual: UNUSUAL_COMBINED,
    ..COMMON
};

fn common(random: &mut Random) -> Line {
    let request =
        format!("{} {} {}", words::method(random), words::path(random), words::protocol(random));
    let bytes = match random.below(5) {
        0 => "-".to_owned(),
        _ => random.below(1_000_000).to_string(),
    };
    let user = if random.chance(0.2) { "alice" } else { "-" };
    let time = Civil::any(random).text(Form::Clf);
    Line::default()
        .word("host", Kind::Word, words::ipv4(random))
        .word("identity", Kind::Word, "-")
        .word("user", Kind::Word, user)
        .field("time", Kind::Moment(Form::Clf), " ", "[", time, "]")
        .quoted("request", request)
        .word("status", Kind::Number, words::status(random))
        .word("bytes", Kind::Number, bytes)
}

fn combined(random: &mut Random) -> Line {
    common(random).quoted("referer", words::referer(random)).quoted("agent", words::agent(random))
}

const IPV6: Unusual = unusual("IPv6 client", |random, line| {
    let address = words::ipv6(random);
    line.set("host", address);
});
const NAMED: Unusual =
    unusual("client by its name", |_, line| line.set("host", "cache-7.isp.example.net"));
const IDENTITY: Unusual = unusual("identity", |_, line| line.set("identity", "unknown"));
const USER: Unusual = unusual("user with a space", |_, line| line.set("user", "alice smith"));
const NO_USER: Unusual = unusual("empty user", |_, line| line.set("user", "\"\""));
const NO_REQUEST: Unusual = unusual("no request", |_, line| {
    line.set("request", "-");
    line.set("status", "408");
    line.set("bytes", "-");
});
const TLS: Unusual = unusual("TLS on a plain port", |_, line| {
    line.set("request", "\\x16\\x03\\x01\\x02");
    line.set("status", "400");
});
const QUOTES: Unusual = unusual("escaped quotes in the target", |_, line| {
    line.set("request", "GET /a\\\"b HTTP/1.1");
});
const BACKSLASH: Unusual = unusual("escaped backslash at the end of the request", |_, line| {
    line.set("request", "GET /a\\\\");
});
const NO_STATUS: Unusual = unusual("no status", |_, line| line.set("status", "-"));
const RARE: Unusual = unusual("rare method", |random, line| {
    let method = *random.pick(&["PROPFIND", "MKCOL", "TRACE", "SSTP_DUPLEX_POST"]);
    line.set("request", format!("{method} /dav HTTP/1.1"));
});
const HYPHEN: Unusual = unusual("method with a hyphen", |random, line| {
    let method = *random.pick(&["M-SEARCH", "VERSION-CONTROL", "BASELINE-CONTROL"]);
    line.set("request", format!("{method} /dav HTTP/1.1"));
});
const SMALL: Unusual = unusual("method in small letters", |_, line| {
    line.set("request", "get /a HTTP/1.1");
    line.set("status", "501");
});
const HTTP_0_9: Unusual = unusual("HTTP/0.9", |_, line| line.set("request", "GET /old"));
const ASTERISK: Unusual = unusual("asterisk", |_, line| line.set("request", "OPTIONS * HTTP/1.0"));
const CONNECT: Unusual = unusual("CONNECT", |_, line| {
    line.set("request", "CONNECT example.com:443 HTTP/1.1");
});
const ABSOLUTE: Unusual = unusual("absolute target", |_, line| {
    line.set("request", "GET http://example.com:8080/a?b HTTP/1.1");
});
const SPACES: Unusual = unusual("spaces in the target", |_, line| {
    line.set("request", "GET /a b  c?d= e HTTP/1.1");
});
const LONG: Unusual = unusual("long target", |random, line| {
    let path = words::long(random.between(2_000, 8_000) as usize);
    line.set("request", format!("GET /{path}?q HTTP/1.1"));
});
const ESCAPES: Unusual = unusual("escaped bytes in the target", |_, line| {
    line.set("request", "GET /\\xe6\\xbc\\xa2\\t HTTP/1.1");
});
const SCRIPTS: Unusual = unusual("letters of other scripts", |_, line| {
    line.set("request", "GET /漢字/é HTTP/1.1");
});
const LARGE: Unusual = unusual("more than 4 GB", |_, line| line.set("bytes", "8589934592"));

const UNUSUAL: &[Unusual] = &[
    IPV6, NAMED, IDENTITY, USER, NO_USER, NO_REQUEST, TLS, QUOTES, BACKSLASH, NO_STATUS, RARE,
    HYPHEN, SMALL, HTTP_0_9, ASTERISK, CONNECT, ABSOLUTE, SPACES, LONG, ESCAPES, SCRIPTS, LARGE,
];

const UNUSUAL_COMBINED: &[Unusual] = &[
    IPV6,
    NAMED,
    IDENTITY,
    USER,
    NO_USER,
    NO_REQUEST,
    TLS,
    QUOTES,
    BACKSLASH,
    NO_STATUS,
    RARE,
    HYPHEN,
    SMALL,
    HTTP_0_9,
    ASTERISK,
    CONNECT,
    ABSOLUTE,
    SPACES,
    LONG,
    ESCAPES,
    SCRIPTS,
    LARGE,
    unusual("escaped quotes in the user agent", |_, line| {
        line.set("agent", "\\\"Mozilla/5.0\\\" (X11)");
    }),
    unusual("escaped quotes in the referer", |_, line| {
        line.set("referer", "https://example.com/?a=\\\"b\\\" \\\"c");
    }),
    unusual("empty user agent", |_, line| line.set("agent", "")),
    unusual("duration in microseconds", |random, line| {
        let micros = random.below(9_000_000).to_string();
        *line = std::mem::take(line).word("duration", Kind::Number, micros);
    }),
    unusual("bytes received and sent", |random, line| {
        let (received, sent) = (random.below(9_000).to_string(), random.below(9_000).to_string());
        *line = std::mem::take(line).word("received", Kind::Number, received).word(
            "sent",
            Kind::Number,
            sent,
        );
    }),
];

fn compare(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs) {
    let time = theirs.moment("timestamp");
    let status = theirs.number("status");
    if let Quick::Tally(tally) = ours.quick {
        pairs.put("quick time", time, Some(tally.at.0));
        pairs.put("quick status", status, Some(i64::from(tally.status)));
    }
    let Some(Event::Request(request)) = ours.events.first() else { return };
    pairs.put("time", time, request.start.map(|at| at.0));
    pairs.put("status", status, request.status.map(i64::from));
    let client = theirs.text("host").filter(|host| host != "-");
    pairs.put("client", client, pairs::text(&request.client));
    let path = theirs.text("path").map(|target| pairs::url(&target));
    let (host, path) = path.map_or((None, None), |(host, path)| (host, Some(path)));
    pairs.put("method", theirs.text("method"), pairs::text(&request.method));
    pairs.put("path", path, pairs::text(&request.path));
    pairs.put("authority", host, pairs::text(&request.host));
}
