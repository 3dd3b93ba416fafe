//! Range minimum: where in a slice of ranks the best one lies, in constant time.
//!
//! Owns the ranks and a sparse table over blocks of them. It does not know what is ranked.
//!
//! A plain sparse table needs a level per power of two for every element: 40 MB for 500,000. Over blocks of
//! [`BLOCK`] it is a sixteenth of that, for two scans of a cache line each.

use std::ops::Range;

/// Ranks in a block: 64 bytes, one cache line.
const BLOCK: usize = 16;

/// Ranks, all different, with their range-minimum table.
#[derive(Debug, Default)]
pub(super) struct RangeMin {
    ranks: Vec<u32>,
    /// `levels[k][b]`: where the least rank of the `2^k` blocks from `b` lies.
    levels: Vec<Vec<u32>>,
}

impl RangeMin {
    /// Builds the table; fewer than 2^32 ranks.
    pub(super) fn new(ranks: Vec<u32>) -> Self {
        let mut levels = Vec::new();
        if ranks.len() > BLOCK {
            let blocks = ranks.len().div_ceil(BLOCK);
            let first = (0..blocks).map(|b| scan(&ranks, b * BLOCK..ranks.len().min((b + 1) * BLOCK)));
            levels.push(first.map(|at| at as u32).collect::<Vec<_>>());
            let mut width = 1;
            while width * 2 <= blocks {
                let below = &levels[levels.len() - 1];
                let level = (0..=blocks - width * 2).map(|b| better(&ranks, below[b], below[b + width])).collect();
                levels.push(level);
                width *= 2;
            }
        }
        Self { ranks, levels }
    }

    /// The rank at a place.
    pub(super) fn rank(&self, at: usize) -> u32 {
        self.ranks[at]
    }

    /// Where the least rank of a range lies; `None` for an empty range. A range beyond the end is cut.
    pub(super) fn least(&self, range: Range<usize>) -> Option<usize> {
        let range = range.start..range.end.min(self.ranks.len());
        if range.is_empty() {
            return None;
        }
        let (first, last) = (range.start / BLOCK, (range.end - 1) / BLOCK);
        if first == last {
            return Some(scan(&self.ranks, range));
        }
        let left = scan(&self.ranks, range.start..(first + 1) * BLOCK);
        let right = scan(&self.ranks, last * BLOCK..range.end);
        let mut best = better(&self.ranks, left as u32, right as u32);
        let between = last - first - 1;
        if between > 0 {
            let level = between.ilog2() as usize;
            let table = &self.levels[level];
            best = better(&self.ranks, best, table[first + 1]);
            best = better(&self.ranks, best, table[last - (1 << level)]);
        }
        Some(best as usize)
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        (self.ranks.capacity() + self.levels.iter().map(Vec::capacity).sum::<usize>()) * size_of::<u32>()
    }
}

fn better(ranks: &[u32], a: u32, b: u32) -> u32 {
    if ranks[a as usize] <= ranks[b as usize] { a } else { b }
}

/// Where the least of a non-empty range lies, by looking at each.
fn scan(ranks: &[u32], range: Range<usize>) -> usize {
    let mut best = range.start;
    for at in range {
        if ranks[at] < ranks[best] {
            best = at;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_least_is_what_a_scan_finds(
            ranks in Just((0..200u32).collect::<Vec<_>>()).prop_shuffle(),
            len in 0usize..200, start in 0usize..210, width in 0usize..210,
        ) {
            let ranks = ranks[..len].to_vec();
            let range = start..start + width;
            let expected = (start.min(len)..(start + width).min(len)).min_by_key(|at| ranks[*at]);
            prop_assert_eq!(RangeMin::new(ranks).least(range), expected);
        }
    }
}
