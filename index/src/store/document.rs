//! Product → tantivy document.

use std::sync::Arc;

use tantivy::TantivyDocument;

use super::forms::{Form, Seen, for_each_form};
use super::keyword::{KeywordTerms, for_each_value};
use super::packed::Packed;
use super::schema::{Fields, NumberField, TextField};
use super::signature::Signature;
use super::stored;
use crate::analysis::{Analyzer, for_each_head, name_term, units};
use crate::product::{Product, Scalar, released_seconds};
use crate::settings::Settings;
use crate::touch::Change;

/// Builds documents; keeps its buffers from one to the next.
pub(crate) struct DocumentBuilder {
    fields: Fields,
    settings: Arc<Settings>,
    analyzer: Analyzer,
    /// By [`TextField`].
    texts: [Packed; 6],
    words: Packed,
    prefixes: Packed,
    features: Packed,
    seen: Seen,
    seen_old: Seen,
}

impl DocumentBuilder {
    pub(crate) fn new(fields: Fields, settings: Arc<Settings>) -> Self {
        Self {
            fields,
            analyzer: Analyzer::new(Arc::clone(&settings)),
            settings,
            texts: Default::default(),
            words: Packed::default(),
            prefixes: Packed::default(),
            features: Packed::default(),
            seen: Seen::default(),
            seen_old: Seen::default(),
        }
    }

    /// Tells what the removal of `old` touches.
    pub(crate) fn remove(&mut self, old: &Product, change: &mut Change) {
        change.clear();
        self.seen.clear();
        let Self { settings, analyzer, seen, .. } = self;
        for_each_form(old, TextField::ALL.into_iter(), settings, analyzer, seen, |form| change.old.add_form(form));
        for_each_value(old, None, |field, value| change.old.add_value(field, value));
    }

    /// Builds the document of `product`, and tells what its replacing `old` touches. Fields that both have alike are
    /// analysed once.
    pub(crate) fn build(&mut self, product: &Product, old: Option<&Product>, change: &mut Change) -> TantivyDocument {
        change.clear();
        let mut document = TantivyDocument::new();
        document.add_text(self.fields.id, &product.id);
        document.add_text(self.fields.stored, stored::encode(product));
        self.words.clear();
        self.prefixes.clear();
        self.texts.iter_mut().for_each(Packed::clear);
        self.seen.clear();
        let Self { settings, analyzer, texts, words, prefixes, seen, seen_old, .. } = self;
        let mut place = |form: Form<'_>| match form {
            Form::Value { field } => texts[field as usize].next_value(),
            Form::Placed { field, text, position } => texts[field as usize].push(text, position),
            Form::Word(text) => words.push_unplaced(text),
            Form::Prefix(text) => prefixes.push_unplaced(text),
        };
        let is_kept = |field: &TextField| old.is_some_and(|old| has_same_text(old, product, *field));
        let kept = TextField::ALL.into_iter().filter(is_kept);
        for_each_form(product, kept, settings, analyzer, seen, |form| {
            change.add_kept_form(form);
            place(form);
        });
        let others = TextField::ALL.into_iter().filter(|field| !is_kept(field));
        if let Some(old) = old {
            seen_old.clone_from(seen);
            for_each_form(old, others.clone(), settings, analyzer, seen_old, |form| change.old.add_form(form));
            for_each_value(old, Some(product), |field, value| change.old.add_value(field, value));
        }
        for_each_form(product, others, settings, analyzer, seen, |form| {
            change.new.add_form(form);
            place(form);
        });
        for (field, text) in TextField::ALL.into_iter().zip(&self.texts) {
            if !text.as_str().is_empty() {
                document.add_text(self.fields.text(field), text.as_str());
            }
        }
        document.add_text(self.fields.words, self.words.as_str());
        document.add_text(self.fields.prefix, self.prefixes.as_str());
        self.add_features(product);
        document.add_text(self.fields.features, self.features.as_str());
        if let Some(signature) = Signature::of(product) {
            for (column, packed) in self.fields.signature.iter().zip(signature.columns()) {
                document.add_u64(*column, packed);
            }
        }
        let keywords = KeywordTerms::of(product, |field, value| change.new.add_value(field, value));
        for term in &keywords.filter {
            document.add_bytes(self.fields.keyword, term);
        }
        let columns = [&keywords.brand, &keywords.categories, &keywords.rest];
        for (field, terms) in self.fields.columns.iter().zip(columns) {
            for term in terms {
                document.add_bytes(*field, term);
            }
        }
        for (column, field) in self.fields.numbers.iter().zip(NumberField::COLUMNS) {
            if let Some(number) = number(product, field) {
                document.add_f64(*column, number);
            }
        }
        document
    }

    /// What the product is and is called. These terms only reorder, so that they touch nothing: whatever changes them
    /// touches every term of the product.
    fn add_features(&mut self, product: &Product) {
        let Self { settings, analyzer, features, .. } = self;
        features.clear();
        for_each_head(&product.title, product.brand.as_deref(), settings.language, |head| {
            features.push_unplaced(head);
            if let Some(stem) = analyzer.stem(head) {
                features.push_unplaced(stem);
            }
        });
        let names = product.identifiers.iter().chain(&product.sku).chain(std::iter::once(&product.title));
        for name in names.filter_map(|name| name_term(name)) {
            features.push_unplaced(&name);
        }
    }
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
            for (name, attribute) in &product.attributes {
                // Asked for only where there is a number: most attributes are text.
                let mut unit = None;
                for value in attribute.values() {
                    match value {
                        Scalar::Text(text) => each(text),
                        // `Memory (GB): 16` is found by `16gb`, as the text `16 GB` would be.
                        Scalar::Number(number) => {
                            if let Some(unit) = *unit.get_or_insert_with(|| units::of_name(name)) {
                                each(&format!("{number} {unit}"));
                            }
                        }
                        Scalar::Bool(_) => {}
                    }
                }
            }
        }
    }
}

/// Whether both products have the same in a searched field.
fn has_same_text(a: &Product, b: &Product, field: TextField) -> bool {
    match field {
        TextField::Title => a.title == b.title,
        TextField::Brand => a.brand == b.brand,
        TextField::Categories => a.categories == b.categories && a.tags == b.tags,
        TextField::Sku => a.sku == b.sku && a.identifiers == b.identifiers,
        TextField::Description => a.description == b.description,
        TextField::Attributes => a.attributes == b.attributes,
    }
}

/// The product's number in a column, if it has one.
fn number(product: &Product, field: NumberField) -> Option<f64> {
    match field {
        NumberField::Popularity => product.popularity,
        NumberField::Rating => product.rating,
        NumberField::Released => product.released.as_deref().and_then(released_seconds),
        // In the live table.
        NumberField::Price | NumberField::Stock | NumberField::InStock => None,
    }
}
