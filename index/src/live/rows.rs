//! The live fields of one search: each product's row is read once, and that reading filters, sorts, facets and shows.
//!
//! A row that changes while a search runs would otherwise be sorted by one price and shown with another.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use super::{Live, LiveFields, LiveTable, Ordinal, Row};

/// Rows for which a thread keeps the memory from one search to the next, some megabytes: growing it anew for each
/// search took longer than reading the rows.
const SPARE_ROWS_MAX: usize = 1 << 16;

type Read = FxHashMap<Ordinal, Row>;

thread_local! {
    static SPARE: Cell<Option<Read>> = const { Cell::new(None) };
}

/// See the module.
pub(crate) struct LiveRows<'a> {
    table: &'a LiveTable,
    read: RefCell<Read>,
}

impl<'a> LiveRows<'a> {
    pub(crate) fn new(table: &'a LiveTable) -> Self {
        Self { table, read: RefCell::new(SPARE.take().unwrap_or_default()) }
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

impl Drop for LiveRows<'_> {
    fn drop(&mut self) {
        let mut read = self.read.take();
        if read.capacity() <= SPARE_ROWS_MAX {
            read.clear();
            SPARE.set(Some(read));
        }
    }
}
