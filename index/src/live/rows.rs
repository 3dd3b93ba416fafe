//! The live fields of one search: each product's row is read once, and that reading filters, sorts, facets and shows.
//!
//! A row that changes while a search runs would otherwise be sorted by one price and shown with another.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::{Live, LiveFields, LiveTable, Ordinal, Row};

/// See the module.
pub(crate) struct LiveRows<'a> {
    table: &'a LiveTable,
    read: RefCell<FxHashMap<Ordinal, Row>>,
}

impl<'a> LiveRows<'a> {
    pub(crate) fn new(table: &'a LiveTable) -> Self {
        Self { table, read: RefCell::default() }
    }

    /// The product's row, the same at every call.
    pub(crate) fn row(&self, ordinal: Ordinal) -> Row {
        *self
            .read
            .borrow_mut()
            .entry(ordinal)
            .or_insert_with(|| self.table.row(ordinal).unwrap_or(Row { version: 0, fields: LiveFields::default() }))
    }

    /// The product's live fields, the same at every call.
    pub(crate) fn of(&self, ordinal: Ordinal) -> Live {
        self.row(ordinal).live()
    }
}
