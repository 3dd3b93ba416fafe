//! The live fields of one search: all products as of one sequence, so that one reading filters, sorts, facets and shows.
//!
//! A row that changes while a search runs would otherwise be sorted by one price and shown with another. The table knows
//! each row as it was before its last change; only one that changed twice meanwhile cannot be told any more. The search is
//! then evaluated again, and keeps what it reads.
//!
//! Invariant: [`LiveRows::row`] tells the same of a product at every call, unless [`LiveRows::is_torn`].

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;

use super::slot::AsOf;
use super::{Live, LiveFields, LiveTable, Ordinal, Row};

/// See the module.
pub(crate) struct LiveRows<'a> {
    table: &'a LiveTable,
    /// Rows are told as of this sequence.
    as_of: u64,
    is_torn: Cell<bool>,
    /// Rows as they were first read, for one that keeps them.
    kept: Option<RefCell<FxHashMap<Ordinal, Row>>>,
}

impl<'a> LiveRows<'a> {
    /// As of the changes applied so far, and no older than `content`, the sequence of the snapshot that is searched: live
    /// values are never behind content.
    pub(crate) fn new(table: &'a LiveTable, content: u64) -> Self {
        Self { table, as_of: table.applied().max(content), is_torn: Cell::new(false), kept: None }
    }

    /// Keeps every row that it reads: slower by far, and never torn.
    pub(crate) fn keeping(table: &'a LiveTable) -> Self {
        Self { table, as_of: u64::MAX, is_torn: Cell::new(false), kept: Some(RefCell::default()) }
    }

    /// Whether a row was read that changed twice since the search began: others may have been read as they were before.
    pub(crate) fn is_torn(&self) -> bool {
        self.is_torn.get()
    }

    /// The product's row.
    #[inline]
    pub(crate) fn row(&self, ordinal: Ordinal) -> Row {
        match &self.kept {
            None => self.read(ordinal),
            Some(kept) => *kept.borrow_mut().entry(ordinal).or_insert_with(|| self.read(ordinal)),
        }
    }

    #[inline]
    fn read(&self, ordinal: Ordinal) -> Row {
        match self.table.row_as_of(ordinal, self.as_of) {
            Some(AsOf::Row(row)) => row,
            Some(AsOf::Later(row)) => {
                self.is_torn.set(true);
                row
            }
            None => Row { version: 0, fields: LiveFields::default() },
        }
    }

    /// The product's live fields.
    #[inline]
    pub(crate) fn of(&self, ordinal: Ordinal) -> Live {
        self.row(ordinal).live()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn priced(price: f64) -> LiveFields {
        LiveFields { price: Some(price), ..LiveFields::default() }
    }

    #[test]
    fn a_change_during_a_search_is_not_seen_and_a_second_one_tears_it() {
        let table = LiveTable::default();
        let lamp = table.ordinal_or_new("lamp").expect("room");
        table.set(lamp, 1, priced(10.0));
        table.applied_through(1);
        let rows = LiveRows::new(&table, 0);
        let kept = LiveRows::keeping(&table);
        assert_eq!((rows.of(lamp).price, kept.of(lamp).price), (Some(10.0), Some(10.0)));
        table.set(lamp, 2, priced(20.0));
        assert_eq!((rows.of(lamp).price, rows.is_torn()), (Some(10.0), false));
        table.set(lamp, 3, priced(30.0));
        assert_eq!((rows.of(lamp).price, rows.is_torn()), (Some(20.0), true));
        assert_eq!((kept.of(lamp).price, kept.is_torn()), (Some(10.0), false));
    }

    #[test]
    fn live_values_are_never_behind_content() {
        let table = LiveTable::default();
        let lamp = table.ordinal_or_new("lamp").expect("room");
        table.set(lamp, 7, priced(10.0));
        assert_eq!(LiveRows::new(&table, 6).of(lamp).price, None);
        assert_eq!(LiveRows::new(&table, 7).of(lamp).price, Some(10.0));
    }
}
