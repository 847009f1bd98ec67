//! The pages of nginx's logs.

use crate::{About, Blind};

pub(super) static ACCESS: About = About {
    title: "nginx access log: combined, main, ingress-nginx, or any `log_format`",
    source: "<https://nginx.org/en/docs/http/ngx_http_log_module.html>, `src/http/modules/ngx_http_log_module.c`",
    from: "`/var/log/nginx/access.log`, standard output of a container. A format of your own: \
           `--nginx-log-format`, or put the output of `nginx -T` beside the logs.",
    time: "the end of the request; `$time_local` and `$time_iso8601` with zone, seconds; `$msec`.",
    fields: &[
        ("$time_local, $time_iso8601, $msec", "the end"),
        ("$status, $upstream_status", "the status and who wrote it"),
        ("$request_time", "the total"),
        ("$upstream_connect_time, $upstream_header_time, $upstream_response_time", "the phases"),
        ("$upstream_addr, $proxy_upstream_name", "every target tried; the group"),
        (
            "$request, $request_method, $uri, $request_uri, $host, $server_name",
            "method, path, host",
        ),
        ("$remote_addr", "the client"),
        (
            "$request_id, $http_x_request_id, $http_x_amzn_trace_id …",
            "the id shared with other hops",
        ),
    ],
    shows: &[
        "Statuses; with the upstream variables who wrote them, after how long and after which attempts.",
        "Clients that left (499).",
    ],
    blind: &[
        Blind {
            what: "Why a request failed: the words are in the error log",
            how: "`error_log /var/log/nginx/error.log error;`.",
        },
        Blind { what: "Who wrote a status, in the combined format", how: "The format below." },
        Blind {
            what: "Whether the connection was used before",
            how: "`$upstream_connect_time` of 0.000 hints at it; nothing states it.",
        },
    ],
    recommended: "log_format why502 '$remote_addr - $remote_user [$time_local] \"$request\" $status '\n  \
                  '$body_bytes_sent \"$http_referer\" \"$http_user_agent\" rt=$request_time '\n  \
                  'uct=\"$upstream_connect_time\" uht=\"$upstream_header_time\" '\n  \
                  'urt=\"$upstream_response_time\" ua=\"$upstream_addr\" us=\"$upstream_status\" '\n  \
                  'rid=\"$request_id\"';\naccess_log /var/log/nginx/access.log why502;",
};

pub(super) static ERROR: About = About {
    title: "nginx error log",
    source: "nginx `src/core/ngx_log.c`, `src/http/ngx_http_upstream.c`, \
             `src/event/ngx_event_openssl.c`",
    from: "`/var/log/nginx/error.log`, standard error of a container.",
    time: "the moment of the error, local time without a zone, seconds: `--timezone`, or an access \
           log beside it states the zone.",
    fields: &[
        ("message, errno", "what happened: refused, timed out, closed, too big a header, TLS …"),
        ("while …", "the phase"),
        ("upstream, client, server, host, request", "the request and its target"),
        ("*N", "the connection: joins the lines of one request"),
        ("[notice] signal process started, exiting …", "reloads and restarts"),
    ],
    shows: &[
        "The mechanism and phase of every failure between nginx and its upstreams.",
        "Names that do not resolve, groups without a live server, servers disabled, limits reached.",
        "Reloads.",
    ],
    blind: &[
        Blind { what: "Requests that went well", how: "The access log (`nginx-access`)." },
        Blind {
            what: "How long a request took",
            how: "`$request_time` and `$upstream_response_time` in the access log.",
        },
        Blind {
            what: "Clients that left", how: "`error_log … info;`, or 499 in the access log."
        },
    ],
    recommended: "error_log /var/log/nginx/error.log warn;",
};
