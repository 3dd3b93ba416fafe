//! The best entries of some ranges, best first, without sorting the ranges.
//!
//! Owns the heap of intervals: each interval is known by its least rank; taking that one splits the interval in two.
//! So the k best of a range of any size cost k range-minimum queries and heap steps.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::range_min::RangeMin;

/// Yields places in order of rank. Ranges must not overlap, or a place comes twice.
pub(super) struct BestFirst<'a> {
    minima: &'a RangeMin,
    /// Least rank, its place, and the interval that it is the least of.
    heap: BinaryHeap<Reverse<(u32, u32, u32, u32)>>,
}

impl<'a> BestFirst<'a> {
    pub(super) fn new(minima: &'a RangeMin, ranges: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut this = Self { minima, heap: BinaryHeap::with_capacity(64) };
        ranges.into_iter().for_each(|range| this.push(range));
        this
    }

    fn push(&mut self, range: Range<usize>) {
        if let Some(at) = self.minima.least(range.clone()) {
            self.heap.push(Reverse((self.minima.rank(at), at as u32, range.start as u32, range.end as u32)));
        }
    }
}

impl Iterator for BestFirst<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let Reverse((_, at, start, end)) = self.heap.pop()?;
        let at = at as usize;
        self.push(start as usize..at);
        self.push(at + 1..end as usize);
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_in_order_of_rank_over_all_ranges() {
        let minima = RangeMin::new(vec![7, 3, 9, 0, 5, 1, 8, 2, 6, 4]);
        let places: Vec<usize> = BestFirst::new(&minima, [0..3, 4..7, 8..8, 9..10]).collect();
        assert_eq!(places, [5, 1, 9, 4, 0, 6, 2]);
    }

    #[test]
    fn nothing_comes_from_nothing() {
        assert_eq!(BestFirst::new(&RangeMin::default(), [0..0, 0..5]).count(), 0);
    }
}
