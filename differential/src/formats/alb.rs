//! AWS Application Load Balancer access logs. Fields: "Access logs for your Application Load
//! Balancer", AWS Elastic Load Balancing user guide.

use dialects::{Context, Quick};
use model::Event;

use super::{Format, Unusual, unusual};
use crate::line::{Civil, Form, Kind, Line};
use crate::ours::Ours;
use crate::pairs::{self, Pairs};
use crate::random::Random;
use crate::theirs::Values;
use crate::words;

pub(super) const FORMAT: Format = Format {
    name: "aws-alb",
    dialect: "aws-alb",
    context: Context::default,
    // The lax mode, which is there for the fields that AWS adds.
    call: "parse_aws_alb_log!(.line, strict_mode: false)",
    ordinary,
    unusual: UNUSUAL,
    pairs: compare,
};

fn ordinary(random: &mut Random) -> Line {
    let status = words::status(random);
    let (scheme, port, kind) = *random.pick(&[
        ("http", 80, "http"),
        ("https", 443, "https"),
        ("https", 443, "h2"),
        ("https", 443, "grpcs"),
        ("ws", 80, "ws"),
        ("wss", 443, "wss"),
    ]);
    let host = words::host(random);
    let request = format!(
        "{} {scheme}://{host}:{port}{} {}",
        words::method(random),
        words::path(random),
        words::protocol(random)
    );
    let tls = scheme == "https" || scheme == "wss";
    let answered = random.chance(0.8);
    let target = match random.below(8) {
        0 => "-".to_owned(),
        _ => format!("{}:{}", words::ipv4(random), words::port(random)),
    };
    let asked = target != "-";
    let time = |random: &mut Random, there| match there {
        true => words::seconds(random),
        false => "-1".to_owned(),
    };
    let end = Civil { second: random.between(30, 59) as u32, ..Civil::any(random) };
    let created = Civil { second: random.below(30) as u32, ..end };
    let target_status = match asked && answered {
        true => status,
        false => "-",
    };
    let list = |value: &str| value.to_owned();
    Line::default()
        .word("type", Kind::Word, kind)
        .word("time", Kind::Moment(Form::Iso), end.text(Form::Iso))
        .word("elb", Kind::Word, format!("app/shop/{}", words::hex(random, 16)))
        .word("client", Kind::Word, format!("{}:{}", words::ipv4(random), words::port(random)))
        .word("target", Kind::Word, target.clone())
        .word("request_processing_time", Kind::Decimal, time(random, asked))
        .word("target_processing_time", Kind::Decimal, time(random, asked && answered))
        .word("response_processing_time", Kind::Decimal, time(random, asked && answered))
        .word("elb_status_code", Kind::Number, status)
        .word("target_status_code", Kind::Number, target_status)
        .word("received_bytes", Kind::Number, random.below(100_000).to_string())
        .word("sent_bytes", Kind::Number, random.below(100_000).to_string())
        .quoted("request", request)
        .quoted("user_agent", words::agent(random))
        .word("ssl_cipher", Kind::Word, if tls { "ECDHE-RSA-AES128-GCM-SHA256" } else { "-" })
        .word("ssl_protocol", Kind::Word, if tls { "TLSv1.2" } else { "-" })
        .word(
            "target_group_arn",
            Kind::Word,
            format!(
                "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{}/{}",
                random.pick(&["api", "web-blue", "k8s-shop-web-0a1b2c3d4e"]),
                words::hex(random, 16)
            ),
        )
        .quoted("trace_id", format!("Root=1-{}-{}", words::hex(random, 8), words::hex(random, 24)))
        .quoted("domain_name", if tls { host } else { "-" })
        .quoted(
            "chosen_cert_arn",
            if tls { "arn:aws:acm:eu-west-1:111122223333:certificate/4c0a3f3e-0f0e" } else { "-" },
        )
        .word("matched_rule_priority", Kind::Number, random.below(50_000).to_string())
        .word("request_creation_time", Kind::Moment(Form::Iso), created.text(Form::Iso))
        .quoted(
            "actions_executed",
            *random.pick(&["forward", "waf,forward", "authenticate,forward"]),
        )
        .quoted("redirect_url", "-")
        .quoted("error_reason", "-")
        .quoted("target_port_list", list(&target))
        .quoted("target_status_code_list", list(target_status))
        .quoted("classification", "-")
        .quoted("classification_reason", "-")
        .word("conn_trace_id", Kind::Word, format!("TID_{}", words::hex(random, 32)))
        .quoted("transformed_host", "-")
        .quoted("transformed_uri", "-")
        .quoted("request_transform_status", "-")
}

/// Leaves only the first so many fields: AWS added the others over the years.
fn first(line: &mut Line, fields: usize) {
    line.fields.truncate(fields);
}

