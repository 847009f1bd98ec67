//! nginx access logs: `combined`, the `main` of nginx's own packages, and ingress-nginx's
//! `upstreaminfo`.

use dialects::{Context, Quick};
use model::Event;

use super::{Format, Unusual, unusual};
use crate::line::{Civil, Form, Kind, Line};
use crate::ours::Ours;
use crate::pairs::{self, Pairs};
use crate::random::Random;
use crate::theirs::Values;
use crate::words;

pub(super) const COMBINED: Format = Format {
    name: "nginx-combined",
    dialect: "nginx-access",
    context: Context::default,
    call: "parse_nginx_log!(.line, format: \"combined\")",
    ordinary,
    unusual: UNUSUAL,
    pairs: compare,
};

pub(super) const MAIN: Format = Format {
    name: "nginx-main",
    call: "parse_nginx_log!(.line, format: \"main\")",
    ordinary: main,
    unusual: UNUSUAL_MAIN,
    ..COMBINED
};

pub(super) const INGRESS: Format = Format {
    name: "nginx-ingress",
    call: "parse_nginx_log!(.line, format: \"ingress_upstreaminfo\")",
    ordinary: ingress,
    unusual: UNUSUAL_INGRESS,
    pairs: compare_ingress,
    ..COMBINED
};

fn ordinary(random: &mut Random) -> Line {
    let request =
        format!("{} {} {}", words::method(random), words::path(random), words::protocol(random));
    let user = if random.chance(0.2) { "alice" } else { "-" };
    let time = Civil::any(random).text(Form::Clf);
    Line::default()
        .word("remote_addr", Kind::Word, words::ipv4(random))
        .word("dash", Kind::Word, "-")
        .word("remote_user", Kind::Word, user)
        .field("time_local", Kind::Moment(Form::Clf), " ", "[", time, "]")
        .quoted("request", request)
        .word("status", Kind::Number, words::status(random))
        .word("body_bytes_sent", Kind::Number, random.below(1_000_000).to_string())
        .quoted("http_referer", words::referer(random))
        .quoted("http_user_agent", words::agent(random))
}

fn main(random: &mut Random) -> Line {
    let forwarded = *random.pick(&["-", "203.0.113.9", "203.0.113.9, 198.51.100.2"]);
    ordinary(random).quoted("http_x_forwarded_for", forwarded)
}

fn ingress(random: &mut Random) -> Line {
    let asked = random.chance(0.8);
    let text = |there: String| if asked { there } else { "-".to_owned() };
    let upstream = format!("{}:{}", words::ipv4(random), words::port(random));
    let length = random.below(90_000).to_string();
    let (time, status) = (words::seconds(random), words::status(random).to_owned());
    let name = *random.pick(&["shop-web-9000", "default-api-http", "upstream-default-backend"]);
    ordinary(random)
        .word("request_length", Kind::Number, random.between(1, 9_000).to_string())
        .word("request_time", Kind::Decimal, words::seconds(random))
        .field("proxy_upstream_name", Kind::Text, " ", "[", name, "]")
        .field("proxy_alternative_upstream_name", Kind::Text, " ", "[", "", "]")
        .word("upstream_addr", Kind::Word, text(upstream))
        .word("upstream_response_length", Kind::Number, text(length))
        .word("upstream_response_time", Kind::Decimal, text(time))
        .word("upstream_status", Kind::Number, text(status))
        .word("req_id", Kind::Word, words::hex(random, 32))
}

const IPV6: Unusual = unusual("IPv6 client", |random, line| {
    let address = words::ipv6(random);
    line.set("remote_addr", address);
});
const UNIX: Unusual =
    unusual("client of a Unix socket", |_, line| line.set("remote_addr", "unix:"));
