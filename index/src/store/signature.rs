//! What sort of product it is, as the catalog shows it without anybody saying so: a sketch of the product's categories
//! or, where it has none, of the names of its attributes. Laptops have a processor and a screen, bags have neither.
//!
//! A sketch is a minimal hash of the set by each of [`SLOTS`] hash functions (Broder, "On the resemblance and
//! containment of documents", 1997), eight bits of each: two products agree in a slot about as likely as their sets
//! overlap. It is compared without a look at the product, in 32 bytes, where the sets themselves take hundreds.
//!
//! Invariant: a pure function of the product. How much a slot tells is a statistic of the catalog, see `rank`.

use tantivy::SegmentReader;
use tantivy::columnar::Column;

use crate::product::Product;

/// Hash functions. The error of an overlap is at most one in √32, and a group of seeds averages it out.
pub(crate) const SLOTS: usize = 32;
/// Slots of one column.
const SLOTS_PER_COLUMN: usize = 8;
/// Columns that hold a sketch.
pub(crate) const COLUMNS: usize = SLOTS / SLOTS_PER_COLUMN;
/// Different values of all slots.
pub(crate) const VALUES: usize = SLOTS * 256;
/// Most products of a segment that are counted: enough to tell common from rare, and a few milliseconds at most.
const COUNTED_MAX: u32 = 1 << 16;

/// The names of the columns.
pub(crate) const COLUMN_NAMES: [&str; COLUMNS] = ["signature_0", "signature_1", "signature_2", "signature_3"];

/// A sketch: by slot, eight bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Signature([u8; SLOTS]);

impl Signature {
    /// Sketches a product; `None` for one that tells nothing of its sort.
    pub(crate) fn of(product: &Product) -> Option<Self> {
        let mut least = [u64::MAX; SLOTS];
        if product.categories.is_empty() {
            for (name, _) in &product.attributes {
                add(&mut least, '@', name);
            }
        } else {
            for category in &product.categories {
                // With everything above it: two sorts of laptops are nearer than a laptop and a pan.
                for (end, _) in category.match_indices('>') {
                    add(&mut least, '/', category[..end].trim_end());
                }
                add(&mut least, '/', category);
            }
        }
        (least[0] != u64::MAX).then(|| Self(least.map(|hash| hash as u8)))
    }

    /// As the columns hold it.
    pub(crate) fn columns(self) -> [u64; COLUMNS] {
        let mut columns = [0; COLUMNS];
        for (column, slots) in columns.iter_mut().zip(self.0.chunks_exact(SLOTS_PER_COLUMN)) {
            *column = slots.iter().fold(0, |packed, &slot| packed << 8 | u64::from(slot));
        }
        columns
    }

    fn read(columns: [u64; COLUMNS]) -> Self {
        let mut slots = [0; SLOTS];
        for (slots, column) in slots.chunks_exact_mut(SLOTS_PER_COLUMN).zip(columns) {
            slots.copy_from_slice(&column.to_be_bytes());
        }
        Self(slots)
    }

    /// For each slot, which of all [`VALUES`] it holds.
    pub(crate) fn values(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().map(|(slot, &value)| slot * 256 + usize::from(value))
    }
}

fn add(least: &mut [u64; SLOTS], mark: char, item: &str) {
    let seed = xxhash_rust::xxh3::xxh3_64_with_seed(item.as_bytes(), u64::from(mark));
    for (slot, least) in least.iter_mut().enumerate() {
        *least = (*least).min(mixed(seed ^ (slot as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    }
}

/// Steele, Lea and Flood's finaliser of SplitMix64: every bit of the result depends on every bit of the argument.
fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// The sketches of one segment, and how often each value occurs in it.
pub(crate) struct Signatures {
    columns: Option<[Column<u64>; COLUMNS]>,
    /// By value.
    pub(crate) counts: Box<[u32]>,
    /// Products counted.
    pub(crate) counted: u32,
}

impl Signatures {
    /// Opens the columns and counts: every product, or evenly spread ones of a large segment.
    pub(crate) fn open(reader: &SegmentReader) -> tantivy::Result<Self> {
        let opened = COLUMN_NAMES.map(|name| reader.fast_fields().column_opt::<u64>(name));
        let [first, second, third, fourth] = opened;
        let columns = match (first?, second?, third?, fourth?) {
            (Some(first), Some(second), Some(third), Some(fourth)) => Some([first, second, third, fourth]),
            _ => None,
        };
        let mut signatures = Self { columns, counts: vec![0; VALUES].into_boxed_slice(), counted: 0 };
        let step = reader.max_doc().div_ceil(COUNTED_MAX).max(1) as usize;
        for doc in (0..reader.max_doc()).step_by(step) {
            if let Some(signature) = signatures.of(doc) {
                signatures.counted += 1;
                signature.values().for_each(|value| signatures.counts[value] += 1);
            }
        }
        // In products, also where only some were counted.
        signatures.counts.iter_mut().for_each(|count| *count = count.saturating_mul(step as u32));
        signatures.counted = signatures.counted.saturating_mul(step as u32);
        Ok(signatures)
    }

    /// The product's sketch.
    pub(crate) fn of(&self, doc: u32) -> Option<Signature> {
        let columns = self.columns.as_ref()?;
        let mut read = [0; COLUMNS];
        for (value, column) in read.iter_mut().zip(columns) {
            *value = column.first(doc)?;
        }
        Some(Signature::read(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(categories: &[&str]) -> Product {
        Product { categories: categories.iter().map(|&text| text.to_owned()).collect(), ..Product::default() }
    }

    #[test]
    fn a_sketch_survives_its_columns() {
        let signature = Signature::of(&product(&["Computers", "Laptops"])).unwrap();
        assert_eq!(Signature::read(signature.columns()), signature);
    }

    #[test]
    fn sets_that_overlap_agree_in_about_as_many_slots() {
        let agreeing = |a: &[&str], b: &[&str]| {
            let (a, b) = (Signature::of(&product(a)).unwrap(), Signature::of(&product(b)).unwrap());
            a.values().zip(b.values()).filter(|(a, b)| a == b).count()
        };
        assert_eq!(agreeing(&["a", "b", "c"], &["c", "b", "a"]), SLOTS);
        let half = agreeing(&["a", "b", "c"], &["b", "c", "d"]);
        assert!((SLOTS / 4..=3 * SLOTS / 4).contains(&half), "{half}");
        assert!(agreeing(&["a", "b", "c"], &["x", "y", "z"]) < SLOTS / 8);
    }

    #[test]
    fn a_product_without_categories_and_attributes_has_none() {
        assert_eq!(Signature::of(&Product::default()), None);
    }
}
