//! The engine on events made by hand and causes of its own: windows, verdicts, order.

mod support;

use model::{Mechanism as M, Micros, OccurrenceKind as K, Verdict};
use support::{CAUSES, Log};

#[test]
fn no_failures_no_incident() {
    let mut log = Log::default();
    log.traffic(0, 7_200, 50);
    let found = log.diagnose();
    assert_eq!((found.failures, found.incidents.len(), found.background), (0, 0, 0));
    assert_eq!(found.requests, 7_200 * 50);
}

#[test]
fn a_trickle_of_one_in_ten_thousand_is_an_incident() {
    let mut log = Log::default();
    log.traffic(0, 3_600, 100);
    (0..36).for_each(|i| log.fail(i * 100 + 3, M::EndedBeforeResponse, 502, 2));
    let found = log.diagnose();
    assert_eq!(found.incidents.len(), 1);
    assert_eq!((found.incidents[0].failures, found.background), (36, 0));
    assert!(found.incidents[0].windows[0].length() > Micros::from_secs(3_400));
}

#[test]
fn a_few_scattered_failures_on_a_busy_hop_are_background() {
    let mut log = Log::default();
    log.traffic(0, 3_600, 100);
    [400, 1_900, 3_100].iter().for_each(|&at| log.fail(at, M::StatusFromUpstream, 500, 40));
    let found = log.diagnose();
    assert_eq!((found.incidents.len(), found.background, found.failures), (0, 3, 3));
}

#[test]
fn a_burst_is_cut_out_with_its_borders() {
    let mut log = Log::default();
    log.traffic(0, 7_200, 20);
    (0..300).for_each(|i| log.fail(3_000 + i * 3, M::ConnectRefused, 502, 1));
    let found = log.diagnose();
    assert_eq!(found.incidents.len(), 1);
    let window = found.incidents[0].windows[0];
    assert_eq!(window.start, support::at(3_000));
    assert_eq!(window.end, support::at(3_000 + 299 * 3));
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.verdict), ("refused", Verdict::Proved));
}

#[test]
fn overlapping_causes_are_told_apart_and_share_the_failures() {
    let mut log = Log::default();
    log.traffic(0, 3_600, 50);
    (0..60).for_each(|i| log.fail(i * 60, M::EndedBeforeResponse, 502, 2));
    (0..200).for_each(|i| log.fail(1_200 + i * 2, M::ConnectRefused, 502, 1));
    (0..400).for_each(|i| log.fail(1_000 + i * 2, M::ResponseTimeout, 504, 60_000));
    let found = log.diagnose();
    let mut shares: Vec<(&str, u64)> = found
        .incidents
        .iter()
        .flat_map(|i| &i.findings)
        .map(|f| (f.cause.slug, f.failures))
        .collect();
    shares.sort_unstable();
    assert_eq!(shares, [("raced", 60), ("refused", 200), ("slow", 400)]);
    assert_eq!(found.failures, 660);
}

#[test]
fn a_deeper_cause_takes_over_and_the_chain_leads_down() {
    let mut log = Log::default();
    log.traffic(0, 7_200, 20);
    log.happened(2_990, K::ProcessExit, "api");
    (0..100).for_each(|i| log.fail(2_990 + i / 20, M::ConnectRefused, 502, 1));
    let found = log.diagnose();
    let finding = &found.incidents[0].findings[0];
    assert_eq!(finding.cause.slug, "crashed");
    let chain: Vec<&str> = finding.chain.iter().map(|cause| cause.slug).collect();
    assert_eq!(chain, ["crashed", "refused"]);
    let cited: Vec<&str> =
        finding.observations.iter().flat_map(|o| &o.citations).map(|c| c.text.as_str()).collect();
    assert!(cited.contains(&"api process-exit"), "{cited:?}");
}

#[test]
fn what_cannot_be_seen_is_said_and_never_counts_as_absent() {
    let mut log = Log::default();
    log.traffic(0, 3_600, 20);
    (0..50).for_each(|i| log.fail(1_000 + i, M::NoTarget, 503, 1));
    let found = log.diagnose();
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.verdict), ("drained", Verdict::CannotTell));
    assert_eq!(finding.missing.len(), 1);
    log.happened(1_000, K::HealthDown, "pool");
    let found = log.diagnose();
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.verdict), ("drained", Verdict::Supported));
}

#[test]
fn counts_stay_exact_when_there_are_more_failures_than_are_kept() {
    let mut log = Log::default();
    log.traffic(0, 3_600, 20);
    (0..20_000).for_each(|i| log.fail(600 + i / 100, M::ResponseTimeout, 504, 60_000));
    (0..5_000).for_each(|i| log.fail(2_400 + i / 50, M::ResponseTimeout, 504, 60_000));
    let found = log.diagnose();
    let counts: Vec<u64> = found.incidents.iter().map(|i| i.failures).collect();
    assert_eq!(counts.iter().sum::<u64>(), 25_000);
    assert!((19_900..=20_100).contains(&counts[0]), "{counts:?}");
    assert_eq!(found.assumptions.len(), 1, "and the report says that shares are estimates");
}

#[test]
fn failures_without_a_cause_are_reported_with_what_they_share() {
    let mut log = Log::default();
    log.traffic(0, 3_600, 20);
    (0..50).for_each(|i| log.fail(1_000 + i, M::GatewayInternal, 500, 5));
    let found = log.diagnose();
    let rest = found.incidents[0].unexplained.as_ref().unwrap();
    assert_eq!(rest.failures, 50);
    assert!(!rest.traits.is_empty() && !rest.failing.is_empty());
}

#[test]
fn the_order_of_records_and_the_way_they_are_split_change_nothing() {
    let mut log = Log::default();
    log.traffic(0, 1_800, 11);
    (0..9_000).for_each(|i| log.fail(i / 10, M::ResponseTimeout, 504, 60_000));
    (0..70).for_each(|i| log.fail(i * 20, M::EndedBeforeResponse, 502, 2));
    (0..300).for_each(|i| log.happened(i * 5, K::NatDrop, &format!("vm-{}", i % 40)));
    let whole = format!("{:#?}", log.diagnose());
    for (seed, parts) in [(1, 2), (2, 7), (3, 31)] {
        assert!(whole == format!("{:#?}", log.shuffled(seed, parts)), "seed {seed}");
    }
    assert!(!CAUSES.is_empty());
}

#[test]
fn evidence_without_any_request_is_told_of_and_no_more() {
    let mut log = Log::default();
    log.happened(100, K::ProcessExit, "api");
    let found = log.diagnose();
    assert_eq!((found.incidents.len(), found.failures, found.requests), (1, 0, 0));
    let finding = &found.incidents[0].findings[0];
    assert_eq!((finding.cause.slug, finding.verdict), ("crashed", Verdict::Consistent));
    assert_eq!(finding.failures, 0);

    // Where requests are logged and none failed, nothing is wrong.
    log.traffic(0, 600, 5);
    assert_eq!(log.diagnose().incidents.len(), 0);
}

#[test]
fn what_happens_every_day_is_no_incident() {
    let mut log = Log::default();
    log.happened(100, K::Deploy, "api");
    log.happened(110, K::InstanceStart, "api");
    log.happened(120, K::InstanceStop, "api");
    assert_eq!(log.diagnose().incidents.len(), 0);
}
