//! Difference constraints: unknowns of which one has to exceed another by so much, and values some
//! of them have. Says which relations contradict each other, and which few values have to change.
//!
//! Relations are edges of a graph, and a contradiction is a circle of edges whose lengths add up to
//! less than nothing (Bellman and Ford). An unknown that keeps its value is tied to a point of
//! reference by two edges.

/// The value that stands for "without end", in microseconds: ten years.
pub(crate) const FOREVER: i64 = 10 * 365 * 86_400 * 1_000_000;

/// How many sets of changes are tried before the plain one is taken: each broken relation mended by
/// itself.
const MOST_TRIALS: usize = 20_000;

/// Unknowns that hang together beyond which no changes are looked for: the effort grows with the
/// cube of their number, and nobody changes hundreds of timers at once.
const MOST_UNKNOWNS: usize = 200;

/// `longer` has to exceed `shorter` by at least `margin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    pub(crate) longer: usize,
    pub(crate) shorter: usize,
    pub(crate) margin: i64,
}

/// One unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unknown {
    /// Its value; `None` if it is free to take any.
    pub(crate) value: Option<i64>,
    /// What changing it costs; `None` if it cannot be changed.
    pub(crate) cost: Option<u32>,
    /// The smallest and the largest value it can take.
    pub(crate) bounds: (i64, i64),
}

/// A problem to solve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problem {
    pub(crate) unknowns: Vec<Unknown>,
    pub(crate) relations: Vec<Relation>,
}

/// An edge: `to` is at most `from` plus `length`.
#[derive(Clone, Copy)]
struct Edge {
    from: usize,
    to: usize,
    length: i64,
    /// The relation it stands for; `None` for a value or a bound.
    relation: Option<usize>,
}

impl Problem {
    /// The smallest sets of relations that contradict each other and the values: each one is listed
    /// by the numbers of its relations, from the first unknown with a value to the last.
    pub(crate) fn contradictions(&self) -> Vec<Vec<usize>> {
        let mut found: Vec<Vec<usize>> = Vec::new();
        let mut left: Vec<bool> = vec![true; self.relations.len()];
        // What two values alone contradict is the shortest there is, and needs no search.
        for (number, relation) in self.relations.iter().enumerate() {
            let value = |at: usize| self.unknowns[at].value;
            if let (Some(longer), Some(shorter)) = (value(relation.longer), value(relation.shorter))
                && longer < shorter.saturating_add(relation.margin)
            {
                left[number] = false;
                found.push(vec![number]);
            }
        }
        // What is left goes through an unknown without a value.
        if self.unknowns.iter().all(|unknown| unknown.value.is_some()) {
            return found;
        }
        while let Some(circle) = self.circle(&left) {
            // The relation that goes out is the last of the circle, so that what another circle
            // needs of the first ones is still there.
            let Some(&out) = circle.last() else { break };
            left[out] = false;
            found.push(circle);
        }
        found.sort();
        found
    }

    /// The shortest contradiction among the relations that are left.
    fn circle(&self, left: &[bool]) -> Option<Vec<usize>> {
        // From every unknown with a value, by as few relations as possible, to another one whose
        // value does not allow it.
        let mut best: Option<Vec<usize>> = None;
        for start in 0..self.unknowns.len() {
            let Some(value) = self.unknowns[start].value else { continue };
            let most = best.as_ref().map_or(self.relations.len(), |best| best.len() - 1);
            if let Some(path) = self.walk_up(start, value, left, most) {
                best = Some(path);
            }
        }
        best
    }

    /// From an unknown with a value to ones that have to be longer, through unknowns without one,
    /// by at most so many relations, until one is met whose value is too small.
    fn walk_up(&self, start: usize, value: i64, left: &[bool], most: usize) -> Option<Vec<usize>> {
        let mut reached: Vec<(usize, i64, Vec<usize>)> = vec![(start, value, Vec::new())];
        let mut least: Vec<i64> = vec![i64::MIN; self.unknowns.len()];
        for _ in 0..most {
            let mut next = Vec::new();
            for (at, least_here, path) in &reached {
                for (number, relation) in self.relations.iter().enumerate() {
                    if !left[number] || relation.shorter != *at || path.contains(&number) {
                        continue;
                    }
                    let least_there = least_here.saturating_add(relation.margin);
                    let mut path = path.clone();
                    path.push(number);
                    let unknown = &self.unknowns[relation.longer];
                    match unknown.value {
                        Some(has) if has < least_there => return Some(path),
                        Some(_) => {}
                        None if unknown.bounds.1 < least_there => return Some(path),
                        None if least[relation.longer] < least_there => {
                            least[relation.longer] = least_there;
                            next.push((relation.longer, least_there, path));
                        }
                        None => {}
                    }
                }
            }
            if next.is_empty() {
                return None;
            }
            reached = next;
        }
        None
    }

