//! Signals about what ended at one moment: requests cut off when a grace period was over, an
//! address given up at a reload; and what a health check was told.

use std::collections::{BTreeMap, BTreeSet};

use model::{Micros, OccurrenceKind, Signal, Timestamp};

use super::surroundings::shown;
use super::{Measured, Scope};
use crate::view::Fail;

/// A request that is cut within this long of the order to stop was not given any time.
const AT_ONCE: Micros = Micros::from_millis(1_500);
/// No grace period is longer (AWS deregistration delay: at most 3600 s).
const LONGEST_GRACE: Micros = Micros::from_secs(3_600);
/// Logs with whole seconds on both sides make one delay look like two that differ by this much.
const SAME_DELAY: Micros = Micros::from_millis(1_500);
/// A target that was taken out of its group may get requests for so long after, at most: until every
/// part of a load balancer knows, and no longer than the connections to it are kept.
const DRAINING: Micros = Micros::from_secs(600);
/// How far two clocks may be apart.
const CLOCKS: Micros = Micros::from_secs(2);
/// What a check finds so long after a start may still be the start's.
pub(super) const START: Micros = Micros::from_secs(300);
/// What a proxy still sends to an old address while its old workers finish.
const AFTER_RELOAD: Micros = Micros::from_secs(10);

