//! Opening a log's folder, making it if there is none.
//!
//! Owns the checks: whether the folder is ours, whether somebody else has it, whether the database is whole and of a
//! format that this program reads. It refuses to repair anything.
//!
//! Invariants: what is returned has its lock (but where nobody can write) and is of this program's format; a log that
//! is being made has its name only when it is complete and on the disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::{
    Durability, FILE_NAME, META_ORIGIN, NEW_FILE_NAME, PAGE_BYTES, Store, Writer, put_number, random, sync_folder,
};
use crate::catalog::log::error::LogError;

/// Format of the tables. Raised when a program that knows only the old one would misread them. 1 was another store.
const LOG_FORMAT: u64 = 2;

/// Locked by the process that has the log open.
const LOCK_FILE_NAME: &str = "lock";
/// Longest wait for a lock. A process that is just ending, or a child of this one between its fork and its exec, holds
/// it for some milliseconds more.
const LOCK_WAIT_MAX: Duration = Duration::from_millis(500);
/// Time between two tries.
const LOCK_WAIT_STEP: Duration = Duration::from_millis(5);
/// What the store of format 1 had in its folder.
const OBSOLETE_FOLDER_NAME: &str = "keyspaces";

const META_FORMAT: &str = "format";

const TABLES: &str = "
CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE events(
  sequence INTEGER PRIMARY KEY, ends INTEGER, ends_too INTEGER, deletes TEXT, event BLOB NOT NULL
) STRICT;
CREATE TABLE products(id TEXT PRIMARY KEY, record BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE starts(sequence INTEGER PRIMARY KEY, id INTEGER NOT NULL) STRICT;
CREATE TABLE once(
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, digest INTEGER NOT NULL, at INTEGER NOT NULL,
  changes INTEGER NOT NULL, written BLOB NOT NULL
) STRICT;
";

impl Store {
    /// Opens the log in `path`. If there is none, `write` decides between a new one and [`LogError::Missing`]; only
    /// then there is a writer.
    pub(in crate::catalog::log) fn open(path: &Path, write: bool) -> Result<(Arc<Self>, Option<Writer>), LogError> {
        let mut store = Self { path: path.to_owned(), readers: Mutex::default(), origin: 0, _lock: None };
        if !write && !path.is_dir() {
            return Err(LogError::Missing { path: path.to_owned() });
        }
        store.prepare_folder(write)?;
        store._lock = store.lock(write)?;
        if !store.file().is_file() {
            if !write {
                return Err(LogError::Missing { path: path.to_owned() });
            }
            store.create()?;
        }
        let is_cut = store.is_cut()?;
        let connection = store.connect(write)?;
        store.check_format(&connection)?;
        if is_cut {
            store.check_pages(&connection)?;
        }
        store.origin = store.required(&connection, META_ORIGIN)?;
        let store = Arc::new(store);
        let writer = write.then(|| Writer {
            store: Arc::clone(&store),
            connection,
            sync: Durability::Now,
            unsettled: false,
            written: 0,
        });
        Ok((store, writer))
    }

    /// A new folder if need be; a folder with anything else in it is not ours.
    fn prepare_folder(&self, write: bool) -> Result<(), LogError> {
        if write && !self.path.is_dir() {
            std::fs::create_dir_all(&self.path).map_err(|error| self.file_failed(error))?;
            // The folder's own entry must survive a power cut, too.
            for above in self.path.ancestors().skip(1).take(2).filter(|above| !above.as_os_str().is_empty()) {
                sync_folder(above).map_err(|error| self.file_failed(error))?;
            }
        }
        if self.file().is_file() {
            return Ok(());
        }
        if self.path.join(OBSOLETE_FOLDER_NAME).is_dir() {
            return Err(LogError::Obsolete { path: self.path.clone() });
        }
        for entry in self.path.read_dir().map_err(|error| self.file_failed(error))? {
            let name = entry.map_err(|error| self.file_failed(error))?.file_name();
            let name = name.to_string_lossy();
            if name == format!("{FILE_NAME}-wal") {
                return Err(self.damaged(FILE_NAME));
            }
            if name != LOCK_FILE_NAME && !name.starts_with(FILE_NAME) {
                return Err(LogError::Foreign { path: self.path.clone() });
            }
        }
        Ok(())
    }

    fn lock(&self, write: bool) -> Result<Option<File>, LogError> {
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).to_owned();
        let file = match options.open(self.path.join(LOCK_FILE_NAME)) {
            Ok(file) => file,
            // On a medium that cannot be written, nobody else writes either.
            Err(_) if !write => return Ok(None),
            Err(error) => return Err(self.file_failed(error)),
        };
        let deadline = Instant::now() + LOCK_WAIT_MAX;
        loop {
            match if write { file.try_lock() } else { file.try_lock_shared() } {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_WAIT_STEP),
                Err(TryLockError::WouldBlock) => return Err(LogError::Locked { path: self.path.clone() }),
                Err(TryLockError::Error(error)) => return Err(self.file_failed(error)),
            }
        }
    }

    /// Makes an empty log under another name, and gives it its own when it is on the disk.
    fn create(&self) -> Result<(), LogError> {
        let path = self.path.join(NEW_FILE_NAME);
        if path.exists() {
            std::fs::remove_file(&path).map_err(|error| self.file_failed(error))?;
        }
        let connection = Connection::open(&path).map_err(|error| self.failed(error))?;
        let make = || -> rusqlite::Result<()> {
            connection.pragma_update(None, "page_size", PAGE_BYTES)?;
            connection.execute_batch(TABLES)?;
            put_number(&connection, META_FORMAT, LOG_FORMAT)?;
            put_number(&connection, META_ORIGIN, random())?;
            connection.pragma_update(None, "journal_mode", "wal")
        };
        make().map_err(|error| self.failed(error))?;
        connection.close().map_err(|(_, error)| self.failed(error))?;
        let publish = || -> std::io::Result<()> {
            File::open(&path)?.sync_all()?;
            std::fs::rename(&path, self.file())?;
            sync_folder(&self.path)
        };
        publish().map_err(|error| self.file_failed(error))
    }

    /// Whether the file is shorter than its own header says. Copying the WAL into it, interrupted, does that, too.
    fn is_cut(&self) -> Result<bool, LogError> {
        let read = || -> std::io::Result<(Vec<u8>, u64)> {
            let file = File::open(self.file())?;
            let length = file.metadata()?.len();
            let mut header = Vec::new();
            file.take(100).read_to_end(&mut header)?;
            Ok((header, length))
        };
        let (header, length) = read().map_err(|error| self.file_failed(error))?;
        let number = |at: usize, size: usize| -> Option<u64> {
            Some(header.get(at..at + size)?.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte)))
        };
        // Places of the page size and of the number of pages in SQLite's file header.
        let (Some(page), Some(pages), 100) = (number(16, 2), number(28, 4), header.len()) else {
            return Err(self.damaged(FILE_NAME));
        };
        Ok(length < page * pages)
    }

    /// Reads every page. Only a file of the wrong length has to suffer this.
    fn check_pages(&self, connection: &Connection) -> Result<(), LogError> {
        let found: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(|error| self.failed(error))?;
        if found == "ok" { Ok(()) } else { Err(self.damaged(&format!("{FILE_NAME}: {found}"))) }
    }

    /// Refuses the log of a newer program.
    fn check_format(&self, connection: &Connection) -> Result<(), LogError> {
        match self.required(connection, META_FORMAT)? {
            LOG_FORMAT => Ok(()),
            found => Err(LogError::Format { path: self.path.clone(), found, expected: LOG_FORMAT }),
        }
    }
}
