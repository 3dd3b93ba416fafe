//! Why the log could not do what was asked. Every error names the folder at fault.

use std::path::PathBuf;
use std::sync::Arc;

use crate::catalog::event::EventError;

/// Why the log could not do what was asked. Cheap to clone: one failed sync is told to all who waited for it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LogError {
    /// Another process has the log open.
    #[error("the log in {path} is in use by another process")]
    Locked {
        /// The log's folder.
        path: PathBuf,
    },
    /// There is no log, and this node may not create one.
    #[error("there is no log in {path}")]
    Missing {
        /// The log's folder.
        path: PathBuf,
    },
    /// A newer program wrote it.
    #[error("the log in {path} has format {found}, this program reads {expected}: use the program that wrote it")]
    Format {
        /// The log's folder.
        path: PathBuf,
        /// Format on disk.
        found: u64,
        /// Format of this program.
        expected: u64,
    },
    /// Written by a development version of before the first release, with another store.
    #[error("the log in {path} is of an unreleased version with another store: remove the folder and import again")]
    Obsolete {
        /// The log's folder.
        path: PathBuf,
    },
    /// A file or folder around the store could not be had.
    #[error("the log in {path} failed: {source}")]
    File {
        /// The log's folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// A backup or restore would overwrite something.
    #[error("{path} exists already and is not overwritten")]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// An idempotency key that came before with another request.
    #[error("the idempotency key {key:?} was used before, with another request")]
    KeyReused {
        /// The key.
        key: String,
    },
    /// There is something else in the folder.
    #[error("{path} holds no log that this program can read")]
    Foreign {
        /// The log's folder.
        path: PathBuf,
    },
    /// Reading or writing failed: disk full, no permission, damaged file.
    #[error("the log in {path} failed: {source}")]
    Storage {
        /// The log's folder.
        path: PathBuf,
        /// What the store said.
        #[source]
        source: Arc<rusqlite::Error>,
    },
    /// A record that contradicts another.
    #[error("the log in {path} is damaged at {record}")]
    Damaged {
        /// The log's folder.
        path: PathBuf,
        /// Which record.
        record: String,
    },
    /// An event that cannot be read.
    #[error("the log in {path} holds an unreadable event {sequence}")]
    Event {
        /// The log's folder.
        path: PathBuf,
        /// The event's sequence.
        sequence: u64,
        /// Why.
        #[source]
        source: EventError,
    },
    /// A change that cannot be written as an event.
    #[error("a change cannot be written to the log in {path}")]
    Encode {
        /// The log's folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: EventError,
    },
    /// The log was opened for reading only.
    #[error("the log in {path} is open for reading only")]
    ReadOnly {
        /// The log's folder.
        path: PathBuf,
    },
    /// The log was closed, or its thread has ended.
    #[error("the log in {path} is closed")]
    Closed {
        /// The log's folder.
        path: PathBuf,
    },
    /// No thread could be started.
    #[error("no thread for the log in {path}")]
    Thread {
        /// The log's folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
}
