//! Signals of the traffic around the failures: rates, durations, what the targets did meanwhile.

use std::collections::BTreeSet;

use model::{Micros, OccurrenceKind, Timestamp};

use super::{Measured, Scope};
use crate::digest::bounded::Merge;
use crate::digest::failures::ClassKey;
use crate::digest::histogram::Histogram;
use crate::digest::stream::{Late, Stream, TargetCounts};
use crate::view::Fail;

/// Requests needed on both sides of a comparison.
const ENOUGH: u64 = 30;
/// Requests finished together that had begun this far apart waited for the same thing.
const APART: Micros = Micros::from_secs(1);
/// So many times as many end together as in the seconds around, or they do it by chance.
const OUTSTANDING: u64 = 4;
/// A start does not take longer than this before a platform or a person gives up on it.
const START: Micros = Micros::from_secs(5 * 60);
/// What a hop asks for the first time this long after its log began was not there before.
const APPEARED: Micros = Micros::from_secs(10);
/// Access logs that stamp whole seconds put a request before a deploy of the same second.
const WHOLE_SECOND: Micros = Micros::from_secs(1);
/// A target is new if it appeared this long before at most.
const NEW: Micros = Micros::from_secs(20 * 60);

/// How many requests ended in a second and the next one, if they stand out from those around.
fn together(second: i64, late: &[(&i64, &Late)]) -> u64 {
    let (mut together, mut around) = (Late::default(), 0);
    for (other, late) in late {
        match **other - second {
            0 | 1 => together.merge(**late),
            -10..=11 => around += late.count,
            _ => {}
        }
    }
    let apart = together.waits.is_some_and(|(least, longest)| longest.0 - least.0 >= APART.0);
    if apart && around * OUTSTANDING <= together.count { together.count } else { 0 }
}

/// How many requests a target would have got in the time before its first, at its later rate.
fn missed(counts: &TargetCounts, before: Micros, after: Micros) -> f64 {
    let requests = (counts.successes + counts.failures) as f64;
    // Stamps may have no fractions.
    requests * before.as_secs_f64() / after.as_secs_f64().max(1.0)
}

