//! Measured values for the places in the causes' texts: `{timer}`, `{deploy}`, the arithmetic of
//! NAT ports.

use std::collections::BTreeSet;

use model::{Micros, OccurrenceKind, Signal, Timestamp, Unit};

use crate::digest::occurrences::PairCounts;
use crate::measure::Scope;

/// Cloud NAT's default for `tcpTimeWaitTimeoutSec` in seconds (Compute API, `RouterNat`).
const TIME_WAIT: f64 = 120.0;
/// Cloud NAT's default for `minPortsPerVm` with static allocation (Cloud NAT, ports).
const DEFAULT_PORTS: u64 = 64;
/// SYNs that one unanswered attempt sends before a connect timer of 10 s ends it, where the log
/// does not tell attempts apart by their source port: at 0, 1, 3 and 7 s (Linux before 6.5; since
/// then `tcp_syn_linear_timeouts` adds some). Each is dropped and logged.
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
    put("top_target", scope.busiest(super::view::Fail::target).map(|(t, _)| t.to_owned()));
    put("top_path", scope.busiest(|f| f.record.path.as_deref()).map(|(p, _)| p.to_owned()));
    put("drain", scope.drain_delay().map(|delay| delay.to_string()));
    put("deploy", scope.deploy_name());
    put("change", scope.change_name());
    put("deploy_time", scope.deploy_before().and_then(|d| Some(d.at?.to_seconds_string())));
    put("nat_destinations", list(scope.dropped_destinations()));
    put("nat_drops", scope.measure(Signal::NatDrops).map(|m| format!("{:.0}", m.value)));
    let outward: BTreeSet<&str> =
        scope.outward(|_| true).filter_map(|f| f.target().or(f.record.host.as_deref())).collect();
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
    let mut rate: f64 = 0.0;
    for (pair, counts) in &dropped {
        let given = allocated.and_then(|a| a.pairs.get(*pair));
        let held = given.map_or(0, |given| peak(given, TIME_WAIT));
        now = now.max(held);
        rate = rate.max(connections_per_second(counts, given, held.max(DEFAULT_PORTS)));
    }
    put("endpoints", Some(endpoints.len().to_string()));
    if rate == 0.0 {
        return;
    }
    let needed = ((rate * TIME_WAIT).max(now as f64 + 1.0)).log2().ceil().exp2();
    put("nat_rate", Some(format!("{rate:.1}")));
    put("nat_ports_now", Some(now.to_string()));
    put("nat_ports_needed", Some(format!("{needed:.0}")));
    let addresses = (endpoints.len() as f64 * needed / PORTS_PER_ADDRESS).ceil();
    put("nat_ips_needed", Some(format!("{addresses:.0}")));
}

/// New connections that one instance asked for per second to one destination, in the busiest span
/// of at most TIME_WAIT: those that were dropped and those that got a port. `ports` is how many it
/// has.
fn connections_per_second(drops: &PairCounts, given: Option<&PairCounts>, ports: u64) -> f64 {
    let (mut firsts, each) = drops.attempts().unwrap_or((Vec::new(), SYNS_PER_ATTEMPT as f64));
    let whole = firsts.len() > 1 && drops.has_all_attempts();
    let given_firsts = given.and_then(PairCounts::attempts);
    let given_whole = given.is_some_and(PairCounts::has_all_attempts);
    let covers = |firsts: &[Timestamp]| match firsts {
        [first, .., last] => (*last - *first).as_secs_f64(),
        _ => 0.0,
    };
    if whole && covers(&firsts) < TIME_WAIT {
        // All of it fits into one span: what came in it over the time that it really covers.
        if let (Some((given, _)), true) = (given_firsts, given_whole) {
            let from = firsts.first().copied().unwrap_or(Timestamp(0));
            let near = given.into_iter().filter(|at| (*at - from).as_secs_f64().abs() < TIME_WAIT);
            firsts.extend(near);
            firsts.sort_unstable();
        }
        // A few attempts close together are no rate.
        let least = if firsts.len() < 10 { 10.0 } else { 1.0 };
        let span = covers(&firsts).clamp(least, TIME_WAIT);
        let busiest = firsts.iter().enumerate().map(|(from, start)| {
            let within =
                firsts[from..].iter().take_while(|at| (**at - *start).as_secs_f64() < span);
            within.count()
        });
        return busiest.max().unwrap_or(0) as f64 / span;
    }
    // Over a longer time the ports come free at the rate at which TIME_WAIT ends: that many get
    // through, and the log may not show them.
    let dropped = peak(drops, TIME_WAIT) as f64 / each.max(1.0);
    let span = drops.seen.0.map_or(0.0, |(first, last)| (last - first).as_secs_f64());
    let through = if span < TIME_WAIT { 0.0 } else { ports as f64 / TIME_WAIT };
    if dropped < 1.0 { 0.0 } else { dropped / span.clamp(1.0, TIME_WAIT) + through }
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

#[cfg(test)]
mod tests {
    use model::Occurrence;

    use super::*;
    use crate::digest::Place;
    use crate::digest::occurrences::Occurrences;

    /// Attempts `(kind, at in ms, source port)`, each with its retransmissions.
    fn counts(records: impl IntoIterator<Item = (i64, u16)>) -> PairCounts {
        let mut all = Occurrences::default();
        for (at, port) in records {
            let at = Some(Timestamp(1_700_000_000_000_000 + at * 1_000));
            let mut drop = Occurrence::new(OccurrenceKind::NatDrop, at, "front").object("a:443");
            drop.source_port = Some(port);
            all.add(&drop, Place { source: 0, block: 0, line: 0 }, "");
        }
        let pairs = &all.kinds[&OccurrenceKind::NatDrop].pairs;
        let (_, counts) = pairs.sorted()[0];
        counts.clone()
    }

    fn attempts(n: u16, every: i64, retries: &[i64]) -> Vec<(i64, u16)> {
        let again = |i: u16, wait: &i64| (i64::from(i) * every + wait, 40_000 + i);
        (0..n).flat_map(|i| retries.iter().map(move |wait| again(i, wait))).collect()
    }

    const LINEAR: [i64; 7] = [0, 1_000, 2_000, 3_000, 4_000, 5_000, 7_000];

    #[test]
    fn a_few_seconds_are_not_spread_over_two_minutes() {
        // The span lies across the border of a slot of source ports.
        for shift in [0, 60_000, 100_000, 127_000] {
            let records = attempts(96, 50, &LINEAR).into_iter().map(|(at, p)| (at + shift, p));
            let rate = connections_per_second(&counts(records), None, 64);
            assert!((19.5..20.5).contains(&rate), "{rate} at {shift}");
        }
    }

    #[test]
    fn what_got_a_port_counts_where_the_log_shows_it() {
        let dropped = counts(attempts(96, 50, &LINEAR).into_iter().map(|(at, p)| (at + 3_200, p)));
        let given = counts(attempts(64, 50, &[0]));
        let rate = connections_per_second(&dropped, Some(&given), 64);
        assert!((19.5..20.5).contains(&rate), "{rate}");
    }

    #[test]
    fn over_minutes_the_ports_that_came_free_are_added() {
        // Ten minutes, two a second dropped: 64 ports let 64 in 120 s through besides.
        let rate = connections_per_second(&counts(attempts(1_200, 500, &LINEAR)), None, 64);
        assert!((2.4..2.7).contains(&rate), "{rate}");
    }

    #[test]
    fn one_attempt_is_not_one_per_retransmission() {
        let rate = connections_per_second(&counts(attempts(1, 0, &LINEAR)), None, 64);
        assert!(rate < 0.5, "{rate}");
    }
}
