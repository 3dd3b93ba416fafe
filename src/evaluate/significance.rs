//! How often chance alone would make a difference as large as the one seen.
//!
//! Some twenty queries decide every mean, and one mean is above another half of the time by chance. So a randomisation
//! test throws the sign of each query's difference, again and again, as if both ways to search were the same (Smucker,
//! Allan and Carterette, "A comparison of statistical significance tests for information retrieval evaluation",
//! CIKM 2007). It assumes nothing about how differences are distributed.
//!
//! Invariant: the same differences give the same chance, to the digit: the draws are seeded.

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Draws: chance is told to about one in a thousand.
const DRAWS: usize = 100_000;
/// A fixed seed: an evaluation that is run again says the same.
pub(super) const SEED: u64 = 7;
/// Below this chance a difference is called more than luck, as is usual.
pub const SIGNIFICANT: f64 = 0.05;
/// Differences below this are rounding.
pub(super) const EQUAL: f64 = 1e-9;

/// How often throwing the signs of the differences gives a sum at least as far from zero. The observed one is counted
/// as a draw of its own, so that nothing is impossible.
pub fn chance(differences: &[f64]) -> f64 {
    let changed: Vec<f64> = differences.iter().copied().filter(|by| by.abs() > EQUAL).collect();
    if changed.is_empty() {
        return 1.0;
    }
    let observed = changed.iter().sum::<f64>().abs();
    let mut as_far = 0;
    for draw in 0..DRAWS {
        let mut sum = 0.0;
        for (place, chunk) in changed.chunks(64).enumerate() {
            // A hash of the draw's number: 64 throws of a coin.
            let signs = xxh3_64_with_seed(&[draw.to_le_bytes(), place.to_le_bytes()].concat(), SEED);
            for (at, by) in chunk.iter().enumerate() {
                sum += if signs >> at & 1 == 0 { *by } else { -by };
            }
        }
        as_far += usize::from(sum.abs() >= observed - EQUAL);
    }
    (as_far + 1) as f64 / (DRAWS + 1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_is_what_combinatorics_say() {
        // All of ten in one direction: 2 of 1,024 ways to throw the signs.
        let p = chance(&[0.1; 10]);
        assert!((p - 2.0 / 1024.0).abs() < 0.0005, "{p}");
        // As many up as down: every throw is as far.
        assert_eq!(chance(&[0.1, -0.1]), 1.0);
        // Of four, one against the others by as much: 10 of 16.
        let p = chance(&[0.1, 0.1, 0.1, -0.1]);
        assert!((p - 10.0 / 16.0).abs() < 0.01, "{p}");
    }

    #[test]
    fn no_difference_is_certainly_chance() {
        assert_eq!(chance(&[]), 1.0);
        assert_eq!(chance(&[0.0; 20]), 1.0);
    }

    #[test]
    fn more_than_one_word_of_coins_is_thrown() {
        // Of 130 alike, none in a hundred thousand draws has all signs equal.
        assert!(chance(&[0.01; 130]) < 0.0001);
    }
}
