//! One fast, fixed hash. Sampling and bounding decide by hash, so the same input has to give the
//! same hash on every run, machine and thread: the standard library's seeded one cannot serve.

use std::hash::{BuildHasherDefault, Hasher};

const MIX: u64 = 0x9E37_79B9_7F4A_7C15;

/// A multiply-rotate hasher over eight-byte words.
#[derive(Clone, Default)]
pub(crate) struct Fixed(u64);

impl Fixed {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(MIX);
    }
}

impl Hasher for Fixed {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut chunks = bytes.chunks_exact(8);
        for chunk in &mut chunks {
            let mut word = [0; 8];
            word.copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
        let rest = chunks.remainder();
        if !rest.is_empty() {
            let mut word = [0; 8];
            word[..rest.len()].copy_from_slice(rest);
            self.add(u64::from_le_bytes(word));
        }
        self.add(bytes.len() as u64);
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.add(word);
    }

    #[inline]
    fn finish(&self) -> u64 {
        // The last multiplication leaves the low bits weak; maps index with exactly those.
        let h = self.0 ^ (self.0 >> 32);
        let h = h.wrapping_mul(MIX);
        h ^ (h >> 29)
    }
}

/// Builds [`Fixed`] hashers.
pub(crate) type Build = BuildHasherDefault<Fixed>;

/// A map whose layout depends on nothing but its content and order of insertion.
pub(crate) type Map<K, V> = std::collections::HashMap<K, V, Build>;

/// Hash of a value.
pub(crate) fn of(value: &impl std::hash::Hash) -> u64 {
    let mut hasher = Fixed::default();
    value.hash(&mut hasher);
    hasher.finish()
}
