//! Records of two hops about one request, where no id is logged at both: a CDN and the load
//! balancer behind it log the same status, method and path at the same moment.

use std::collections::BTreeMap;

use model::Micros;

use crate::view::Fail;

/// How far the two ends may lie apart: one of them may be logged in whole seconds.
const APART: Micros = Micros::from_millis(1_500);

/// Status, path.
type Key<'a> = (u16, &'a str);

/// Failing requests of inner hops that say why, each to be given away once.
pub(crate) struct Alike<'a> {
    /// Positions, in the order of time.
    by_key: BTreeMap<Key<'a>, Vec<usize>>,
    taken: Vec<bool>,
}

impl<'a> Alike<'a> {
    /// Those of the failures that are requests with a path and say why. `fails` is in the order of
    /// time.
    pub(crate) fn of(fails: &[Fail<'a>], says_why: impl Fn(&Fail<'a>) -> bool) -> Alike<'a> {
        let mut by_key: BTreeMap<Key<'a>, Vec<usize>> = BTreeMap::new();
        for (position, fail) in fails.iter().enumerate() {
            let record = fail.record;
            if let Some(path) =
                record.path.as_deref().filter(|_| fail.is_access() && says_why(fail))
            {
                by_key.entry((fail.key.status, path)).or_default().push(position);
            }
        }
        Alike { by_key, taken: vec![false; fails.len()] }
    }

    /// The nearest record of a hop further in that tells of the same request.
    pub(crate) fn take(&mut self, fails: &[Fail<'a>], position: usize) -> Option<usize> {
        let outer = &fails[position];
        let path = outer.record.path.as_deref()?;
        let candidates = self.by_key.get(&(outer.key.status, path))?;
        let first = candidates.partition_point(|&c| fails[c].at < outer.at - APART);
        let near = candidates[first..].iter().copied();
        let found = near
            .take_while(|&c| fails[c].at <= outer.at + APART)
            .filter(|&c| {
                let inner = &fails[c];
                let methods = (outer.record.method.as_deref(), inner.record.method.as_deref());
                let same_method = !matches!(methods, (Some(a), Some(b)) if a != b);
                !self.taken[c] && inner.key.kind > outer.key.kind && same_method
            })
            .min_by_key(|&c| ((fails[c].at - outer.at).0.abs(), c))?;
        self.taken[found] = true;
        Some(found)
    }
}
