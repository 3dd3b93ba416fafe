//! Field names of a request → where their values lie.

use std::collections::BTreeSet;

use crate::error::IndexError;
use crate::query::typo;
use crate::snapshot::Snapshot;
use crate::store::keyword::{self, ATTRIBUTE, Column};
use crate::store::schema::NumberField;
use crate::store::segment::{ord_or_next, prefix_ords};

/// Most attribute names that an error lists.
const NAMES_LISTED_MAX: usize = 50;
/// Most edits between a name and the one that was probably meant.
const EDITS_MAX: u8 = 2;
/// Longest name for which another is suggested, in characters: its automaton takes 70 kB for each.
const CORRECTED_CHARS_MAX: usize = 32;
/// Most attribute names that an unknown one is compared with, each found by a search in the dictionary. Of icecat's
/// 5,341, at most 563 begin with the same letter.
const NAMES_COMPARED_MAX: usize = 1_000;
/// Begins the full name of an attribute, by which it is found when a product field has its name.
const FULL_NAME: &str = "attributes.";
/// Product fields whose values are filter terms.
const KEYWORD_FIELDS: [&str; 11] =
    ["id", "title", "description", "brand", "categories", "sku", "identifiers", "image", "url", "group", "tags"];

/// A field that can be filtered, faceted, sorted and grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FieldRef {
    /// A number with a column of its own.
    Number(NumberField),
    /// Values in a keyword column.
    Keyword {
        /// The name that terms carry.
        term_field: String,
        /// The column.
        column: Column,
    },
}

/// Finds a field. Product fields always exist; an attribute exists when some product has it.
pub(crate) fn resolve(snapshot: &Snapshot, name: &str, parameter: &'static str) -> Result<FieldRef, IndexError> {
    let term_field = match assumed(name) {
        FieldRef::Keyword { term_field, .. } if !KEYWORD_FIELDS.contains(&name) => term_field,
        product_field => return Ok(product_field),
    };
    let prefix = keyword::field_prefix(&term_field);
    for columns in snapshot.columns() {
        if let Some(column) = columns.keyword(Column::Rest) {
            let ords = prefix_ords(column, &prefix).map_err(tantivy::TantivyError::from)?;
            if !ords.is_empty() {
                return Ok(FieldRef::Keyword { term_field, column: Column::Rest });
            }
        }
    }
    let known = known_fields(snapshot)?;
    Err(IndexError::UnknownField { field: name.to_owned(), parameter, nearest: nearest(snapshot, name)?, known })
}

/// The place where a field's values would lie, whether or not a product has it.
pub(crate) fn assumed(name: &str) -> FieldRef {
    if let Some(field) = NumberField::ALL.into_iter().find(|field| field.name() == name) {
        return FieldRef::Number(field);
    }
    match KEYWORD_FIELDS.contains(&name) {
        true => FieldRef::Keyword { term_field: name.to_owned(), column: keyword::column(name) },
        false => {
            let term_field = keyword::attribute_field(name.strip_prefix(FULL_NAME).unwrap_or(name));
            FieldRef::Keyword { term_field, column: Column::Rest }
        }
    }
}

/// The name that was probably meant: a product field, or an attribute that begins with the same letter.
fn nearest(snapshot: &Snapshot, name: &str) -> Result<Option<String>, IndexError> {
    let attribute = name.strip_prefix(FULL_NAME);
    let typed = attribute.unwrap_or(name);
    let letters = typed.chars().count();
    if letters > CORRECTED_CHARS_MAX {
        return Ok(None);
    }
    // Of a name of three letters, one may be wrong: with two, any other would do.
    let edits_max = EDITS_MAX.min(u8::try_from(letters / 2).unwrap_or(EDITS_MAX));
    let Some(first) = typed.chars().next() else { return Ok(None) };
    let attributes = attribute_names(snapshot, first.encode_utf8(&mut [0; 4]), NAMES_COMPARED_MAX)?;
    if attribute.is_some() {
        let near = typo::nearest(typed, attributes, edits_max);
        return Ok(near.map(|near| format!("{FULL_NAME}{near}")));
    }
    Ok(typo::nearest(typed, product_fields().map(str::to_owned).chain(attributes), edits_max))
}

fn product_fields() -> impl Iterator<Item = &'static str> {
    KEYWORD_FIELDS.into_iter().chain(NumberField::ALL.into_iter().map(NumberField::name))
}

/// Product fields, then attributes by name.
fn known_fields(snapshot: &Snapshot) -> Result<Vec<String>, IndexError> {
    let attributes = attribute_names(snapshot, "", NAMES_LISTED_MAX)?;
    Ok(product_fields().map(str::to_owned).chain(attributes).collect())
}

/// The first names of attributes that begin with `start`, `most` at most.
fn attribute_names(snapshot: &Snapshot, start: &str, most: usize) -> Result<BTreeSet<String>, IndexError> {
    let mut names = BTreeSet::new();
    let start = keyword::attribute_field(start).into_bytes();
    for columns in snapshot.columns() {
        let Some(column) = columns.keyword(Column::Rest) else { continue };
        let mut key = start.clone();
        for _ in 0..most {
            let mut term = Vec::new();
            let ord = ord_or_next(column, &key).map_err(tantivy::TantivyError::from)?;
            let found = column.ord_to_bytes(ord, &mut term).map_err(tantivy::TantivyError::from)?;
            let Some(end) = term.iter().position(|&byte| byte == 0) else { break };
            if !found || !term.starts_with(&start) {
                break;
            }
            names.insert(String::from_utf8_lossy(&term[ATTRIBUTE.len_utf8()..end]).into_owned());
            // The next name begins behind every term of this one.
            key = term[..end].to_vec();
            key.push(1);
        }
    }
    while names.len() > most {
        names.pop_last();
    }
    Ok(names)
}
