//! The current live fields of every product, by ordinal: written by one thread, read by all without a lock.
//!
//! A row is read as a whole, and also as it was before its last change ([`slot`](super::slot)). Its version is the
//! sequence of its last change, so that the wrapping sum of the versions of some products (their *fold*) changes when any
//! of them does.
//!
//! Invariants: an ordinal is never given to another product; a row's version never falls; a change that changes nothing
//! leaves the version.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::slot::{AsOf, Former, Row, Slot};
use super::{LiveFields, Ordinal};

/// Rows that are allocated together: 384 KB, small beside any catalog.
const CHUNK_ROWS: usize = 1 << 14;
/// Chunks at most.
const CHUNKS_MAX: usize = 1 << 12;
/// Products, deleted ones included, that one process can number: 67 million, far beyond one machine's index.
pub const ORDINALS_MAX: usize = CHUNK_ROWS * CHUNKS_MAX;

type Names = Box<[OnceLock<Arc<str>>]>;

/// See the module.
pub struct LiveTable {
    chunks: Box<[OnceLock<Box<[Slot]>>]>,
    /// Rows as they were before, chunk by chunk.
    former: Box<[OnceLock<Box<[Former]>>]>,
    /// Ids by ordinal, chunk by chunk as the rows are, but apart from them: rows are read for every match.
    names: Box<[OnceLock<Names>]>,
    ids: Mutex<FxHashMap<Arc<str>, Ordinal>>,
    /// Live fields are applied through this sequence.
    applied: AtomicU64,
    /// Sequence of the last change of any row.
    changed: AtomicU64,
}

impl Default for LiveTable {
    fn default() -> Self {
        Self {
            chunks: (0..CHUNKS_MAX).map(|_| OnceLock::new()).collect(),
            former: (0..CHUNKS_MAX).map(|_| OnceLock::new()).collect(),
            names: (0..CHUNKS_MAX).map(|_| OnceLock::new()).collect(),
            ids: Mutex::default(),
            applied: AtomicU64::new(0),
            changed: AtomicU64::new(0),
        }
    }
}

impl LiveTable {
    /// The ordinal of an id, if it has one.
    pub fn ordinal(&self, id: &str) -> Option<Ordinal> {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// The ordinal of an id; a new one for an id that has none. `None` once all [`ORDINALS_MAX`] are given.
    pub fn ordinal_or_new(&self, id: &str) -> Option<Ordinal> {
        let mut ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = ids.get(id) {
            return Some(*known);
        }
        let ordinal = ids.len();
        if ordinal >= ORDINALS_MAX {
            return None;
        }
        self.former[ordinal / CHUNK_ROWS].get_or_init(|| (0..CHUNK_ROWS).map(|_| Former::empty()).collect());
        self.chunks[ordinal / CHUNK_ROWS].get_or_init(|| (0..CHUNK_ROWS).map(|_| Slot::empty()).collect());
        let names = self.names[ordinal / CHUNK_ROWS].get_or_init(|| (0..CHUNK_ROWS).map(|_| OnceLock::new()).collect());
        let id: Arc<str> = id.into();
        let _first = names[ordinal % CHUNK_ROWS].set(Arc::clone(&id));
        let ordinal = Ordinal::try_from(ordinal).ok()?;
        ids.insert(id, ordinal);
        Some(ordinal)
    }

    /// The id that has this ordinal, without a lock.
    pub fn id(&self, ordinal: Ordinal) -> Option<&str> {
        let at = ordinal as usize;
        self.names.get(at / CHUNK_ROWS)?.get()?.get(at % CHUNK_ROWS)?.get().map(|id| &**id)
    }

    /// Sets a product's live fields as of `sequence`. A sequence that was applied before, or that is not above the
    /// row's version, changes nothing. Returns whether a value changed. One thread only.
    pub fn set(&self, ordinal: Ordinal, sequence: u64, fields: LiveFields) -> bool {
        let (Some(slot), Some(former)) = (self.slot(ordinal), self.former(ordinal)) else { return false };
        let row = slot.read();
        if sequence <= self.applied.load(Ordering::Relaxed) || sequence <= row.version || row.fields == fields {
            return false;
        }
        slot.write(former, sequence, fields);
        self.changed.fetch_max(sequence, Ordering::Release);
        true
    }

    /// Notes that live fields are applied through `sequence`.
    pub fn applied_through(&self, sequence: u64) {
        self.applied.fetch_max(sequence, Ordering::Release);
    }

    /// Live fields are applied through this sequence. Read before an answer is computed, it is what the answer's live
    /// values reflect at least.
    pub fn applied(&self) -> u64 {
        self.applied.load(Ordering::Acquire)
    }

    /// Sequence of the last change of any row.
    pub fn changed(&self) -> u64 {
        self.changed.load(Ordering::Acquire)
    }

    /// A product's row as of one moment; `None` for an ordinal beyond those given.
    pub fn row(&self, ordinal: Ordinal) -> Option<Row> {
        Some(self.slot(ordinal)?.read())
    }

    /// A product's row as of a sequence.
    pub(crate) fn row_as_of(&self, ordinal: Ordinal, sequence: u64) -> Option<AsOf> {
        Some(self.slot(ordinal)?.read_as_of(self.former(ordinal)?, sequence))
    }

    /// The version of a row; 0 for an ordinal that was never given.
    pub fn version(&self, ordinal: Ordinal) -> u64 {
        self.slot(ordinal).map_or(0, Slot::version)
    }

    /// The wrapping sum of the products' versions: another one means that a live field of one of them has changed.
    pub fn fold(&self, ordinals: impl IntoIterator<Item = Ordinal>) -> u64 {
        ordinals.into_iter().fold(0, |sum: u64, ordinal| sum.wrapping_add(self.version(ordinal)))
    }

    /// Ordinals given.
    pub fn len(&self) -> usize {
        self.ids.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether no ordinal was given.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn slot(&self, ordinal: Ordinal) -> Option<&Slot> {
        let ordinal = ordinal as usize;
        self.chunks.get(ordinal / CHUNK_ROWS)?.get()?.get(ordinal % CHUNK_ROWS)
    }

    fn former(&self, ordinal: Ordinal) -> Option<&Former> {
        let ordinal = ordinal as usize;
        self.former.get(ordinal / CHUNK_ROWS)?.get()?.get(ordinal % CHUNK_ROWS)
    }
}

impl std::fmt::Debug for LiveTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LiveTable").field("products", &self.len()).field("applied", &self.applied()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    fn priced(price: f64, stock: i64) -> LiveFields {
        LiveFields { price: Some(price), stock: Some(stock), in_stock: None }
    }

