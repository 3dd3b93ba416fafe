//! One catalog: its event log, its projector and what they publish.

pub mod feeds;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use storefind_index::product::Product;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::suggest::SuggestIndex;

/// A change that a caller asks for.
#[derive(Debug, Clone)]
pub enum Change {
    /// Add or replace a product.
    Upsert(Product),
    /// Change the named fields of a product; `null` removes one.
    Patch {
        /// The product.
        id: String,
        /// Fields as in the product's JSON.
        fields: serde_json::Map<String, serde_json::Value>,
    },
    /// Remove a product.
    Delete {
        /// The product.
        id: String,
    },
}

/// What became of a batch of changes, in order.
#[derive(Debug)]
pub struct Written {
    /// Sequence of the last event of the batch (of the log, if nothing was accepted).
    pub sequence: u64,
    /// Per change: its sequence, or why it was refused.
    pub outcomes: Vec<Result<u64, Refusal>>,
}

/// Why one change was refused.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Stable code, such as `unknown_product`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Why a catalog could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The catalog was opened read-only.
    #[error("this node is read-only")]
    ReadOnly,
    /// The sequence did not become visible in time; the write stands.
    #[error("sequence {0} is not yet visible")]
    NotYetVisible(u64),
    /// More changes wait than can be applied within the bound.
    #[error("too many changes are waiting to be applied")]
    Busy,
    /// The log failed (disk full, damaged, locked).
    #[error("the log failed: {0}")]
    Log(String),
    /// The index failed.
    #[error("the index failed")]
    Index(#[from] storefind_index::error::IndexError),
}

/// Suggestions with their generation, which is part of autocomplete keys.
#[derive(Debug)]
pub struct Suggestions {
    /// Raised with every rebuild.
    pub generation: u64,
    /// The suggestions.
    pub index: SuggestIndex,
}

/// A catalog, open.
pub struct Catalog {}

impl Catalog {
    /// Opens or creates the catalog in `dir` and starts its projector thread, which first replays what the index lacks.
    pub fn open(
        name: &str,
        dir: &Path,
        settings: &Settings,
        freshness_bound: Duration,
        read_only: bool,
    ) -> Result<Arc<Self>, CatalogError> {
        let _ = (name, dir, settings, freshness_bound, read_only);
        todo!()
    }

    /// The catalog's name.
    pub fn name(&self) -> &str {
        todo!()
    }

    /// The latest published snapshot. One atomic load.
    pub fn snapshot(&self) -> Snapshot {
        todo!()
    }

    /// Sequence through which answers can be validated (`V`); never ahead of the snapshot. One atomic load.
    pub fn validated(&self) -> u64 {
        todo!()
    }

    /// Version of the settings in force in the snapshot, part of cache keys.
    pub fn settings_version(&self) -> u64 {
        todo!()
    }

    /// Suggestions, at most 60 s older than the snapshot.
    pub fn suggestions(&self) -> Arc<Suggestions> {
        todo!()
    }

    /// Writes a batch; returns when it is in the log. Blocking: call it from a blocking thread.
    pub fn write(&self, changes: Vec<Change>) -> Result<Written, CatalogError> {
        let _ = changes;
        todo!()
    }

    /// A product's last acknowledged state and its sequence.
    pub fn product(&self, id: &str) -> Result<Option<(u64, Product)>, CatalogError> {
        let _ = id;
        todo!()
    }

    /// Products by id, after `after`.
    pub fn export(&self, after: Option<&str>, limit: usize) -> Result<Vec<Product>, CatalogError> {
        let _ = (after, limit);
        todo!()
    }

    /// The settings last acknowledged.
    pub fn settings(&self) -> Arc<Settings> {
        todo!()
    }

    /// Replaces the settings; returns the sequence.
    pub fn put_settings(&self, settings: Settings) -> Result<u64, CatalogError> {
        let _ = settings;
        todo!()
    }

    /// Waits until `validated() >= sequence`.
    pub async fn wait_visible(&self, sequence: u64, at_most: Duration) -> Result<(), CatalogError> {
        let _ = (sequence, at_most);
        todo!()
    }

    /// Whether the projector has caught up with the log once since the start.
    pub fn is_ready(&self) -> bool {
        todo!()
    }

    /// Stops the projector after a last durable commit. Blocking. Afterwards writes are refused.
    pub fn close(&self) {
        todo!()
    }
}
