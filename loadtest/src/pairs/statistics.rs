//! The median of some ratios, and between which of them it lies.
//!
//! Owns an interval that supposes no distribution. It refuses to drop outliers.
//!
//! Of `n` independent ratios, each lies below the median of what they were drawn from with probability ½. So that median
//! lies between the `k`-th smallest and the `k`-th largest of them with probability `1 − 2·P(B < k)`, where `B` is
//! binomial with `n` and ½. The largest `k` is taken for which this is at least [`LEVEL`].
//!
//! Invariant: the level that is told is the one that holds, also where so few pairs cannot reach [`LEVEL`].

use serde::{Deserialize, Serialize};

/// The level that an interval should have. Fifteen pairs reach 96.5 %, six are the fewest that reach it at all.
const LEVEL: f64 = 0.95;

/// Where the median of what the ratios were drawn from lies.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// The probability with which such an interval holds that median.
    pub(crate) level: f64,
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The middle value, or the mean of the two middle ones.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        count if count % 2 == 1 => Some(sorted[middle]),
        _ => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
    }
}

/// None for fewer than two values.
pub(crate) fn interval(values: &[f64]) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let sorted = sorted(values);
    let mut from = 1;
    while from < sorted.len() / 2 && level(sorted.len(), from + 1) >= LEVEL {
        from += 1;
    }
    let (low, high) = (sorted[from - 1], sorted[sorted.len() - from]);
    Some(Interval { low, high, level: level(sorted.len(), from) })
}

/// The probability that the median lies between the `from`-th smallest and largest of `count` values.
fn level(count: usize, from: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "numbers of pairs")]
    let float = |number: usize| number as f64;
    // P(B = 0) = 2⁻ⁿ, and each next one from the last: P(B = j + 1) = P(B = j) · (n − j) / (j + 1).
    let mut probability = 0.5_f64.powf(float(count));
    let mut below = 0.0;
    for successes in 0..from {
        below += probability;
        probability *= float(count - successes) / float(successes + 1);
    }
    1.0 - 2.0 * below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // From tables of the binomial distribution: count, the order statistic, the level.
        for (count, from, expected) in [
            (2, 1, 0.5),
            (5, 1, 0.9375),
            (6, 1, 0.96875),
            (10, 2, 0.978_515_625),
            (15, 4, 0.964_843_75),
            (20, 6, 0.958_610_5),
        ] {
            let values: Vec<f64> = (1..=count).map(f64::from).rev().collect();
            let interval = interval(&values).unwrap();
            assert_eq!((interval.low, interval.high), (f64::from(from), f64::from(count + 1 - from)), "of {count}");
            assert!((interval.level - expected).abs() < 1e-6, "of {count}: {}", interval.level);
        }
        assert_eq!(interval(&[1.0]), None);
    }
}
