//! The stretches of a run between one fault and the next.
//!
//! Owns which request belongs to which. It refuses to know what the faults were.
//!
//! Invariant: a request belongs to the stretch of its intended moment, and to none outside of the first and last edge.

use std::time::Duration;

use super::totals::Totals;

#[derive(Debug, Default)]
pub(crate) struct Windows {
    /// Where each begins, and where the last ends; in order.
    edges: Vec<Duration>,
    pub(crate) totals: Vec<Totals>,
}

impl Windows {
    pub(crate) fn new(edges: Vec<Duration>) -> Self {
        let totals = (1..edges.len()).map(|_| Totals::default()).collect();
        Self { edges, totals }
    }

    pub(super) fn at(&mut self, at: Duration) -> Option<&mut Totals> {
        let begun = self.edges.partition_point(|edge| *edge <= at);
        self.totals.get_mut(begun.checked_sub(1)?)
    }

    /// Each stretch: from, to, and what was recorded.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Duration, Duration, &Totals)> {
        self.edges.windows(2).zip(&self.totals).map(|(edges, totals)| (edges[0], edges[1], totals))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_belongs_to_the_stretch_that_began_last() {
        let mut windows = Windows::new([2, 5, 7].map(Duration::from_secs).to_vec());
        for at in [0, 1, 2, 4, 5, 6, 7, 9] {
            if let Some(totals) = windows.at(Duration::from_secs(at)) {
                totals.planned += 1;
            }
        }
        let seen: Vec<_> =
            windows.each().map(|(from, to, totals)| (from.as_secs(), to.as_secs(), totals.planned)).collect();
        assert_eq!(seen, [(2, 5, 2), (5, 7, 2)]);
        assert!(Windows::default().at(Duration::ZERO).is_none());
    }
}