impl<'a> Scope<'_, 'a> {
    /// Share of the failures that were in flight when an instance was told to stop and were cut
    /// off one and the same time after.
    pub(super) fn drain_cut(&self) -> Option<Measured> {
        let stops = self.view.happened(&[OccurrenceKind::InstanceStop]);
        let times: Vec<Timestamp> = stops.iter().filter_map(|(_, stop)| stop.at).collect();
        if times.is_empty() || self.is_undated() {
            return None;
        }
        let spans: Vec<(Timestamp, Timestamp, f64)> = self
            .fails()
            .filter(|f| f.dated && f.at > f.began())
            .map(|f| (f.began(), f.at, f.weight))
            .collect();
        if spans.is_empty() {
            return None;
        }
        let delay = common_delay(&times, &spans);
        let Some((share, delay)) = delay else { return Measured::of(0.0) };
        let from = self.window.start - delay - SAME_DELAY;
        let cited = stops
            .into_iter()
            .filter(|(_, stop)| stop.at.is_some_and(|at| at >= from && at <= self.window.end));
        Some(Measured { value: share, shown_by: cited.take(3).map(shown).collect() })
    }

    /// Seconds from the order to stop to the cut, where one delay stands out.
    pub(crate) fn drain_delay(&self) -> Option<Micros> {
        let stops = self.view.happened(&[OccurrenceKind::InstanceStop]);
        let times: Vec<Timestamp> = stops.iter().filter_map(|(_, stop)| stop.at).collect();
        let spans: Vec<(Timestamp, Timestamp, f64)> = self
            .fails()
            .filter(|f| f.dated && f.at > f.began())
            .map(|f| (f.began(), f.at, f.weight))
            .collect();
        common_delay(&times, &spans).map(|(_, delay)| delay)
    }

    /// Share of the failures on targets that a record calls draining, or deregistered shortly before.
    pub(super) fn draining(&self) -> Option<Measured> {
        let stops = self.view.happened(&[OccurrenceKind::InstanceStop]);
        let mut leaving: BTreeMap<&str, Vec<Option<Timestamp>>> = BTreeMap::new();
        for (_, stop) in &stops {
            if let Some(target) = stop.object.as_deref().filter(|object| is_address(object)) {
                leaving.entry(target).or_default().push(stop.at);
            }
        }
        if leaving.is_empty() {
            return None;
        }
        let of = |fail: &Fail<'_>, at: Option<Timestamp>| {
            // A state that is not dated is of the time of the evidence.
            at.is_none_or(|at| at <= fail.at + CLOCKS && fail.began() - at <= DRAINING)
        };
        let mut measured = self.share(|fail| {
            let told = leaving.get(fail.target()?);
            Some(told.is_some_and(|told| told.iter().any(|at| of(fail, *at))))
        })?;
        let targets: BTreeSet<&str> = self.fails().filter_map(Fail::target).collect();
        let cited = stops
            .into_iter()
            .filter(|(_, stop)| stop.object.as_deref().is_some_and(|o| targets.contains(o)));
        measured.shown_by = cited.take(3).map(shown).collect();
        Some(measured)
    }

    /// Failed checks of instances that had only just started.
    pub(super) fn early_check_failures(&self) -> Option<Measured> {
        let name = |object: Option<&str>| {
            let object = object.filter(|object| !object.is_empty())?;
            // A task's check names its port as well.
            Some(if is_address(object) { object } else { object.split(':').next()? }.to_owned())
        };
        let mut starts: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for (_, start) in self.view.happened(&[OccurrenceKind::InstanceStart]) {
            if let Some((name, at)) = name(start.object.as_deref()).zip(start.at) {
                starts.entry(name).or_default().push(at);
            }
        }
        let checks = self.view.happened(&[OccurrenceKind::CheckFailed, OccurrenceKind::HealthDown]);
        let checks: Vec<_> = checks
            .into_iter()
            .filter_map(|check| Some((name(check.1.object.as_deref())?, check.1.at?, check)))
            .collect();
        if starts.is_empty() || checks.is_empty() || self.is_undated() {
            return None;
        }
        let margin = Micros::from_secs(120);
        let early = checks.into_iter().filter(|(name, at, _)| {
            let of_it = starts.get(name).into_iter().flatten();
            self.window.contains(*at, margin)
                && of_it.into_iter().any(|start| *start <= *at && *at - *start <= START)
        });
        let early: Vec<_> = early.map(|(.., check)| check).collect();
        let value = early.len() as f64;
        Some(Measured { value, shown_by: early.into_iter().take(3).map(shown).collect() })
    }

    /// Share of the failures whose target was given up at a reload for an address that is new.
    pub(super) fn moved(&self) -> Option<Measured> {
        if self.is_undated() {
            return None;
        }
        let reloads = self.view.happened(&[OccurrenceKind::Reload]);
        let near_a_stop = self.alignment(Signal::StopAlignedShare)?;
        let after_it = |at: Timestamp| {
            at >= self.window.start && at <= self.window.end + Micros::from_secs(60)
        };
        let reload = reloads.into_iter().rfind(|(_, reload)| reload.at.is_some_and(after_it))?;
        let at = reload.1.at?;
        let given_up = |fail: &Fail<'a>| {
            let name = fail.target()?;
            let stream = self.view.stream_of(fail.target_key())?;
            let counts = stream.targets.get(name.as_bytes())?;
            let (_, last) = counts.seen.0?;
            let taken_up = stream.targets.sorted().into_iter().any(|(_, other)| {
                other.successes > 0
                    && other.seen.0.is_some_and(|(first, _)| first >= at - Micros::from_secs(1))
            });
            Some(last <= at + AFTER_RELOAD && taken_up && !near_a_stop.covers(fail))
        };
        let mut measured =
            self.share(|f| (f.is_access() && f.dated).then(|| given_up(f)).flatten())?;
        measured.shown_by = vec![shown(reload)];
        Some(measured)
    }

    /// Checks that failed, and targets marked down, because of the status with which the target
    /// answered, neither a success nor the server's own error.
    pub(super) fn check_refusals(&self) -> Option<Measured> {
        self.checks(|reason| status(reason).is_some_and(|status| (300..500).contains(&status)))
    }

    /// Checks that failed because the checker could not open a unix socket.
    pub(super) fn socket_check_failures(&self) -> Option<Measured> {
        self.checks(is_about_a_socket)
    }

    /// Failed checks, and targets marked down for them, whose reason is of some kind.
    fn checks(&self, is_meant: impl Fn(&str) -> bool) -> Option<Measured> {
        const KINDS: [OccurrenceKind; 2] =
            [OccurrenceKind::HealthDown, OccurrenceKind::CheckFailed];
        let told = self.view.happened(&KINDS);
        if told.is_empty() {
            let shown = KINDS.iter().any(|kind| self.view.would_show(*kind));
            return shown.then(Measured::default);
        }
        let meant: Vec<_> = told
            .into_iter()
            .filter(|(_, down)| {
                self.is_undated()
                    || down.at.is_none_or(|at| {
                        at >= self.window.start - Micros::from_secs(120)
                            && at <= self.window.end + Micros::from_secs(10)
                    })
            })
            .filter(|(_, down)| down.detail.as_deref().is_some_and(&is_meant))
            .collect();
        let value = meant.len() as f64;
        Some(Measured { value, shown_by: meant.into_iter().take(3).map(shown).collect() })
    }
}

