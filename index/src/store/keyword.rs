//! Terms for filters and facets: one flat space of `field, value` pairs for any number of attributes.
//!
//! A *keyword term* is `field 0x00 tag value`: it is indexed for filters, and stored in a column for facets, where
//! ` 0x02 display` follows when the value reads differently from its folded form. The terms of a segment are
//! sorted, so a field is a range of term ordinals, numbers are in order within it, and 5,000 sparse attributes cost
//! no column of their own.

use crate::analysis::fold::{fold_value, fold_value_into};
use crate::product::{Product, Scalar};

/// Ends the field name in a term.
const FIELD_END: u8 = 0;
/// Stands between the folded and the displayed value in a column term.
const DISPLAY: u8 = 2;
/// Stands between the head of a long value and its hash.
const HASH: char = '\u{1}';
const TAG_BOOL: u8 = b'b';
const TAG_NUMBER: u8 = b'n';
const TAG_TEXT: u8 = b't';
/// Values up to this many bytes are compared and shown whole. Longer ones (descriptions) are compared by head and
/// hash and shown cut: a facet of whole paragraphs helps nobody.
const VALUE_BYTES_MAX: usize = 120;

/// One value of a product, and what it is compared by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value<'a> {
    Text { written: &'a str, folded: &'a str },
    Number(f64),
    Bool(bool),
}

/// A keyword term: `field 0x00 tag value`.
pub(crate) fn term(field: &str, value: &Scalar) -> Vec<u8> {
    match value {
        Scalar::Bool(flag) => term_of(field, Value::Bool(*flag)),
        Scalar::Number(number) => term_of(field, Value::Number(*number)),
        Scalar::Text(text) => term_of(field, Value::Text { written: text, folded: &fold_value(text) }),
    }
}

fn term_of(field: &str, value: Value<'_>) -> Vec<u8> {
    let mut term = field_prefix(field);
    match value {
        Value::Bool(flag) => term.extend([TAG_BOOL, u8::from(flag)]),
        Value::Number(number) => {
            term.push(TAG_NUMBER);
            term.extend(sortable(number).to_be_bytes());
        }
        Value::Text { folded, .. } => {
            term.push(TAG_TEXT);
            push_compared(folded, &mut term);
        }
    }
    term
}

/// What every term of a field begins with. A NUL in a name (no shop has one) is read as a space.
pub(crate) fn field_prefix(field: &str) -> Vec<u8> {
    let mut prefix: Vec<u8> = field.bytes().map(|byte| if byte == FIELD_END { b' ' } else { byte }).collect();
    prefix.push(FIELD_END);
    prefix
}

/// What every term of a field's numbers begins with.
pub(crate) fn number_prefix(field: &str) -> Vec<u8> {
    let mut prefix = field_prefix(field);
    prefix.push(TAG_NUMBER);
    prefix
}

/// The term as it stands in a column: with the value as written where folding changed it.
fn with_display(mut term: Vec<u8>, field: &str, value: Value<'_>) -> Vec<u8> {
    if let Value::Text { written, .. } = value {
        let shown = shown(written);
        if term[field.len() + 2..] != *shown.as_bytes() {
            term.push(DISPLAY);
            term.extend(shown.as_bytes());
        }
    }
    term
}

/// Appends what is compared of a folded value; of long ones, head and hash.
fn push_compared(folded: &str, term: &mut Vec<u8>) {
    if folded.len() <= VALUE_BYTES_MAX {
        term.extend(folded.as_bytes());
        return;
    }
    let hash = xxhash_rust::xxh3::xxh3_64(folded.as_bytes());
    term.extend(format!("{}{HASH}{hash:016x}", cut(folded)).as_bytes());
}

fn shown(text: &str) -> String {
    let text = text.trim().replace(['\0', '\u{1}', '\u{2}'], " ");
    if text.len() <= VALUE_BYTES_MAX { text } else { format!("{}…", cut(&text)) }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(VALUE_BYTES_MAX)]
}

