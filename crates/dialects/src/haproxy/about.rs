//! The pages of HAProxy's logs.

use crate::{About, Blind};

pub(super) static HTTP: About = About {
    title: "HAProxy HTTP log (`option httplog`, `option httpslog`, `option httplog clf`)",
    source: "<https://docs.haproxy.org/dev/configuration.html#8.2.3>",
    from: "Syslog, or standard output with `log stdout format raw local0`.",
    time: "the moment the request's first byte came, local time without a zone, milliseconds.",
    fields: &[
        ("%tr", "the start"),
        ("%ft %b/%s", "hop, group, target"),
        ("%TR/%Tw/%Tc/%Tr/%Ta", "queue, connect and response timers; -1 where not reached"),
        ("%ST", "the status"),
        ("%tsc", "which side ended the session, and in which phase"),
        ("%rc", "attempts"),
        ("%r", "method and path"),
    ],
    shows: &[
        "Whether HAProxy or the server wrote a status.",
        "The phase: queue, connect, waiting for headers, data; refused by HAProxy itself; client left.",
        "That no server was available (`<NOSRV>`).",
    ],
    blind: &[
        Blind {
            what: "Whether a connect failure was a refusal or something else",
            how: "The notices (`haproxy-notice`), or `%[bc_err_str]` in a log format (2.5 and later).",
        },
        Blind {
            what: "Whether the connection was used before",
            how: "Nothing in the log states it; the server's own log may.",
        },
        Blind {
            what: "An id shared with other hops",
            how: "`unique-id-format %{+X}o\\ %ci:%cp_%fi:%fp_%Ts_%rt:%pid` and `unique-id-header \
                  X-Request-ID`; it is not read from this log yet.",
        },
        Blind {
            what: "A response that was empty on a reused client connection: not logged at all",
            how: "The client's own log.",
        },
    ],
    recommended: "option httplog\nno option dontlog-normal",
};

pub(super) static NOTICE: About = About {
    title: "HAProxy notices about servers and about itself",
    source: "HAProxy `src/check.c`, `src/server.c`, `src/cli.c`",
    from: "Syslog, or standard error.",
    time: "of the syslog line; on the console the day of the year and the time, without a zone.",
    fields: &[
        ("Server B/S is DOWN/UP, reason, code, info", "transitions of servers and why"),
        ("backend B has no server available", "a group without a server"),
        ("IP:PORT [date] F/B: …", "failed handshakes of clients"),
    ],
    shows: &[
        "Servers marked down and up, with the reason of the check.",
        "Groups that lost their last server.",
        "Starts, reloads and stops of HAProxy.",
    ],
    blind: &[Blind {
        what: "Checks that failed without a transition",
        how: "`option log-health-checks`.",
    }],
    recommended: "option log-health-checks",
};
