//! Signals of the claimed failures themselves: waits, timers, connections, targets, spread.

use std::collections::BTreeMap;

use model::{Band, Mechanism, Micros, Reuse};

use super::{Measured, Scope, Shown};
use crate::view::Fail;

/// Durations that differ by less than this share are the same timer's.
const SAME_TIMER: f64 = 0.03;
/// Below this a duration is no timer's but the network's.
const SHORTEST_TIMER: Micros = Micros::from_millis(900);

/// Largest weighted share of durations that are the same, and that duration.
pub(crate) fn timer(mut durations: Vec<(Micros, f64)>) -> Option<(f64, Micros)> {
    durations.sort_by_key(|(duration, _)| *duration);
    let all: f64 = durations.iter().map(|(_, weight)| weight).sum();
    let mut best: Option<(f64, Micros)> = None;
    let (mut from, mut inside) = (0, 0.0);
    for to in 0..durations.len() {
        inside += durations[to].1;
        while (durations[to].0.0 as f64) > durations[from].0.0 as f64 * (1.0 + SAME_TIMER) {
            inside -= durations[from].1;
            from += 1;
        }
        let middle = durations[usize::midpoint(from, to)].0;
        if middle >= SHORTEST_TIMER && best.is_none_or(|(share, _)| inside / all > share) {
            best = Some((inside / all, middle));
        }
    }
    best.or((all > 0.0).then_some((0.0, Micros(0))))
}

fn duration(fail: &Fail<'_>) -> Option<Micros> {
    fail.record.wait.or(fail.record.total)
}

impl<'a> Scope<'_, 'a> {
    pub(super) fn short_waits(&self) -> Option<Measured> {
        self.share(|fail| {
            duration(fail).map(|d| matches!(Band::of(Some(d)), Band::Instant | Band::Short))
        })
    }

    pub(super) fn long_waits(&self) -> Option<Measured> {
        self.share(|fail| duration(fail).map(|d| Band::of(Some(d)) == Band::Long))
    }

    pub(crate) fn dominant_timer(&self) -> Option<(f64, Micros)> {
        // The whole duration shows a timer on the request; the wait one on the response.
        let by = |get: &dyn Fn(&Fail<'a>) -> Option<Micros>| {
            timer(self.fails().filter_map(|f| get(f).map(|d| (d, f.weight))).collect())
        };
        let wait = by(&|f| f.record.wait);
        let total = by(&|f| f.record.total);
        match (wait, total) {
            (Some(w), Some(t)) => Some(if w.0 > t.0 + 0.05 { w } else { t }),
            (w, t) => w.or(t),
        }
    }

    pub(super) fn timers(&self) -> Option<Measured> {
        Measured::of(self.dominant_timer()?.0)
    }

    pub(super) fn reused(&self) -> Option<Measured> {
        self.share(|fail| match fail.failure.reuse {
            Reuse::Unknown => None,
            reuse => Some(reuse == Reuse::Reused),
        })
    }

    pub(super) fn unsafe_methods(&self) -> Option<Measured> {
        // RFC 9110 section 9.2.2: a proxy must not retry these on its own.
        self.share(|fail| fail.record.method.as_deref().map(|m| matches!(m, "POST" | "PATCH")))
    }

    /// The value with the most failures, and its share.
    pub(crate) fn busiest(
        &self,
        key: impl Fn(&Fail<'a>) -> Option<&'a str>,
    ) -> Option<(&'a str, f64)> {
        let mut counts: BTreeMap<&str, f64> = BTreeMap::new();
        for fail in self.fails() {
            if let Some(key) = key(fail) {
                *counts.entry(key).or_default() += fail.weight;
            }
        }
        let all: f64 = counts.values().sum();
        let mut best: Option<(&str, f64)> = None;
        for (key, weight) in counts {
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((key, weight));
            }
        }
        best.map(|(key, weight)| (key, weight / all))
    }

    pub(super) fn top(&self, key: impl Fn(&Fail<'a>) -> Option<&'a str>) -> Option<Measured> {
        Measured::of(self.busiest(key)?.1)
    }

    pub(super) fn failing_targets(&self) -> Option<Measured> {
        let targets: std::collections::BTreeSet<&str> =
            self.fails().filter_map(super::super::view::Fail::target).collect();
        if targets.is_empty() { None } else { Measured::of(targets.len() as f64) }
    }

    pub(super) fn steadiness(&self) -> Option<Measured> {
        let length = self.window.length().0;
        if length <= 0 || self.claimed.len() < 10 {
            return None;
        }
        let mut parts = [false; 10];
        for fail in self.fails() {
            let part = (fail.at - self.window.start).0.max(0) * 10 / (length + 1);
            parts[(part as usize).min(9)] = true;
        }
        Measured::of(parts.iter().filter(|hit| **hit).count() as f64 / 10.0)
    }

    pub(super) fn burst_share(&self) -> Option<Measured> {
        let fails: Vec<_> = self.fails().filter(|f| f.dated).collect();
        let all: f64 = fails.iter().map(|f| f.weight).sum();
        let (mut from, mut inside, mut best) = (0, 0.0, 0.0_f64);
        for to in 0..fails.len() {
            inside += fails[to].weight;
            while (fails[to].at - fails[from].at).0 > 60_000_000 {
                inside -= fails[from].weight;
                from += 1;
            }
            best = best.max(inside);
        }
        if all > 0.0 { Measured::of(best / all) } else { None }
    }

    /// Whether any claimed failure is of a gateway or platform that calls functions.
    pub(super) fn calls_functions(&self) -> bool {
        self.fails().any(|fail| {
            let dialect = fail.key.dialect;
            dialect.starts_with("aws-api-gateway")
                || dialect.starts_with("aws-lambda")
                || matches!(
                    fail.failure.mechanism,
                    Mechanism::FunctionError
                        | Mechanism::FunctionTimeout
                        | Mechanism::FunctionResponseInvalid
                        | Mechanism::FunctionPayloadTooLarge
                        | Mechanism::FunctionThrottled
                        | Mechanism::FunctionDenied
                        | Mechanism::IntegrationTimeout
                )
        })
    }

    pub(super) fn preceded_by_target_failure(&self) -> Option<Measured> {
        let earlier = |fail: &Fail<'a>| {
            let position = self.view.fails.partition_point(|other| other.at < fail.at);
            let until = self.view.fails.partition_point(|other| other.at <= fail.at);
            self.view.fails[..until.max(position)]
                .iter()
                .rev()
                .take_while(|other| (fail.at - other.at).0 <= 15_000_000)
                .find(|other| {
                    reaches_a_target(other.failure.mechanism)
                        && other.key.kind == fail.key.kind
                        && other.key.hop == fail.key.hop
                })
        };
        let mut measured = self.share(|fail| fail.dated.then(|| earlier(fail).is_some()))?;
        let first = self.fails().find_map(earlier);
        measured.shown_by = first
            .and_then(|fail| {
                Some(Shown { at: Some(fail.at), place: fail.place, text: fail.text?.to_owned() })
            })
            .into_iter()
            .collect();
        Some(measured)
    }

    pub(super) fn inner_finished_later(&self) -> Option<Measured> {
        let mut comparable = false;
        let mut measured = Measured::default();
        for fail in self.fails().filter(|f| f.dated) {
            let Some(id) = fail.record.id.as_deref() else { continue };
            let failing = self.view.by_id.get(id).into_iter().flatten().map(|&p| {
                let other = &self.view.fails[p];
                Inner {
                    kind: other.key.kind,
                    stream: (other.key.dialect, &other.key.hop),
                    end: other.at,
                    healthy: false,
                    place: other.place,
                    text: other.text,
                }
            });
            let slow = self.view.slow_by_id.get(id).into_iter().flatten().map(|&p| {
                let other = &self.view.slow[p];
                Inner {
                    kind: other.key.kind,
                    stream: (other.key.dialect, &other.key.hop),
                    end: other.end,
                    healthy: true,
                    place: other.place,
                    text: other.text,
                }
            });
            // Two servers of one product have one name where their logs do not tell it: their
            // files are apart.
            let stream: (&str, &str) = (fail.key.dialect, &fail.key.hop);
            let others = failing
                .chain(slow)
                .filter(|other| other.stream != stream || other.place.source != fail.place.source);
            let inner: Vec<Inner<'_>> = others
                .filter(|other| {
                    other.kind > fail.key.kind || (other.kind == fail.key.kind && other.healthy)
                })
                .collect();
            comparable |= !inner.is_empty();
            if let Some(later) = inner.iter().find(|other| other.is_later_than(fail)) {
                measured.value += fail.weight;
                if measured.shown_by.len() < 3 {
                    let text = later.text.unwrap_or("").to_owned();
                    measured.shown_by.push(Shown { at: Some(later.end), place: later.place, text });
                }
            }
        }
        comparable.then_some(measured)
    }
}

