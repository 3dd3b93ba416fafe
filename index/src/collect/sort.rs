//! Sort keys as numbers: within a segment every key is a `u64`, larger is better, 0 is missing.
//!
//! Text compares by its ordinal, which only means something within one segment; `top` reads the terms when it
//! merges segments.

use tantivy::DocId;
use tantivy::columnar::BytesColumn;

use crate::error::IndexError;
use crate::eval::score::Relevance;
use crate::live::LiveRows;
use crate::query::fields::{FieldRef, resolve};
use crate::request::{Order, SORT_KEYS_MAX, SortKey};
use crate::snapshot::Snapshot;
use crate::store::keyword::{Column, field_prefix, sortable};
use crate::store::schema::NumberField;
use crate::store::segment::{Numbers, Ords, SegmentColumns, for_each_ord_in, prefix_ords};

/// The keys of one document.
pub(crate) type Keys = [u64; SORT_KEYS_MAX];

/// One resolved sort key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    /// Best match first.
    Relevance,
    /// A field's number.
    Number(NumberField, Order),
    /// A field's first value: numbers in their order, then text, folded.
    Keyword { term_field: String, column: Column, order: Order },
}

impl Key {
    /// Whether live fields decide it.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Number(field, _) if field.is_live())
    }
}

/// Resolves the keys of a request. Without any, relevance decides, then popularity.
pub(crate) fn resolve_keys(snapshot: &Snapshot, sort: &[SortKey]) -> Result<Vec<Key>, IndexError> {
    if sort.is_empty() {
        return Ok(vec![Key::Relevance, Key::Number(NumberField::Popularity, Order::Descending)]);
    }
    if sort.len() > SORT_KEYS_MAX {
        let message = format!("at most {SORT_KEYS_MAX} sort keys, not {}", sort.len());
        return Err(IndexError::InvalidRequest { parameter: "sort", message });
    }
    let keys = sort.iter().map(|key| {
        if key.field == "relevance" {
            return Ok(Key::Relevance);
        }
        Ok(match resolve(snapshot, &key.field, "sort")? {
            FieldRef::Number(field) => Key::Number(field, key.order),
            FieldRef::Keyword { term_field, column } => Key::Keyword { term_field, column, order: key.order },
        })
    });
    keys.collect()
}

/// A key within one segment.
pub(crate) enum SegmentKey<'a> {
    Relevance,
    Number(Numbers<'a>, Order),
    Keyword(&'a BytesColumn, Ords, Order),
    Missing,
}

impl<'a> SegmentKey<'a> {
    pub(crate) fn open(key: &Key, columns: &'a SegmentColumns, rows: &'a LiveRows<'_>) -> Result<Self, IndexError> {
        Ok(match key {
            Key::Relevance => Self::Relevance,
            Key::Number(field, order) => match columns.numbers(*field, rows) {
                Numbers::None => Self::Missing,
                numbers => Self::Number(numbers, *order),
            },
            Key::Keyword { term_field, column, order } => match columns.keyword(*column) {
                None => Self::Missing,
                Some(column) => {
                    let ords = prefix_ords(column, &field_prefix(term_field)).map_err(tantivy::TantivyError::from)?;
                    Self::Keyword(column, ords, *order)
                }
            },
        })
    }

    #[inline]
    pub(crate) fn of(&self, doc: DocId, relevance: Relevance) -> u64 {
        match self {
            Self::Relevance => relevance.rank(),
            Self::Number(numbers, order) => numbers.of(doc).map_or(0, |number| ordered(sortable(number), *order)),
            Self::Keyword(column, ords, order) => {
                // Of a list, the value that puts the product foremost.
                let mut best = 0;
                for_each_ord_in(column, doc, ords, |ord| best = best.max(ordered(ord, *order)));
                best
            }
            Self::Missing => 0,
        }
    }

    /// The term behind a keyword key, for comparing across segments.
    pub(crate) fn term(&self, key: u64) -> Option<Vec<u8>> {
        let Self::Keyword(column, _, order) = self else { return None };
        let mut term = Vec::new();
        let found = key > 0 && column.ord_to_bytes(unordered(key, *order), &mut term).unwrap_or(false);
        found.then_some(term)
    }
}

/// Larger is better and 0 is left for missing values; the extremes of `u64` are no finite number and no ordinal.
fn ordered(value: u64, order: Order) -> u64 {
    match order {
        Order::Ascending => (!value).max(1),
        Order::Descending => value.saturating_add(1),
    }
}

fn unordered(key: u64, order: Order) -> u64 {
    match order {
        Order::Ascending => !key,
        Order::Descending => key - 1,
    }
}
