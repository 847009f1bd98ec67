//! The page of the dialect `traefik`.

use crate::{About, Blind};

pub(super) const ABOUT: About = About {
    title: "Traefik access log and log",
    source: "https://doc.traefik.io/traefik/observability/access-logs/ and https://doc.traefik.io/traefik/observability/logs/",
    from: "standard output of the process (docker logs, kubectl logs), or accessLog.filePath and \
           log.filePath; the access log is off by default",
    time: "Access log: the request's start (common log format in whole seconds with its zone; JSON \
           StartUTC in nanoseconds). Log: when the message was written.",
    fields: &[
        ("StartUTC", "when the request began"),
        (
            "Duration",
            "the whole request, nanoseconds (common log format: milliseconds, last column)",
        ),
        ("DownstreamStatus", "status sent to the client; 499 where the client had left"),
        ("OriginStatus", "whether a service was asked at all; the status of the common log format"),
        ("ServiceAddr", "target; ServiceURL where it is missing"),
        ("ServiceName", "group of targets (common log format: the router's name)"),
        ("RetryAttempts", "attempts at targets"),
        ("RequestMethod", "method"),
        ("RequestPath", "path, without its query"),
        ("RequestHost", "host the client asked for"),
        ("ClientHost", "client"),
        ("request_X-Request-Id", "id of the request, where this header is kept; TraceId as well"),
        (
            "msg",
            "log: '502 Bad Gateway' caused by, with Go's network error; version 3: message and error",
        ),
        ("targetURL", "log: target of a failed health check"),
    ],
    shows: &[
        "Requests that ended with a status of 500 and more, on which target, after how long.",
        "Requests whose client left (499).",
        "Why Traefik answered 502 or 504 itself: refused, no answer to the connection, closed, reset, timed out, TLS (log, level DEBUG).",
        "Targets marked down and up by health checks (version 2), and each failed check (version 3).",
    ],
    blind: &[
        Blind {
            what: "why a request failed, from the access log alone",
            how: "log.level: DEBUG (--log.level=DEBUG): the line 502 Bad Gateway names Go's error",
        },
        Blind {
            what: "whether a status of 502 to 504 was the target's own or Traefik's: both fill OriginStatus",
            how: "log.level: DEBUG, where only Traefik's own have a line",
        },
        Blind {
            what: "method, path and host in the DEBUG line",
            how: "accessLog with format json beside it; both are joined by time",
        },
        Blind {
            what: "the id of a request",
            how: "accessLog.fields.headers.names.X-Request-Id: keep",
        },
        Blind {
            what: "a target that is up again, in version 3",
            how: "the metric traefik_service_server_up (metrics.prometheus)",
        },
    ],
    recommended: "accessLog:\n  format: json\n  fields:\n    headers:\n      names:\n        X-Request-Id: keep\nlog:\n  level: DEBUG\n  format: json",
};
