//! Random numbers for decisions that should not be made alike everywhere: jitter and samples.
//!
//! Not for secrets. A sequence is a function of its seed, so that whoever passes the seed knows the numbers (SplitMix64:
//! one addition for many threads at once, then mixing).

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// The golden ratio in 64 bits: steps that visit every state.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// See the module.
#[derive(Debug)]
pub struct Chance(AtomicU64);

impl Chance {
    /// The sequence of a seed.
    pub fn seeded(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A sequence of this process's own.
    pub fn of_process() -> Self {
        Self::seeded(RandomState::new().hash_one(()))
    }

    /// The next number, any of them.
    pub fn number(&self) -> u64 {
        let mut state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        state = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ state >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^ state >> 31
    }

    /// The next share, in [0, 1).
    pub fn share(&self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_sequence_that_fills_the_unit_interval_evenly() {
        let (a, b) = (Chance::seeded(1), Chance::seeded(1));
        let mut tenths = [0_u32; 10];
        for _ in 0..10_000 {
            let share = a.share();
            assert!((0.0..1.0).contains(&share) && share == b.share());
            tenths[(share * 10.0) as usize] += 1;
        }
        assert!(tenths.iter().all(|count| (850..1_150).contains(count)), "{tenths:?}");
    }
}
