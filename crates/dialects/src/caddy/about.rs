//! The page of the dialect `caddy`.

use crate::{About, Blind};

pub(super) const ABOUT: About = About {
    title: "Caddy access and error log",
    source: "https://caddyserver.com/docs/logging and https://caddyserver.com/docs/caddyfile/directives/log",
    from: "standard error of the process (journalctl -u caddy, docker logs), or the file of the log \
           directive's output; access logs are off until a site has a log directive",
    time: "The end of the request, UTC, in fractions of a second (ts).",
    fields: &[
        ("ts", "when the request ended"),
        ("logger", "which log it is: http.log.access, http.log.error, http.handlers.reverse_proxy"),
        ("msg", "the error's text in http.log.error; Go's network errors are read"),
        ("error", "the error of one try, of a check or of a certificate"),
        ("duration", "the whole request, or up to the error"),
        ("status", "status sent to the client; 499 where the client had left"),
        ("request.method", "method"),
        ("request.uri", "path, without its query"),
        ("request.host", "host the client asked for"),
        ("request.client_ip", "client; remote_ip or remote_addr in older versions"),
        ("upstream", "target, where log_append adds it and in the proxy's own entries"),
        ("request_id", "id of the request, where log_append adds it"),
    ],
    shows: &[
        "Why the proxy answered 502, 503 or 504 itself: refused, no answer to the connection, closed, reset, timed out, TLS, no upstream (http.log.error).",
        "Requests whose client left (499).",
        "Responses that broke off after they had begun (aborting with incomplete response).",
        "Failed health checks with their reason, and targets that came back.",
        "Starts, stops and reloads, and certificates that could not be obtained or renewed.",
    ],
    blind: &[
        Blind {
            what: "which upstream a request went to",
            how: "log_append upstream {http.reverse_proxy.upstream.hostport}",
        },
        Blind {
            what: "whether a status of 500 and more in the access log was the upstream's or Caddy's",
            how: "the default log at level ERROR, which holds http.log.error beside the access log",
        },
        Blind {
            what: "tries that failed before another one served the request",
            how: "{ debug } in the global options: entries upstream roundtrip with their errors",
        },
        Blind {
            what: "whether the connection to the upstream was new or used before",
            how: "no log shows it; transport http { keepalive off } tells by its effect",
        },
        Blind {
            what: "the access log's entries in the console encoder of a site that writes them elsewhere",
            how: "give the file of the site's log directive as well",
        },
    ],
    recommended: "log {\n\toutput file /var/log/caddy/access.log\n\tformat json\n}\nlog_append upstream {http.reverse_proxy.upstream.hostport}\nlog_append request_id {http.request.uuid}",
};
