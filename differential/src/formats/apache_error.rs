//! Apache httpd error logs in the default formats of 2.4. Messages: `docs/log-message-tags` and the
//! `ap_log_rerror` calls of httpd's source.

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
    name: "apache-error",
    dialect: "apache-error",
    context: Context::default,
    call: "parse_apache_log!(.line, format: \"error\", \
           timestamp_format: \"%a %b %d %H:%M:%S%.6f %Y\")",
    ordinary,
    unusual: UNUSUAL,
    pairs: compare,
};

/// Module, error of the system, message.
const MESSAGES: [(&str, &str, &str); 9] = [
    (
        "proxy",
        "(111)Connection refused: ",
        "AH00957: HTTP: attempt to connect to 192.0.2.81:8000 (app) failed",
    ),
    (
        "proxy",
        "(110)Connection timed out: ",
        "AH00957: HTTP: attempt to connect to 192.0.2.81:8000 (*) failed",
    ),
    (
        "proxy_http",
        "(104)Connection reset by peer: ",
        "AH01102: error reading status line from remote server 192.0.2.81:8000",
    ),
    (
        "proxy_http",
        "(70007)The timeout specified has expired: ",
        "AH01102: error reading status line from remote server app:8000",
    ),
    (
        "proxy_http",
        "(32)Broken pipe: ",
        "AH01084: pass request body failed to 192.0.2.81:8000 (app)",
    ),
    (
        "proxy_fcgi",
        "(70007)The timeout specified has expired: ",
        "AH01075: Error dispatching request to : (polling)",
    ),
    ("proxy", "", "AH00940: HTTP: disabled connection for (192.0.2.81)"),
    ("proxy_balancer", "", "AH01167: balancer://web: All workers are in error state"),
    ("proxy_http", "", "AH01106: bad HTTP/1.1 status line returned by /report"),
];

fn ordinary(random: &mut Random) -> Line {
    let (module, error, message) = *random.pick(&MESSAGES);
    let time = Civil::any(random).text(Form::Ctime);
    let client = words::ipv4(random);
    let line = Line::default()
        .field("time", Kind::Moment(Form::Ctime), "", "[", time, "]")
        .field("module", Kind::Word, " ", "[", module, ":")
        .field("level", Kind::Word, "", "", "error", "]")
        .field("pid", Kind::Number, " ", "[pid ", random.between(1, 90_000).to_string(), "")
        .field("tid", Kind::Number, "", ":tid ", random.between(1, 1 << 47).to_string(), "]")
        .field("error", Kind::Text, " ", "", error, "")
        .field("client", Kind::Word, "", "[client ", client, "")
        .field("port", Kind::Number, "", ":", words::port(random).to_string(), "]")
        .word("message", Kind::Text, message);
    match random.chance(0.3) {
        true => line.field("referer", Kind::Text, "", ", referer: ", "https://example.com/a", ""),
        false => line,
    }
}

/// A record about the server.
fn of_server(line: &mut Line, module: &str, level: &str, message: &str) {
    line.set("module", module);
    line.set("level", level);
    line.set("error", "");
    line.set("message", message);
    for name in ["client", "port", "referer"] {
        line.remove(name);
    }
    for field in &mut line.fields {
        if field.name == "message" {
            field.before = "";
        }
    }
}

