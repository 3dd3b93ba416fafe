//! One product's live fields in memory: the present ones and those before, read as a whole while they are written.
//!
//! A seqlock: the writer marks the stamp while it writes; a reader who finds the mark, or another stamp afterwards, reads
//! again. What was before the last change stays readable, so that a search sees all products as of one sequence, whatever
//! changes while it runs.
//!
//! Invariant: the values of a reading are those of the version that it tells. One thread writes.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};

use super::{Live, LiveFields};

/// So often a reader looks again before it lets the writer have the processor.
const SPINS_MAX: u32 = 32;

/// The stamp of a row: the version above these bits.
const STAMP_BITS: u32 = 3;
const WRITING: u64 = 1;
const SAID_IN_STOCK: u64 = 0b010;
const SAID_SOLD_OUT: u64 = 0b100;
const SAID: u64 = SAID_IN_STOCK | SAID_SOLD_OUT;
/// No price: a value that no price has.
const NO_PRICE: u64 = u64::MAX;
/// No stock: a value that no stock has.
const NO_STOCK: i64 = i64::MIN;

/// One product's live fields as of one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Row {
    /// Sequence of the last change; 0 if there was none.
    pub version: u64,
    /// The fields.
    pub fields: LiveFields,
}

impl Row {
    /// What shoppers see.
    pub fn live(&self) -> Live {
        self.fields.resolve()
    }
}

/// A row as of a sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AsOf {
    /// As it was.
    Row(Row),
    /// It changed twice since, and this is how it was after the first of these changes.
    Later(Row),
}

/// Fields with the stamp of their change.
struct Fields {
    stamp: AtomicU64,
    price: AtomicU64,
    stock: AtomicI64,
}

impl Fields {
    fn empty() -> Self {
        Self { stamp: AtomicU64::new(0), price: AtomicU64::new(NO_PRICE), stock: AtomicI64::new(NO_STOCK) }
    }

    fn values(&self) -> (u64, i64) {
        (self.price.load(Ordering::Relaxed), self.stock.load(Ordering::Relaxed))
    }
}

/// The present fields.
pub(super) struct Slot(Fields);

/// The fields before the last change; kept apart, because nearly every reading needs the present ones only.
pub(super) struct Former(Fields);

impl Former {
    pub(super) fn empty() -> Self {
        Self(Fields::empty())
    }
}

impl Slot {
    pub(super) fn empty() -> Self {
        Self(Fields::empty())
    }

    /// Sequence of the last change.
    pub(super) fn version(&self) -> u64 {
        self.0.stamp.load(Ordering::Acquire) >> STAMP_BITS
    }

    /// The present fields.
    pub(super) fn read(&self) -> Row {
        self.consistent(|stamp| {
            let (price, stock) = self.0.values();
            decode(stamp, price, stock)
        })
    }

    /// The fields as of a sequence.
    pub(super) fn read_as_of(&self, former: &Former, sequence: u64) -> AsOf {
        self.consistent(|stamp| {
            if stamp >> STAMP_BITS <= sequence {
                let (price, stock) = self.0.values();
                return AsOf::Row(decode(stamp, price, stock));
            }
            let (price, stock) = former.0.values();
            let row = decode(former.0.stamp.load(Ordering::Relaxed), price, stock);
            if row.version <= sequence { AsOf::Row(row) } else { AsOf::Later(row) }
        })
    }

    /// Reads until nothing was written meanwhile. `read` is told the stamp of what it reads.
    fn consistent<T>(&self, read: impl Fn(u64) -> T) -> T {
        let mut spins = 0;
        loop {
            let before = self.0.stamp.load(Ordering::Acquire);
            if before & WRITING != 0 {
                spins += 1;
                // A write takes nanoseconds, unless its thread was put to sleep in the middle of it.
                if spins < SPINS_MAX {
                    std::hint::spin_loop();
                } else {
                    std::thread::yield_now();
                }
                continue;
            }
            let found = read(before);
            // The loads of `read` come before the one below.
            fence(Ordering::Acquire);
            if self.0.stamp.load(Ordering::Relaxed) == before {
                return found;
            }
        }
    }

    /// Only the table's one writer calls it.
    pub(super) fn write(&self, former: &Former, version: u64, fields: LiveFields) {
        let said = match fields.in_stock {
            None => 0,
            Some(true) => SAID_IN_STOCK,
            Some(false) => SAID_SOLD_OUT,
        };
        let stamp = version << STAMP_BITS | said;
        let before = self.0.stamp.load(Ordering::Relaxed);
        self.0.stamp.store(stamp | WRITING, Ordering::Relaxed);
        // The mark comes before the values.
        fence(Ordering::Release);
        let (price, stock) = self.0.values();
        former.0.stamp.store(before, Ordering::Relaxed);
        former.0.price.store(price, Ordering::Relaxed);
        former.0.stock.store(stock, Ordering::Relaxed);
        self.0.price.store(fields.price.map_or(NO_PRICE, f64::to_bits), Ordering::Relaxed);
        self.0.stock.store(fields.stock.unwrap_or(NO_STOCK), Ordering::Relaxed);
        self.0.stamp.store(stamp, Ordering::Release);
    }
}

fn decode(stamp: u64, price: u64, stock: i64) -> Row {
    let in_stock = match stamp & SAID {
        SAID_IN_STOCK => Some(true),
        SAID_SOLD_OUT => Some(false),
        _ => None,
    };
    let price = (price != NO_PRICE).then(|| f64::from_bits(price));
    let stock = (stock != NO_STOCK).then_some(stock);
    Row { version: stamp >> STAMP_BITS, fields: LiveFields { price, stock, in_stock } }
}