const NO_REQUEST: Unusual = unusual("no request", |_, line| {
    line.set("request", "");
    line.set("status", "400");
});
const TLS: Unusual = unusual("TLS on a plain port", |_, line| {
    line.set("request", "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03");
    line.set("status", "400");
});
const HTTP_0_9: Unusual = unusual("HTTP/0.9", |_, line| line.set("request", "GET /old"));
const RARE: Unusual = unusual("rare method", |random, line| {
    let method = *random.pick(&["PROPFIND", "M-SEARCH", "MKCOL", "TRACE", "SSTP_DUPLEX_POST"]);
    line.set("request", format!("{method} /dav HTTP/1.1"));
});
const CONNECT: Unusual = unusual("CONNECT", |_, line| {
    line.set("request", "CONNECT example.com:443 HTTP/1.1");
    line.set("status", "405");
});
const ASTERISK: Unusual = unusual("asterisk", |_, line| line.set("request", "OPTIONS * HTTP/1.1"));
const ABSOLUTE: Unusual = unusual("absolute target", |random, line| {
    let host = *random.pick(&["example.com", "example.com:8080", "[2001:db8::1]:8080"]);
    line.set("request", format!("GET http://{host}/a/b?c=d HTTP/1.1"));
});
const SPACES: Unusual = unusual("spaces in the target", |_, line| {
    line.set("request", "GET /a b  c?d= e HTTP/1.1");
});
const LONG: Unusual = unusual("long target", |random, line| {
    let path = words::long(random.between(2_000, 16_000) as usize);
    line.set("request", format!("GET /{path}?q HTTP/1.1"));
});
const SCRIPTS: Unusual = unusual("letters of other scripts", |_, line| {
    line.set("request", "GET /漢字/é HTTP/1.1");
    line.set("http_user_agent", "Bot/1.0 (漢字)");
});
const ESCAPES: Unusual = unusual("escaped quotes", |_, line| {
    line.set("request", "GET /a\\x22b\\x5C HTTP/1.1");
    line.set("http_user_agent", "\\x22quoted\\x22 agent");
});
const EMPTY: Unusual = unusual("empty user agent", |_, line| line.set("http_user_agent", ""));
const LARGE: Unusual = unusual("more than 4 GB", |_, line| {
    line.set("body_bytes_sent", "8589934592");
});
const ZERO_STATUS: Unusual = unusual("status 000", |_, line| line.set("status", "000"));
const MAIL: Unusual =
    unusual("user with an address", |_, line| line.set("remote_user", "a.b@example.com"));

const UNUSUAL: &[Unusual] = &[
    IPV6,
    UNIX,
    NO_REQUEST,
    TLS,
    HTTP_0_9,
    RARE,
    CONNECT,
    ASTERISK,
    ABSOLUTE,
    SPACES,
    LONG,
    SCRIPTS,
    ESCAPES,
    EMPTY,
    LARGE,
    ZERO_STATUS,
    MAIL,
    unusual("gzip ratio", |random, line| {
        let ratio = format!("{}.{:02}", random.between(1, 9), random.below(100));
        let whole = std::mem::take(line).quoted("gzip_ratio", ratio);
        *line = whole;
    }),
];

const UNUSUAL_MAIN: &[Unusual] = &[
    IPV6,
    UNIX,
    NO_REQUEST,
    TLS,
    HTTP_0_9,
    RARE,
    CONNECT,
    ASTERISK,
    ABSOLUTE,
    SPACES,
    LONG,
    SCRIPTS,
    ESCAPES,
    EMPTY,
    LARGE,
    ZERO_STATUS,
    MAIL,
    unusual("IPv6 forwarded", |random, line| {
        let address = words::ipv6(random);
        line.set("http_x_forwarded_for", format!("{address}, 198.51.100.2"));
    }),
];

