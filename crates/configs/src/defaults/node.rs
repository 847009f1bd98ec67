//! What Node.js and its frameworks and pools do when nobody says otherwise.
//!
//! `server.keepAliveTimeout` is 5 s in every release up to 26. The documentation of 24.19 and 26.5 says
//! 65 s, but the releases 24.19.0, 25.9.0, 26.0.0, 26.4.0, 26.5.0 and 26.10.0, when asked, say 5000:
//! the change (pull request 62782, for a major version) is on the main branch and in no release yet.

use model::config::Key;

use super::{Preset, Row, Subject, Table};

const HTTP: &str = "https://nodejs.org/api/http.html#class-httpserver";
/// No release has it yet.
const RAISED: &str = "https://github.com/nodejs/node/blob/0012a77503d5/lib/_http_server.js (main branch, in no release)";
const CHANGES: &str = "https://nodejs.org/api/http.html#serverrequesttimeout";
const DNS: &str = "https://nodejs.org/api/dns.html#dnssetdefaultresultorderorder";
/// From 20 on, both families are tried.
const FAMILY: &str = "https://nodejs.org/api/net.html#netgetdefaultautoselectfamily";
const FASTIFY_SERVER: &str = "https://fastify.dev/docs/latest/Reference/Server/";
const PG: &str = "https://node-postgres.com/apis/pool";
const MYSQL2: &str =
    "https://sidorares.github.io/node-mysql2/docs/examples/connections/create-pool";

const fn row(key: Key, name: &'static str, value: Preset, source: &'static str) -> Row {
    Row::new("Node.js", key, name, value, source)
}

/// The defaults of Node.js.
pub(crate) static NODE: Table = Table {
    product: "Node.js",
    hop: &[
        row(Key::ClientIdleTimeout, "keepAliveTimeout", Preset::Seconds(5), HTTP)
            .versions("8.0", "27", "8 to 26")
            .when(decides_itself),
        row(Key::ClientIdleTimeout, "keepAliveTimeout", Preset::Seconds(65), RAISED)
            .versions("27", "", "27 and later")
            .when(decides_itself)
            .upcoming(),
        row(Key::ClientHeaderTimeout, "headersTimeout", Preset::Seconds(60), HTTP)
            .versions("14.0", "", "14 and later")
            .when(serves),
        row(Key::ClientBodyTimeout, "requestTimeout", Preset::Seconds(300), CHANGES)
            .versions("18.0", "", "18 and later")
            .when(serves),
        row(Key::ClientBodyTimeout, "requestTimeout", Preset::Unlimited, CHANGES)
            .versions("", "18.0", "before 18")
            .when(serves)
            .out_of_use(),
        row(Key::PrefersIpv6, "autoSelectFamily", Preset::Flag(false), FAMILY).versions(
            "20.0",
            "",
            "20 and later",
        ),
        row(Key::PrefersIpv6, "--dns-result-order", Preset::Flag(true), DNS)
            .versions("17.0", "20.0", "17 to 19")
            .out_of_use(),
        row(Key::PrefersIpv6, "--dns-result-order", Preset::Flag(false), DNS)
            .versions("", "17.0", "before 17")
            .out_of_use(),
    ],
    link: super::clients::NODE,
    check: &[],
};

/// The defaults of Fastify, which sets its own on the server of Node.js.
pub(crate) static FASTIFY: Table = Table {
    product: "Fastify",
    hop: &[
        Row::new(
            "Fastify",
            Key::ClientIdleTimeout,
            "keepAliveTimeout",
            Preset::Seconds(72),
            FASTIFY_SERVER,
        )
        .versions("4.0", "", "4 and later"),
        Row::new(
            "Fastify",
            Key::ClientIdleTimeout,
            "keepAliveTimeout",
            Preset::Seconds(5),
            FASTIFY_SERVER,
        )
        .versions("", "4.0", "before 4")
        .out_of_use(),
        Row::new(
            "Fastify",
            Key::ClientBodyTimeout,
            "requestTimeout",
            Preset::Unlimited,
            FASTIFY_SERVER,
        ),
        Row::new(
            "Fastify",
            Key::MaxRequestBody,
            "bodyLimit",
            Preset::Bytes(1 << 20),
            FASTIFY_SERVER,
        ),
    ],
    link: &[],
    check: &[],
};

/// The defaults of node-postgres' pool; the reader knows where there is one.
pub(crate) static PG_POOL: &[Row] = &[
    Row::new("node-postgres", Key::PoolMax, "max", Preset::Count(10), PG),
    Row::new("node-postgres", Key::PoolIdleTimeout, "idleTimeoutMillis", Preset::Seconds(10), PG),
    Row::new(
        "node-postgres",
        Key::PoolAcquireTimeout,
        "connectionTimeoutMillis",
        Preset::Unlimited,
        PG,
    ),
];

/// The defaults of mysql2's pool.
pub(crate) static MYSQL_POOL: &[Row] = &[
    Row::new("mysql2", Key::PoolMax, "connectionLimit", Preset::Count(10), MYSQL2),
    Row::new("mysql2", Key::PoolIdleTimeout, "idleTimeout", Preset::Seconds(60), MYSQL2),
];

/// A program that listens nowhere may be a worker, and is given no settings of servers; one whose
/// port is not known has a place where they can be set.
fn serves(at: &Subject<'_>) -> bool {
    !at.hop.listens.is_empty()
        || at.settings.get(Key::ClientIdleTimeout).is_some()
        || at.hop.slots.iter().any(|slot| slot.key == Key::ClientIdleTimeout)
}

fn decides_itself(at: &Subject<'_>) -> bool {
    serves(at) && !at.hop.runs("Fastify")
}
