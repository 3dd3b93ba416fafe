//! What a group of changes does to the log: sequences, events and refusals.
//!
//! Changes are resolved one after the other against the last state of their product, which may come from an earlier
//! change of the same group, so that a group has the same outcome as its changes one by one. A patch becomes a full
//! upsert; an upsert of what is there already becomes nothing.
//!
//! Owns the sequences of one group and nothing that outlives it. If the group cannot be made durable, it is dropped
//! and no sequence was given.
//!
//! Invariant: for each id, `latest` names its last event, and every earlier one is in `garbage`.

use std::sync::Arc;

use fjall::{OwnedWriteBatch, Snapshot};
use rustc_hash::FxHashMap;
use storefind_index::product::{Product, apply_patch};
use storefind_index::settings::Settings;
use xxhash_rust::xxh3::xxh3_64;

use super::Prepared;
use super::error::LogError;
use super::record::{self, Garbage, Latest, State};
use super::store::{META_LAST, META_SETTINGS, Store};
use crate::catalog::Refusal;
use crate::catalog::event::{self, Event};

/// What became of one request's changes.
pub(super) type Outcomes = Vec<Result<u64, Refusal>>;

/// One group, being resolved.
pub(super) struct Resolver<'a> {
    store: &'a Store,
    snapshot: Snapshot,
    batch: OwnedWriteBatch,
    /// Sequence of the last event given.
    last: u64,
    /// Whether an event was given.
    changed: bool,
    /// Ids that this group touched. `latest` is written once per id at the end: one batch must not hold a key twice.
    touched: FxHashMap<String, Touched>,
    settings: Option<PutSettings>,
}

/// What a group leaves to be done.
pub(super) struct Resolved {
    /// To be made durable.
    pub(super) batch: OwnedWriteBatch,
    /// The log's last sequence once it is.
    pub(super) last: u64,
    /// Settings that are in force then, with their sequence.
    pub(super) settings: Option<(u64, Arc<Settings>)>,
}

/// Settings that the group puts in force.
struct PutSettings {
    sequence: u64,
    bytes: Vec<u8>,
    settings: Arc<Settings>,
}

/// The last state of an id within the group.
struct Touched {
    latest: Latest,
    /// Its event, if this group gave it.
    bytes: Option<Vec<u8>>,
}

impl<'a> Resolver<'a> {
    /// A group whose first event gets the sequence after `last`.
    pub(super) fn new(store: &'a Store, last: u64) -> Self {
        Self {
            store,
            snapshot: store.snapshot(),
            batch: store.batch(),
            last,
            changed: false,
            touched: FxHashMap::default(),
            settings: None,
        }
    }

    /// Resolves one change. The outer error is the log's: then the whole group fails.
    pub(super) fn resolve(&mut self, change: Prepared) -> Result<Result<u64, Refusal>, LogError> {
        match change {
            Prepared::Upsert { id, bytes } => Ok(Ok(self.upsert(id, bytes)?)),
            Prepared::Patch { id, fields } => {
                let Some(product) = self.product(&id)? else { return Ok(Err(Refusal::unknown_product(&id))) };
                let patched = match apply_patch(&product, fields) {
                    Ok(patched) => patched,
                    Err(error) => return Ok(Err(Refusal { code: error.code, message: error.message })),
                };
                let bytes = event::encode_upsert(&patched)
                    .map_err(|source| LogError::Encode { path: self.store.path().to_owned(), source })?;
                Ok(Ok(self.upsert(id, bytes)?))
            }
            Prepared::Delete { id } => self.delete(id),
            Prepared::Settings { bytes, settings } => Ok(Ok(self.put_settings(bytes, settings)?)),
        }
    }

    /// Ends the group. `None` if it changes nothing.
    pub(super) fn finish(mut self) -> Option<Resolved> {
        if !self.changed {
            return None;
        }
        for (id, touched) in &self.touched {
            self.batch.insert(&self.store.latest, id.as_str(), touched.latest.encode());
        }
        if let Some(put) = &self.settings {
            self.batch.insert(&self.store.meta, META_SETTINGS, record::encode_number(put.sequence));
        }
        self.batch.insert(&self.store.meta, META_LAST, record::encode_number(self.last));
        let settings = self.settings.map(|put| (put.sequence, put.settings));
        Some(Resolved { batch: self.batch, last: self.last, settings })
    }

