//! Groups: variants of one product share a value, and only the best of them is shown.

use rustc_hash::FxHashMap;
use tantivy::DocId;
use tantivy::columnar::BytesColumn;

use crate::error::IndexError;
use crate::query::fields::FieldRef;
use crate::store::keyword::{Column, decode, field_prefix};
use crate::store::segment::{Ords, SegmentColumns, for_each_ord_in, prefix_ords};

/// Identity of a group over all segments: the hash of its value. A product without the value is a group of its own.
pub(crate) type GroupId = u64;

/// The field by which products are grouped.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupField {
    pub(crate) term_field: String,
    pub(crate) column: Column,
}

impl GroupField {
    pub(crate) fn new(field: FieldRef, name: &str) -> Result<Self, IndexError> {
        match field {
            FieldRef::Keyword { term_field, column } => Ok(Self { term_field, column }),
            FieldRef::Number(_) => Err(IndexError::InvalidRequest {
                parameter: "group",
                message: format!("products cannot be grouped by the number `{name}`"),
            }),
        }
    }
}

/// Finds the group of a segment's documents.
pub(crate) struct SegmentGroups<'a> {
    segment: usize,
    values: Option<(&'a BytesColumn, Ords, usize)>,
    known: FxHashMap<u64, GroupId>,
}

impl<'a> SegmentGroups<'a> {
    pub(crate) fn open(field: &GroupField, segment: usize, columns: &'a SegmentColumns) -> Result<Self, IndexError> {
        let prefix = field_prefix(&field.term_field);
        let values = match columns.keyword(field.column) {
            None => None,
            Some(column) => {
                let ords = prefix_ords(column, &prefix).map_err(tantivy::TantivyError::from)?;
                Some((column, ords, prefix.len()))
            }
        };
        Ok(Self { segment, values, known: FxHashMap::default() })
    }

    /// The document's group; of several values, the first in their order.
    pub(crate) fn of(&mut self, doc: DocId) -> Result<GroupId, IndexError> {
        let mut first = None;
        if let Some((column, ords, _)) = &self.values {
            for_each_ord_in(column, doc, ords, |ord| first = first.or(Some(ord)));
        }
        let (Some(ord), Some((column, _, prefix))) = (first, &self.values) else {
            return Ok(hash(&[b"product", &self.segment.to_le_bytes()[..], &doc.to_le_bytes()].concat()));
        };
        if let Some(&group) = self.known.get(&ord) {
            return Ok(group);
        }
        let mut term = Vec::new();
        column.ord_to_bytes(ord, &mut term).map_err(tantivy::TantivyError::from)?;
        let value = term.get(*prefix..).unwrap_or_default();
        let group = hash(decode(value).map_or(value, |decoded| decoded.key));
        self.known.insert(ord, group);
        Ok(group)
    }
}

fn hash(bytes: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(bytes)
}