    #[test]
    fn a_row_keeps_its_last_change_and_ignores_older_ones() {
        let table = LiveTable::default();
        let lamp = table.ordinal_or_new("lamp").expect("room");
        assert_eq!(table.row(lamp), Some(Row { version: 0, fields: LiveFields::default() }));
        assert!(table.set(lamp, 5, priced(9.5, 3)));
        assert!(!table.set(lamp, 4, priced(1.0, 1)));
        assert!(!table.set(lamp, 6, priced(9.5, 3)), "the same values are no change");
        assert_eq!(table.row(lamp), Some(Row { version: 5, fields: priced(9.5, 3) }));
        table.applied_through(8);
        assert!(!table.set(lamp, 7, priced(1.0, 1)), "a walk that begins again brings nothing old back");
        assert_eq!((table.version(lamp), table.changed(), table.row(Ordinal::MAX)), (5, 5, None));
    }

    #[test]
    fn a_row_is_known_as_of_the_change_before_the_last() {
        let table = LiveTable::default();
        let lamp = table.ordinal_or_new("lamp").expect("room");
        let row = |version, fields| Row { version, fields };
        let nothing = row(0, LiveFields::default());
        assert_eq!(table.row_as_of(lamp, 4), Some(AsOf::Row(nothing)));
        table.set(lamp, 5, priced(9.5, 3));
        assert_eq!(table.row_as_of(lamp, 4), Some(AsOf::Row(nothing)));
        assert_eq!(table.row_as_of(lamp, 5), Some(AsOf::Row(row(5, priced(9.5, 3)))));
        table.set(lamp, 8, priced(1.0, 2));
        assert_eq!(table.row_as_of(lamp, 8), Some(AsOf::Row(row(8, priced(1.0, 2)))));
        assert_eq!(table.row_as_of(lamp, 7), Some(AsOf::Row(row(5, priced(9.5, 3)))));
        assert_eq!(table.row_as_of(lamp, 4), Some(AsOf::Later(row(5, priced(9.5, 3)))));
        assert_eq!(table.row_as_of(Ordinal::MAX, 4), None);
    }

