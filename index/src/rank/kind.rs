//! The sort of product that a query looks for, learned from its best matches: what products that surely are it have in
//! common, and how much of that every other candidate has.
//!
//! Owns the weighing of sketches. Invariant: knows no query and no text; it is told which products are examples.

use std::sync::Arc;

use crate::store::segment::SegmentColumns;
use crate::store::signature::{Signature, VALUES};

/// Fewer examples than these are no sort: what two products have in common may be anything.
const EXAMPLES_MIN: usize = 3;
/// A candidate with this share of the best likeness in the window is of the sort for good: products of one sort have
/// different numbers of attributes, and who has the most is no better match.
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

/// How much of the sort each candidate has, 0 to 1, from the sketches of all and the places of the examples.
pub(crate) fn likeness(
    signatures: &[Option<Signature>],
    examples: impl Iterator<Item = usize>,
    informativeness: &Informativeness,
) -> Vec<f32> {
    let mut likeness = vec![0.0; signatures.len()];
    let Some(centre) = Centre::of(examples.filter_map(|at| signatures[at].as_ref()), informativeness) else {
        return likeness;
    };
    for (likeness, signature) in likeness.iter_mut().zip(signatures) {
        *likeness = signature.as_ref().map_or(0.0, |signature| centre.cosine(signature, informativeness));
    }
    let full = FULL_LIKENESS * likeness.iter().copied().fold(0.0, f32::max);
    if full > 0.0 {
        likeness.iter_mut().for_each(|likeness| *likeness = (*likeness / full).min(1.0) * centre.coherence);
    }
    likeness
}

/// The mean of the examples' vectors.
struct Centre {
    by_value: Box<[f32]>,
    /// How alike the examples are: 1 when all are the same, near 0 when they have nothing in common. It is the length of
    /// the mean of vectors of length 1.
    coherence: f32,
}

impl Centre {
    fn of<'a>(examples: impl Iterator<Item = &'a Signature>, informativeness: &Informativeness) -> Option<Self> {
        let mut by_value = vec![0.0; VALUES].into_boxed_slice();
        let mut values = Vec::new();
        let mut n_examples = 0;
        for example in examples {
            let length = informativeness.length(example);
            if length > 0.0 {
                n_examples += 1;
                for value in example.values() {
                    by_value[value] += informativeness.0[value] / length;
                    values.push(value);
                }
            }
        }
        if n_examples < EXAMPLES_MIN {
            return None;
        }
        values.sort_unstable();
        values.dedup();
        let mut square = 0.0;
        for value in values {
            by_value[value] /= n_examples as f32;
            square += by_value[value] * by_value[value];
        }
        let coherence = square.sqrt();
        (coherence > 0.0).then_some(Self { by_value, coherence })
    }

    fn cosine(&self, signature: &Signature, informativeness: &Informativeness) -> f32 {
        let length = informativeness.length(signature);
        if length == 0.0 {
            return 0.0;
        }
        let product: f32 = signature.values().map(|value| informativeness.0[value] * self.by_value[value]).sum();
        product / (length * self.coherence)
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
        let likeness = likeness(&all, 0..3, &counted(&all));
        assert!(likeness[3] > 2.0 * likeness[4], "{likeness:?}");
        assert!(likeness.iter().all(|likeness| (0.0..=1.0).contains(likeness)), "{likeness:?}");
    }

    #[test]
    fn too_few_examples_and_products_without_a_sketch_tell_nothing() {
        let all = [sketch(&["a"]), sketch(&["a"]), None];
        assert_eq!(likeness(&all, 0..2, &counted(&all)), [0.0; 3]);
        let all = [sketch(&["a"]), sketch(&["a"]), sketch(&["a"]), None, sketch(&["b"])];
        assert_eq!(likeness(&all, 0..3, &counted(&all))[3], 0.0);
    }
}
