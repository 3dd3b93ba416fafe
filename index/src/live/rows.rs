//! The live fields of one search: all products as of one sequence, so that one reading filters, sorts, facets and shows.
//!
//! A row that changes while a search runs would otherwise be sorted by one price and shown with another. The table knows
//! each row as it was before its last change; only one that changed twice meanwhile cannot be told any more. The search is
//! then evaluated again, and such rows are read before it begins: they are few, the products that change all the time.
//!
//! Invariant: [`LiveRows::row`] tells the same of a product at every call, unless [`LiveRows::is_torn`].

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};

use super::slot::AsOf;
use super::{Live, LiveTable, Ordinal, Row};

/// See the module.
pub(crate) struct LiveRows<'a> {
    table: &'a LiveTable,
    /// Rows are told as of this sequence.
    as_of: u64,
    remembered: Remembered,
    torn: RefCell<FxHashSet<Ordinal>>,
}

/// Rows that are told as they were read once.
enum Remembered {
    Nothing,
    /// Those that changed too often for an evaluation before.
    Torn(FxHashMap<Ordinal, Row>),
    /// All that were read.
    All(RefCell<FxHashMap<Ordinal, Row>>),
}

impl<'a> LiveRows<'a> {
    /// As of the changes applied so far, and no older than `content`, the sequence of the snapshot that is searched: live
    /// values are never behind content.
    pub(crate) fn new(table: &'a LiveTable, content: u64) -> Self {
        let as_of = table.applied().max(content);
        Self { table, as_of, remembered: Remembered::Nothing, torn: RefCell::default() }
    }

    /// Rows for another evaluation of the search: as of now, and those that were torn are read at once.
    pub(crate) fn again(self, content: u64) -> Self {
        let now = Self::new(self.table, content);
        let mut rows = match self.remembered {
            Remembered::Torn(rows) => rows,
            Remembered::Nothing | Remembered::All(_) => FxHashMap::default(),
        };
        rows.extend(self.torn.into_inner().into_iter().map(|ordinal| (ordinal, Row::default())));
        rows.iter_mut().for_each(|(&ordinal, row)| *row = now.read(ordinal));
        // One that changed twice since is told the same at every call nevertheless.
        now.torn.borrow_mut().clear();
        Self { remembered: Remembered::Torn(rows), ..now }
    }

    /// Keeps every row that it reads: slower by far, and never torn.
    pub(crate) fn keeping(table: &'a LiveTable) -> Self {
        Self { table, as_of: u64::MAX, remembered: Remembered::All(RefCell::default()), torn: RefCell::default() }
    }

    /// Whether a row was read that changed twice since the search began: others may have been read as they were before.
    pub(crate) fn is_torn(&self) -> bool {
        !self.torn.borrow().is_empty()
    }

    /// The product's row.
    #[inline]
    pub(crate) fn row(&self, ordinal: Ordinal) -> Row {
        match &self.remembered {
            Remembered::Nothing => self.read(ordinal),
            Remembered::Torn(rows) => rows.get(&ordinal).copied().unwrap_or_else(|| self.read(ordinal)),
            Remembered::All(rows) => *rows.borrow_mut().entry(ordinal).or_insert_with(|| self.read(ordinal)),
        }
    }

    #[inline]
    fn read(&self, ordinal: Ordinal) -> Row {
        match self.table.row_as_of(ordinal, self.as_of) {
            Some(AsOf::Row(row)) => row,
            Some(AsOf::Later(row)) => {
                self.torn.borrow_mut().insert(ordinal);
                row
            }
            None => Row::default(),
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
    use crate::live::LiveFields;

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
    fn a_row_that_was_torn_is_read_before_the_search_is_evaluated_again() {
        let table = LiveTable::default();
        let [lamp, shoe] = ["lamp", "shoe"].map(|id| table.ordinal_or_new(id).expect("room"));
        let change = |sequence: u64, ordinal| {
            table.set(ordinal, sequence, priced(sequence as f64));
            table.applied_through(sequence);
        };
        let mut rows = LiveRows::new(&table, 0);
        (1..=2).for_each(|sequence| change(sequence, lamp));
        assert_eq!((rows.of(lamp).price, rows.is_torn()), (Some(1.0), true));
        rows = rows.again(0);
        (3..=6).for_each(|sequence| change(sequence, lamp));
        assert_eq!((rows.of(lamp).price, rows.is_torn()), (Some(2.0), false));
        // Another one is torn now; the first one stays remembered.
        (7..=8).for_each(|sequence| change(sequence, shoe));
        assert_eq!((rows.of(shoe).price, rows.is_torn()), (Some(7.0), true));
        rows = rows.again(0);
        (9..=10).for_each(|sequence| change(sequence, lamp));
        (11..=12).for_each(|sequence| change(sequence, shoe));
        assert_eq!((rows.of(lamp).price, rows.of(shoe).price, rows.is_torn()), (Some(6.0), Some(8.0), false));
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
