//! Which products of a segment died since it was opened, in the order of their deaths.
//!
//! A segment never gains a product and never changes one; all that happens to it is that products die. What was found in it
//! once is therefore still true, but for those. Owns the list; each snapshot sees as much of it as its reader counts.
//!
//! Invariant: the first `n` of the list are what a reader that counts `n` more deleted products than at the opening
//! lacks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tantivy::fastfield::AliveBitSet;
use tantivy::{DocId, SegmentReader};

/// See the module.
pub(crate) struct Deaths {
    at_opening: usize,
    /// Which products the list leaves alive. Only who notes deaths asks: to find them takes a walk over all documents,
    /// and searches must not wait for it.
    alive: Mutex<Option<AliveBitSet>>,
    docs: Mutex<Vec<DocId>>,
}

impl Deaths {
    /// Nobody has died since the opening.
    pub(crate) fn new(reader: &SegmentReader) -> Self {
        let alive = Mutex::new(reader.alive_bitset().cloned());
        Self { at_opening: reader.num_deleted_docs() as usize, alive, docs: Mutex::default() }
    }

    /// Notes who died until this reader. Readers come in their order.
    pub(crate) fn note(&self, reader: &SegmentReader) {
        let mut alive = self.alive.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(now), true) = (reader.alive_bitset(), self.of(reader) > self.docs().len()) else { return };
        let died: Vec<DocId> = match &*alive {
            Some(before) => before.iter_alive().filter(|&doc| now.is_deleted(doc)).collect(),
            None => (0..reader.max_doc()).filter(|&doc| now.is_deleted(doc)).collect(),
        };
        *alive = Some(now.clone());
        self.docs().extend(died);
    }

    fn docs(&self) -> MutexGuard<'_, Vec<DocId>> {
        self.docs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many have died for this reader.
    pub(crate) fn of(&self, reader: &SegmentReader) -> usize {
        (reader.num_deleted_docs() as usize).saturating_sub(self.at_opening)
    }

    /// Those that have died for one who counts `now` and had not for one who counted `before`, in their order in the
    /// segment. `None` if these are not known, or more than `most`.
    pub(crate) fn between(&self, before: usize, now: usize, most: usize) -> Option<Vec<DocId>> {
        if now.checked_sub(before)? > most {
            return None;
        }
        let mut docs = self.docs().get(before..now)?.to_vec();
        docs.sort_unstable();
        Some(docs)
    }
}
