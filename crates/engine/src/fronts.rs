//! Which load balancers and API gateways stand beside a CDN and not behind it, so that the failures
//! of both are counted.

use std::collections::{BTreeMap, BTreeSet};

use model::HopKind;

use crate::digest::failures::ClassKey;
use crate::view::Fail;

/// Fewer failing requests than this tell nothing of who stands where.
const FEW: usize = 3;

/// Dialect and name of a hop.
type Hop<'a> = (&'static str, &'a str);

/// Hops of the kind [`HopKind::Edge`] whose failing requests no CDN of this evidence can have passed
/// on. What such a hop answers is logged by the CDN before it with the same path (behind a prefix
/// that the CDN or a stage adds), so a hop none of whose failing requests the CDN has is a front of
/// its own. Where the two share a host, a request or a path, or a path is not known, the hop is taken
/// to be behind the CDN: counting a request twice would be worse than leaving one out. A CDN that
/// rewrites paths, or that answers from a second origin, cannot be told apart from one that stands
/// beside.
#[derive(Debug, Default)]
pub(crate) struct Fronts<'a> {
    beside: BTreeSet<Hop<'a>>,
}

/// What the failing requests of one hop have.
#[derive(Default)]
struct Seen<'a> {
    count: usize,
    paths: BTreeSet<&'a str>,
    hosts: BTreeSet<&'a str>,
    ids: BTreeSet<&'a str>,
    has_all_paths: bool,
}

impl<'a> Seen<'a> {
    fn add(&mut self, fail: &Fail<'a>) {
        let record = fail.record;
        self.has_all_paths = record.path.is_some() && (self.count == 0 || self.has_all_paths);
        self.count += 1;
        self.paths.extend(record.path.as_deref());
        self.hosts.extend(record.host.as_deref());
        self.ids.extend(record.id.as_deref());
    }
}

impl<'a> Fronts<'a> {
    /// Of failing requests that were joined to the records behind them.
    pub(crate) fn of(fails: &[Fail<'a>]) -> Fronts<'a> {
        let mut cdn = Seen::default();
        let mut edges: BTreeMap<Hop<'a>, Seen<'a>> = BTreeMap::new();
        let mut joined: BTreeSet<Hop<'a>> = BTreeSet::new();
        for fail in fails.iter().filter(|fail| fail.is_access()) {
            match fail.key.kind {
                HopKind::Cdn => {
                    cdn.add(fail);
                    let behind = fail.behind.filter(|behind| behind.same_request);
                    joined.extend(behind.map(|behind| hop(fails[behind.position].key)));
                }
                HopKind::Edge => edges.entry(hop(fail.key)).or_default().add(fail),
                _ => {}
            }
        }
        if cdn.count < FEW || !cdn.has_all_paths {
            return Fronts::default();
        }
        edges.retain(|hop, edge| {
            edge.count >= FEW
                && edge.has_all_paths
                && !joined.contains(hop)
                && edge.hosts.is_disjoint(&cdn.hosts)
                && edge.ids.is_disjoint(&cdn.ids)
                && !edge.paths.iter().any(|inner| cdn.paths.iter().any(|outer| alike(inner, outer)))
        });
        Fronts { beside: edges.into_keys().collect() }
    }

    /// Whether requests of a hop are counted where those of this kind are the outermost ones.
    pub(crate) fn are_counted(&self, key: &ClassKey, outermost: HopKind) -> bool {
        self.counts((key.dialect, &key.hop), key.kind, outermost)
    }

    /// The same by the name of the hop.
    pub(crate) fn counts(&self, hop: (&str, &str), kind: HopKind, outermost: HopKind) -> bool {
        kind == outermost || (outermost == HopKind::Cdn && self.beside.contains(&hop))
    }
}

fn hop(key: &ClassKey) -> Hop<'_> {
    (key.dialect, &key.hop)
}

/// Whether two hops may mean the same by two paths: one may have a prefix that the other has not, and
/// an API gateway logs `/orders/{id}`.
fn alike(a: &str, b: &str) -> bool {
    let segments = |path| str::split(path, '/').rev().filter(|segment| !segment.is_empty());
    let is_any = |segment: &str| segment.starts_with('{') || segment.starts_with(':');
    let same = |(a, b): (&str, &str)| a == b || is_any(a) || is_any(b);
    let is_greedy = |path: &str| path.contains("+}");
    is_greedy(a) || is_greedy(b) || segments(a).zip(segments(b)).all(same)
}

#[cfg(test)]
mod tests {
    use super::alike;

    #[test]
    fn paths_are_alike_behind_a_prefix_or_a_place() {
        for (a, b) in [
            ("/orders/42", "/orders/42"),
            ("/prod/orders/42", "/orders/42"),
            ("/orders/42", "/orders/{id}"),
            ("/anything/at/all", "/{proxy+}"),
            ("/", "/orders"),
            ("/orders/", "/orders"),
        ] {
            assert!(alike(a, b) && alike(b, a), "{a} {b}");
        }
        for (a, b) in [("/orders/42", "/orders/43"), ("/orders", "/quotes"), ("/a/b", "/a/c/b")] {
            assert!(!alike(a, b) && !alike(b, a), "{a} {b}");
        }
    }
}