    /// The cheapest changes that leave no contradiction: unknowns with their new values. `None` if
    /// nothing that may change is enough.
    pub(crate) fn cheapest_changes(
        &self,
        round: impl Fn(i64, i64) -> i64,
    ) -> Option<Vec<(usize, i64)>> {
        let broken = self.contradictions();
        if broken.is_empty() {
            return Some(Vec::new());
        }
        if self.unknowns.len() > MOST_UNKNOWNS {
            return None;
        }
        let mut candidates: Vec<usize> = self
            .part_of(&broken)
            .into_iter()
            .filter(|&at| self.unknowns[at].value.is_some() && self.unknowns[at].cost.is_some())
            .collect();
        candidates.sort_by_key(|&at| (self.unknowns[at].cost, at));
        let chosen = self
            .cheapest_set(&candidates)
            .or_else(|| self.feasible(&candidates).then(|| candidates.clone()))?;
        Some(self.values_for(&chosen, round))
    }

    /// Every unknown that is tied to a contradiction by relations.
    fn part_of(&self, broken: &[Vec<usize>]) -> Vec<usize> {
        let mut part: Vec<bool> = vec![false; self.unknowns.len()];
        for relation in broken.iter().flatten().map(|&number| self.relations[number]) {
            part[relation.longer] = true;
            part[relation.shorter] = true;
        }
        let mut grows = true;
        while grows {
            grows = false;
            for relation in &self.relations {
                if part[relation.longer] != part[relation.shorter] {
                    part[relation.longer] = true;
                    part[relation.shorter] = true;
                    grows = true;
                }
            }
        }
        (0..part.len()).filter(|&at| part[at]).collect()
    }

    /// Tries sets by their size, for as long as a larger one can still cost less.
    fn cheapest_set(&self, candidates: &[usize]) -> Option<Vec<usize>> {
        let mut trials = 0;
        let mut best: Option<(u32, Vec<usize>)> = None;
        for size in 1..=candidates.len().min(5) {
            // The candidates are sorted by their cost: no set of this size costs less than its first.
            let least: u32 =
                candidates[..size].iter().filter_map(|&at| self.unknowns[at].cost).sum();
            if best.as_ref().is_some_and(|(cost, _)| *cost <= least) {
                break;
            }
            let mut picks: Vec<usize> = (0..size).collect();
            loop {
                trials += 1;
                if trials > MOST_TRIALS {
                    return best.map(|(_, set)| set);
                }
                let set: Vec<usize> = picks.iter().map(|&pick| candidates[pick]).collect();
                let cost: u32 = set.iter().filter_map(|&at| self.unknowns[at].cost).sum();
                let better = best.as_ref().is_none_or(|(least, _)| cost < *least);
                if better && self.feasible(&set) {
                    best = Some((cost, set));
                }
                if !advance(&mut picks, candidates.len()) {
                    break;
                }
            }
        }
        best.map(|(_, set)| set)
    }

    fn feasible(&self, free: &[usize]) -> bool {
        let is_free = |at: usize| free.contains(&at);
        self.distances(&self.edges(is_free)).is_some()
    }