/// Another hop's record of the same request.
struct Inner<'v> {
    kind: model::HopKind,
    stream: (&'static str, &'v str),
    end: model::Timestamp,
    healthy: bool,
    place: crate::Place,
    text: Option<&'v str>,
}

impl Inner<'_> {
    /// Whether it ended clearly after the outer hop had given up. Between hops of one kind, which
    /// is the outer one is not stated; but an outer hop ends within moments of an inner failure
    /// and not with a success, so that only a success well after it can be the inner one's.
    fn is_later_than(&self, outer: &Fail<'_>) -> bool {
        let least = if self.kind > outer.key.kind { 50_000 } else { 500_000 };
        (self.end - outer.at).0 > least
    }
}

/// Failures to reach a target or to read from it: what makes a proxy eject it.
fn reaches_a_target(mechanism: Mechanism) -> bool {
    matches!(
        mechanism,
        Mechanism::ConnectRefused
            | Mechanism::ConnectTimeout
            | Mechanism::ConnectUnreachable
            | Mechanism::ConnectFailed
            | Mechanism::ConnectForbidden
            | Mechanism::SocketMissing
            | Mechanism::ListenQueueFull
            | Mechanism::NoLocalPort
            | Mechanism::TlsHandshakeFailed
            | Mechanism::TlsTimeout
            | Mechanism::RequestSendFailed
            | Mechanism::ClosedBeforeResponse
            | Mechanism::ResetBeforeResponse
            | Mechanism::EndedBeforeResponse
            | Mechanism::ResponseTimeout
            | Mechanism::UpstreamTimeout
            | Mechanism::ResponseHeaderTooLarge
            | Mechanism::ResponseMalformed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_stands_out_and_noise_does_not() {
        let secs = |s: f64| (Micros((s * 1e6) as i64), 1.0);
        let timed = [10.0, 10.01, 10.2, 3.0, 10.002].map(secs).to_vec();
        let (share, at) = timer(timed).unwrap();
        assert!((share - 0.8).abs() < 1e-9);
        assert!((9.9..10.3).contains(&at.as_secs_f64()));
        let quick = [0.001, 0.001, 0.001].map(secs).to_vec();
        assert_eq!(timer(quick), Some((0.0, Micros(0))));
        assert_eq!(timer(vec![]), None);
    }
}
