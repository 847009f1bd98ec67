//! Signals from other evidence in the window: NAT, kernel, platform, application logs.

use std::collections::BTreeSet;

use model::{Mechanism, Micros, OccurrenceKind, Timestamp, Window};

use super::{Measured, Scope, Shown};
use crate::digest::Place;
use crate::digest::occurrences::Happened;
use crate::incidents::Cluster;
use crate::view::View;

/// Records cited for one observation.
const CITED: usize = 3;

/// Dialects in which a kind of occurrence would be seen had it happened.
fn shown_in(kind: OccurrenceKind) -> &'static [&'static str] {
    use OccurrenceKind as K;
    match kind {
        K::NatDrop | K::NatAllocation => &["gcp-nat"],
        K::Deploy | K::ConfigChange => &["gcp-audit", "aws-cloudtrail"],
        K::OomKill => &["node", "kernel", "kubernetes", "aws-lambda"],
        K::ScaleLimit => &["node", "kernel", "kubernetes"],
        K::ProcessExit | K::InstanceStart => &[
            "node",
            "kernel",
            "kubernetes",
            "gunicorn",
            "uvicorn",
            "uwsgi",
            "php-fpm",
            "puma",
            "aws-lambda",
        ],
        K::InstanceStop | K::ListenFailed => {
            &["node", "kernel", "kubernetes", "gunicorn", "uvicorn", "uwsgi", "php-fpm", "puma"]
        }
        K::HealthDown | K::HealthUp => &["haproxy-notice", "envoy-health"],
        K::NoServerLeft => &["haproxy-notice"],
        K::TargetEjected => &["nginx-error", "apache-error", "envoy-outlier"],
        // gunicorn, uWSGI and Puma do not say that all their workers are busy.
        K::PoolSaturated => &["node", "apache-error", "php-fpm"],
        K::WorkerKilled => &["node", "apache-error", "gunicorn", "uwsgi", "php-fpm", "puma"],
        K::ApplicationError | K::ConnectionPoolEmpty => APPLICATIONS,
        K::DatabaseLimit => DATABASES_AND_CLIENTS,
        // Few programs watch their own loop: a log without such a report shows nothing.
        K::Stall => &[],
        K::ConntrackFull => &["kernel"],
        K::ListenOverflow => &["kernel", "uwsgi"],
        // Firewalls log drops only where they are told to: no line is no evidence.
        K::FirewallDrop | K::ReturnDrop | K::BackwardDrop | K::FlowDrop => &[],
        K::CheckFailed => &["aws-alb-health"],
        K::Throttle | K::ResourceSaturated | K::CertificateProblem => &[],
        K::FunctionError => &["aws-lambda"],
        K::AccessDenied => &["audit"],
        K::Reload => &["nginx-error", "apache-error", "haproxy-notice"],
    }
}

/// Logs in which an application reports its errors.
const APPLICATIONS: &[&str] = &[
    "node",
    "apache-error",
    "gunicorn",
    "uvicorn",
    "app-json",
    "java",
    "python",
    "dotnet",
    "go-client",
    "ruby",
];

/// Logs of a database, and of the applications that it would refuse.
const DATABASES_AND_CLIENTS: &[&str] = &[
    "postgresql",
    "mysql",
    "node",
    "apache-error",
    "app-json",
    "java",
    "python",
    "dotnet",
    "go-client",
    "ruby",
];

/// Logs in which an application reports calls of its own that failed.
const CALLERS: &[&str] = &["node", "app-json", "java", "python", "dotnet", "go-client", "ruby"];

/// What only a platform's system log tells of: any of it there means that the log is there. The
/// platform's request log alone shows none of it.
const SYSTEM_LOG: &[OccurrenceKind] = &[
    OccurrenceKind::InstanceStart,
    OccurrenceKind::InstanceStop,
    OccurrenceKind::ProcessExit,
    OccurrenceKind::OomKill,
    OccurrenceKind::ListenFailed,
    OccurrenceKind::ScaleLimit,
];

