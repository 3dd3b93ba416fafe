//! The examples from which a query's sort of product is learned: matches whose title says that they are what is asked
//! for.
//!
//! They are drawn from all such matches, each as likely as any other. The best by text would be those with the shortest
//! titles, which are not like the rest: cheap ones, old ones, and what is called the same by chance (`notebook`, of paper).
//! Invariant: the draw depends on the products alone, by the ordinals that the process gave them, not on the order in
//! which they are offered: it does not change with the page or the segments. Another process may draw others.

use std::cmp::Ordering;

use tantivy::DocId;
use xxhash_rust::xxh3::xxh3_64;

use crate::live::Ordinal;

/// Examples that are kept: their mean hardly changes with more.
pub(crate) const EXAMPLES: usize = 64;

/// At most [`EXAMPLES`] products, drawn at random.
#[derive(Debug, Clone, Default)]
pub(crate) struct Examples {
    /// How many of the query's words they have; those with fewer are given up for one with more.
    matched: u16,
    drawn: Vec<Drawn>,
    /// No number above it is among the lowest.
    ceiling: Option<u64>,
}

/// The number drawn for a product, and where it lies. The lowest numbers are kept.
type Drawn = (u64, usize, DocId);

impl Examples {
    /// Draws a product of one segment that has `matched` of the query's words. Which segment that is, [`merge`](Self::merge)
    /// is told: what is kept of a segment outlives its number.
    pub(crate) fn offer(&mut self, matched: u16, ordinal: Option<Ordinal>, doc: DocId) {
        let Some(ordinal) = ordinal else { return };
        self.add(matched, (number(ordinal), 0, doc));
    }

    /// Whether a product with as many of the words as all before it may be drawn: for those who would rather not find out
    /// how many it has.
    pub(crate) fn may_draw(&self, ordinal: Option<Ordinal>) -> bool {
        ordinal.is_some_and(|ordinal| self.ceiling.is_none_or(|ceiling| number(ordinal) <= ceiling))
    }

    /// Adds those of one segment.
    pub(crate) fn merge(&mut self, segment: usize, other: Self) {
        other.drawn.into_iter().for_each(|(number, _, doc)| self.add(other.matched, (number, segment, doc)));
    }

    fn add(&mut self, matched: u16, drawn: Drawn) {
        match matched.cmp(&self.matched) {
            Ordering::Less => return,
            Ordering::Equal => {}
            Ordering::Greater => {
                self.matched = matched;
                self.drawn.clear();
                self.ceiling = None;
            }
        }
        if self.ceiling.is_some_and(|ceiling| drawn.0 > ceiling) {
            return;
        }
        self.drawn.push(drawn);
        // Room for twice as many makes the sorting rare.
        if self.drawn.len() >= 2 * EXAMPLES {
            self.keep_lowest();
        }
    }

    fn keep_lowest(&mut self) {
        self.drawn.sort_unstable();
        self.drawn.truncate(EXAMPLES);
        if self.drawn.len() == EXAMPLES {
            self.ceiling = self.drawn.last().map(|(number, ..)| *number);
        }
    }

    /// What they take on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.drawn.len() * size_of::<Drawn>()
    }

    /// Segment and document of each.
    pub(crate) fn finish(mut self) -> Vec<(usize, DocId)> {
        self.keep_lowest();
        self.drawn.into_iter().map(|(_, segment, doc)| (segment, doc)).collect()
    }
}

/// The number drawn for a product.
fn number(ordinal: Ordinal) -> u64 {
    xxh3_64(&ordinal.to_le_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(offers: impl Iterator<Item = (u16, u32)>) -> Vec<DocId> {
        let mut examples = Examples::default();
        offers.for_each(|(matched, doc)| examples.offer(matched, Some(doc), doc));
        examples.finish().into_iter().map(|(_, doc)| doc).collect()
    }

    #[test]
    fn the_draw_does_not_depend_on_the_order() {
        let forwards = drawn((0..1_000).map(|doc| (1, doc)));
        assert_eq!(forwards.len(), EXAMPLES);
        assert_eq!(forwards, drawn((0..1_000).rev().map(|doc| (1, doc))));
        assert!(forwards.iter().any(|doc| *doc > 500) && forwards.iter().any(|doc| *doc < 500));
        let mut halves = Examples::default();
        for (segment, half) in [0..500, 500..1_000].into_iter().enumerate() {
            let mut own = Examples::default();
            half.for_each(|doc| own.offer(1, Some(doc), doc));
            halves.merge(segment, own);
        }
        assert!(halves.clone().finish().iter().all(|(segment, doc)| *segment == usize::from(*doc >= 500)));
        assert_eq!(halves.finish().into_iter().map(|(_, doc)| doc).collect::<Vec<_>>(), forwards);
    }

    #[test]
    fn who_asks_first_draws_the_same() {
        let mut asked = Examples::default();
        let mut offered = 0;
        for doc in 0..10_000 {
            if asked.may_draw(Some(doc)) {
                offered += 1;
                asked.offer(1, Some(doc), doc);
            }
        }
        assert!(offered < 1_000, "{offered} of 10,000 need be looked at");
        let asked: Vec<_> = asked.finish().into_iter().map(|(_, doc)| doc).collect();
        assert_eq!(asked, drawn((0..10_000).map(|doc| (1, doc))));
    }

    #[test]
    fn products_with_more_of_the_words_go_before_others() {
        assert_eq!(drawn([(1, 7), (2, 8), (1, 9)].into_iter()), [8]);
        assert!(drawn(std::iter::empty()).is_empty());
    }
}