fn request(random: &mut Random, line: &mut Line, method: &str, target: &str) {
    line.set("request", format!("{method} {target} {}", words::protocol(random)));
}

fn refused(line: &mut Line, status: &str, actions: &str, reason: &str) {
    for name in ["request_processing_time", "target_processing_time", "response_processing_time"] {
        line.set(name, "-1");
    }
    for name in ["target", "target_status_code", "target_port_list", "target_status_code_list"] {
        line.set(name, "-");
    }
    line.set("elb_status_code", status);
    line.set("actions_executed", actions);
    line.set("error_reason", reason);
}

const UNUSUAL: &[Unusual] = &[
    unusual("the 25 fields of 2018", |_, line| first(line, 25)),
    unusual("29 fields", |_, line| first(line, 29)),
    unusual("30 fields", |_, line| first(line, 30)),
    unusual("two targets tried", |random, line| {
        let list = format!("{}:80 {}:80", words::ipv4(random), words::ipv4(random));
        line.set("target_port_list", list);
        line.set("target_status_code_list", "502 200");
    }),
    unusual("IPv6 client", |random, line| {
        line.set("client", format!("{}:{}", words::ipv6(random), words::port(random)));
    }),
    unusual("IPv6 client in brackets", |random, line| {
        line.set("client", format!("[{}]:{}", words::ipv6(random), words::port(random)));
    }),
    unusual("IPv6 target", |random, line| {
        line.set("target", format!("{}:{}", words::ipv6(random), words::port(random)));
    }),
    unusual("IPv6 target in brackets", |random, line| {
        line.set("target", format!("[{}]:{}", words::ipv6(random), words::port(random)));
    }),
    unusual("Lambda target", |_, line| {
        line.set("target", "-");
        line.set("target_port_list", "-");
    }),
    unusual("Lambda that failed", |random, line| {
        let reason =
            *random.pick(&["LambdaInvalidResponse", "LambdaUnhandled", "LambdaThrottling"]);
        line.set("target", "-");
        line.set("elb_status_code", "502");
        line.set("target_status_code", "-");
        line.set("error_reason", reason);
    }),
    unusual("no target group", |_, line| line.set("target_group_arn", "-")),
    unusual("redirect by a rule", |_, line| {
        refused(line, "301", "redirect", "-");
        line.set("redirect_url", "https://shop.example.com:443/?a=\"b\"".replace('"', "%22"));
    }),
    unusual("fixed response", |_, line| refused(line, "503", "fixed-response", "-")),
    unusual("login refused", |_, line| {
        refused(line, "561", "authenticate", "AuthInvalidGrantError")
    }),
    unusual("client left", |_, line| refused(line, "460", "waf,forward", "-")),
    unusual("no status", |_, line| refused(line, "-", "forward", "-")),
    unusual("unreadable request", |_, line| {
        refused(line, "400", "-", "-");
        line.set("request", "- http://shop.example.com:80- -");
        line.set("user_agent", "-");
        line.set("trace_id", "-");
    }),
    unusual("unreadable request without a host", |_, line| {
        refused(line, "400", "-", "-");
        line.set("request", "- - - ");
    }),
    unusual("ambiguous request", |_, line| {
        line.set("classification", "Ambiguous");
        line.set("classification_reason", "UndefinedContentLengthSemantics");
    }),
    unusual("trace with a part of its own", |random, line| {
        let id = words::hex(random, 24);
        line.set(
            "trace_id",
            format!("Self=1-67891234-12456789abcdef012345678;Root=1-67891233-{id}"),
        );
    }),
    unusual("no trace", |_, line| line.set("trace_id", "-")),
    unusual("TLS 1.3", |_, line| {
        line.set("ssl_cipher", "TLS_AES_128_GCM_SHA256");
        line.set("ssl_protocol", "TLSv1.3");
    }),
    unusual("only the response has no time", |_, line| line.set("response_processing_time", "-1")),
    unusual("rare method", |random, line| {
        let method = *random.pick(&["PROPFIND", "M-SEARCH", "VERSION-CONTROL", "TRACE", "PURGE"]);
        request(random, line, method, "http://shop.example.com:80/dav");
    }),
    unusual("method in small letters", |random, line| {
        request(random, line, "get", "http://shop.example.com:80/a");
    }),
    unusual("host without a path", |random, line| {
        request(random, line, "GET", "http://shop.example.com:80");
    }),
    unusual("query without a path", |random, line| {
        request(random, line, "GET", "http://shop.example.com:80?a=/b");
    }),
    unusual("asterisk", |random, line| {
        request(random, line, "OPTIONS", "http://shop.example.com:80*");
    }),
    unusual("IPv6 host", |random, line| {
        let host = words::ipv6(random);
        request(random, line, "GET", &format!("http://[{host}]:80/x"));
    }),
    unusual("spaces in the target", |random, line| {
        request(random, line, "GET", "http://shop.example.com:80/a b  c?d= e");
    }),
    unusual("URL in the query", |random, line| {
        request(random, line, "GET", "http://shop.example.com:80/go?to=https://example.org/y");
    }),
    unusual("long target", |random, line| {
        let path = words::long(random.between(2_000, 16_000) as usize);
        request(random, line, "GET", &format!("http://shop.example.com:80/{path}?q"));
    }),
    unusual("letters of other scripts in the target", |random, line| {
        request(random, line, "GET", "http://shop.example.com:80/漢字/é");
    }),
    unusual("escapes in the target", |random, line| {
        request(random, line, "GET", "http://shop.example.com:80/a\\x22b\\x5c");
    }),
    unusual("empty user agent", |_, line| line.set("user_agent", "")),
    unusual("escaped quotes in the user agent", |_, line| {
        line.set("user_agent", "\\\"Mozilla/5.0\\\" (X11)");
    }),
    unusual("log of another load balancer", |random, line| {
        line.set("elb", format!("app/{}/{}", words::long(32), words::hex(random, 16)));
    }),
    unusual("slow", |_, line| line.set("target_processing_time", "4000.001")),
];

