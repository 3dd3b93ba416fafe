//! Copies of a log: for a backup, and back from one.
//!
//! Owns copying while others read and write. What a backup consists of is in [`crate::backup`].
//!
//! Invariants: nothing is overwritten, and a copy has its name only when it is whole and on the disk. What is restored
//! gets another origin, so that projections of the one are never used with the other.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::{FILE_NAME, META_ORIGIN, NEW_FILE_NAME, Store, put_number, random, sync_folder};
use crate::catalog::log::error::LogError;

impl Store {
    /// A consistent copy of the state of now in the folder `into`, without stopping anybody.
    pub(in crate::catalog::log) fn backup(&self, into: &Path) -> Result<(), LogError> {
        let file = into.join(FILE_NAME);
        if file.exists() {
            return Err(LogError::Exists { path: file });
        }
        let failed = |source: std::io::Error| LogError::File { path: into.to_owned(), source: Arc::new(source) };
        std::fs::create_dir_all(into).map_err(failed)?;
        let made = into.join(NEW_FILE_NAME);
        if made.exists() {
            // Of a backup that did not end.
            std::fs::remove_file(&made).map_err(failed)?;
        }
        self.copy_to(&made)?;
        std::fs::rename(&made, file).and_then(|()| sync_folder(into)).map_err(failed)
    }

    /// A consistent copy of the state of now, in a new file.
    fn copy_to(&self, file: &Path) -> Result<(), LogError> {
        let connection = self.connect(false)?;
        let name = file.to_str().ok_or_else(|| {
            let reason = std::io::Error::new(std::io::ErrorKind::InvalidInput, "the path is not UTF-8");
            LogError::File { path: file.to_owned(), source: Arc::new(reason) }
        })?;
        connection.execute("VACUUM INTO ?1", [name]).map_err(|error| self.failed(error))?;
        let sync = || -> std::io::Result<()> {
            File::open(file)?.sync_all()?;
            file.parent().map_or(Ok(()), sync_folder)
        };
        sync().map_err(|source| LogError::File { path: file.to_owned(), source: Arc::new(source) })
    }
}

/// Copies the log in the folder `from` to the new folder `into`, where it gets another origin, so that projections of
/// the one are never used with the other.
pub(in crate::catalog::log) fn restore(from: &Path, into: &Path) -> Result<(), LogError> {
    let (source, _) = Store::open(from, false)?;
    if into.exists() {
        return Err(LogError::Exists { path: into.to_owned() });
    }
    let failed = |source: std::io::Error| LogError::File { path: into.to_owned(), source: Arc::new(source) };
    std::fs::create_dir_all(into).map_err(failed)?;
    let made = into.join(NEW_FILE_NAME);
    source.copy_to(&made)?;
    let renumber = || -> rusqlite::Result<()> {
        let connection = Connection::open(&made)?;
        put_number(&connection, META_ORIGIN, random())?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.close().map_err(|(_, error)| error)
    };
    renumber().map_err(|source| LogError::Storage { path: into.to_owned(), source: Arc::new(source) })?;
    let publish = || -> std::io::Result<()> {
        File::open(&made)?.sync_all()?;
        std::fs::rename(&made, into.join(FILE_NAME))?;
        sync_folder(into)?;
        into.parent().filter(|above| !above.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
    };
    publish().map_err(failed)
}
