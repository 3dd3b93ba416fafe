//! The sort of product that a query looks for, learned from its best matches: what products that surely are it have in
//! common, and how much of that every other candidate has.
//!
//! Owns the weighing of sketches. Invariant: knows no query and no text; it is told which products are examples.

use std::sync::Arc;

use crate::store::segment::SegmentColumns;
use crate::store::signature::{Signature, VALUES};

/// Fewer examples than these are no sort: what two products have in common may be anything.
const EXAMPLES_MIN: usize = 3;
/// A product with this share of the best example's likeness is of the sort for good: products of one sort have different
/// numbers of attributes, and who has the most is no better match.
const FULL_LIKENESS: f32 = 0.5;

/// How much it tells that a product has a value in its sketch: the logarithm of how rare that is, as in BM25. Nearly
/// every product has a weight and a colour; a page yield says printer. A statistic of the catalog, like any other in
/// ranking: it may drift while an answer is kept.
pub(crate) struct Informativeness(Box<[f32]>);

impl Informativeness {
    /// Adds up the counts of the segments.
    pub(crate) fn of(columns: &[Arc<SegmentColumns>]) -> Self {
        let mut counts = vec![0u32; VALUES];
        let mut products = 0u32;
        for segment in columns {
            products = products.saturating_add(segment.signatures.counted);
            for (sum, count) in counts.iter_mut().zip(&segment.signatures.counts) {
                *sum = sum.saturating_add(*count);
            }
        }
        let weight = |count: u32| ((products as f32 + 1.0) / (count as f32 + 1.0)).ln().max(0.0);
        Self(counts.into_iter().map(weight).collect())
    }

    /// The length of a sketch as a vector.
    fn length(&self, signature: &Signature) -> f32 {
        signature.values().map(|value| self.0[value] * self.0[value]).sum::<f32>().sqrt()
    }
}

/// What examples have in common: the mean of their sketches as vectors of length 1.
pub(crate) struct Sort<'a> {
    mean: Box<[f32]>,
    /// The likeness from which on a product is of the sort.
    full: f32,
    informativeness: &'a Informativeness,
}

impl<'a> Sort<'a> {
    /// Learns a sort; `None` from too few examples. Those without a sketch tell nothing.
    pub(crate) fn learn(
        examples: impl Iterator<Item = Option<Signature>>,
        informativeness: &'a Informativeness,
    ) -> Option<Self> {
        let examples: Vec<Signature> = examples.flatten().collect();
        let mut mean = vec![0.0; VALUES].into_boxed_slice();
        let mut n_examples = 0;
        for example in &examples {
            let length = informativeness.length(example);
            if length > 0.0 {
                n_examples += 1;
                example.values().for_each(|value| mean[value] += informativeness.0[value] / length);
            }
        }
        if n_examples < EXAMPLES_MIN {
            return None;
        }
        let mut sort = Self { mean, full: 0.0, informativeness };
        sort.full = FULL_LIKENESS * examples.iter().map(|example| sort.product(example)).fold(0.0, f32::max);
        (sort.full > 0.0).then_some(sort)
    }

    /// How much a product is of the sort, 0 to 1.
    pub(crate) fn likeness(&self, signature: &Signature) -> f32 {
        (self.product(signature) / self.full).min(1.0)
    }

    /// The cosine with the mean, times the mean's length, which is the same for all.
    fn product(&self, signature: &Signature) -> f32 {
        let length = self.informativeness.length(signature);
        if length == 0.0 {
            return 0.0;
        }
        signature.values().map(|value| self.informativeness.0[value] * self.mean[value]).sum::<f32>() / length
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::product::Product;

    fn sketch(categories: &[&str]) -> Option<Signature> {
        let categories = categories.iter().map(|&text| text.to_owned()).collect();
        Signature::of(&Product { categories, ..Product::default() })
    }

    /// As if the products were a whole catalog.
    fn counted(signatures: &[Option<Signature>]) -> Informativeness {
        let mut counts = vec![0u32; VALUES];
        for value in signatures.iter().flatten().flat_map(Signature::values) {
            counts[value] += 1;
        }
        let weight = |count: u32| ((signatures.len() as f32 + 1.0) / (count as f32 + 1.0)).ln();
        Informativeness(counts.into_iter().map(weight).collect())
    }

    #[test]
    fn what_examples_share_tells_their_sort_from_another() {
        let laptops = ["a", "b", "c", "d"].map(|own| sketch(&["Shop", "Computers", own]));
        let pans = ["e", "f", "g", "h"].map(|own| sketch(&["Shop", "Kitchen", own]));
        let all = [laptops, pans].concat();
        let informativeness = counted(&all);
        let sort = Sort::learn(all[..3].iter().copied(), &informativeness).unwrap();
        let likeness: Vec<f32> = all.iter().flatten().map(|signature| sort.likeness(signature)).collect();
        assert!(likeness[3] > 2.0 * likeness[4], "{likeness:?}");
        assert!(likeness.iter().all(|likeness| (0.0..=1.0).contains(likeness)), "{likeness:?}");
    }

    #[test]
    fn too_few_examples_tell_nothing() {
        let all = [sketch(&["a"]), sketch(&["a"]), None, None, sketch(&["b"])];
        assert!(Sort::learn(all[..4].iter().copied(), &counted(&all)).is_none());
    }
}