const UNUSUAL_INGRESS: &[Unusual] = &[
    IPV6,
    NO_REQUEST,
    TLS,
    RARE,
    ABSOLUTE,
    SPACES,
    LONG,
    SCRIPTS,
    ESCAPES,
    LARGE,
    MAIL,
    unusual("several tries", |random, line| {
        let address = |random: &mut Random| format!("{}:80", words::ipv4(random));
        let list = format!("{}, {}", address(random), address(random));
        line.set("upstream_addr", list);
        line.set("upstream_response_length", "0, 512");
        line.set("upstream_response_time", "0.001, 0.020");
        line.set("upstream_status", "502, 200");
    }),
    unusual("IPv6 target", |random, line| {
        let address = words::ipv6(random);
        line.set("upstream_addr", format!("[{address}]:8080"));
    }),
    unusual("target without a response", |_, line| {
        for name in ["upstream_response_length", "upstream_status"] {
            line.set(name, "-");
        }
    }),
    unusual("alternative upstream", |_, line| {
        line.set("proxy_alternative_upstream_name", "shop-canary-9000");
    }),
    unusual("no upstream name", |_, line| line.set("proxy_upstream_name", "-")),
    unusual("older: no alternative upstream", |_, line| {
        line.remove("proxy_alternative_upstream_name");
    }),
    unusual("oldest: no request id either", |_, line| {
        line.remove("proxy_alternative_upstream_name");
        line.remove("req_id");
    }),
    unusual("group instead of an address", |_, line| line.set("upstream_addr", "shop-web-9000")),
    unusual("slow", |_, line| line.set("request_time", "3600.004")),
];

fn compare(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs) {
    access(theirs, ours, pairs, ["client", "status"]);
}

/// What all of nginx's formats say; clients and their like have other names in some.
fn access(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs, names: [&str; 2]) {
    let time = theirs.moment("timestamp");
    let status = theirs.number(names[1]);
    if let Quick::Tally(tally) = ours.quick {
        pairs.put("quick time", time, Some(tally.at.0));
        pairs.put("quick status", status, Some(i64::from(tally.status)));
    }
    let Some(Event::Request(request)) = ours.events.first() else { return };
    pairs.put("time", time, request.end.map(|at| at.0));
    pairs.put("status", status, request.status.map(i64::from));
    let client = theirs.text(names[0]).or_else(|| theirs.text("remote_addr"));
    pairs.put("client", client, pairs::text(&request.client));
    let line = theirs.text("request").and_then(|line| pairs::request_line(&line));
    let (method, host, path) = match line {
        Some((method, host, path)) => (Some(method), host, Some(path)),
        None => (None, None, None),
    };
    pairs.put("method", method, pairs::text(&request.method));
    pairs.put("path", path, pairs::text(&request.path));
    pairs.put("host", host, pairs::text(&request.host));
}

fn compare_ingress(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs) {
    access(theirs, ours, pairs, ["remote_addr", "status"]);
    let span = |name| theirs.float(name).map(pairs::micros);
    let total = span("request_time");
    let tried = theirs.text("upstream_addr").filter(|address| address != "-");
    let is_address = |address: &String| {
        address
            .rsplit_once(':')
            .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
    };
    let target = tried.clone().filter(is_address);
    if let Quick::Tally(tally) = ours.quick {
        let text = String::from_utf8_lossy(tally.target).into_owned();
        pairs.put("quick target", target.clone(), Some(text).filter(|text| !text.is_empty()));
        pairs.put("quick request_time", total, tally.elapsed.map(|span| span.0));
    }
    let Some(Event::Request(request)) = ours.events.first() else { return };
    pairs.put("request_time", total, request.timers.total.map(|span| span.0));
    pairs.put("target", target, pairs::text(&request.target));
    pairs.put(
        "upstream_response_time",
        span("upstream_response_time"),
        request.timers.wait.map(|span| span.0),
    );
    pairs.put(
        "upstream_status",
        theirs.number("upstream_status"),
        request.upstream_status.map(i64::from),
    );
    let name = theirs.text("proxy_upstream_name").filter(|name| name != "-");
    let group = name.or_else(|| tried.filter(|tried| !is_address(tried)));
    pairs.put("proxy_upstream_name", group, pairs::text(&request.upstream));
    let id = theirs.text("req_id").filter(|id| id != "-");
    pairs.put("req_id", id, pairs::text(&request.id));
}