    fn upsert(&mut self, id: String, bytes: Vec<u8>) -> Result<u64, LogError> {
        let digest = xxh3_64(&bytes);
        let before = self.latest(&id)?;
        if let Some(Latest { sequence, state: State::Present { digest: old } }) = before {
            if old == digest && self.is_event(&id, sequence, &bytes)? {
                return Ok(sequence);
            }
            self.discard(sequence, self.last + 1, &[]);
        }
        let sequence = self.give(&bytes);
        let latest = Latest { sequence, state: State::Present { digest } };
        self.touched.insert(id, Touched { latest, bytes: Some(bytes) });
        Ok(sequence)
    }

    fn delete(&mut self, id: String) -> Result<Result<u64, Refusal>, LogError> {
        let Some(Latest { sequence: before, state: State::Present { .. } }) = self.latest(&id)? else {
            return Ok(Err(Refusal::unknown_product(&id)));
        };
        let sequence = self.give(&event::encode_delete(&id));
        self.discard(before, sequence, &[]);
        // The trace of the deletion itself may go, too, once no projection can have the product.
        self.discard(sequence, sequence, id.as_bytes());
        let latest = Latest { sequence, state: State::Deleted };
        self.touched.insert(id, Touched { latest, bytes: None });
        Ok(Ok(sequence))
    }

    fn put_settings(&mut self, bytes: Vec<u8>, settings: Arc<Settings>) -> Result<u64, LogError> {
        if let Some((sequence, before)) = self.settings_in_force()? {
            if before == bytes {
                return Ok(sequence);
            }
            self.discard(sequence, self.last + 1, &[]);
        }
        let sequence = self.give(&bytes);
        self.settings = Some(PutSettings { sequence, bytes, settings });
        Ok(sequence)
    }

    fn settings_in_force(&self) -> Result<Option<(u64, Vec<u8>)>, LogError> {
        if let Some(put) = &self.settings {
            return Ok(Some((put.sequence, put.bytes.clone())));
        }
        let Some(sequence) = self.store.number(&self.snapshot, META_SETTINGS)? else { return Ok(None) };
        Ok(Some((sequence, self.store.event_bytes(&self.snapshot, sequence)?.to_vec())))
    }

    fn give(&mut self, bytes: &[u8]) -> u64 {
        self.last += 1;
        self.changed = true;
        self.batch.insert(&self.store.events, record::encode_number(self.last), bytes);
        self.last
    }

    fn discard(&mut self, sequence: u64, superseded_by: u64, id: &[u8]) {
        self.batch.insert(&self.store.garbage, Garbage { superseded_by, sequence }.encode(), id);
    }

    fn latest(&self, id: &str) -> Result<Option<Latest>, LogError> {
        match self.touched.get(id) {
            Some(touched) => Ok(Some(touched.latest)),
            None => self.store.latest(&self.snapshot, id),
        }
    }

    /// Whether the event of `id` with this sequence, known to be its last, has these bytes.
    fn is_event(&self, id: &str, sequence: u64, bytes: &[u8]) -> Result<bool, LogError> {
        match self.touched.get(id).and_then(|touched| touched.bytes.as_deref()) {
            Some(last) => Ok(last == bytes),
            None => Ok(&*self.store.event_bytes(&self.snapshot, sequence)? == bytes),
        }
    }

    fn product(&self, id: &str) -> Result<Option<Product>, LogError> {
        let Some(Latest { sequence, state: State::Present { .. } }) = self.latest(id)? else { return Ok(None) };
        let event = match self.touched.get(id).and_then(|touched| touched.bytes.as_deref()) {
            Some(bytes) => Event::decode(bytes).map_err(|source| LogError::Event {
                path: self.store.path().to_owned(),
                sequence,
                source,
            })?,
            None => self.store.event(&self.snapshot, sequence)?,
        };
        match event {
            Event::Upsert { product } => Ok(Some(*product)),
            _ => Err(self.store.damaged(id)),
        }
    }
}
