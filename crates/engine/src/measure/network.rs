//! Signals about addresses: what a firewall dropped on the way to them, which of them are the
//! loopback, and what became of a connection that nobody had used for a while.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use model::{Mechanism, Micros, OccurrenceKind, Timestamp};

use super::surroundings::shown;
use super::{Measured, Scope};
use crate::digest::stream::TargetCounts;
use crate::view::Fail;

/// Pauses shorter than this cannot be told from steady traffic: successes are counted in slots of
/// 10 s.
const PAUSE: Micros = Micros::from_secs(12);

/// The target as an address; names and sockets of files have none.
fn address(target: &str) -> Option<SocketAddr> {
    target.parse().ok().or_else(|| {
        // `::1:3000`: libuv prints no brackets.
        let (ip, port) = target.rsplit_once(':')?;
        Some(SocketAddr::new(ip.parse::<IpAddr>().ok()?, port.parse().ok()?))
    })
}

fn target(fail: &Fail<'_>) -> Option<SocketAddr> {
    address(fail.target()?)
}

/// Whether a failing request was to the IPv6 loopback address.
pub(crate) fn is_to_ipv6_loopback(fail: &Fail<'_>) -> bool {
    target(fail).is_some_and(|to| to.ip() == Ipv6Addr::LOCALHOST)
}

impl<'a> Scope<'_, 'a> {
    /// Share of the failures whose target is one towards which such drops went in the window.
    pub(super) fn reached_by(&self, kind: OccurrenceKind) -> Option<Measured> {
        let drops = self.view.digest.occurrences.kinds.get(&kind)?;
        let (from, to) =
            (self.window.start - Micros::from_secs(60), self.window.end + Micros::from_secs(10));
        let in_window = |(first, last): (Timestamp, Timestamp)| last >= from && first <= to;
        // A metric counts drops and names no address.
        if !drops.pairs.sorted().into_iter().any(|((_, object), _)| address(object).is_some()) {
            return None;
        }
        let towards: BTreeSet<SocketAddr> = drops
            .pairs
            .sorted()
            .into_iter()
            .filter(|(_, counts)| self.is_undated() || counts.seen.0.is_none_or(in_window))
            .filter_map(|((_, object), _)| address(object))
            .collect();
        let mut measured = self.share(|fail| target(fail).map(|to| towards.contains(&to)))?;
        if measured.value > 0.0 {
            let near = |at: Option<Timestamp>| {
                self.is_undated() || at.is_none_or(|at| at >= from && at <= to)
            };
            let hit: BTreeSet<SocketAddr> = self.fails().filter_map(target).collect();
            let cited = self.view.happened(&[kind]).into_iter().filter(|(_, drop)| {
                near(drop.at)
                    && drop.object.as_deref().and_then(address).is_some_and(|to| hit.contains(&to))
            });
            measured.shown_by = cited.take(3).map(shown).collect();
        }
        Some(measured)
    }

    /// Drops in this or another window of the same kinds of failure, of all drops, where the
    /// failing records name no address that could be compared.
    pub(super) fn firewall_focus(&self) -> Option<Measured> {
        let mut measured = self.share_near_alike(OccurrenceKind::FirewallDrop)?;
        if self.fails().any(|fail| target(fail).is_some()) {
            return None;
        }
        let happened = self.view.happened(&[OccurrenceKind::FirewallDrop]);
        let cited = happened.into_iter().filter(|(_, drop)| {
            drop.at.is_some_and(|at| self.window.contains(at, Micros::from_secs(10)))
        });
        measured.shown_by = cited.take(3).map(shown).collect();
        Some(measured)
    }

    pub(super) fn ipv6_loopback(&self) -> Option<Measured> {
        self.share(|fail| target(fail).map(|to| to.ip() == Ipv6Addr::LOCALHOST))
    }

    /// Connections to the IPv6 loopback, and groups that bear the loopback's name and had more than
    /// one address to lose.
    pub(super) fn localhost_groups(&self) -> Option<Measured> {
        let is_group = |fail: &Fail<'_>| {
            let group = fail.record.upstream.as_deref().unwrap_or_default();
            fail.failure.mechanism == Mechanism::AllTargetsEjected
                && group.split(':').next() == Some("localhost")
        };
        self.share(|fail| Some(is_to_ipv6_loopback(fail) || is_group(fail)))
    }

    /// Ports of the IPv6 loopback that failures went to.
    fn loopback_ports(&self) -> BTreeSet<u16> {
        let to = self.fails().filter_map(target);
        to.filter(|to| to.ip() == Ipv6Addr::LOCALHOST).map(|to| to.port()).collect()
    }

    pub(super) fn ipv4_loopback_listens(&self) -> Option<Measured> {
        let ports = self.loopback_ports();
        if ports.is_empty() {
            return None;
        }
        let starts = self.view.happened(&[OccurrenceKind::InstanceStart]);
        let listens: Vec<_> = starts
            .into_iter()
            .filter(|(_, start)| {
                let detail = start.detail.as_deref().unwrap_or("");
                ports.iter().any(|port| names_address(detail, &format!("127.0.0.1:{port}")))
            })
            .collect();
        if listens.is_empty() {
            return None;
        }
        let value = listens.len() as f64;
        Some(Measured { value, shown_by: listens.into_iter().take(2).map(shown).collect() })
    }

    pub(super) fn ipv4_loopback_serves(&self) -> Option<Measured> {
        let ports = self.loopback_ports();
        if ports.is_empty() {
            return None;
        }
        let (mut served, mut tried) = (0, false);
        for stream in &self.view.streams {
            for (name, counts) in stream.targets.sorted() {
                let to = std::str::from_utf8(name).ok().and_then(address);
                let is_here = to
                    .is_some_and(|to| to.ip() == Ipv4Addr::LOCALHOST && ports.contains(&to.port()));
                tried |= is_here;
                served += if is_here { counts.successes } else { 0 };
            }
        }
        if tried { Measured::of(served as f64) } else { None }
    }

    /// Of the requests that came first after a pause, the share that failed.
    pub(super) fn after_pause(&self) -> Option<Measured> {
        if self.is_undated() {
            return None;
        }
        let mut pauses: Vec<(Micros, f64)> = Vec::new();
        let mut others: Vec<Micros> = Vec::new();
        let with_target = self.fails().filter(|f| f.is_access());
        let failing: Vec<(&str, &Fail<'a>)> =
            with_target.filter_map(|f| Some((f.target()?, f))).collect();
        let names: BTreeSet<&str> = failing.iter().map(|(name, _)| *name).collect();
        for name in names {
            let fails: Vec<&Fail<'a>> =
                failing.iter().filter(|(other, _)| *other == name).map(|(_, f)| *f).collect();
            let stream = fails.first().and_then(|fail| self.view.stream_of(fail.key))?;
            let counts = stream.targets.get(name.as_bytes())?;
            pauses_of(counts, &fails, &mut pauses, &mut others);
        }
        let mut known: Vec<Micros> = pauses.iter().map(|(pause, _)| *pause).collect();
        known.sort_unstable();
        // Nearly all: one in ten may have come without a pause.
        let usual = *known.get(known.len() / 10)?;
        if usual < PAUSE {
            return Measured::of(0.0);
        }
        let failed: f64 = pauses.iter().filter(|(pause, _)| *pause >= usual).map(|(_, w)| w).sum();
        let went_well = others.iter().filter(|pause| **pause >= usual).count() as f64;
        Measured::of(failed / (failed + went_well))
    }
}