    /// The edges when these unknowns may take any value within their bounds. The point of reference
    /// has the number after the last unknown.
    fn edges(&self, is_free: impl Fn(usize) -> bool) -> Vec<Edge> {
        let zero = self.unknowns.len();
        let mut edges = Vec::new();
        for (at, unknown) in self.unknowns.iter().enumerate() {
            let (low, high) = match unknown.value {
                Some(value) if !is_free(at) => (value, value),
                _ => unknown.bounds,
            };
            edges.push(Edge { from: zero, to: at, length: high, relation: None });
            edges.push(Edge { from: at, to: zero, length: -low, relation: None });
        }
        for (number, relation) in self.relations.iter().enumerate() {
            let Relation { longer, shorter, margin } = *relation;
            edges.push(Edge { from: longer, to: shorter, length: -margin, relation: Some(number) });
        }
        edges
    }

    /// The largest value each unknown can take; `None` if there is a contradiction.
    fn distances(&self, edges: &[Edge]) -> Option<Vec<i64>> {
        let zero = self.unknowns.len();
        let mut at: Vec<i64> = vec![i64::MAX; zero + 1];
        at[zero] = 0;
        for _ in 0..=zero {
            let mut moved = false;
            for edge in edges {
                if at[edge.from] != i64::MAX {
                    let through = at[edge.from].saturating_add(edge.length);
                    if through < at[edge.to] {
                        at[edge.to] = through;
                        moved = true;
                    }
                }
            }
            if !moved {
                at.pop();
                return Some(at);
            }
        }
        debug_assert!(edges.iter().any(|edge| edge.relation.is_some()));
        None
    }

    /// New values for these unknowns, each as near to its old one as the others allow; `round`
    /// makes a bound and the limit beyond it a value that people would write.
    fn values_for(&self, chosen: &[usize], round: impl Fn(i64, i64) -> i64) -> Vec<(usize, i64)> {
        let mut problem = self.clone();
        let mut out = Vec::new();
        for (done, &at) in chosen.iter().enumerate() {
            let is_free = |other: usize| chosen[done..].contains(&other);
            let (least, most) = problem.room(at, is_free);
            let old = self.unknowns[at].value.unwrap_or(least);
            let new = if old < least {
                round(least, most).clamp(least, most)
            } else if old > most {
                round(most, least).clamp(least, most)
            } else {
                old
            };
            problem.unknowns[at].value = Some(new);
            if new != old {
                out.push((at, new));
            }
        }
        out
    }

    /// The smallest and the largest value of one unknown while these are free.
    fn room(&self, at: usize, is_free: impl Fn(usize) -> bool) -> (i64, i64) {
        let edges = self.edges(is_free);
        let most = self.distances(&edges).map_or(self.unknowns[at].bounds.1, |all| all[at]);
        // The smallest value is the largest one of the mirrored problem.
        let mirrored: Vec<Edge> =
            edges.iter().map(|edge| Edge { from: edge.to, to: edge.from, ..*edge }).collect();
        let least = self.distances(&mirrored).map_or(self.unknowns[at].bounds.0, |all| -all[at]);
        (least, most.max(least))
    }
}

