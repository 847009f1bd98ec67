//! Signals about what was set: a change of a setting that fits what failed, certificates, health
//! checks that were slower than the failures, and what hops behind answered meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use model::{Micros, OccurrenceKind, Timestamp};

use super::area::{Area, EPHEMERAL, ports, told};
use super::surroundings::shown;
use super::{Measured, Scope};
use crate::digest::Place;
use crate::digest::occurrences::Happened;
use crate::view::Fail;

/// A change can be to blame for what begins up to this long after it.
const CHANGE_REACH: Micros = Micros::from_secs(30 * 60);
/// How far the clocks of a log of changes and of a gateway's may be apart.
const CLOCKS: Micros = Micros::from_secs(2);
/// Health checks that take longer than this to notice are none (AWS: at most 10 checks every 300 s;
/// nobody waits that long).
const NOTICED: Micros = Micros::from_secs(300);
/// A certificate that could not be renewed is logged long before it matters.
const CERTIFICATE_REACH: Micros = Micros::from_secs(24 * 3_600);

fn port(target: &str) -> Option<u16> {
    target.rsplit_once(':')?.1.parse().ok()
}

/// The names under which a log knows what failed, short ones left out: they are in every text.
fn names<'f>(fail: &'f Fail<'_>) -> impl Iterator<Item = &'f str> {
    let record = fail.record;
    let hop = fail.key.hop.split('/').filter(|part| part.len() >= 4);
    let others = [record.upstream.as_deref(), record.host.as_deref(), record.revision.as_deref()];
    hop.chain(others.into_iter().flatten().filter(|name| name.len() >= 4))
}

