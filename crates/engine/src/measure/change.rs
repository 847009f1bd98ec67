//! Signals about what changed: deploys, stops, exits, and how the failures lie around them.

use model::{Micros, OccurrenceKind, Signal, Timestamp};

use super::moments::START;
use super::surroundings::shown;
use super::{Measured, Scope};
use crate::digest::occurrences::Happened;
use crate::view::Fail;

/// A deploy can be to blame for what begins up to this long after it.
const DEPLOY_REACH: Micros = Micros::from_secs(30 * 60);
/// A roll-out's effects have ended by then: Cloud Run holds an instance's addresses for up to
/// 20 minutes after its end (Cloud Run Direct VPC egress documentation).
const ROLL_OUT: Micros = Micros::from_secs(20 * 60);

/// Moments, and how far around them a failure belongs to them.
pub(crate) struct Alignment {
    kinds: &'static [OccurrenceKind],
    /// In the order of time.
    times: Vec<Timestamp>,
    before: Micros,
    after: Micros,
}

/// How far the clocks of the platform's log and of a gateway's may be apart: a deploy that comes
/// later than this after the first failure did not bring it about.
const CLOCKS: Micros = Micros::from_secs(2);

impl Alignment {
    /// Whether either end of the request lies near: what cuts it off is near its end, what refuses
    /// it near its start.
    pub(crate) fn covers(&self, fail: &Fail<'_>) -> bool {
        let near = |at: Timestamp| {
            let next = self.times.partition_point(|t| *t < at - self.after);
            self.times.get(next).is_some_and(|t| *t <= at + self.before)
        };
        near(fail.at) || near(fail.began())
    }
}

/// Whether something was told to stop so shortly before that the gap is the stop's.
fn follows_a_stop(start: Timestamp, stops: &[Timestamp]) -> bool {
    stops.iter().any(|stop| *stop <= start && start - *stop <= Micros::from_secs(30))
}

impl Scope<'_, '_> {
    fn times(&self, kinds: &[OccurrenceKind]) -> Vec<Timestamp> {
        self.view.happened(kinds).iter().filter_map(|(_, happened)| happened.at).collect()
    }

    pub(super) fn deploys_visible(&self) -> bool {
        self.view.saw(&["gcp-audit", "aws-cloudtrail"])
            || self.view.digest.occurrences.kinds.contains_key(&OccurrenceKind::Deploy)
    }

    /// The first failure that is more than a straggler from before.
    fn onset(&self) -> Timestamp {
        self.fails()
            .find(|f| f.dated)
            .map_or(self.window.start, |f| f.began().max(f.at - Micros::from_secs(60)))
    }

    /// The last deploy before the failures began.
    pub(crate) fn deploy_before(&self) -> Option<super::Shown> {
        // A request that is cut off by the deploy began before it.
        let onset = self.onset().max(self.window.start - Micros::from_secs(30));
        let deploys = self.view.happened(&[OccurrenceKind::Deploy]);
        let last = deploys.into_iter().rfind(|(_, deploy)| {
            deploy.at.is_some_and(|at| at <= onset + CLOCKS && onset - at <= DEPLOY_REACH)
        })?;
        Some(shown(last))
    }

    pub(crate) fn deploy_name(&self) -> Option<String> {
        let place = self.deploy_before()?.place;
        let deploys = self.view.happened(&[OccurrenceKind::Deploy]);
        let (_, deploy) = deploys.into_iter().find(|(p, _)| *p == place)?;
        let object = deploy.object.as_deref().filter(|object| !object.is_empty());
        Some(object.unwrap_or(&deploy.subject).to_owned())
    }

    pub(super) fn deploy_lead(&self) -> Option<Measured> {
        if !self.deploys_visible() || self.is_undated() {
            return None;
        }
        Some(match self.deploy_before() {
            Some(deploy) => Measured {
                value: deploy
                    .at
                    .map_or(f64::INFINITY, |at| (self.window.start - at).as_secs_f64().max(0.0)),
                shown_by: vec![deploy],
            },
            None => Measured { value: f64::INFINITY, shown_by: Vec::new() },
        })
    }

    pub(super) fn deploys_followed(&self) -> Option<Measured> {
        let deploys = self.times(&[OccurrenceKind::Deploy]);
        if deploys.is_empty() || self.is_undated() {
            return None;
        }
        let onsets: Vec<Timestamp> =
            self.alike().filter_map(|cluster| cluster.window.map(|w| w.start)).collect();
        let margin = CLOCKS;
        let followed = deploys.iter().filter(|deploy| {
            onsets.iter().any(|onset| *onset >= **deploy - margin && *onset - **deploy <= ROLL_OUT)
        });
        Measured::of(followed.count() as f64 / deploys.len() as f64)
    }

    /// Share of the failures that lie around some moments.
    fn aligned(&self, alignment: &Alignment, visible: bool) -> Option<Measured> {
        let all = self.view.happened(alignment.kinds);
        if alignment.times.is_empty() || self.is_undated() {
            return (visible && all.is_empty() && !self.is_undated()).then(Measured::default);
        }
        let mut measured = self.share(|fail| fail.dated.then(|| alignment.covers(fail)))?;
        let from = self.window.start - alignment.after;
        let to = self.window.end + alignment.before;
        let is_meant =
            |at: Timestamp| at >= from && at <= to && alignment.times.binary_search(&at).is_ok();
        let cited = all.into_iter().filter(|(_, h)| h.at.is_some_and(is_meant));
        measured.shown_by = cited.take(3).map(shown).collect();
        Some(measured)
    }

