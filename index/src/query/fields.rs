//! Field names of a request → where their values lie.

use crate::error::IndexError;
use crate::snapshot::Snapshot;
use crate::store::keyword::{self, ATTRIBUTE, Column};
use crate::store::schema::NumberField;
use crate::store::segment::{ord_or_next, prefix_ords};

/// Most attribute names that an error lists.
const NAMES_LISTED_MAX: usize = 50;
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
    if let Some(field) = NumberField::ALL.into_iter().find(|field| field.name() == name) {
        return Ok(FieldRef::Number(field));
    }
    let term_field = if KEYWORD_FIELDS.contains(&name) {
        return Ok(FieldRef::Keyword { term_field: name.to_owned(), column: keyword::column(name) });
    } else {
        keyword::attribute_field(name.strip_prefix("attributes.").unwrap_or(name))
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
    Err(IndexError::UnknownField { field: name.to_owned(), parameter, known: known_fields(snapshot)? })
}

/// Product fields, then attributes by name.
fn known_fields(snapshot: &Snapshot) -> Result<Vec<String>, IndexError> {
    let numbers = NumberField::ALL.into_iter().map(|field| field.name().to_owned());
    let mut known: Vec<String> = KEYWORD_FIELDS.into_iter().map(str::to_owned).chain(numbers).collect();
    let mut attributes = std::collections::BTreeSet::new();
    for columns in snapshot.columns() {
        let Some(column) = columns.keyword(Column::Rest) else { continue };
        let mut key = ATTRIBUTE.to_string().into_bytes();
        while attributes.len() < NAMES_LISTED_MAX {
            let mut term = Vec::new();
            let ord = ord_or_next(column, &key).map_err(tantivy::TantivyError::from)?;
            let found = column.ord_to_bytes(ord, &mut term).map_err(tantivy::TantivyError::from)?;
            let Some(end) = term.iter().position(|&byte| byte == 0) else { break };
            if !found || term.first() != Some(&(ATTRIBUTE as u8)) {
                break;
            }
            attributes.insert(String::from_utf8_lossy(&term[1..end]).into_owned());
            // The next name begins behind every term of this one.
            key = term[..end].to_vec();
            key.push(1);
        }
    }
    known.extend(attributes.into_iter().take(NAMES_LISTED_MAX));
    Ok(known)
}
