//! The page of Node.js errors.

use crate::{About, Blind};

pub(super) static NODE: About = About {
    title: "Errors of Node.js applications: fetch (undici), http, node-fetch, axios, database clients",
    source: "Node.js `lib/internal/errors.js`; undici `lib/core/errors.js`",
    from: "Standard error of the application, as text or inside JSON log lines.",
    time: "of the log line or of the prefix around it; a bare stack trace has none.",
    fields: &[
        ("code, errno, syscall", "what happened: `ECONNREFUSED`, `UND_ERR_CONNECT_TIMEOUT` …"),
        ("address, port, hostname", "the destination"),
        ("cause, AggregateError", "the error below `fetch failed`"),
        ("listening on …, SIGTERM received …", "starts and stops"),
    ],
    shows: &[
        "Calls that the application made outward and that failed: phase, destination, error.",
        "Starts, stops and ends of the process, unhandled errors, pools that had nothing to give.",
    ],
    blind: &[
        Blind {
            what: "What `fetch failed` was about, where only the message is printed",
            how: "`console.error(error)` instead of `error.message`, so that `cause` is printed.",
        },
        Blind {
            what: "Which request of a user the call belonged to",
            how: "Log the request's trace id with the error.",
        },
        Blind { what: "Calls that went well", how: "Client metrics, or the NAT's log." },
    ],
    recommended: "catch (error) { console.error(new Date().toISOString(), traceId, error); throw error; }",
};