const UNUSUAL: &[Unusual] = &[
    unusual("IPv6 client", |random, line| {
        let address = words::ipv6(random);
        line.set("client", address);
    }),
    unusual("no thread", |_, line| {
        line.remove("tid");
        for field in &mut line.fields {
            if field.name == "pid" {
                field.close = "]";
            }
        }
    }),
    unusual("error behind the client", |_, line| {
        // 2.4 writes it so where a module logs without the request at hand.
        line.set("error", "");
        line.set("message", "(111)Connection refused: AH00957: HTTP: attempt to connect to 192.0.2.81:8000 (a) failed");
    }),
    unusual("error of Windows", |_, line| {
        line.set("error", "(OS 10061)No connection could be made because the target machine actively refused it.  : ");
        line.set(
            "message",
            "AH00957: HTTP: attempt to connect to 127.0.0.1:8000 (127.0.0.1) failed",
        );
    }),
    unusual("error in another language", |_, line| {
        line.set("error", "(111)Verbindungsaufbau abgelehnt: ");
        line.set("message", "AH00957: HTTP: attempt to connect to 192.0.2.81:8000 (app) failed");
    }),
    unusual("Unix socket", |_, line| {
        line.set("error", "(2)No such file or directory: ");
        line.set(
            "message",
            "AH02454: FCGI: attempt to connect to Unix domain socket /run/php/fpm.sock (*) failed",
        );
    }),
    unusual("no module", |_, line| line.set("module", "-")),
    unusual("level trace4", |_, line| line.set("level", "trace4")),
    unusual("single digit day", |random, line| {
        let civil = Civil { day: 7, ..Civil::any(random) };
        line.set("time", civil.text(Form::Ctime).replacen(" 07 ", "  7 ", 1));
    }),
    unusual("time without a fraction", |random, line| {
        let text = Civil { micros: 0, ..Civil::any(random) }.text(Form::Ctime);
        line.set("time", text.replacen(".000000", "", 1));
    }),
    unusual("no client", |_, line| {
        of_server(line, "proxy", "error", "AH00940: HTTP: disabled connection for (192.0.2.81)");
    }),
    unusual("worker ejected", |_, line| {
        of_server(
            line,
            "proxy",
            "error",
            "AH00959: ap_proxy_connect_backend disabling worker for (192.0.2.81:8000) for 60s",
        );
    }),
    unusual("too few workers", |_, line| {
        of_server(
            line,
            "mpm_event",
            "error",
            "AH00484: server reached MaxRequestWorkers setting, consider raising the MaxRequestWorkers setting",
        );
    }),
    unusual("child killed", |_, line| {
        of_server(
            line,
            "core",
            "notice",
            "AH00052: child pid 31 exit signal Segmentation fault (11)",
        );
    }),
    unusual("start", |_, line| {
        of_server(
            line,
            "mpm_event",
            "notice",
            "AH00489: Apache/2.4.62 (Debian) configured -- resuming normal operations",
        );
    }),
    unusual("name not found", |_, line| {
        line.set("error", "");
        line.set("message", "AH00898: DNS lookup failure for: api.internal returned by /report");
    }),
    unusual("script that died", |_, line| {
        line.set("error", "");
        line.set("message", "AH01071: Got error 'PHP message: PHP Fatal error:  Uncaught Error: no db in /srv/a.php:3'");
    }),
    unusual("brackets and colons in the message", |_, line| {
        line.set("error", "");
        line.set("message", "AH01106: bad HTTP/1.1 status line [x]: y returned by /a[b]:c");
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
    // Their two parts of the message are what stands before the client and what stands behind it.
    let parts = ["message", "message1", "message2"].map(|name| theirs.text(name));
    let said: String = parts.into_iter().flatten().collect();
    pairs.put("code and error", token(&said), pairs::text(&request.token));
}

/// `AH00957 (111)` out of `(111)Connection refused: AH00957: …`.
fn token(said: &str) -> Option<String> {
    let at = said.match_indices("AH").map(|(at, _)| at).find(|at| {
        let code = said.get(at + 2..at + 8).unwrap_or_default();
        code.ends_with(':') && code[..5].bytes().all(|b| b.is_ascii_digit())
    })?;
    let error = said[..at].strip_prefix("(OS ").or_else(|| said[..at].strip_prefix('('));
    let number = error.and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
    let number = number.filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
    let code = &said[at..at + 7];
    Some(number.map_or_else(|| code.to_owned(), |number| format!("{code} ({number})")))
}
