//! nginx error logs. Messages: the `ngx_log_error` calls of nginx's source, versions 1.18 to 1.28.

use dialects::Context;
use model::Event;

use super::{Format, Unusual, unusual};
use crate::line::{Civil, Form, Kind, Line};
use crate::ours::Ours;
use crate::pairs::{self, Pairs};
use crate::random::Random;
use crate::theirs::Values;
use crate::words;

pub(super) const FORMAT: Format = Format {
    name: "nginx-error",
    dialect: "nginx-error",
    context: Context::default,
    call: "parse_nginx_log!(.line, format: \"error\")",
    ordinary,
    unusual: UNUSUAL,
    pairs: compare,
};

/// Level and message of records about one request and its upstream.
const MESSAGES: [(&str, &str); 14] = [
    ("error", "connect() failed (111: Connection refused) while connecting to upstream"),
    ("error", "connect() failed (113: No route to host) while connecting to upstream"),
    ("error", "upstream timed out (110: Connection timed out) while connecting to upstream"),
    (
        "error",
        "upstream timed out (110: Operation timed out) while reading response header from upstream",
    ),
    ("error", "upstream timed out (110: Connection timed out) while reading upstream"),
    ("error", "upstream prematurely closed connection while reading response header from upstream"),
    (
        "error",
        "recv() failed (104: Connection reset by peer) while reading response header from upstream",
    ),
    ("error", "upstream sent too big header while reading response header from upstream"),
    ("error", "no live upstreams while connecting to upstream"),
    ("error", "writev() failed (32: Broken pipe) while sending request to upstream"),
    (
        "crit",
        "connect() to 127.0.0.1:8080 failed (99: Cannot assign requested address) while connecting to upstream",
    ),
    (
        "error",
        "SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40) while SSL handshaking to upstream",
    ),
    (
        "error",
        "upstream SSL certificate verify error: (10:certificate has expired) while SSL handshaking to upstream",
    ),
    (
        "info",
        "epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too while connecting to upstream",
    ),
];

fn ordinary(random: &mut Random) -> Line {
    let (level, message) = *random.pick(&MESSAGES);
    let path = words::path(random);
    let request = format!("{} {path} {}", words::method(random), words::protocol(random));
    let upstream = format!(
        "{}://{}:{}{path}",
        random.pick(&["http", "https", "grpc", "uwsgi"]),
        words::ipv4(random),
        words::port(random)
    );
    let pid = random.between(1, 90_000);
    let line = Line::default()
        .field(
            "time",
            Kind::Moment(Form::Slashes),
            "",
            "",
            Civil::any(random).text(Form::Slashes),
            "",
        )
        .field("level", Kind::Word, " ", "[", level, "]")
        .word("pid", Kind::Number, pid.to_string())
        .field("tid", Kind::Number, "", "#", random.between(0, pid).to_string(), ":")
        .field("connection", Kind::Number, " ", "*", random.below(9_000_000).to_string(), "")
        .word("message", Kind::Text, message)
        .field("client", Kind::Word, "", ", client: ", words::ipv4(random), "")
        .field("server", Kind::Word, "", ", server: ", words::host(random), "")
        .field("request", Kind::Text, "", ", request: \"", request, "\"")
        .field("upstream", Kind::Text, "", ", upstream: \"", upstream, "\"")
        .field("host", Kind::Text, "", ", host: \"", words::host(random), "\"");
    match random.chance(0.4) {
        true => {
            line.field("referrer", Kind::Text, "", ", referrer: \"", "https://example.com/c", "\"")
        }
        false => line,
    }
}

/// A record about a request that has no upstream.
fn of_request(line: &mut Line, level: &str, message: &str) {
    line.set("level", level);
    line.set("message", message);
    line.remove("upstream");
    line.remove("referrer");
}

/// A record about no request.
fn of_server(line: &mut Line, level: &str, message: &str) {
    of_request(line, level, message);
    for name in ["connection", "client", "server", "request", "host"] {
        line.remove(name);
    }
}

