//! `examples/cloud-run-release`: two releases in one afternoon on Cloud Run behind a load
//! balancer and a Cloud NAT, and what the logs of every layer say about them.

mod complaints;
mod nat;
mod requests;
mod simulate;

use super::File;
use super::gcp::{self, Entry, NatFlow, Revision};
use crate::clock::{MINUTE, SECOND, Time};
use crate::random::Random;
use simulate::{Afternoon, Instance, Plan, Release, Service};

const SEED: u64 = 20_261_105;
/// Where the API's database listens, and where the front end's partner does.
const DESTINATIONS: [(&str, u16); 2] = [("198.51.100.20", 443), ("203.0.113.10", 3307)];

fn plan() -> Plan {
    // 2026-11-05T12:48:00Z.
    let start = Time(1_793_882_880 * SECOND);
    let minutes = |m: i64| start.plus(m * MINUTE);
    Plan {
        start,
        end: minutes(4 * 60 + 36),
        releases: vec![
            Release { at: minutes(17).plus(4_271_903), revisions: [88, 142] },
            Release { at: minutes(3 * 60 + 52).plus(11_804_226), revisions: [89, 143] },
        ],
        first_revisions: [87, 141],
        bugs: vec![minutes(93).plus(17_402_118), minutes(171).plus(42_663_904)],
        rate: 0.3,
        cache_entries: 430,
    }
}

/// Builds the bundle.
pub(crate) fn build() -> Vec<File> {
    bundle("cloud-run-release", &plan(), SEED)
}

/// The logs of an afternoon of the same system that went well: the caches are small, so the
/// releases take few connections.
pub(crate) fn build_quiet(folder: &str, seed: u64, start: Time) -> Vec<File> {
    let minutes = |m: i64| start.plus(m * MINUTE);
    let plan = Plan {
        start,
        end: minutes(110),
        releases: vec![Release { at: minutes(24).plus(9_118_220), revisions: [91, 150] }],
        first_revisions: [90, 149],
        bugs: Vec::new(),
        rate: 0.3,
        cache_entries: 25,
    };
    bundle(folder, &plan, seed)
}

fn bundle(folder: &str, plan: &Plan, seed: u64) -> Vec<File> {
    let afternoon = simulate::play(plan, seed);
    let mut random = Random::part(seed, "entries");
    let file = |name: &str, content| File { path: format!("{folder}/{name}"), content };
    let (balancer, run) = requests::entries(&afternoon, &mut random);
    let mut files = vec![
        file("load-balancer-requests.jsonl.gz", gcp::lines(balancer)),
        file("run-requests.jsonl.gz", gcp::lines(run)),
        file("run-system.json", gcp::array(system(&afternoon, plan, &mut random))),
        file("nat-flows.jsonl.gz", gcp::lines(nat_log(&afternoon, &mut random))),
        file("audit-activity.json", gcp::array(deploys(plan, &mut random))),
    ];
    let [api, front] = complaints::entries(&afternoon, &mut random);
    for (name, entries) in [("graphql-api", api), ("front", front)] {
        if !entries.is_empty() {
            files.push(file(&format!("run-stderr-{name}.jsonl.gz"), gcp::lines(entries)));
        }
    }
    files
}

fn service_name(service: Service) -> &'static str {
    match service {
        Service::Front => "front",
        Service::Api => "graphql-api",
    }
}

/// `front-00142-kej`: the three letters follow from the number.
fn revision_name(service: Service, number: u32) -> String {
    const LETTERS: [&str; 8] = ["kej", "wuz", "paf", "lim", "qod", "nex", "tig", "bav"];
    format!("{}-{number:05}-{}", service_name(service), LETTERS[number as usize % 8])
}

