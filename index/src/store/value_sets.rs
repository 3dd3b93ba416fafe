//! Which values of a column each product has, as one number: its *value set*.
//!
//! Most products share their categories, and their brand, with many others. Counting how often each set occurs among the
//! documents of an answer, and only then what is in the sets, touches four bytes a document that lie side by side, where
//! the column itself takes several look-ups that depend on each other.
//!
//! Invariant: a set is what the column says of the document. A column whose sets would be nearly as many as its documents
//! has none, and is read itself.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use tantivy::columnar::BytesColumn;

use super::segment::Ords;

/// Documents a segment must have: what fewer cost is not felt, and every new one would have to be walked.
const DOCS_MIN: u32 = 4_096;
/// Documents a set must have on average; with fewer, counting sets is no shorter than counting values.
const DOCS_PER_SET_MIN: usize = 8;

/// The value sets of one segment's column.
pub(crate) struct ValueSets {
    /// By document, the number of its set.
    of_doc: Vec<u32>,
    /// By set, where its ordinals begin in `ords`; one more at the end.
    starts: Vec<u32>,
    ords: Vec<u32>,
}

impl ValueSets {
    /// Reads them off the column; `None` where they do not pay.
    pub(crate) fn of(column: &BytesColumn, docs: u32) -> Option<Self> {
        if docs < DOCS_MIN || column.num_terms() > u32::MAX as usize {
            return None;
        }
        let sets_max = docs as usize / DOCS_PER_SET_MIN;
        let mut numbers: FxHashMap<SmallVec<[u32; 8]>, u32> = FxHashMap::default();
        let mut sets = Self { of_doc: Vec::with_capacity(docs as usize), starts: vec![0], ords: Vec::new() };
        let mut values = SmallVec::new();
        for doc in 0..docs {
            values.clear();
            values.extend(column.term_ords(doc).map(|ord| ord as u32));
            let number = match numbers.get(&values) {
                Some(&number) => number,
                None if numbers.len() == sets_max => return None,
                None => {
                    let number = numbers.len() as u32;
                    sets.ords.extend_from_slice(&values);
                    sets.starts.push(u32::try_from(sets.ords.len()).ok()?);
                    numbers.insert(values.clone(), number);
                    number
                }
            };
            sets.of_doc.push(number);
        }
        sets.of_doc.shrink_to_fit();
        Some(sets)
    }

    /// How many sets there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// How often each ordinal of the range occurs among the documents, in their order; those that occur.
    pub(crate) fn count(&self, range: &Ords, docs: &[u32]) -> Vec<(u64, u64)> {
        let mut counts = vec![0_u32; self.len()];
        for &doc in docs {
            if let Some(count) = self.of_doc.get(doc as usize).and_then(|&set| counts.get_mut(set as usize)) {
                *count += 1;
            }
        }
        let mut counted = Vec::new();
        for (set, count) in counts.into_iter().enumerate().filter(|(_, count)| *count > 0) {
            let ords = &self.ords[self.starts[set] as usize..self.starts[set + 1] as usize];
            let within = ords.iter().map(|&ord| u64::from(ord)).filter(|ord| range.contains(ord));
            counted.extend(within.map(|ord| (ord, u64::from(count))));
        }
        counted.sort_unstable();
        counted.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        counted
    }
}