/// Logs of gateways and of functions, which tell of their own start and end and of nobody else's.
const OF_ITSELF: &[&str] =
    &["nginx-error", "apache-error", "haproxy-notice", "caddy", "traefik", "aws-lambda"];

/// Logs of what was asked for and of what a controller did, which tell of a part of it and leave
/// out, say, what ended by itself.
const OF_ORDERS: &[&str] = &["aws-cloudtrail", "aws-ecs", "aws-target-health", "aws-metrics"];

impl View<'_> {
    /// Whether the evidence would show an occurrence of this kind.
    pub(super) fn would_show(&self, kind: OccurrenceKind) -> bool {
        let told = &self.digest.told;
        shown_in(kind).iter().any(|dialect| self.saw(&[dialect]) && self.tells_when(dialect))
            || told.iter().any(|(_, told)| *told == kind)
            || (SYSTEM_LOG.contains(&kind)
                && told.iter().any(|(by, told)| {
                    SYSTEM_LOG.contains(told)
                        && !OF_ITSELF.contains(by)
                        && !OF_ORDERS.contains(by)
                        && self.tells_when(by)
                }))
    }

    /// Whether what a dialect leaves out can have been left out at some time. The tables of kubectl
    /// have ages and nobody knows when they were printed; an event is gone from them after an hour
    /// (kube-apiserver, `--event-ttl`).
    fn tells_when(&self, dialect: &str) -> bool {
        dialect != "kubernetes" || self.digest.told_when.contains(dialect)
    }
}

/// Whether an outward call that ended so was on its way to the other side or had reached it.
pub(super) fn is_at_the_peer(mechanism: Mechanism) -> bool {
    matches!(
        mechanism,
        Mechanism::ConnectRefused
            | Mechanism::ConnectTimeout
            | Mechanism::ConnectUnreachable
            | Mechanism::ConnectFailed
            | Mechanism::TlsTimeout
            | Mechanism::RequestSendFailed
            | Mechanism::RequestSendTimeout
            | Mechanism::ClosedBeforeResponse
            | Mechanism::ResetBeforeResponse
            | Mechanism::EndedBeforeResponse
            | Mechanism::ResponseTimeout
            | Mechanism::UpstreamTimeout
            | Mechanism::ResponseStalled
            | Mechanism::ResponseTruncated
            | Mechanism::StatusFromUpstream
    )
}

