//! Random numbers for the demo catalog: SplitMix64.
//!
//! Owned here rather than taken from a crate because the demo catalog must stay the same when dependencies change,
//! and because a generator is made for every product: this one starts in a nanosecond.
//!
//! Invariant: the sequence is a pure function of the seed. It is no source of secrets.

/// A SplitMix64 generator.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: u64,
}

impl Random {
    /// A generator for the `number`-th thing of a `stream`; streams of one number are independent of each other.
    pub(super) fn new(stream: u64, number: u64) -> Self {
        Self { state: mix(super::SEED ^ mix(stream)) ^ mix(number) }
    }

    /// 64 random bits.
    pub(super) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// Uniform in `0..bound`; 0 when `bound` is 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        // Multiply and shift: the bias is below 2^-50 for bounds of this size, and there is no loop.
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// Uniform in `[0, 1)`.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Roughly normal, mean 0, deviation 1, never beyond ±3.5: a sum of four uniforms needs no logarithm.
    pub(super) fn normal(&mut self) -> f64 {
        let sum = self.unit() + self.unit() + self.unit() + self.unit();
        (sum - 2.0) * 3f64.sqrt()
    }

    /// True in `percent` of a hundred cases.
    pub(super) fn chance(&mut self, percent: u8) -> bool {
        self.below(100) < usize::from(percent)
    }
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
