//! CloudFront standard log (v1): tab-separated, 33 fields named in a header, an hour a file.
//!
//! Format: Amazon CloudFront developer guide, "Configure and use standard logs (legacy)".

use std::collections::BTreeMap;

use super::super::File;
use super::text;
use crate::clock::{MINUTE, Time};
use crate::generate::world::{World, client_address};
use crate::random::Random;

const HEADER: &str = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method \
cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) \
x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken \
x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version \
fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type \
sc-content-type sc-content-len sc-range-start sc-range-end\n";

/// Name of the distribution, and of its log files.
const DISTRIBUTION: &str = "E2A7SHOPEXAMPL";
const DOMAIN: &str = "d2shopexample1.cloudfront.net";

/// A request as CloudFront saw it; durations in microseconds.
pub(super) struct Seen {
    pub(super) end: Time,
    pub(super) taken: u64,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) status: u64,
    pub(super) sent: u64,
    /// `x-edge-detailed-result-type`.
    pub(super) result: &'static str,
}

/// Collects the lines, by the hour in which a request ended.
#[derive(Default)]
pub(super) struct Edge {
    hours: BTreeMap<Time, Vec<(Time, String)>>,
}

impl Edge {
    /// Logs one request.
    pub(super) fn log(&mut self, random: &mut Random, seen: &Seen) {
        let hour = Time(seen.end.0.div_euclid(60 * MINUTE) * 60 * MINUTE);
        let line = line(random, seen);
        self.hours.entry(hour).or_default().push((seen.end, line));
    }

    /// The files; the order of their lines is only roughly that of time.
    pub(super) fn files(self, random: &mut Random) -> Vec<File> {
        let mut files = Vec::new();
        for (hour, mut lines) in self.hours {
            lines.sort_by_cached_key(|(end, _)| end.0 + random.below(2_000_000) as i64);
            let c = hour.civil();
            let path = format!(
                "cloudfront/{DISTRIBUTION}.{:04}-{:02}-{:02}-{:02}.{:08x}.gz",
                c.year,
                c.month,
                c.day,
                c.hour,
                random.below(1 << 32)
            );
            let body: String = lines.into_iter().map(|(_, line)| line).collect();
            files.push(text(&path, format!("{HEADER}{body}")));
        }
        files
    }
}

fn line(random: &mut Random, seen: &Seen) -> String {
    let c = seen.end.civil();
    let result = match seen.result {
        "Hit" | "Miss" => seen.result,
        _ => "Error",
    };
    let agent = World::agent(random).replace(' ', "%20");
    let edge = random.pick(&["FRA56-P4", "FRA60-P2", "MUC50-P1", "VIE50-P3"]);
    let id: String = (0..2).map(|_| format!("{:016x}", random.next())).collect();
    let kind = match (seen.status, seen.path.ends_with(".webp")) {
        (500.., _) => "text/html",
        (_, true) => "image/webp",
        _ => "application/json",
    };
    let seconds = seen.taken as f64 / 1e6;
    format!(
        "{:04}-{:02}-{:02}\t{:02}:{:02}:{:02}\t{edge}\t{sent}\t{client}\t{method}\t{DOMAIN}\t{path}\t\
         {status:03}\t-\t{agent}\t-\t-\t{result}\t{id}==\tshop.example.com\thttps\t{received}\t\
         {seconds:.3}\t-\tTLSv1.3\tTLS_AES_128_GCM_SHA256\t{result}\tHTTP/2.0\t-\t-\t{port}\t\
         {seconds:.3}\t{detailed}\t{kind}\t{sent}\t-\t-\n",
        c.year,
        c.month,
        c.day,
        c.hour,
        c.minute,
        c.second,
        sent = seen.sent,
        client = client_address(random),
        method = seen.method,
        path = seen.path.split('?').next().unwrap_or_default(),
        status = seen.status,
        received = random.between(90, 420),
        port = random.between(1_024, 65_535),
        detailed = seen.result,
    )
}