/// Whether a connection that stood ended without a byte of a response.
fn is_ended_early(mechanism: Mechanism) -> bool {
    matches!(
        mechanism,
        Mechanism::ClosedBeforeResponse
            | Mechanism::ResetBeforeResponse
            | Mechanism::EndedBeforeResponse
            | Mechanism::RequestSendFailed
    )
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

/// Host and port of the address on which a process says that it listens: `Listening at:
/// http://127.0.0.1:8000 (15)`, `listening on 0.0.0.0:3000`, `listening on [::1]:3000`.
fn listening_address(said: &str) -> Option<(&str, &str)> {
    said.split([' ', ',', ';', '(', ')', '\'', '"']).find_map(|word| {
        let word = word.rsplit_once("://").map_or(word, |(_, rest)| rest);
        let word = word.split('/').next().unwrap_or(word).trim_end_matches('.');
        let (host, port) = word.rsplit_once(':')?;
        let number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
        (number && !host.is_empty()).then_some((host, port))
    })
}

pub(crate) fn shown((place, happened): (Place, &Happened)) -> Shown {
    Shown { at: happened.at, place, text: happened.text.to_string() }
}

impl Scope<'_, '_> {
    /// Occurrences of some kinds in the window widened backwards (and a little forwards).
    pub(super) fn count(&self, kinds: &[OccurrenceKind], before_seconds: i64) -> Option<Measured> {
        let from = self.window.start - Micros::from_secs(before_seconds);
        let to = self.window.end + Micros::from_secs(before_seconds.min(10));
        let mut measured = Measured::default();
        let mut visible = false;
        for kind in kinds {
            if let Some(of_kind) = self.view.digest.occurrences.kinds.get(kind) {
                visible = true;
                let width = of_kind.slots.width();
                let dated: u64 = of_kind.slots.sorted().iter().map(|(_, n)| **n).sum();
                // Undated ones cannot be placed; with nothing else dated they are all there is.
                if self.is_undated() || dated == 0 {
                    measured.value += of_kind.count as f64;
                } else {
                    let in_slots = of_kind.slots.sorted();
                    let inside = in_slots.iter().filter(|(at, _)| *at + width > from && *at <= to);
                    measured.value += inside.map(|(_, n)| **n as f64).sum::<f64>();
                }
            }
            visible |= self.view.would_show(*kind);
        }
        let in_window =
            |at: Option<Timestamp>| self.is_undated() || at.is_none_or(|at| at >= from && at <= to);
        let all = self.view.happened(kinds);
        let cited = all.into_iter().filter(|(_, happened)| in_window(happened.at)).take(CITED);
        measured.shown_by = cited.map(shown).collect();
        visible.then_some(measured)
    }

    pub(crate) fn is_undated(&self) -> bool {
        self.cluster.window.is_none()
    }

    pub(super) fn oom_kills(&self) -> Option<Measured> {
        let killed: f64 = self
            .fails()
            .filter(|f| f.failure.mechanism == Mechanism::InstanceOutOfMemory)
            .map(|f| f.weight)
            .sum();
        let counted = self.count(&[OccurrenceKind::OomKill], 60);
        if killed == 0.0 {
            // A kill whose reason is not stated may have been one for memory.
            return counted.filter(|c| c.value > 0.0 || self.function_kills().value == 0.0);
        }
        // The same kill may be told by the platform and by the requests that it ended.
        let mut measured = counted.unwrap_or_default();
        if measured.value == 0.0 {
            measured.value = killed;
        }
        Some(measured)
    }

    /// Processes of functions that were killed, and no report says how much memory they used.
    pub(super) fn function_kills(&self) -> Measured {
        let reports = |stream: &&crate::digest::stream::Stream| {
            stream.key.dialect == "aws-lambda" && stream.requests > 0
        };
        if self.view.streams.iter().any(reports) {
            return Measured::default();
        }
        let (from, to) = (self.window.start - Micros::from_secs(60), self.window.end);
        let exits = self.view.happened(&[OccurrenceKind::ProcessExit]);
        let kills = exits.into_iter().filter(|(_, exit)| {
            exit.object.as_deref() == Some("signal: killed")
                && (self.is_undated() || exit.at.is_none_or(|at| at >= from && at <= to))
        });
        let mut measured = Measured::default();
        for kill in kills {
            measured.value += 1.0;
            if measured.shown_by.len() < CITED {
                measured.shown_by.push(shown(kill));
            }
        }
        measured
    }

    /// Listeners on loopback where a gateway comes from outside. A start may lie long before.
    pub(super) fn loopback_listeners(&self) -> Option<Measured> {
        let outside: BTreeSet<&str> = self
            .fails()
            .filter_map(|f| f.target()?.rsplit_once(':'))
            .filter(|(host, _)| !is_loopback(host))
            .map(|(_, port)| port)
            .collect();
        let mut measured = Measured::default();
        let mut visible = false;
        for (place, start) in self.view.happened(&[OccurrenceKind::InstanceStart]) {
            let Some((host, port)) = start.detail.as_deref().and_then(listening_address) else {
                continue;
            };
            if !outside.contains(port) {
                continue;
            }
            visible = true;
            if is_loopback(host) {
                measured.value += 1.0;
                if measured.shown_by.len() < CITED {
                    measured.shown_by.push(shown((place, start)));
                }
            }
        }
        visible.then_some(measured)
    }

    pub(super) fn scale_limits(&self) -> Option<Measured> {
        let refused: f64 = self
            .cluster
            .members
            .iter()
            .map(|&p| &self.view.fails[p])
            .filter(|f| f.failure.mechanism == Mechanism::NoInstance)
            .map(|f| f.weight)
            .sum();
        let counted = self.count(&[OccurrenceKind::ScaleLimit], 30);
        if refused == 0.0 {
            return counted;
        }
        let mut measured = counted.unwrap_or_default();
        measured.value += refused;
        Some(measured)
    }

    /// Drops in this or another window of the same kinds of failure, of all drops.
    pub(super) fn nat_focus(&self) -> Option<Measured> {
        self.share_near_alike(OccurrenceKind::NatDrop)
    }

    /// Occurrences of a kind in this or another window of the same kinds of failure, from a minute
    /// before it to ten seconds after, of all of that kind.
    pub(super) fn share_near_alike(&self, kind: OccurrenceKind) -> Option<Measured> {
        let happened = self.view.digest.occurrences.kinds.get(&kind)?;
        if self.is_undated() {
            return None;
        }
        let windows: Vec<Window> = self.alike().filter_map(|cluster| cluster.window).collect();
        let width = happened.slots.width();
        let (mut inside, mut all) = (0, 0);
        for (at, count) in happened.slots.sorted() {
            all += *count;
            let near = |w: &Window| {
                at + width > w.start - Micros::from_secs(60) && at <= w.end + Micros::from_secs(10)
            };
            inside += if windows.iter().any(near) { *count } else { 0 };
        }
        if all == 0 { None } else { Measured::of(inside as f64 / all as f64) }
    }

    /// Incidents with failures of the same kinds as the claimed ones, this one included.
    pub(super) fn alike(&self) -> impl Iterator<Item = &Cluster> {
        let kinds: Vec<_> = self.fails().map(|f| (f.key.dialect, f.failure.mechanism)).collect();
        self.clusters.iter().filter(move |cluster| {
            cluster.members.iter().any(|&p| {
                let fail = &self.view.fails[p];
                kinds.contains(&(fail.key.dialect, fail.failure.mechanism))
            })
        })
    }

    /// Failed calls outward in the window, whatever incident they were put into.
    pub(crate) fn outward(
        &self,
        wanted: impl Fn(Mechanism) -> bool,
    ) -> impl Iterator<Item = &crate::view::Fail<'_>> {
        let margin = Micros::from_secs(60);
        self.view
            .fails
            .iter()
            .filter(|f| f.is_outward() && !f.absorbed)
            .filter(move |f| self.is_undated() || !f.dated || self.window.contains(f.at, margin))
            .filter(move |f| wanted(f.failure.mechanism))
    }

    pub(super) fn egress(&self, wanted: impl Fn(Mechanism) -> bool) -> Option<Measured> {
        let visible =
            self.view.saw(CALLERS) || self.view.fails.iter().any(crate::view::Fail::is_outward);
        let mut measured = Measured::default();
        for fail in self.outward(wanted) {
            measured.value += fail.weight;
            if measured.shown_by.len() < CITED
                && let Some(text) = fail.text
            {
                let at = fail.dated.then_some(fail.at);
                measured.shown_by.push(Shown { at, place: fail.place, text: text.to_owned() });
            }
        }
        visible.then_some(measured)
    }

    /// Different destinations of the failed outward calls; none of them known is not visible.
    pub(super) fn egress_destinations(&self) -> Option<Measured> {
        let all = self.egress(|_| true)?;
        let known: BTreeSet<&str> = self
            .outward(|_| true)
            .filter_map(|f| f.record.target.as_deref().or(f.record.host.as_deref()))
            .collect();
        if known.is_empty() && all.value > 0.0 { None } else { Measured::of(known.len() as f64) }
    }

    /// How the outward calls failed that went where those behind the claimed failures went.
    pub(super) fn egress_ended(&self) -> Option<Measured> {
        let place = |fail: &crate::view::Fail<'_>| {
            fail.record.target.as_deref().or(fail.record.host.as_deref()).map(str::to_owned)
        };
        let behind: Vec<_> = self
            .fails()
            .filter_map(|fail| {
                let position = fail.behind.map(|behind| behind.position);
                let call = position.map_or(fail, |position| &self.view.fails[position]);
                call.is_outward().then(|| place(call))
            })
            .collect();
        if behind.is_empty() {
            return None;
        }
        let (mut ended, mut all) = (0.0, 0.0);
        let mut shown_by = Vec::new();
        for call in self.outward(|mechanism| mechanism != Mechanism::Unspecified) {
            if !behind.contains(&place(call)) {
                continue;
            }
            all += call.weight;
            if !is_ended_early(call.failure.mechanism) {
                continue;
            }
            ended += call.weight;
            if let Some(text) = call.text.filter(|_| shown_by.len() < CITED) {
                let at = call.dated.then_some(call.at);
                shown_by.push(Shown { at, place: call.place, text: text.to_owned() });
            }
        }
        (all > 0.0).then(|| Measured { value: ended / all, shown_by })
    }

    /// Destinations of dropped packets in the window.
    pub(crate) fn dropped_destinations(&self) -> BTreeSet<&str> {
        let Some(drops) = self.view.digest.occurrences.kinds.get(&OccurrenceKind::NatDrop) else {
            return BTreeSet::new();
        };
        let near = Window { ..self.window };
        drops
            .pairs
            .sorted()
            .into_iter()
            .filter(|(_, counts)| {
                self.is_undated()
                    || counts.seen.0.is_none_or(|(first, last)| {
                        last >= near.start - Micros::from_secs(60)
                            && first <= near.end + Micros::from_secs(10)
                    })
            })
            .map(|((_, destination), _)| &**destination)
            .filter(|destination| !destination.is_empty())
            .collect()
    }

    pub(super) fn nat_destination_match(&self) -> Option<Measured> {
        let dropped = self.dropped_destinations();
        // Without any drop in the log nothing can match or fail to match: the log is sampled.
        if dropped.is_empty() {
            return None;
        }
        let (mut matching, mut all) = (0.0, 0.0);
        let mut shown_by = Vec::new();
        for fail in self.outward(|_| true) {
            let Some(target) = fail.record.target.as_deref() else { continue };
            all += fail.weight;
            if dropped.contains(target) {
                matching += fail.weight;
                if let Some(text) = fail.text.filter(|_| shown_by.len() < 2) {
                    let at = fail.dated.then_some(fail.at);
                    shown_by.push(Shown { at, place: fail.place, text: text.to_owned() });
                }
            }
        }
        (all > 0.0).then(|| Measured { value: matching / all, shown_by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_processes_say_that_they_listen() {
        for (said, address) in [
            ("Listening at: http://127.0.0.1:8000 (15)", Some(("127.0.0.1", "8000"))),
            ("Listening on http://0.0.0.0:3000", Some(("0.0.0.0", "3000"))),
            ("listening on [::1]:3000.", Some(("[::1]", "3000"))),
            ("Server listening at http://localhost:3000/", Some(("localhost", "3000"))),
            ("Server listening on port 3000", None),
            ("Listening at: unix:/run/app.sock (15)", None),
        ] {
            assert_eq!(listening_address(said), address, "{said}");
        }
        assert!(is_loopback("127.0.0.2") && is_loopback("[::1]") && is_loopback("localhost"));
        assert!(!is_loopback("0.0.0.0") && !is_loopback("10.0.0.1") && !is_loopback("[::]"));
    }
}
