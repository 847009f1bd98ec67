//! Measured values for the places in the causes' texts: `{timer}`, `{deploy}`, the arithmetic of
//! NAT ports.

use std::collections::BTreeSet;

use model::{Micros, OccurrenceKind, Signal, Unit};

use crate::digest::occurrences::PairCounts;
use crate::measure::Scope;

/// Cloud NAT's default for `tcpTimeWaitTimeoutSec` in seconds (Compute API, `RouterNat`).
const TIME_WAIT: f64 = 120.0;
/// Cloud NAT's default for `minPortsPerVm` with static allocation (Cloud NAT, ports).
const DEFAULT_PORTS: u64 = 64;
/// SYNs that one unanswered attempt sends before a connect timer of 10 s ends it: at 0, 1, 3 and
/// 7 s (Linux, `tcp_syn_retries` with exponential backoff). Each is dropped and logged.
const SYNS_PER_ATTEMPT: u64 = 4;
/// TCP source ports of one NAT address: 65,536 less the first 1,024 (Cloud NAT, ports).
const PORTS_PER_ADDRESS: f64 = 64_512.0;

/// A signal's value as people read it.
pub(crate) fn value(signal: Signal, value: f64) -> String {
    match signal.unit() {
        Unit::Share => percent(value),
        Unit::Seconds if value.is_finite() => Micros((value * 1e6) as i64).to_string(),
        Unit::Ratio => format!("{value:.1}×"),
        Unit::Seconds | Unit::Count => format!("{value:.0}"),
    }
}

/// A share in per cent, never rounded to 0 or 100 unless it is that.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        format!("{percent:.3} %")
    } else if (percent > 0.0 && percent < 1.0) || (percent > 99.0 && percent < 100.0) {
        format!("{:.1} %", if percent > 99.9 { 99.9 } else { percent })
    } else {
        format!("{percent:.0} %")
    }
}

fn list<'a>(items: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let all: Vec<&str> = items.into_iter().collect();
    match all.len() {
        0 => None,
        1..=3 => Some(all.join(", ")),
        n => Some(format!("{}, … ({n})", all[..3].join(", "))),
    }
}

/// Everything that can be measured on a scope, by the name texts use.
pub(crate) fn of(scope: &Scope<'_, '_>) -> Vec<(&'static str, String)> {
    let mut figures = vec![("failures", format!("{:.0}", scope.weight()))];
    let mut put = |name, value: Option<String>| {
        if let Some(value) = value {
            figures.push((name, value));
        }
    };
    let timer = scope.dominant_timer().filter(|(share, at)| *share > 0.0 && at.0 > 0);
    put("timer", timer.map(|(_, at)| at.to_string()));
    put("top_target", scope.busiest(|f| f.record.target.as_deref()).map(|(t, _)| t.to_owned()));
    put("top_path", scope.busiest(|f| f.record.path.as_deref()).map(|(p, _)| p.to_owned()));
    put("drain", scope.drain_delay().map(|delay| delay.to_string()));
    put("deploy", scope.deploy_name());
    put("deploy_time", scope.deploy_before().and_then(|d| Some(d.at?.to_seconds_string())));
    put("nat_destinations", list(scope.dropped_destinations()));
    put("nat_drops", scope.measure(Signal::NatDrops).map(|m| format!("{:.0}", m.value)));
    let outward: BTreeSet<&str> = scope
        .outward(|_| true)
        .filter_map(|f| f.record.target.as_deref().or(f.record.host.as_deref()))
        .collect();
    put("egress_destinations", list(outward));
    let exits = [OccurrenceKind::OomKill, OccurrenceKind::ProcessExit];
    let near = scope.view.happened(&exits).into_iter().find(|(_, exit)| {
        exit.at.is_none_or(|at| scope.window.contains(at, Micros::from_secs(60)))
    });
    put("exit_process", near.map(|(_, exit)| exit.subject.to_string()));
    nat_arithmetic(scope, &mut put);
    figures
}

/// Ports in use and ports needed, from the NAT's own log.
fn nat_arithmetic(scope: &Scope<'_, '_>, put: &mut impl FnMut(&'static str, Option<String>)) {
    let kinds = &scope.view.digest.occurrences.kinds;
    let Some(drops) = kinds.get(&OccurrenceKind::NatDrop) else { return };
    let margin = Micros::from_secs(60);
    let inside = |counts: &PairCounts| {
        counts.seen.0.is_some_and(|(first, last)| {
            last >= scope.window.start - margin && first <= scope.window.end + margin
        })
    };
    let dropped = drops.pairs.sorted();
    let dropped: Vec<_> = dropped.into_iter().filter(|(_, counts)| inside(counts)).collect();
    let allocated = kinds.get(&OccurrenceKind::NatAllocation);
    let mut endpoints: BTreeSet<&str> = dropped.iter().map(|((from, _), _)| &**from).collect();
    if let Some(allocated) = allocated {
        let seen = allocated.pairs.sorted().into_iter().filter(|(_, counts)| inside(counts));
        endpoints.extend(seen.map(|((from, _), _)| &**from));
    }
    endpoints.remove("");
    if endpoints.is_empty() {
        return;
    }
    // Allocations within TIME_WAIT of each other hold different ports: their number is the ports
    // in use, and where packets are dropped it is all the ports there are. The log may be sampled,
    // so that it cannot be fewer than the default.
    let mut now = DEFAULT_PORTS;
    let mut unmet = 0;
    for (pair, counts) in &dropped {
        let held = allocated.and_then(|a| a.pairs.get(*pair)).map_or(0, |ok| peak(ok, TIME_WAIT));
        now = now.max(held);
        unmet = unmet.max(peak(counts, TIME_WAIT) / SYNS_PER_ATTEMPT);
    }
    let wanted = now + unmet;
    put("endpoints", Some(endpoints.len().to_string()));
    if unmet == 0 {
        return;
    }
    let needed = (wanted as f64).log2().ceil().exp2();
    put("nat_rate", Some(format!("{:.1}", wanted as f64 / TIME_WAIT)));
    put("nat_ports_now", Some(now.to_string()));
    put("nat_ports_needed", Some(format!("{needed:.0}")));
    let addresses = (endpoints.len() as f64 * needed / PORTS_PER_ADDRESS).ceil();
    put("nat_ips_needed", Some(format!("{addresses:.0}")));
}

/// Largest count within a span of this many seconds.
fn peak(counts: &PairCounts, seconds: f64) -> u64 {
    let slots = counts.slots.sorted();
    let span = Micros((seconds * 1e6) as i64);
    let mut best = 0;
    let (mut from, mut sum) = (0, 0);
    for to in 0..slots.len() {
        sum += slots[to].1;
        while slots[to].0 - slots[from].0 >= span {
            sum -= slots[from].1;
            from += 1;
        }
        best = best.max(sum);
    }
    best
}
