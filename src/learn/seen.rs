//! Which named events were seen, so that one that is sent again counts once.
//!
//! Owns the memory of names. Invariant: the latest [`REMEMBERED_MIN`] names are remembered, and at most twice as many.

use rustc_hash::FxHashSet;

/// Names remembered at least: what a busy shop sends in some hours, while a storefront repeats what failed within
/// minutes. Twice as many take some 9 MB.
const REMEMBERED_MIN: usize = 250_000;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Seen {
    latest: FxHashSet<u64>,
    before: FxHashSet<u64>,
}

impl Seen {
    /// Remembers a name; whether it is new. 0 is no name, and always new.
    pub(super) fn insert(&mut self, identity: u64) -> bool {
        if identity == 0 {
            return true;
        }
        if self.contains(identity) {
            return false;
        }
        self.latest.insert(identity);
        if self.latest.len() >= REMEMBERED_MIN {
            self.before = std::mem::take(&mut self.latest);
        }
        true
    }

    /// Whether a name was seen.
    pub(super) fn contains(&self, identity: u64) -> bool {
        identity != 0 && (self.latest.contains(&identity) || self.before.contains(&identity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_counts_once_and_no_name_each_time() {
        let mut seen = Seen::default();
        assert!(seen.insert(7) && !seen.insert(7) && seen.contains(7));
        assert!(seen.insert(0) && seen.insert(0) && !seen.contains(0));
    }

    #[test]
    fn the_latest_are_remembered_in_bounded_memory() {
        let mut seen = Seen::default();
        let last = 10 * REMEMBERED_MIN as u64;
        for identity in 1..=last {
            assert!(seen.insert(identity));
            assert!(seen.latest.len() + seen.before.len() <= 2 * REMEMBERED_MIN);
        }
        assert!((last - REMEMBERED_MIN as u64 + 1..=last).all(|identity| seen.contains(identity)));
        assert!(!seen.contains(1));
    }
}