const UNUSUAL: &[Unusual] = &[
    unusual("IPv6 client", |random, line| {
        let address = words::ipv6(random);
        line.set("client", address);
    }),
    unusual("client of a Unix socket", |_, line| line.set("client", "unix:")),
    unusual("IPv6 upstream", |random, line| {
        let address = words::ipv6(random);
        line.set("upstream", format!("http://[{address}]:8080/a?b"));
    }),
    unusual("upstream on a Unix socket", |_, line| {
        line.set("upstream", "http://unix:/run/app/web.sock:/a/b");
    }),
    unusual("FastCGI on a Unix socket", |_, line| {
        line.set("upstream", "fastcgi://unix:/run/php/fpm.sock:");
    }),
    unusual("FastCGI", |_, line| line.set("upstream", "fastcgi://127.0.0.1:9000")),
    unusual("upstream by its group", |_, line| line.set("upstream", "http://backend/x")),
    unusual("upstream without a path", |_, line| line.set("upstream", "http://192.0.2.8:80")),
    unusual("no server name", |_, line| line.set("server", "")),
    unusual("server name of all", |_, line| line.set("server", "_")),
    unusual("host with a port", |_, line| line.set("host", "example.com:8443")),
    unusual("no host", |_, line| line.remove("host")),
    unusual("no request", |_, line| {
        for name in ["request", "upstream", "host", "referrer"] {
            line.remove(name);
        }
    }),
    unusual("subrequest", |_, line| {
        let at = line.fields.iter().position(|field| field.name == "upstream");
        let mut with = std::mem::take(line).field(
            "subrequest",
            Kind::Text,
            "",
            ", subrequest: \"",
            "/auth",
            "\"",
        );
        if let (Some(at), Some(field)) = (at, with.fields.pop()) {
            with.fields.insert(at, field);
        }
        *line = with;
    }),
    unusual("spaces in the target", |_, line| line.set("request", "GET /a b c HTTP/1.1")),
    unusual("absolute target", |_, line| {
        line.set("request", "GET http://example.net/a?b HTTP/1.1");
    }),
    unusual("long target", |random, line| {
        let path = words::long(random.between(1_000, 1_900) as usize);
        line.set("request", format!("GET /{path} HTTP/1.1"));
    }),
    unusual("letters of other scripts", |_, line| line.set("request", "GET /漢字 HTTP/1.1")),
    unusual("comma in the message", |_, line| {
        line.set("message", "client 192.0.2.7 closed, keepalive, while connecting to upstream");
    }),
    unusual("rate limit", |_, line| {
        of_request(line, "error", "limiting requests, excess: 50.416 by zone \"api\"");
    }),
    unusual("connection limit", |_, line| {
        of_request(line, "error", "limiting connections by zone \"addr\"");
    }),
    unusual("name not found", |_, line| {
        of_request(line, "error", "api.internal could not be resolved (3: Host not found)");
    }),
    unusual("body too large", |_, line| {
        of_request(line, "error", "client intended to send too large body: 2097152 bytes");
    }),
    unusual("missing file", |_, line| {
        of_request(line, "error", "open() \"/srv/x\" failed (2: No such file or directory)");
    }),
    unusual("buffered to a file", |_, line| {
        line.set("level", "warn");
        line.set("message", "an upstream response is buffered to a temporary file /var/t/1/00 while reading upstream");
    }),
    unusual("too few connections", |_, line| {
        of_server(line, "alert", "512 worker_connections are not enough");
    }),
    unusual("worker killed", |_, line| {
        of_server(line, "alert", "worker process 31 exited on signal 9")
    }),
    unusual("reload", |_, line| of_server(line, "notice", "reconfiguring")),
    unusual("port taken", |_, line| {
        of_server(line, "emerg", "bind() to 0.0.0.0:80 failed (98: Address already in use)");
    }),
];

fn compare(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs) {
    let time = theirs.moment("timestamp");
    let request = match ours.events.first() {
        Some(Event::Request(request)) => request,
        Some(Event::Occurrence(occurrence)) => {
            return pairs.put("time", time, occurrence.at.map(|at| at.0));
        }
        None => return,
    };
    pairs.put("time", time, request.end.map(|at| at.0));
    let client = theirs.text("client").filter(|client| client != "-");
    pairs.put("client", client, pairs::text(&request.client));
    let line = theirs.text("request").and_then(|line| pairs::request_line(&line));
    let (method, in_line, path) = match line {
        Some((method, host, path)) => (Some(method), host, Some(path)),
        None => (None, None, None),
    };
    pairs.put("method", method, pairs::text(&request.method));
    pairs.put("path", path, pairs::text(&request.path));
    let host = theirs.text("host").filter(|host| !host.is_empty() && host != "-");
    let host = host.map(|host| pairs::without_port(&host)).or(in_line);
    pairs.put("host", host, pairs::text(&request.host));
    // Without an upstream, a name that was looked up stands in its place.
    if let Some(upstream) = theirs.text("upstream").and_then(|url| authority(&url)) {
        let ours = request.target.as_deref().or(request.upstream.as_deref());
        pairs.put("upstream", Some(upstream), ours.map(str::to_owned));
    }
}

/// The address within an upstream's URL; that of a Unix socket ends at the colon before the path.
fn authority(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let address = match rest.strip_prefix("unix:") {
        Some(path) => format!("unix:{}", path.split(':').next().unwrap_or_default()),
        None => rest.split(['/', '?']).next().unwrap_or_default().to_owned(),
    };
    (!address.is_empty() && address != "-").then_some(address)
}