    /// Moments at which an instance that had only just been started was found ready by its checks.
    fn first_ready(&self) -> Vec<Timestamp> {
        let starts = self.view.happened(&[OccurrenceKind::InstanceStart]);
        let ready = self.view.happened(&[OccurrenceKind::HealthUp]);
        let of_a_start = |(_, ready): &(crate::digest::Place, &Happened)| {
            let at = ready.at?;
            let name = ready.object.as_deref().filter(|name| !name.is_empty())?;
            let is_its = |start: &&Happened| {
                start.object.as_deref() == Some(name)
                    && start.at.is_some_and(|began| began <= at && at - began <= START)
            };
            starts.iter().map(|(_, start)| *start).any(|start| is_its(&start)).then_some(at)
        };
        ready.iter().filter_map(of_a_start).collect()
    }

    /// The moments that a signal of alignment is about.
    pub(crate) fn alignment(&self, signal: Signal) -> Option<Alignment> {
        let (kinds, before, after): (&'static [OccurrenceKind], _, _) = match signal {
            Signal::StopAlignedShare => {
                (&[OccurrenceKind::InstanceStop, OccurrenceKind::Deploy], 2, 30)
            }
            Signal::ExitAlignedShare => {
                (&[OccurrenceKind::ProcessExit, OccurrenceKind::OomKill], 5, 5)
            }
            Signal::KillAlignedShare => (&[OccurrenceKind::WorkerKilled], 5, 5),
            Signal::RefusalAlignedShare => (&[OccurrenceKind::DatabaseLimit], 5, 5),
            Signal::PoolTimeoutAlignedShare => (&[OccurrenceKind::ConnectionPoolEmpty], 5, 5),
            Signal::StartAlignedShare => {
                (&[OccurrenceKind::InstanceStart, OccurrenceKind::HealthUp], 120, 1)
            }
            _ => return None,
        };
        let mut times = self.times(kinds);
        if signal == Signal::StartAlignedShare {
            // A start is also reported by the check that finds the new instance ready.
            times = self.times(&[OccurrenceKind::InstanceStart]);
            times.extend(self.first_ready());
            times.sort_unstable();
            // Starts are many, and of things that have nothing to do with it.
            let stops = self.times(&[OccurrenceKind::InstanceStop]);
            // A proxy that is reloaded starts workers; nothing that it sends requests to does.
            let reloads = self.times(&[OccurrenceKind::Reload]);
            let reloaded = |at: Timestamp| reloads.iter().any(|r| *r <= at && at - *r <= CLOCKS);
            times.retain(|at| {
                self.ended_with(*at) && !follows_a_stop(*at, &stops) && !reloaded(*at)
            });
        }
        Some(Alignment {
            kinds,
            times,
            before: Micros::from_secs(before),
            after: Micros::from_secs(after),
        })
    }

    pub(super) fn stop_aligned(&self) -> Option<Measured> {
        let visible = self.deploys_visible() || self.view.would_show(OccurrenceKind::InstanceStop);
        self.aligned(&self.alignment(Signal::StopAlignedShare)?, visible)
    }

    /// Where the evidence ends while the failures could still be aligned, it cannot tell failures
    /// that ended from failures that went on.
    pub(super) fn stop_confined(&self) -> Option<Measured> {
        let alignment = self.alignment(Signal::StopAlignedShare)?;
        let (_, end) = self.view.period?;
        if alignment.times.iter().any(|at| *at + alignment.after >= end) {
            return None;
        }
        self.stop_aligned()
    }

    pub(super) fn exit_aligned(&self) -> Option<Measured> {
        let visible = self.view.would_show(OccurrenceKind::ProcessExit);
        self.aligned(&self.alignment(Signal::ExitAlignedShare)?, visible)
    }

    /// Whether the failures went on until a moment and not beyond. A request that waited for the
    /// start and was given up belongs to the time in which it waited.
    fn ended_with(&self, moment: Timestamp) -> bool {
        let after = |at: Timestamp| at - moment;
        let until =
            |at: Timestamp| after(at) > Micros::from_secs(-10) && after(at) <= Micros::from_secs(1);
        let beyond =
            |at: Timestamp| after(at) > Micros::from_secs(1) && after(at) <= Micros::from_secs(30);
        let dated = || self.fails().filter(|f| f.dated);
        dated().any(|f| until(f.began()) || until(f.at)) && !dated().any(|f| beyond(f.began()))
    }

    /// Share of the failures around the moments that a signal is about.
    pub(super) fn near(&self, signal: Signal) -> Option<Measured> {
        let alignment = self.alignment(signal)?;
        let visible = alignment.kinds.iter().any(|kind| self.view.would_show(*kind));
        self.aligned(&alignment, visible)
    }

    pub(super) fn recovers(&self) -> Option<Measured> {
        let (_, last) = self.view.period?;
        // Without a deploy log, a rollback may have ended it.
        if self.is_undated() || !self.deploys_visible() {
            return None;
        }
        let quiet = last - self.window.end;
        let enough = Micros((self.window.length().0 / 4).clamp(60_000_000, 600_000_000));
        let ended_by_deploy = self.times(&[OccurrenceKind::Deploy]).iter().any(|at| {
            *at > self.window.start + Micros::from_secs(60)
                && *at >= self.window.end - Micros::from_secs(300)
                && *at <= self.window.end + Micros::from_secs(60)
        });
        if ended_by_deploy {
            return Measured::of(0.0);
        }
        if quiet >= enough {
            return Measured::of(1.0);
        }
        // Still failing when the evidence ends: only a window longer than any roll-out tells.
        if self.window.length() > ROLL_OUT { Measured::of(0.0) } else { None }
    }
}
