//! The traffic of the shop: pages and checkout through CloudFront and the load balancer, media
//! through CloudFront alone.

use super::super::File;
use super::super::alb_traffic::{Bucket, Exchange, TargetGroup};
use super::cloudfront::{Edge, Seen};
use super::{CLOSED, END, EXPIRED, EXPORT, FOLDER, SEED, START, STOPS, UNTIL_KNOWN, within};
use crate::clock::{SECOND, Time};
use crate::generate::world::World;
use crate::random::Random;

/// Tasks of the web service before the release, in the order in which they are stopped.
pub(super) const OLD: [&str; 4] = ["10.0.11.21", "10.0.11.77", "10.0.12.40", "10.0.12.98"];
/// Tasks of the web service after it.
pub(super) const NEW: [&str; 4] = ["10.0.11.105", "10.0.11.133", "10.0.12.17", "10.0.12.152"];
/// Tasks of the checkout service.
pub(super) const CHECKOUT: [&str; 2] = ["10.0.21.14", "10.0.22.31"];

/// `idle_timeout.timeout_seconds` of the load balancer, in microseconds.
const IDLE_TIMEOUT: u64 = 30_000_000;
/// How long the load balancer tries to connect (AWS, "Troubleshoot your Application Load
/// Balancers", HTTP 504), in microseconds.
const CONNECT_TIMEOUT: u64 = 10_000_000;

/// How a request went at the load balancer.
struct Outcome {
    taken: u64,
    spans: [Option<u64>; 3],
    status: u64,
    target_status: Option<u64>,
}

impl Outcome {
    fn served(wait: u64, status: u64, random: &mut Random) -> Outcome {
        Outcome {
            taken: wait + random.between(200, 1_400),
            spans: [Some(0), Some(wait), Some(random.below(1_200))],
            status,
            target_status: Some(status),
        }
    }

    fn failed(taken: u64, spans: [Option<u64>; 3], status: u64) -> Outcome {
        Outcome { taken, spans, status, target_status: None }
    }
}

/// The logs of CloudFront and of the load balancer.
pub(super) fn files() -> Vec<File> {
    let mut random = Random::part(SEED, "shop");
    let world = World::new(SEED);
    let mut bucket = Bucket::new(END);
    let mut edge = Edge::default();
    let mut at = START;
    loop {
        at = at.plus((random.exponential(1.0 / 1.7) * 1e6) as i64 + 1);
        if at >= END {
            break;
        }
        if random.chance(0.3) {
            let seen = media(at, &mut random);
            edge.log(&mut random, &seen);
            continue;
        }
        dynamic(at, &world, &mut bucket, &mut edge, &mut random);
    }
    let mut files = bucket.files(FOLDER, &mut random);
    files.extend(edge.files(&mut random));
    files
}

/// A picture: from the cache, or from the partner that keeps them.
fn media(at: Time, random: &mut Random) -> Seen {
    let path = format!("/media/p/{}.webp", random.between(1_000, 1_999));
    let cached = random.chance(0.68);
    let bytes = random.between(8_000, 96_000);
    let (result, status, taken) = match (cached, within(at, EXPIRED)) {
        (true, _) => ("Hit", 200, random.between(1_000, 9_000)),
        (false, false) => ("Miss", 200, random.service_time(60_000)),
        (false, true) => ("OriginConnectError", 502, random.between(60_000, 240_000)),
    };
    let sent = if status == 200 { bytes } else { 1_031 };
    Seen { end: at.plus(taken as i64), taken, method: "GET", path, status, sent, result }
}

fn dynamic(at: Time, world: &World, bucket: &mut Bucket, edge: &mut Edge, random: &mut Random) {
    let checkout = random.chance(0.16);
    let route = world.route(random);
    let (method, path) = if checkout {
        (["GET", "POST"][random.below(2) as usize], "/checkout/#")
    } else {
        (route.method, route.path)
    };
    let id = random.between(1_000, 9_999);
    let (group, address, outcome) = if checkout {
        let address = *random.pick(&CHECKOUT);
        (TargetGroup::Checkout, address, at_checkout(at, random))
    } else {
        let (address, outcome) = at_web(at, route.micros, u64::from(route.status), random);
        (TargetGroup::Web, address, outcome)
    };
    let target = format!("{address}:8080");
    let sent = match outcome.target_status {
        Some(_) => route.bytes + random.below(route.bytes / 4 + 1) + 330,
        None => 277 + u64::from(outcome.status == 504) * 11,
    };
    let logged = bucket.log(
        random,
        &Exchange {
            group,
            created: at,
            taken: outcome.taken,
            target: Some(&target),
            spans: outcome.spans,
            status: outcome.status,
            target_status: outcome.target_status,
            sent,
            method,
            path,
            id: Some(id),
        },
    );
    if !logged {
        return;
    }
    // The edge is some milliseconds away from the load balancer.
    let taken = outcome.taken + random.between(4_000, 22_000);
    let result = if outcome.status >= 500 { "Error" } else { "Miss" };
    edge.log(
        random,
        &Seen {
            end: at.plus(taken as i64),
            taken,
            method,
            path: path.replace('#', &id.to_string()),
            status: outcome.status,
            sent,
            result,
        },
    );
}

/// The checkout service, whose security group may be closed to the load balancer. Connections that
/// were open before the rule was taken away go on being tracked.
fn at_checkout(at: Time, random: &mut Random) -> Outcome {
    if within(at, CLOSED) && !random.chance(0.22) {
        let taken = CONNECT_TIMEOUT + random.between(300, 4_000);
        return Outcome::failed(taken, [None; 3], 504);
    }
    let wait = random.service_time(70_000);
    Outcome::served(wait, 200, random)
}

/// The web service: during the release a request may go to a task that has been stopped, during
/// the export there is hardly any processor left for it.
fn at_web(at: Time, median: u64, status: u64, random: &mut Random) -> (&'static str, Outcome) {
    let slot = random.below(4) as usize;
    let stop = STOPS[slot];
    let seconds = at.0.div_euclid(SECOND);
    if seconds < stop {
        let wait = random.service_time(median);
        // What is being worked on when the task stops is lost.
        let left = (stop * SECOND - at.0) as u64;
        if wait > left {
            return (OLD[slot], Outcome::failed(left, [Some(0), Some(left), None], 502));
        }
        return (OLD[slot], Outcome::served(wait, status, random));
    }
    if seconds < stop + UNTIL_KNOWN {
        let taken = random.between(900, 3_400);
        return (OLD[slot], Outcome::failed(taken, [None; 3], 502));
    }
    let mut wait = random.service_time(median);
    if within(at, EXPORT) {
        // The queue builds up within five minutes and empties with the end of the job.
        let since = (seconds - EXPORT.0) as f64;
        let until = (EXPORT.1 - seconds) as f64;
        let depth = (since / 300.0).min(until / 60.0).min(1.0);
        wait += ((0.15 + 0.85 * random.unit()) * depth * 38e6) as u64;
    }
    if wait >= IDLE_TIMEOUT {
        let taken = IDLE_TIMEOUT + random.between(300, 6_000);
        return (NEW[slot], Outcome::failed(taken, [Some(0), None, None], 504));
    }
    (NEW[slot], Outcome::served(wait, status, random))
}
