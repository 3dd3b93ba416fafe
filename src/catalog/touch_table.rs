//! The touch table: when each term was last touched by a change (DESIGN.md, "The scheme").
//!
//! An array of slots, each with the highest sequence that touched any term of its share of hashes. Two terms that share
//! a slot only cost a needless computation; how often is told by a tag beside the sequence (a metric, not a part of the
//! judgement: it may be torn from its sequence for a moment).
//!
//! Owns the slots and how far back they are complete. It refuses to know what a term means.
//!
//! Invariant: a slot never falls, and holds every touch after [`TouchTable::complete_from`].

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Slots for a small catalog: 12 MB. At 400 terms a product, 20,000 products have some 300,000 different ones.
pub(crate) const SLOTS_MIN: usize = 1 << 20;
/// Slots for a large one: 200 MB. More would miss the processor's caches at every look.
pub(crate) const SLOTS_MAX: usize = 1 << 24;
/// Slots a product: about as many as the terms that it alone has.
const SLOTS_PER_PRODUCT: usize = 32;

/// See the module.
pub struct TouchTable {
    sequences: Box<[AtomicU64]>,
    tags: Box<[AtomicU32]>,
    complete_from: AtomicU64,
}

impl TouchTable {
    /// A table of `slots` (rounded up to a power of two), complete from `complete_from` on.
    pub(crate) fn new(slots: usize, complete_from: u64) -> Self {
        let slots = slots.next_power_of_two();
        Self {
            sequences: (0..slots).map(|_| AtomicU64::new(0)).collect(),
            tags: (0..slots).map(|_| AtomicU32::new(0)).collect(),
            complete_from: AtomicU64::new(complete_from),
        }
    }

    /// How many slots suit a catalog of so many products.
    pub(crate) fn slots_for(products: u64) -> usize {
        let products = usize::try_from(products).unwrap_or(SLOTS_MAX);
        products.saturating_mul(SLOTS_PER_PRODUCT).clamp(SLOTS_MIN, SLOTS_MAX).next_power_of_two()
    }

    /// Notes that a change with this sequence touched the term.
    pub(crate) fn touch(&self, hash: u64, sequence: u64) {
        let slot = self.slot(hash);
        if self.sequences[slot].fetch_max(sequence, Ordering::Release) < sequence {
            self.tags[slot].store(tag(hash), Ordering::Relaxed);
        }
    }

    /// The last sequence that touched the term, or another one of its slot. Whoever reads `V` first sees every touch
    /// through `V`.
    #[inline]
    pub(crate) fn last(&self, hash: u64) -> u64 {
        self.sequences[self.slot(hash)].load(Ordering::Acquire)
    }

    /// Whether the last touch of the term's slot seems to have been of another term.
    pub(crate) fn is_collision(&self, hash: u64) -> bool {
        self.tags[self.slot(hash)].load(Ordering::Relaxed) != tag(hash)
    }

    /// Touches at or before this sequence may be missing: an older entry cannot prove itself.
    pub(crate) fn complete_from(&self) -> u64 {
        self.complete_from.load(Ordering::Acquire)
    }

    /// Moves [`Self::complete_from`] forward, after a gap.
    pub(crate) fn incomplete_through(&self, sequence: u64) {
        self.complete_from.fetch_max(sequence, Ordering::AcqRel);
    }

    /// Fills a slot of a table that is being read.
    pub(crate) fn restore(&self, slot: usize, sequence: u64) {
        if let Some(held) = self.sequences.get(slot) {
            held.fetch_max(sequence, Ordering::Release);
        }
    }

    /// Bytes that it holds.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.sequences) + size_of_val(&*self.tags)
    }

    /// Its slots, for saving.
    pub(crate) fn sequences(&self) -> impl ExactSizeIterator<Item = u64> {
        self.sequences.iter().map(|sequence| sequence.load(Ordering::Acquire))
    }

    fn slot(&self, hash: u64) -> usize {
        // The length is a power of two; the cast keeps the low bits, which are as good as any of a good hash.
        hash as usize & (self.sequences.len() - 1)
    }
}

/// Bits of the hash that do not choose the slot.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl std::fmt::Debug for TouchTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TouchTable")
            .field("slots", &self.sequences.len())
            .field("complete_from", &self.complete_from())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_keeps_the_highest_sequence() {
        let table = TouchTable::new(16, 0);
        table.touch(3, 7);
        table.touch(3, 5);
        assert_eq!((table.last(3), table.last(4)), (7, 0));
    }

    #[test]
    fn terms_of_one_slot_share_its_sequence_and_the_tag_tells() {
        let table = TouchTable::new(16, 0);
        let other = 3 | 1 << 40;
        table.touch(3, 7);
        assert_eq!((table.last(other), table.is_collision(other), table.is_collision(3)), (7, true, false));
    }

    #[test]
    fn the_size_follows_the_catalog_within_its_bounds() {
        assert_eq!(TouchTable::slots_for(0), SLOTS_MIN);
        assert_eq!(TouchTable::slots_for(100_000), 1 << 22);
        assert_eq!(TouchTable::slots_for(u64::MAX), SLOTS_MAX);
    }

    /// Two threads touch, as a walk and the reading of a saved table do, while others prove entries. Which sequence touched
    /// which term is known to everybody.
    #[test]
    fn whoever_sees_a_sequence_validated_sees_every_touch_through_it_whatever_else_is_written() {
        const SEQUENCES: u64 = 200_000;
        const SLOTS: u64 = 16;
        // The latest touches are those that a late one could hide.
        const LOOKED_BACK: u64 = 40;
        // Terms share slots, and a slot's touches come from both halves of the hash.
        let term = |sequence: u64| xxhash_rust::xxh3::xxh3_64(&(sequence % 64).to_le_bytes());
        let table = TouchTable::new(SLOTS as usize, 0);
        let validated = AtomicU64::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for sequence in 1..=SEQUENCES {
                    table.touch(term(sequence), sequence);
                    validated.store(sequence, Ordering::Release);
                }
            });
            // What is read late is older than what is there, and must not take its place.
            scope.spawn(|| {
                while validated.load(Ordering::Acquire) < SEQUENCES {
                    let old = validated.load(Ordering::Acquire).saturating_sub(LOOKED_BACK);
                    (0..SLOTS as usize).for_each(|slot| table.restore(slot, old));
                    table.touch(term(old), old);
                }
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut seen = [0; SLOTS as usize];
                    loop {
                        let through = validated.load(Ordering::Acquire);
                        for sequence in through.saturating_sub(LOOKED_BACK)..=through {
                            let last = table.last(term(sequence));
                            assert!(
                                last >= sequence,
                                "{last} hides the touch of {sequence}, validated through {through}"
                            );
                            let slot = &mut seen[term(sequence) as usize % SLOTS as usize];
                            assert!(last >= *slot, "a slot fell from {slot} to {last}");
                            *slot = last;
                        }
                        if through == SEQUENCES {
                            return;
                        }
                    }
                });
            }
        });
        for sequence in SEQUENCES - LOOKED_BACK..=SEQUENCES {
            let last = table.last(term(sequence));
            assert!((sequence..=SEQUENCES).contains(&last), "{last} where {sequence} touched last");
        }
    }

    #[test]
    fn completeness_only_moves_forward() {
        let table = TouchTable::new(16, 5);
        table.incomplete_through(9);
        table.incomplete_through(7);
        assert_eq!(table.complete_from(), 9);
    }
}
