//! What the projector writes to: an index writer, behind the few calls that the projector makes.
//!
//! The seam exists because what matters most in the projector is what it does when the engine fails, and a real engine
//! fails too rarely to test that. It refuses to add any behaviour of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use storefind_index::error::IndexError;
use storefind_index::live::LiveTable;
use storefind_index::product::Product;
use storefind_index::settings::Settings;
use storefind_index::snapshot::Snapshot;
use storefind_index::writer::Writer;

/// A projection that takes events in order and shows them from commit to commit. The calls are those of [`Writer`].
pub(crate) trait Target: Send {
    /// Sequence of the last commit.
    fn sequence(&self) -> u64;
    /// Adds or replaces a product; returns what that touches.
    fn upsert(&mut self, product: &Product) -> Result<&[u64], IndexError>;
    /// Removes a product; returns what that touches.
    fn delete(&mut self, id: &str) -> Result<&[u64], IndexError>;
    /// Does beforehand what the first change would have to wait for.
    fn prepare(&mut self) -> Result<(), IndexError>;
    /// Products that wait in memory for the next commit.
    fn uncommitted(&self) -> usize;
    /// Puts other settings in force; `false`: they need another analysis, so everything must be written into an empty
    /// target.
    fn set_settings(&mut self, settings: Arc<Settings>) -> bool;
    /// Makes everything so far visible. Durable, unless only live fields changed.
    fn commit(&mut self, sequence: u64) -> Result<Snapshot, IndexError>;
    /// Makes the last commit durable if it is not, and returns its sequence.
    fn checkpoint(&mut self) -> Result<u64, IndexError>;
    /// Sequence through which everything is durable.
    fn durable(&self) -> u64;
    /// The snapshot of the last commit.
    fn snapshot(&self) -> Snapshot;
    /// Ends its background work, so that another may be opened on the same files.
    fn close(self: Box<Self>);
}

/// What a target begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With what its last commit held.
    Resume,
    /// With nothing.
    Empty,
}

/// Opens targets: at the start, and again after a failure, because a writer that failed may be in any state.
pub(crate) trait OpenTarget: Send {
    /// Opens the target; the one opened before has been closed.
    fn open(&mut self, settings: Arc<Settings>, start: Start) -> Result<Box<dyn Target>, IndexError>;
    /// Makes what was built beside the target the one that is opened next; the one before has been closed.
    fn adopt(&mut self) -> Result<(), IndexError>;
}

/// The real target. [`Writer::commit`] leaves the disk alone when no product changed, so a commit may be ahead of what
/// is durable; the log may forget only what is behind both.
#[derive(Debug)]
struct IndexTarget {
    writer: Writer,
    durable: u64,
    /// Whether the next commit writes to disk by itself.
    pending: bool,
}

impl Target for IndexTarget {
    fn sequence(&self) -> u64 {
        self.writer.sequence()
    }

    fn upsert(&mut self, product: &Product) -> Result<&[u64], IndexError> {
        self.pending = true;
        self.writer.upsert(product)
    }

    fn delete(&mut self, id: &str) -> Result<&[u64], IndexError> {
        self.pending = true;
        self.writer.delete(id)
    }

    fn prepare(&mut self) -> Result<(), IndexError> {
        self.writer.prepare()
    }

    fn uncommitted(&self) -> usize {
        self.writer.uncommitted()
    }

    fn set_settings(&mut self, settings: Arc<Settings>) -> bool {
        self.writer.set_settings(settings)
    }

    fn commit(&mut self, sequence: u64) -> Result<Snapshot, IndexError> {
        let snapshot = self.writer.commit(sequence)?;
        if std::mem::take(&mut self.pending) {
            self.durable = sequence;
        }
        Ok(snapshot)
    }

    fn checkpoint(&mut self) -> Result<u64, IndexError> {
        let sequence = self.writer.sequence();
        // What was applied since the last commit must not become durable under its sequence.
        if self.durable < sequence && !self.pending {
            self.writer.checkpoint()?;
            self.durable = sequence;
        }
        Ok(self.durable)
    }

    fn durable(&self) -> u64 {
        self.durable
    }

    fn snapshot(&self) -> Snapshot {
        self.writer.snapshot()
    }

