//! Product → tantivy document.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use tantivy::TantivyDocument;

use super::keyword::KeywordTerms;
use super::packed::Packed;
use super::schema::{Fields, NumberField, TextField};
use super::stored;
use crate::analysis::{Analyzer, PREFIX_CHARS_MAX, TermKind};
use crate::product::{Product, Scalar, released_seconds};
use crate::settings::Settings;

/// Builds documents; keeps its buffers from one to the next.
pub(crate) struct DocumentBuilder {
    fields: Fields,
    settings: Arc<Settings>,
    analyzer: Analyzer,
    text: Packed,
    words: Packed,
    prefixes: Packed,
    /// Hashes of the terms already in `words` and `prefixes` of the current product. Two different terms with one
    /// 64-bit hash in one product would hide the second: never seen in the life of a shop.
    seen: FxHashSet<u64>,
}

impl DocumentBuilder {
    pub(crate) fn new(fields: Fields, settings: Arc<Settings>) -> Self {
        Self {
            fields,
            analyzer: Analyzer::new(Arc::clone(&settings)),
            settings,
            text: Packed::default(),
            words: Packed::default(),
            prefixes: Packed::default(),
            seen: FxHashSet::default(),
        }
    }

    pub(crate) fn build(&mut self, product: &Product) -> TantivyDocument {
        let mut document = TantivyDocument::new();
        document.add_text(self.fields.id, &product.id);
        document.add_text(self.fields.stored, stored::encode(product));
        self.words.clear();
        self.prefixes.clear();
        self.seen.clear();
        for field in TextField::ALL {
            if self.settings.searchable.of(field) > 0.0 {
                self.add_text_field(product, field, &mut document);
            }
        }
        document.add_text(self.fields.words, self.words.as_str());
        document.add_text(self.fields.prefix, self.prefixes.as_str());
        let keywords = KeywordTerms::of(product);
        for term in &keywords.filter {
            document.add_bytes(self.fields.keyword, term);
        }
        let columns = [&keywords.brand, &keywords.categories, &keywords.rest];
        for (field, terms) in self.fields.columns.iter().zip(columns) {
            for term in terms {
                document.add_bytes(*field, term);
            }
        }
        for field in NumberField::ALL {
            if let Some(number) = number(product, field) {
                document.add_f64(self.fields.numbers[field as usize], number);
            }
        }
        document
    }

    fn add_text_field(&mut self, product: &Product, field: TextField, document: &mut TantivyDocument) {
        self.text.clear();
        let Self { analyzer, text, words, prefixes, seen, .. } = self;
        let completes = completes(field);
        for_each_text(product, field, |value| {
            text.next_value();
            analyzer.terms(value, |term| {
                text.push(term.text, term.position);
                if seen.insert(hash(term.text, 0)) {
                    words.push_unplaced(term.text);
                }
                if completes && matches!(term.kind, TermKind::Exact | TermKind::Joined | TermKind::Measure) {
                    for_each_prefix(term.text, |prefix| {
                        if seen.insert(hash(prefix, 1)) {
                            prefixes.push_unplaced(prefix);
                        }
                    });
                }
            });
        });
        if !self.text.as_str().is_empty() {
            document.add_text(self.fields.text(field), self.text.as_str());
        }
    }
}

/// Whether an unfinished word is completed by the words of this field. Descriptions and attributes are left out:
/// they would make the prefix lists many times longer, and a shopper who types on finds them by the whole word.
fn completes(field: TextField) -> bool {
    !matches!(field, TextField::Attributes | TextField::Description)
}

fn hash(term: &str, seed: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(term.as_bytes(), seed)
}

/// Calls `each` with the prefixes of 1 to [`PREFIX_CHARS_MAX`] characters, and with the whole term if it is longer:
/// a longer unfinished word is looked up among those.
pub(crate) fn for_each_prefix(term: &str, mut each: impl FnMut(&str)) {
    let mut ends = term.char_indices().skip(1).map(|(at, _)| at);
    for end in ends.by_ref().take(PREFIX_CHARS_MAX) {
        each(&term[..end]);
    }
    each(term);
}

/// Calls `each` with the texts of a searched field.
pub(crate) fn for_each_text(product: &Product, field: TextField, mut each: impl FnMut(&str)) {
    match field {
        TextField::Title => each(&product.title),
        TextField::Brand => product.brand.iter().for_each(|text| each(text)),
        TextField::Categories => product.categories.iter().chain(&product.tags).for_each(|text| each(text)),
        TextField::Sku => product.sku.iter().chain(&product.identifiers).for_each(|text| each(text)),
        TextField::Description => product.description.iter().for_each(|text| each(text)),
        TextField::Attributes => {
            for (_, attribute) in &product.attributes {
                for value in attribute.values() {
                    if let Scalar::Text(text) = value {
                        each(text);
                    }
                }
            }
        }
    }
}

/// The product's number in a column, if it has one.
pub(crate) fn number(product: &Product, field: NumberField) -> Option<f64> {
    match field {
        NumberField::Price => product.price,
        // Stock counts are far below 2^53.
        NumberField::Stock => product.stock.map(|stock| stock as f64),
        NumberField::InStock => Some(f64::from(u8::from(product.is_in_stock()))),
        NumberField::Popularity => product.popularity,
        NumberField::Rating => product.rating,
        NumberField::Released => product.released.as_deref().and_then(released_seconds),
    }
}