    #[test]
    fn what_is_said_about_stock_is_kept_and_resolved() {
        let table = LiveTable::default();
        let ordinal = table.ordinal_or_new("1").expect("room");
        let cases = [(None, None, true), (None, Some(false), false), (Some(0), Some(true), false)];
        for (at, (stock, in_stock, resolved)) in cases.into_iter().enumerate() {
            let fields = LiveFields { price: None, stock, in_stock };
            table.set(ordinal, at as u64 + 1, fields);
            let row = table.row(ordinal).expect("given");
            assert_eq!((row.fields, row.live().in_stock), (fields, resolved));
        }
    }

    #[test]
    fn an_id_keeps_its_ordinal_and_no_other_id_gets_it() {
        let table = LiveTable::default();
        let given: Vec<_> = ["a", "b", "a", "c"].iter().map(|id| table.ordinal_or_new(id)).collect();
        assert_eq!(given, [Some(0), Some(1), Some(0), Some(2)]);
        assert_eq!((table.ordinal("b"), table.ordinal("d"), table.len()), (Some(1), None, 3));
        assert_eq!([0, 2, 3, Ordinal::MAX].map(|ordinal| table.id(ordinal)), [Some("a"), Some("c"), None, None]);
    }

    #[test]
    fn the_fold_changes_with_every_change_of_a_product_in_it() {
        let table = LiveTable::default();
        let all: Vec<_> = (0..20).filter_map(|n| table.ordinal_or_new(&n.to_string())).collect();
        let before = table.fold(all.iter().copied());
        table.set(all[7], 100, priced(1.0, 1));
        assert_ne!(table.fold(all.iter().copied()), before);
    }

    /// A fold is read product by product while they change. What it is used for: if it is what it was, nothing changed.
    #[test]
    fn a_fold_that_stays_equal_means_that_no_row_changed_meanwhile_and_new_products_disturb_nobody() {
        const SHOWN: Ordinal = 20;
        const CHANGES: u64 = 100_000;
        let table = LiveTable::default();
        let given: Vec<_> = (0..SHOWN).filter_map(|n| table.ordinal_or_new(&n.to_string())).collect();
        assert_eq!(given.len(), SHOWN as usize);
        let agreed = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for sequence in 1..=CHANGES {
                    table.set(sequence as Ordinal % SHOWN, sequence, priced(sequence as f64, 1));
                    // Every tenth change is a new product's: chunks are added while others are read.
                    if sequence.is_multiple_of(10) {
                        table.ordinal_or_new(&format!("new {sequence}")).expect("room");
                    }
                }
            });
            let mut agreed = 0_u64;
            let mut fold = 0;
            loop {
                let is_last = writer.is_finished();
                let before = table.fold(0..SHOWN);
                assert!(before >= fold, "versions only rise, and so does their sum");
                let versions: Vec<u64> = (0..SHOWN).filter_map(|n| Some(table.row(n)?.version)).collect();
                fold = table.fold(0..SHOWN);
                if before == fold {
                    assert_eq!(versions.iter().sum::<u64>(), fold, "{versions:?}");
                    agreed += 1;
                }
                let newest = table.len() - 1;
                assert!(table.id(newest as Ordinal).is_some_and(|id| table.ordinal(id) == Some(newest as Ordinal)));
                if is_last {
                    break agreed;
                }
            }
        });
        assert!(agreed > 0);
        let last = (CHANGES - u64::from(SHOWN) + 1..=CHANGES).sum::<u64>();
        assert_eq!((table.fold(0..SHOWN), table.changed()), (last, CHANGES));
    }

    #[test]
    fn readers_never_see_half_a_change() {
        let table = LiveTable::default();
        let ordinal = table.ordinal_or_new("1").expect("room");
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for sequence in 1..200_000 {
                    table.set(ordinal, sequence, priced(sequence as f64, sequence as i64));
                }
                done.store(true, Ordering::Release);
            });
            let agrees = |row: Row| {
                let expected = priced(row.version as f64, i64::try_from(row.version).expect("small"));
                assert!(row.version == 0 || row.fields == expected, "{row:?}");
                row.version
            };
            while !done.load(Ordering::Acquire) {
                let now = agrees(table.row(ordinal).expect("given"));
                match table.row_as_of(ordinal, now).expect("given") {
                    AsOf::Row(row) => assert_eq!(agrees(row), now, "the row as of now is what it was"),
                    AsOf::Later(row) => assert!(agrees(row) > now, "{row:?} as of {now}"),
                }
            }
        });
    }
}