/// A value read back from a column term, without its field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded<'a> {
    /// What values are equal by: tag and compared form.
    pub(crate) key: &'a [u8],
    /// As the product has it.
    pub(crate) value: Scalar,
}

/// Reads the part of a column term behind the field's prefix.
pub(crate) fn decode(value: &[u8]) -> Option<Decoded<'_>> {
    let (tag, rest) = value.split_first()?;
    match *tag {
        TAG_BOOL => Some(Decoded { key: value, value: Scalar::Bool(*rest.first()? == 1) }),
        TAG_NUMBER => {
            let number = unsortable(u64::from_be_bytes(rest.try_into().ok()?));
            Some(Decoded { key: value, value: Scalar::Number(number) })
        }
        TAG_TEXT => {
            let end = rest.iter().position(|&byte| byte == DISPLAY);
            let shown = end.map_or(rest, |end| &rest[end + 1..]);
            let text = String::from_utf8_lossy(shown).into_owned();
            Some(Decoded { key: end.map_or(value, |end| &value[..=end]), value: Scalar::Text(text) })
        }
        _ => None,
    }
}

/// Order-preserving bits of a finite number; −0 counts as 0.
pub(crate) fn sortable(number: f64) -> u64 {
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 0 { bits ^ (1 << 63) } else { !bits }
}

fn unsortable(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits ^ (1 << 63) } else { !bits })
}

/// In which column a field's values lie. Brand and categories, asked for on every page, have one each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Brand,
    Categories,
    Rest,
}

/// Fields whose values are nearly all different and hardly ever filtered by: they have no lists of products, which
/// would be most of the term dictionary, and a filter on them reads the column instead.
const SCANNED_FIELDS: [&str; 4] = ["title", "description", "image", "url"];

/// Whether the field's values have lists of products.
pub(crate) fn has_lists(field: &str) -> bool {
    !SCANNED_FIELDS.contains(&field)
}

/// The column of a field, by the name that terms carry.
pub(crate) fn column(field: &str) -> Column {
    match field {
        "brand" => Column::Brand,
        "categories" => Column::Categories,
        _ => Column::Rest,
    }
}

/// The name that an attribute's terms carry; attributes never meet product fields of the same name.
pub(crate) fn attribute_field(name: &str) -> String {
    format!("{ATTRIBUTE}{name}")
}

/// Begins the names of attributes in terms.
pub(crate) const ATTRIBUTE: char = '@';

