//! Load-balancer traffic for the bundles: clients with connections of their own, two nodes, and
//! log files as they lie in the bucket.

use super::File;
use crate::clock::{MINUTE, Time};
use crate::generate::alb::{CHECKOUT, Record, SHOP};
use crate::generate::world::{World, client_address};
use crate::random::Random;
use std::collections::BTreeMap;

/// A client's connection to one node of the load balancer.
#[derive(Debug)]
pub(crate) struct Connection {
    client: String,
    port: u64,
    agent: &'static str,
    http2: bool,
    id: u64,
    node: usize,
    requests_left: u64,
}

/// Addresses of the load balancer's nodes.
const NODES: [&str; 2] = ["192.0.2.11", "192.0.2.87"];

/// The groups of targets behind the load balancer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetGroup {
    Web,
    Checkout,
}

/// How one request went, seen from the load balancer.
#[derive(Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) group: TargetGroup,
    pub(crate) created: Time,
    /// Time until the answer, whoever made it, in microseconds.
    pub(crate) taken: u64,
    pub(crate) target: Option<&'a str>,
    /// The three processing times.
    pub(crate) spans: [Option<u64>; 3],
    pub(crate) status: u64,
    pub(crate) target_status: Option<u64>,
    pub(crate) sent: u64,
    pub(crate) method: &'a str,
    /// Path and query; `#` stands for `id`, or for some number if that is `None`.
    pub(crate) path: &'a str,
    pub(crate) id: Option<u64>,
}

/// End of the request, and its line.
type TimedLine = (Time, Vec<u8>);

/// Collects the lines of an hour or more.
#[derive(Debug)]
pub(crate) struct Bucket {
    connections: Vec<Connection>,
    /// Lines by end of interval and node; within a file in the order they were made.
    files: BTreeMap<(Time, usize), Vec<TimedLine>>,
    end: Time,
}

impl Bucket {
    /// An empty bucket that takes lines up to `end`.
    pub(crate) fn new(end: Time) -> Bucket {
        Bucket { connections: Vec::new(), files: BTreeMap::new(), end }
    }

    /// Logs one exchange on some client's connection, unless it ends after the last file.
    pub(crate) fn log(&mut self, random: &mut Random, exchange: &Exchange<'_>) -> bool {
        let end = exchange.created.plus(exchange.taken as i64);
        if end >= self.end {
            return false;
        }
        let slot = self.connection(random);
        let connection = &mut self.connections[slot];
        connection.requests_left -= 1;
        let mut line = Vec::new();
        Record {
            balancer: match exchange.group {
                TargetGroup::Web => &SHOP,
                TargetGroup::Checkout => &CHECKOUT,
            },
            created: exchange.created,
            end,
            client: &connection.client,
            client_port: connection.port,
            target: exchange.target,
            request: exchange.spans[0],
            response_wait: exchange.spans[1],
            response: exchange.spans[2],
            status: exchange.status,
            target_status: exchange.target_status,
            received: random.between(90, 420),
            sent: exchange.sent,
            method: exchange.method,
            path: exchange.path,
            id: exchange.id.unwrap_or_else(|| random.between(1_000, 9_999)),
            agent: connection.agent,
            http2: connection.http2,
            trace: (random.next(), random.next()),
            connection: connection.id,
        }
        .push(&mut line);
        let interval = 5 * MINUTE;
        let closes = Time((end.0.div_euclid(interval) + 1) * interval);
        self.files.entry((closes, connection.node)).or_default().push((end, line));
        true
    }

    fn connection(&mut self, random: &mut Random) -> usize {
        const OPEN: usize = 240;
        if self.connections.len() < OPEN {
            self.connections.push(open(random));
            return self.connections.len() - 1;
        }
        let slot = random.below(OPEN as u64) as usize;
        if self.connections[slot].requests_left == 0 {
            self.connections[slot] = open(random);
        }
        slot
    }

    /// The files, named as the user guide says ("Access log files"): the time is the end of the
    /// interval.
    pub(crate) fn files(self, folder: &str, random: &mut Random) -> Vec<File> {
        let mut files = Vec::new();
        for ((closes, node), mut lines) in self.files {
            // Every worker of a node writes for itself: the order is only roughly that of time.
            lines.sort_by_cached_key(|(end, _)| end.0 + random.below(30_000) as i64);
            let c = closes.plus(-1).civil();
            let e = closes.civil();
            let path = format!(
                "{folder}/AWSLogs/123456789012/elasticloadbalancing/eu-central-1/{:04}/{:02}/{:02}/123456789012_elasticloadbalancing_eu-central-1_app.shop.50dc6c495c0c9188_{:04}{:02}{:02}T{:02}{:02}Z_{}_{:08x}.log.gz",
                c.year,
                c.month,
                c.day,
                e.year,
                e.month,
                e.day,
                e.hour,
                e.minute,
                NODES[node],
                random.below(1 << 32)
            );
            let content = lines.into_iter().flat_map(|(_, line)| line).collect();
            files.push(File { path, content });
        }
        files
    }
}

fn open(random: &mut Random) -> Connection {
    Connection {
        client: client_address(random),
        port: random.between(1_024, 65_535),
        agent: World::agent(random),
        http2: random.chance(0.75),
        id: random.next(),
        node: random.below(NODES.len() as u64) as usize,
        requests_left: random.between(1, 30),
    }
}
