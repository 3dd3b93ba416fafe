//! Where the products that rules hide lie: looked up once a snapshot, not by every search.
//!
//! A rule of every search may hide hundreds of products, and each is looked up in every segment. Lists of ids are few,
//! since few sets of rules apply together.
//!
//! Invariant: what is kept belongs to one snapshot, and to exactly the ids that it was asked for with.

use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use tantivy::DocId;

use crate::error::IndexError;
use crate::snapshot::{CancelCheck, Snapshot};

/// Lists that are kept: more sets of hiding rules than searches of one snapshot, which is a second old, meet often. With
/// the most ids in each, some megabytes.
const LISTS_MAX: usize = 16;

/// Hidden documents, by segment; no segment at all where none of them exists.
#[derive(Debug, Default)]
pub(crate) struct HiddenDocs(Vec<FxHashSet<DocId>>);

impl HiddenDocs {
    /// Those of a segment, if there are any.
    pub(crate) fn of(&self, segment: usize) -> Option<&FxHashSet<DocId>> {
        self.0.get(segment).filter(|docs| !docs.is_empty())
    }

    /// Whether nothing is hidden.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The lists of one snapshot.
#[derive(Debug, Default)]
pub(crate) struct HiddenLists(Mutex<FxHashMap<Vec<String>, Arc<HiddenDocs>>>);

impl HiddenLists {
    /// The documents of these products in the snapshot that the lists belong to. A product that does not exist is
    /// nobody's mistake.
    pub(crate) fn find(
        &self,
        snapshot: &Snapshot,
        ids: &[String],
        cancel: CancelCheck<'_>,
    ) -> Result<Arc<HiddenDocs>, IndexError> {
        if ids.is_empty() {
            return Ok(Arc::default());
        }
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept().get(ids) {
            return Ok(Arc::clone(found));
        }
        // Two at once look up the same.
        let found = Arc::new(look_up(snapshot, ids, cancel)?);
        let mut lists = kept();
        if lists.len() >= LISTS_MAX {
            lists.clear();
        }
        lists.insert(ids.to_vec(), Arc::clone(&found));
        Ok(found)
    }
}

fn look_up(snapshot: &Snapshot, ids: &[String], cancel: CancelCheck<'_>) -> Result<HiddenDocs, IndexError> {
    let mut docs: Vec<FxHashSet<DocId>> = Vec::new();
    for id in ids {
        if cancel() {
            return Err(IndexError::Cancelled);
        }
        let Some(address) = snapshot.address(id)? else { continue };
        docs.resize_with(snapshot.segment_count(), FxHashSet::default);
        docs[address.segment_ord as usize].insert(address.doc_id);
    }
    Ok(HiddenDocs(docs))
}