fn with_revision<T>(instance: &Instance, use_it: impl FnOnce(Revision<'_>) -> T) -> T {
    let revision = revision_name(instance.service, instance.revision);
    use_it(Revision { service: service_name(instance.service), revision: &revision })
}

fn system(afternoon: &Afternoon, plan: &Plan, random: &mut Random) -> Vec<Entry> {
    let mut entries = Vec::new();
    for instance in afternoon.instances.iter().filter(|i| i.started >= plan.start) {
        let reason = if instance.rollout {
            "DEPLOYMENT_ROLLOUT - Instance started due to traffic shifting between revisions due to deployment, traffic split adjustment, or deployment health check."
        } else {
            "AUTOSCALING - Instance started due to configured scaling factors (e.g. CPU utilization, request throughput, etc.) or no existing capacity for current traffic."
        };
        let probe = format!(
            "Default STARTUP TCP probe succeeded after 1 attempt for container \"{}-1\" on port 8080.",
            service_name(instance.service)
        );
        with_revision(instance, |revision| {
            let text = format!("Starting new instance. Reason: {reason}");
            entries.push(gcp::system(random, revision, &instance.id, instance.started, &text));
            entries.push(gcp::system(random, revision, &instance.id, instance.ready, &probe));
        });
    }
    entries
}

fn deploys(plan: &Plan, random: &mut Random) -> Vec<Entry> {
    let mut entries = Vec::new();
    for release in &plan.releases {
        for (index, service) in [Service::Api, Service::Front].into_iter().enumerate() {
            let begun = release.at.plus(index as i64 * 20 * SECOND);
            let revision = revision_name(service, release.revisions[index]);
            let ended = begun.plus(47 * SECOND + random.below(6_000_000) as i64);
            entries.extend(gcp::deploy(random, service_name(service), &revision, begun, ended));
        }
    }
    let begun = plan.releases[0].at.plus(104 * MINUTE + 28_846_499);
    if begun > plan.end {
        return entries;
    }
    let ended = begun.plus(38_402_557);
    entries.extend(gcp::deploy(random, "admin-panel", "admin-panel-00031-rud", begun, ended));
    entries
}

fn nat_log(afternoon: &Afternoon, random: &mut Random) -> Vec<Entry> {
    let mut entries = Vec::new();
    for flow in &afternoon.flows {
        let instance = &afternoon.instances[flow.instance];
        let block = 1024 + flow.instance * nat::PORTS;
        let nat_port = flow.port.map(|port| (block + port) as u16);
        let destination = match instance.service {
            Service::Front => DESTINATIONS[0],
            Service::Api => DESTINATIONS[1],
        };
        let source = (instance.address.as_str(), flow.source_port);
        let at = flow.at.plus(random.between(300, 4_000) as i64);
        entries.push(NatFlow { at, source, destination, nat_port }.entry(random));
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::simulate::{CONNECT_TIMEOUT, What};
    use super::*;
    use std::collections::HashMap;

    fn afternoon() -> (Plan, Afternoon) {
        let plan = plan();
        let afternoon = simulate::play(&plan, SEED);
        (plan, afternoon)
    }

    /// Minutes since the last release, if there was one.
    fn after_release(plan: &Plan, at: Time) -> Option<i64> {
        plan.releases.iter().rev().find(|r| r.at <= at).map(|r| (at.0 - r.at.0) / MINUTE)
    }

    #[test]
    fn nothing_fails_for_want_of_a_port_outside_the_windows() {
        let (plan, afternoon) = afternoon();
        for flow in afternoon.flows.iter().filter(|f| f.port.is_none()) {
            let minutes = after_release(&plan, flow.at).expect("a drop before any release");
            assert!(minutes < 18, "dropped {minutes} minutes after the release");
        }
        for release in &plan.releases {
            let failures: Vec<i64> = afternoon
                .served
                .iter()
                .filter(|s| s.status >= 500 && s.end >= release.at)
                .map(|s| (s.end.0 - release.at.0) / MINUTE)
                .filter(|minutes| *minutes < 60)
                .collect();
            assert!(failures.len() > 40, "{}", failures.len());
            assert!(failures.iter().any(|m| *m >= 12) && failures.iter().all(|m| *m < 19));
        }
    }

    #[test]
    fn every_timeout_is_preceded_by_drops_of_its_own_endpoint() {
        let (_, afternoon) = afternoon();
        let mut drops: HashMap<usize, Vec<Time>> = HashMap::new();
        for flow in afternoon.flows.iter().filter(|f| f.port.is_none()) {
            drops.entry(flow.instance).or_default().push(flow.at);
        }
        let mut checked = 0;
        for complaint in &afternoon.complaints {
            if !matches!(complaint.what, What::FetchFailed | What::DatabaseTimeout { .. }) {
                continue;
            }
            let from = complaint.at.plus(-CONNECT_TIMEOUT - SECOND);
            let times = drops.get(&complaint.instance).expect("drops at this endpoint");
            let before = times.iter().filter(|t| **t >= from && **t < complaint.at).count();
            assert!(before >= 4, "{before} SYN packets were dropped before a timeout");
            checked += 1;
        }
        assert!(checked > 60, "{checked}");
    }

    #[test]
    fn every_server_error_has_its_complaint_with_the_same_trace() {
        let (plan, afternoon) = afternoon();
        for served in afternoon.served.iter().filter(|s| s.status >= 500) {
            let said = afternoon.complaints.iter().any(|c| c.trace.as_ref() == Some(&served.trace));
            assert!(said, "{served:?}");
            let quiet = after_release(&plan, served.end).is_none_or(|m| m > 20);
            assert!(!quiet || served.kind == simulate::Kind::Bug, "{served:?}");
        }
        let bugs = afternoon.served.iter().filter(|s| s.kind == simulate::Kind::Bug).count();
        assert_eq!(bugs, 2);
    }

    #[test]
    fn ports_of_the_nat_do_not_overlap() {
        let (_, afternoon) = afternoon();
        assert!(1024 + afternoon.instances.len() * nat::PORTS < 65_536);
        let mut users: HashMap<(usize, usize), Time> = HashMap::new();
        for flow in &afternoon.flows {
            let Some(port) = flow.port else { continue };
            if let Some(last) = users.insert((flow.instance, port), flow.at) {
                assert!(flow.at.0 - last.0 >= nat::TIME_WAIT, "a port was used again too early");
            }
        }
    }
}