fn compare(theirs: &Values, ours: &Ours<'_>, pairs: &mut Pairs) {
    let status = |name| theirs.text(name).and_then(|code| code.parse::<u16>().ok());
    let end = theirs.text("timestamp").and_then(|text| pairs::rfc3339(&text));
    let target = theirs.text("target_host");
    let spans = ["request_processing_time", "target_processing_time", "response_processing_time"]
        .map(|name| theirs.float(name).filter(|seconds| *seconds >= 0.0).map(pairs::micros));
    if let Quick::Tally(tally) = ours.quick {
        let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pairs.put("quick time", end, Some(tally.at.0));
        pairs.put("quick elb", theirs.text("elb"), Some(bytes(tally.hop)));
        pairs.put("quick elb_status_code", status("elb_status_code"), Some(tally.status));
        let ours = Some(bytes(tally.target)).filter(|target| !target.is_empty());
        pairs.put("quick target", target.clone(), ours);
        if let [Some(a), Some(b), Some(c)] = spans {
            pairs.put("quick elapsed", Some(a + b + c), tally.elapsed.map(|span| span.0));
        }
    }
    let Some(Event::Request(request)) = ours.events.first() else { return };
    pairs.put("time", end, request.end.map(|at| at.0));
    pairs.put("elb", theirs.text("elb"), Some(request.hop.to_string()));
    let client = theirs.text("client_host").map(|client| pairs::without_port(&client));
    pairs.put("client", client, pairs::text(&request.client));
    pairs.put("target", target, pairs::text(&request.target));
    pairs.put("target_processing_time", spans[1], request.timers.wait.map(|span| span.0));
    pairs.put("elb_status_code", status("elb_status_code"), request.status);
    pairs.put("target_status_code", status("target_status_code"), request.upstream_status);
    let method = theirs.text("request_method");
    let readable = method.is_some();
    pairs.put("method", method, pairs::text(&request.method));
    let url = theirs.text("request_url").unwrap_or_default();
    let (host, path) = pairs::url(&url);
    if readable {
        pairs.put("path", Some(path), pairs::text(&request.path));
    }
    // Of a request it could not read the load balancer writes a skeleton that ends in a dash.
    let host = host.map(|host| pairs::without_port(host.trim_end_matches('-')));
    let host = host.or_else(|| theirs.text("domain_name"));
    pairs.put("host", host, pairs::text(&request.host));
    let group = theirs.text("target_group_arn").and_then(|arn| {
        let (_, name) = arn.split_once(":targetgroup/")?;
        name.split('/').next().filter(|name| !name.is_empty()).map(str::to_owned)
    });
    pairs.put("target group", group, pairs::text(&request.upstream));
    let root = theirs.text("trace_id").and_then(|trace| {
        let (_, root) = trace.split_once("Root=")?;
        root.split(';').next().map(str::to_owned)
    });
    pairs.put("trace", root, pairs::text(&request.id));
    let created = theirs.text("request_creation_time").and_then(|text| pairs::rfc3339(&text));
    if created.is_some_and(|created| end.is_some_and(|end| created <= end)) {
        pairs.put("request_creation_time", created, request.start.map(|at| at.0));
    }
    // Failures carry the reason AWS gives; where it gives none, both statuses stand in its place.
    let reason = theirs.text("error_reason").filter(|reason| !reason.is_empty());
    if let (Some(reason), Some(token)) = (reason, &request.token) {
        pairs.put("error_reason", Some(reason), Some(token.to_string()));
    }
    if let (None, [Some(a), Some(b), Some(c)]) = (&request.failure, spans) {
        let total = request.timers.total.map(|span| span.0);
        pairs.put("sum of the times", Some(a + b + c), total);
    }
}