/// Calls `each` with field name (as terms carry it) and value for everything that can be filtered by equality and
/// is not a number of its own column. What `known` has alike, field by field, is left out.
pub(crate) fn for_each_value(product: &Product, known: Option<&Product>, mut each: impl FnMut(&str, Value<'_>)) {
    let mut folded = String::new();
    let mut text = |field: &str, written: &str| {
        fold_value_into(written, &mut folded);
        each(field, Value::Text { written, folded: &folded });
    };
    let is_known = |same: fn(&Product, &Product) -> bool| known.is_some_and(|known| same(product, known));
    if !is_known(|a, b| a.id == b.id) {
        text("id", &product.id);
    }
    if !is_known(|a, b| a.title == b.title) {
        text("title", &product.title);
    }
    type OneText = (&'static str, fn(&Product) -> Option<&str>);
    let texts: [OneText; 6] = [
        ("description", |it| it.description.as_deref()),
        ("brand", |it| it.brand.as_deref()),
        ("sku", |it| it.sku.as_deref()),
        ("image", |it| it.image.as_deref()),
        ("url", |it| it.url.as_deref()),
        ("group", |it| it.group.as_deref()),
    ];
    for (field, of) in texts {
        if let Some(value) = of(product)
            && known.and_then(of) != Some(value)
        {
            text(field, value);
        }
    }
    if !is_known(|a, b| a.categories == b.categories) {
        for path in &product.categories {
            for level in category_levels(path) {
                text("categories", level);
            }
        }
    }
    if !is_known(|a, b| a.identifiers == b.identifiers) {
        product.identifiers.iter().for_each(|value| text("identifiers", value));
    }
    if !is_known(|a, b| a.tags == b.tags) {
        product.tags.iter().for_each(|value| text("tags", value));
    }
    let mut field = String::new();
    for (at, (name, attribute)) in product.attributes.iter().enumerate() {
        // One that moved is told again, which does no harm and is cheaper than looking for it.
        if known.and_then(|known| known.attributes.get(at)).is_some_and(|(n, a)| n == name && a == attribute) {
            continue;
        }
        field.clear();
        field.push(ATTRIBUTE);
        field.push_str(name);
        for value in attribute.values() {
            match value {
                Scalar::Text(written) => {
                    fold_value_into(written, &mut folded);
                    each(&field, Value::Text { written, folded: &folded });
                }
                Scalar::Number(number) => each(&field, Value::Number(*number)),
                Scalar::Bool(flag) => each(&field, Value::Bool(*flag)),
            }
        }
    }
}

/// `A > B > C` → `A`, `A > B`, `A > B > C`.
pub(crate) fn category_levels(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices(" > ").map(|(at, _)| &path[..at]).chain(std::iter::once(path))
}

/// The keyword terms of a product: filter terms, and column terms by column, each sorted and without repeats.
#[derive(Debug, Default)]
pub(crate) struct KeywordTerms {
    pub(crate) filter: Vec<Vec<u8>>,
    pub(crate) brand: Vec<Vec<u8>>,
    pub(crate) categories: Vec<Vec<u8>>,
    pub(crate) rest: Vec<Vec<u8>>,
}

impl KeywordTerms {
    /// Takes the product apart, and calls `each` with its values by the way.
    pub(crate) fn of(product: &Product, mut each: impl FnMut(&str, Value<'_>)) -> Self {
        let mut pairs = Vec::with_capacity(16 + product.attributes.len());
        for_each_value(product, None, |field, value| {
            each(field, value);
            let term = term_of(field, value);
            pairs.push((term.clone(), with_display(term, field, value), column(field), has_lists(field)));
        });
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|a, b| a.0 == b.0);
        let mut terms = Self::default();
        for (filter, shown, column, listed) in pairs {
            if listed {
                terms.filter.push(filter);
            }
            match column {
                Column::Brand => terms.brand.push(shown),
                Column::Categories => terms.categories.push(shown),
                Column::Rest => terms.rest.push(shown),
            }
        }
        terms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn equal_spellings_make_one_filter_term() {
        let nike = term("brand", &Scalar::Text("Nike".into()));
        assert_eq!(nike, term("brand", &Scalar::Text(" NIKE ".into())));
        assert_eq!(term("@ram", &Scalar::Number(8.0)), term("@ram", &Scalar::Number(8.00)));
        assert_ne!(term("@ram", &Scalar::Number(8.0)), term("@ram", &Scalar::Text("8".into())));
    }

    #[test]
    fn every_level_of_a_category_path_is_a_value() {
        assert_eq!(category_levels("A > B > C").collect::<Vec<_>>(), ["A", "A > B", "A > B > C"]);
        assert_eq!(category_levels("A").collect::<Vec<_>>(), ["A"]);
    }

    proptest! {
        #[test]
        fn numbers_sort_as_their_terms(a in -1e12f64..1e12, b in -1e12f64..1e12) {
            prop_assert_eq!(a < b, sortable(a) < sortable(b));
            prop_assert_eq!(unsortable(sortable(a)), a);
        }

        #[test]
        fn a_column_term_shows_the_value_as_written(text in "\\PC{1,30}") {
            let written = text.trim();
            let value = Scalar::Text(written.to_owned());
            let plain = term("f", &value);
            let column = with_display(plain.clone(), "f", Value::Text { written, folded: &fold_value(written) });
            let decoded = decode(&column[2..]).unwrap();
            prop_assert_eq!(decoded.value, value);
            prop_assert_eq!(decoded.key, &plain[2..]);
        }
    }
}