impl<'a> Scope<'_, 'a> {
    /// When what is claimed began to fail.
    fn first_failure(&self) -> Timestamp {
        self.fails().find(|f| f.dated).map_or(self.window.start, Fail::began).min(self.window.start)
    }

    /// Whether a change can have brought about most of what failed.
    fn fits(&self, change: &Happened) -> bool {
        let Some(area) = Area::of(change) else { return false };
        let (mut fitting, mut all) = (0.0, 0.0);
        for fail in self.fails() {
            let behind = fail.behind.map(|behind| &self.view.fails[behind.position]);
            let fits = area.fits(fail.failure.mechanism)
                || behind.is_some_and(|behind| area.fits(behind.failure.mechanism));
            all += fail.weight;
            fitting += if fits { fail.weight } else { 0.0 };
        }
        fitting * 2.0 > all && !self.is_about_something_else(change, area)
    }

    /// Whether a change names a port or a resource, and nothing that failed has that port or name.
    fn is_about_something_else(&self, change: &Happened, area: Area) -> bool {
        let told = told(change);
        let named = ports(&told);
        let failing: BTreeSet<u16> =
            self.fails().filter_map(|fail| fail.target().and_then(port)).collect();
        let elsewhere = !named.is_empty()
            && !failing.is_empty()
            && !named.iter().any(|(_, last)| *last >= EPHEMERAL)
            && !failing.iter().any(|port| named.iter().any(|(a, b)| (a..=b).contains(&port)));
        if elsewhere {
            return true;
        }
        let names: BTreeSet<String> =
            self.fails().flat_map(names).map(str::to_ascii_lowercase).collect();
        area.is_named_in_logs()
            && !names.is_empty()
            && !names.iter().any(|name| told.contains(name.as_str()))
    }

    /// How long before the failures the last change came that can have brought them about.
    pub(super) fn change_lead(&self) -> Option<Measured> {
        let told = self.view.would_show(OccurrenceKind::ConfigChange) || self.deploys_visible();
        if self.is_undated() || !told {
            return None;
        }
        let never = Measured { value: f64::INFINITY, shown_by: Vec::new() };
        let Some((place, change)) = self.last_change() else { return Some(never) };
        let (at, onset) = (change.at?, self.first_failure());
        let log_begins = self
            .fails()
            .filter_map(|fail| self.view.stream_of(fail.key)?.period.0)
            .map(|(first, _)| first)
            .min()
            .or(self.view.period.map(|(first, _)| first))?;
        // Nothing is known of what was before: it may have failed all along.
        if log_begins >= at {
            return None;
        }
        let mut windows = self.alike().filter_map(|cluster| cluster.window);
        if windows.any(|window| window.start < at - CLOCKS) {
            return Some(never);
        }
        let lead = (onset - at).as_secs_f64().max(0.0);
        Some(Measured { value: lead, shown_by: vec![shown((place, change))] })
    }

    /// What was changed, in the words of the record of it, and on what.
    pub(crate) fn change_name(&self) -> Option<String> {
        let (_, change) = self.last_change()?;
        let subject = &change.subject;
        Some(match change.detail.as_deref() {
            Some(detail) if detail.contains(&**subject) => detail.to_owned(),
            Some(detail) => format!("{detail}, {subject}"),
            None => subject.to_string(),
        })
    }

    /// The last change in the time before the failures that can have brought them about.
    fn last_change(&self) -> Option<(Place, &'a Happened)> {
        let changes = self.view.happened(&[OccurrenceKind::ConfigChange]);
        self.last_before(changes, |change| self.fits(change))
    }

    /// The last wanted one of some changes in the time before the failures.
    fn last_before(
        &self,
        changes: Vec<(Place, &'a Happened)>,
        wanted: impl Fn(&Happened) -> bool,
    ) -> Option<(Place, &'a Happened)> {
        let onset = self.first_failure();
        let near = |at: Option<Timestamp>| {
            at.is_some_and(|at| at <= onset + CLOCKS && onset - at <= CHANGE_REACH)
        };
        changes.into_iter().rfind(|(_, change)| near(change.at) && wanted(change))
    }

    /// Failures in the time before their own target was marked down.
    pub(super) fn down_after(&self) -> Option<Measured> {
        let downs = self.view.happened(&[OccurrenceKind::HealthDown]);
        let downs: Vec<_> = downs.into_iter().filter(|(_, down)| down.at.is_some()).collect();
        if self.is_undated() || downs.is_empty() {
            return None;
        }
        let names = |down: &Happened, target: &str| {
            let Some(object) = down.object.as_deref() else { return false };
            let of_group = target.strip_suffix(object).and_then(|group| group.strip_suffix('/'));
            object == target
                || of_group.is_some_and(|group| *down.subject == *group)
                || target.rsplit_once(':').is_some_and(|(host, _)| host == object)
        };
        let mut measured = self.share(|fail| {
            let target = fail.target()?;
            Some(
                fail.dated
                    && downs.iter().any(|(_, down)| {
                        names(down, target)
                            && down.at.is_some_and(|at| {
                                fail.began() <= at + CLOCKS && at - fail.began() <= NOTICED
                            })
                    }),
            )
        })?;
        let cited = downs
            .iter()
            .filter(|(_, down)| self.fails().any(|f| f.target().is_some_and(|t| names(down, t))));
        measured.shown_by = cited.take(3).map(|(place, down)| shown((*place, *down))).collect();
        Some(measured)
    }

    /// What hops behind the failing one answered well in the window.
    pub(super) fn behind_served(&self) -> Option<Measured> {
        let outermost = self.fails().map(|fail| fail.key.kind).min()?;
        let mut served = None;
        for stream in self.view.streams.iter().filter(|stream| stream.key.kind > outermost) {
            let width = stream.slots.width();
            let slots = stream.slots.sorted();
            let inside = slots.iter().filter(|(at, _)| {
                self.is_undated() || (*at + width > self.window.start && *at <= self.window.end)
            });
            let well: u64 =
                inside.map(|(_, slot)| slot.requests.saturating_sub(slot.failures)).sum();
            served = Some(served.unwrap_or(0) + well);
        }
        Measured::of(served? as f64)
    }

    /// Occurrences of a kind near the window that are about what is asked for.
    fn told_of(
        &self,
        kind: OccurrenceKind,
        reach: Micros,
        wanted: impl Fn(&Happened) -> bool,
    ) -> Option<Measured> {
        let near = |at: Option<Timestamp>| {
            self.is_undated() || at.is_none_or(|at| self.window.contains(at, reach))
        };
        let all = self.view.happened(&[kind]);
        let found: Vec<_> =
            all.into_iter().filter(|(_, told)| near(told.at) && wanted(told)).collect();
        if found.is_empty() {
            return self.view.would_show(kind).then(Measured::default);
        }
        let value = found.len() as f64;
        Some(Measured { value, shown_by: found.into_iter().take(3).map(shown).collect() })
    }

    pub(super) fn certificate_problems(&self) -> Option<Measured> {
        self.told_of(OccurrenceKind::CertificateProblem, CERTIFICATE_REACH, |_| true)
    }

    /// How long before the failures a certificate ran out.
    pub(super) fn certificate_lead(&self) -> Option<Measured> {
        let problems = self.view.happened(&[OccurrenceKind::CertificateProblem]);
        let dated: Vec<_> = problems.into_iter().filter(|(_, told)| told.at.is_some()).collect();
        if self.is_undated() || dated.is_empty() {
            return None;
        }
        match self.last_before(dated, |_| true) {
            Some((place, told)) => {
                let lead = (self.first_failure() - told.at?).as_secs_f64().max(0.0);
                Some(Measured { value: lead, shown_by: vec![shown((place, told))] })
            }
            None => Some(Measured { value: f64::INFINITY, shown_by: Vec::new() }),
        }
    }

    pub(super) fn processor_saturations(&self) -> Option<Measured> {
        const REACH: Micros = Micros::from_secs(120);
        let is_processor = |told: &Happened| {
            let metric = told.object.as_deref().unwrap_or_default().to_ascii_lowercase();
            metric.contains("cpu") || metric.contains("processor")
        };
        let inside = |told: &Happened| told.at.is_none_or(|at| self.window.contains(at, REACH));
        // Whoever is as busy at other times explains nothing of this time.
        let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for (_, told) in self.view.happened(&[OccurrenceKind::ResourceSaturated]) {
            if is_processor(told) {
                let (within, all) = counts.entry(&told.subject).or_default();
                *within += u64::from(inside(told));
                *all += 1;
            }
        }
        self.told_of(OccurrenceKind::ResourceSaturated, REACH, |told| {
            let (within, all) = counts.get(&*told.subject).copied().unwrap_or((0, 1));
            is_processor(told) && within * 2 >= all
        })
    }
}
