//! Which products of a segment died since it was opened, in the order of their deaths.
//!
//! A segment never gains a product and never changes one; all that happens to it is that products die. What was found in it
//! once is therefore still true, but for those. Owns the list; each snapshot sees as much of it as its reader counts.
//!
//! Invariant: the first `n` of the list are what a reader that counts `n` more deleted products than at the opening
//! lacks.

use std::sync::{Mutex, PoisonError};

use tantivy::fastfield::AliveBitSet;
use tantivy::{DocId, SegmentReader};

/// See the module.
pub(crate) struct Deaths {
    at_opening: usize,
    noted: Mutex<Noted>,
}

struct Noted {
    docs: Vec<DocId>,
    /// Which products the list leaves alive.
    alive: Option<AliveBitSet>,
}

impl Deaths {
    /// Nobody has died since the opening.
    pub(crate) fn new(reader: &SegmentReader) -> Self {
        let noted = Noted { docs: Vec::new(), alive: reader.alive_bitset().cloned() };
        Self { at_opening: reader.num_deleted_docs() as usize, noted: Mutex::new(noted) }
    }

    /// Notes who died until this reader. Readers come in their order.
    pub(crate) fn note(&self, reader: &SegmentReader) {
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let (Some(now), true) = (reader.alive_bitset(), self.of(reader) > noted.docs.len()) else { return };
        let Noted { docs, alive } = &mut *noted;
        match alive {
            Some(before) => docs.extend(before.iter_alive().filter(|&doc| now.is_deleted(doc))),
            None => docs.extend((0..reader.max_doc()).filter(|&doc| now.is_deleted(doc))),
        }
        *alive = Some(now.clone());
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
        let noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut docs = noted.docs.get(before..now)?.to_vec();
        docs.sort_unstable();
        Some(docs)
    }
}