    fn close(self: Box<Self>) {
        // A merge that goes on after its writer is gone would write into the next one's folder.
        if let Err(error) = self.writer.close() {
            tracing::warn!(error = %error, "the index writer did not end cleanly; what it committed is safe");
        }
    }
}

/// The index in a folder, of which there are two by turns: one is in use, the other is where a rebuild builds.
///
/// A small file beside them tells which log the index was built from, and which of the two folders it is in.
#[derive(Debug, Clone)]
pub(crate) struct IndexFolder {
    dir: PathBuf,
    origin: u64,
    live: Arc<LiveTable>,
}

/// The two folders.
const FOLDERS: [&str; 2] = ["index", "index.other"];

impl IndexFolder {
    /// The index beside the log that has this origin, in `dir`.
    pub(crate) fn new(dir: &Path, origin: u64, live: Arc<LiveTable>) -> Self {
        Self { dir: dir.to_owned(), origin, live }
    }

    /// Opens an empty index in the folder that is not in use.
    pub(crate) fn open_beside(&self, settings: Arc<Settings>) -> Result<Box<dyn Target>, IndexError> {
        let folder = self.dir.join(FOLDERS[1 - self.in_use().unwrap_or(0)]);
        remove(&folder)?;
        self.open_in(&folder, settings)
    }

    /// Which folder is in use; `None` if there is no index of this log. One of another log may have the right sequence
    /// and the wrong products.
    fn in_use(&self) -> Option<usize> {
        let text = std::fs::read_to_string(self.origin_file()).ok()?;
        (0..FOLDERS.len()).find(|folder| text == self.origin_text(*folder))
    }

    fn origin_file(&self) -> PathBuf {
        self.dir.join("index.origin")
    }

    fn origin_text(&self, folder: usize) -> String {
        match folder {
            0 => format!("{:016x}", self.origin),
            _ => format!("{:016x} {}", self.origin, FOLDERS[folder]),
        }
    }

    /// Puts a folder in use, in one step: after a crash it is this one or the one before.
    fn put_in_use(&self, folder: usize) -> Result<(), IndexError> {
        let path = self.origin_file();
        let temporary = path.with_extension("new");
        std::fs::write(&temporary, self.origin_text(folder))
            .and_then(|()| std::fs::rename(&temporary, &path))
            .map_err(|source| IndexError::Io { path: path.display().to_string(), source })
    }

    fn open_in(&self, folder: &Path, settings: Arc<Settings>) -> Result<Box<dyn Target>, IndexError> {
        let writer = Writer::open(folder, settings, Arc::clone(&self.live))?;
        Ok(Box::new(IndexTarget { durable: writer.sequence(), writer, pending: false }))
    }
}

fn remove(folder: &Path) -> Result<(), IndexError> {
    match std::fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(IndexError::Io { path: folder.display().to_string(), source }),
    }
}

/// An index in memory, empty at every opening.
#[cfg(test)]
pub(crate) struct InMemory(pub(crate) Arc<LiveTable>);

#[cfg(test)]
impl OpenTarget for InMemory {
    fn open(&mut self, settings: Arc<Settings>, _: Start) -> Result<Box<dyn Target>, IndexError> {
        let writer = Writer::in_memory(settings, Arc::clone(&self.0))?;
        Ok(Box::new(IndexTarget { durable: 0, writer, pending: false }))
    }

    fn adopt(&mut self) -> Result<(), IndexError> {
        Ok(())
    }
}

impl OpenTarget for IndexFolder {
    fn open(&mut self, settings: Arc<Settings>, start: Start) -> Result<Box<dyn Target>, IndexError> {
        let folder = match (start, self.in_use()) {
            (Start::Resume, Some(folder)) => folder,
            (_, in_use) => {
                let folder = in_use.unwrap_or(0);
                // In this order, so that a crash between the two leaves an index that is emptied again, not one that
                // is taken.
                remove(&self.dir.join(FOLDERS[folder]))?;
                self.put_in_use(folder)?;
                folder
            }
        };
        // Left by a rebuild that did not end, or the one before it.
        remove(&self.dir.join(FOLDERS[1 - folder]))?;
        self.open_in(&self.dir.join(FOLDERS[folder]), settings)
    }

    fn adopt(&mut self) -> Result<(), IndexError> {
        let before = self.in_use().unwrap_or(0);
        self.put_in_use(1 - before)?;
        remove(&self.dir.join(FOLDERS[before]))
    }
}