/// Whether a text names this address, and not a longer one that begins with it.
fn names_address(text: &str, address: &str) -> bool {
    text.match_indices(address).any(|(at, _)| {
        !text[at + address.len()..].starts_with(|c: char| c.is_ascii_digit())
            && !text[..at].ends_with(|c: char| c.is_ascii_digit() || c == '.')
    })
}

/// The pause before each failing request of a target, and before each slot of successes.
fn pauses_of(
    counts: &TargetCounts,
    fails: &[&Fail<'_>],
    pauses: &mut Vec<(Micros, f64)>,
    others: &mut Vec<Micros>,
) {
    let width = counts.success_slots.width();
    let slots: Vec<Timestamp> =
        counts.success_slots.sorted().into_iter().map(|(at, _)| at).collect();
    // The last sign of life before a moment: a slot with successes, or the end of a failure.
    let last_before = |moment: Timestamp| {
        let served = slots.iter().rev().find(|at| **at + width <= moment).map(|at| *at + width);
        let failed = fails.iter().map(|f| f.at).filter(|at| *at <= moment).max();
        served.max(failed)
    };
    for fail in fails {
        let began = fail.began();
        if let Some(last) = last_before(began) {
            pauses.push((began - last, fail.weight));
        }
    }
    for slot in &slots {
        let near = |f: &&Fail<'_>| f.at >= *slot - width && f.began() < *slot + width;
        if fails.iter().any(near) {
            continue;
        }
        if let Some(last) = last_before(*slot) {
            others.push(*slot - last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_in_all_spellings() {
        let one = "[::1]:3000".parse().ok();
        assert_eq!(address("[::1]:3000"), one);
        assert_eq!(address("::1:3000"), one);
        assert_eq!(address("10.0.0.1:80"), "10.0.0.1:80".parse().ok());
        assert_eq!(address("api/api1"), None);
        assert_eq!(address("unix:/run/app.sock"), None);
    }

    #[test]
    fn an_address_is_not_the_beginning_of_a_longer_one() {
        assert!(names_address("Listening at: http://127.0.0.1:3000 (12)", "127.0.0.1:3000"));
        assert!(!names_address("Listening at: http://127.0.0.1:30001", "127.0.0.1:3000"));
        assert!(!names_address("http://10.127.0.0.1:3000", "127.0.0.1:3000"));
    }
}
