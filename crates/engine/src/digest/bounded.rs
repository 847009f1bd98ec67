//! Bounded containers whose final content does not depend on the order of insertion or merging.
//!
//! Both keep what has the smallest hash. A thing among the `k` smallest of all is among the `k`
//! smallest of every part, so it is never thrown out on the way, and counts of what stays are
//! exact.

use std::collections::BTreeMap;
use std::hash::Hash;

use crate::hash::{self, Map};

/// A uniform sample of at most `LIMIT` items: those with the smallest priority.
#[derive(Clone, Debug)]
pub(crate) struct Sample<T, const LIMIT: usize> {
    items: BTreeMap<(u64, super::Place), T>,
}

impl<T, const LIMIT: usize> Default for Sample<T, LIMIT> {
    fn default() -> Self {
        Sample { items: BTreeMap::new() }
    }
}

impl<T, const LIMIT: usize> Sample<T, LIMIT> {
    /// Offers an item; it is only built if it gets in.
    pub(crate) fn offer(&mut self, priority: u64, place: super::Place, item: impl FnOnce() -> T) {
        let key = (priority, place);
        if self.items.len() >= LIMIT {
            match self.items.last_key_value() {
                Some((worst, _)) if *worst > key => self.items.pop_last(),
                _ => return,
            };
        }
        self.items.insert(key, item());
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (key, item) in other.items {
            self.offer(key.0, key.1, || item);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (super::Place, &T)> {
        self.items.iter().map(|((_, place), item)| (*place, item))
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }
}

/// A map of at most `LIMIT` keys; what belongs to other keys is added to `rest`.
#[derive(Clone, Debug)]
pub(crate) struct Bounded<K, V, const LIMIT: usize> {
    index: Map<K, u32>,
    values: Vec<V>,
    /// The largest hash of a key held, once it has been looked for.
    largest: Option<u64>,
    rest: V,
}

impl<K, V: Default, const LIMIT: usize> Default for Bounded<K, V, LIMIT> {
    fn default() -> Self {
        Bounded { index: Map::default(), values: Vec::new(), largest: None, rest: V::default() }
    }
}

/// What can be added up.
pub(crate) trait Merge {
    /// Adds the other's counts to this one's.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }
}

impl<K: Hash + Eq + Ord + Clone, V: Default + Merge, const LIMIT: usize> Bounded<K, V, LIMIT> {
    /// The place to count for a key given by reference: its own, or the one for the rest.
    #[inline]
    pub(crate) fn entry<Q>(&mut self, key: &Q) -> &mut V
    where
        K: std::borrow::Borrow<Q> + From<Q::Owned>,
        Q: Hash + Eq + ToOwned + ?Sized,
    {
        if let Some(&position) = self.index.get(key) {
            return &mut self.values[position as usize];
        }
        self.insert(hash::of(&key), || K::from(key.to_owned()))
    }

    fn insert(&mut self, hash: u64, key: impl FnOnce() -> K) -> &mut V {
        let position = if self.index.len() < LIMIT {
            self.values.push(V::default());
            self.values.len() as u32 - 1
        } else {
            match self.make_room(hash) {
                Some(position) => position,
                None => return &mut self.rest,
            }
        };
        if let Some(largest) = &mut self.largest {
            *largest = hash.max(*largest);
        }
        self.index.insert(key(), position);
        &mut self.values[position as usize]
    }

    /// Throws out the key with the largest hash if this one's is smaller.
    fn make_room(&mut self, newcomer: u64) -> Option<u32> {
        let largest =
            self.largest.unwrap_or_else(|| self.index.keys().map(hash::of).max().unwrap_or(0));
        self.largest = Some(largest);
        if newcomer >= largest {
            return None;
        }
        let worst = self.index.keys().max_by_key(|key| (hash::of(*key), *key)).cloned()?;
        let position = self.index.remove(&worst)?;
        self.rest.merge(std::mem::take(&mut self.values[position as usize]));
        self.largest = None;
        Some(position)
    }

    pub(crate) fn merge(&mut self, mut other: Self) {
        self.rest.merge(other.rest);
        for (key, position) in other.index {
            let value = std::mem::take(&mut other.values[position as usize]);
            match self.index.get(&key) {
                Some(&mine) => self.values[mine as usize].merge(value),
                None => self.insert(hash::of(&key), || key.clone()).merge(value),
            }
        }
    }

    /// The keys held, in order.
    pub(crate) fn sorted(&self) -> Vec<(&K, &V)> {
        let mut all: Vec<(&K, &V)> =
            self.index.iter().map(|(key, &at)| (key, &self.values[at as usize])).collect();
        all.sort_by(|a, b| a.0.cmp(b.0));
        all
    }

    pub(crate) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.index.get(key).map(|&position| &self.values[position as usize])
    }

    /// Where a key's value stands until the next insertion; `None` if it counts as the rest.
    pub(crate) fn position(&self, key: &K) -> Option<u32> {
        self.index.get(key).copied()
    }

    /// The value at a position; it may belong to another key by now.
    #[inline]
    pub(crate) fn at(&self, position: u32) -> Option<&V> {
        self.values.get(position as usize)
    }

    /// The value at a position, or the rest's.
    #[inline]
    pub(crate) fn at_mut(&mut self, position: Option<u32>) -> &mut V {
        match position {
            Some(position) if (position as usize) < self.values.len() => {
                &mut self.values[position as usize]
            }
            _ => &mut self.rest,
        }
    }

    /// What belongs to keys that are not held.
    pub(crate) fn rest(&self) -> &V {
        &self.rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Place;

    fn place(line: u32) -> Place {
        Place { source: 0, block: 0, line }
    }

    #[test]
    fn a_sample_does_not_depend_on_order_or_parts() {
        let priority = |i: u32| hash::of(&i) % 1000;
        let mut whole = Sample::<u32, 50>::default();
        (0..5000).for_each(|i| whole.offer(priority(i), place(i), || i));
        let mut parts = Sample::<u32, 50>::default();
        for part in [4000..5000, 0..1500, 1500..4000] {
            let mut one = Sample::<u32, 50>::default();
            part.rev().for_each(|i| one.offer(priority(i), place(i), || i));
            parts.merge(one);
        }
        assert!(whole.iter().eq(parts.iter()));
        assert_eq!(whole.len(), 50);
    }

    #[test]
    fn a_bounded_map_keeps_exact_counts_and_loses_none() {
        let count = |numbers: Vec<u64>| {
            let mut map = Bounded::<String, u64, 20>::default();
            for n in numbers {
                *map.entry((n % 100).to_string().as_str()) += 1;
            }
            map
        };
        let whole = count((0..5000).collect());
        let mut parts = count((2500..5000).rev().collect());
        parts.merge(count((0..2500).collect()));
        assert_eq!(whole.sorted(), parts.sorted());
        assert_eq!(whole.rest, parts.rest);
        assert_eq!(whole.sorted().len(), 20);
        assert!(whole.sorted().iter().all(|(_, n)| **n == 50));
        assert_eq!(whole.rest, 80 * 50);
    }
}
