//! The page of the dialect `curl`.

use crate::{About, Blind};

pub(super) const ABOUT: About = About {
    title: "curl messages and transcripts, error pages",
    source: "https://curl.se/docs/manpage.html (--verbose), https://curl.se/libcurl/c/libcurl-errors.html, and the sources of the gateways whose pages are read (nginx, HAProxy, Apache httpd, Envoy, Traefik)",
    from: "curl -sv URL 2>&1 | tee curl.txt, or pasted from a terminal",
    time: "None of its own; the time of a prefix is used.",
    fields: &[
        ("curl: (N)", "why there was no whole answer"),
        ("* …", "what curl says on the way: connections that failed, certificates"),
        ("> METHOD target", "method and path, without its query"),
        ("> Host", "host the client asked for"),
        ("< HTTP/…", "status of the answer"),
        ("< server", "the gateway that answered"),
        ("< x-request-id", "id of the request"),
        ("body", "the reason, where the gateway writes one into its answer"),
        ("real", "how long the client waited (the shell's time)"),
    ],
    shows: &[
        "Why the client got no answer: name, connection, TLS, closed, reset, timed out.",
        "Which gateway answered with 500 and more, and with Envoy, HAProxy, Apache httpd and Traefik often why.",
    ],
    blind: &[
        Blind {
            what: "why the gateway answered 502, 503 or 504, from the status alone",
            how: "the gateway's access and error log of that moment",
        },
        Blind {
            what: "which target the gateway had chosen",
            how: "the gateway's access log, found by the x-request-id of the answer",
        },
        Blind { what: "when, without a prefix", how: "curl -sv --trace-time URL" },
        Blind {
            what: "how the time was spent",
            how: "curl -so /dev/null -w '%{time_namelookup} %{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total} %{http_code}\\n' URL",
        },
    ],
    recommended: "curl -sv --trace-time -o /dev/null URL",
};
