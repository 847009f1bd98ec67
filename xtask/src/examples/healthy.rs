//! `examples/healthy`: a busy afternoon on which nothing went wrong, with everything that looks
//! like trouble and is none.

use super::File;
use super::alb_traffic::{Bucket, Exchange, TargetGroup};
use super::cloud_run;
use crate::clock::{MINUTE, SECOND, Time};
use crate::generate::nginx::Line;
use crate::generate::world::World;
use crate::random::Random;

const SEED: u64 = 20_261_112;
/// 2026-11-12T13:00:00Z.
const START: Time = Time(1_794_488_400 * SECOND);
const LENGTH: i64 = 110 * MINUTE;

/// Requests per second: a mailing goes out at minute 50.
fn rate(at: Time) -> f64 {
    match (at.0 - START.0) / MINUTE {
        50..=57 => 3.2,
        58..=66 => 1.6,
        _ => 0.6,
    }
}

/// Builds the bundle.
pub(crate) fn build() -> Vec<File> {
    let mut files = cloud_run::build_quiet("healthy/cloud-run", SEED, START);
    files.extend(balancer());
    files.extend(proxy());
    files
}

/// Arrival times over the afternoon.
fn arrivals(random: &mut Random) -> Vec<Time> {
    let mut times = Vec::new();
    let mut at = START;
    loop {
        at = at.plus((random.exponential(1.0 / rate(at)) * 1e6) as i64 + 1);
        if at >= START.plus(LENGTH) {
            return times;
        }
        times.push(at);
    }
}

fn balancer() -> Vec<File> {
    let mut random = Random::part(SEED, "balancer");
    let world = World::new(SEED);
    let mut bucket = Bucket::new(START.plus(LENGTH));
    for created in arrivals(&mut random) {
        let route = world.route(&mut random);
        let target = random.pick(&world.targets).as_str();
        let wait = random.service_time(route.micros);
        let status = u64::from(route.status);
        let mut exchange = Exchange {
            group: TargetGroup::Web,
            created,
            taken: wait + random.between(200, 1_400),
            target: Some(target),
            spans: [Some(0), Some(wait), Some(random.below(1_200))],
            status,
            target_status: Some(status),
            sent: route.bytes + random.below(route.bytes / 4 + 1) + 330,
            method: route.method,
            path: route.path,
            id: None,
        };
        if random.chance(0.002) {
            exchange.taken = random.between(400_000, 9_000_000);
            exchange.spans = [Some(0), None, None];
            (exchange.status, exchange.target_status, exchange.sent) = (460, None, 0);
        }
        bucket.log(&mut random, &exchange);
    }
    bucket.files("healthy/alb", &mut random)
}

fn proxy() -> Vec<File> {
    let mut random = Random::part(SEED, "proxy");
    let world = World::new(SEED + 1);
    let mut lines = Vec::new();
    let mut warnings = Vec::new();
    for created in arrivals(&mut random) {
        let route = world.route(&mut random);
        let connect = random.below(1_500);
        let wait = connect + random.service_time(route.micros);
        let left = random.chance(0.003);
        // A client that leaves does so before the answer would have come.
        let taken = if left { random.between(300_000, 6_000_000) } else { wait };
        let status = if left { 499 } else { u64::from(route.status) };
        let end = created.plus(taken as i64);
        let target = random.pick(&world.targets).as_str();
        let client = random.pick(&world.clients).as_str();
        let id = random.between(1_000, 9_999);
        let bytes = if left { 0 } else { route.bytes + random.below(route.bytes / 4 + 1) };
        let mut line = Vec::new();
        Line {
            end,
            client,
            method: route.method,
            path: route.path,
            id,
            agent: World::agent(&mut random),
            status,
            bytes,
            target,
            target_status: (!left).then_some(status),
            connect: Some(connect),
            header: (!left).then_some(taken),
            wait: taken,
            total: taken + random.below(900),
        }
        .push(&mut line);
        lines.push((end, line));
        // Large scripts do not fit the buffers, and nginx says so.
        if route.bytes > 80_000 && random.chance(0.02) {
            let c = end.civil();
            let n = warnings.len() + 1;
            warnings.push((
                end,
                format!(
                    "{:04}/{:02}/{:02} {:02}:{:02}:{:02} [warn] 812#812: *{} an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/{}/{:02}/{n:010} while reading upstream, client: {client}, server: shop.example.com, request: \"GET /static/js/main.{id}.js HTTP/1.1\", upstream: \"http://{target}/static/js/main.{id}.js\", host: \"shop.example.com\"\n",
                    c.year, c.month, c.day, c.hour, c.minute, c.second,
                    random.between(10_000, 99_999), n % 10, n / 10 % 100
                )
                .into_bytes(),
            ));
        }
    }
    // nginx writes a line when the request ends.
    lines.sort_by_key(|(end, _)| *end);
    warnings.sort_by_key(|(end, _)| *end);
    let join = |lines: Vec<(Time, Vec<u8>)>| lines.into_iter().flat_map(|(_, line)| line).collect();
    vec![
        File { path: "healthy/nginx/access.log.gz".to_owned(), content: join(lines) },
        File { path: "healthy/nginx/error.log".to_owned(), content: join(warnings) },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_server_error_anywhere() {
        let files = build();
        let text = |part: &str| -> String {
            let found: Vec<String> = files
                .iter()
                .filter(|f| f.path.contains(part))
                .map(|f| String::from_utf8(f.content.clone()).expect("UTF-8"))
                .collect();
            assert!(!found.is_empty(), "{part}");
            found.concat()
        };
        for line in text("healthy/alb/").lines() {
            let status = line.split(' ').nth(8).expect("status");
            assert!(status < "500", "{line}");
        }
        for line in text("nginx/access").lines() {
            let status = line.split("\" ").nth(1).and_then(|s| s.get(..3)).expect("status");
            assert!(status < "500", "{line}");
        }
        assert!(text("nginx/error").lines().count() > 3);
        assert!(text("nginx/error").lines().all(|l| l.contains("[warn]")));
        let requests = text("requests.jsonl");
        for line in requests.lines() {
            let entry: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert!(entry["httpRequest"]["status"].as_u64().unwrap_or(0) < 500, "{line}");
        }
        assert!(!text("nat-flows").contains("DROPPED"));
        assert!(!files.iter().any(|f| f.path.contains("stderr")));
        assert!(text("audit").contains("UpdateService"));
        for noise in [" 404 ", " 460 "] {
            assert!(text("healthy/alb/").contains(noise), "{noise}");
        }
        assert!(text("nginx/access").contains(" 499 "));
    }
}
