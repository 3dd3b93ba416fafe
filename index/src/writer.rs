//! The batched writer: applies events in order, publishes snapshots, makes checkpoints.

use std::path::Path;
use std::sync::Arc;

use crate::error::IndexError;
use crate::product::Product;
use crate::settings::Settings;
use crate::snapshot::Snapshot;

/// The one writer of a catalog's index.
pub struct Writer {}

impl Writer {
    /// Opens the index in `dir`, or creates it empty. One that was built with another analysis (other language,
    /// other searchable fields, other program) is emptied, and its sequence is 0: the caller replays its log.
    ///
    /// # Errors
    /// [`IndexError::Format`], [`IndexError::Io`] or a failing engine.
    pub fn open(dir: &Path, settings: Arc<Settings>) -> Result<Self, IndexError> {
        let _ = (dir, settings);
        todo!()
    }

    /// An index in memory, for tests.
    ///
    /// # Errors
    /// A failing engine.
    pub fn in_memory(settings: Arc<Settings>) -> Result<Self, IndexError> {
        let _ = settings;
        todo!()
    }

    /// The sequence of the last commit.
    pub fn sequence(&self) -> u64 {
        todo!()
    }

    /// Adds the product or replaces the one with its id.
    ///
    /// # Errors
    /// A failing engine.
    pub fn upsert(&mut self, product: &Product) -> Result<(), IndexError> {
        let _ = product;
        todo!()
    }

    /// Removes the product, if there is one.
    pub fn delete(&mut self, id: &str) {
        let _ = id;
        todo!()
    }

    /// Puts other settings in force from the next commit on. Returns whether they need another analysis: then every
    /// product must be written again (the index has been emptied).
    ///
    /// # Errors
    /// A failing engine.
    pub fn set_settings(&mut self, settings: Arc<Settings>) -> Result<bool, IndexError> {
        let _ = settings;
        todo!()
    }

    /// Makes everything applied so far visible and durable as `sequence`, and returns the snapshot.
    ///
    /// # Errors
    /// A failing engine; what was committed before stays visible.
    pub fn commit(&mut self, sequence: u64) -> Result<Snapshot, IndexError> {
        let _ = sequence;
        todo!()
    }

    /// The snapshot of the last commit.
    pub fn snapshot(&self) -> Snapshot {
        todo!()
    }
}