/// The next set of so many out of `of`, in order; false after the last.
fn advance(picks: &mut [usize], of: usize) -> bool {
    let size = picks.len();
    for place in (0..size).rev() {
        if picks[place] < of - size + place {
            picks[place] += 1;
            for later in place + 1..size {
                picks[later] = picks[later - 1] + 1;
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(value: i64) -> Unknown {
        Unknown { value: Some(value), cost: Some(10), bounds: (0, FOREVER) }
    }

    fn over(longer: usize, shorter: usize) -> Relation {
        Relation { longer, shorter, margin: 1 }
    }

    fn exactly(bound: i64, _: i64) -> i64 {
        bound
    }

    #[test]
    fn what_holds_needs_no_change() {
        let problem =
            Problem { unknowns: vec![unknown(5), unknown(3)], relations: vec![over(0, 1)] };
        assert!(problem.contradictions().is_empty());
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![]));
    }

    #[test]
    fn one_broken_relation_is_mended_by_one_change() {
        let mut problem =
            Problem { unknowns: vec![unknown(5), unknown(60)], relations: vec![over(0, 1)] };
        assert_eq!(problem.contradictions(), [[0]]);
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![(0, 61)]));
        problem.unknowns[0].cost = None;
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![(1, 4)]));
        problem.unknowns[1].cost = None;
        assert_eq!(problem.cheapest_changes(exactly), None);
    }

    #[test]
    fn one_change_that_mends_two_is_taken_before_two() {
        // 0 > 1 and 2 > 1: lowering 1 mends both.
        let problem = Problem {
            unknowns: vec![unknown(5), unknown(60), unknown(7)],
            relations: vec![over(0, 1), over(2, 1)],
        };
        assert_eq!(problem.contradictions(), [[0], [1]]);
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![(1, 4)]));
    }

    #[test]
    fn two_changes_are_taken_before_one_that_costs_more() {
        let dear = Unknown { cost: Some(25), ..unknown(60) };
        let problem = Problem {
            unknowns: vec![unknown(5), dear, unknown(7)],
            relations: vec![over(0, 1), over(2, 1)],
        };
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![(0, 61), (2, 61)]));
    }

    #[test]
    fn a_contradiction_may_go_through_an_unknown_without_value() {
        // 0 > 1 > 2 with 1 not known: 0 = 10 and 2 = 10 contradict each other.
        let free = Unknown { value: None, ..unknown(0) };
        let problem = Problem {
            unknowns: vec![unknown(10), free, unknown(10)],
            relations: vec![over(0, 1), over(1, 2)],
        };
        assert_eq!(problem.contradictions(), [[1, 0]]);
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![(0, 12)]));
    }

    #[test]
    fn bounds_of_a_platform_are_kept() {
        // The first cannot exceed 10, so the second has to come down.
        let narrow = Unknown { bounds: (1, 10), ..unknown(5) };
        let problem = Problem { unknowns: vec![narrow, unknown(60)], relations: vec![over(0, 1)] };
        assert_eq!(problem.cheapest_changes(exactly), Some(vec![(1, 4)]));
        let both = Problem {
            unknowns: vec![narrow, Unknown { bounds: (20, FOREVER), ..unknown(60) }],
            relations: vec![over(0, 1)],
        };
        assert_eq!(both.cheapest_changes(exactly), None);
    }

    #[test]
    fn a_change_does_not_break_what_held() {
        // 2 > 0 > 1: raising 0 above 1 must stay below 2.
        let problem = Problem {
            unknowns: vec![unknown(5), unknown(60), unknown(62)],
            relations: vec![over(0, 1), over(2, 0)],
        };
        assert_eq!(problem.cheapest_changes(|bound, _| bound + 4), Some(vec![(0, 61)]));
    }

    /// Against trying every assignment of small numbers.
    #[test]
    fn no_cheaper_set_of_changes_exists_on_small_problems() {
        let mut seed = 7u64;
        let mut random = |below: u64| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..500 {
            let n = 2 + random(3) as usize;
            let unknowns: Vec<Unknown> = (0..n)
                .map(|_| Unknown {
                    value: Some(random(6) as i64),
                    cost: Some(10 + 12 * random(3) as u32),
                    bounds: (0, 6),
                })
                .collect();
            let relations: Vec<Relation> = (0..1 + random(4))
                .map(|_| over(random(n as u64) as usize, random(n as u64) as usize))
                .filter(|relation| relation.longer != relation.shorter)
                .collect();
            let problem = Problem { unknowns: unknowns.clone(), relations: relations.clone() };
            let least = (0..7i64.pow(n as u32))
                .map(|code| (0..n).map(|at| code / 7i64.pow(at as u32) % 7).collect::<Vec<_>>())
                .filter(|all| relations.iter().all(|r| all[r.longer] > all[r.shorter]))
                .map(|all| {
                    let changed = (0..n).filter(|&at| Some(all[at]) != unknowns[at].value);
                    changed.filter_map(|at| unknowns[at].cost).sum::<u32>()
                })
                .min();
            let found = problem.cheapest_changes(exactly);
            let cost = |changes: &Vec<(usize, i64)>| -> u32 {
                changes.iter().filter_map(|(at, _)| unknowns[*at].cost).sum()
            };
            assert_eq!(found.as_ref().map(cost), least, "{problem:?}");
            if let Some(changes) = found {
                let mut all: Vec<i64> = unknowns.iter().filter_map(|u| u.value).collect();
                for (at, value) in changes {
                    all[at] = value;
                }
                assert!(relations.iter().all(|r| all[r.longer] > all[r.shorter]), "{problem:?}");
            }
        }
    }
}
