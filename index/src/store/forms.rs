//! Every form under which a product is found: one walk that both indexing and touching are made of, so that what can
//! match a product and what a change of it touches are the same by construction.

use rustc_hash::FxHashSet;

use super::document::for_each_text;
use super::schema::TextField;
use crate::analysis::{Analyzer, PREFIX_CHARS_MAX, TermKind};
use crate::product::Product;
use crate::settings::Settings;

/// One form of a product's text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form<'a> {
    /// Another value of a field begins.
    Value { field: TextField },
    /// A term at its place in the field's text; every occurrence.
    Placed { field: TextField, text: &'a str, position: u32 },
    /// A term of any searched field; once a product.
    Word(&'a str),
    /// A prefix by which an unfinished word finds the product; once a product.
    Prefix(&'a str),
}

/// Hashes of the words and prefixes already told. Two different ones with one 64-bit hash in one product would hide
/// the second: never seen in the life of a shop.
pub(crate) type Seen = FxHashSet<u64>;

/// Calls `each` with the forms of some fields of a product, field by field, but for the words and prefixes in `seen`,
/// to which it adds.
pub(crate) fn for_each_form(
    product: &Product,
    fields: impl Iterator<Item = TextField>,
    settings: &Settings,
    analyzer: &mut Analyzer,
    seen: &mut Seen,
    mut each: impl FnMut(Form<'_>),
) {
    for field in fields {
        if settings.searchable.of(field) <= 0.0 {
            continue;
        }
        let completes = completes(field);
        for_each_text(product, field, |value| {
            each(Form::Value { field });
            analyzer.terms(value, |term| {
                each(Form::Placed { field, text: term.text, position: term.position });
                if seen.insert(hash(term.text, 0)) {
                    each(Form::Word(term.text));
                }
                if completes && is_completing(term.kind) {
                    for_each_prefix(term.text, |prefix| {
                        if seen.insert(hash(prefix, 1)) {
                            each(Form::Prefix(prefix));
                        }
                    });
                }
            });
        });
    }
}

/// Calls `each` with the words of a product that complete an unfinished one; with some more than once.
pub(crate) fn for_each_completing(
    product: &Product,
    settings: &Settings,
    analyzer: &mut Analyzer,
    mut each: impl FnMut(&str),
) {
    let completing = |field: &TextField| completes(*field) && settings.searchable.of(*field) > 0.0;
    for field in TextField::ALL.into_iter().filter(completing) {
        for_each_text(product, field, |value| {
            analyzer.terms(value, |term| {
                if is_completing(term.kind) {
                    each(term.text);
                }
            });
        });
    }
}

/// Whether an unfinished word is completed by such terms.
fn is_completing(kind: TermKind) -> bool {
    matches!(kind, TermKind::Exact | TermKind::Joined | TermKind::Measure)
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
fn for_each_prefix(term: &str, mut each: impl FnMut(&str)) {
    let mut ends = term.char_indices().skip(1).map(|(at, _)| at);
    for end in ends.by_ref().take(PREFIX_CHARS_MAX) {
        each(&term[..end]);
    }
    each(term);
}