/// The delay at which most requests that were in flight at a stop ended after it, and their share
/// of all.
fn common_delay(
    stops: &[Timestamp],
    spans: &[(Timestamp, Timestamp, f64)],
) -> Option<(f64, Micros)> {
    let all: f64 = spans.iter().map(|(.., weight)| weight).sum();
    let delays_of = |&(began, ended, _): &(Timestamp, Timestamp, f64)| -> Vec<Micros> {
        stops
            .iter()
            .filter(move |stop| **stop > began && ended - **stop >= AT_ONCE)
            .map(move |stop| ended - *stop)
            .filter(|delay| *delay <= LONGEST_GRACE)
            .collect()
    };
    let delays: Vec<(Vec<Micros>, f64)> = spans.iter().map(|s| (delays_of(s), s.2)).collect();
    let mut candidates: Vec<Micros> = delays.iter().flat_map(|(d, _)| d).copied().collect();
    candidates.sort_unstable();
    candidates.dedup();
    let mut best: Option<(f64, Micros)> = None;
    for delay in candidates {
        let near = |other: &Micros| *other >= delay && other.0 - delay.0 <= SAME_DELAY.0;
        let weight: f64 =
            delays.iter().filter(|(d, _)| d.iter().any(near)).map(|(_, weight)| weight).sum();
        if best.is_none_or(|(most, _)| weight / all > most) {
            best = Some((weight / all, delay));
        }
    }
    best
}

/// Whether a check's reason is that of a unix socket: HAProxy's `Socket error, info: "General socket
/// error (No such file or directory)"` (`src/check.c`); no TCP connection fails with these words.
fn is_about_a_socket(reason: &str) -> bool {
    let words = ["No such file or directory", "no such file or directory"];
    words.iter().any(|words| reason.contains(words))
        || (reason.contains("ermission denied") && reason.contains("ocket"))
}

/// Whether a name is an address and a port.
fn is_address(name: &str) -> bool {
    name.parse::<std::net::SocketAddr>().is_ok()
}

/// The words before the status in what the checkers write: HAProxy, Envoy and Apache httpd, AWS
/// (`Health checks failed with these codes: [404]`), Kubernetes (`HTTP probe failed with statuscode:
/// 404`), and what a target logs of a checker's request.
const BEFORE_STATUS: [&str; 5] =
    ["wrong status, code: ", "http status ", "these codes: [", "statuscode: ", "was answered "];

/// The status with which a target answered a check, as the checker gives it for its reason.
fn status(reason: &str) -> Option<u16> {
    let (_, rest) = BEFORE_STATUS.iter().find_map(|words| reason.split_once(words))?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn requests_cut_at_the_end_of_the_grace_share_a_delay() {
        let spans = [(at(8), at(16), 1.0), (at(9), at(16), 1.0), (at(28), at(36), 1.0)];
        assert_eq!(common_delay(&[at(10), at(30)], &spans), Some((1.0, Micros::from_secs(6))));
    }

    #[test]
    fn requests_that_began_after_the_stop_were_not_drained() {
        assert_eq!(common_delay(&[at(10)], &[(at(12), at(16), 1.0)]), None);
        assert_eq!(common_delay(&[at(10)], &[(at(8), at(11), 1.0)]), None);
    }

    #[test]
    fn ends_that_differ_share_no_delay() {
        let spans = [(at(8), at(13), 1.0), (at(9), at(16), 1.0), (at(9), at(20), 1.0)];
        let (share, _) = common_delay(&[at(10)], &spans).expect("some delay");
        assert!(share < 0.4);
    }

    #[test]
    fn a_checks_status_is_read_from_the_reason() {
        assert_eq!(status("Layer7 wrong status, code: 404, info: \"Not Found\""), Some(404));
        assert_eq!(status("active check failed, http status 301"), Some(301));
        assert_eq!(status("Health checks failed with these codes: [404]"), Some(404));
        assert_eq!(status("Layer4 timeout"), None);
        assert_eq!(status("HTTP probe failed with statuscode: 503"), Some(503));
    }

    #[test]
    fn a_check_that_found_no_socket() {
        for (reason, meant) in [
            ("Socket error, info: \"General socket error (No such file or directory)\"", true),
            ("Socket error, info: \"General socket error (Permission denied)\"", true),
            ("Layer4 connection problem, info: \"Connection refused\"", false),
            ("Layer4 timeout", false),
        ] {
            assert_eq!(is_about_a_socket(reason), meant, "{reason}");
        }
    }
}