impl<'a> Scope<'_, 'a> {
    /// The streams the claimed failures were counted in.
    fn streams(&self) -> Vec<&'a Stream> {
        self.streams_by(|fail| fail.key)
    }

    /// The streams in which the claimed failures' records name their keys.
    fn streams_by(&self, key: impl Fn(&Fail<'a>) -> &'a ClassKey) -> Vec<&'a Stream> {
        let mut keys = BTreeSet::new();
        let mut streams = Vec::new();
        for key in self.fails().filter(|f| f.is_access()).map(key) {
            if keys.insert((key.dialect, &key.hop, key.kind)) {
                streams.extend(self.view.stream_of(key));
            }
        }
        streams
    }

    /// Whether a slot of this width lies in the window.
    fn inside(&self, at: Timestamp, width: Micros) -> bool {
        at + width > self.window.start && at <= self.window.end
    }

    /// Requests and durations inside and outside the window, with the seconds they took.
    fn compared(&self) -> Option<[(u64, f64, Histogram); 2]> {
        let mut sides = [(0, 0.0, Histogram::default()), (0, 0.0, Histogram::default())];
        if self.is_undated() {
            return None;
        }
        for stream in self.streams() {
            let width = stream.slots.width();
            for (at, slot) in stream.slots.sorted() {
                let side = &mut sides[usize::from(!self.inside(at, width))];
                side.0 += slot.requests;
                side.1 += width.as_secs_f64();
                side.2.merge(slot.elapsed.clone());
            }
        }
        (sides[0].0 >= ENOUGH && sides[1].0 >= ENOUGH).then_some(sides)
    }

    pub(super) fn failure_rate(&self) -> Option<Measured> {
        let requests: u64 = self
            .streams()
            .iter()
            .map(|stream| {
                let width = stream.slots.width();
                let slots = stream.slots.sorted();
                let inside = slots.iter().filter(|(at, _)| self.inside(*at, width));
                inside.map(|(_, slot)| slot.requests).sum::<u64>()
            })
            .sum();
        if requests == 0 { None } else { Measured::of((self.weight() / requests as f64).min(1.0)) }
    }

    pub(super) fn load_rise(&self) -> Option<Measured> {
        let [inside, outside] = self.compared()?;
        Measured::of((inside.0 as f64 / inside.1) / (outside.0 as f64 / outside.1))
    }

    pub(super) fn latency_rise(&self) -> Option<Measured> {
        let [inside, outside] = self.compared()?;
        if inside.2.total() < ENOUGH || outside.2.total() < ENOUGH {
            return None;
        }
        let inside = inside.2.quantile(0.95)?.as_secs_f64();
        let outside = outside.2.quantile(0.95)?.as_secs_f64();
        Measured::of(inside / outside.max(1e-4))
    }

    /// Targets of the claimed failures with their counts.
    fn targets(&self) -> Vec<(&'a str, &'a Stream, &'a TargetCounts)> {
        let mut seen = BTreeSet::new();
        let mut targets = Vec::new();
        for fail in self.fails().filter(|f| f.is_access()) {
            let Some(target) = fail.target() else { continue };
            if !seen.insert((fail.key.dialect, &fail.key.hop, target)) {
                continue;
            }
            let Some(stream) = self.view.stream_of(fail.target_key()) else { continue };
            if let Some(counts) = stream.targets.get(target.as_bytes()) {
                targets.push((target, stream, counts));
            }
        }
        targets
    }

    fn successes(&self, counts: &TargetCounts) -> u64 {
        let width = counts.success_slots.width();
        let slots = counts.success_slots.sorted();
        let inside = slots.iter().filter(|(at, _)| self.is_undated() || self.inside(*at, width));
        inside.map(|(_, n)| **n).sum()
    }

    pub(super) fn target_success(&self) -> Option<Measured> {
        let targets = self.targets();
        if targets.is_empty() {
            return None;
        }
        let good: u64 = targets.iter().map(|(_, _, counts)| self.successes(counts)).sum();
        let bad: f64 = self.fails().filter(|f| f.target().is_some()).map(|f| f.weight).sum();
        Measured::of(good as f64 / (good as f64 + bad).max(1.0))
    }

    pub(super) fn healthy_targets(&self) -> Option<Measured> {
        let (mut well, mut all) = (0, 0);
        for stream in self.streams_by(Fail::target_key) {
            for (_, counts) in stream.targets.sorted() {
                let Some((first, last)) = counts.seen.0 else { continue };
                if last < self.window.start || first > self.window.end {
                    continue;
                }
                all += 1;
                well += u32::from(self.successes(counts) > 0);
            }
        }
        if all == 0 { None } else { Measured::of(f64::from(well) / f64::from(all)) }
    }

    /// The most requests one target finished at one moment after they had waited differently long.
    pub(super) fn finished_together(&self) -> Option<Measured> {
        let targets = self.targets();
        if targets.is_empty() || self.is_undated() {
            return None;
        }
        let margin = Micros::from_secs(30);
        let most = targets.iter().map(|(_, _, counts)| {
            let late = counts.late.sorted();
            let near = late.iter().filter(|(second, _)| {
                self.window.contains(Timestamp::from_unix_seconds(**second), margin)
            });
            near.map(|(second, _)| together(**second, &late)).max().unwrap_or(0)
        });
        Measured::of(most.max().unwrap_or(0) as f64)
    }

    /// Failures of a target before it had ever answered.
    pub(super) fn before_first_answer(&self) -> Option<Measured> {
        let first: Vec<(&str, Option<Timestamp>)> = self
            .targets()
            .into_iter()
            .filter(|(_, stream, counts)| {
                let (start, seen) = (stream.period.0, counts.seen.0);
                start.zip(seen).is_some_and(|(start, seen)| seen.0 - start.0 >= APPEARED)
            })
            .map(|(name, _, counts)| (name, counts.served.0.map(|(first, _)| first)))
            .collect();
        self.share(|fail| {
            let target = fail.target()?;
            let (_, answered) = first.iter().find(|(name, _)| *name == target)?;
            Some(answered.is_some_and(|at| at >= fail.at && at - fail.at <= START))
        })
    }

    /// Failures of targets that answered something afterwards.
    pub(super) fn answers_later(&self) -> Option<Measured> {
        let last: Vec<(&str, Option<Timestamp>)> = self
            .targets()
            .into_iter()
            .map(|(name, _, counts)| (name, counts.served.0.map(|(_, last)| last)))
            .collect();
        self.share(|fail| {
            let target = fail.target()?;
            let (_, answered) = last.iter().find(|(name, _)| *name == target)?;
            Some(answered.is_some_and(|at| at >= fail.at))
        })
    }

    /// Weighted share of the failures with a target for which the question has a yes.
    fn share_of_targets(
        &self,
        ask: impl Fn(&'a Stream, &'a TargetCounts) -> Option<bool>,
    ) -> Option<Measured> {
        let answers: Vec<(&str, Option<bool>)> = self
            .targets()
            .into_iter()
            .map(|(name, stream, counts)| (name, ask(stream, counts)))
            .collect();
        self.share(|fail| {
            let target = fail.target()?;
            answers.iter().find(|(name, _)| *name == target)?.1
        })
    }

    pub(super) fn vanished_targets(&self) -> Option<Measured> {
        let after = self.window.end + Micros::from_secs(10);
        self.share_of_targets(|stream, counts| {
            let (_, last) = stream.period.0?;
            let goes_on = last >= self.window.end + Micros::from_secs(120);
            goes_on.then(|| {
                counts.served.0.is_some_and(|(_, served)| served <= after)
                    && counts.seen.0.is_some_and(|(_, seen)| seen <= after)
            })
        })
    }

    /// Share of the failures on what is new.
    ///
    /// A target is new if it first appears two minutes into the log, or after a deploy and later
    /// than chance allows: at the rate at which it was asked from then on, it would have been asked
    /// ten times before, had it been there.
    pub(super) fn new_targets(&self) -> Option<Measured> {
        let deploys = self.view.happened(&[OccurrenceKind::Deploy]);
        let named: Vec<(&str, Timestamp)> = deploys
            .iter()
            .filter_map(|(_, deploy)| Some((deploy.object.as_deref()?, deploy.at?)))
            .collect();
        let known = self.fails().any(|f| f.record.revision.is_some());
        if known && !named.is_empty() {
            return self.share(|fail| {
                let revision = fail.record.revision.as_deref()?;
                Some(named.iter().any(|(deployed, at)| {
                    let age = fail.at - *at;
                    *deployed == revision && age >= Micros::from_secs(-60) && age <= NEW
                }))
            });
        }
        let is_new = |stream: &Stream, counts: &TargetCounts| {
            let (start, (first, last)) = (stream.period.0?.0, counts.seen.0?);
            let deployed = deploys.iter().filter_map(|(_, deploy)| deploy.at);
            let late = first > start + Micros::from_secs(120)
                || deployed.into_iter().any(|at| at >= start && at <= first + WHOLE_SECOND)
                    && missed(counts, first - start, last - first) >= 10.0;
            Some((late, first))
        };
        // Where no target ever appears, versions may change in place: the targets tell nothing.
        let some_appear = self.streams().iter().any(|stream| {
            let targets = stream.targets.sorted();
            targets.iter().any(|(_, counts)| is_new(stream, counts).is_some_and(|(late, _)| late))
        });
        if !some_appear {
            return None;
        }
        self.share_of_targets(|stream, counts| {
            let (late, first) = is_new(stream, counts)?;
            let (start, _) = stream.period.0?;
            // What is there from the beginning may be old or new.
            let judged = late || self.window.start > start + Micros::from_secs(300);
            judged.then(|| late && self.window.start - first <= NEW)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn late(waits: &[f64]) -> Late {
        let mut all = Late::default();
        for wait in waits {
            let wait = Micros((wait * 1e6) as i64);
            all.merge(Late { count: 1, waits: Some((wait, wait)) });
        }
        all
    }

    #[test]
    fn a_common_end_stands_out() {
        let (burst, spill) = (late(&[2.9, 2.6, 2.4, 1.9, 1.4]), late(&[1.1]));
        let other = late(&[1.3]);
        assert_eq!(together(100, &[(&100, &burst), (&101, &spill)]), 6);
        assert_eq!(together(100, &[(&95, &other), (&100, &burst), (&101, &spill)]), 6);
        assert_eq!(together(100, &[(&80, &burst), (&100, &burst)]), 5);
    }

    #[test]
    fn usual_waits_and_common_starts_do_not() {
        let (some, alike) = (late(&[2.9, 1.4]), late(&[2.0, 2.1, 2.2, 2.3]));
        assert_eq!(together(100, &[(&98, &some), (&100, &some), (&103, &some)]), 0);
        assert_eq!(together(100, &[(&100, &alike)]), 0);
    }
}
