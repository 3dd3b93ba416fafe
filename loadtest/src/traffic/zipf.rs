//! Zipf's law over ranks, with an exponent that may be below one.
//!
//! Owns drawing a rank. It refuses to know what stands at a rank.
//!
//! Invariant: rank `r` (from 0) is drawn with a probability proportional to `1 / (r + 1)^s`, exactly, by a table of
//! sums: 8 bytes a rank and a binary search are cheap beside a request.

use rand::{Rng, RngExt as _};

#[derive(Debug)]
pub(crate) struct Zipf {
    /// The sum of the weights of all ranks up to and with this one.
    sums: Vec<f64>,
}

impl Zipf {
    /// Over `count` ranks, at least one.
    pub(crate) fn new(count: usize, exponent: f64) -> Self {
        let mut sum = 0.0;
        let weights = (1..=count.max(1)).map(|rank| {
            #[expect(clippy::cast_precision_loss, reason = "ranks are far below 2^52")]
            let rank = rank as f64;
            sum += rank.powf(-exponent);
            sum
        });
        Self { sums: weights.collect() }
    }

    /// Over given weights: what a query log counted.
    pub(crate) fn weighted(weights: impl Iterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let sums = weights.map(|weight| {
            sum += weight;
            sum
        });
        Self { sums: sums.collect() }
    }

    pub(crate) fn draw(&self, random: &mut impl Rng) -> usize {
        let all = self.sums.last().copied().unwrap_or(0.0);
        let point = random.random::<f64>() * all;
        self.sums.partition_point(|sum| *sum <= point).min(self.sums.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn ranks_are_drawn_by_zipfs_law() {
        let zipf = Zipf::new(100, 0.8);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut counts = [0_u32; 100];
        for _ in 0..200_000 {
            counts[zipf.draw(&mut random)] += 1;
        }
        let ratio = f64::from(counts[0]) / f64::from(counts[9]);
        assert!((ratio - 10_f64.powf(0.8)).abs() < 0.5, "{ratio}");
        assert!(counts.iter().all(|count| *count > 0));
    }

    #[test]
    fn one_rank_is_always_drawn() {
        let zipf = Zipf::new(1, 0.8);
        assert_eq!(zipf.draw(&mut ChaCha8Rng::seed_from_u64(1)), 0);
    }

    #[test]
    fn a_weight_of_zero_is_never_drawn() {
        let zipf = Zipf::weighted([0.0, 1.0, 0.0, 2.0].into_iter());
        let mut random = ChaCha8Rng::seed_from_u64(1);
        assert!((0..1_000).map(|_| zipf.draw(&mut random)).all(|rank| rank == 1 || rank == 3));
    }
}
