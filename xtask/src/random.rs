//! A small seeded generator of pseudo-random numbers (xoshiro256++, seeded by SplitMix64, both
//! by Blackman and Vigna, public domain), so that the same seed gives the same bytes everywhere.

/// State of xoshiro256++.
#[derive(Clone, Debug)]
pub(crate) struct Random([u64; 4]);

impl Random {
    /// A generator whose whole sequence follows from the seed.
    pub(crate) fn new(seed: u64) -> Random {
        let mut state = seed;
        Random(std::array::from_fn(|_| split_mix(&mut state)))
    }

    /// A generator for one named part of a larger whole: parts do not disturb each other's
    /// sequence when one of them is changed.
    pub(crate) fn part(seed: u64, name: &str) -> Random {
        // FNV-1a; any stable hash would do.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |h: u64, b| {
            (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3)
        });
        Random::new(seed ^ hash)
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number below `bound` (bias below 2^-32 for the bounds used here); 0 for bound 0.
    #[inline]
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    #[inline]
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// A number in `[0, 1)`.
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    #[inline]
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Exponentially distributed with this mean: the gaps of a Poisson process.
    pub(crate) fn exponential(&mut self, mean: f64) -> f64 {
        -(1.0 - self.unit()).ln() * mean
    }

    /// A duration in microseconds with a long tail, as services have: the median given, about
    /// one in a hundred ten times as long.
    #[inline]
    pub(crate) fn service_time(&mut self, median: u64) -> u64 {
        // The sum of three uniforms is close enough to a normal law for an exponent, and cheap.
        let z = self.unit() + self.unit() + self.unit() - 1.5;
        let body = (median as f64 * (z * 1.5).exp()) as u64;
        if self.next() & 0x7f == 0 { body * 6 } else { body }
    }

    /// One element of a list that is not empty.
    #[inline]
    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix_gives_the_published_sequence() {
        let mut state = 1_234_567;
        let got: Vec<u64> = (0..3).map(|_| split_mix(&mut state)).collect();
        assert_eq!(got, [6457827717110365317, 3203168211198807973, 9817491932198370423]);
    }

    #[test]
    fn parts_differ_and_repeat() {
        assert_eq!(Random::part(1, "a").next(), Random::part(1, "a").next());
        assert_ne!(Random::part(1, "a").next(), Random::part(1, "b").next());
        assert_ne!(Random::part(1, "a").next(), Random::part(2, "a").next());
    }

    #[test]
    fn numbers_stay_in_their_bounds_and_spread() {
        let mut random = Random::new(7);
        let mut seen = [0u32; 8];
        for _ in 0..8000 {
            seen[random.below(8) as usize] += 1;
            let unit = random.unit();
            assert!((0.0..1.0).contains(&unit));
        }
        assert!(seen.iter().all(|n| (800..1200).contains(n)), "{seen:?}");
    }
}
