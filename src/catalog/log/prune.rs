//! Keeps the log as small as the catalog: superseded events go.
//!
//! `garbage` lists, under the sequence that superseded it, every event that is no longer the last of its product, and
//! the trace of every deletion. One step removes those whose successor every projection holds durably. Until then they
//! stay, so that a projection that walks the log passes through each state that the log had. One that starts from
//! nothing afterwards meets only last states, and what it has built is a state of the log again once it has walked
//! through the *pruned-through* sequence (see `log`).
//!
//! Owns the removal only. It runs on the appender's thread, between groups, because a deletion's trace in `latest` may
//! only go while no change of the same id is under way.
//!
//! Invariant: an event goes only after its successor is durable in the log and in every projection. A step is not
//! synced: if a crash loses it, it is done again.

use fjall::Readable;

use super::error::LogError;
use super::record::{self, Garbage, Latest, State};
use super::store::{META_PRUNED, Store};

/// Events removed in one step: a few milliseconds, which is what a group of changes may have to wait for it.
pub(super) const PRUNE_STEP_EVENTS: usize = 2_000;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pruned {
    /// Highest superseding sequence among what has gone, ever.
    pub(super) through: u64,
    /// Whether there may be more to remove now.
    pub(super) more: bool,
}

/// Removes at most [`PRUNE_STEP_EVENTS`] events that were superseded at or before `durable`. `pruned` is where the
/// last step ended: the search starts there, not among the markers of what has gone. `announce` is told how far it
/// reaches before anything goes, so that a reader who misses an event can always learn why.
pub(super) fn step(store: &Store, pruned: u64, durable: u64, announce: impl FnOnce(u64)) -> Result<Pruned, LogError> {
    let snapshot = store.snapshot();
    let first = Garbage { superseded_by: pruned, sequence: 0 }.encode();
    let last = Garbage { superseded_by: durable, sequence: u64::MAX }.encode();
    if first > last {
        return Ok(Pruned { through: pruned, more: false });
    }
    let mut batch = store.batch();
    let mut through = pruned;
    let mut removed = 0;
    for entry in snapshot.range(&store.garbage, first..=last).take(PRUNE_STEP_EVENTS) {
        let (key, id) = entry.into_inner().map_err(|error| store.failed(error))?;
        let garbage = Garbage::decode(&key).ok_or_else(|| store.damaged("a superseded event"))?;
        batch.remove(&store.events, record::encode_number(garbage.sequence));
        if !id.is_empty() && is_deleted_by(store, &snapshot, &id, garbage.sequence)? {
            batch.remove(&store.latest, id);
        }
        batch.remove(&store.garbage, key);
        through = garbage.superseded_by;
        removed += 1;
    }
    if removed > 0 {
        batch.insert(&store.meta, META_PRUNED, record::encode_number(through));
        announce(through);
        store.commit(batch)?;
    }
    Ok(Pruned { through, more: removed == PRUNE_STEP_EVENTS })
}

/// Whether the deletion with this sequence is still the last word on the id.
fn is_deleted_by(store: &Store, snapshot: &fjall::Snapshot, id: &[u8], sequence: u64) -> Result<bool, LogError> {
    let bytes = snapshot.get(&store.latest, id).map_err(|error| store.failed(error))?;
    let Some(bytes) = bytes else { return Ok(false) };
    let latest = Latest::decode(&bytes).ok_or_else(|| store.damaged(&String::from_utf8_lossy(id)))?;
    Ok(latest == Latest { sequence, state: State::Deleted })
}
